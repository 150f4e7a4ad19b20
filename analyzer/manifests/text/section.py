"""Typed reading of manifest fields: every wrong one is noted with its place, and reading goes on.

A `Section` is a mapping in a manifest together with its path (`spec.ingress[0]`) and the log of its document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from analyzer.errors import Problem
from analyzer.manifests.text.nodes import Mapping, Sequence, column_of, line_of, type_name
from analyzer.model.source import Notice, Source

RENDER_HINT = "netproof reads rendered manifests: `helm template NAME CHART | netproof check -`"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_LONG_QUOTE = re.compile(r"`([^`]{160})[^`]+`")


class Log:
    """What was found in one document: problems refuse it, notices do not.

    `is_stored`: a server has taken the object, which may hold what a server of today would not take from a file.
    `unchecked`: the places of what the API takes without a check and gives no meaning.  `about`: the object, where
    every problem names it.  `is_refused`: admission takes it no more than if it were not there, which is no problem.
    """

    __slots__ = (
        "about",
        "file",
        "is_refused",
        "is_stored",
        "is_strict_about_cidrs",
        "notices",
        "problems",
        "unchecked",
    )

    def __init__(self, file: str, is_strict_about_cidrs: bool = True) -> None:
        self.file = file
        self.about = ""
        self.is_refused = False
        self.is_stored = False
        self.is_strict_about_cidrs = is_strict_about_cidrs
        self.problems: list[Problem] = []
        self.unchecked: list[int] = []
        self.notices: list[Notice] = []

    def problem(self, place: int, message: str, hint: str = "") -> None:
        if not hint and "{{" in message:
            hint = RENDER_HINT
        if not hint and "${" in message:
            hint = "netproof fills in no variables: do so first (`flux envsubst`, `envsubst`), or leave the file out"
        message = f"{self.about}: {message}" if self.about else message
        self.problems.append(Problem(self.file, line_of(place), column_of(place), printable(message), hint))

    def notice(self, place: int, message: str) -> None:
        self.notices.append(Notice(Source(self.file, line_of(place)), printable(message)))

    def refused(self, place: int, message: str) -> None:
        """The object has no effect, for admission refuses it."""
        self.is_refused = True
        self.notice(place, message)


def printable(message: str) -> str:
    """The message on one line, with what it quotes cut short: what is quoted can be anything."""
    text = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", message)
    return _LONG_QUOTE.sub(r"`\1…`", text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a slip of: case first, then spelling."""
    by_lower: dict[str, str] = {}
    for candidate in sorted(known):
        by_lower.setdefault(candidate.lower(), candidate)
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.75)
    return by_lower[close[0]] if close else None


