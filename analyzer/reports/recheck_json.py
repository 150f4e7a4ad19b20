"""`netproof/recheck/2`: a recheck for programs (schemas/recheck-2.json)."""

from __future__ import annotations

import json

from analyzer.verdicts.rechecked import Rechecked

SCHEMA = "netproof/recheck/2"


def render_recheck_json(found: Rechecked) -> bytes:
    """One JSON object, indented, in ASCII, with a newline at its end."""
    content = {
        "schema": SCHEMA,
        "finding": found.finding.value,
        "fingerprint": found.fingerprint,
        "created": found.created,
        "checks": [
            {
                "subject": check.subject,
                "finding": check.finding.value,
                "text": check.text,
                "details": list(check.details),
            }
            for check in found.checks
        ],
    }
    return (json.dumps(content, indent=2) + "\n").encode("ascii")
