"""Label selectors and label maps, the same in every API (reference A2; V3–V7)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.manifests.kinds.names import label_key_fault, label_value_fault, must
from analyzer.manifests.text.section import Section, nearest, one_of
from analyzer.model.labels import NO_LABELS, Labels, Operator, Requirement, Selector

_FIELDS = frozenset({"matchLabels", "matchExpressions"})
_EXPRESSION_FIELDS = frozenset({"key", "operator", "values"})
_OPERATORS = {operator.value: operator for operator in Operator}
_NO_NULL = 'write `""` if the empty text is meant, or remove the key'
_REMOVED_SHAPES = frozenset({"sameLabels", "notSameLabels", "namespaceSelector"})  # reference B3.7


def read_labels(section: Section, key: str) -> dict[str, str]:
    """A label map; its wrong entries are problems and are left out.

    What a null value means hangs on the way an object is applied (reference A2.5), so it is a problem too.
    """
    found = _labels(section, key)
    wrong = [name for name, value in found.items() if label_key_fault(name) or label_value_fault(value)]
    for name in wrong:
        for place, message in _label_faults(section, key, name, found[name]):
            section.log.problem(place, message)
        del found[name]
    return found


def written_labels(metadata: Section) -> Labels:
    """The labels of an object of which nobody asks whether they are right."""
    written = metadata.data.get("labels")
    found = {key: v for key, v in written.items() if isinstance(v, str)} if isinstance(written, dict) else {}
    return Labels(found) if found else NO_LABELS


def _labels(section: Section, key: str) -> dict[str, str]:
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
    return found


def _label_faults(section: Section, key: str, name: str, value: str) -> Iterator[tuple[int, str]]:
    inner = section.section(key)
    if inner is None:
        return
    if fault := label_key_fault(name):
        yield inner.place(name), f"`{inner.path}` has the key `{name}`, but a label key {must(fault)}"
    if fault := label_value_fault(value):
        yield inner.place(name), f"`{inner.field(name)}` is `{value}`, but a label value {must(fault)}"


def read_selector(section: Section, key: str) -> Selector | None:
    """The selector in a field; None if the field is absent (what that means is the field's affair)."""
    inner = section.section(key)
    return None if inner is None else selector_of(inner)


def read_unchecked_selector(section: Section, key: str) -> Selector | None:
    """As `read_selector`, where the API checks no operators, keys and values (reference 0.2).

    A selector that is wrong in one of these has no meaning: it may select anything, and the log says where it stands.
    """
    inner = section.section(key)
    if inner is None:
        return None
    found, faults = _requirements(inner)
    if not faults:
        return _all_of(found)
    for place, message, _ in faults:
        inner.log.notice(place, f"{message}; the API does not check it, and what the policy then does is not specified")
        inner.log.unchecked.append(place)
    return Selector.EVERYTHING


def selector_of(section: Section) -> Selector:
    """The selector that a section is; its wrong parts are problems and are left out."""
    found, faults = _requirements(section)
    for fault in faults:
        section.log.problem(*fault)
    return _all_of(found)


def _all_of(requirements: list[Requirement]) -> Selector:
    return Selector(tuple(requirements)) if requirements else Selector.EVERYTHING


Faults = list[tuple[int, str, str]]
"""Place, message and hint of each wrong operator, key or value."""


def _requirements(section: Section) -> tuple[list[Requirement], Faults]:
    """What a selector demands, and what is wrong with it; unknown fields and values of other types are problems."""
    if section.data.keys() - _FIELDS:
        _note_unknown(section)
    found, faults = [], []
    for name, value in _labels(section, "matchLabels").items():
        if label_key_fault(name) or label_value_fault(value):
            faults += [(*fault, "") for fault in _label_faults(section, "matchLabels", name, value)]
        else:
            found.append(Requirement(name, Operator.IN, frozenset({value})))
    if section.has("matchExpressions"):
        for item in section.sections("matchExpressions"):
            requirement = _expression(item, faults)
            if requirement is not None:
                found.append(requirement)
    return found, faults


def _note_unknown(section: Section) -> None:
    for key in section.data.keys() - _FIELDS:
        if section.data[key] is None:
            continue
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


def _expression(section: Section, faults: Faults) -> Requirement | None:
    section.only(_EXPRESSION_FIELDS)
    key = section.text("key")
    if key is None and not section.has("key"):
        section.required("key")
    elif key is not None and (fault := label_key_fault(key)):
        message = f"`{section.field('key')}` is `{key}`, but a label key {must(fault)}"
        faults.append((section.place("key"), message, ""))
        key = None
    values = []
    for value, place in section.texts("values"):
        if fault := label_value_fault(value):
            message = f"`{section.field('values')}` holds `{value}`, but a label value {must(fault)}"
            faults.append((place, message, ""))
        values.append(value)
    if not section.has("operator"):
        section.required("operator")
        return None
    operator = section.text("operator")
    if operator is None:
        return None
    wrong = _operator_fault(section, operator, len(section.sequence("values")))
    if wrong is not None:
        faults.append(wrong)
        return None
    return None if key is None else Requirement(key, _OPERATORS[operator], frozenset(values))


def _operator_fault(section: Section, operator: str, count: int) -> tuple[int, str, str] | None:
    """What is wrong with an operator that has so many values."""
    if operator not in _OPERATORS:
        close = nearest(operator, _OPERATORS)
        message = f"`{section.field('operator')}` is `{operator}`, but must be {one_of(_OPERATORS)}"
        return section.place("operator"), message, f"did you mean `{close}`?" if close else ""
    wants_values = operator in ("In", "NotIn")
    if wants_values is bool(count):
        return None
    demand = "hold at least one value" if wants_values else "be left out"
    message = f"`{section.field('values')}` must {demand} for the operator `{operator}`"
    return section.place("values"), message, ""