def one_of(names: Iterable[str]) -> str:
    """`A`, `B` or `C`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


class Section:
    """A mapping in a manifest, its path and its document's log.  A null field counts as absent, as in the API."""

    __slots__ = ("_name", "_within", "data", "log")

    def __init__(self, data: Mapping, name: str, log: Log, within: Section | None = None) -> None:
        self.data = data
        self.log = log
        self._name = name
        self._within = within

    @property
    def path(self) -> str:
        """Where the section stands in its object, put together when something has to be said about it."""
        return self._name if self._within is None else self._within.field(self._name)

    # ------------------------------------------------------------------------------------------------ places
    @property
    def source(self) -> Source:
        return Source(self.log.file, line_of(self.data.place))

    def field(self, key: str) -> str:
        """The field's path, for messages."""
        path = self.path
        return f"{path}.{key}" if path else key

    def place(self, key: str = "") -> int:
        return self.data.place_of(key) if key else self.data.place

    def problem(self, key: str, message: str, hint: str = "") -> None:
        """Note that a field (or with an empty key the section itself) is wrong."""
        name = self.field(key) if key else self.path
        self.log.problem(self.place(key), f"`{name}` {message}", hint)

    def notice(self, key: str, message: str) -> None:
        name = self.field(key) if key else self.path
        self.log.notice(self.place(key), f"`{name}` {message}")

    # ------------------------------------------------------------------------------------------------ fields
    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def only(self, known: frozenset[str]) -> None:
        """Note every field that the API does not have; one that is null counts as absent there too."""
        if self.data.keys() <= known:
            return
        for key, value in self.data.items():
            if key not in known and value is not None:
                self.unknown(key, known)

    def unknown(self, key: str, known: Iterable[str]) -> None:
        close = nearest(key, known)
        hint = f"did you mean `{close}`?" if close else f"the fields here are {', '.join(sorted(known))}"
        where = f" in `{self.path}`" if self.path else ""
        self.log.problem(self.place(key), f"unknown field `{key}`{where}", hint)

    def _typed(self, key: str, kind: type, article: str) -> Any:
        value = self.data.get(key)
        if value is None or type(value) is kind:
            return value
        hint = ""
        if kind is str and not isinstance(value, Mapping | Sequence):
            hint = "put it in quotes"
        self.problem(key, f"must be {article}, not {_shown(value)}", hint)
        return None

    def text(self, key: str) -> str | None:
        found: str | None = self._typed(key, str, "text")
        return found

    def boolean(self, key: str) -> bool:
        """The value; False if absent or wrong."""
        return bool(self._typed(key, bool, "true or false"))

    def integer(self, key: str, low: int, high: int) -> int | None:
        """A whole number in the range, else a problem and None.  `80.0` is whole, as in kubectl's reading."""
        value = self.data.get(key)
        if value is None:
            return None
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            hint = "write it without quotes" if isinstance(value, str) and value.isdigit() else ""
            self.problem(key, f"must be a whole number, not {_shown(value)}", hint)
            return None
        if not low <= value <= high:
            self.problem(key, f"is `{value}`, but must lie between {low} and {high}")
            return None
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str | None:
        """One of the choices, else a problem and None; they are case-sensitive."""
        value = self.text(key)
        if value is None or value in choices:
            return value
        close = nearest(value, choices)
        hint = f"did you mean `{close}`?" if close else ""
        self.problem(key, f"is `{value}`, but must be {one_of(choices)}", hint)
        return None

    def choice_or_default(self, key: str, choices: tuple[str, ...], default: str) -> str:
        """As `choice`, for a field that the API sets to its default also where it is the empty text."""
        return (self.choice(key, choices) or default) if self.text(key) else default

    def required(self, key: str) -> bool:
        """Whether the field is there; a problem if not."""
        if self.has(key):
            return True
        self.log.problem(self.data.place, f"`{self.field(key)}` is missing", "the API requires it")
        return False

    # ------------------------------------------------------------------------------------------------ nesting
    def section(self, key: str) -> Section | None:
        value = self._typed(key, Mapping, "a mapping")
        return None if value is None else Section(value, key, self.log, self)

    def sequence(self, key: str) -> Sequence:
        """The items; none if absent or wrong."""
        value: Sequence | None = self._typed(key, Sequence, "a list")
        return Sequence() if value is None else value

    def sections(self, key: str) -> list[Section]:
        """The mappings of a list.  A null item is the empty mapping, as the API decodes it."""
        items = self.sequence(key)
        found = []
        for index, (item, place) in enumerate(items.placed()):
            name = f"{key}[{index}]"
            if type(item) is Mapping:
                found.append(Section(item, name, self.log, self))
            elif item is None:
                found.append(Section(Mapping(place), name, self.log, self))
            else:
                self.log.problem(place, f"`{self.field(name)}` must be a mapping, not {_shown(item)}")
        return found

    def texts(self, key: str) -> list[tuple[str, int]]:
        """The texts of a list with their places.  A null item is the empty text, as the API decodes it."""
        items = self.sequence(key)
        found = []
        for index, (item, place) in enumerate(items.placed()):
            if item is None or type(item) is str:
                found.append((item or "", place))
            else:
                self.log.problem(
                    place, f"`{self.field(key)}[{index}]` must be text, not {_shown(item)}", "put it in quotes"
                )
        return found

    def text_map(self, key: str) -> dict[str, str]:
        """A map of text to text; null values are the empty text, others are problems."""
        inner = self.section(key)
        if inner is None:
            return {}
        found = {}
        for name, value in inner.data.items():
            if type(value) is str:
                found[name] = value
            elif value is None:
                found[name] = ""
            else:
                inner.no_text(name)
        return found

    def no_text(self, key: str) -> None:
        """Note that a field should be text."""
        value = self.data[key]
        hint = "" if isinstance(value, Mapping | Sequence) else "put it in quotes"
        self.problem(key, f"must be text, not {_shown(value)}", hint)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f"the boolean `{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number `{value}`"
    if isinstance(value, str):
        text = value if len(value) <= 40 else value[:39] + "…"
        return f"the text `{text}`"
    return type_name(value)
