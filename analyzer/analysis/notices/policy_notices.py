"""Policies that are right for the API server and probably not what was meant (docs/notices.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain

from analyzer.analysis.notices.labelled import Labelled
from analyzer.model.cluster import Cluster, Namespace, Service, Workload
from analyzer.model.labels import Operator, Selector
from analyzer.model.memory import PerObject, remembered
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    NamedPort,
    NamespaceChoice,
    NamespaceNamed,
    PodPeer,
    Policy,
    Rule,
    Tier,
)
from analyzer.model.source import Notice, Topic
from analyzer.semantics import matcher

MOST_LOOKED_AT = 2_000_000  # policies times workloads: past it peers are not looked up


def policy_notices(cluster: Cluster) -> tuple[Notice, ...]:
    """One for each slip; none of a cluster without workloads, where everything selects nothing."""
    if not cluster.workloads:
        return ()
    looks_at_peers = len(cluster.policies) * len(cluster.workloads) <= MOST_LOOKED_AT
    slips = _slips(cluster, looks_at_peers)
    policies = [policy for policy in cluster.policies if policy.tier is Tier.NETWORK_POLICY]
    return tuple(dict.fromkeys(notice for found in slips.of(policies) for notice in found))


@remembered
def _slips(cluster: Cluster, looks_at_peers: bool) -> _Slips:
    adding = [thing.namespace for thing in cluster.unmodelled if thing.adds_pods]
    everywhere = [namespace.name for namespace in cluster.namespaces] if None in adding else []
    hiding = frozenset(name for name in (*adding, *everywhere) if name is not None)
    workloads = cluster.workloads_by_namespace
    return _Slips(cluster.namespaces, workloads, cluster.services, hiding, looks_at_peers=looks_at_peers)


class _Slips:
    """Those of policies beside these objects; what was found of a policy is kept, so that one changed is one looked
    at."""

    def __init__(
        self,
        namespaces: Sequence[Namespace],
        by_namespace: Mapping[str, Sequence[Workload]],
        services: Sequence[Service],
        hiding: frozenset[str],
        *,
        looks_at_peers: bool,
    ) -> None:
        """`hiding`: the namespaces with an object that makes pods which no manifest shows."""
        self.hiding = hiding
        self.namespaces, self.by_namespace, self.services = namespaces, by_namespace, services
        self.looks_at_peers = looks_at_peers
        self.known: dict[tuple[NamespaceChoice, Selector], tuple[Workload, ...]] = {}
        self.labelled: dict[str, Labelled] = {}
        self.kept = PerObject[Policy, tuple[Notice, ...]]()

    def of(self, policies: Sequence[Policy]) -> Iterator[tuple[Notice, ...]]:
        yield from self.kept.of(policies, lambda policy: tuple(self._all(policy)))

    def _all(self, policy: Policy) -> Iterator[Notice]:
        yield from self._subject(policy)
        yield from self._name(policy)
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                yield from self._rule(policy, direction, rule)

    # -------------------------------------------------------------------------------------------- policies
    def _subject(self, policy: Policy) -> Iterator[Notice]:
        """A `podSelector` that no pod of the namespace meets."""
        there = self.by_namespace.get(policy.namespace or "", ())
        pods = policy.subject.pods
        if (
            there
            and policy.namespace not in self.hiding
            and next(self._in(policy.namespace or "").that_may_meet(pods), None) is None
        ):
            meant = _nearest(pods, there)
            text = f"{policy.id} selects no pod: none of its namespace has {pods}{meant}"
            yield Notice(policy.source, text, is_kept=bool(meant), topic=Topic.SELECTS_NOTHING)

    def _name(self, policy: Policy) -> Iterator[Notice]:
        """Called after allowing, and it allows nothing: it only isolates."""
        rules = (*(policy.ingress or ()), *(policy.egress or ()))
        if policy.name.lower().startswith("allow") and not rules:
            named = " and ".join(d.value for d in reversed(Direction) if policy.rules(d) is not None)
            text = f"{policy.id} is called after allowing and has no rule: it denies all {named}"
            yield Notice(policy.source, text, topic=Topic.ALLOW_DENIES)

    # -------------------------------------------------------------------------------------------- rules
    def _rule(self, policy: Policy, direction: Direction, rule: Rule) -> Iterator[Notice]:
        of = f"{direction.value} rule {rule.index + 1} of {policy.id}"
        selected: list[Workload] = []
        if self.looks_at_peers:
            for number, peer in enumerate(rule.peers or (), 1):
                if isinstance(peer, PodPeer):
                    found = self._pods(peer.namespaces, peer.pods)
                    selected += found
                    if not found and (why := self._nobody(peer)):
                        text = f"peer {number} of {of} matches no pod: {why}"
                        yield Notice(rule.source, text, topic=Topic.MATCHES_NOTHING)
                elif isinstance(peer, AddressPeer) and direction is Direction.EGRESS:
                    yield from self._service_address(peer, of, rule)
            yield from self._named_ports(policy, direction, rule, selected, of)

    def _nobody(self, peer: PodPeer) -> str:
        """Why a peer that no pod meets meets none; empty where pods may be there that no manifest shows."""
        there = list(_chosen(peer.namespaces, self.namespaces))
        if not there:
            selector = "" if isinstance(peer.namespaces, NamespaceNamed) else str(peer.namespaces.selector)
            return f"no namespace has {selector}" if selector else ""
        workloads = [workload for n in there for workload in self.by_namespace.get(n.name, ())]
        if not workloads or not peer.pods.requirements or any(n.name in self.hiding for n in there):
            return ""
        where = there[0].name if len(there) == 1 else "its namespaces"
        return f"none of {where} has {peer.pods}{_nearest(peer.pods, workloads)}"

    def _pods(self, choice: NamespaceChoice, pods: Selector) -> tuple[Workload, ...]:
        key = choice, pods
        if key not in self.known:
            there = (self._in(n.name).that_may_meet(pods) for n in _chosen(choice, self.namespaces))
            self.known[key] = tuple(chain.from_iterable(there))
        return self.known[key]

    def _in(self, namespace: str) -> Labelled:
        if namespace not in self.labelled:
            self.labelled[namespace] = Labelled(self.by_namespace.get(namespace, ()))
        return self.labelled[namespace]

    def _named_ports(
        self, policy: Policy, direction: Direction, rule: Rule, selected: list[Workload], of: str
    ) -> Iterator[Notice]:
        """A port by a name that no pod at the destination gives one of its ports."""
        subject = policy.subject
        choices = [subject.namespaces]
        if direction is Direction.EGRESS:
            choices = [peer.namespaces for peer in rule.peers or () if isinstance(peer, PodPeer)]
        if any(n.name in self.hiding for choice in choices for n in _chosen(choice, self.namespaces)):
            return
        destinations = self._pods(subject.namespaces, subject.pods) if direction is Direction.INGRESS else selected
        if not destinations:
            return
        names = {port.name for workload in destinations for port in workload.ports if port.name}
        for entry in rule.ports or ():
            if isinstance(entry, NamedPort) and entry.name not in names:
                close = get_close_matches(entry.name, sorted(names), n=1, cutoff=0.6)
                meant = f"; is `{close[0]}` meant?" if close else ""
                text = f"{of} names port `{entry.name}`, which no pod there has{meant}"
                yield Notice(rule.source, text, topic=Topic.NO_SUCH_PORT)

    def _service_address(self, peer: AddressPeer, of: str, rule: Rule) -> Iterator[Notice]:
        """A block of one address that is a Service's: most engines see the pods' addresses only."""
        for service in self.services:
            for address in service.addresses:
                if peer.text in (f"{address}/32", f"{address}/128"):
                    text = f"{of} names {address}, an address of {service.id}; policies see the pods behind it"
                    yield Notice(rule.source, text, topic=Topic.OF_A_SERVICE)


def _chosen(choice: NamespaceChoice, namespaces: Iterable[Namespace]) -> Iterator[Namespace]:
    if isinstance(choice, NamespaceNamed):
        return (n for n in namespaces if n.name == choice.name)
    is_met = matcher(choice.selector)
    return (n for n in namespaces if is_met(n.labels))


def _nearest(pods: Selector, there: Iterable[Workload]) -> str:
    """`; is app=web meant?`, where a pod has nearly what is asked for."""
    workloads = list(there)
    for requirement in pods.requirements:
        if requirement.operator is not Operator.IN:
            continue
        values = sorted({w.labels[requirement.key] for w in workloads if requirement.key in w.labels})
        for value in sorted(requirement.values - set(values)):
            close = get_close_matches(value, values, n=1, cutoff=0.6)
            if close:
                return f"; is {requirement.key}={close[0]} meant?"
    return ""
