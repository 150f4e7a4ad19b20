"""Label selectors and label maps, the same in every API (reference A2; V3–V7)."""

from __future__ import annotations

from analyzer.manifests.names import label_key_fault, label_value_fault, must
from analyzer.manifests.section import Section
from analyzer.model.labels import Operator, Requirement, Selector

_FIELDS = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION_FIELDS = frozenset({"key", "operator", "values"})
_OPERATORS = {operator.value: operator for operator in Operator}
_NO_NULL = 'write `""` if the empty text is meant, or remove the key'
_REMOVED_SHAPES = frozenset({"sameLabels", "notSameLabels", "namespaceSelector"})  # reference B3.7


def read_labels(section: Section, key: str) -> dict[str, str]:
    """A label map; its wrong entries are problems and are left out.

    What a null value means hangs on the way an object is applied (reference A2.5), so it is a problem too.
    """
    inner = section.section(key)
    if inner is None:
        return {}
    found = {}
    for name, value in inner.data.items():
        if type(value) is str:
            found[name] = value
        elif value is None:
            inner.problem(name, "is null, which one API client drops and another sends as empty text", _NO_NULL)
        else:
            inner.no_text(name)
    wrong = [name for name, value in found.items() if label_key_fault(name) or label_value_fault(value)]
    for name in wrong:
        _note_label_faults(section, key, name, found[name])
        del found[name]
    return found


def _note_label_faults(section: Section, key: str, name: str, value: str) -> None:
    inner = section.section(key)
    if inner is None:
        return
    if fault := label_key_fault(name):
        inner.log.problem(inner.place(name), f"`{inner.path}` has the key `{name}`, but a label key {must(fault)}")
    if fault := label_value_fault(value):
        inner.problem(name, f"is `{value}`, but a label value {must(fault)}")


def read_selector(section: Section, key: str) -> Selector | None:
    """The selector in a field; None if the field is absent (what that means is the field's affair)."""
    inner = section.section(key)
    return None if inner is None else selector_of(inner)


def selector_of(section: Section) -> Selector:
    """The selector that a section is; its wrong parts are problems and are left out."""
    if section.data.keys() - _FIELDS:
        _note_unknown(section)
    found = [
        Requirement(name, Operator.IN, frozenset({value}))
        for name, value in read_labels(section, "matchLabels").items()
    ]
    if section.has("matchExpressions"):
        for item in section.sections("matchExpressions"):
            requirement = _expression(item)
            if requirement is not None:
                found.append(requirement)
    return Selector(tuple(found)) if found else Selector.EVERYTHING


def _note_unknown(section: Section) -> None:
    for key in section.data.keys() - _FIELDS:
        if key in _REMOVED_SHAPES:
            section.problem(key, "belongs to an old version of this API", "write `matchLabels` or `matchExpressions`")
        elif label_key_fault(key) is None and isinstance(section.data[key], str):
            section.log.problem(
                section.place(key),
                f"unknown field `{key}` in `{section.path}`",
                f"a label stands under `matchLabels`: `matchLabels: {{{key}: {section.data[key]}}}`",
            )
        else:
            section.unknown(key, _FIELDS)


def _expression(section: Section) -> Requirement | None:
    section.only(_EXPRESSION_FIELDS)
    key = section.text("key")
    if key is None and not section.has("key"):
        section.required("key")
    elif key is not None and (fault := label_key_fault(key)):
        section.problem("key", f"is `{key}`, but a label key {must(fault)}")
        key = None
    values = []
    for value, place in section.texts("values"):
        if fault := label_value_fault(value):
            section.log.problem(place, f"`{section.field('values')}` holds `{value}`, but a label value {must(fault)}")
        values.append(value)
    if not section.has("operator"):
        section.required("operator")
        return None
    operator = section.choice("operator", tuple(_OPERATORS))
    if operator is None:
        return None
    wants_values = operator in ("In", "NotIn")
    count = len(section.sequence("values"))
    if wants_values and not count:
        section.problem("values", f"must hold at least one value for the operator `{operator}`")
        return None
    if not wants_values and count:
        section.problem("values", f"must be left out for the operator `{operator}`")
        return None
    return None if key is None else Requirement(key, _OPERATORS[operator], frozenset(values))
