"""The table of variables: every symbol that describes a connection is a row, and no other file knows its name.

| role | attribute | sort | value | says something of |
|---|---|---|---|---|
| src, dst | IS_POD, IS_NODE | Bool | what the end is; neither: an address outside | every end that can be either |
| src, dst | NAMESPACE | BitVec | code of its namespace; the table's `none` unless it is a pod | every end |
| src, dst | MEMBER | BitVec | 0: not there yet, or an address; i + 1: a member of class i | every end |
| src, dst | LABEL, ACCOUNT | BitVec | code of its label (a node's for a node), of its service account | every end |
| src, dst | NAMESPACE_LABEL | BitVec | code of its namespace's label | ends in no namespace that is not created yet |
| src, dst | NEW_NAMESPACE_LABEL | BitVec | the same | pods in a namespace that is not created yet |
| src, dst | NAMESPACE_NAME | BitVec | code of its namespace's name, in the domain that it is compared in | every end |
| src, dst | KNOWN_ADDRESS | BitVec | its address, of one family | ends of that family whose address is chosen |
| src, dst | UNKNOWN_ADDRESS | BitVec | the same | ends of that family whose address nobody knows |
| dst | PORT_NAME | Bool | the pod declares the name at the connection's port and protocol | every end |
| dst | TUNNEL_NAME | Bool | the pod declares the name at the port of the mesh's tunnel | every end |
| connection | FAMILY | Bool | it is over IPv6 | every connection |
| connection | PROTOCOL, PORT | BitVec | code of the protocol; destination port, 0 for none | every connection |
| connection | NUMBER | BitVec | which protocol without ports (`sets/other_protocols`) | those of such protocols |
| request | HTTP, MTLS, TOKEN | Bool | it is HTTP; in mutual TLS of the mesh; with a valid token | every connection |
| request | TEXT | BitVec | 0: absent; i + 1: a text of sort i of its attribute | every connection |
| request | VALUE | Bool | of a header, a claim: a text of that sort is among its values | every connection |
| connection | WAY | BitVec | which way through a Service the client asks for; 0: none | every connection |

An address is chosen, by the manifests or the question, if it is outside or of a class of known addresses.  What nobody
knows is apart from what the question may choose, so that "for every unknown" can be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import Enum
from itertools import pairwise

from analyzer.encoding.classes import EndClass
from analyzer.encoding.domains import Attr, Domain
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.reach import EXTERNAL
from analyzer.encoding.scope import Scope
from analyzer.encoding.terms import FALSE, Script, Term, bits, conj, disj, neg, within
from analyzer.encoding.vocabulary import PortName
from analyzer.model.formulas import Attribute as Asked
from analyzer.model.formulas import Role
from analyzer.model.policies import PORT_PROTOCOLS, Protocol
from analyzer.records import dataclass
from analyzer.sets.intervals import Intervals, canonical, contains, intersection, points
from analyzer.sets.other_protocols import EVERY

PROTOCOL_CODES = {p: i for i, p in enumerate((*PORT_PROTOCOLS, Protocol.OTHER))}


class Attribute(Enum):
    """What a variable is of its role: its name in symbols, and how gladly a reader sees it in a region."""

    MEMBER = "w", 0
    NAMESPACE_LABEL = "nl", 1
    NEW_NAMESPACE_LABEL = "fl", 1
    NAMESPACE_NAME = "nn", 1
    UNKNOWN_ADDRESS = "u", 2
    FAMILY = "v6", 4
    PORT_NAME = "p", 4
    TUNNEL_NAME = "tp", 4
    KNOWN_ADDRESS = "x", 5
    ACCOUNT = "sa", 6
    LABEL = "l", 7
    PORT = "port", 8
    NUMBER = "other", 8
    PROTOCOL = "proto", 9
    NAMESPACE = "ns", 10
    IS_POD = "pod", 11
    IS_NODE = "host", 11
    WAY = "thr", 11
    TEXT = "t", 1
    VALUE = "v", 1
    HTTP = "http", 2
    MTLS = "mtls", 2
    TOKEN = "token", 2

    @property
    def rank(self) -> int:
        return self.value[1]


Which = str | int | PortName | Asked | tuple[Asked, int]
"""Which of its attribute a variable is: the key of a label, the version of an address, the name of a port, what of a
request, and which sort of its texts."""

KINDS = (Attribute.IS_POD, Attribute.IS_NODE)
OF_REQUESTS = frozenset({Attribute.TEXT, Attribute.VALUE, Attribute.HTTP, Attribute.MTLS, Attribute.TOKEN})
ADDRESSES = (Attribute.KNOWN_ADDRESS, Attribute.UNKNOWN_ADDRESS)
NAMESPACE_LABELS = (Attribute.NAMESPACE_LABEL, Attribute.NEW_NAMESPACE_LABEL)
_TOLD = frozenset({Attribute.NAMESPACE, Attribute.PORT, Attribute.NUMBER, *ADDRESSES})  # of many values
_OPEN = frozenset({Attribute.UNKNOWN_ADDRESS, Attribute.NAMESPACE_LABEL})
_OF_KIND = {
    Attribute.LABEL: "pod",
    Attribute.ACCOUNT: "sa",
    Attribute.NAMESPACE_NAME: "name",
    **dict.fromkeys(NAMESPACE_LABELS, "ns"),
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One symbol.  `which` is the key of a label, the version of an address, the name of a port; `width` 0 is Bool.

    `every` holds all its values.  `boundaries` are those at which its meaning can change: between two nothing differs;
    None where each value is one.  `domain` gives codes their strings.  It says something of a connection iff every
    property in `guard` is as said there.  `told` are the sets that it is asked to lie in, if it is asked nothing but
    that and whether it is the other end's: what lies in the same of them is alike.
    """

    symbol: str
    role: Role = field(compare=False)
    attribute: Attribute = field(compare=False)
    which: Which = field(compare=False)
    place: int = field(compare=False)  # among the variables of its role and attribute
    width: int = field(compare=False)
    every: Intervals = field(compare=False)
    boundaries: tuple[int, ...] | None = field(compare=False, default=None)
    domain: Domain | None = field(compare=False, default=None)
    guard: tuple[tuple[Split, bool], ...] = field(compare=False, default=())
    told: tuple[Intervals, ...] | None = field(compare=False, default=None)

    @property
    def rank(self) -> int:
        """What a reader would rather not see is low."""
        return self.attribute.rank

    @property
    def is_open(self) -> bool:
        """Neither the question nor the manifests settle it."""
        return self.attribute in _OPEN

    def atoms(self) -> Iterator[tuple[int, int]]:
        """Its values, in pieces within which nothing can tell them apart."""
        for low, high in self.every:
            if self.boundaries is None:
                yield from ((value, value) for value in range(low, high + 1))
            else:
                edges = sorted({low, *(edge for edge in self.boundaries if low <= edge <= high)})
                yield from zip(edges, (*(edge - 1 for edge in edges[1:]), high), strict=True)

    def sorts(self, *further: Intervals) -> list[Intervals]:
        """Its atoms, those together that lie in the same of the told sets and of the `further` ones."""
        if self.told is None:
            return [(atom,) for atom in self.atoms()]
        toggles: dict[int, int] = {}
        for place, values in enumerate((*self.told, *further)):
            for low, high in values:
                toggles[low] = toggles.get(low, 0) ^ 1 << place
                toggles[high + 1] = toggles.get(high + 1, 0) ^ 1 << place
        found: dict[int, list[tuple[int, int]]] = {}
        lies_in = 0
        for low, high in pairwise(sorted({self.every[0][0], *toggles, self.every[-1][1] + 1})):
            lies_in ^= toggles.get(low, 0)
            found.setdefault(lies_in, []).append((low, high - 1))
        kept = (intersection(canonical(pieces), self.every) for pieces in found.values())
        return sorted(values for values in kept if values)

    def lies_in(self, values: Intervals) -> Term:
        """Its value (a boolean counts as 0 or 1) lies in one of the intervals."""
        if self.width:
            return within(self.symbol, values, self.width)
        wanted = {value for low, high in values for value in range(low, high + 1)}
        return "true" if wanted == {0, 1} else self.symbol if wanted == {1} else neg(self.symbol)

    def admits(self, values: Intervals) -> Term:
        """Its value lies in one of the intervals, or it says nothing of the connection."""
        unmet = [neg(split.term) if is_so else split.term for split, is_so in self.guard]
        return disj([*unmet, self.lies_in(values)])


