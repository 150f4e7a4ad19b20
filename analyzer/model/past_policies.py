"""What an engine lets through, or drops, before it asks any policy (calico-cilium.md 2.12 and K18; each engine's code):
messages of ICMP without which the network itself would not work."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    OF_FAMILY,
    ON_NODES,
    PODS,
    TRUE,
    Formula,
    OnPorts,
    Open,
    Role,
    both,
    is_a,
)
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, StagedRule, Tier, one_by_one
from analyzer.model.policies import Action, Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.sets import PortSet, other_protocols

PAST_POLICIES = "past policies"
"""The tier's name."""
_FRAGMENTATION_NEEDED = other_protocols.icmp(3, 4)
_LETS_FRAGMENTATION_NEEDED = 'ICMP\'s "fragmentation needed" always gets through'
_IS_LET = OpenFact(
    "engine", "fragmentation needed", "whether Cilium is told not to let fragmentation needed through is not known"
)
_AT_HOST_FIREWALL = (
    "what Cilium's host firewall does with messages of ICMPv6 but echoes hangs on the way they come, not on policies"
)
_LETS_ICMPV6 = "ICMPv6 always gets through"
_LETS_NEIGHBOURS = "messages of ICMPv6 by which neighbours and routers find each other always get through"
_NEIGHBOURS_TO_NODE = "a pod's own node takes from it messages of ICMPv6 by which neighbours find each other"
_OWN_NODE = OpenFact(
    "own-node", "own-node neighbours", "whether the node that is the destination is the source's own is not known"
)


def past_policies(profile: Profile, cluster: Cluster, direction: Direction) -> Iterator[Tier]:
    """The tier that goes before all others, where the engine has one."""
    if entries := tuple(_entries(profile, cluster, direction)):
        yield Tier(PAST_POLICIES, one_by_one(entries))


def _entries(profile: Profile, cluster: Cluster, direction: Direction) -> Iterator[Entry]:
    match profile.engine:
        case "cilium":
            if (is_let := _is_fragmentation_let(cluster)) != FALSE:
                on = both([_messages(4, _FRAGMENTATION_NEEDED), is_let])
                yield Entry(None, TRUE, (_rule(Action.ACCEPT, on),), why=_LETS_FRAGMENTATION_NEEDED)
            if profile.enable_host_firewall:
                yield Entry(None, is_a(Role.SELF, ON_NODES), tuple(_at_host_firewall()), why=_AT_HOST_FIREWALL)
        case "aws-vpc-cni":
            on = _messages(6, other_protocols.ICMP)
            yield Entry(None, is_a(Role.SELF, PODS), (_rule(Action.ACCEPT, on),), why=_LETS_ICMPV6)
        case "kindnet":
            on = _messages(6, _types((133, 137)))
            yield Entry(None, is_a(Role.SELF, PODS), (_rule(Action.ACCEPT, on),), why=_LETS_NEIGHBOURS)
        case "calico" if direction is Direction.EGRESS:
            on = _messages(6, _types((130, 133), (135, 136)))
            there = both([on, is_a(Role.DST, ON_NODES), Open(_OWN_NODE)])
            yield Entry(None, is_a(Role.SELF, PODS), (_rule(Action.ACCEPT, there),), why=_NEIGHBOURS_TO_NODE)


def _is_fragmentation_let(cluster: Cluster) -> Formula:
    """As cilium-config says (`allow-icmp-frag-needed`); by itself the agent lets it through."""
    said = {dict(it.options).get("allow-icmp-frag-needed", "true").lower() for it in cluster.cilium.settings}
    if len(said) > 1:
        return Open(_IS_LET)
    return FALSE if said == {"false"} else TRUE


def _at_host_firewall() -> Iterator[StagedRule]:
    """It lets some types through and drops others, but for echoes, and but for what the node's own pods send to it."""
    let = _types((1, 4), (130, 136), (141, 143), (148, 149), (151, 153))
    dropped = other_protocols.ICMP - let - _types((128, 129)) | _types((135, 135))
    told = Open(OpenFact("engine", "host firewall ICMPv6", _AT_HOST_FIREWALL))
    yield _rule(Action.ACCEPT, both([_messages(6, let), told]))
    yield _rule(Action.DENY, both([_messages(6, dropped), told]))


def _types(*spans: tuple[int, int]) -> PortSet:
    """Messages of ICMP of the types from one to another."""
    found = PortSet.EMPTY
    for first, last in spans:
        for type_ in range(first, last + 1):
            found |= other_protocols.icmp(type_)
    return found


def _messages(version: int, numbers: PortSet) -> Formula:
    return both([OF_FAMILY[version], OnPorts(Protocol.OTHER, numbers)])


def _rule(action: Action, when: Formula) -> StagedRule:
    return StagedRule(None, action, FALSE, when, when)
