"""Whether a formula is true of one concrete connection: the one evaluator (reference A2, A7, A9, A11, B3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from analyzer.errors import InternalError
from analyzer.model.cluster import ContainerKind, ContainerPort, Node
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.ends import Behind
from analyzer.model.formulas import (
    All,
    AtAddress,
    Attribute,
    EndKind,
    EndSet,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OfNode,
    OfWorkload,
    OnHostPort,
    OnNodes,
    OnNodesOf,
    OnPorts,
    Open,
    Role,
    Same,
    Some,
    Test,
    Word,
    labels,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import Labels, Selector
from analyzer.model.open_facts import which_of_others
from analyzer.model.policies import Protocol
from analyzer.records import dataclass
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES, Settle, first_option
from analyzer.sets import AddressSet, PortSet

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern

SCOPE = {
    NamedPortScope.CONTAINERS: (ContainerKind.CONTAINER,),
    NamedPortScope.SIDECARS: (ContainerKind.CONTAINER, ContainerKind.SIDECAR),
    NamedPortScope.ALL: (ContainerKind.CONTAINER, ContainerKind.SIDECAR, ContainerKind.INIT),
}

Values = Mapping[Attribute, tuple[str, ...]]
Seen = End | Labels | None
"""An end as a formula sees it; of bare labels nothing else is known."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a formula is asked about: a protocol and a port, the ends, the nodes there are, who settles what is open.

    `port`: of Protocol.OTHER which of those it is; None where nobody says.
    `meant`: the formulas over its labels that the node among the ends meets, if nothing of it is known but an address.
    `request`: its attributes, as a proxy sees them; those that are not there are absent.
    """

    protocol: Protocol
    port: int | None
    ends: Mapping[Role, Seen]
    nodes: tuple[Node, ...] = ()
    settle: Settle = first_option
    meant: frozenset[Formula] | None = None
    request: Values | None = None

    @staticmethod
    def of(connection: Connection, nodes: tuple[Node, ...] = (), settle: Settle = first_option) -> Situation:
        ends = {Role.SRC: connection.src, Role.DST: connection.dst}
        port = connection.port if connection.protocol is not Protocol.OTHER else connection.number
        return Situation(connection.protocol, port, ends, nodes, settle)

    def seeing(self, role: Role, end: Seen) -> Situation:
        """The same with another end in that role."""
        return replace(self, ends={**self.ends, role: end})


def is_true(formula: Formula, about: Situation) -> bool:
    return _TRUTH[type(formula)](formula, about)


def _all(formula: All, about: Situation) -> bool:
    for part in formula.parts:  # noqa: SIM110 - a generator takes twice the time, and this is most of a decision
        if not _TRUTH[type(part)](part, about):
            return False
    return True


def _some(formula: Some, about: Situation) -> bool:
    return any(is_true(part, about) for part in formula.parts)


def _not(formula: Not, about: Situation) -> bool:
    return not is_true(formula.part, about)


def _member(formula: Member, about: Situation) -> bool:
    return is_among(formula.ends, about.ends.get(formula.role), about)


def _test(formula: Test, about: Situation) -> bool:
    attribute, meets = formula.attribute, formula.meets
    if attribute.role is Role.REQUEST:
        return any(does_meet(value, meets) for value in (about.request or {}).get(attribute, ()))
    value = value_of(attribute, about.ends)
    return value is not None and does_meet(value, meets)


def _same(formula: Same, about: Situation) -> bool:
    return value_of(formula.left, about.ends) == value_of(formula.right, about.ends)


def _open(formula: Open, about: Situation) -> bool:
    return about.settle(formula.fact, (MATCHES, DOES_NOT_MATCH)) == MATCHES


def does_meet(value: str, meets: frozenset[str] | Pattern | AddressSet | None) -> bool:
    """Whether one value of an attribute is what a test asks for."""
    if meets is None:
        return True
    if isinstance(meets, AddressSet):
        return ip_address(value) in meets
    return value in meets if isinstance(meets, frozenset) else meets.matches(value)


def value_of(attribute: Attribute, ends: Mapping[Role, Seen]) -> str | None:
    """None when absent: so is every attribute of an end that is no pod, but for a node's labels and name."""
    end, name = ends.get(attribute.role), attribute.name
    if isinstance(end, Pod):
        if name is Name.LABEL:
            return end.labels.get(attribute.key)
        if name is Name.NAMESPACE_LABEL:
            return end.namespace_labels.get(attribute.key)
        if name is Name.NAMESPACE:
            return end.namespace
        if name is Name.ANNOTATION:
            return end.annotations.get(attribute.key)
        if name is Name.NODE:
            return end.node
        if name is Name.NODE_GROUPS:
            return end.node_groups
        if name is Name.NODES:
            return end.nodes
        return end.service_account if name is Name.SERVICE_ACCOUNT else None
    if isinstance(end, Host):
        if name is Name.NODES:
            return f"{end.name}," if end.name is not None else None
        return end.labels.get(attribute.key) if name is Name.LABEL else end.name if name is Name.NODE else None
    if isinstance(end, External):
        return (end.entity or None) if name is Name.ENTITY else None
    if isinstance(end, Labels) and name in (Name.LABEL, Name.NAMESPACE_LABEL):
        return end.get(attribute.key)
    return None


