"""What may be called what: the API server's rules for names and labels, and the nearest name to a misspelt one.

Each `*_fault` returns "" for a good text and else what is wrong with it, to stand behind the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher, get_close_matches

Fault = Callable[[str], str]

SETS = (
    "pods", "namespace", "namespaces", "workload", "service", "ips", "domains",
    "internet", "external", "metadata-service", "apiserver", "nodes", "anything",
)  # fmt: skip

FIRST_WORDS = frozenset(
    {
        "and", "anything", "assert", "assume", "can", "every", "except", "external", "for", "has", "in", "internet",
        "ips", "is", "isolated", "let", "metadata-service", "namespace", "namespaces", "no", "nodes", "not", "notin",
        "on", "only", "or", "pack", "param", "pods", "reach", "some", "where", "within", "workload",
    }
)  # fmt: skip
"""The keywords of the language's first edition: no set was ever called so.  Later ones may name sets of older files."""


class Advice(str):
    """A way out in words; `instead` is what it says to write in place of what stands there."""

    __slots__ = ("instead",)
    instead: str

    def __new__(cls, words: str, instead: str) -> Advice:
        made = super().__new__(cls, words)
        made.instead = instead
        return made


def write(text: str) -> Advice:
    """``write `text` ``, in place of what stands there."""
    return Advice(f"write `{text}`", text)


_ENDLESS = re.compile(r"`([^`]{80})[^`]{20,}`")
_LABEL_PART = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_SET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_STATEMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def label_key_fault(text: str) -> str:
    """A qualified name: an optional DNS prefix and a slash, then at most 63 characters."""
    prefix, slash, name = text.rpartition("/")
    if slash and (len(prefix) > 253 or not _DNS_SUBDOMAIN.fullmatch(prefix)):
        return "is no label key: before `/` stands a lower-case DNS name"
    if len(name) > 63:
        return "is no label key: its name is longer than 63 characters"
    if not _LABEL_PART.fullmatch(name):
        return "is no label key: letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends"
    return ""


def label_value_fault(text: str) -> str:
    if len(text) > 63:
        return "is no label value: it is longer than 63 characters"
    if text and not _LABEL_PART.fullmatch(text):
        return "is no label value: letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends"
    return ""


def namespace_fault(text: str) -> str:
    return "" if len(text) <= 63 and _DNS_LABEL.fullmatch(text) else f"is no name of a namespace: {_LOWER}"


def object_name_fault(text: str) -> str:
    return "" if len(text) <= 253 and _DNS_SUBDOMAIN.fullmatch(text) else f"is no name of an object: {_LOWER}"


def port_name_fault(text: str) -> str:
    if len(text) <= 15 and _PORT_NAME.fullmatch(text):
        return ""
    return "is no port: a number, a range like `9000-9100`, or a name of at most 15 lower-case letters, digits and `-`"


def set_name_fault(text: str) -> str:
    """Names of `let` and `param`: no dots, so that they cannot be taken for addresses."""
    return "" if _SET_NAME.fullmatch(text) else "is no name here: letters, digits, `-` and `_`"


def statement_name_fault(text: str) -> str:
    """Names of packs, queries and assumptions."""
    return "" if _STATEMENT_NAME.fullmatch(text) else "is no name here: letters, digits, `-`, `_` and `.`"


_LOWER = "lower-case letters, digits and `-`, with a letter or a digit at both ends"


def clipped(message: str) -> str:
    """The message, with what it quotes cut where that is endless."""
    return _ENDLESS.sub(r"`\1…`", message)


def nearest_name(word: str, known: Iterable[str]) -> str:
    """The known name most like the word, "" if none is like it."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """``did you mean `x`?`` for the known name most like the word, "" if none is like it."""
    name = nearest_name(word, known)
    return Advice(f"did you mean `{name}`?", name) if name else ""


def is_nearly(word: str, name: str) -> bool:
    """Whether the word can only be a slip: `prod` is no `pods`, but a name that a namespace may have."""
    return sorted(word.lower()) == sorted(name) or SequenceMatcher(None, word.lower()[:80], name).ratio() >= 0.8