Box = dict[Variable, Intervals]
"""A set of connections: each of these variables lies in its intervals or says nothing, the others are unconstrained."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A property of connections on which it hangs what other variables say: it holds iff `variable` lies in `values`,
    or all of the kinds in `outside` are false (None: they never are)."""

    variable: Variable | None
    values: Intervals
    outside: tuple[Variable, ...] | None = None

    @property
    def term(self) -> Term:
        found = FALSE if self.variable is None else self.variable.lies_in(self.values)
        return found if self.outside is None else disj([conj(neg(kind.symbol) for kind in self.outside), found])

    def holds(self, values: Mapping[str, int]) -> bool:
        if self.outside is not None and not any(values.get(kind.symbol) for kind in self.outside):
            return True
        return self.variable is not None and contains(self.values, values.get(self.variable.symbol, 0))

    def is_outside(self, box: Box) -> bool:
        """Whether the box is of addresses outside; every box settles what kind its ends are."""
        return self.outside is not None and all(box.get(kind) == ((0, 0),) for kind in self.outside)


class Variables:
    """The rows, in the order in which the script declares them."""

    def __init__(self, rows: Sequence[Variable]) -> None:
        self._rows = tuple(rows)
        self._by_place = {(row.role, row.attribute, row.which): row for row in self._rows}

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._rows)

    def __getitem__(self, key: tuple[Role, Attribute]) -> Variable:
        """For what every obligation looks at: the protocol, the port, where an end is."""
        return self._by_place[(*key, "")]

    def find(self, role: Role, attribute: Attribute, which: Which = "") -> Variable | None:
        """None where the question does not look at it."""
        return self._by_place.get((role, attribute, which))

    def of(self, role: Role, *attributes: Attribute) -> list[Variable]:
        """Those of the role, of one of the attributes if any is named, in the order of their places."""
        found = (row for row in self._rows if row.role is role and (not attributes or row.attribute in attributes))
        return sorted(found, key=lambda row: row.place)


