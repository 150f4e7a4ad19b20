"""Every witness is decided again by the oracle before it is shown.  Disagreement is a defect, never an answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from analyzer.errors import InternalError
from analyzer.model.claims import Assumption, Claim, Kind, asked_by
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.formulas import Leaf
from analyzer.model.mentioned_labels import labels_in, mentioned_labels, told_at_destinations
from analyzer.model.profile import Profile
from analyzer.model.requests import Request
from analyzer.records import dataclass
from analyzer.semantics import (
    Decision,
    Ruling,
    holds,
    is_in_scope,
    is_member,
    isolation,
    isolation_outcomes,
    known,
    known_pods,
    outcomes,
    ties,
    with_compared,
)
from analyzer.semantics.requested import (
    AS_IT_STANDS,
    Asked,
    Its,
    asked_outcomes,
    attributes_of,
    chosen_in,
)


class UnconfirmedError(Exception):
    """Nothing shows what the answer is, for a reason that is known."""


class AnotherRequest(Exception):  # noqa: N818 - no error: a request that nobody has tried yet
    """The oracle finds one more request that gets through; `chosen` are its attributes."""

    def __init__(self, chosen: Its) -> None:
        super().__init__("one more request")
        self.chosen = chosen


@dataclass(frozen=True)
class Replay:
    """Decides witnesses of one claim in the oracle.  InternalError when it does not confirm what the solver said.

    `tried`: the requests of which the solver was told that some is to get through; AnotherRequest where the oracle
    finds one more.  `apart`: what the encoding takes for independent and is not: UnconfirmedError where that shows.
    """

    cluster: Cluster
    profile: Profile
    claim: Claim
    assumptions: tuple[Assumption, ...]
    asked: Asked = AS_IT_STANDS
    tried: tuple[Its, ...] = ()
    apart: tuple[str, ...] = ()

    def connection(self, connection: Connection, *, allowed: bool | None, bundle: str) -> Decision:
        """The oracle's decision, which must be `allowed` however open facts turn out; None: it must be open."""
        if self.claim.kind is Kind.NEVER_TIE:
            if not ties(self.cluster, self.profile, connection):
                raise InternalError(f"the oracle finds no tie for {connection}", bundle)
            return outcomes(self.cluster, self.profile, connection)[0]
        found: dict[bool | None, Decision] = {}  # None: the claim does not speak of it
        for one in self._keeping_assumptions(connection, bundle):
            is_spoken_of = is_in_scope(self.claim, one, self.profile, attributes_of(one, self.cluster, self.profile))
            for decision, request in asked_outcomes(self.cluster, self.profile, one, self.asked):
                found.setdefault(decision.allowed if is_spoken_of else None, decision)
                if self.asked.named is not None and is_spoken_of and decision.allowed and request is not None:
                    self._another(one, request)
        wanted = allowed if allowed is not None else self.claim.kind is not Kind.EVERY
        if self.apart and (wanted not in found or (len(found) > 1) is not (allowed is None)):
            raise UnconfirmedError(
                f"no request is found to tell for sure, of what hangs together: {'; '.join(self.apart)}"
            )
        is_open = len(found) > 1 or any(isinstance(e, Pod) and e.maker for e in (connection.src, connection.dst))
        if wanted not in found or is_open is not (allowed is None):
            if None in found and allowed is not None:
                raise InternalError(f"the query does not speak of the witness {connection}", bundle)
            words = {True: "allowed", False: "denied", None: "not spoken of"}
            says = " or ".join(words[f] for f in found)
            says_encoding = "open" if allowed is None else words[allowed]
            raise InternalError(f"the oracle finds {connection} {says}, the encoding {says_encoding}", bundle)
        return found[wanted]

    def _another(self, connection: Connection, request: Request) -> None:
        chosen = chosen_in(request, connection, self.cluster, self.profile)
        kept = {attribute: texts for attribute, texts in chosen.items() if attribute not in (self.asked.named or ())}
        if kept not in self.tried:
            raise AnotherRequest(kept)

    @cached_property
    def _asked(self) -> tuple[Leaf, ...]:
        return tuple(asked_by(self.claim, self.assumptions))

    def _mentioned(self, by_others: Mapping[str, frozenset[str]], *ends: End) -> Mapping[str, Collection[str]]:
        """The values of pods' labels that the policies, the claim and the assumptions mention, or compare with what
        these ends have."""
        found = {key: set(values) for key, values in by_others.items()}
        for key, values in labels_in(self._asked):
            found.setdefault(key, set()).update(values)
        return with_compared(found, self._asked, ends)

    def _keeping_assumptions(self, connection: Connection, bundle: str) -> list[Connection]:
        """The connection with all labels known, in each way that the assumptions admit."""
        ends = (connection.src, connection.dst)
        mentioned, at_destination = (
            self._mentioned(of(self.profile, self.cluster), *ends) for of in (mentioned_labels, told_at_destinations)
        )
        every = list(known(connection, mentioned, at_destination))
        kept = [one for one in every if not any(self._breaks(end) for end in (one.src, one.dst))]
        if not kept:
            self._assumed(every[0].src, bundle)
            self._assumed(every[0].dst, bundle)
        return kept or every

    def tied(self, connection: Connection) -> tuple[str, ...]:
        """In words, the equal priorities that the connection meets."""
        return tuple(fact.text for fact in ties(self.cluster, self.profile, connection))

    def pod(self, pod: Pod, bundle: str) -> tuple[Ruling, ...]:
        """The oracle's word on a pod that refutes `is isolated`: one ruling for each direction asked about."""
        assert self.claim.kind is Kind.ISOLATED
        every = list(known_pods(pod, self._mentioned(mentioned_labels(self.profile, self.cluster), pod)))
        for one in [one for one in every if not self._breaks(one)] or every:
            rulings = tuple(isolation(self.cluster, self.profile, one, d) for d in self.claim.directions)
            if isolation_outcomes(self.claim, one, self.cluster, self.profile) != {True}:
                raise InternalError(f"the oracle finds {one} isolated, the encoding does not", bundle)
            pod = one
        self._assumed(pod, bundle)
        return rulings

    def _breaks(self, end: object) -> Assumption | None:
        """An assumption that the end breaks."""
        if not isinstance(end, Pod):
            return None
        its = (a for a in self.assumptions if is_member(a.members, end))
        return next((a for a in its if not holds(a.condition, subject=end)), None)

    def _assumed(self, end: object, bundle: str) -> None:
        broken = self._breaks(end)
        if broken is not None:
            raise InternalError(f"the witness {end} breaks assumption `{broken.name}`", bundle)
