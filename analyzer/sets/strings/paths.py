"""The path of a request as Calico's proxy compares it: what servers make of it before they look for what it names."""

from __future__ import annotations

import re
from posixpath import normpath
from urllib.parse import quote, unquote

_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_STILL_ENCODED = re.compile(r"%(?:2e|2f|5c)", re.IGNORECASE)
_PARAMETER = re.compile(r";[^/]*")


CLEAN = r"(/|(/[^/;\\\x00]+)+)?"
"""What is clean, and what stands for a path that is not; but for segments of dots and what is still escaped."""


def clean_path(path: str) -> str | None:
    """Without query, fragment and matrix parameters, decoded once, its segments resolved, no slash at the end; None if
    it cannot be told what a server makes of it, so that no rule matches it."""
    path = re.split("[?#]", path, maxsplit=1)[0]
    if _BAD_ESCAPE.search(path):
        return None
    decoded = unquote(path, errors="surrogateescape")
    if _STILL_ENCODED.search(decoded) or "\0" in decoded:
        return None
    decoded = decoded.replace("\\", "/")
    if not decoded.startswith("/"):
        return None
    return "/" + normpath(_PARAMETER.sub("", decoded)).lstrip("/")


def uncleaned(path: str) -> str:
    """A path to ask for that is clean so; of none, one that no server makes anything of."""
    return quote(path, safe="/!$&'()*+,-.:=@_~", errors="surrogateescape") if path else "/%"
