"""How many policies of a mesh a question looks at first: those of a few namespaces, where there are very many.

What is violated though those of the others let nothing in is violated whatever they say, and what holds though they
let everything in holds.  Only where the answer hangs on them are all of them read.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding import Question
from analyzer.encoding.scope import destinations_with_policies
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.verdicts.verdict import Status, Verdict

_FEW = 250
_FIRST = 4
_OF_WHAT_IS_LET_IN = frozenset({Kind.NO, Kind.ONLY, Kind.REACHES_ONLY})


def looked_at_first(cluster: Cluster, question: Question, *, keeps_steps: bool) -> Question | None:
    """The question with the policies of a few namespaces alone; None where it is no use, or an auditor is to derive
    the steps again."""
    is_fit = question.with_requests and question.slice_first and not keeps_steps and not question.requests
    if not is_fit or question.claim.kind not in _OF_WHAT_IS_LET_IN:
        return None
    names = destinations_with_policies(cluster, question)
    if len(names) <= _FEW:
        return None
    return replace(question, looked_at=frozenset(names[:: -(-len(names) // _FIRST)]))


def is_enough(verdict: Verdict, most: int) -> bool:
    """Whether nothing is to be gained from the other policies: it is settled, with as many counterexamples as are to
    be shown, a live one among them if there is any."""
    shown = verdict.counterexamples
    if verdict.live and not any(one.live for one in shown):
        return False
    return verdict.status is not Status.REFUTED or len(shown) >= most
