"""What a protocol without ports has in the place of a port: one number that tells it, and what it carries, apart.

ICMP, of the family of the connection, has 1 + 256 · type + code, for types up to 254; IP protocol `p` has 65280 + `p`.
So one set of numbers says what `protocol: 47` or an ICMP type means, as a set of ports does for TCP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from analyzer.sets.ports import PortSet

_CODES, _LAST_TYPE = 256, 254
_BEYOND_ICMP = _CODES * (_LAST_TYPE + 1)
ICMP = PortSet.of((1, _BEYOND_ICMP))
"""Every message of ICMP."""
ICMP_OF = {4: 1, 6: 58}
"""The number of ICMP's own protocol, by the version of IP."""
WITH_PORTS = (6, 17, 132)
"""TCP, UDP and SCTP."""


def icmp(type_: int | None = None, code: int | None = None) -> PortSet:
    """ICMP messages of the type, and of the code of that type; all of them without a type."""
    if type_ is None:
        return ICMP
    first = 1 + _CODES * type_
    return PortSet.of((first, first + _CODES - 1)) if code is None else PortSet.of(first + code)


def protocol(number: int) -> PortSet:
    """An IP protocol that has no ports and is not the family's ICMP; 1 to 255."""
    return PortSet.of(_BEYOND_ICMP + number)


EVERY = PortSet.FULL - PortSet.of(*(_BEYOND_ICMP + number for number in WITH_PORTS))
"""Every protocol without ports."""
ECHO_REQUESTS = tuple(1 + _CODES * type_ for type_ in (8, 128))
"""The messages of ICMP that readers know, of IPv4 and of IPv6."""

_TERM = r"icmp(?:/(\d{1,3})(?:-(\d{1,3})|/(\d{1,3})(?:-(\d{1,3}))?)?)?|protocol/(\d{1,3})(?:-(\d{1,3}))?"


# ------------------------------------------------------------------------------------------------ terms
def read_term(text: str) -> PortSet | None:
    """What `other`, `icmp`, `icmp/8`, `icmp/9-254`, `icmp/3/4`, `icmp/3/0-3`, `protocol/47` or `protocol/50-51` means,
    with the protocols that have ports left out; None of any other text, and of what lies out of bounds."""
    if text == "other":
        return EVERY
    match = re.fullmatch(_TERM, text, re.ASCII)
    if match is None:
        return None
    type_, last_type, code, last_code, number, last = (int(it) if it else None for it in match.groups())
    if number is not None:
        return _span(number, last, 1, 255, lambda low, high: (_BEYOND_ICMP + low, _BEYOND_ICMP + high))
    if type_ is None:
        return ICMP
    if not 0 <= type_ <= _LAST_TYPE:
        return None
    if code is not None:
        first = 1 + _CODES * type_
        return _span(code, last_code, 0, _CODES - 1, lambda low, high: (first + low, first + high))
    return _span(type_, last_type, 0, _LAST_TYPE, lambda low, high: (1 + _CODES * low, _CODES * (high + 1)))


def _span(
    low: int, high: int | None, first: int, last: int, numbers: Callable[[int, int], tuple[int, int]]
) -> PortSet | None:
    high = low if high is None else high
    return PortSet.of(numbers(low, high)) & EVERY if first <= low <= high <= last else None


def terms(numbers: PortSet) -> tuple[str, ...]:
    """The fewest terms that mean the numbers together, in order."""
    if numbers == EVERY:
        return ("other",)
    found: list[str] = []
    for low, high in numbers & ICMP:
        found += _messages(low, high)
    beyond = (numbers - ICMP) | (PortSet.FULL - EVERY if numbers - ICMP == EVERY - ICMP else PortSet.EMPTY)
    return (*found, *(f"protocol/{_range(low - _BEYOND_ICMP, high - _BEYOND_ICMP)}" for low, high in beyond))


def term(number: int) -> str:
    """The term of one: `icmp/8/0`, `protocol/47`."""
    (found,) = terms(PortSet.of(number))
    return found


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _messages(low: int, high: int) -> Iterator[str]:
    """Of consecutive numbers of messages: codes of the first type, whole types, codes of the last one."""
    if (low, high) == ICMP.intervals[0]:
        yield "icmp"
        return
    (first, code), (last, last_code) = divmod(low - 1, _CODES), divmod(high - 1, _CODES)
    if first == last and (code, last_code) != (0, _CODES - 1):
        yield f"icmp/{first}/{_range(code, last_code)}"
        return
    if code:
        yield f"icmp/{first}/{_range(code, _CODES - 1)}"
        first += 1
    whole = last if last_code == _CODES - 1 else last - 1
    if first <= whole:
        yield f"icmp/{_range(first, whole)}"
    if whole < last:
        yield f"icmp/{last}/{_range(0, last_code)}"


# ------------------------------------------------------------------------------------------------ words
_MOST_TERMS = 5


def words(numbers: PortSet) -> str:
    """`ICMP type 8`, `ICMP and IP protocol 47`, `protocols without ports`, `protocols without ports but ICMP`."""
    if not numbers or numbers == EVERY:
        return "protocols without ports" if numbers else "no protocol without ports"
    named, left_out = terms(numbers), terms(EVERY - numbers)
    if named and len(named) <= min(_MOST_TERMS, len(left_out) + 1):
        return _listed(named)
    if len(left_out) <= _MOST_TERMS:
        return f"protocols without ports but {_listed(left_out)}"
    return "some protocols without ports"


def message(number: int) -> str:
    """One of them: `ICMP type 8`, with a code where that is not 0; `IP protocol 47`."""
    named = term(number)
    return _said(named.removesuffix("/0") if named.count("/") == 2 else named)


def _listed(named: Sequence[str]) -> str:
    said = [_said(term) for term in named]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]


def _said(term: str) -> str:
    kind, *parts = term.split("/")
    if kind == "protocol":
        return f"IP protocol{'s' if '-' in parts[0] else ''} {parts[0].replace('-', '–')}"
    places = (
        f"{word}{'s' if '-' in it else ''} {it.replace('-', '–')}"
        for word, it in zip(("type", "code"), parts, strict=False)
    )
    return " ".join(("ICMP", *places))
