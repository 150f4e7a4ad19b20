"""Whether a claim holds only because it speaks of nothing, and why it does."""

from __future__ import annotations

from dataclasses import replace

from analyzer.encoding import CONDITION, IN_DST, IN_SCOPE, IN_SRC, UNIVERSE, encode
from analyzer.encoding.reach import POD
from analyzer.judging.evidence import Evidence
from analyzer.judging.query_session import QuerySession
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.solving import Budget
from analyzer.verdicts.verdict import Status


class Vacuity:
    """Asks the session of a question; `claim` as it was written."""

    def __init__(
        self, cluster: Cluster, claim: Claim, session: QuerySession, evidence: Evidence, budget: Budget
    ) -> None:
        self.cluster, self.claim, self.session, self.evidence, self.budget = cluster, claim, session, evidence, budget
        self.obligation, self.question = session.obligation, session.obligation.scope.question

    def found(self) -> tuple[Status, str] | None:
        """(status, reason) if the claim holds only because it speaks of nothing, or that cannot be told."""
        claim, solver = self.claim, self.session.solver
        literals = [IN_SCOPE]
        if claim.where is not None and claim.kind in (Kind.ONLY, Kind.REACHES_ONLY):
            literals.append(CONDITION)  # it narrows what is permitted, so there may be a scope all the same
        for literal in literals:
            found = solver.check(UNIVERSE, literal, tells_why=False)
            if found.is_unsat:
                self.evidence.member(literal, exists=False)
                return Status.VACUOUS, self._why_idle(literal)
            if not found.is_sat:
                return Status.UNKNOWN, found.reason
            self.evidence.member(literal, exists=True)
        return None

    def _why_idle(self, literal: str) -> str:
        claim = self.claim
        sides = []
        if claim.kind is not Kind.ONLY:
            sides.append((IN_SRC, "source" if claim.destinations is not None else "subject"))
        if claim.kind not in (Kind.REACHES_ONLY, Kind.ISOLATED):
            sides.append((IN_DST, "destination"))
        for side, word in sides:
            if self.session.solver.check(side, tells_why=False).is_unsat:
                self.evidence.member(side, exists=False)
                return self._why_empty(side, word)
        if self._is_due_to_assumptions(UNIVERSE, literal):
            names = ", ".join(f"`{a.name}`" for a in self.question.assumptions)
            return f"the assumptions ({names}) leave nothing that the claim speaks of"
        if literal == CONDITION:
            return "its `where` can never hold"
        if claim.kind in (Kind.ONLY, Kind.REACHES_ONLY):
            return "nothing is left to forbid: every connection that could be is permitted or excused"
        if claim.excuses and claim.where is None:
            return "no two ends could make such a connection, or all of them are excused"
        if POD not in self.obligation.scope.src.kinds | self.obligation.scope.dst.kinds:
            return "policies speak of pods, and neither side holds one or leads to one"
        return "its `where` can hold of nothing in the question" if claim.where else "no two ends could meet"

    def _why_empty(self, literal: str, word: str) -> str:
        if self._is_due_to_assumptions(literal):
            names = ", ".join(f"`{a.name}`" for a in self.question.assumptions)
            return f"the assumptions ({names}) contradict each other, or leave the {word} set without a member"
        where = {
            Universe.ANY: "no pod, address or node could ever be in",
            Universe.NAMESPACES: "nothing in the namespaces that exist can be in",
            Universe.INVENTORY: "nothing in the manifests is in",
        }[self.question.universe]
        return f"{where} the {word} set" + (" on these ports" if literal == IN_DST else "")

    def _is_due_to_assumptions(self, *literals: str) -> bool:
        if not self.question.assumptions:
            return False
        freed = encode(self.cluster, replace(self.question, assumptions=()))
        return QuerySession(freed, self.budget).solver.check(*literals).is_sat
