"""What of Cilium's policies does less, or more, than people take it to do (calico-cilium.md 2.4, 2.7 to 2.9, 2.13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.cilium import (
    CLUSTER,
    CiliumPeer,
    CiliumPolicy,
    CiliumRule,
    CiliumSpec,
    Domain,
    Endpoints,
    Entity,
    Range,
)
from analyzer.model.cilium_rules import OF_NAMESPACE
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import Action
from analyzer.model.source import Notice
from analyzer.sets import AddressSet, PortSet

_NOT_HTTP = PortSet.of(22, 25, 53, 1433, 1521, 3306, 3389, 5432, 5672, 6379, 9042, 9092, 11211, 27017)
"""Where databases, queues and the like listen, none of which speaks HTTP."""


def notes(policies: Iterable[CiliumPolicy], pods: AddressSet) -> Iterator[Notice]:
    """`pods`: where pods' addresses are known to lie."""
    listed = list(policies)
    asking = [spec for policy in listed for spec in policy.specs if _asks_dns(spec)]
    for policy in listed:
        for spec in policy.specs:
            found = (text for rule in spec.all_rules for text in _of_rule(policy, rule, pods))
            for text in dict.fromkeys((*found, *_of_names(policy, spec, asking))):
                yield Notice(policy.source, text)


def _of_rule(policy: CiliumPolicy, rule: CiliumRule, pods: AddressSet) -> Iterator[str]:
    where = f"rule {rule.index + 1} of `{rule.word}` in {policy.id}"
    for peer in rule.peers or ():
        if isinstance(peer, Range) and not peer.is_all and peer.addresses & pods:
            yield f"{where} names {peer.text}, where pods are; an address never means a pod to Cilium"
    if rule.action is Action.DENY and (rule.peers is None or Entity("all") in rule.peers) and rule.on is not None:
        yield f"{where} denies everybody: no policy can let anybody in again on these ports"
    elif rule.action is Action.DENY and Entity("all") in (rule.peers or ()):
        yield f"{where} denies everybody: no policy can let anybody in again"
    if rule.word == "ingress" and rule.peers == (Entity("world"),):
        yield f"{where} lets in the outside alone: no pod and no node is `world`"
    if rule.action is Action.ACCEPT and any(map(_is_of_mesh, rule.peers or ())):
        yield f"{where} may mean pods of other clusters of the mesh, of which no answer speaks"
    for proxied in rule.proxied:
        if proxied.parser == "http" and proxied.ports & _NOT_HTTP and proxied.ports != PortSet.FULL:
            yield f"{where} has HTTP rules on port {proxied.ports & _NOT_HTTP}, where HTTP is rarely spoken"


def _is_of_mesh(peer: CiliumPeer) -> bool:
    if isinstance(peer, Endpoints):
        return any(asked.key.rpartition(":")[2] == CLUSTER for asked in peer.selector.requirements)
    return peer == Entity("cluster-mesh")


def _asks_dns(spec: CiliumSpec) -> bool:
    return any(it.parser == "dns" for rule in spec.egress for it in rule.proxied)


def _of_names(policy: CiliumPolicy, spec: CiliumSpec, asking: Iterable[CiliumSpec]) -> Iterator[str]:
    """Names mean nothing until Cilium has seen them in an answer of DNS, by a rule of this policy or of another one for
    the same endpoints."""
    named = [rule for rule in spec.egress if any(isinstance(peer, Domain) for peer in rule.peers or ())]
    if named and not any(_covers(other.subject, spec.subject) for other in asking):
        where = f"rule {named[0].index + 1} of `{named[0].word}` in {policy.id}"
        yield f"{where} names domains; no rule for its endpoints has `rules.dns`, by which Cilium learns addresses"


def _covers(wide: Selector, narrow: Selector) -> bool:
    """Whoever the one selects the other does, as far as the selectors show; labels of namespaces do not show it."""
    said = [(r.key.rpartition(":")[2], r.operator, r.values) for r in narrow.requirements]
    for asked in wide.requirements:
        key = asked.key.rpartition(":")[2]
        if key == CLUSTER or key.startswith(OF_NAMESPACE):
            continue
        its = [values for own, operator, values in said if own == key and operator is Operator.IN]
        if (key, asked.operator, asked.values) not in said and not any(_admits(asked, values) for values in its):
            return False
    return True


def _admits(asked: Requirement, values: frozenset[str]) -> bool:
    """Whether each of the values meets what is asked of its key."""
    match asked.operator:
        case Operator.IN:
            return values <= asked.values
        case Operator.NOT_IN:
            return not values & asked.values
        case Operator.EXISTS:
            return True
        case Operator.DOES_NOT_EXIST:
            return False
