"""Bounds on resolved sets, so that no file can make those that read them go astray: `let` can double a set with every
line.
"""

from __future__ import annotations

from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax
from analyzer.model.claims import Claim
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import All, Formula, Not, Some

DEEPEST = 100
LARGEST = 20_000


class Sizes:
    """Depth and number of parts of sets; a set that occurs twice is measured once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        # The set is kept beside its measure: an id is good only as long as the object lives.
        self._known: dict[int, tuple[Formula, int, int]] = {}

    def bounded(self, members: Formula, at: Syntax) -> Formula:
        """The set itself, or with an error a stand-in for one that is too large."""
        depth, size = self._measure(members)
        if depth <= DEEPEST and size <= LARGEST:
            return members
        limit = f"{DEEPEST} sets inside one another" if depth > DEEPEST else f"{LARGEST} sets, names put in"
        self._scope.problem(at, f"this comes to more than {limit}", "select by labels rather than one by one")
        return ANYTHING

    def _measure(self, members: Formula) -> tuple[int, int]:
        known = self._known.get(id(members))
        if known is not None:
            return known[1:]
        match members:
            case Some(parts) | All(parts):
                measures = [self._measure(part) for part in parts]
            case Not(part):
                measures = [self._measure(part)]
            case _:
                measures = []
        depth = 1 + max((depth for depth, _ in measures), default=0)
        size = 1 + sum(size for _, size in measures)
        self._known[id(members)] = (members, depth, size)
        return depth, size


def bound_claim(found: Claim, at: Syntax, sizes: Sizes) -> None:
    """Report sets in the claim that are too large."""
    for members in found.sets:
        sizes.bounded(members, at)
