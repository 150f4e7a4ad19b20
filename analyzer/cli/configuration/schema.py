"""The JSON Schema of configuration files, made from the options that they can give."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from analyzer.cli.configuration.applying import configurable
from analyzer.cli.configuration.keys import CHECK, Key, Kind, tables_of

Json = dict[str, Any]


def configuration_schema() -> str:
    """The schema of `netproof.toml`, and of `[tool.netproof]` in `pyproject.toml`, as JSON text."""
    tables = tables_of(configurable())
    properties = {name: _key(key) for name, key in tables[CHECK].items()}
    properties |= {name: _table(f"netproof {name}", keys) for name, keys in tables.items() if name != CHECK}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "netproof/config/1",
        "title": "netproof configuration",
        "description": "Options of `netproof check`; those of other commands in tables called after them. Paths are "
        "relative to the file.",
        **_object(properties),
    }
    return json.dumps(schema, indent=2) + "\n"


def _table(title: str, keys: dict[str, Key]) -> Json:
    return {"title": title, **_object({name: _key(key) for name, key in keys.items()})}


def _object(properties: Json) -> Json:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _key(key: Key) -> Json:
    return {"description": key.help, **_type(key)}


def _type(key: Key) -> Json:
    match key.kind:
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.NUMBER:
            least = {} if key.minimum is None else {"minimum": key.minimum}
            return {"type": "integer" if key.type is int else "number", **least}
        case Kind.TEXT:
            return {"type": "string"}
        case Kind.CHOICE:
            return {"enum": list(key.choices())}
        case Kind.TEXTS:
            is_choice = isinstance(key.type, type) and issubclass(key.type, Enum)
            return {
                "type": "array",
                "items": {"enum": [c.value for c in key.type]} if is_choice else {"type": "string"},
            }
        case Kind.TABLE:
            entry = {"type": ["string", "integer", "boolean", "array"], "items": {"type": "string"}}
            return {"type": "object", "additionalProperties": entry}
