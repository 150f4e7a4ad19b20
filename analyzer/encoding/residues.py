"""Formulas over labels of which something is known without a solver: the names of namespaces, or all of them."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.encoding.domains import is_like
from analyzer.encoding.namespaces import NamespaceTable
from analyzer.errors import InternalError
from analyzer.model.formulas import FALSE as NEVER
from analyzer.model.formulas import TRUE as ALWAYS
from analyzer.model.formulas import All, Formula, Name, Not, Some, Test, both, either, leaves, negated
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels


def by_residue(formula: Formula, codes: Iterable[int], table: NamespaceTable) -> dict[Formula, list[int]]:
    """What is left to ask of these namespaces' labels, once their names are known."""
    names = {value for leaf in leaves(formula) for value in _names_in(leaf)}
    found: dict[Formula, list[int]] = {}
    left: dict[str | None, Formula] = {}
    for code in sorted(codes):
        name = table.entries[code].name
        told = name if name in names else None
        if told not in left:
            left[told] = _named(formula, told)
        if left[told] != NEVER:
            found.setdefault(left[told], []).append(code)
    return found


def is_of_name(test: Test) -> bool:
    """The namespace's name, or the label that always holds it."""
    name, key = test.attribute.name, test.attribute.key
    return name is Name.NAMESPACE or (name is Name.NAMESPACE_LABEL and key == NAMESPACE_NAME_LABEL)


def _names_in(leaf: Formula) -> frozenset[str]:
    is_asked = isinstance(leaf, Test) and is_of_name(leaf) and isinstance(leaf.meets, frozenset)
    return leaf.meets if is_asked and isinstance(leaf, Test) and isinstance(leaf.meets, frozenset) else frozenset()


def _named(formula: Formula, name: str | None) -> Formula:
    """The formula for a namespace of that name; None: of one that it does not mention."""
    match formula:
        case All(parts):
            return both(_named(part, name) for part in parts)
        case Some(parts):
            return either(_named(part, name) for part in parts)
        case Not(part):
            return negated(_named(part, name))
        case Test() if is_of_name(formula):
            is_met = formula.meets is None or (isinstance(formula.meets, frozenset) and name in formula.meets)
            return ALWAYS if is_met else NEVER
        case _:
            return formula


def meets(formula: Formula, labels: Labels | None) -> bool:
    """Labels, of which everything is known, meet the formula; None: of an end that has none (reference A2)."""
    match formula:
        case All(parts):
            return all(meets(part, labels) for part in parts)
        case Some(parts):
            return any(meets(part, labels) for part in parts)
        case Not(part):
            return not meets(part, labels)
        case Test(attribute, asked):
            value = None if labels is None else labels.get(attribute.key)
            return value is not None and is_like(value, asked)
        case _:
            raise InternalError(f"{formula} asks of more than labels")


def in_words(formula: Formula) -> str:
    match formula:
        case All(parts):
            return ",".join(map(in_words, parts))
        case Not(part):
            return f"not {in_words(part)}"
        case Test(attribute, meets):
            values = f" in ({', '.join(sorted(meets))})" if isinstance(meets, frozenset) else ""
            return f"{attribute.key}{values}"
        case _:
            return str(formula)
