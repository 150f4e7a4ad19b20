"""What a formula asks, and of ends of which kinds."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.model.formulas import All, EndKind, Formula, Leaf, Member, Not, OfKind, Role, Same, Some, Test

EVERY_KIND = frozenset(EndKind)
Kinds = Mapping[Role, frozenset[EndKind]]
AskedLeaf = tuple[Leaf, frozenset[EndKind]]
"""A leaf, and the kinds of end about which it is asked."""


def asked_in(formula: Formula, kinds: Kinds | None = None) -> list[AskedLeaf]:
    """The leaves of a formula, where of each role only ends of some kinds are there."""
    found: list[AskedLeaf] = []
    collect(formula, kinds or {}, found)
    return found


def collect(formula: Formula, kinds: Kinds, found: list[AskedLeaf]) -> None:
    """Adds them to those that are found."""
    if isinstance(formula, All):
        kinds = narrowed(formula.parts, kinds)
        for part in formula.parts:
            collect(part, kinds, found)
    elif isinstance(formula, Some):
        for part in formula.parts:
            collect(part, kinds, found)
    elif isinstance(formula, Not):
        collect(formula.part, kinds, found)
    else:
        found.append((formula, kinds.get(_role_of(formula), EVERY_KIND) if kinds else EVERY_KIND))


def narrowed(parts: tuple[Formula, ...], kinds: Kinds) -> Kinds:
    """What the other parts are asked about where one says of what kind an end is."""
    for part in parts:
        if isinstance(part, Member) and isinstance(part.ends, OfKind):
            kinds = {**kinds, part.role: kinds.get(part.role, EVERY_KIND) & part.ends.kinds}
    return kinds


def _role_of(leaf: Leaf) -> Role:
    if isinstance(leaf, Test):
        return leaf.attribute.role
    if isinstance(leaf, Member):
        return leaf.role
    return leaf.left.role if isinstance(leaf, Same) else Role.DST
