"""The classes of ends as bit sets, by what a formula may ask of them; and the addresses that they can have."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.classes import VERSIONS, EndClass, Sort, namespace_labels
from analyzer.errors import InternalError
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    AtAddress,
    Attribute,
    EndKind,
    EndSet,
    Formula,
    Name,
    OfKind,
    OfNode,
    OfWorkload,
    OnHostPort,
    OnNodes,
    OnNodesOf,
    OnPorts,
    Test,
    Word,
)
from analyzer.model.labels import Labels
from analyzer.semantics.declared_ports import declared
from analyzer.semantics.fold import Grants, Span
from analyzer.semantics.formulas import bare, does_meet, is_true
from analyzer.semantics.meaning import Bits
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.connectivity import bit_indices, bits_of

Values = dict[str | None, int]
"""The classes by the value of an attribute that they have; None: one that nothing mentions."""
_UNMENTIONED = "\0"  # no label has this value


class EndIndex:
    """The classes of workloads and nodes, bit `i` for `classes[i]`."""

    def __init__(self, cluster: Cluster, classes: Sequence[EndClass], pod_addresses: AddressSet) -> None:
        self.cluster, self.classes = cluster, classes
        self.everything = (1 << len(classes)) - 1
        self.plain, self.host_pods, self.nodes = (self._where(sort) for sort in Sort)
        self.of_kind = {
            EndKind.POD: self.plain,
            EndKind.HOST_POD: self.host_pods,
            EndKind.NODE: self.nodes,
            EndKind.OUTSIDE: 0,
        }
        self.of_version = {v: bits_of(i for i, c in enumerate(classes) if v in c.versions) for v in VERSIONS}
        self._place_addresses(pod_addresses)
        self._labels: dict[str, Values] | None = None
        self._values: dict[tuple[Name, str], Values] = {}
        self.fixed: dict[int, tuple[Formula, Bits]] = {}  # what formulas mean that hang on no address, by `id()`
        self._on: dict[OnPorts | OnHostPort, Grants] = {}
        self._node_addresses: dict[Formula, AddressSet] = {}
        self._worlds: dict[tuple[int, tuple[AddressSet, ...]], list[tuple[int, int]]] = {}

    def _where(self, sort: Sort) -> int:
        return bits_of(i for i, c in enumerate(self.classes) if c.sort is sort)

    def of_kinds(self, kinds: frozenset[EndKind]) -> int:
        found = 0
        for kind in kinds:
            found |= self.of_kind[kind]
        return found

    # -------------------------------------------------------------------------------------------- attributes
    def values(self, attribute: Attribute) -> Values:
        found = self._values.get((attribute.name, attribute.key))
        if found is None:
            found = self._values[attribute.name, attribute.key] = self._by_value(attribute)
        return found

    def _by_value(self, attribute: Attribute) -> Values:
        match attribute.name:
            case Name.LABEL:
                if self._labels is None:
                    self._labels = self._by_label()
                return self._labels.get(attribute.key, {})
            case Name.SERVICE_ACCOUNT:
                return _placed((i, c.account) for i, c in enumerate(self.classes) if c.sort is not Sort.NODE)
            case Name.NAMESPACE:
                return _placed((i, c.namespace) for i, c in enumerate(self.classes) if c.sort is not Sort.NODE)
            case Name.NAMESPACE_LABEL:
                found: Values = {}
                for namespace, bits in self.values(Attribute(attribute.role, Name.NAMESPACE)).items():
                    value = namespace_labels(self.cluster, namespace or "").get(attribute.key)
                    if value is not None:
                        found[value] = found.get(value, 0) | bits
                return found
            case Name.NODE_GROUPS:
                return _placed((i, c.node_groups) for i, c in enumerate(self.classes) if c.node_groups is not None)
            case Name.NODES:
                return _placed((i, c.nodes) for i, c in enumerate(self.classes) if c.nodes is not None)
            case Name.NODE | Name.ENTITY:
                return {}  # which node a pod is on, no class of ends holds; and of entities there is no class
            case _:
                raise InternalError(f"no class of ends holds its {attribute.name.value}")

    def _by_label(self) -> dict[str, Values]:
        found: dict[str, list[tuple[int, str | None]]] = {}
        for i, c in enumerate(self.classes):
            for key, value in c.labels:
                found.setdefault(key, []).append((i, value))
        return {key: _placed(items) for key, items in found.items()}

    def passing(self, test: Test) -> int:
        """The classes that have the attribute, with a value that meets the test."""
        values, meets, found = self.values(test.attribute), test.meets, 0
        if meets is None:
            for bits in values.values():
                found |= bits
        elif isinstance(meets, frozenset):
            for value in meets:
                found |= values.get(value, 0)
        else:
            for known, bits in values.items():
                found |= bits if known is not None and does_meet(known, meets) else 0
        return found

    # -------------------------------------------------------------------------------------------- ports
    def on(self, asked: OnPorts | OnHostPort) -> Grants:
        """The classes by what their pods declare; those that declare no such port are left out."""
        found = self._on.get(asked)
        if found is None:
            groups: dict[ConnectionSet, list[int]] = {}
            for i, c in enumerate(self.classes):
                meant = declared(c.ports, asked) if c.ports else None
                if meant:
                    groups.setdefault(meant, []).append(i)
            found = self._on[asked] = [(bits_of(places), Span.sure(meant)) for meant, places in groups.items()]
        return found

    # -------------------------------------------------------------------------------------------- sets of ends
    def among(self, ends: EndSet) -> int:
        """The classes in a set that hangs on no address; of `OnNodes`, the nodes themselves."""
        match ends:
            case OfKind(kinds):
                return self.of_kinds(kinds)
            case OfWorkload(namespace, name):
                return bits_of(i for i, c in enumerate(self.classes) if (namespace, name) in c.workloads)
            case OnNodes(labels):
                nodes = ((i, c) for i, c in enumerate(self.classes) if c.sort is Sort.NODE)
                return bits_of(i for i, c in nodes if is_true(labels, bare(_as_written(c))))
            case OnNodesOf(namespaces, selector):
                is_meant = any(is_true(selector, bare(its)) for its in namespaces)
                return self.nodes | self.host_pods if is_meant else 0
            case AtAddress():
                raise AssertionError("which ends lie at an address hangs on which they have")
            case OfNode() | Word():
                raise InternalError(f"no rule means `{ends}`")

    def addresses(self, ends: AtAddress | OnNodes) -> AddressSet:
        """Where ends of the set lie: of `OnNodes`, the pods on the network of a node that is declared."""
        if isinstance(ends, AtAddress):
            return ends.addresses
        found = self._node_addresses.get(ends.labels)
        if found is None:
            nodes = (node for node in self.cluster.nodes if is_true(ends.labels, bare(node.labels)))
            found = self._node_addresses[ends.labels] = AddressSet.singles(ip for node in nodes for ip in node.ips)
        return found

    # -------------------------------------------------------------------------------------------- addresses
    def at(self, addresses: AddressSet, version: int) -> Bits:
        """The classes that may have one of these addresses, in a family, and those that have no other."""
        may = others = 0
        for key, bits in self.worlds(version, (addresses,)):
            if key:
                may |= bits
            else:
                others |= bits
        return Bits(may, may & ~others)

    def _place_addresses(self, pod_addresses: AddressSet) -> None:
        pods = AddressSet.singles(ip for w in self.cluster.workloads if not w.host_network for ip in w.ips)
        self.taken = self.cluster.taken_addresses
        unknown = bits_of(i for i, c in enumerate(self.classes) if not c.is_address_known)
        self._unknown = [
            ((pod_addresses - self.taken) or pod_addresses, unknown & self.plain),
        ]
        for i in bit_indices(unknown & (self.host_pods | self.nodes)):
            room = self.classes[i].room
            self._unknown.append((~pods if room is None else room, 1 << i))
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

    def worlds(self, version: int, sets: tuple[AddressSet, ...]) -> list[tuple[int, int]]:
        """What addresses of this family can be: in which sets they lie (a bit each), and the classes that may have
        such.

        A class whose address is unknown, or that has several, may be in more than one.
        """
        if not sets:
            return [(0, self.of_version[version])]
        found = self._worlds.get((version, sets))
        if found is None:
            found = self._worlds[version, sets] = list(self._find_worlds(version, sets).items())
        return found

    def _find_worlds(self, version: int, sets: tuple[AddressSet, ...]) -> dict[int, int]:
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


def _placed(items: Iterable[tuple[int, str | None]]) -> Values:
    found: dict[str | None, list[int]] = {}
    for i, value in items:
        found.setdefault(value, []).append(i)
    return {value: bits_of(places) for value, places in found.items()}


def _as_written(c: EndClass) -> Labels:
    """Its labels; a value that nothing mentions stands for every such."""
    return Labels({key: _UNMENTIONED if value is None else value for key, value in c.labels})
