"""The regions of a violation beyond those that are shown, for whoever keeps a list of all that was wrong."""

from __future__ import annotations

from analyzer.judging.counterexamples import Finder, Found, Witness, counterexample, witness_of
from analyzer.judging.generalise import generalise
from analyzer.judging.replay import Replay
from analyzer.solving import Result
from analyzer.verdicts.regions import Region
from analyzer.verdicts.verdict import Beyond

_MOST = 1_000
_LEAST_WORK = 1_000_000  # rlimit units: about a second


def beyond(finder: Finder, found: Found, replay: Replay) -> Beyond | None:
    """What lies outside the regions that are shown, as long as it costs no more than what was asked before; None if
    they are the whole violation.  InternalError if the oracle disagrees on one."""
    if found.is_complete:
        return None
    session, obligation = finder.session, finder.obligation
    regions: dict[Region, None] = {}
    outside = list(found.outside)
    end = session.solver.spent + max(_LEAST_WORK, session.solver.spent)
    one = session.certain(obligation.opens, *outside)
    while one.values is not None and len(regions) < _MOST and session.solver.spent < end:
        box = generalise(session, one.values)
        witness = Witness(witness_of(obligation, one.values), box, None)
        regions[counterexample(witness, obligation, replay).region] = None
        outside.append(f"!{session.inside(finder.told(box))}")
        one = session.certain(obligation.opens, *outside)
    is_complete = one.result is Result.UNSAT and obligation.scope.question.looked_at is None
    return Beyond(tuple(regions), is_complete)
