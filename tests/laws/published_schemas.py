"""A report held to its published schema, and the schema to the report: each field of the one stands in the other."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from analyzer.reports.schema import schema_text


def published(name: str) -> dict[str, Any]:
    """`check-2`: the schema, itself a valid one that is open to added fields."""
    schema: dict[str, Any] = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    return schema


def follow(report: Any, name: str) -> None:
    """Raises where the report breaks the schema, or holds a field that the schema does not list."""
    for validator in _validators(name):
        validator.validate(report)


@cache
def _validators(name: str) -> tuple[Draft202012Validator, ...]:
    """Made once: to hold a schema to that of schemas takes longer than most reports."""
    schema = published(name)
    return Draft202012Validator(schema), Draft202012Validator(closed(schema))


def closed(schema: Any) -> Any:
    """The schema with each object that lists its fields closed to others."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(part) for key, part in schema.items()}
    if schema.get("type") in ("object", ["object", "null"]) and "properties" in schema:
        found.setdefault("additionalProperties", False)
    return found


def sets_of(constraints: list[dict[str, Any]], role: str = "") -> dict[str, dict[str, Any]]:
    """The sets of a region by attribute, of one role if it is named."""
    return {it["attribute"]: it["set"] for it in constraints if role in ("", it["role"])}