class VariableBuilder:
    """Declares variables in the script when they are first asked for, gathers their boundaries, then freezes the table.

    Terms of two revisions share one, and with it the symbols.
    """

    def __init__(self, script: Script, scope: Scope, classes: Sequence[EndClass]) -> None:
        self._script, self._scope, self._count = script, scope, len(classes)
        self._addressed = points(i + 1 for i, c in enumerate(classes) if c.addresses is not None)
        self._rows: dict[tuple[Role, Attribute, Which], Variable] = {}
        self._edges: dict[tuple[Role, Attribute, Which], set[int]] = {}
        self._told: dict[tuple[Role, Attribute, Which], dict[Intervals, None]] = {}
        self._splits: dict[tuple[Role, Attribute], Split] = {}
        self._places: dict[Which | tuple[str, str], int] = {wanted: i for i, wanted in enumerate(scope.port_names)}
        self._places |= {row.attribute: i for i, row in enumerate(scope.requests.rows)}
        for kind in ("pod", "ns"):
            attrs = (attr for attr in scope.domains if attr.kind == kind)
            self._places |= {(kind, attr.key): i for i, attr in enumerate(attrs)}

    def freeze(self) -> Variables:
        return Variables([self._frozen(key, row) for key, row in self._rows.items()])

    def _frozen(self, key: tuple[Role, Attribute, Which], row: Variable) -> Variable:
        if row.boundaries is not None:
            row = replace(row, boundaries=tuple(sorted(self._edges.get(key, ()))))
        return replace(row, told=tuple(self._told.get(key, ()))) if row.attribute in _TOLD else row

    def tell(self, role: Role, attribute: Attribute, values: Intervals, which: Which = "") -> None:
        """The variable is asked whether it lies in these values: its meaning can change where they begin and end."""
        key = role, attribute, which
        self._edges.setdefault(key, set()).update(edge for low, high in values for edge in (low, high + 1))
        self._told.setdefault(key, {})[values] = None

    def lies_in(self, values: Intervals, role: Role, attribute: Attribute, which: Which = "") -> Term:
        """The variable's value lies in one of the intervals."""
        self.tell(role, attribute, values, which)
        return self.row(role, attribute, which).lies_in(values)

    def has(self, role: Role, attribute: Attribute, which: Which = "") -> bool:
        """Something asked for it."""
        return (role, attribute, which) in self._rows

    def symbol(self, role: Role, attribute: Attribute, which: Which = "") -> Term:
        return self.row(role, attribute, which).symbol

    def row(self, role: Role, attribute: Attribute, which: Which = "") -> Variable:
        found = self._rows.get((role, attribute, which))
        if found is None:
            found = self._rows[role, attribute, which] = self._made(role, attribute, which)
            if found.width:
                self._script.vector(found.symbol, found.width)
            else:
                self._script.boolean(found.symbol)
        return found

    def _made(self, role: Role, attribute: Attribute, which: Which) -> Variable:
        name, scope, domain, place = attribute.value[0], self._scope, None, 0
        boundaries: tuple[int, ...] | None = None
        guard: tuple[tuple[Split, bool], ...] = ()
        match attribute:
            case Attribute.NAMESPACE:
                none = scope.table.none
                width, every = bits(none + 1), points((*scope.reach(role).namespaces, none))
            case Attribute.MEMBER:
                width, every = bits(self._count + 1), ((0, self._count),)
            case Attribute.KNOWN_ADDRESS | Attribute.UNKNOWN_ADDRESS:
                width, name = 32 if which == 4 else 128, f"{name}{which}"
                every, boundaries = ((0, 2**width - 1),), ()
                guard = (self._family(which == 6), (self._chosen(role), attribute is Attribute.KNOWN_ADDRESS))
            case Attribute.PROTOCOL:
                width, every = 2, ((0, len(PROTOCOL_CODES) - 1),)
            case Attribute.PORT:
                width, every, boundaries = 16, ((1, 65535),), ()
            case Attribute.NUMBER:
                width, every, boundaries = 16, EVERY.intervals, ()
                code = PROTOCOL_CODES[Protocol.OTHER]
                guard = ((Split(self.row(Role.CONNECTION, Attribute.PROTOCOL), ((code, code),)), True),)
            case Attribute.WAY:
                width, every = bits(len(scope.ways) + 1), points((0, *scope.through))
            case Attribute.TEXT if isinstance(which, Asked):
                place, sorts = self._places[which], scope.requests.of(which)
                count = 1 + (len(sorts.witnesses) if sorts is not None else 0)
                width, every, name = bits(count), ((0, count - 1),), f"{name}.{place}"
            case Attribute.VALUE if isinstance(which, tuple) and isinstance(which[0], Asked):
                place = self._places[which[0]]
                width, every, name = 0, ((0, 1),), f"{name}.{place}.{which[1]}"
            case _ if attribute in _OF_KIND:
                kind, key = _OF_KIND[attribute], str(which)
                domain = scope.domains[Attr(kind, key)]
                width, every = domain.width, ((0, domain.size - 1),)
                if attribute in NAMESPACE_LABELS:
                    guard = ((self._new(role), attribute is Attribute.NEW_NAMESPACE_LABEL),)
                if kind in ("pod", "ns"):
                    place = self._places[kind, key]
                    name = f"{name}.{place}"
            case _:
                width, every = 0, ((0, 1),)
                if attribute in (Attribute.PORT_NAME, Attribute.TUNNEL_NAME):
                    place = self._places[which]
                    name = f"{name}.{place}"
        symbol = name if role is Role.CONNECTION else f"{role.value[0]}.{name}"
        return Variable(symbol, role, attribute, which, place, width, every, boundaries, domain, guard)

    # -------------------------------------------------------------------------------------------- properties
    def _family(self, is_six: bool) -> tuple[Split, bool]:
        key = (Role.CONNECTION, Attribute.FAMILY)
        if key not in self._splits:
            self._splits[key] = Split(self.row(*key), ((1, 1),))
        return self._splits[key], is_six

    def _chosen(self, role: Role) -> Split:
        """The end's address is chosen: it is outside, or of a class of known addresses."""
        key = (role, Attribute.KNOWN_ADDRESS)
        if key not in self._splits:
            outside = None
            if EXTERNAL in self._scope.reach(role).kinds:
                outside = tuple(row for kind in KINDS if (row := self._rows.get((role, kind, ""))) is not None)
            self._splits[key] = Split(self._rows.get((role, Attribute.MEMBER, "")), self._addressed, outside)
        return self._splits[key]

    def _new(self, role: Role) -> Split:
        """The end is a pod in a namespace that is not created yet."""
        key = (role, Attribute.NEW_NAMESPACE_LABEL)
        if key not in self._splits:
            codes = self._scope.table.of(Standing.FUTURE)
            self.tell(role, Attribute.NAMESPACE, points(codes))
            self._splits[key] = Split(self.row(role, Attribute.NAMESPACE), points(codes))
        return self._splits[key]
