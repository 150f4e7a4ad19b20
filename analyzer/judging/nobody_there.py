"""Whether declared workloads can be a witness at all, told without looking at what each of them is like."""

from __future__ import annotations

from analyzer.encoding import VIOLATION, Attribute
from analyzer.encoding.reach import POD
from analyzer.judging.query_session import QuerySession
from analyzer.model.formulas import Role
from analyzer.sets.intervals import points


def is_nobody_there(session: QuerySession) -> bool:
    """No declared workload can be where a pod would have to be, or no pod at all is a witness in the namespaces where
    some are declared, whatever it is like.  False says nothing."""
    scope = session.obligation.scope
    if any(thing.adds_pods for thing in scope.members.unmodelled):
        return False
    settled = _settled(session)
    rows = {role: session.obligation.variables.find(role, Attribute.NAMESPACE) for role in (Role.SRC, Role.DST)}
    ends = [scope.reach(role) for role, row in rows.items() if row is not None]
    if any(end.kinds == {POD} and not end.namespaces & settled for end in ends):
        return True
    if all(end.namespaces <= settled for end in ends):
        return False
    if scope.question.looked_at is not None:  # policies that are not read may let more in
        return False
    return not may_be_there(session)


def may_be_there(session: QuerySession) -> bool:
    """Some pod, whatever it is like, may be a witness in the namespaces where workloads are declared, or what is no pod
    may."""
    inside = points((*_settled(session), session.obligation.scope.table.none))
    rows = (session.obligation.variables.find(role, Attribute.NAMESPACE) for role in (Role.SRC, Role.DST))
    return not session.check(VIOLATION, *(session.is_within(row, inside) for row in rows if row is not None)).is_unsat


def _settled(session: QuerySession) -> frozenset[int]:
    table, there = session.obligation.scope.table, session.obligation.scope.members.workloads_by_namespace
    return frozenset(code for code in table.every if table.entries[code].name in there)
