"""Why a formula is not true of a connection, or may not be: short phrases for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address

from analyzer.analysis.connectivity.classes import namespace_labels
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import Host, pod_of
from analyzer.model.formulas import (
    PODS,
    All,
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OfWorkload,
    OnNodes,
    OnPorts,
    Open,
    Role,
    Some,
    Test,
    leaves,
)
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics.declared_ports import numbered
from analyzer.semantics.formulas import bare, is_true, value_of
from analyzer.semantics.meaning import Bits
from analyzer.sets import AddressSet, ConnectionSet

End = Workload | Node | AddressSet


@dataclass(frozen=True, slots=True)
class Mismatches:
    """`is_meant`: whether a formula that says nothing of ports may be true of the two ends, and whether it is for
    certain; `asked`: the connections that are asked about."""

    cluster: Cluster
    profile: Profile
    ends: Mapping[Role, End]
    asked: ConnectionSet
    is_meant: Callable[[Formula], Bits]

    def of_ends(self, formula: Formula) -> str:
        """Why the formula is not true of the two ends for certain; empty if it is."""
        return "; ".join(dict.fromkeys(filter(None, self._phrases(formula))))

    def _phrases(self, formula: Formula) -> list[str]:
        may, must = self.is_meant(formula)
        if must:
            return []
        match formula:
            case All(parts):
                return self._of_all(parts, may=bool(may))
            case Some(()):
                return ["it matches nobody"]
            case Some(parts):
                return [phrase for part in parts for phrase in self._phrases(part)]
            case Not(Test(attribute)):
                return [self._has(attribute)]
            case Test(attribute):
                return [self._lacks(formula, attribute)]
            case Member(role, ends):
                return [self._outside(role, ends, may=bool(may))]
            case Open(fact):
                return [fact.text]
            case Not(part) if any(isinstance(it, Member) and isinstance(it.ends, OfWorkload) for it in leaves(part)):
                return ["it runs where the VPC CNI's agent enforces no policy"]
            case _:
                return ["it is excepted"]

    def _of_all(self, parts: tuple[Formula, ...], *, may: bool) -> list[str]:
        """Of the first part that is false; where none is, of the first that is open."""
        names = [part.fact.id for part in parts if isinstance(part, Open) and part.fact.kind == "domain"]
        if names:
            it = end_words(self.ends[_role_in(parts)])
            told = f"whether {names[0]} stands for {it} is not known"
            return [told if may else f"domain name {names[0]} stands for addresses outside the cluster"]
        blocks = [part.ends for part in parts if isinstance(part, Member) and isinstance(part.ends, AtAddress)]
        for part in parts if not may else ():
            if not self.is_meant(part).may:
                if blocks and isinstance(part, Member) and isinstance(part.ends, OfKind):
                    return [self._not_compared(part.role, blocks[0])]
                return self._phrases(part)
        return next((found for part in parts if (found := self._phrases(part))), [])

    # -------------------------------------------------------------------------------------------- sets of ends
    def _outside(self, role: Role, ends: object, *, may: bool) -> str:
        end = self.ends[role]
        match ends:
            case OfKind(kinds):
                return _of_kind(end, kinds)
            case AtAddress(addresses, text):
                return _address_mismatch(end, addresses, text or str(addresses))
            case OnNodes(labels) if isinstance(end, Node):
                return next((text for part in _conjuncts(labels) if (text := self._node_lacks(part, end))), "")
            case OnNodes() if isinstance(end, Workload) and end.host_network:
                return "whether it runs on such a node is not known" if not end.ips else "its node has other labels"
            case OnNodes():
                return f"{end_words(end)} is no node"
            case _:
                return f"whether it means {end_words(end)} is not known" if may else ""

    def _node_lacks(self, part: Formula, node: Node) -> str:
        if is_true(part, bare(node.labels)):
            return ""
        named = part.part if isinstance(part, Not) else part
        assert isinstance(named, Test)
        value = node.labels.get(named.attribute.key)
        if isinstance(part, Not):
            return f"label {named.attribute.key} is {value or 'empty'}"
        return _unmet(f"label {named.attribute.key}", value, named)

    def _not_compared(self, role: Role, block: AtAddress) -> str:
        end = self.ends[role]
        if isinstance(end, AddressSet):
            return _address_mismatch(end, block.addresses, block.text)
        what = "pods" if isinstance(end, Workload) and not end.host_network else "nodes"
        return f"profile {self.profile.name} does not compare {block.text} with the addresses of {what}"

    # -------------------------------------------------------------------------------------------- attributes
    def _value(self, attribute: Attribute) -> tuple[str | None, str]:
        """The value, and the namespace of the end."""
        match self.ends.get(attribute.role):
            case Workload() as end:
                pod = pod_of(end, namespace_labels(self.cluster, end.namespace), IPv4Address(0))
                return value_of(attribute, {attribute.role: pod}), end.namespace
            case Node() as end:
                return value_of(attribute, {attribute.role: Host(end.name, end.labels, IPv4Address(0))}), ""
            case _:
                return None, ""

    def _lacks(self, test: Test, attribute: Attribute) -> str:
        """`label tier is absent`, `namespace b lacks team=a`."""
        value, namespace = self._value(attribute)
        match attribute.name:
            case Name.NAMESPACE:
                return f"it is in namespace {namespace}, not {_wanted(test)}" if namespace else "it is in no namespace"
            case Name.NAMESPACE_LABEL:
                values = test.meets if isinstance(test.meets, frozenset) else frozenset()
                operator = Operator.IN if values else Operator.EXISTS
                return f"namespace {namespace} lacks {Selector((Requirement(attribute.key, operator, values),))}"
            case Name.LABEL:
                return _unmet(f"label {attribute.key}", value, test)
            case Name.SERVICE_ACCOUNT:
                return _unmet("its service account", value, test)
            case _:
                return f"it hangs on the request's {attribute.name.value}"

    def _has(self, attribute: Attribute) -> str:
        value, namespace = self._value(attribute)
        if attribute.name is Name.NAMESPACE_LABEL:
            return f"namespace {namespace} has {attribute.key}={value}"
        what = f"label {attribute.key}" if attribute.name is Name.LABEL else f"its {attribute.name.value}"
        return f"{what} is {value or 'empty'}"

    # -------------------------------------------------------------------------------------------- ports
    def of_ports(self, formula: Formula) -> str:
        """Why it means nothing that is asked about: `port 8080 is outside 80–90`."""
        listed = [leaf for leaf in leaves(formula) if isinstance(leaf, OnPorts)]
        protocols = {name for name, numbers in self.asked.by_protocol if numbers}
        of_protocol = [leaf for leaf in listed if leaf.protocol is None or leaf.protocol.value in protocols]
        if not of_protocol:
            if not self.asked & ConnectionSet.PORTS:
                return "it lists ports, and protocols without ports have none"
            others = " and ".join(sorted({leaf.protocol.value for leaf in listed if leaf.protocol is not None}))
            return f"{' and '.join(sorted(protocols))} is not {others}"
        phrases = (self._of_entry(leaf) for leaf in of_protocol if leaf.name or not numbered(leaf) & self.asked)
        return "; ".join(dict.fromkeys(phrases))

    def _of_entry(self, entry: OnPorts) -> str:
        numbers, dst = dict(self.asked.by_protocol), self.ends[Role.DST]
        if entry.name:
            if not isinstance(dst, Workload):
                return f"port name {entry.name} means nothing on {end_words(dst)}"
            declared = [
                str(p.number) for p in dst.ports if p.name == entry.name and entry.protocol in (None, p.protocol)
            ]
            if not declared:
                return f"no container declares port name {entry.name}"
            return f"port name {entry.name} is {', '.join(declared)}"
        protocol = entry.protocol
        ports = numbers.get(protocol.value) if protocol not in (None, Protocol.OTHER) else None
        what = protocol.value if protocol is not None else "that"
        return f"port {ports} is outside {entry.ports}" if ports else f"{what} is not asked about"


def _conjuncts(formula: Formula) -> Iterator[Formula]:
    yield from formula.parts if isinstance(formula, All) else (formula,)


def _role_in(parts: tuple[Formula, ...]) -> Role:
    """The end that a domain name may stand for."""
    return next(leaf.role for leaf in leaves(All(parts)) if isinstance(leaf, Member))


def _of_kind(end: End, kinds: frozenset[EndKind]) -> str:
    if isinstance(end, Workload) and end.host_network and kinds == PODS:
        return "it uses its node's network: selectors do not mean it"
    if EndKind.POD in kinds:
        return f"{end_words(end)} is no pod"
    return f"{end_words(end)} is no node" if EndKind.NODE in kinds else f"{end_words(end)} is not outside the cluster"


def _address_mismatch(end: End, addresses: AddressSet, text: str) -> str:
    if isinstance(end, AddressSet):
        part = "partly " if end & addresses else ""
        return f"{end_words(end)} is {part}outside {text}"
    if not end.ips:
        return f"its address is not known, so whether it lies in {text} is not known"
    outside = [str(ip) for ip in end.ips if ip not in addresses]
    return f"{', '.join(outside)} is outside {text}" if outside else ""


def _wanted(test: Test) -> str:
    if not isinstance(test.meets, frozenset):
        return f"like {test.meets}"
    values = sorted(test.meets)
    return (values[0] or "empty") if len(values) == 1 else f"one of {', '.join(values)}"


def _unmet(what: str, value: str | None, test: Test) -> str:
    return f"{what} is absent" if value is None else f"{what} is {value or 'empty'}, not {_wanted(test)}"


def end_words(end: End) -> str:
    """One end in a few words."""
    if isinstance(end, AddressSet):
        networks = end.networks()
        first = networks[0]
        text = str(first.network_address if first.prefixlen == first.max_prefixlen else first)
        return text if len(networks) == 1 else f"{text} and others"
    return f"node {end.name}" if isinstance(end, Node) else end.id
