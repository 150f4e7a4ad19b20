"""One obligation under questioning: the few ways in which verdicts ask the solver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import count

from analyzer.encoding import OUTSIDE, UNIVERSE, VIOLATION, Obligation
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.scope import EXTERNAL
from analyzer.encoding.terms import FALSE, conj, disj, equal, iff, neg, number, within
from analyzer.records import dataclass
from analyzer.sets.intervals import Intervals, points
from analyzer.solving import Budget, Outcome, Result, Session

NOT_VIOLATION = f"!{VIOLATION}"
_MAX_INSTANCES = 200


@dataclass(frozen=True, slots=True)
class Certain:
    """The answer to "is there a connection that violates, whatever the universal symbols are?": `values` if there is
    one; `result` UNSAT if there is none."""

    result: Result
    values: dict[str, int] | None = None
    reason: str = ""


class Inquiry:
    """A session on an obligation, with all tracked rules in force unless a core is asked for."""

    def __init__(self, obligation: Obligation, budget: Budget) -> None:
        self.obligation = obligation
        told = (*obligation.fields, *obligation.opens)
        self.session = Session(obligation.text, obligation.symbols, budget, told)
        self._given: tuple[str, ...] = ()
        self._guards = count(1)

    @cached_property
    def _all_rules(self) -> str:
        """A literal: all tracked rules are in force.  Made when first asked for: it slows what does not need it."""
        return self.session.literal(conj(self.obligation.tracks))

    def given(self, *literals: str) -> Inquiry:
        """The same session, with these literals in force in every check."""
        narrowed = copy(self)
        narrowed._given = (*self._given, *literals)
        return narrowed

    def check(self, *literals: str) -> Outcome:
        """With the universe and all rules in force."""
        return self.session.check(UNIVERSE, self._all_rules, *self._given, *literals)

    def is_impossible(self, *literals: str) -> bool:
        """Whether it is proved that no connection of the universe meets the literals."""
        return self._ask(*literals).is_unsat

    def is_possible(self, *literals: str) -> bool:
        """Whether some connection of the universe meets the literals; False too where the budget is spent."""
        return self._ask(*literals).is_sat

    def _ask(self, *literals: str) -> Outcome:
        return self.session.check(UNIVERSE, self._all_rules, *self._given, *literals, tells_values=False)

    def excluded(self, candidates: Sequence[str], *literals: str) -> frozenset[str] | None:
        """Which of the candidates no connection of the universe meets together with the literals; None if the budget
        is spent."""
        return self.session.excluded(candidates, UNIVERSE, self._all_rules, *self._given, *literals)

    def check_rules(self, literals: Iterable[str], rules: Iterable[str], at_most: int | None = None) -> Outcome:
        """With the universe and only the given rules in force; the core is over `literals` and `rules`."""
        return self.session.check(UNIVERSE, *self._given, *literals, *rules, at_most=at_most)

    # -------------------------------------------------------------------------------------------- literals
    def is_value(self, symbol: str, value: int) -> str:
        """A literal: the symbol has this value."""
        width = self.obligation.symbols[symbol]
        if width == 0:
            return symbol if value else f"!{symbol}"
        return self.session.literal(equal(symbol, number(value, width)))

    def is_within(self, symbol: str, values: Intervals) -> str:
        return self.session.literal(self.term(symbol, values))

    def term(self, symbol: str, values: Intervals) -> str:
        """The symbol's value (a boolean counts as 0 or 1) lies in one of the intervals, or says nothing of the
        connection: an address is the one that the end has if it is of the connection's family, and chosen (x) or
        unknown (u) as the end's is; a label of a namespace, if that is there (nl) or not created yet (fl)."""
        width = self.obligation.symbols[symbol]
        if width == 0:
            wanted = {v for low, high in values for v in range(low, high + 1)}
            return "true" if wanted == {0, 1} else symbol if wanted == {1} else neg(symbol)
        found = within(symbol, values, width)
        letter, _, part = symbol.partition(".")
        if part in ("x4", "x6", "u4", "u6"):
            chosen = self._is_chosen(letter)
            return disj(["v6" if part[1] == "4" else neg("v6"), neg(chosen) if part[0] == "x" else chosen, found])
        if part.startswith(("nl.", "fl.")):
            new = self._is_new(letter)
            return disj([new if part[0] == "n" else neg(new), found])
        return found

    def _is_new(self, letter: str) -> str:
        """The end is a pod in a namespace that is not created yet."""
        symbol, codes = f"{letter}.ns", self.obligation.scope.table.of(Standing.FUTURE)
        return within(symbol, points(codes), self.obligation.symbols[symbol])

    def _is_chosen(self, letter: str) -> str:
        """The manifests or the question choose the end's address: it is outside, or of a class of known addresses."""
        obligation = self.obligation
        kinds = (obligation.scope.src if letter == "s" else obligation.scope.dst).kinds
        known = self._is_of_known_address(letter)
        if EXTERNAL not in kinds:
            return known
        outside = conj(neg(kind) for kind in (f"{letter}.pod", f"{letter}.host") if kind in obligation.symbols)
        return disj([outside, known])

    def _is_of_known_address(self, letter: str) -> str:
        """The end is of a class whose addresses are known."""
        member, symbols = f"{letter}.w", self.obligation.symbols
        return within(member, points(self.obligation.addressed), symbols[member]) if member in symbols else FALSE

    def inside(self, region: Mapping[str, Intervals]) -> str:
        """A literal: every symbol of the region lies in its intervals."""
        return self.session.literal(conj(self.term(s, values) for s, values in region.items()))

    def means(self, name: str, symbol: str, values: Intervals) -> str:
        """A literal: the boolean symbol `name` is true iff the other symbol's value lies in the intervals."""
        return self.session.literal(iff(name, within(symbol, values, self.obligation.symbols[symbol])))

    def fixing(self, values: Mapping[str, int], free: Iterable[str] = ()) -> list[str]:
        """Literals that give every field its value, but for the `free` ones."""
        left = frozenset(free)
        return [self.is_value(s, values[s]) for s in self.obligation.fields if s in values and s not in left]

    def guard(self) -> str:
        """A fresh literal to put facts under."""
        return self.session.fresh(f"g{next(self._guards)}")

    # -------------------------------------------------------------------------------------------- certainty
    def certain(self, universal: Iterable[str], *literals: str) -> Certain:
        """Look for a connection that violates for every value of the universal symbols that the universe permits,
        and for one that reads plainly first."""
        symbols = tuple(universal)
        for wished in self._plainness(symbols):
            found = self._certain(symbols, *literals, *wished)
            if found.values is not None:
                return found
        return self._certain(symbols, *literals)

    def _plainness(self, universal: tuple[str, ...]) -> Iterator[list[str]]:
        """What makes a connection plain to read, most wished first: IPv4 and TCP, in namespaces that exist."""
        symbols, scope = self.obligation.symbols, self.obligation.scope
        simple = [self.is_value(s, 0) for s in ("v6", "proto") if s in symbols and s not in universal]
        there = scope.table.every - scope.table.of(Standing.FUTURE)
        codes = points((*there, scope.table.none))
        yield [*simple, *(self.is_within(s, codes) for s in ("s.ns", "d.ns") if s in symbols)]
        yield simple
        yield simple[:1]

    def certain_of_unknowns(self) -> Certain:
        """A connection that violates whatever the open and the unknown facts are.

        Between two ends of the cluster of which no address is known, the address family is one of the unknown facts:
        nobody chose it.
        """
        universal, with_known = self.unknown_facts, self._with_known_address()
        tries = [self.certain(universal, OUTSIDE)]
        if tries[-1].values is None and with_known is not None:
            tries.append(self.certain(universal, f"!{OUTSIDE}", with_known))
        if tries[-1].values is None:
            family = ("v6",) if "v6" in self.obligation.symbols else ()
            tries.append(self.certain((*universal, *family), f"!{OUTSIDE}"))
        if tries[-1].values is not None:
            return tries[-1]
        return next((t for t in tries if t.result is Result.UNKNOWN), tries[-1])

    def _with_known_address(self) -> str | None:
        """A literal: one of the ends is of a class whose addresses are known; None where families do not matter."""
        if "v6" not in self.obligation.symbols or not self.obligation.addressed:
            return None
        return self.session.literal(disj(self._is_of_known_address(letter) for letter in "sd"))

    @property
    def unknown_facts(self) -> tuple[str, ...]:
        return (*self.obligation.opens, *sorted(self.obligation.unknowns))

    def _certain(self, symbols: tuple[str, ...], *literals: str) -> Certain:
        """Counterexample-guided: a candidate that some values save becomes one more instance to satisfy, until a
        candidate stands or none is left.
        """
        guard = self.guard()
        for _ in range(_MAX_INSTANCES):
            found = self.check(VIOLATION, guard, *literals)
            if not found.is_sat:
                return Certain(found.result, reason=found.reason)
            if not symbols:
                return Certain(Result.SAT, found.values)
            saved = self.check(NOT_VIOLATION, *self.fixing(found.values, symbols))
            if saved.is_unsat:
                return Certain(Result.SAT, found.values)
            if not saved.is_sat:
                return Certain(Result.UNKNOWN, reason=saved.reason)
            instance = {s: saved.values[s] for s in symbols}
            self.session.require_instance(guard, UNIVERSE, VIOLATION, instance)
        return Certain(Result.UNKNOWN, reason="too many unknown facts play together to tell what is certain")

    def needed(self, values: Mapping[str, int], candidates: Iterable[str]) -> tuple[str, ...]:
        """Which of the candidate symbols' values the violation needs, all other fields fixed as in `values`."""
        names = tuple(candidates)
        fixed = [*self.fixing(values, names)]
        literals = {self.is_value(s, values[s]): s for s in names}
        kept = list(literals)
        if not self.is_impossible(NOT_VIOLATION, *fixed, *kept):
            return names
        for literal in tuple(kept):
            rest = [k for k in kept if k != literal]
            if self.is_impossible(NOT_VIOLATION, *fixed, *rest):
                kept = rest
        return tuple(literals[k] for k in kept)
