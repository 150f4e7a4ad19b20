"""Rules of security groups that let through what should not pass: what to revoke, and whether that is enough.

They stand in no manifest, so that there is no edit: what AWS holds is changed by its command line, or where Terraform
keeps it.  Only what the rule names of the far ends that are shown is revoked; the queries are asked again without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from analyzer.analysis.findings.causes import Cause, Hit
from analyzer.analysis.findings.near_rules import end_of
from analyzer.model.aws import GroupRule, SecurityGroup
from analyzer.model.aws_groups import GroupFormulas
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End
from analyzer.model.formulas import Role
from analyzer.model.policies import Direction, Protocol, RuleRef
from analyzer.model.profile import Profile
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.settling import runs
from analyzer.sets import AddressSet
from analyzer.verdicts import Status, Verdict

NO_FILE = "a rule of a security group is changed in AWS, not in a file of these"
_NAMES = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}


def is_of_group(ref: RuleRef | None) -> bool:
    return ref is not None and isinstance(ref.rule, GroupRule)


def wrong_with_group(cause: Cause) -> str:
    """`sg-1 lets in 0.0.0.0/0 on TCP 22`."""
    rule = _rule(cause)
    verb = "lets in" if rule.direction is Direction.INGRESS else "lets out to"
    return f"{rule.owner or 'the security group'} {verb} {rule.peers} on {rule.on}"


def revoking(cause: Cause, cluster: Cluster, profile: Profile) -> str:
    """What to do, in one line."""
    rule, named = _rule(cause), _named(cause, cluster, profile)
    if rule.address:
        return f"in Terraform take {_words_of(named)} out of `{rule.address}`, or remove it"
    verb = f"aws ec2 revoke-security-group-{rule.direction.value} --group-id {rule.owner}"
    if rule.name.startswith("sgr-"):
        return f"`{verb} --security-group-rule-ids {rule.name}`"
    return f"`{verb} --ip-permissions '{json.dumps([_permission(rule, named)], separators=(',', ':'))}'`"


def without(causes: Iterable[Cause], cluster: Cluster, profile: Profile) -> Cluster:
    """The cluster once what is shown of each is revoked."""
    left = {id(_rule(cause)): _left(_rule(cause), _named(cause, cluster, profile)) for cause in causes}

    def kept(group: SecurityGroup) -> SecurityGroup:
        rules = tuple(rule for it in group.rules if (rule := left.get(id(it), it)) is not None)
        return group if rules == group.rules else replace(group, rules=rules)

    aws = replace(cluster.aws, groups=tuple(map(kept, cluster.aws.groups)))
    return replace(cluster, aws=aws)


# ------------------------------------------------------------------------------------------------ whom it names
Named = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Ranges as they are written, prefix lists, groups."""


def _rule(cause: Cause) -> GroupRule:
    assert cause.ref is not None
    assert isinstance(cause.ref.rule, GroupRule)
    return cause.ref.rule


def _named(cause: Cause, cluster: Cluster, profile: Profile) -> Named:
    """Those of the rule's peers that a far end of the cause is of, or may be where nobody knows it of any; all of them
    where none is told apart."""
    rule = _rule(cause)
    peers = _Peers(rule, cluster, profile)
    sure, may_be = set[str](), set[str]()
    for hit in _hits(cause):
        connection = hit.example.connection
        assert connection is not None
        far = end_of(connection, rule.direction, is_near=False)
        told = {peer: peers.holds(peer, far) for peer in (*rule.written, *rule.lists, *rule.groups)}
        sure |= {peer for peer, holds in told.items() if holds}
        may_be |= {peer for peer, holds in told.items() if holds is None} if True not in told.values() else set()
    guilty = sure | may_be
    found = tuple(
        tuple(peer for peer in its if peer in guilty or not guilty) for its in (rule.written, rule.lists, rule.groups)
    )
    return found[0], found[1], found[2]


class _Peers:
    """Who a rule's peers are."""

    def __init__(self, rule: GroupRule, cluster: Cluster, profile: Profile) -> None:
        self._rule, self._cluster = rule, cluster
        self._lists = {one.id: one.addresses for one in cluster.aws.lists}
        self._far = Role.SRC if rule.direction is Direction.INGRESS else Role.DST
        self._formulas = GroupFormulas(profile, cluster, rule.direction)

    def holds(self, peer: str, far: End) -> bool | None:
        """Whether the end is of the peer; None: nobody knows."""
        if peer in self._rule.written:
            return far.ip in AddressSet.of(peer)
        if peer in self._rule.lists:
            addresses = self._lists.get(peer)
            return None if addresses is None else far.ip in addresses
        formula = self._formulas.carried(peer, self._far)
        about = Situation(Protocol.OTHER, None, {self._far: far}, self._cluster.nodes)
        found = {told for told, _ in runs(lambda settle: is_true(formula, replace(about, settle=settle)))}
        return found.pop() if len(found) == 1 else None


def beside(verdict: Verdict, direction: Direction) -> str:
    """What else lets through what was shown, once a rule is revoked; empty if nothing is known of it."""
    if verdict.status is Status.UNKNOWN:
        return f": whether more lets it through is not known{f', {verdict.blame[0]}' if verdict.blame else ''}"
    for example in verdict.counterexamples:
        for ruling in example.decision.stages if example.decision is not None else ():
            ref = next(iter(ruling.rules), None)
            if ruling.stage == direction.value and ruling.allowed and ref is not None and ref.rule is not None:
                rule = ref.rule.name if isinstance(ref.rule, GroupRule) else f"a rule of {ref.policy.id}"
                return f": `{rule}` ({ref.source}) lets through the same, or more"
    return ""


def _hits(cause: Cause) -> list[Hit]:
    return [hit for hit in cause.hits if hit.example.connection is not None]


def _left(rule: GroupRule, named: Named) -> GroupRule | None:
    """What is left of the rule; None if nothing."""
    ranges, lists, groups = named
    written = tuple(text for text in rule.written if text not in ranges)
    addresses = AddressSet.of(*written) if written else AddressSet.EMPTY
    left = replace(
        rule,
        addresses=addresses,
        written=written,
        lists=tuple(it for it in rule.lists if it not in lists),
        groups=tuple(it for it in rule.groups if it not in groups),
    )
    return left if left.addresses or left.lists or left.groups else None


# ------------------------------------------------------------------------------------------------ words
def _words_of(named: Named) -> str:
    return ", ".join(f"`{it}`" for part in named for it in part)


def _permission(rule: GroupRule, named: Named) -> dict[str, object]:
    """As `--ip-permissions` takes it."""
    ranges, lists, groups = named
    number = "-1" if rule.protocol is None else _NAMES.get(rule.protocol, str(rule.protocol))
    found: dict[str, object] = {"IpProtocol": number}
    if rule.protocol in _NAMES:
        found |= {"FromPort": -1 if rule.low is None else rule.low, "ToPort": -1 if rule.high is None else rule.high}
        if rule.low is None and rule.protocol in (6, 17):
            found |= {"FromPort": 0, "ToPort": 65535}
    for key, inner, its in (
        ("IpRanges", "CidrIp", [it for it in ranges if ":" not in it]),
        ("Ipv6Ranges", "CidrIpv6", [it for it in ranges if ":" in it]),
        ("PrefixListIds", "PrefixListId", lists),
    ):
        if its:
            found[key] = [{inner: it} for it in its]
    if groups:
        accounts = dict(rule.accounts)
        pairs = ((it, accounts.get(it)) for it in groups)
        found["UserIdGroupPairs"] = [{"GroupId": it, **({"UserId": own} if own else {})} for it, own in pairs]
    return found
