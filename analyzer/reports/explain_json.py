"""`netproof/explain/2`: the explanation for programs (design 5; schemas/explain-2.json)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from analyzer.model.source import Notice
from analyzer.reports.check_json import rule
from analyzer.reports.map_json import connection_set
from analyzer.verdicts.explanation import Answer, Explanation, SideExplanation, Step

SCHEMA = "netproof/explain/2"
Json = dict[str, Any]


def render_explanation_json(found: Explanation) -> bytes:
    """One JSON object, indented, in ASCII, with a newline at its end."""
    content: Json = {
        "schema": SCHEMA,
        "src": found.src,
        "dst": found.dst,
        "asked": connection_set(found.asked),
        "verdict": found.outcome.value,
        "allowed": connection_set(found.allowed),
        "certain": connection_set(found.certain),
        **({"reason": found.reason} if found.reason else {}),
        "stages": [_stage(side) for side in found.sides],
        "profile": {"name": found.profile.name, "knobs": found.profile.knobs()},
        "notices": list(found.notes),
        **({"cases": [_case(when, its) for when, its in found.cases]} if found.cases else {}),
    }
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


def render_answers_json(answers: Iterable[Answer], notices: Iterable[Notice]) -> bytes:
    """One object to a line, in ASCII: each answer of a batch, then what the user should know, where there is any."""
    lines: list[Json] = [
        {
            "id": found.id,
            "from": found.src,
            "to": found.dst,
            "on": found.on,
            "verdict": found.outcome.value,
            "reason": found.reason,
            "notes": list(found.notes),
        }
        for found in answers
    ]
    told = [f"{notice.source}: {notice.message}" for notice in notices]
    if told:
        lines.append({"notices": told})
    return "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")


def _case(when: str, found: Explanation) -> Json:
    return {
        "when": when,
        "verdict": found.outcome.value,
        "allowed": connection_set(found.allowed),
        "certain": connection_set(found.certain),
        "stages": [_stage(side) for side in found.sides],
    }


def _stage(side: SideExplanation) -> Json:
    """STAGE of design 5, with every step on the way."""
    return {
        "stage": side.stage or side.direction.value,
        "verdict": side.outcome.value if side.applies else "none",
        "allowed": connection_set(side.allowed),
        "certain": connection_set(side.certain),
        "reason": side.reason,
        "rules": [rule(ref) for ref in side.deciding],
        "steps": [_step(step) for step in side.steps],
        "notes": list(side.notes),
    }


def _step(step: Step) -> Json:
    return {
        "tier": step.tier,
        "rule": rule(step.ref),
        "effect": step.effect.value,
        "connections": connection_set(step.connections),
        "certain": step.is_certain,
        "why": step.why,
    }
