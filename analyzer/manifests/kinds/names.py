"""What the API server accepts as a name, a label or a port name (reference A14, V1–V4, V10, V25)."""

from __future__ import annotations

import re
from functools import lru_cache

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
_QUALIFIED_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\Z")
_PORT_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_SERVICE_NAME = _LABEL

_SUBDOMAIN_RULE = "lower-case letters, digits, `-` and `.`, with a letter or digit at each end of every part"
_LABEL_RULE = "lower-case letters, digits and `-`, with a letter or digit at each end"
_INNER_RULE = "letters, digits, `-`, `_` and `.`, with a letter or digit at each end"


def subdomain_fault(name: str) -> str | None:
    """Why a name is no DNS-1123 subdomain (V1); None if it is one."""
    if not name:
        return "is empty"
    if len(name) > 253:
        return "is longer than 253 characters"
    return None if _SUBDOMAIN.match(name) else f"may hold only {_SUBDOMAIN_RULE}"


def label_name_fault(name: str) -> str | None:
    """Why a name is no DNS-1123 label, as a namespace's must be (V2); None if it is one."""
    if not name:
        return "is empty"
    if len(name) > 63:
        return "is longer than 63 characters"
    return None if _LABEL.match(name) else f"may hold only {_LABEL_RULE}"


@lru_cache(maxsize=65536)
def label_key_fault(key: str) -> str | None:
    """Why a text is no label key (V3); None if it is one."""
    prefix, slash, name = key.rpartition("/")
    if slash:
        if "/" in prefix:
            return "has more than one `/`"
        if not prefix:
            return "has nothing before the `/`"
        if fault := subdomain_fault(prefix):
            return f"has the prefix `{prefix}`, which {fault}"
    if not name:
        return "has nothing after the `/`" if slash else "is empty"
    if len(name) > 63:
        return "has a name part longer than 63 characters"
    return None if _QUALIFIED_NAME.match(name) else f"may hold only {_INNER_RULE}"


@lru_cache(maxsize=65536)
def label_value_fault(value: str) -> str | None:
    """Why a text is no label value (V4); None if it is one."""
    if len(value) > 63:
        return "is longer than 63 characters"
    if not value or _QUALIFIED_NAME.match(value):
        return None
    return f"may hold only {_INNER_RULE}"


def port_name_fault(name: str) -> str | None:
    """Why a text is no port name (V10); None if it is one."""
    if not name:
        return "is empty"
    if len(name) > 15:
        return "is longer than 15 characters"
    if not _PORT_NAME.match(name):
        return f"may hold only {_LABEL_RULE}"
    if not re.search("[a-z]", name):
        return "holds no letter"
    return "has two `-` in a row" if "--" in name else None


def must(fault: str) -> str:
    """Turns what is wrong into what must be: `is empty` into `must not be empty`."""
    for verb, demand in (("is ", "must not be "), ("has ", "must not have "), ("holds no ", "must hold a ")):
        if fault.startswith(verb):
            return demand + fault.removeprefix(verb)
    return fault
