"""What a region asks of requests as a formula, exactly; what formulas cannot say is left out."""

from __future__ import annotations

from analyzer.model.formulas import Attribute as Asked
from analyzer.model.formulas import Formula, Name, Not, Role, Test, both, either, negated
from analyzer.model.requests import JOINED_HEADERS
from analyzer.sets import AddressSet, TextSet, ValueSet
from analyzer.sets.strings import Form, Pattern
from analyzer.sets.texts import Alternative
from analyzer.verdicts.regions import YES, Attribute, Constraint
from analyzer.verdicts.request_texts import TEXTS

_SEVERAL = frozenset(
    {
        Attribute.HEADER,
        Attribute.PARAMETER,
        Attribute.COOKIE,
        Attribute.CLAIM_OF_TOKEN,
        Attribute.WORD_OF_CLAIM,
    }
)
_NAMES = {
    Attribute.TLS: Name.TLS,
    Attribute.HTTP: Name.METHOD,
    Attribute.TOKEN: Name.TOKEN,
    Attribute.REMOTE_IP: Name.REMOTE_IP,
    **{attribute: name for name, attribute in TEXTS.items()},
}


def asked_by(constraint: Constraint) -> Formula | None:
    """What the constraint, of a request, asks; None where no formula says it."""
    if constraint.attribute is Attribute.REQUESTS:
        return None
    attribute = Asked(Role.REQUEST, _NAMES[constraint.attribute], constraint.key)
    match constraint.within:
        case ValueSet() as values if constraint.attribute is Attribute.TLS:
            return Test(attribute, frozenset(value for value in values.values if value is not None))
        case ValueSet() as values:
            return Test(attribute) if values == YES else Not(Test(attribute))
        case AddressSet() as addresses:
            return Test(attribute, addresses)
        case TextSet() as texts:
            return _texts(attribute, texts, has_several=_has_several(constraint))
        case _:
            return None


def _has_several(it: Constraint) -> bool:
    """Of what a proxy joins to one value, and of the parts of HTTP/2 that are called like headers, there is one."""
    return it.attribute in _SEVERAL and not it.key.startswith(":") and it.key not in JOINED_HEADERS


def _texts(attribute: Asked, texts: TextSet, *, has_several: bool) -> Formula | None:
    """Of several values formulas ask one by one, so that two things are never asked of the same value."""
    if has_several and any([wanted for _, wanted in it] not in ([], [True]) for it in texts.alternatives):
        return None
    listed = frozenset(text for it in texts.alternatives if (text := _written_out(it)) is not None)
    others = (_alternative(attribute, it) for it in texts.alternatives if _written_out(it) is None)
    found = either(
        [*([Test(attribute, listed)] if listed else []), *others]
    )  # asked as one: fewer are to be told apart
    if texts.has_absent:
        found = either([found, Not(Test(attribute))])
    return negated(found) if texts.is_complement else found


def _written_out(alternative: Alternative) -> str | None:
    """The one text that it means, if it is one."""
    match alternative:
        case ((Pattern(form=Form.EXACT, is_folded=False) as pattern, True),):
            return pattern.text
        case _:
            return None


def _alternative(attribute: Asked, alternative: Alternative) -> Formula:
    signs = (Test(attribute, pattern) if wanted else Not(Test(attribute, pattern)) for pattern, wanted in alternative)
    return both([Test(attribute), *signs])
