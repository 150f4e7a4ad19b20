"""The oracle: decides one concrete connection from the model, straight from the reference text."""

from analyzer.semantics.claims import (
    holds,
    is_in_scope,
    is_pod_in_scope,
    isolation_outcomes,
    on_ports,
    violates,
    violates_isolation,
)
from analyzer.semantics.decision import Decision, Ruling, StageVerdict
from analyzer.semantics.formulas import is_member, matcher, matches
from analyzer.semantics.oracle import decide, isolation, open_facts, outcomes
from analyzer.semantics.ties import ties
from analyzer.semantics.unknown_labels import known, known_pods, with_compared

__all__ = [
    "Decision",
    "Ruling",
    "StageVerdict",
    "decide",
    "holds",
    "is_in_scope",
    "is_member",
    "is_pod_in_scope",
    "isolation",
    "isolation_outcomes",
    "known",
    "known_pods",
    "matcher",
    "matches",
    "on_ports",
    "open_facts",
    "outcomes",
    "ties",
    "violates",
    "violates_isolation",
    "with_compared",
]
