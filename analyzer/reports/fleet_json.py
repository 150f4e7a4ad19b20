"""The report of a fleet for programs."""

from __future__ import annotations

import json
from typing import Any

from analyzer.verdicts.fleet import FleetReport, Row

SCHEMA = "netproof/fleet/1"


def render_fleet_json(report: FleetReport) -> bytes:
    found = {
        "schema": SCHEMA,
        "verdict": report.status.value,
        "universe": report.universe,
        "queries": [{"query": it.name, "title": it.title, "severity": it.severity} for it in report.columns],
        "sources": [row_to_json(row) for row in report.rows],
        "trends": None
        if report.trends is None
        else [
            {
                "source": it.source,
                "query": it.query,
                "was": it.was and it.was.value,
                "now": it.now and it.now.value,
                "worse": it.is_worse,
            }
            for it in report.trends
        ],
    }
    return (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()


def row_to_json(row: Row) -> dict[str, Any]:
    return {
        "source": row.source,
        "error": row.error or None,
        "tally": dict(row.tally),
        "queries": [
            {"query": it.query, "verdict": it.status.value, "live": it.live, "said": it.said} for it in row.cells
        ],
    }
