"""Conditions over the two ends of a connection, or over the pod of an assumption."""

from __future__ import annotations

from analyzer.language.attributes import Attributes, is_of_request, shown
from analyzer.language.names import label_value_fault, namespace_fault, object_name_fault
from analyzer.language.scope import Scope
from analyzer.language.selectors import listed_values
from analyzer.language.syntax import Syntax, parts, words
from analyzer.model.claims import AllOf, AnyOf, Attribute, Condition, Equal, Has, NotThat, OfRequest, OneOf, Role, Term
from analyzer.model.formulas import Formula

_VALUE_FAULTS = {
    Attribute.NAMESPACE: namespace_fault,
    Attribute.NAMESPACE_LABEL: label_value_fault,
    Attribute.LABEL: label_value_fault,
    Attribute.SERVICE_ACCOUNT: object_name_fault,
}
_TRUE = AllOf(())  # for a condition in error, so that resolving goes on


def condition(tree: Syntax, scope: Scope, *roles: Role) -> Condition:
    """What a `condition` says of ends in these roles; SELF alone in an assumption.  Errors are reported."""
    return _condition(tree, Attributes(scope, roles))


def _condition(tree: Syntax, attributes: Attributes) -> Condition:
    match tree.data:
        case "condition":
            found = [_condition(part, attributes) for part in parts(tree)]
            return found[0] if len(found) == 1 else AnyOf(tuple(found))
        case "conjunction":
            found = [_condition(part, attributes) for part in parts(tree)]
            return found[0] if len(found) == 1 else AllOf(tuple(found))
        case "negation":
            denied = _condition(parts(tree)[0], attributes)
            return NotThat(denied) if len(words(tree)) % 2 else denied
        case "unequal" | "not_among" | "not_like":
            return NotThat(_fact(tree, attributes) or _TRUE)
        case _:
            return _fact(tree, attributes) or _TRUE


def _fact(tree: Syntax, attributes: Attributes) -> Condition | None:
    """The comparison, without its `not`; None if it is in error."""
    if any(is_of_request(part) for part in parts(tree) if part.data == "operand"):
        return _of_request(tree, attributes)
    match tree.data:
        case "equal" | "unequal":
            left, right = parts(tree)
            return _equal(left, right, attributes)
        case "among" | "not_among":
            operand, values = parts(tree)
            return _among(attributes.term(operand), values, attributes.scope)
        case "has":
            return _has(parts(tree)[0], attributes)
        case "has_key":
            term = attributes.label(parts(tree)[0], words(tree)[0])
            return None if term is None else Has(term)
        case "like" | "not_like":
            word = words(parts(tree)[0])[0]
            hint = "of labels and names ask with `==`, `!=` and `in`"
            attributes.scope.problem(word, f"`like` asks of requests only, and `{word}` is of an end", hint)
            return None
        case _:
            return _bare(parts(tree)[0], attributes)


def _of_request(tree: Syntax, attributes: Attributes) -> OfRequest | None:
    from analyzer.language.requests import Requests

    requests, scope = Requests(attributes.scope), attributes.scope
    operands = parts(tree)
    first = words(operands[0])[0]
    if Role.DST not in attributes.roles:
        what = "an assumption speaks of pods" if attributes.is_assumption else "isolation has no request"
        scope.problem(first, f"`{first}`: {what}")
        return None
    found: Formula | None = None
    match tree.data:
        case "equal" | "unequal":
            left, right = operands if is_of_request(operands[0]) else reversed(operands)
            found = requests.equals(left, right)
        case "among" | "not_among":
            found = requests.among(operands[0], operands[1])
        case "like" | "not_like":
            found = requests.like(operands[0], operands[1])
        case "has":
            found = requests.has(operands[0])
        case "has_key":
            found = requests.has_key(operands[0], words(tree)[0])
        case _:
            hint = f"to ask whether it is there, write `has {shown(operands[0])}`"
            scope.problem(first, f"`{shown(operands[0])}` is compared with nothing", hint)
    return None if found is None else OfRequest(found)


def _equal(left: Syntax, right: Syntax, attributes: Attributes) -> Equal | None:
    if attributes.are_named_by(right) and not attributes.are_named_by(left):
        left, right = right, left
    term = attributes.term(left)
    if attributes.are_named_by(right):
        other = attributes.term(right)
        return None if term is None or other is None else Equal(term, other)
    if term is None:
        return None
    value = attributes.scope.checked(words(right)[0], _VALUE_FAULTS[term.attribute])
    return None if value is None else Equal(term, value)


def _among(term: Term | None, values: Syntax, scope: Scope) -> OneOf | None:
    if term is None:
        return None
    fault = _VALUE_FAULTS[term.attribute]
    return OneOf(term, listed_values(values, scope, fault))


def _has(operand: Syntax, attributes: Attributes) -> Has | None:
    """`has src.labels[k]`; in an assumption `has k` too."""
    word = words(operand)[0]
    term = attributes.term(operand) if attributes.are_named_by(operand) else attributes.own_label(word)
    if term is not None and term.role is Role.SELF and not term.key:
        hint = f"for a label of that name write `labels[{word}]`"
        attributes.scope.problem(word, f"every pod has a `{word}`, so this says nothing", hint)
    return None if term is None else Has(term)


def _bare(operand: Syntax, attributes: Attributes) -> Has | None:
    """In an assumption the `has` of the sentence serves: `every S has team`."""
    if attributes.is_assumption:
        return _has(operand, attributes)
    word = words(operand)[0]
    hint = f"to ask whether it is there, write `has {shown(operand)}`" if attributes.are_named_by(operand) else ""
    attributes.scope.problem(word, f"{_quoted(operand)} is compared with nothing", hint)
    return None


def _quoted(operand: Syntax) -> str:
    return shown(operand) if words(operand)[0].type == "STRING" else f"`{shown(operand)}`"
