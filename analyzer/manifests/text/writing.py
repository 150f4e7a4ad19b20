"""Plain values as text: YAML in block or flow style, and JSON."""

from __future__ import annotations

import json
import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/\d{1,2}")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"})
_IN_ONE_LINE = frozenset({"values", "policyTypes", "types"})  # lists of words that stand on the line of their key


def block_lines(value: Any) -> list[str]:
    """The lines of a value in block style, not indented."""
    if isinstance(value, dict) and value:
        lines: list[str] = []
        for key, part in value.items():
            lines += _field(key, part)
        return lines
    if isinstance(value, list) and value:
        return [line for part in value for line in block_item(part)]
    return [flow_text(value)]


def block_item(value: Any) -> list[str]:
    """One item of a list, with its dash."""
    first, *others = block_lines(value)
    return [f"- {first}", *(f"  {line}" for line in others)]


def _field(key: str, value: Any) -> list[str]:
    name = _scalar(key)
    if not isinstance(value, dict | list) or not value or key in _IN_ONE_LINE:
        return [f"{name}: {flow_text(value)}"]
    return [f"{name}:", *(f"  {line}" for line in block_lines(value))]


def flow_text(value: Any) -> str:
    """The value in flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {flow_text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow_text, value)) + "]"
    return _scalar(value)


def json_text(value: Any, step: str | int | None, *, is_dense: bool) -> str:
    """The value as JSON: in lines that are indented by `step`, or on one; `is_dense` without spaces."""
    separators = (",", ":") if is_dense else (",", ": ") if step is not None else (", ", ": ")
    return json.dumps(value, indent=step, ensure_ascii=False, separators=separators)


def _scalar(value: Any) -> str:
    """A scalar that every YAML parser reads as this value."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower().lstrip(".") not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
