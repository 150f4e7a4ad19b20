"""Sets of ends as terms over one end; sets of destinations as terms over the connection."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.terms import FALSE, TRUE, Term, conj, disj, neg
from analyzer.encoding.walk import leaves
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
    LedPort,
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


def is_in(members: SetExpr, end: EndTerms) -> Term:
    """The end is a member of the set (design 2)."""
    match members:
        case PodsIn(namespaces, pods):
            return end.selects(namespaces, pods)
        case WorkloadNamed():
            return conj([end.pod, end.is_class(i for i, c in end.classes if members in c.named)])
        case Addresses(addresses):
            return conj([end.external, end.inside(addresses)]) if end.external != FALSE else FALSE
        case At(addresses):
            return end.inside(addresses)
        case Nodes():
            return end.host
        case NodesThat(names, labels):
            named = end.is_class(i for i, c in end.classes if c.node is not None and c.node.name in names.values)
            return conj([end.host, neg(named) if names.is_complement else named, end.labels_match(labels)])
        case PodsOf(accounts):
            return conj([end.pod, end.has_account(accounts)])
        case Anything():
            return TRUE
        case Behind(_, ports):
            return disj(is_in(port.members, end) for port in ports)
        case Either(parts):
            return disj(is_in(part, end) for part in parts)
        case Both(parts):
            return conj(is_in(part, end) for part in parts)
        case Minus(base, taken):
            return conj([is_in(base, end), neg(is_in(taken, end))])
        case ServiceNamed() | ApiServer() | Domains() | Unknown():
            raise InternalError(f"nobody has looked up what `{members}` stands for")


def hangs_on_unknown(members: SetExpr, end: EndTerms) -> Term:
    """Nobody knows some label or address of the end on which its membership hangs."""
    parts = list(leaves(members))
    keys = {requirement.key for part in parts if isinstance(part, PodsIn) for requirement in part.pods.requirements}
    hidden = end.has_unknown_label(keys)
    return disj([hidden, end.unknown_address()]) if any(isinstance(part, At) for part in parts) else hidden


def is_reached(
    members: SetExpr, end: EndTerms, leaf: Callable[[SetExpr], Term], led: Callable[[LedPort], Term]
) -> Term:
    """The connection goes to a member: `leaf` says so of ends by themselves, `led` of what a port leads to."""
    match members:
        case Behind(_, ports):
            return disj(conj([is_in(port.members, end), led(port)]) for port in ports)
        case Either(parts):
            return disj(is_reached(part, end, leaf, led) for part in parts)
        case Both(parts):
            return conj(is_reached(part, end, leaf, led) for part in parts)
        case Minus(base, taken):
            return conj([is_reached(base, end, leaf, led), neg(is_reached(taken, end, leaf, led))])
        case _:
            return leaf(members)
