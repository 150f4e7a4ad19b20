"""One obligation under questioning: the few ways in which verdicts ask the solver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import count

from analyzer.encoding import OUTSIDE, UNIVERSE, VIOLATION, Attribute, Box, Obligation, Variable
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.terms import conj, disj, equal, iff, number
from analyzer.model.formulas import Role
from analyzer.records import dataclass
from analyzer.sets.intervals import Intervals, points
from analyzer.solving import Budget, Outcome, Result, Session

NOT_VIOLATION = f"!{VIOLATION}"
_MAX_INSTANCES = 200


@dataclass(frozen=True, slots=True)
class Certain:
    """The answer to "is there a connection that violates, whatever the universal symbols are?": `values` if there is
    one; `result` UNSAT if there is none, and `core` the literals that rule it out."""

    result: Result
    values: dict[str, int] | None = None
    reason: str = ""
    core: tuple[str, ...] = ()


class QuerySession:
    """A session on an obligation, with all tracked rules in force unless a core is asked for."""

    def __init__(self, obligation: Obligation, budget: Budget) -> None:
        self.obligation = obligation
        told = (*obligation.fields, *obligation.opens)
        self.solver = Session(obligation.text, obligation.symbols, budget, told)
        self._given: tuple[str, ...] = ()
        self._guards = count(1)

    @cached_property
    def _all_rules(self) -> str:
        """A literal: all tracked rules are in force.  Made when first asked for: it slows what does not need it."""
        return self.solver.literal(conj(self.obligation.tracks))

    def given(self, *literals: str) -> QuerySession:
        """The same session, with these literals in force in every check."""
        narrowed = copy(self)
        narrowed._given = (*self._given, *literals)
        return narrowed

    def check(self, *literals: str) -> Outcome:
        """With the universe and all rules in force."""
        return self.solver.check(UNIVERSE, self._all_rules, *self._given, *literals)

    def is_impossible(self, *literals: str) -> bool:
        """Whether it is proved that no connection of the universe meets the literals."""
        return self.ask(*literals).is_unsat

    def is_possible(self, *literals: str) -> bool:
        """Whether some connection of the universe meets the literals; False too where the budget is spent."""
        return self.ask(*literals).is_sat

    def ask(self, *literals: str) -> Outcome:
        """As `check`, where nobody wants to know how."""
        return self.solver.check(UNIVERSE, self._all_rules, *self._given, *literals, tells_why=False)

    def excluded(self, candidates: Sequence[str], *literals: str) -> frozenset[str] | None:
        """Which of the candidates no connection of the universe meets together with the literals; None if the budget
        is spent."""
        return self.solver.excluded(candidates, UNIVERSE, self._all_rules, *self._given, *literals)

    def check_rules(self, literals: Iterable[str], rules: Iterable[str], at_most: int | None = None) -> Outcome:
        """With the universe and only the given rules in force; the core is over `literals` and `rules`."""
        return self.solver.check(UNIVERSE, *self._given, *literals, *rules, at_most=at_most)

    # -------------------------------------------------------------------------------------------- literals
    def is_value(self, symbol: str, value: int) -> str:
        """A literal: the symbol has this value."""
        width = self.obligation.symbols[symbol]
        if width == 0:
            return symbol if value else f"!{symbol}"
        return self.solver.literal(equal(symbol, number(value, width)))

    def are_values(self, values: Iterable[tuple[str, int]]) -> list[str]:
        """A literal for each symbol, in order: it has this value."""
        found = list(values)
        widths = self.obligation.symbols
        told = self.solver.literals(equal(s, number(value, widths[s])) for s, value in found if widths[s])
        left = iter(told)
        return [next(left) if widths[s] else s if value else f"!{s}" for s, value in found]

    def is_within(self, variable: Variable, values: Intervals) -> str:
        """A literal: the variable lies in the intervals, or says nothing of the connection."""
        return self.solver.literal(variable.admits(values))

    def are_within(self, box: Box) -> list[str]:
        """A literal for each variable of the box, in order: it lies in its values, or says nothing."""
        return self.solver.literals(variable.admits(values) for variable, values in box.items())

    def inside(self, box: Box) -> str:
        """A literal: the connection lies in the box."""
        return self.solver.literal(conj(variable.admits(values) for variable, values in box.items()))

    def means(self, named: Variable, variable: Variable, values: Intervals) -> str:
        """A literal: the boolean `named` is true iff the other variable's value lies in the intervals."""
        return self.solver.literal(iff(named.symbol, variable.lies_in(values)))

    def fixing(self, values: Mapping[str, int], free: Iterable[str] = ()) -> list[str]:
        """Literals that give every field its value, but for the `free` ones."""
        left = frozenset(free)
        return self.are_values((s, values[s]) for s in self.obligation.fields if s in values and s not in left)

    def guard(self) -> str:
        """A fresh literal to put facts under."""
        return self.solver.fresh(f"g{next(self._guards)}")

    # -------------------------------------------------------------------------------------------- certainty
    def certain(self, universal: Iterable[str], *literals: str) -> Certain:
        """Look for a connection that violates for every value of the universal symbols that the universe permits,
        and for one that reads plainly first."""
        symbols = tuple(universal)
        found = Certain(Result.UNKNOWN)
        for wished in (*self._plainness(symbols), []):
            if found.result is Result.UNSAT and {*found.core} <= {*literals, *wished}:
                continue  # what ruled out more that was wished for rules it out still
            found = self._certain(symbols, *literals, *wished)
            if found.values is not None:
                return found
        return found

    def _plainness(self, universal: tuple[str, ...]) -> Iterator[list[str]]:
        """What makes a connection plain to read, most wished first: IPv4 and TCP, in namespaces that exist."""
        find = self.obligation.variables.find
        plain = [find(Role.CONNECTION, it) for it in (Attribute.FAMILY, Attribute.PROTOCOL)]
        plain.append(find(Role.REQUEST, Attribute.TOKEN))
        simple = [self.is_value(v.symbol, 0) for v in plain if v is not None and v.symbol not in universal]
        yield [*simple, *self._in_namespaces_there]
        yield simple
        yield simple[:1]

    @cached_property
    def _in_namespaces_there(self) -> tuple[str, ...]:
        """Literals: the ends are in namespaces that exist."""
        table = self.obligation.scope.table
        there = points((*(table.every - table.of(Standing.FUTURE)), table.none))
        spaces = (self.obligation.variables.find(role, Attribute.NAMESPACE) for role in (Role.SRC, Role.DST))
        return tuple(self.is_within(v, there) for v in spaces if v is not None)

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
            tries.append(self.certain((*universal, *self.family), f"!{OUTSIDE}"))
        if tries[-1].values is not None:
            return tries[-1]
        return next((t for t in tries if t.result is Result.UNKNOWN), tries[-1])

    def _with_known_address(self) -> str | None:
        """A literal: one of the ends is of a class whose addresses are known; None where families do not matter."""
        known = points(i + 1 for i, c in enumerate(self.obligation.classes) if c.addresses is not None)
        if not self.family or not known:
            return None
        members = (self.obligation.variables.find(role, Attribute.MEMBER) for role in (Role.SRC, Role.DST))
        return self.solver.literal(disj(member.lies_in(known) for member in members if member is not None))

    @property
    def unknown_facts(self) -> tuple[str, ...]:
        """The symbols of all that neither the question nor the manifests settle."""
        return (*self.obligation.opens, *sorted(v.symbol for v in self.obligation.variables if v.is_open))

    @property
    def family(self) -> tuple[str, ...]:
        """The symbol of the address family, where anything looks at addresses."""
        found = self.obligation.variables.find(Role.CONNECTION, Attribute.FAMILY)
        return () if found is None else (found.symbol,)

    def _certain(self, symbols: tuple[str, ...], *literals: str) -> Certain:
        """Counterexample-guided: a candidate that some values save becomes one more instance to satisfy, until a
        candidate stands or none is left.
        """
        guards = [self.guard()] if symbols else []
        for _ in range(_MAX_INSTANCES):
            found = self.check(VIOLATION, *guards, *literals)
            if not found.is_sat:
                core = tuple(name for name in found.core if name in literals)
                return Certain(found.result, reason=found.reason, core=core)
            if not symbols:
                return Certain(Result.SAT, found.values)
            saved = self.check(NOT_VIOLATION, *self.fixing(found.values, symbols))
            if saved.is_unsat:
                return Certain(Result.SAT, found.values)
            if not saved.is_sat:
                return Certain(Result.UNKNOWN, reason=saved.reason)
            instance = {s: saved.values[s] for s in symbols}
            self.solver.require_instance(guards[0], UNIVERSE, VIOLATION, instance)
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