def is_member(members: Formula, end: End) -> bool:
    """Whether the end is in the set, which is a formula over SELF."""
    return is_true(members, Situation(Protocol.OTHER, None, {Role.SELF: end}))


def matches(selector: Selector, of: Labels) -> bool:
    """Whether labels meet a selector (reference A2)."""
    return matcher(selector)(of)


def matcher(selector: Selector) -> Callable[[Labels], bool]:
    """The same for whoever asks of many labels: the selector is read once."""
    asked = labels(selector, Role.SELF)
    return lambda of: is_true(asked, bare(of))


# ------------------------------------------------------------------------------------------------ ends
def kind_of(end: Seen) -> EndKind | None:
    match end:
        case Pod():
            return EndKind.HOST_POD if end.host_network else EndKind.POD
        case External():
            return None if end.entity else EndKind.OUTSIDE
        case Host():
            return EndKind.NODE
        case _:
            return None


def is_among(ends: EndSet, end: Seen, about: Situation) -> bool:
    """Whether the end is in the set; `about` knows the nodes, and what is meant by a node of which little is known."""
    match ends:
        case OfKind(kinds):
            return kind_of(end) in kinds
        case AtAddress(addresses):
            return isinstance(end, End) and end.ip in addresses
        case OfWorkload(namespace, name):
            return isinstance(end, Pod) and (end.workload or "").startswith(f"{namespace}/{name}[")
        case OfNode(names):
            return isinstance(end, Host) and end.name in names
        case Behind(_, ports):
            return isinstance(end, End) and any(is_member(port.members, end) for port in ports)
        case Word():
            raise InternalError(f"nobody has looked up what `{ends}` stands for")
        case OnNodes(of):
            if isinstance(end, Host):
                return is_true(of, bare(end.labels)) if about.meant is None else of in about.meant
            on = [node for node in about.nodes if isinstance(end, Pod) and end.host_network and end.ip in node.ips]
            return any(is_true(of, bare(node.labels)) for node in on)
        case OnNodesOf(namespaces, selector):
            is_on_node = kind_of(end) in (EndKind.NODE, EndKind.HOST_POD)
            return is_on_node and any(is_true(selector, bare(its)) for its in namespaces)


def bare(of: Labels) -> Situation:
    """Labels by themselves, as SELF."""
    return Situation(Protocol.OTHER, None, {Role.SELF: of})


# ------------------------------------------------------------------------------------------------ ports
def _is_on(ports: OnPorts, about: Situation) -> bool:
    """A name is one of the destination pod's (reference A7.1–A7.4); only protocols with ports have named ones."""
    if ports.protocol not in (None, about.protocol):
        return False
    if ports.name:
        return any(port.name == ports.name and port.container in SCOPE[ports.scope] for port in declared_here(about))
    if about.port is None:
        if ports.protocol is not Protocol.OTHER or ports.ports == PortSet.FULL:
            return True
        return about.settle(which_of_others(ports.ports), (MATCHES, DOES_NOT_MATCH)) == MATCHES
    return about.port in ports.ports


def declared_here(about: Situation) -> list[ContainerPort]:
    """What the containers of the destination say of the very port."""
    pod = about.ends.get(Role.DST)
    ports = pod.ports if isinstance(pod, Pod) else ()
    return [port for port in ports if port.number == about.port and port.protocol is about.protocol]


def _is_at_host(formula: OnHostPort, about: Situation) -> bool:
    """A pod on its node's network has no port to which another one of the node would lead."""
    pod = about.ends.get(Role.DST)
    is_on_node = isinstance(pod, Pod) and pod.host_network
    return not is_on_node and any(port.host_port for port in declared_here(about))


_TRUTH: dict[type[Formula], Callable[[Any, Situation], bool]] = {
    All: _all,
    Some: _some,
    Not: _not,
    Member: _member,
    OnPorts: _is_on,
    OnHostPort: _is_at_host,
    Test: _test,
    Same: _same,
    Open: _open,
}
