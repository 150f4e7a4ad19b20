"""Objects as text: block YAML as people and Helm write it, and JSON as `kubectl get -o json` does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.clusters.objects import Object, hash_of

# What reads back as this very text, unquoted, in YAML 1.1 too; everything else is quoted.
_PLAIN = re.compile(r"[A-Za-z/][-A-Za-z0-9_./]*(?::[-A-Za-z0-9_./]+)*\Z")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def yaml_documents(objects: Iterable[Object]) -> str:
    """One document for each object."""
    parts: list[str] = []
    for one in objects:
        parts.append("---\n")
        _mapping(one, "", parts)
    return "".join(parts)


def _mapping(value: Object, indent: str, parts: list[str]) -> None:
    for key, inner in value.items():
        parts.append(indent + _scalar(key))
        _value(inner, indent, parts)


def _value(value: Any, indent: str, parts: list[str]) -> None:
    """What follows a key and its colon."""
    if isinstance(value, dict) and value:
        parts.append(":\n")
        _mapping(value, indent + "  ", parts)
    elif isinstance(value, list) and value:
        parts.append(":\n")
        for item in value:
            _item(item, indent, parts)
    elif isinstance(value, str) and "\n" in value:
        parts.append(": |\n" + "".join(f"{indent}  {line}\n" for line in value.splitlines()))
    else:
        parts.append(f": {_scalar(value)}\n")


def _item(item: Any, indent: str, parts: list[str]) -> None:
    if not (isinstance(item, dict) and item):
        parts.append(f"{indent}- {_scalar(item)}\n")
        return
    start = indent + "- "
    for key, inner in item.items():
        parts.append(start + _scalar(key))
        _value(inner, indent + "  ", parts)
        start = indent + "  "


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value)


def json_list(objects: Iterable[Object]) -> Iterator[str]:
    """The text of one List, piece by piece; every object with what the server adds to it."""
    yield '{\n    "apiVersion": "v1",\n    "items": [\n'
    comma = ""
    for number, one in enumerate(objects):
        body = json.dumps(_served(one, number), indent=4, sort_keys=True)
        yield comma + "        " + body.replace("\n", "\n        ")
        comma = ",\n"
    yield '\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n'


def _served(one: Object, number: int) -> Object:
    """The object as a server would return it."""
    metadata = one["metadata"]
    digits = hash_of(f"{one['kind']}/{metadata.get('namespace', '')}/{metadata['name']}")
    added = {
        "creationTimestamp": "2026-03-01T08:00:00Z",
        "generation": 1,
        "resourceVersion": str(100_000 + number),
        "uid": f"{digits[:8]}-{digits[8:12]}-4000-8000-{digits[4:16]}",
    }
    status = {"status": {"phase": "Active"}} if one["kind"] == "Namespace" else {}
    if one["kind"] == "Deployment":
        status = {"status": {"availableReplicas": 1, "observedGeneration": 1, "readyReplicas": 1, "replicas": 1}}
    return {**one, "metadata": {**metadata, **added}, **status}
