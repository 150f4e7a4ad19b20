"""A report of `netproof check --format json` read again, as a baseline."""

from __future__ import annotations

import json
from ipaddress import ip_network
from typing import Any

from analyzer.errors import InputError, Problem
from analyzer.model.claims import Universe
from analyzer.model.policies import Protocol
from analyzer.reports.check_json import SCHEMA
from analyzer.sets import AddressSet, PortSet, ValueSet
from analyzer.verdicts.baseline import Baseline, KnownVerdict
from analyzer.verdicts.verdict import EndRegion, Region, Status

Json = dict[str, Any]
_HINT = "write one with `netproof check … --format json=FILE --max-counterexamples 1000`"


def read_baseline(text: bytes, file: str) -> Baseline:
    """What the report says of each query; InputError if it is none of that schema, with the place if it is no JSON."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"this is no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise InputError([Problem(file, error.lineno, error.colno, message, _HINT)]) from None
    except (UnicodeDecodeError, RecursionError):
        raise InputError([Problem(file, 0, 0, "this is no JSON that can be read", _HINT)]) from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError([Problem(file, 0, 0, f"this is no report of schema `{SCHEMA}`", _HINT)])
    try:
        known = content.get("known", {})
        return Baseline(
            file,
            {f"{query['pack']}/{query['id']}": _query(query) for query in content["queries"]},
            _texts(known.get("namespaces")),
            _texts(known.get("workloads")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"this report does not follow schema `{SCHEMA}`: {type(error).__name__.lower()} {error}"
        raise InputError([Problem(file, 0, 0, message, _HINT)]) from None


def _texts(texts: list[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(texts)


def _query(query: Json) -> KnownVerdict:
    return KnownVerdict(
        Status(query["verdict"]),
        query["text"],
        Universe(query["universe"]),
        tuple(_region(example["region"]) for example in query["counterexamples"]),
        query["complete"],
    )


def _region(region: Json) -> Region:
    ports = region["ports"]
    return Region(
        _end(region["src"]),
        _end(region["dst"]) if region["dst"] else None,
        tuple(map(Protocol, region["protocols"])),
        None if ports is None else PortSet.of(*((low, high) for low, high in ports)),
        tuple(region["facts"]),
    )


def _end(end: Json) -> EndRegion:
    # A report from before the two were told apart says the same of namespaces to come as of those that exist.
    there: Json = end["namespace_labels"]
    new: Json = end.get("new_namespace_labels", there)
    addresses, namespaces = end["addresses"], end["namespaces"]
    return EndRegion(
        end["kind"],
        None if namespaces is None else tuple(namespaces),
        _labels(end["labels"]),
        _labels(there),
        _labels(new),
        None if addresses is None else AddressSet.of(*(str(ip_network(text)) for text in addresses)),
        end["workload"],
        tuple(end["facts"]),
    )


def _labels(labels: dict[str, Json]) -> tuple[tuple[str, ValueSet], ...]:
    return tuple((key, _values(values)) for key, values in labels.items())


def _values(values: Json) -> ValueSet:
    ((word, listed),) = values.items()
    return ~ValueSet.of(listed) if word == "notin" else ValueSet.of(listed)
