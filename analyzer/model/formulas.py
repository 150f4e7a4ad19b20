"""One boolean language for what a rule matches, whom a policy selects and what a query claims (design 3).

A formula speaks of one connection: of its two ends, of its port, of the request that it carries.  `semantics` decides
it for a concrete connection, `encoding` turns it into a term; nothing else says what it means.

| node | true iff |
|---|---|
| All, Some, Not | every part is (also without parts); some part is (never without parts); the part is not |
| Member | the end is in a set of ends: of these kinds, at these addresses, of this workload, on these nodes |
| OnPorts | protocol and port are these, or the destination pod gives the port that name |
| OnHostPort | the destination pod gives the port one of its node |
| Test | a string attribute has a value that is one of these, is like this pattern, or is one of these addresses |
| Same | two attributes are equal; absent equals only absent |
| Open | nobody knows: a fact that neither the manifests nor the specification settle |

An end that is no pod has no attributes but a node's labels and name: each of the others is absent.  Only pods name
ports.  What an engine runs itself, as Cilium its health endpoints, is of no kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import Labels, Operator, Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import NamespaceChoice, NamespaceNamed, NumberedPorts, Ports, Protocol
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet, ValueSet

if TYPE_CHECKING:
    from analyzer.sets.strings import Pattern  # nothing loads it that has no pattern


class Role(Enum):
    """What is spoken of: an end, the connection between the two, or what the client asks for over it."""

    SRC = "src"
    DST = "dst"
    CONNECTION = "connection"
    REQUEST = "request"
    SELF = "self"  # in a set, a subject or an assumption: the end that it is asked about


class Name(Enum):
    """What of its role an attribute is; labels, annotations, headers, parameters, cookies and claims have a key."""

    NAMESPACE = "namespace"
    NAMESPACE_LABEL = "namespace.labels"
    LABEL = "labels"
    ANNOTATION = "annotations"  # those that the mesh reads (model/mesh.py)
    SERVICE_ACCOUNT = "service_account"
    NODE = "node"  # the name of the node that it is, or is on
    NODES = "nodes"  # of a pod: the nodes of which it is on one, each before a comma; of a node: itself
    NODE_GROUPS = "node.groups"  # of a pod: the security groups of its node (aws.md S4)
    ENTITY = "entity"  # of an end that an engine runs itself: its name
    # of a request, as the proxy sees it (model/requests.py)
    ASKED = "asked"  # there, if a question is about a request; else about any
    METHOD = "method"
    PATH = "path"  # normalized, without its query
    HOST = "host"
    HEADER = "headers"
    PARAMETER = "parameters"
    COOKIE = "cookies"
    TLS = "tls"
    IDENTITY = "identity"
    SNI = "sni"
    TOKEN = "token"  # whether what it is presented as holds: valid, forged, expired
    ISSUER = "token.issuer"
    SUBJECT = "token.subject"
    TOKEN_PLACE = "token.place"  # there, if the token is not in `Authorization: Bearer`
    CLAIM = "claims"
    CLAIM_WORD = "claims by word"  # the words of a text between spaces
    REMOTE_IP = "remote_ip"  # by how many proxies are trusted
    FAULT = "fault"  # why an HTTP proxy refuses it before any policy
    DNS = "dns"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A string, or absent; a header and a claim may have several values at once."""

    role: Role
    name: Name
    key: str = ""


# ------------------------------------------------------------------------------------------------ sets of ends
class EndKind(Enum):
    POD = "pod"  # with an address of its own
    HOST_POD = "hostNetwork pod"  # at its node's address
    NODE = "node"
    OUTSIDE = "outside"  # an address that is nobody's in the cluster


@dataclass(frozen=True, slots=True)
class OfKind:
    kinds: frozenset[EndKind]


@dataclass(frozen=True, slots=True)
class AtAddress:
    """Ends whose address, in the connection's family, lies in the set; `text` is how the file or the query wrote it."""

    addresses: AddressSet
    text: str = ""


@dataclass(frozen=True, slots=True)
class OfWorkload:
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class OfNode:
    """Nodes of these names; one that is not there yet has none: None."""

    names: ValueSet


@dataclass(frozen=True, slots=True)
class OnNodes:
    """Nodes whose labels meet the formula over SELF, and hostNetwork pods at the address of one (reference B3)."""

    labels: Formula


@dataclass(frozen=True, slots=True)
class OnNodesOf:
    """Nodes and hostNetwork pods, all of them, if a namespace that stands for the nodes meets `selector` over SELF;
    `namespaces` are the label maps that it has or may have (reference D, OVN-K peers)."""

    namespaces: tuple[Labels, ...]
    selector: Formula


class Word:
    """A set that a query names, until a cluster says what it stands for (model/ends.py)."""

    __slots__ = ()


EndSet = OfKind | AtAddress | OfWorkload | OfNode | OnNodes | OnNodesOf | Word


# ------------------------------------------------------------------------------------------------ formulas
@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Formula


@dataclass(frozen=True, slots=True)
class Member:
    role: Role
    ends: EndSet


@dataclass(frozen=True, slots=True)
class OnPorts:
    """The protocol is `protocol` and the port one of `ports`; with a `name`, one that the destination pod calls so, in
    the containers of `scope`, with its own protocol where `protocol` is None (reference A7, B4.4)."""

    protocol: Protocol | None
    ports: PortSet = PortSet.FULL
    name: str = ""
    scope: NamedPortScope = NamedPortScope.SIDECARS


@dataclass(frozen=True, slots=True)
class OnHostPort:
    """The destination pod gives the port a port of its node: a hostPort."""


