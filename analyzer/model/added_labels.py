"""Labels that a controller adds to each pod that it makes, with values that are not written in its template (F19).

Some differ from pod to pod (a StatefulSet's ordinal): for every value of the pattern there is, or could be, such a pod.
Others nobody can know before the controller has computed them (a hash): they are open facts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from itertools import count
from typing import ClassVar

from analyzer.model.labels import Labels
from analyzer.records import dataclass

# The alphabet of apimachinery's rand, and what SafeEncodeString makes of the ten digits.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_DIGITS = {_ALPHABET[ord(digit) % len(_ALPHABET)]: digit for digit in "0123456789"}
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_GENERATED = re.compile(f"[{_ALPHABET}]{{5}}")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Decimal numbers from `low` upwards, to `high` where that is not None."""

    low: int = 0
    high: int | None = None

    def __contains__(self, text: str) -> bool:
        if not _NUMBER.fullmatch(text):
            return False
        return self.low <= int(text) and (self.high is None or int(text) <= self.high)

    def samples(self) -> Iterator[str]:
        yield from map(str, count(self.low) if self.high is None else range(self.low, self.high + 1))


class Form(Enum):
    """Values that are no plain numbers."""

    HASH = "hash"  # an FNV-32 hash, safely encoded: of ReplicaSets and of controller revisions
    UID = "uid"
    GENERATED = "generated"  # the five characters that the server puts behind a generateName
    ANY = "any"  # any label value, or none

    def __contains__(self, text: str) -> bool:
        match self:
            case Form.HASH:
                return _is_hash(text)
            case Form.UID:
                return _UID.fullmatch(text) is not None
            case Form.GENERATED:
                return _GENERATED.fullmatch(text) is not None
            case Form.ANY:
                return _LABEL_VALUE.fullmatch(text) is not None

    def samples(self) -> Iterator[str]:
        encoded = {digit: letter for letter, digit in _DIGITS.items()}
        for number in count(1):
            match self:
                case Form.HASH:
                    yield "".join(encoded[digit] for digit in str(2**31 + number))
                case Form.UID:
                    yield f"00000000-0000-4000-8000-{number:012x}"
                case Form.GENERATED:
                    yield "".join(encoded[digit] for digit in f"{number:05d}")
                case Form.ANY:
                    yield f"another-{number}"


@dataclass(frozen=True, slots=True)
class Words:
    """These values, or with `is_excluded` any but these; or none at all with `may_be_absent`."""

    listed: frozenset[str]
    is_excluded: bool = False
    may_be_absent: bool = False

    @property
    def is_one(self) -> bool:
        """There is no other way than one."""
        return not self.is_excluded and len(self.listed) + self.may_be_absent == 1

    def __contains__(self, text: str) -> bool:
        return text in Form.ANY and (text in self.listed) is not self.is_excluded

    def samples(self) -> Iterator[str]:
        yield from (
            (text for text in Form.ANY.samples() if text not in self.listed)
            if self.is_excluded
            else sorted(self.listed)
        )


Values = Numbers | Form | Words


def _is_hash(text: str) -> bool:
    """Whether it encodes a decimal number of 32 bits."""
    digits = "".join(_DIGITS.get(letter, "x") for letter in text)
    return _NUMBER.fullmatch(digits) is not None and int(digits) < 2**32


@dataclass(frozen=True, slots=True)
class Option:
    """What the labels of one pod may be: `labels` to set, `name` for people, empty where any other value is meant."""

    labels: tuple[tuple[str, str], ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Varying:
    """Labels that hang on one value: `keys` has each with the text that stands before the value.

    `is_open`: nobody knows the value, and all pods that the template makes now share it, unless `is_per_pod`.
    `is_unique`: no two pods have the same one.  `is_guess`: for each value there could be such a pod, but unlike
    numbers, which count up, nobody knows which values there are.
    """

    keys: tuple[tuple[str, str], ...]
    values: Values
    is_open: bool = False
    is_unique: bool = False
    is_per_pod: bool = False
    is_guess: bool = False

    @property
    def may_be_absent(self) -> bool:
        return self.values is Form.ANY or (isinstance(self.values, Words) and self.values.may_be_absent)

    def options(self, mentioned: Mapping[str, Collection[str]], fresh: int = 1) -> tuple[Option, ...]:
        """The values that something mentions and that can be, then `fresh` others, as far as there are so many; and
        none at all, where that can be.  None of them if no key is mentioned."""
        if not any(key in mentioned for key, _ in self.keys):
            return ()
        known: dict[str, None] = {}
        for key, before in self.keys:
            for text in sorted(mentioned.get(key, ())):
                value = text.removeprefix(before)
                if text.startswith(before) and value in self.values:
                    known[value] = None
        found = [Option(self._labels(value), self.keys[0][1] + value) for value in known]
        others = (value for value in self.values.samples() if value not in known)
        found += [Option(self._labels(value)) for _, value in zip(range(fresh), others, strict=False)]
        absent = Option((), f"without-{self.keys[0][0].rpartition('/')[2]}")
        return (*found, absent) if self.may_be_absent else tuple(found)

    def _labels(self, value: str) -> tuple[tuple[str, str], ...]:
        return tuple((key, before + value) for key, before in self.keys)

    @property
    def all_keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.keys)


@dataclass(frozen=True, slots=True)
class Listed:
    """Labels that are one of these sets, each on some pod: those of the nodes that it may be bound to.

    `otherwise`: what they may be instead, where there may be other nodes than those declared.
    """

    choices: tuple[Labels, ...]
    otherwise: tuple[Varying, ...] = ()
    is_open: ClassVar[bool] = False
    is_unique: ClassVar[bool] = False

    def options(self, mentioned: Mapping[str, Collection[str]], fresh: int = 1) -> tuple[Option, ...]:
        """The choices as far as something mentions their keys."""
        seen = {tuple(sorted((k, v) for k, v in found.items() if k in mentioned)): None for found in self.choices}
        told = tuple(seen)
        if not any(key in mentioned for key in self.all_keys):
            return ()
        return tuple(Option(found, ",".join(value for _, value in found) or "none") for found in told)

    @property
    def all_keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for found in self.choices for key in found))


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Labels under any key but these: which of them a pod has, and with what values, nobody knows."""

    besides: frozenset[str]
    is_open: ClassVar = True
    is_unique: ClassVar = False

    def under(self, keys: Iterable[str]) -> tuple[Varying, ...]:
        """What it says of these keys."""
        asked = sorted(key for key in keys if key not in self.besides)
        return tuple(Varying(((key, ""),), Form.ANY, is_open=True, is_per_pod=True) for key in asked)


Added = Varying | Listed | Unwritten
Unknown = Varying | Unwritten
"""What nobody knows of a pod's labels."""


def distinguished_by(keys: Collection[str], added: Iterable[Added]) -> tuple[Varying | Listed, ...]:
    """What is added under these keys, label by label; labels of other keys may be among them."""
    found: list[Varying | Listed] = []
    for one in added:
        found += one.under(keys) if isinstance(one, Unwritten) else (one,)
    return tuple(found)


def unknown_under(keys: Collection[str], unknown: Iterable[Unknown]) -> tuple[Varying, ...]:
    """The same of what nobody knows."""
    return tuple(one for one in distinguished_by(keys, unknown) if isinstance(one, Varying))


@lru_cache(maxsize=1024)
def opened(added: Added) -> Added:
    """What is a guess, as something that nobody knows."""
    return replace(added, is_open=True, is_per_pod=True) if isinstance(added, Varying) and added.is_guess else added
