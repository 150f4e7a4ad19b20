"""Whether requests that get in changed, of a pair of ends, where they are listed in other words than before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.analysis.checking.known_requests import asked_by
from analyzer.encoding.mediation import issuers
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import TRUE, Attribute, Formula, Name, Role, Test, both, either, negated
from analyzer.model.mesh import RequestAuthentication
from analyzer.records import dataclass
from analyzer.sets import PortSet
from analyzer.sets.pieces import pieces
from analyzer.verdicts.connectivity import PortRequests


@dataclass(frozen=True, slots=True)
class Requested:
    """On which TCP ports some request newly gets in for certain, or no more; `is_open`: on some nobody knows."""

    gained: PortSet
    lost: PortSet
    is_open: bool


def changed_requests(
    was: Sequence[PortRequests],
    now: Sequence[PortRequests],
    on: PortSet,
    most_atoms: int,
    *,
    has_identity: bool,
    clients: Formula = TRUE,
) -> Requested:
    """On these ports, on which something gets in before and after, of requests that are so."""
    gained = lost = PortSet.EMPTY
    is_open = False
    for ports in pieces(on, dict.fromkeys(it.ports for it in (*was, *now))):
        before, after = (_let_in(side, ports) for side in (was, now))
        (may_before, must_before), (may_after, must_after) = before, after
        more = _differ(may_before, both([clients, must_after]), most_atoms, has_identity=has_identity)
        less = _differ(may_after, both([clients, must_before]), most_atoms, has_identity=has_identity)
        if more is None or less is None:
            is_open = True
            continue
        gained |= ports if more else PortSet.EMPTY
        lost |= ports if less else PortSet.EMPTY
        if may_before != must_before or may_after != must_after:
            is_open = True
    return Requested(gained, lost, is_open)


def _let_in(side: Iterable[PortRequests], ports: PortSet) -> tuple[Formula, Formula]:
    """What may get in on these ports, and what does for certain.  Of a region that no formula says, what is said may
    get in, which is more, and nothing does for certain."""
    may, must = [], []
    for it in side:
        if not ports & it.ports:
            continue
        asked = [asked_by(constraint) for constraint in it.region]
        said = both(formula for formula in asked if formula is not None)
        may.append(said)
        if it.is_certain and None not in asked:
            must.append(said)
    return (either(may), either(must)) if may else (TRUE, TRUE)


def _differ(denied: Formula, allowed: Formula, most_atoms: int, *, has_identity: bool) -> bool | None:
    """None where there are too many requests to tell."""
    from analyzer.semantics.some_request import TooManyRequestsError, tells_apart

    try:
        return tells_apart(denied, allowed, most_atoms, has_identity=has_identity)
    except TooManyRequestsError:
        return None


def told_tokens(old: Cluster, new: Cluster) -> Formula | None:
    """The requests without a token, or with one of an issuer that a RequestAuthentication of either revision names;
    None where both take the same tokens, so that nobody has one that proxies refuse."""
    taken = [{(each.attached, each.rules) for each in it.mesh.of(RequestAuthentication)} for it in (old, new)]
    if taken[0] == taken[1]:
        return None
    known = issuers(old, new)
    if known is None:
        return TRUE
    issuer = Test(Attribute(Role.REQUEST, Name.ISSUER), known)
    return either([negated(Test(Attribute(Role.REQUEST, Name.TOKEN))), issuer])
