"""A claim by itself, without the statements of a file."""

from __future__ import annotations

from analyzer.errors import Problem
from analyzer.language.claims import claim
from analyzer.language.scope import Scope
from analyzer.language.size import Sizes, bound_claim
from analyzer.language.syntax import parse
from analyzer.language.text import whole
from analyzer.model.claims import Claim, Universe
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class BareClaim:
    """What is claimed, and the universe that the claim names itself, if any."""

    claim: Claim
    universe: Universe | None


def bare_claim(text: str, file: str) -> BareClaim | tuple[Problem, ...]:
    """The claim, or all that is wrong with the text."""
    passage, problems = whole(text, file)
    if problems:
        return problems
    tree = parse(passage, "claim", file)
    if isinstance(tree, Problem):
        return (tree,)
    scope = Scope(file)
    found, universe = claim(tree, scope)
    bound_claim(found, tree, Sizes(scope))
    return tuple(scope.problems) or BareClaim(found, universe)
