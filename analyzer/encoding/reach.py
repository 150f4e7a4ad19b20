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
from analyzer.sets import AddressSet

POD, EXTERNAL, HOST = "pod", "external", "host"
_OF_PODS = (Name.SERVICE_ACCOUNT, Name.ANNOTATION, Name.NODE_GROUPS)
_OF_NODES_TOO = (Name.LABEL, Name.NODES)


class Ends(NamedTuple):
    """What an end can be: pods of these namespaces, and on their node's network of those; a node; what is outside."""

    pods: frozenset[int]
    on_nodes: frozenset[int]
    nodes: bool
    outside: bool

    def __and__(self, other: Ends) -> Ends:
        return Ends(*map(and_, self, other))

    def __or__(self, other: Ends) -> Ends:
        return Ends(*map(or_, self, other))

    @property
    def namespaces(self) -> frozenset[int]:
        return self.pods | self.on_nodes

    @property
    def kinds(self) -> frozenset[str]:
        its = ((POD, self.pods or self.on_nodes), (HOST, self.nodes), (EXTERNAL, self.outside))
        return frozenset(kind for kind, some in its if some)

    def meets(self, other: Ends) -> bool:
        """Whether an end can be one of both."""
        return any(self & other)


NO_END = Ends(frozenset(), frozenset(), nodes=False, outside=False)


def everywhere(table: NamespaceTable) -> Ends:
    return Ends(table.every, table.every, nodes=True, outside=True)


def union_of(found: Iterable[Ends]) -> Ends:
    return reduce(or_, found, NO_END)


def ends_of(
    formula: Formula,
    table: NamespaceTable,
    pods: AddressSet = AddressSet.FULL,
    *,
    role: Role = Role.SELF,
    holds: bool = True,
) -> Ends:
    """The ends in that role of which the formula may hold, or may not; `pods`: where pods' addresses lie."""
    match formula:
        case All(parts) | Some(parts):
            found = (ends_of(part, table, pods, role=role, holds=holds) for part in parts)
            return reduce(and_, found, everywhere(table)) if isinstance(formula, All) is holds else union_of(found)
        case Not(part):
            return ends_of(part, table, pods, role=role, holds=not holds)
        case Member(its, ends) if its is role:
            return _in(ends, table, pods, holds=holds)
        case Test(attribute) if attribute.role is role:
            return _tested(formula, table, holds=holds)
        case _:
            return everywhere(table)


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
            return union_of(ends_of(port.members, table, pods) for port in ports)
        case Word() if not isinstance(ends, Behind):
            raise InternalError(f"nobody has looked up what `{ends}` stands for")
        case OnNodes() | OnNodesOf() if holds:
            return Ends(none, every, nodes=True, outside=False)
        case _:
            return everywhere(table)


def _tested(test: Test, table: NamespaceTable, *, holds: bool) -> Ends:
    """An end that is no pod has no attributes but a node's labels and name, so that no test of them holds."""
    name = test.attribute.name
    if name in (Name.NAMESPACE, Name.NAMESPACE_LABEL):
        codes = _namespaces(test, table, holds=holds)
        return Ends(codes, codes, nodes=not holds, outside=not holds)
    is_any = not holds or name not in (*_OF_PODS, *_OF_NODES_TOO)
    return Ends(table.every, table.every, nodes=is_any or name in _OF_NODES_TOO, outside=is_any)


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