@dataclass(frozen=True, slots=True)
class Test:
    """A value of the attribute is one of these, is like the pattern, or is one of the addresses; `meets is None`: it
    is there."""

    attribute: Attribute
    meets: frozenset[str] | Pattern | AddressSet | None = None


@dataclass(frozen=True, slots=True)
class Same:
    left: Attribute
    right: Attribute


@dataclass(frozen=True, slots=True)
class Open:
    fact: OpenFact


Leaf = Member | OnPorts | OnHostPort | Test | Same | Open
Formula = All | Some | Not | Leaf

TRUE, FALSE = All(), Some()


def both(parts: Iterable[Formula]) -> Formula:
    """The conjunction, without parts that say nothing."""
    kept: list[Formula] = []
    for part in parts:
        if isinstance(part, Some) and not part.parts:
            return FALSE
        kept.extend(part.parts if isinstance(part, All) else (part,))
    return kept[0] if len(kept) == 1 else All(tuple(kept))


def either(parts: Iterable[Formula]) -> Formula:
    """The disjunction, without parts that are never true."""
    kept: list[Formula] = []
    for part in parts:
        if isinstance(part, All) and not part.parts:
            return TRUE
        kept.extend(part.parts if isinstance(part, Some) else (part,))
    return kept[0] if len(kept) == 1 else Some(tuple(kept))


def negated(part: Formula) -> Formula:
    """The negation, where something is left to negate."""
    if part == TRUE:
        return FALSE
    return TRUE if part == FALSE else Not(part)


def on_any(ports: Iterable[Ports], scope: NamedPortScope) -> Formula:
    """On one of the ports; names are looked up in the containers of `scope`, on whatever pod."""
    return either(_on(entry, scope) for entry in ports)


def _on(entry: Ports, scope: NamedPortScope) -> Formula:
    if not isinstance(entry, NumberedPorts):
        return OnPorts(entry.protocol, name=entry.name, scope=scope)
    numbered = OnPorts(entry.protocol, entry.ports)
    return numbered if entry.version is None else both([OF_FAMILY[entry.version], numbered])


def leaves(formula: Formula) -> Iterator[Leaf]:
    """What the formula is made of, without the connectives."""
    waiting: list[Formula] = [formula]
    while waiting:
        match waiting.pop():
            case All(parts) | Some(parts):
                waiting.extend(reversed(parts))
            case Not(part):
                waiting.append(part)
            case leaf:
                yield leaf


def leaves_once(formulas: Iterable[Formula]) -> Iterator[Leaf]:
    """The leaves of formulas that share parts, those of a shared part once."""
    kept = list(formulas)
    seen: set[int] = set()
    waiting: list[Formula] = list(reversed(kept))
    while waiting:
        formula = waiting.pop()
        if id(formula) in seen:
            continue
        seen.add(id(formula))
        match formula:
            case All(parts) | Some(parts):
                waiting.extend(reversed(parts))
            case Not(part):
                waiting.append(part)
            case leaf:
                yield leaf


def with_leaves(formula: Formula, read: Callable[[Leaf], Formula]) -> Formula:
    """The formula with each of its leaves read; what is known by then is worked out."""
    match formula:
        case All(parts):
            return both(with_leaves(part, read) for part in parts)
        case Some(parts):
            return either(with_leaves(part, read) for part in parts)
        case Not(part):
            return negated(with_leaves(part, read))
        case leaf:
            return read(leaf)


def in_role(formula: Formula, role: Role) -> Formula:
    """What is asked of SELF, asked of the end in that role."""

    def read(leaf: Leaf) -> Formula:
        match leaf:
            case Member(Role.SELF, ends):
                return Member(role, ends)
            case Test(Attribute(Role.SELF, name, key), meets):
                return Test(Attribute(role, name, key), meets)
            case _:
                return leaf

    return with_leaves(formula, read)


# ------------------------------------------------------------------------------------------------ selectors
PODS = frozenset({EndKind.POD})
ANY_PODS = PODS | {EndKind.HOST_POD}
ON_NODES = frozenset({EndKind.NODE, EndKind.HOST_POD})
OF_FAMILY = {
    4: Member(Role.SRC, AtAddress(AddressSet(AddressSet.FULL.v4, ()), "IPv4")),
    6: Member(Role.SRC, AtAddress(AddressSet((), AddressSet.FULL.v6), "IPv6")),
}
"""That the connection is one of that version of IP."""


def is_a(role: Role, kinds: frozenset[EndKind]) -> Formula:
    return TRUE if len(kinds) == len(EndKind) else Member(role, OfKind(kinds))


def in_namespaces(choice: NamespaceChoice, role: Role) -> Formula:
    if isinstance(choice, NamespaceNamed):
        return Test(Attribute(role, Name.NAMESPACE), frozenset({choice.name}))
    return labels(choice.selector, role, Name.NAMESPACE_LABEL)


def labels(selector: Selector, role: Role, name: Name = Name.LABEL) -> Formula:
    """Reference A2.1, A2.3: an absent key meets NotIn and DoesNotExist."""
    return both(_requirement(Attribute(role, name, r.key), r.operator, r.values) for r in selector.requirements)


def _requirement(attribute: Attribute, operator: Operator, values: frozenset[str]) -> Formula:
    match operator:
        case Operator.IN:
            return Test(attribute, values)
        case Operator.NOT_IN:
            return Not(Test(attribute, values))
        case Operator.EXISTS:
            return Test(attribute)
        case Operator.DOES_NOT_EXIST:
            return Not(Test(attribute))
