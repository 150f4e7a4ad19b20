"""`netproof/exposure/2`: exposure for programs (schemas/exposure-2.json)."""

from __future__ import annotations

import json
from typing import Any

from analyzer.model.policies import Direction
from analyzer.reports.admission_words import admission_json
from analyzer.reports.check_json import assumption, endpoint, notice, unmodelled
from analyzer.reports.map_json import connection_set
from analyzer.reports.region_json import constraints
from analyzer.verdicts.exposure import Exposure, ExposureReport, Opening

SCHEMA = "netproof/exposure/2"
Json = dict[str, Any]


def render_exposure_json(found: ExposureReport) -> bytes:
    """One JSON object in ASCII with a newline at its end."""
    report = {
        "schema": SCHEMA,
        "profile": {"name": found.profile.name, "knobs": found.profile.knobs()},
        "assumptions": [assumption(it) for it in found.assumptions],
        "unmodelled": [unmodelled(it) for it in found.unmodelled],
        "notices": [notice(it) for it in found.notices],
        "max_regions": found.most,
        "not_isolated": {d.value: [w.id for w in found.unisolated(d)] for d in Direction},
        "exposures": [_exposure(it) for it in found.exposures],
        "requests": [admission_json(it) for it in found.admissions],
    }
    return (json.dumps(report, indent=2) + "\n").encode("ascii")


def _exposure(exposure: Exposure) -> Json:
    return {
        "direction": exposure.direction.value,
        "workloads": [workload.id for workload in exposure.workloads],
        "isolated": exposure.is_isolated,
        "complete": not exposure.is_capped and not exposure.reason,
        "capped": exposure.is_capped,
        "reason": exposure.reason,
        "blame": list(exposure.blame),
        "regions": [_opening(opening) for opening in exposure.openings],
    }


def _opening(opening: Opening) -> Json:
    witness = opening.witness
    return {
        "region": constraints(opening.region.constraints),
        "peer": constraints(opening.peer.constraints),
        "allowed": connection_set(opening.connections),
        "witness": {
            "src": endpoint(witness.src),
            "dst": endpoint(witness.dst),
            "protocol": witness.protocol.value,
            "port": witness.port,
        },
    }
