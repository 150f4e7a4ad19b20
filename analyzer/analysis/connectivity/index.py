"""Which classes of ends a rule's peers mean, as bit sets; and the addresses that ends can have."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence

from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import (
    VERSIONS,
    EndClass,
    LabelIndex,
    Sort,
    namespace_labels,
    reaches_nodes,
    reaches_pods,
)
from analyzer.analysis.connectivity.rule_ports import Names, names_used
from analyzer.model.claims import PodsIn
from analyzer.model.cluster import Cluster
from analyzer.model.host_network import asks_for_host_network, hints_at_host_network
from analyzer.model.policies import (
    AddressPeer,
    NamespaceChoice,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    PodPeer,
    Rule,
)
from analyzer.model.profile import HostNetworkLabel, Profile
from analyzer.sets import AddressSet
from analyzer.verdicts.connectivity import bit_indices, bits_of

Test = tuple[AddressSet, int]
"""A range of addresses that a rule asks about, and the classes of which it may ask so."""


class EndIndex:
    """The classes of workloads and nodes, bit `i` for `classes[i]`."""

    def __init__(
        self, cluster: Cluster, profile: Profile, classes: Sequence[EndClass], pod_addresses: AddressSet
    ) -> None:
        self.cluster, self.profile, self.classes = cluster, profile, classes
        self.everything = (1 << len(classes)) - 1
        self.plain, self.host_pods, self.nodes = (self._where(sort) for sort in Sort)
        self.of_version = {v: bits_of(i for i, c in enumerate(classes) if v in c.versions) for v in VERSIONS}
        self.by_namespace: dict[str, int] = {}
        for i, c in enumerate(classes):
            if c.sort is Sort.POD:
                self.by_namespace[c.namespace] = self.by_namespace.get(c.namespace, 0) | 1 << i
        self._pods = LabelIndex((1 << i, dict(c.labels)) for i, c in enumerate(classes) if c.sort is Sort.POD)
        self._nodes = LabelIndex((1 << i, dict(c.labels)) for i, c in enumerate(classes) if c.sort is Sort.NODE)
        self._namespaces = LabelIndex(
            (bits, namespace_labels(cluster, name)) for name, bits in self.by_namespace.items()
        )
        self._place_addresses(pod_addresses)
        self._pods_of_rule: dict[int, int] = {}
        self._by_names: dict[tuple[str, ...], list[tuple[int, Names]]] = {}
        self._worlds: dict[tuple[int, tuple[Test, ...]], list[tuple[int, int]]] = {}

    def _where(self, sort: Sort) -> int:
        return bits_of(i for i, c in enumerate(self.classes) if c.sort is sort)

    # -------------------------------------------------------------------------------------------- selectors
    def in_namespaces(self, choice: NamespaceChoice) -> int:
        if isinstance(choice, NamespaceNamed):
            return self.by_namespace.get(choice.name, 0)
        return self._namespaces.matching(choice.selector)

    def chosen(self, peer: PodPeer) -> int:
        """The pods that a subject or a peer means; never those on their node's network (reference A12.3)."""
        where = self.in_namespaces(peer.namespaces)
        return where & self._pods.matching(peer.pods) if where else 0

    def backends(self, members: PodsIn) -> int:
        """The pods that a Service selects, those on their node's network too."""
        plain = self.chosen(PodPeer(members.namespaces, members.pods))
        if not isinstance(members.namespaces, NamespaceNamed):
            return plain
        name = members.namespaces.name
        hosted = [i for i in bit_indices(self.host_pods) if self.classes[i].namespace == name]
        return plain | LabelIndex((1 << i, dict(self.classes[i].labels)) for i in hosted).matching(members.pods)

    def pods_of(self, rule: Rule) -> int:
        """The pods and nodes that the rule's peers select by labels."""
        found = self._pods_of_rule.get(id(rule))
        if found is None:
            found = 0
            for peer in rule.peers or ():
                match peer:
                    case PodPeer():
                        found |= self.chosen(peer)
                    case NodePeer():
                        found |= self._nodes.matching(peer.selector)
                    case _:
                        pass
            self._pods_of_rule[id(rule)] = found
        return found

    def nodes_of(self, rule: Rule) -> tuple[bool, bool]:
        """Whether the rule means the nodes' network for certain, and whether it may (reference 0.2, D: OVN-K)."""
        knob, must, may = self.profile.host_network_label, False, False
        for peer in rule.peers or ():
            choice = peer.namespaces if isinstance(peer, PodPeer) and peer.is_bare else None
            if knob is HostNetworkLabel.NO_MEANING or not isinstance(choice, NamespacesMatching):
                continue
            if any(LabelIndex([(1, labels)]).matching(choice.selector) for labels in self.cluster.host_network_labels):
                must |= knob is HostNetworkLabel.SELECTS_NODES and asks_for_host_network(choice.selector)
                may |= knob is HostNetworkLabel.SELECTS_NODES or hints_at_host_network(choice.selector)
        return must, may

    def called(self, name: str) -> int:
        """The classes that a domain name can stand for: those of the cluster if it is one of its own."""
        own = self.cluster.domain_of_cluster(name)
        if own is None:
            return 0
        if own.namespace is None:
            return self.everything
        return self.nodes | bits_of(i for i, c in enumerate(self.classes) if c.namespace == own.namespace)

    def by_names(self, names: tuple[str, ...]) -> list[tuple[int, Names]]:
        """The classes by what they mean by these port names; those that mean nothing are left out."""
        found = self._by_names.get(names)
        if found is None:
            groups: dict[Hashable, tuple[int, Names]] = {}
            for i, c in enumerate(self.classes):
                meant = names_used(c.ports, frozenset(names), self.profile)
                if meant:
                    bits, _ = groups.get(meant, (0, {}))
                    groups[meant] = (bits | 1 << i, dict(meant))
            found = self._by_names[names] = list(groups.values())
        return found

    # -------------------------------------------------------------------------------------------- addresses
    def test_of(self, peer: AddressPeer | NodePeer) -> Test:
        """What the peer asks about addresses of ends in the cluster; of no end where it is not in force."""
        if isinstance(peer, NodePeer):
            return self._addresses_of_nodes(peer), self.host_pods
        asked = self.plain if reaches_pods(peer, self.profile) else 0
        if reaches_nodes(peer, self.profile):
            asked |= self.host_pods | self.nodes
        return peer.addresses, asked

    def plain_at(self, addresses: AddressSet, version: int) -> int:
        """The pods with an address of their own that have one of these, or may."""
        worlds = self.worlds(version, ((addresses, self.plain),))
        return bits_of(i for key, bits in worlds if key for i in bit_indices(bits & self.plain))

    def _addresses_of_nodes(self, peer: NodePeer) -> AddressSet:
        index = LabelIndex((1 << i, node.labels) for i, node in enumerate(self.cluster.nodes))
        meant = index.matching(peer.selector)
        return AddressSet.singles(ip for i, n in enumerate(self.cluster.nodes) if meant >> i & 1 for ip in n.ips)

    def _place_addresses(self, pod_addresses: AddressSet) -> None:
        pods = AddressSet.singles(ip for w in self.cluster.workloads if not w.host_network for ip in w.ips)
        self.taken = self.cluster.taken_addresses
        unknown = bits_of(i for i, c in enumerate(self.classes) if not c.is_address_known)
        self._unknown = [
            ((pod_addresses - self.taken) or pod_addresses, unknown & self.plain),
            (~pods, unknown & (self.host_pods | self.nodes)),
        ]
        self._points: dict[int, list[tuple[int, list[int]]]] = {}
        self._counts: dict[int, dict[int, int]] = {}
        for version in VERSIONS:
            at: dict[int, list[int]] = {}
            counts: dict[int, int] = {}
            for i, c in enumerate(self.classes):
                here = {int(ip) for ip in c.ips if ip.version == version}
                for ip in here:
                    at.setdefault(ip, []).append(i)
                if here:
                    counts[i] = len(here)
            self._points[version] = sorted(at.items())
            self._counts[version] = counts

    def worlds(self, version: int, tests: tuple[Test, ...]) -> list[tuple[int, int]]:
        """What addresses of this family can be: which tests hold (a bit each), and the classes that may have such.

        A class whose address is unknown, or that has several, may be in more than one.
        """
        found = self._worlds.get((version, tests))
        if found is None:
            found = self._worlds[version, tests] = list(self._find_worlds(version, tests).items())
        return found

    def _find_worlds(self, version: int, tests: tuple[Test, ...]) -> dict[int, int]:
        sets = [addresses for addresses, _ in tests]
        found: dict[int, int] = {}
        for domain, bits in self._unknown:
            bits &= self.of_version[version]
            if bits:
                for key, addresses in cells(sets, domain).items():
                    if addresses.family(version):
                        found[key] = found.get(key, 0) | bits
        points, counts = self._points[version], dict(self._counts[version])
        touched: dict[int, int] = {}
        for number, addresses in enumerate(sets):
            for low, high in addresses.family(version):
                for place in range(bisect_left(points, (low,)), bisect_right(points, (high, [len(self.classes)]))):
                    touched[place] = touched.get(place, 0) | 1 << number
        outside = bits_of(iter(counts))
        for place, key in touched.items():
            for i in points[place][1]:
                found[key] = found.get(key, 0) | 1 << i
                counts[i] -= 1
                if not counts[i]:
                    outside &= ~(1 << i)
        if outside:
            found[0] = found.get(0, 0) | outside
        return found
