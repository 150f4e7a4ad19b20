"""Which ends are in a set of the query language (design 2)."""

from __future__ import annotations

from analyzer.errors import InternalError
from analyzer.model.claims import (
    Addresses,
    Anything,
    ApiServer,
    At,
    Behind,
    Both,
    Domains,
    Either,
    Minus,
    Nodes,
    NodesThat,
    PodsIn,
    PodsOf,
    ServiceNamed,
    SetExpr,
    Unknown,
    WorkloadNamed,
)
from analyzer.model.endpoints import End, External, Host, Pod
from analyzer.model.formulas import Role, both, in_namespaces, labels
from analyzer.model.policies import Protocol
from analyzer.semantics.formulas import Situation, is_true, matches


def is_member(members: SetExpr, end: End) -> bool:
    """Whether the end is in the set.  Pods are so with hostNetwork too; addresses are those outside the cluster."""
    match members:
        case PodsIn():
            chosen = both([in_namespaces(members.namespaces, Role.SELF), labels(members.pods, Role.SELF)])
            return isinstance(end, Pod) and is_true(chosen, Situation(Protocol.OTHER, None, {Role.SELF: end}))
        case WorkloadNamed():
            prefix = f"{members.namespace}/{members.name}["
            return isinstance(end, Pod) and end.workload is not None and end.workload.startswith(prefix)
        case Addresses():
            return isinstance(end, External) and end.ip in members.addresses
        case At():
            return end.ip in members.addresses
        case Behind():
            return any(is_member(port.members, end) for port in members.ports)
        case Nodes():
            return isinstance(end, Host)
        case NodesThat(names, selector):
            return isinstance(end, Host) and end.name in names and matches(selector, end.labels)
        case PodsOf(accounts):
            return isinstance(end, Pod) and end.service_account in accounts
        case Anything():
            return True
        case Either():
            return any(is_member(part, end) for part in members.parts)
        case Both():
            return all(is_member(part, end) for part in members.parts)
        case Minus():
            return is_member(members.base, end) and not is_member(members.taken, end)
        case ServiceNamed() | ApiServer() | Domains() | Unknown():
            raise InternalError(f"nobody has looked up what `{members}` stands for")
