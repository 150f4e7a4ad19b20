"""Conditions over the two ends of a connection, or over the pod of an assumption."""

from __future__ import annotations

from analyzer.language.attributes import Attributes, is_of_request, shown
from analyzer.language.names import label_value_fault, namespace_fault, object_name_fault
from analyzer.language.scope import Scope
from analyzer.language.selectors import listed_values
from analyzer.language.syntax import Syntax, parts, words
from analyzer.model.claims import is_equal, is_one_of, is_there
from analyzer.model.formulas import TRUE, Attribute, Formula, Name, Not, Role, both, either

_VALUE_FAULTS = {
    Name.NAMESPACE: namespace_fault,
    Name.NAMESPACE_LABEL: label_value_fault,
    Name.LABEL: label_value_fault,
    Name.SERVICE_ACCOUNT: object_name_fault,
}


def condition(tree: Syntax, scope: Scope, *roles: Role) -> Formula:
    """What a `condition` says of ends in these roles; SELF alone in an assumption.  Errors are reported."""
    return _condition(tree, Attributes(scope, roles))


def _condition(tree: Syntax, attributes: Attributes) -> Formula:
    match tree.data:
        case "condition":
            return either(_condition(part, attributes) for part in parts(tree))
        case "conjunction":
            return both(_condition(part, attributes) for part in parts(tree))
        case "negation":
            denied = _condition(parts(tree)[0], attributes)
            return Not(denied) if len(words(tree)) % 2 else denied
        case "unequal" | "not_among" | "not_like":
            return Not(_stated(tree, attributes))
        case _:
            return _stated(tree, attributes)


def _stated(tree: Syntax, attributes: Attributes) -> Formula:
    """What is in error is taken for true, so that resolving goes on."""
    found = _fact(tree, attributes)
    return TRUE if found is None else found


def _fact(tree: Syntax, attributes: Attributes) -> Formula | None:
    """The comparison, without its `not`; None if it is in error."""
    if any(is_of_request(part) for part in parts(tree) if part.data == "operand"):
        return _of_request(tree, attributes)
    match tree.data:
        case "equal" | "unequal":
            left, right = parts(tree)
            return _equal(left, right, attributes)
        case "among" | "not_among":
            operand, values = parts(tree)
            return _among(attributes.attribute(operand), values, attributes.scope)
        case "has":
            return _has(parts(tree)[0], attributes)
        case "has_key":
            attribute = attributes.label(parts(tree)[0], words(tree)[0])
            return None if attribute is None else is_there(attribute)
        case "like" | "not_like":
            word = words(parts(tree)[0])[0]
            hint = "of labels and names ask with `==`, `!=` and `in`"
            attributes.scope.problem(word, f"`like` asks of requests only, and `{word}` is of an end", hint)
            return None
        case _:
            return _bare(parts(tree)[0], attributes)


def _of_request(tree: Syntax, attributes: Attributes) -> Formula | None:
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
    return found


def _equal(left: Syntax, right: Syntax, attributes: Attributes) -> Formula | None:
    if attributes.are_named_by(right) and not attributes.are_named_by(left):
        left, right = right, left
    attribute = attributes.attribute(left)
    if attributes.are_named_by(right):
        other = attributes.attribute(right)
        return None if attribute is None or other is None else is_equal(attribute, other)
    if attribute is None:
        return None
    value = attributes.scope.checked(words(right)[0], _VALUE_FAULTS[attribute.name])
    return None if value is None else is_equal(attribute, value)


def _among(attribute: Attribute | None, values: Syntax, scope: Scope) -> Formula | None:
    if attribute is None:
        return None
    fault = _VALUE_FAULTS[attribute.name]
    return is_one_of(attribute, listed_values(values, scope, fault))


def _has(operand: Syntax, attributes: Attributes) -> Formula | None:
    """`has src.labels[k]`; in an assumption `has k` too."""
    word = words(operand)[0]
    attribute = attributes.attribute(operand) if attributes.are_named_by(operand) else attributes.own_label(word)
    if attribute is not None and attribute.role is Role.SELF and not attribute.key:
        hint = f"for a label of that name write `labels[{word}]`"
        attributes.scope.problem(word, f"every pod has a `{word}`, so this says nothing", hint)
    return None if attribute is None else is_there(attribute)


def _bare(operand: Syntax, attributes: Attributes) -> Formula | None:
    """In an assumption the `has` of the sentence serves: `every S has team`."""
    if attributes.is_assumption:
        return _has(operand, attributes)
    word = words(operand)[0]
    hint = f"to ask whether it is there, write `has {shown(operand)}`" if attributes.are_named_by(operand) else ""
    attributes.scope.problem(word, f"{_quoted(operand)} is compared with nothing", hint)
    return None


def _quoted(operand: Syntax) -> str:
    return shown(operand) if words(operand)[0].type == "STRING" else f"`{shown(operand)}`"
