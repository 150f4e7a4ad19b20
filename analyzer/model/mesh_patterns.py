"""Attributes of requests and patterns over them, as Istio writes them (istio.md 5.5)."""

from __future__ import annotations

from analyzer.model.formulas import Attribute, Name, Role
from analyzer.sets.strings import NON_EMPTY, Pattern, exact, prefix, suffix


def of_request(name: Name, key: str = "") -> Attribute:
    return Attribute(Role.REQUEST, name, key)


def pattern(text: str, *, presence: Pattern = NON_EMPTY, fold: bool = False) -> Pattern:
    """A star at one end stands for anything, by itself for something; elsewhere it is a star (istio.md 5.5)."""
    if text == "*":
        return presence
    if text.startswith("*"):
        return suffix(text[1:], fold=fold)
    return prefix(text[:-1], fold=fold) if text.endswith("*") else exact(text, fold=fold)


def quoted(text: str) -> str:
    return "".join(char if char.isalnum() else f"\\{char}" for char in text)
