"""What the encoding says of one concrete connection, for comparison with the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from points import Points

from analyzer.encoding import UNIVERSE, VIOLATION, Attribute, Box, Obligation, Question, embed, embed_end, encode
from analyzer.encoding.terms import conj, equal, number
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Host, Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import Role
from analyzer.model.policies import NumberedPorts, Protocol
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet
from analyzer.sets.intervals import contains
from analyzer.solving import CVC5, Budget, Session, solve_script
from analyzer.verdicts import Step

EVERYTHING = Claim(Kind.NO, ANYTHING, ANYTHING, tuple(NumberedPorts(p) for p in Protocol))


def question(claim: Claim, profile: Profile, universe: Universe = Universe.ANY, *, is_sliced: bool = True) -> Question:
    """Any address may be a pod's, so that every drawn connection lies in the universe."""
    return Question(claim, (), universe, profile, AddressSet.FULL, slice_first=is_sliced)


def _universe(connection: Connection) -> Universe:
    """One in which what nobody knows of an end counts: where every pod could be, one like it is known."""
    has_unknown = any(isinstance(end, Pod) and end.unknown for end in (connection.src, connection.dst))
    return Universe.INVENTORY if has_unknown else Universe.ANY


def is_asked_about(connection: Connection) -> bool:
    """Whether both ends are in the universe that is asked: no pod or node to come beside a pod with unknown labels."""
    return _universe(connection) is Universe.ANY or all(
        end.workload is not None if isinstance(end, Pod) else not isinstance(end, Host) or end.name is not None
        for end in (connection.src, connection.dst)
    )


@lru_cache(maxsize=4)
def _asked(cluster: Cluster, profile: Profile, universe: Universe) -> tuple[Obligation, Points]:
    """Made once for the few connections that a law draws in one cluster."""
    obligation = encode(cluster, question(EVERYTHING, profile, universe))
    return obligation, Points(obligation)


def by_encoding(cluster: Cluster, profile: Profile, connection: Connection) -> str:
    """`allow`, `deny` or `open`: which of violation and its denial the solver can satisfy on this connection."""
    obligation, points = _asked(cluster, profile, _universe(connection))
    values = embed(obligation, connection)
    assert values is not None, "the connection is outside the universe"
    found = points.truth(values)
    assert found, "the universe excludes the connection"
    return "open" if len(found) == 2 else "allow" if True in found else "deny"


def by_second_solver(cluster: Cluster, profile: Profile, connection: Connection) -> str:
    """The same by cvc5, from the text of closed scripts."""
    obligation = encode(cluster, question(EVERYTHING, profile, _universe(connection)))
    values = embed(obligation, connection)
    assert values is not None, "the connection is outside the universe"
    given = (UNIVERSE, *obligation.tracks, fixing(obligation, values))
    scripts = {
        word: Step("decision", "", "unknown", obligation.text, (*given, term)).script
        for word, term in (("allow", VIOLATION), ("deny", f"(not {VIOLATION})"))
    }
    found = {word for word, script in scripts.items() if solve_script(script, CVC5, Budget()).is_sat}
    return "open" if len(found) == 2 else "".join(found)


def fixing(obligation: Obligation, values: Mapping[str, int]) -> str:
    """A term: the symbols have these values."""
    return conj(
        equal(symbol, number(value, width))
        if (width := obligation.symbols[symbol])
        else (symbol if value else f"(not {symbol})")
        for symbol, value in values.items()
    )


def truth(obligation: Obligation, values: Mapping[str, int]) -> frozenset[bool]:
    """The values that `violation` can take where the symbols have these values; empty outside the universe."""
    return Points(obligation).truth(values)


def truth_by_solver(obligation: Obligation, values: Mapping[str, int]) -> set[bool]:
    """The same as netproof asks it: by a solver that gets the values as a constraint."""
    session = Session(obligation.text, obligation.symbols, Budget())
    literals = [UNIVERSE, *obligation.tracks, session.literal(fixing(obligation, values))]
    return {
        expected
        for expected, literal in ((True, VIOLATION), (False, f"!{VIOLATION}"))
        if session.check(*literals, literal).is_sat
    }


def truth_of_pod(obligation: Obligation, pod: Pod) -> frozenset[bool] | None:
    """The same for a claim about isolation; None if the pod is outside what the claim can speak of."""
    values = embedded_pod(obligation, pod)
    return None if values is None else truth(obligation, values)


def embedded_pod(obligation: Obligation, pod: Pod) -> dict[str, int] | None:
    """A pod alone asks for no family, but its address is of one."""
    values, family = embed_end(obligation, pod), obligation.variables.find(Role.CONNECTION, Attribute.FAMILY)
    return values if values is None or family is None else {**values, family.symbol: int(pod.ip.version == 6)}


def is_inside(box: Box, values: Mapping[str, int]) -> bool:
    """Whether a connection's symbols lie in a region; symbols that do not bear on it do not count."""
    return all(contains(intervals, values[v.symbol]) for v, intervals in box.items() if v.symbol in values)
