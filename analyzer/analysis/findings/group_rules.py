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
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Direction, RuleRef
from analyzer.sets import AddressSet

NO_FILE = "a rule of a security group is changed in AWS, not in a file of these"
_NAMES = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}


def is_of_group(ref: RuleRef | None) -> bool:
    return ref is not None and isinstance(ref.rule, GroupRule)


def wrong_with_group(cause: Cause) -> str:
    """`sg-1 lets in 0.0.0.0/0 on TCP 22`."""
    rule = _rule(cause)
    verb = "lets in" if rule.direction is Direction.INGRESS else "lets out to"
    return f"{rule.owner or 'the security group'} {verb} {rule.peers} on {rule.on}"


def revoking(cause: Cause) -> str:
    """What to do, in one line."""
    rule = _rule(cause)
    if rule.address:
        return f"in Terraform take {_words_of(_named(cause))} out of `{rule.address}`, or remove it"
    verb = f"aws ec2 revoke-security-group-{rule.direction.value} --group-id {rule.owner}"
    if rule.name.startswith("sgr-"):
        return f"`{verb} --security-group-rule-ids {rule.name}`"
    return f"`{verb} --ip-permissions '{json.dumps([_permission(rule, _named(cause))], separators=(',', ':'))}'`"


def without(causes: Iterable[Cause], cluster: Cluster) -> Cluster:
    """The cluster once what is shown of each is revoked."""
    left = {id(_rule(cause)): _left(_rule(cause), _named(cause)) for cause in causes}

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


def _named(cause: Cause) -> Named:
    """Those of the rule's peers that a far end of the cause is of; where none is told apart, all of them."""
    rule = _rule(cause)
    fars = [end_of(c, rule.direction, is_near=False) for hit in _hits(cause) if (c := hit.example.connection)]
    ranges = tuple(text for text in rule.written if any(far.ip in AddressSet.of(text) for far in fars))
    by_range = [far for far in fars if any(far.ip in AddressSet.of(text) for text in ranges)]
    others = (rule.lists, rule.groups) if len(by_range) < len(fars) else ((), ())
    return (ranges, *others) if ranges or any(others) else (rule.written, rule.lists, rule.groups)


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
        ("UserIdGroupPairs", "GroupId", groups),
    ):
        if its:
            found[key] = [{inner: it} for it in its]
    return found
