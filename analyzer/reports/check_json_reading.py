"""A report of `netproof check --format json` read again, as a baseline."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from analyzer.errors import InputError, Problem
from analyzer.model.claims import Universe
from analyzer.model.formulas import Role
from analyzer.reports.check_json import SCHEMA
from analyzer.reports.region_json import read_region
from analyzer.sets import ValueSet
from analyzer.verdicts.baseline import Baseline, KnownVerdict
from analyzer.verdicts.regions import SOME, Attribute, Constraint, Region
from analyzer.verdicts.verdict import Status

Json = dict[str, Any]
_SOME_REQUESTS = Constraint(Role.REQUEST, Attribute.REQUESTS, ValueSet.of([SOME]))
_HINT = "write one with `netproof check … --format json=FILE`"


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
        raise InputError([Problem(file, 0, 0, _foreign(content), _HINT)])
    try:
        known = content.get("known", {})
        is_untold = known.get("requests") is not True and _asks_of_requests(content)
        return Baseline(
            file,
            {f"{query['pack']}/{query['id']}": _query(query, is_untold) for query in content["queries"]},
            _texts(known.get("namespaces")),
            _texts(known.get("workloads")),
            premises(content),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"this report does not follow schema `{SCHEMA}`: {type(error).__name__.lower()} {error}"
        raise InputError([Problem(file, 0, 0, message, _HINT)]) from None


def premises(content: Json) -> Json | None:
    """What the answers of a report hang on, the names of files left out; None where it does not tell."""
    if (made := content.get("made_from")) is None:
        return None
    return {
        **{name: content[name] for name in ("universe", "profile", "assumptions")},
        "unmodelled": [{name: it[name] for name in it if name not in ("file", "line")} for it in content["unmodelled"]],
        "versions": [made["versions"].get(name) for name in ("netproof", "z3")],
        "packs": [{name: it[name] for name in it if name != "file"} for it in made["packs"]],
        "manifests": sorted(it["sha256"] for it in made["manifests"]),
    }


def _foreign(content: object) -> str:
    """What is said of a report of another schema."""
    found = content.get("schema") if isinstance(content, dict) else None
    if isinstance(found, str) and re.fullmatch(r"netproof/check/\d+", found):
        return f"this report is of schema `{found}`, and this netproof reads `{SCHEMA}`"
    return f"this is no report of schema `{SCHEMA}`"


def _texts(texts: list[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(texts)


def _asks_of_requests(content: Json) -> bool:
    """Somebody looked at requests: a mesh was there, or a witness asks for something."""
    examples = (example for query in content["queries"] for example in query["counterexamples"])
    told = any(it["name"] == "requests" for it in content.get("assumptions", ()))
    return told or any(example.get("request") is not None for example in examples)


def _query(query: Json, is_untold: bool) -> KnownVerdict:
    """`is_untold`: regions of connections did not tell yet which requests they speak of, so that they excuse none."""

    def region(told: Sequence[Json]) -> Region:
        found = read_region(told)
        if not is_untold or found.dst is None or found.request:
            return found
        return Region.of((*found.constraints, _SOME_REQUESTS))

    beyond = query.get("beyond") or {"complete": False, "regions": ()}
    return KnownVerdict(
        Status(query["verdict"]),
        query["text"],
        Universe(query["universe"]),
        tuple(map(region, [*(it["region"] for it in query["counterexamples"]), *beyond["regions"]])),
        query["complete"] or beyond["complete"],
    )
