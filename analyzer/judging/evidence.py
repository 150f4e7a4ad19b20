"""The steps that a verdict rests on: each a closed, quantifier-free script with the answer that makes the verdict true.

| verdict | its steps |
|---|---|
| proved | no violation, with all rules in force; none with only those it rests on; the claim speaks of something |
| vacuous | no violation; nothing that the claim speaks of, or for which its condition holds; the set without a member |
| refuted | by counterexample: the witness violates, and does so whatever is open; the same of its region |
| unknown | what is known: one connection that is judged both ways, or the question that was not decided |

`some` is the dual: proved by a witness, refuted where nothing is allowed.  That no certain violation exists where some
are possible is a statement with quantifiers, which no step makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analyzer.encoding import (
    CONDITION,
    IN_DST,
    IN_SCOPE,
    IN_SRC,
    UNIVERSE,
    VIOLATION,
    Box,
    Obligation,
    embed,
    embed_end,
)
from analyzer.encoding.terms import Term, conj, equal, neg, number
from analyzer.judging.counterexamples import Found, Witness
from analyzer.judging.query_session import QuerySession
from analyzer.model.endpoints import Pod
from analyzer.semantics.requested import attributes_of
from analyzer.verdicts.steps import SAT, UNKNOWN, UNSAT, Step

_NAMES = {IN_SRC: "source-set", IN_DST: "destination-set", IN_SCOPE: "scope", CONDITION: "condition"}
_MEANT = {
    IN_SRC: "be in the source set",
    IN_DST: "be in the destination set",
    IN_SCOPE: "be what the claim speaks of",
    CONDITION: "meet the condition of the claim",
}


class Evidence:
    """Collects the steps of one verdict.  A step that the verdict itself was not derived from is put to the solver
    first, and left out unless it is answered as expected."""

    def __init__(self, session: QuerySession, *, is_kept: bool) -> None:
        """With `is_kept` False nothing is collected and no question put."""
        self._session, self._is_kept = session, is_kept
        self._obligation: Obligation = session.obligation
        self._in_force = (UNIVERSE, *self._obligation.tracks)
        self._steps: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)

    # -------------------------------------------------------------------------------------------- claims that hold
    def none_violates(self, what: str = "no connection violates the claim") -> None:
        self._rests("violation", f"{what}, with all rules in force", UNSAT, [*self._in_force, VIOLATION])

    def suffices(self, kept: Sequence[str]) -> None:
        """The tracked rules `kept` carry the proof alone."""
        if set(kept) != set(self._obligation.tracks):
            meaning = "no connection violates the claim even if only the rules named as its grounds are in force"
            self._rests("grounds", meaning, UNSAT, [UNIVERSE, *kept, VIOLATION])

    def member(self, literal: str, *, exists: bool) -> None:
        meaning = f"{'something' if exists else 'nothing'} can {_MEANT[literal]}"
        asserted = [literal] if literal in (IN_SRC, IN_DST) else [UNIVERSE, literal]
        self._rests(_NAMES[literal], meaning, SAT if exists else UNSAT, asserted)

    # -------------------------------------------------------------------------------------------- counterexamples
    def refuted(self, found: Found) -> None:
        if not self._is_kept:
            return
        for place, one in enumerate(found.witnesses, 1):
            self._witness(place, one)
            self._region(place, one.box)
        if found.is_complete:
            outside = [neg(self._inside(one.box)) for one in found.witnesses]
            meaning = "no connection outside the regions of the counterexamples violates the claim"
            self._if_so("nothing-else", meaning, UNSAT, [*self._in_force, VIOLATION, *outside])

    def _witness(self, place: int, one: Witness) -> None:
        witness = one.witness
        if isinstance(witness, Pod):
            embedded = embed_end(self._obligation, witness)
        else:
            scope = self._obligation.scope
            embedded = embed(self._obligation, witness, attributes_of(witness, scope.cluster, scope.question.profile))
        if embedded is None:
            return
        fixed = self._fixed(embedded)
        # What the witness cannot do in this universe its region still shows.
        meaning = f"witness {place} can exist and violates the claim"
        if self._if_so(f"witness-{place}", meaning, SAT, [*self._in_force, *fixed, VIOLATION]):
            meaning = f"witness {place} violates the claim whatever is left open"
            self._if_so(f"witness-{place}-certain", meaning, UNSAT, [*self._in_force, *fixed, neg(VIOLATION)])

    def _region(self, place: int, box: Box) -> None:
        inside = self._inside(box)
        meaning = f"a connection of region {place} violates the claim"
        self._rests(f"region-{place}", meaning, SAT, [*self._in_force, inside, VIOLATION])
        meaning = f"every connection of region {place} violates the claim, whatever is left open"
        self._rests(f"region-{place}-certain", meaning, UNSAT, [*self._in_force, inside, neg(VIOLATION)])

    def allowed(self, values: Mapping[str, int], universal: Sequence[str]) -> None:
        """A connection that is allowed whatever the universal symbols are, and the address family if that is one."""
        self._rests("witness", "the witness is allowed", SAT, [*self._in_force, *self._fixed(values), VIOLATION])
        meaning = "the witness is allowed whatever is unknown"
        for free in ((*universal, *self._session.family), tuple(universal)):
            fixed = self._fixed(values, free)
            if self._if_so("witness-certain", meaning, UNSAT, [*self._in_force, *fixed, neg(VIOLATION)]):
                return

    # -------------------------------------------------------------------------------------------- what is not known
    def either_way(self, values: Mapping[str, int], universal: Iterable[str]) -> None:
        """A connection that is judged one way or the other as the universal symbols turn out."""
        asked = [*self._in_force, *self._fixed(values, universal)]
        turn = "for some turn of what is left open"
        self._rests("possible", f"one connection meets the condition {turn}", SAT, [*asked, VIOLATION])
        self._if_so("avoidable", f"the same connection fails it {turn}", SAT, [*asked, neg(VIOLATION)])

    def undecided(self) -> None:
        meaning = "whether some connection meets the condition was not decided"
        self._rests("undecided", meaning, UNKNOWN, [*self._in_force, VIOLATION])

    # -------------------------------------------------------------------------------------------- pieces
    def _rests(self, purpose: str, meaning: str, expected: str, asserted: Iterable[Term]) -> None:
        if self._is_kept:
            self._steps.append(Step(purpose, meaning, expected, self._obligation.text, tuple(asserted)))

    def _if_so(self, purpose: str, meaning: str, expected: str, asserted: Sequence[Term]) -> bool:
        if not self._is_kept:
            return False
        literal = self._session.solver.literal(conj(asserted))
        is_so = self._session.solver.check(literal).result.value == expected
        if is_so:
            self._rests(purpose, meaning, expected, asserted)
        return is_so

    def _inside(self, box: Box) -> Term:
        return conj(variable.admits(values) for variable, values in box.items())

    def _fixed(self, values: Mapping[str, int], free: Iterable[str] = ()) -> list[Term]:
        left, symbols = frozenset(free), self._obligation.symbols
        return [
            _is(symbol, values[symbol], symbols[symbol])
            for symbol in self._obligation.fields
            if symbol in values and symbol not in left
        ]


def _is(symbol: str, value: int, width: int) -> Term:
    return equal(symbol, number(value, width)) if width else symbol if value else neg(symbol)
