"""Every witness is decided again by the oracle before it is shown.  Disagreement is a defect, never an answer."""

from __future__ import annotations

from analyzer.errors import InternalError
from analyzer.model.claims import Assumption, Claim, Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import (
    Decision,
    Side,
    holds,
    is_in_scope,
    is_member,
    is_pod_in_scope,
    isolation,
    outcomes,
    ties,
)


@dataclass(frozen=True, slots=True)
class Replay:
    """Decides witnesses of one claim in the oracle.  InternalError when it does not confirm what the solver said."""

    cluster: Cluster
    profile: Profile
    claim: Claim
    assumptions: tuple[Assumption, ...]

    def connection(self, connection: Connection, *, allowed: bool | None, bundle: str) -> Decision:
        """The oracle's decision, which must be `allowed` however open facts turn out; None: it must be open."""
        decisions = outcomes(self.cluster, self.profile, connection)
        if self.claim.kind is Kind.NEVER_TIE:
            if not ties(self.cluster, self.profile, connection):
                raise InternalError(f"the oracle finds no tie for {connection}", bundle)
            return decisions[0]
        found = {d.allowed for d in decisions}
        expected = {True, False} if allowed is None else {allowed}
        if found != expected:
            words = {True: "allowed", False: "denied"}
            says = " or ".join(words[f] for f in sorted(found))
            wanted = " or ".join(words[e] for e in sorted(expected))
            raise InternalError(f"the oracle finds {connection} {says}, the encoding {wanted}", bundle)
        if not is_in_scope(self.claim, connection, self.profile):
            raise InternalError(f"the query does not speak of the witness {connection}", bundle)
        for end in (connection.src, connection.dst):
            self._assumed(end, bundle)
        return decisions[0]

    def tied(self, connection: Connection) -> tuple[str, ...]:
        """In words, the equal priorities that the connection meets."""
        return tuple(fact.text for fact in ties(self.cluster, self.profile, connection))

    def pod(self, pod: Pod, bundle: str) -> tuple[Side, ...]:
        """The oracle's word on a pod that refutes `is isolated`: one side for each direction asked about."""
        assert self.claim.kind is Kind.ISOLATED
        sides = tuple(isolation(self.cluster, self.profile, pod, d) for d in self.claim.directions)
        if not any(side.allowed for side in sides) or not is_pod_in_scope(self.claim, pod):
            raise InternalError(f"the oracle finds {pod} isolated, the encoding does not", bundle)
        self._assumed(pod, bundle)
        return sides

    def _assumed(self, end: object, bundle: str) -> None:
        for assumption in self.assumptions:
            if (
                isinstance(end, Pod)
                and is_member(assumption.members, end)
                and not holds(assumption.condition, subject=end)
            ):
                raise InternalError(f"the witness {end} breaks assumption `{assumption.name}`", bundle)
