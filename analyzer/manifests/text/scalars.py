"""What an unquoted YAML scalar means, the way kubectl reads it: YAML 1.1 booleans, `010` is octal, dates are text."""

from __future__ import annotations

import re
from math import isfinite

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_NO_JSON = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LONGEST_NUMBER = 400  # Python refuses to convert longer digit strings, and no field takes such a number
_REMEMBERED = 50_000


class NoJSONError(ValueError):
    """A number that YAML has and JSON has not: infinity, or none at all.  kubectl turns YAML into JSON, and fails."""


class PlainScalars:
    """Resolves unquoted scalars, remembering those seen: manifests repeat the same few words."""

    def __init__(self) -> None:
        self._seen: dict[str, Scalar] = dict(_WORDS)

    def resolve(self, text: str) -> Scalar:
        """The value; NoJSONError where it is no value that JSON has."""
        try:
            return self._seen[text]
        except KeyError:
            value = _number_or_text(text)
            if len(self._seen) < _REMEMBERED and len(text) < 64:
                self._seen[text] = value
            return value


def _number_or_text(text: str) -> Scalar:
    if text[0] not in "0123456789+-." or len(text) > _LONGEST_NUMBER:
        return text
    digits = text.replace("_", "")
    if _INTEGER.match(digits):
        return _integer(digits)
    if _FLOAT.match(digits):
        value = float(digits)
        return value if isfinite(value) else text  # as Go has it, what no 64 bits hold is no number
    if _NO_JSON.match(text):
        raise NoJSONError(text)
    return text


def _integer(digits: str) -> int:
    unsigned = digits.lstrip("+-").lower()
    sign = -1 if digits.startswith("-") else 1
    if unsigned.startswith("0x"):
        return sign * int(unsigned, 16)
    if unsigned.startswith("0b"):
        return sign * int(unsigned, 2)
    if len(unsigned) > 1 and unsigned.startswith("0"):
        return sign * int(unsigned.removeprefix("0o"), 8)
    return sign * int(unsigned)


def forced(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag such as `!!int`; ValueError if the text is no such value, KeyError for a tag
    that Kubernetes does not know."""
    kind = _STANDARD_TAGS[tag]
    if kind is str:
        return text
    value = PlainScalars().resolve(text)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ValueError(text)
    return value


_PREFIX = "tag:yaml.org,2002:"
_STANDARD_TAGS: dict[str, type] = {
    "!": str,
    _PREFIX + "str": str,
    _PREFIX + "timestamp": str,
    _PREFIX + "int": int,
    _PREFIX + "float": float,
    _PREFIX + "bool": bool,
    _PREFIX + "null": type(None),
}
MAPPING_TAGS = frozenset({"!", _PREFIX + "map"})
SEQUENCE_TAGS = frozenset({"!", _PREFIX + "seq"})


def short_tag(tag: str) -> str:
    return "!!" + tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else tag
