"""`netproof/diff/2`: what differs, for programs (design 5; schemas/diff-2.json)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from analyzer.model.formulas import Role
from analyzer.reports.check_json import (
    assumption,
    cross_check,
    endpoint,
    notice,
    stages,
    unmodelled,
)
from analyzer.reports.diff_words import COVERS
from analyzer.reports.map_json import connection_set, port_requests
from analyzer.reports.region_json import constraints
from analyzer.reports.request_json import request
from analyzer.semantics.decision import Decision
from analyzer.sets import ConnectionSet
from analyzer.verdicts.difference import (
    Change,
    ChangedPairs,
    Difference,
    InventoryDifference,
    QueryDifference,
    Relation,
    Shift,
)

SCHEMA = "netproof/diff/2"
Json = dict[str, Any]


def render_diff_json(found: Difference | InventoryDifference) -> bytes:
    """One JSON object in ASCII, indented, with a newline at its end; the same answer gives the same bytes."""
    base = found.background
    content: Json = {
        "schema": SCHEMA,
        "equivalent": found.relation is Relation.EQUIVALENT,
        "relation": found.relation.value,
        "universe": found.universe.value,
        "universe_text": COVERS[found.universe],
        "profile": {"name": base.profile.name, "knobs": base.profile.knobs()},
        "assumptions": [assumption(a) for a in base.assumptions],
        "unmodelled": [unmodelled(u) for u in base.unmodelled],
        "notices": [notice(n) for n in base.notices],
        "one_sided": list(base.one_sided),
        "tally": {"old": dict(base.tallies[0]), "new": dict(base.tallies[1])},
    }
    if isinstance(found, Difference):
        content["changes"] = [*_changes(found.gained.changes), *_changes(found.lost.changes)]
        content["new_access"], content["lost_access"] = _standing(found.gained), _standing(found.lost)
    else:
        content["changes"] = list(_pairs(found))
        content["among"] = [
            {"workload": end, "change": change.word, **_rulings(change)} for end, change in found.own_pods()
        ]
        content["isolation"] = [
            {"workloads": list(it.workloads), "direction": it.direction.value, "isolated": it.is_isolated}
            for it in found.isolation
        ]
        content["complete"], content["reason"], content["blame"] = not found.reason, found.reason, list(found.blame)
    if base.cross_check is not None:
        content["cross_check"] = cross_check(base.cross_check)
    content["queries"] = [_query(query) for query in found.queries]
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def _standing(shift: Shift) -> Json:
    """Whether the regions listed are all there is."""
    return {
        "complete": not shift.is_capped and not shift.reason,
        "capped": shift.is_capped,
        "reason": shift.reason,
        "blame": list(shift.blame),
    }


def _changes(changes: Iterable[Change]) -> list[Json]:
    return [_change(change) for change in changes]


def _change(change: Change) -> Json:
    region, connections = change.region, connection_set(change.connections)
    nothing = connection_set(ConnectionSet.EMPTY)
    return {
        "change": "added" if change.is_gained else "removed",
        "src": constraints(region.at(Role.SRC)),
        "dst": constraints(region.at(Role.DST)),
        "connection": constraints(region.connection),
        "requests": constraints(region.request),
        "before": nothing if change.is_gained else connections,
        "after": connections if change.is_gained else nothing,
        "live": change.live,
        "depends_on": list(change.depends_on),
        "witness": {
            "src": endpoint(change.connection.src),
            "dst": endpoint(change.connection.dst),
            "protocol": change.connection.protocol.value,
            "port": change.connection.port,
            "request": request(change.connection.request),
        },
        "old": _decision(change.before),
        "new": _decision(change.after),
    }


def _decision(decision: Decision) -> Json:
    return {"allowed": decision.allowed, "stages": stages(decision)}


def _pairs(found: InventoryDifference) -> Iterable[Json]:
    for src, dst, change in found.pairs():
        yield {"change": change.word, "src": src, "dst": dst, **_rulings(change)}


def _rulings(change: ChangedPairs) -> Json:
    row: Json = {
        "before": connection_set(change.before),
        "after": connection_set(change.after),
    }
    if change.requests != ((), ()):
        row["requests"] = dict(zip(("before", "after"), map(port_requests, change.requests), strict=True))
    if change.certain_before != change.before:
        row["certain_before"] = connection_set(change.certain_before)
    if change.certain_after != change.after:
        row["certain_after"] = connection_set(change.certain_after)
    return row


def _query(found: QueryDifference) -> Json:
    query = found.query
    row: Json = {
        "id": query.id,
        "pack": found.pack,
        "title": query.title,
        "text": query.text,
        "severity": query.severity.value,
        "file": query.source.file,
        "line": query.source.line,
        "before": found.before.status.value if found.before else None,
        "after": found.after.status.value,
        "changed": found.has_changed,
        "worse": found.is_worse,
        "reason": found.after.reason,
        "blame": list(found.after.blame),
    }
    if found.shift is not None:
        row["changes"], row["new_access"] = _changes(found.shift.changes), _standing(found.shift)
    return row
