"""Where two revisions can differ, told from their policies without a solver.

Policies are compared by what they say, not by name, order or place in a file.  A NetworkPolicy bears on its own
namespace only, and NetworkPolicies of one subject are the union of their rules: what both revisions say of a subject
cancels out, and only connections that some rule of the rest matches can differ.  This over-approximates; the solver
does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace

from analyzer.encoding.namespaces import NamespaceTable
from analyzer.encoding.scope import EXTERNAL, HOST, POD, Reach, pod_addresses, possible
from analyzer.model.claims import LedPort
from analyzer.model.cluster import Cluster
from analyzer.model.labels import Requirement, Selector
from analyzer.model.leading import node_ways, ways
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    DomainPeer,
    NamespaceChoice,
    NamespaceNamed,
    NodePeer,
    Peer,
    PodPeer,
    Policy,
    Rule,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import Profile, ServiceEval
from analyzer.model.source import NOWHERE
from analyzer.records import dataclass
from analyzer.sets import AddressSet


@dataclass(frozen=True, slots=True)
class Side:
    """One revision with its numbering of the namespaces, which is the same on both sides but for their labels."""

    cluster: Cluster
    table: NamespaceTable


@dataclass(frozen=True, slots=True)
class Changed:
    """The pods whose ruling can differ in one direction (their namespaces), and the ends they differ towards."""

    near: frozenset[int]
    far: Reach


NOWHERE_CHANGED = Changed(frozenset(), Reach(frozenset(), frozenset()))


def everything_changed(table: NamespaceTable) -> Changed:
    return Changed(table.every, everywhere(table))


def everywhere(table: NamespaceTable) -> Reach:
    return Reach(frozenset({POD, EXTERNAL, HOST}), table.every)


def union_of(reaches: Iterable[Reach]) -> Reach:
    found = list(reaches)
    return Reach(frozenset().union(*(r.kinds for r in found)), frozenset().union(*(r.namespaces for r in found)))


class Comparison:
    """Two revisions side by side, under one profile; `addresses` is where pods' addresses lie."""

    def __init__(self, before: Side, after: Side, profile: Profile, given: AddressSet | None) -> None:
        self.sides, self.profile = (before, after), profile
        self.every = everywhere(after.table)
        self._addresses = tuple(pod_addresses(side.cluster, given) for side in self.sides)
        self._have_nodes_changed = len({frozenset(_nodes(side.cluster)) for side in self.sides}) == 2
        self._shifted: dict[Selector, bool] = {}
        self._have_labels_changed = before.table.entries != after.table.entries
        on_nodes = {w.namespace for side in self.sides for w in side.cluster.workloads if w.host_network}
        on_nodes |= {u.namespace for side in self.sides for u in side.cluster.unmodelled if u.adds_pods and u.namespace}
        self._on_nodes = frozenset(c for name in on_nodes if (c := after.table.code(name)) is not None)
        if any(u.adds_pods and u.namespace is None for side in self.sides for u in side.cluster.unmodelled):
            self._on_nodes = after.table.every

        clusters = [side.cluster for side in self.sides]
        is_before = profile.service_eval is not ServiceEval.POST_DNAT
        self._leads_from_services = is_before and any(ways(cluster) for cluster in clusters)
        ports = (port for cluster in clusters for w in cluster.workloads for port in w.ports)
        self._leads_from_nodes = any(map(node_ways, clusters)) or any(port.host_port for port in ports)

    def changed(self, direction: Direction) -> Changed:
        """Where the ruling for one direction can differ."""
        near: set[int] = set()
        far: list[Reach] = []
        parts = [*self._union_tier(direction), *self._first_match_tiers(direction)] if self.profile.enforces else []
        for part in (*parts, *self._unmodelled(direction), *self._services(direction)):
            near |= part.near
            far.append(part.far)
        return Changed(frozenset(near), union_of(far)) if near else NOWHERE_CHANGED

    # -------------------------------------------------------------------------------------------- tiers
    def _union_tier(self, direction: Direction) -> Iterator[Changed]:
        names = {name for side in self.sides for name in side.cluster.network_policies_by_namespace}
        for name in sorted(names):
            code = self.sides[0].table.code(name)
            if code is None or self._are_alike(name, direction):
                continue
            rules = tuple(self._by_subject(number, name, direction) for number in (0, 1))
            if rules[0].keys() == rules[1].keys() and all(
                rules[0][subject].keys() == rules[1][subject].keys() for subject in rules[0]
            ):
                continue
            yield Changed(frozenset({code}), self._far_of_union(rules))

    def _are_alike(self, namespace: str, direction: Direction) -> bool:
        """Whether the policies are the same one by one: most are, and this is told fastest."""
        if self._have_labels_changed or self._have_nodes_changed:
            return False
        before, after = (side.cluster.network_policies_by_namespace.get(namespace, ()) for side in self.sides)
        return len(before) == len(after) and all(
            p.subject == q.subject and _say_the_same(p.rules(direction), q.rules(direction))
            for p, q in zip(before, after, strict=True)
        )

    def _by_subject(
        self, number: int, namespace: str, direction: Direction
    ) -> dict[Hashable, dict[Hashable, tuple[int, Rule]]]:
        """Of the policies that isolate: for each subject what the rules say, with the rules."""
        found: dict[Hashable, dict[Hashable, tuple[int, Rule]]] = {}
        for policy in self.sides[number].cluster.network_policies_by_namespace.get(namespace, ()):
            rules = policy.rules(direction)
            if rules is not None:
                said = found.setdefault(_selector(policy.subject.pods), {})
                said.update((self._rule(number, rule), (number, rule)) for rule in rules)
        return found

    def _far_of_union(self, rules: tuple[dict[Hashable, dict[Hashable, tuple[int, Rule]]], ...]) -> Reach:
        before, after = rules
        if before.keys() != after.keys():
            return self.every  # who is isolated may differ, towards everyone
        far = []
        for subject, said in before.items():
            apart = said.keys() ^ after[subject].keys()
            far += [self._reach(*(said.get(key) or after[subject][key])) for key in apart]
        return union_of(far)

    def _first_match_tiers(self, direction: Direction) -> Iterator[Changed]:
        for tier in Tier:
            if tier is Tier.NETWORK_POLICY:
                continue
            said = [Counter(self._policy(n, p, direction) for p in self._speaking(n, tier, direction)) for n in (0, 1)]
            if said[0] == said[1]:
                continue
            for number in (0, 1):
                for policy in self._speaking(number, tier, direction):
                    key = self._policy(number, policy, direction)
                    if said[0][key] != said[1][key]:
                        rules = policy.rules(direction) or ()
                        near = possible(policy.subject.namespaces, self.sides[number].table)
                        yield Changed(near, union_of(self._reach(number, rule) for rule in rules))

    def _speaking(self, number: int, tier: Tier, direction: Direction) -> list[Policy]:
        return [p for p in self.sides[number].cluster.policies_by_tier[tier] if p.rules(direction)]

    # -------------------------------------------------------------------------------------------- other objects
    def _unmodelled(self, direction: Direction) -> Iterator[Changed]:
        found = [
            {
                (u.namespace, u.id, u.content, u.may_allow, u.may_deny, u.protocols)
                for u in side.cluster.unmodelled
                if direction in u.directions and (u.may_allow or u.may_deny)
            }
            for side in self.sides
        ]
        for namespace, *_ in found[0] ^ found[1]:
            code = None if namespace is None else self.sides[0].table.code(namespace)
            yield Changed(self.every.namespaces if code is None else frozenset({code}), self.every)

    def _services(self, direction: Direction) -> Iterator[Changed]:
        """Services decide which source a pod sees, of any namespace where endpoints are written; and they may decide
        which destination rules see."""
        if not self.profile.enforces:
            return
        if direction is Direction.EGRESS:
            if self.profile.service_eval is not ServiceEval.POST_DNAT:
                leading = [{(way.address, _unnamed(way.port)) for way in ways(side.cluster)} for side in self.sides]
                if leading[0] != leading[1]:
                    yield Changed(self.every.namespaces, self.every)
            at_nodes = [{(w.low, w.high, _unnamed(w.port)) for w in node_ways(side.cluster)} for side in self.sides]
            if at_nodes[0] != at_nodes[1] or (self._leads_from_nodes and self._have_nodes_changed):
                yield Changed(self.every.namespaces, self.every)
            return
        found = [
            {
                (s.namespace, s.name, s.selector and _selector(s.selector), frozenset(s.ports), tuple(written))
                for s in side.cluster.services
                if s.reached_from_outside and not s.preserves_client
                for written in [[replace(e, source=NOWHERE) for e in side.cluster.written_endpoints(s)]]
            }
            for side in self.sides
        ]
        for namespace, _, selector, _, written in found[0] ^ found[1]:
            code = self.sides[0].table.code(namespace)
            if written:
                yield Changed(self.every.namespaces, self.every)
            elif code is not None and selector is not None:
                yield Changed(frozenset({code}), self.every)

    # -------------------------------------------------------------------------------------------- what they say
    def _policy(self, number: int, policy: Policy, direction: Direction) -> Hashable:
        """A policy of a first-match tier; its name counts, because a tie is between policies of these names."""
        rules = tuple((r.action, self._rule(number, r)) for r in policy.rules(direction) or ())
        return policy.id, policy.position, self._peer(number, policy.subject), rules

    def _rule(self, number: int, rule: Rule) -> Hashable:
        peers = None if rule.peers is None else frozenset(self._peer(number, peer) for peer in rule.peers)
        return peers, None if rule.ports is None else frozenset(rule.ports), rule.open

    def _peer(self, number: int, peer: Peer) -> Hashable:
        """Equal on both sides iff the peer means the same on both."""
        match peer:
            case PodPeer(namespaces, pods):
                on_nodes = self.sides[number].cluster.host_network_labels if peer.is_bare else None
                return self._choice(number, namespaces), _selector(pods), on_nodes
            case AddressPeer(addresses, _, matches_cluster):
                return addresses, matches_cluster
            case NodePeer(selector):
                return "nodes", _selector(selector), number if self._have_nodes_changed else None
            case DomainPeer(names):
                cluster = self.sides[number].cluster
                return "domains", frozenset((name, cluster.domain_of_cluster(name)) for name in names)
            case UnknownPeer():
                return peer

    def _choice(self, number: int, choice: NamespaceChoice) -> Hashable:
        if isinstance(choice, NamespaceNamed):
            return choice
        return _selector(choice.selector), number if self._is_shifted(choice.selector) else None

    def _is_shifted(self, selector: Selector) -> bool:
        """Whether the namespaces' labels make the selector mean others than before."""
        found = self._shifted.get(selector)
        if found is None:
            before, after = (side.table.known_matching(selector) for side in self.sides)
            found = self._shifted[selector] = before != after
        return found

    # -------------------------------------------------------------------------------------------- whom they mean
    def _reach(self, number: int, rule: Rule) -> Reach:
        """An over-approximation of whom a rule's peers mean."""
        if rule.peers is None:
            return self.every
        return union_of(self._reach_of_peer(number, peer) for peer in rule.peers)

    def _reach_of_peer(self, number: int, peer: Peer) -> Reach:
        if self._leads_from_nodes and not (isinstance(peer, PodPeer) and not peer.is_bare):
            return self.every  # what a node stands for may be anything
        match peer:
            case PodPeer(namespaces, _):
                pods = Reach(frozenset({POD}), possible(namespaces, self.sides[number].table))
                nodes = Reach(frozenset({POD, HOST}), self._on_nodes)
                return union_of((pods, nodes)) if peer.is_bare else pods
            case AddressPeer(addresses):
                said = peer.matches_cluster
                may_mean_pods = self.profile.ipblock_matches_pods if said is None else said
                meets_pods = may_mean_pods and any(addresses & pods for pods in self._addresses)
                meets_pods = meets_pods or self._leads_from_services
                return Reach(self.every.kinds, self.every.namespaces if meets_pods else self._on_nodes)
            case NodePeer():
                return Reach(frozenset({POD, HOST}), self._on_nodes)
            case DomainPeer(names):
                is_inside = any(self.sides[number].cluster.domain_of_cluster(name) for name in names)
                return self.every if is_inside else Reach(frozenset({EXTERNAL}), frozenset())
            case UnknownPeer():
                return self.every


def _say_the_same(before: tuple[Rule, ...] | None, after: tuple[Rule, ...] | None) -> bool:
    if before is None or after is None:
        return before is after
    return len(before) == len(after) and all(
        (r.peers, r.ports) == (s.peers, s.ports) for r, s in zip(before, after, strict=True)
    )


def _unnamed(port: LedPort) -> Hashable:
    """Where a Service's port leads, whatever both are called."""
    return port.number, port.protocol, port.target, port.members


def _selector(selector: Selector | None) -> frozenset[Requirement]:
    return frozenset(selector.requirements) if selector is not None else frozenset()


def _nodes(cluster: Cluster) -> Iterator[Hashable]:
    for node in cluster.nodes:
        yield node.labels, node.ips
