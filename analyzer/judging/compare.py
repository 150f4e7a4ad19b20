"""Two revisions to what differs: every region that one of them allows and the other denies, until none is left."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from analyzer.encoding import VIOLATION, Obligation, Question, align, annotated_in, decode, encode_pair
from analyzer.errors import InternalError, UndecidedError
from analyzer.judging.bound import bound
from analyzer.judging.counterexamples import Finder, Found, Witness, new_namespaces
from analyzer.judging.either_way import reading
from analyzer.judging.evidence import Evidence
from analyzer.judging.judge import unread_requests
from analyzer.judging.mediated import mediated_pair
from analyzer.judging.moved import moved_addresses
from analyzer.judging.query_session import QuerySession
from analyzer.judging.regions import describe
from analyzer.judging.replay import Replay, UnconfirmedError
from analyzer.judging.setting import Setting
from analyzer.judging.unread import REASON, unread_in
from analyzer.model.claims import Assumption, Claim, Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.policies import PORT_PROTOCOLS, NumberedPorts
from analyzer.model.profile import Profile
from analyzer.model.request_view import is_looked_at, proxy_config
from analyzer.records import dataclass
from analyzer.semantics.requested import asked_outcomes
from analyzer.solving import Outcome, OutOfTimeError
from analyzer.verdicts.difference import Change, Shift

ANYTHING_NEW = Claim(Kind.NO_NEW, ANYTHING, ANYTHING, tuple(NumberedPorts(p) for p in PORT_PROTOCOLS))
_OPEN = "whether more changes hangs on what the specification, or an object that is not modelled, leaves open"
_NORMALIZED = "the revisions normalize paths in different ways, so that requests are not compared one by one"
_MOVED = "whether anything changes hangs on the addresses of pods, which the revisions give other ranges"


@dataclass(frozen=True, slots=True)
class Revisions:
    """The old and the new revision."""

    old: Cluster
    new: Cluster


def gained(
    revisions: Revisions,
    setting: Setting,
    most: int,
    claim: Claim = ANYTHING_NEW,
    assumptions: tuple[Assumption, ...] = (),
) -> Shift:
    """The connections the claim speaks of that only the new revision allows, in at most `most` regions.

    InternalError if a witness does not replay in the oracle on both sides.
    """
    profiles = setting.old_profile or setting.profile, setting.profile
    return _Comparison(revisions.old, revisions.new, profiles, True, setting, claim, assumptions).shift(most)


def lost(revisions: Revisions, setting: Setting, most: int) -> Shift:
    """The connections that only the old revision allows."""
    profiles = setting.profile, setting.old_profile or setting.profile
    return _Comparison(revisions.new, revisions.old, profiles, False, setting, ANYTHING_NEW, ()).shift(most)


class _Comparison:
    """What `denying` denies and `allowing` allows, each under its profile, in this order."""

    def __init__(
        self,
        denying: Cluster,
        allowing: Cluster,
        profiles: tuple[Profile, Profile],
        is_gained: bool,
        setting: Setting,
        claim: Claim,
        assumptions: tuple[Assumption, ...],
    ) -> None:
        self.is_gained, self.setting = is_gained, setting
        self._profiles = profiles
        before, profile = profiles
        question = Question(
            reading(bound(claim, setting.pod_addresses, profile, denying, allowing, before=before), is_strongest=True),
            assumptions,
            setting.universe,
            profile,
            setting.pod_addresses,
            slice_first=setting.slice_first,
            denying_profile=before if before != profile else None,
        )
        denying, allowing, self.question = mediated_pair(denying, allowing, question)
        self.denying, self.allowing = align(denying, allowing)

    def shift(self, most: int) -> Shift:
        try:
            return self._shift(most)
        except (UndecidedError, UnconfirmedError) as error:
            return Shift(reason=str(error))

    def _shift(self, most: int) -> Shift:
        if self.question.with_requests:
            sides = tuple(zip(self._profiles, (self.denying, self.allowing), strict=True))
            looking = [side for side in sides if is_looked_at(*side)]
            if len({proxy_config(*side).normalization for side in looking}) > 1:
                return Shift(reason=_NORMALIZED)
            asked = zip((self.denying, self.allowing), self.question.of_sides(2), strict=True)
            if reason := next(filter(None, (unread_requests(*side) for side in asked)), ""):
                return Shift(reason=reason)
        is_inventory = self.question.universe is Universe.INVENTORY
        obligation = self._encoded(self.question, is_live=is_inventory)
        unread = unread_in(self.denying, self.allowing)
        if obligation is None:
            return Shift(reason=REASON, blame=unread) if unread else self._elsewhere(Shift())
        session = QuerySession(obligation, self.setting.budget)
        evidence = Evidence(session, is_kept=self.setting.keeps_steps)
        try:
            shift = self._told(obligation, session, evidence, most)
        except OutOfTimeError as error:
            return Shift(reason=str(error))
        if unread and not shift.reason:
            shift = replace(shift, reason=REASON, blame=unread)
        return replace(self._elsewhere(shift), steps=evidence.steps)

    def _elsewhere(self, shift: Shift) -> Shift:
        """A region of the two revisions holds one address for an end.  Where an end may have another in each, which
        some block tells from the first, what was found to be the same may not be."""
        moved = moved_addresses(self.denying, self.allowing, self._profiles, self.setting.pod_addresses)
        if shift.changes or shift.reason or not moved:
            return shift
        return replace(shift, reason=_MOVED, blame=moved)

    def _told(self, obligation: Obligation, session: QuerySession, evidence: Evidence, most: int) -> Shift:
        certain = session.certain(obligation.opens)
        found = Found((), None, certain.result.value == "unsat", certain.reason)
        if certain.values is not None:
            finder = Finder(session, lambda q: self._encoded(q, is_live=True), most, is_disjoint=True)
            found = finder.find(certain.values, self.setting.budget)
        changes = tuple(self._change(one, obligation) for one in found.witnesses)
        if found.is_complete:
            shift, rest = self._with_open(changes, found, session)
        else:
            shift, rest = Shift(changes, is_capped=not found.reason, reason=found.reason), None
        # Last of all: what evidence asks of the session may change which of several models it finds next.
        if changes:
            evidence.refuted(found)
        elif rest is not None and rest.is_unsat:
            evidence.none_violates()
        if rest is not None and rest.is_sat:
            evidence.either_way(rest.values, obligation.opens)
        return shift

    def _encoded(self, question: Question, *, is_live: bool) -> Obligation | None:
        return encode_pair(self.denying, self.allowing, question, is_live=is_live)

    def _with_open(self, changes: tuple[Change, ...], found: Found, session: QuerySession) -> tuple[Shift, Outcome]:
        """What is left changes for some turn of the open facts at most: say which.  With the answer that says so."""
        outside = [f"!{session.inside(one.box)}" for one in found.witnesses]
        rest = session.check(VIOLATION, *outside)
        if not rest.is_sat:
            return Shift(changes, reason=rest.reason), rest
        obligation = session.obligation
        connection = decode(obligation, rest.values)
        there = (self.denying, self.allowing), (self.allowing, self.denying)
        sides = zip(there, self._profiles, strict=True)
        was, now = (self._allowed(side, profile, connection) for side, profile in sides)
        if False not in was or True not in now:
            if apart := obligation.scope.requests.apart:
                raise UnconfirmedError(
                    f"no request is found to tell for sure, of what hangs together: {'; '.join(apart)}"
                )
            raise InternalError(f"the oracle finds no change of {connection}, the encoding may", obligation.text)
        needed = session.needed(rest.values, obligation.opens)
        facts = tuple(dict.fromkeys(obligation.opens[name].text for name in needed))
        return Shift(changes, reason=_OPEN, blame=facts), rest

    @staticmethod
    def _allowed(sides: tuple[Cluster, Cluster], profile: Profile, connection: Connection) -> set[bool]:
        found = (it for each in seen_by(connection, *sides) for it in asked_outcomes(sides[0], profile, each))
        return {decision.allowed for decision, _ in found}

    def _change(self, one: Witness, obligation: Obligation) -> Change:
        connection, (before_profile, profile) = one.witness, self._profiles
        assert isinstance(connection, Connection)
        apart = obligation.scope.requests.apart
        spoken = Replay(self.allowing, profile, self.question.claim, self.question.assumptions, apart=apart)
        allowed = spoken.connection(connection, allowed=True, bundle=obligation.text)
        anything = Replay(self.denying, before_profile, ANYTHING_NEW, (), apart=apart)
        before = seen_by(connection, self.denying, self.allowing)
        sure = (it for it in before if self._is_denied(it)) if len(before) > 1 else iter(before)
        denied = anything.connection(next(sure, before[0]), allowed=False, bundle=obligation.text)
        decisions = (denied, allowed) if self.is_gained else (allowed, denied)
        return Change(
            self.is_gained,
            connection,
            *decisions,
            describe(obligation, one.box),
            one.live,
            one.depends_on,
            new_namespaces(connection, self.allowing),
        )

    def _is_denied(self, connection: Connection) -> bool:
        return {it.allowed for it, _ in asked_outcomes(self.denying, self._profiles[0], connection)} == {False}


def seen_by(connection: Connection, cluster: Cluster, other: Cluster) -> list[Connection]:
    """The connection with the labels that the cluster's declared namespaces have, its workloads on their network and
    behind their proxies: in each way that it may be, where pods of one owner had several.  `other`: the revision whose
    connection it is."""
    ends = (_seen(end, cluster, other) for end in (connection.src, connection.dst))
    return [replace(connection, src=src, dst=dst) for src, dst in product(*ends)]


def _seen(end: End, cluster: Cluster, other: Cluster) -> list[End]:
    if not isinstance(end, Pod):
        return [end]
    here = [w for w in cluster.workloads_by_namespace.get(end.namespace, ()) if w.id == end.workload]
    networks = {workload.host_network for workload in here}
    if networks and end.host_network not in networks:
        end = replace(end, host_network=not end.host_network)
    namespace = cluster.namespace_by_name.get(end.namespace)
    if namespace is not None and namespace.is_declared:
        end = replace(end, namespace_labels=namespace.labels)
    there = (w for it in (other, cluster) for w in it.workloads_by_namespace.get(end.namespace, ()))
    like = (w for w in there if (w.owner, w.annotations) == (end.workload, end.annotations))
    found = dict.fromkeys(its for w in like for its in annotated_in(w, cluster))
    return [replace(end, annotations=its) for its in found] or [end]
