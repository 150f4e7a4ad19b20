"""What ends a formula can be true of, worked out without a solver: kinds of end, and for pods their namespaces.

Everything here over-approximates: what is left out can make no formula true, what is not may make it so.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_
from typing import NamedTuple

from analyzer.encoding.domains import is_like
from analyzer.encoding.namespaces import NamespaceTable, Standing
from analyzer.errors import InternalError
from analyzer.model.ends import Behind
from analyzer.model.formulas import (
    All,
    AtAddress,
    EndKind,
    EndSet,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OfNode,
    OfWorkload,
    OnNodes,
    OnNodesOf,
    Role,
    Some,
    Test,
    Word,
)
from analyzer.model.labels import NAMESPACE_NAME_LABEL
from analyzer.records import dataclass
from analyzer.sets import AddressSet

POD, EXTERNAL, HOST = "pod", "external", "host"
_OF_PODS = (Name.SERVICE_ACCOUNT, Name.ANNOTATION)


@dataclass(frozen=True)
class Reach:
    """What one end of the connections can be: kinds of end, and for pods the codes of namespaces."""

    kinds: frozenset[str]
    namespaces: frozenset[int]

    def meets(self, ends: Ends) -> bool:
        """Whether it can be one of these."""
        if POD in self.kinds and not self.namespaces.isdisjoint(ends.pods | ends.on_nodes):
            return True
        return (ends.nodes and HOST in self.kinds) or (ends.outside and EXTERNAL in self.kinds)

    def __and__(self, other: Reach) -> Reach:
        kinds, namespaces = self.kinds & other.kinds, self.namespaces & other.namespaces
        return Reach(kinds if namespaces else kinds - {POD}, namespaces)


NO_END = Reach(frozenset(), frozenset())


def everywhere(table: NamespaceTable) -> Reach:
    return Reach(frozenset({POD, EXTERNAL, HOST}), table.every)


def union_of(reaches: Iterable[Reach]) -> Reach:
    found = list(reaches)
    return Reach(frozenset().union(*(r.kinds for r in found)), frozenset().union(*(r.namespaces for r in found)))


class Ends(NamedTuple):
    """The namespaces of pods, and of those on their node's network; whether nodes, whether what is outside."""

    pods: frozenset[int]
    on_nodes: frozenset[int]
    nodes: bool
    outside: bool

    def __and__(self, other: Ends) -> Ends:
        return Ends(*map(and_, self, other))

    def __or__(self, other: Ends) -> Ends:
        return Ends(*map(or_, self, other))

    def reach(self, on_nodes: frozenset[int]) -> Reach:
        """`on_nodes`: the namespaces that can have pods on their node's network."""
        namespaces = self.pods | (self.on_nodes & on_nodes)
        kinds = {kind for kind, it in ((POD, namespaces), (HOST, self.nodes), (EXTERNAL, self.outside)) if it}
        return Reach(frozenset(kinds), namespaces)


def ends_of(
    formula: Formula, role: Role, table: NamespaceTable, pods: AddressSet = AddressSet.FULL, *, holds: bool = True
) -> Ends:
    """The ends in that role of which the formula may hold, or may not; `pods`: where pods' addresses lie."""
    every = Ends(table.every, table.every, nodes=True, outside=True)
    match formula:
        case All(parts) | Some(parts):
            found = (ends_of(part, role, table, pods, holds=holds) for part in parts)
            if isinstance(formula, All) is holds:
                return reduce(and_, found, every)
            return reduce(or_, found, Ends(frozenset(), frozenset(), nodes=False, outside=False))
        case Not(part):
            return ends_of(part, role, table, pods, holds=not holds)
        case Member(its, ends) if its is role:
            return _in(ends, table, pods, holds=holds)
        case Test(attribute) if attribute.role is role:
            return _tested(formula, table, holds=holds)
        case _:
            return every


def _in(ends: EndSet, table: NamespaceTable, pods: AddressSet, *, holds: bool) -> Ends:
    every, none = table.every, frozenset[int]()
    match ends:
        case OfKind(kinds):
            are = {kind: (kind in kinds) is holds for kind in EndKind}
            return Ends(
                every if are[EndKind.POD] else none,
                every if are[EndKind.HOST_POD] else none,
                are[EndKind.NODE],
                are[EndKind.OUTSIDE],
            )
        case AtAddress(addresses) if holds:
            return Ends(every if addresses & pods else none, every, nodes=True, outside=True)
        case OfWorkload(namespace, _) if holds:
            code = table.code(namespace)
            its = none if code is None else frozenset({code})
            return Ends(its, its, nodes=False, outside=False)
        case OfNode() if holds:
            return Ends(none, none, nodes=True, outside=False)
        case Behind(_, ports) if holds:
            found = (ends_of(port.members, Role.SELF, table, pods) for port in ports)
            return reduce(or_, found, Ends(none, none, nodes=False, outside=False))
        case Word() if not isinstance(ends, Behind):
            raise InternalError(f"nobody has looked up what `{ends}` stands for")
        case OnNodes() | OnNodesOf() if holds:
            return Ends(none, every, nodes=True, outside=False)
        case _:
            return Ends(every, every, nodes=True, outside=True)


def _tested(test: Test, table: NamespaceTable, *, holds: bool) -> Ends:
    """An end that is no pod has no attributes but a node's labels, so that no test of them holds."""
    name = test.attribute.name
    if name in (Name.NAMESPACE, Name.NAMESPACE_LABEL):
        codes = _namespaces(test, table, holds=holds)
        return Ends(codes, codes, nodes=not holds, outside=not holds)
    is_any = not holds or name not in (*_OF_PODS, Name.LABEL)
    return Ends(table.every, table.every, nodes=is_any or name is Name.LABEL, outside=is_any)


def _namespaces(test: Test, table: NamespaceTable, *, holds: bool) -> frozenset[int]:
    """Those whose name or labels meet the test, or do not; of labels that nobody knows both may be."""
    if test.attribute.name is Name.NAMESPACE or test.attribute.key == NAMESPACE_NAME_LABEL:
        if test.meets is None:
            met = table.every
        elif isinstance(test.meets, frozenset):
            met = frozenset(code for name in test.meets if (code := table.code(name)) is not None)
        else:
            names = ((code, table.entries[code].name) for code in table.every)
            # Whether a name that nothing mentions meets a pattern nobody knows.
            return frozenset(code for code, name in names if name is None or is_like(name, test.meets) is holds)
        return met if holds else table.every - met
    met = table.known_where(test)
    return (met if holds else table.of(Standing.KNOWN) - met) | table.of(Standing.MENTIONED) | table.of(Standing.FUTURE)


def reach(members: Formula, table: NamespaceTable) -> Reach:
    """What a set can hold."""
    return ends_of(members, Role.SELF, table).reach(table.every)
