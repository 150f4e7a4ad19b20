"""`netproof/explain/1`: the explanation for programs (design 5; schemas/explain-1.json)."""

from __future__ import annotations

import json
from typing import Any

from analyzer.reports.check_json import rule
from analyzer.reports.map_json import connection_set
from analyzer.verdicts.explanation import Explanation, SideExplanation, Step

SCHEMA = "netproof/explain/1"
Json = dict[str, Any]


def render_explanation_json(found: Explanation) -> bytes:
    """One JSON object, indented, in ASCII, with a newline at its end."""
    content: Json = {
        "schema": SCHEMA,
        "src": found.src,
        "dst": found.dst,
        "asked": connection_set(found.asked),
        "allowed": connection_set(found.allowed),
        "certain": connection_set(found.certain),
        "egress": _side(found.egress),
        "ingress": _side(found.ingress),
        "profile": {"name": found.profile.name, "knobs": found.profile.knobs()},
        "notes": list(found.notes),
    }
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def _side(side: SideExplanation) -> Json:
    return {
        "allowed": connection_set(side.allowed),
        "certain": connection_set(side.certain),
        "reason": side.reason,
        "rules": [rule(ref) for ref in side.deciding],
        "steps": [_step(step) for step in side.steps],
        "notes": list(side.notes),
    }


def _step(step: Step) -> Json:
    return {
        "tier": step.tier.value,
        "rule": rule(step.ref),
        "effect": step.effect.value,
        "connections": connection_set(step.connections),
        "certain": step.is_certain,
        "why": step.why,
    }
