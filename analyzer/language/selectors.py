"""Label selectors in kubectl's syntax (reference A2)."""

from __future__ import annotations

from analyzer.language.names import Fault, label_key_fault, label_value_fault
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, parts, words
from analyzer.language.trees import Token
from analyzer.model.labels import Operator, Requirement, Selector

_OPERATORS = {
    "exists": Operator.EXISTS,
    "not_exists": Operator.DOES_NOT_EXIST,
    "equals": Operator.IN,
    "not_equals": Operator.NOT_IN,
    "one_of": Operator.IN,
    "none_of": Operator.NOT_IN,
}


def selector(tree: Syntax, scope: Scope) -> Selector:
    """The selector that the brackets hold; requirements in error are reported and left out."""
    found = [_requirement(part, scope) for part in parts(tree)]
    return Selector(tuple(requirement for requirement in found if requirement is not None))


def _requirement(tree: Syntax, scope: Scope) -> Requirement | None:
    key, *rest = words(tree)
    name = scope.checked(key, label_key_fault)
    operator = _OPERATORS[tree.data]
    values: frozenset[str] = frozenset()
    if tree.data in ("equals", "not_equals"):
        values = _values(rest, scope) if rest else frozenset({""})  # `a=` asks for the empty value
    elif tree.data in ("one_of", "none_of"):
        values = listed_values(parts(tree)[0], scope)
    return None if name is None else Requirement(name, operator, values)


def listed_values(tree: Syntax, scope: Scope, fault: Fault = label_value_fault) -> frozenset[str]:
    """The values in brackets; a parameter may hold several.  Those with the fault are reported and left out."""
    found = ((word, text) for word in words(tree) for text in scope.several(word))
    return frozenset(text for word, text in found if not scope.is_faulty(word, text, fault))


def _values(found: list[Token], scope: Scope) -> frozenset[str]:
    texts = (scope.checked(word, label_value_fault) for word in found)
    return frozenset(text for text in texts if text is not None)
