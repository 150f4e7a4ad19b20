"""Outcome to verdict: the one place where an answer gets its name.

A claim other than `some` holds iff no connection of the universe violates it, however the open facts turn out.
- No violation at all: proved, or vacuous if the claim speaks of nothing.
- A violation that stands however the open facts turn out: refuted; live if declared workloads are one whatever is
  unknown about them.
- Violations only for some turn of the open facts: unknown, naming those facts.
`some` is the dual: proved by a connection that is certainly allowed, refuted when none can be.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from analyzer.encoding import VIOLATION, Attribute, Obligation, Question, decode, encode
from analyzer.encoding.mediation import admits_tokens, names_tokens
from analyzer.encoding.vocabulary import asked_in_pipeline
from analyzer.encoding.walk import asked_of_requests, requests_in
from analyzer.errors import InternalError, UndecidedError
from analyzer.judging.beyond import beyond
from analyzer.judging.bound import bound, bound_pods
from analyzer.judging.counterexamples import Finder, counterexample
from analyzer.judging.either_way import either_way, reading, unknown_sets
from analyzer.judging.evidence import Evidence
from analyzer.judging.looking import is_enough, looked_at_first
from analyzer.judging.made_gateways import beside_gateways
from analyzer.judging.made_workloads import beside_makers
from analyzer.judging.mediated import mediated
from analyzer.judging.mutations import as_admitted
from analyzer.judging.placing import LOOKED_AT, as_placed, ways_of_placing
from analyzer.judging.query_session import NOT_VIOLATION, QuerySession
from analyzer.judging.readable import FAMILIAR_ADDRESSES, readable
from analyzer.judging.replay import AnotherRequest, Replay, UnconfirmedError
from analyzer.judging.scales import beside_scales
from analyzer.judging.setting import Setting
from analyzer.judging.unread import beside_unread
from analyzer.judging.vacuity import Vacuity
from analyzer.judging.words import denial, denier, in_words, refutation, unknown_fact
from analyzer.model.claims import Assumption, Kind, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Name, Role
from analyzer.model.mesh import KINDS_OF_MESH
from analyzer.model.policies import RuleRef
from analyzer.model.request_view import is_seen_by_engine
from analyzer.semantics import ties
from analyzer.semantics.requested import Asked
from analyzer.sets.intervals import points
from analyzer.solving import Outcome, OutOfTimeError
from analyzer.verdicts.verdict import Statistics, Status, Verdict

_MOST_REQUESTS = 60
_NOT_COVERED = "a pod without a sidecar, or plaintext under PERMISSIVE, is not covered"
_MOST_MINIMISED = 40
_MOST_FURTHER = 9
_CHEAP = 100_000  # rlimit units: a tenth of a second or so


def judge(cluster: Cluster, query: Query, assumptions: tuple[Assumption, ...], setting: Setting) -> Verdict:
    """The verdict on one query.  InternalError if a witness does not replay."""
    if query.claim.kind is Kind.NO_NEW:
        raise InternalError(f"query `{query.id}` compares two revisions and was asked of one")
    claim = bound(query.claim, setting.pod_addresses, setting.profile, cluster)
    if unknown_sets(claim):
        return either_way(query, claim, lambda read: judge(cluster, read, assumptions, setting))
    started = time.monotonic()
    cluster, question = mediated(cluster, question_of(cluster, query, assumptions, setting))
    if reason := unread_requests(cluster, question):
        return Verdict(query, Status.UNKNOWN, question.universe, reason)
    verdict = _settled(cluster, query, question, setting, started)
    for settled in ways_of_placing(verdict, question):
        wide = replace(setting, max_counterexamples=max(LOOKED_AT, setting.max_counterexamples), keeps_steps=False)
        other = _settled(cluster, query, replace(question, settled=settled), wide, started)
        if (placed := as_placed(other, settled, setting.max_counterexamples)) is not None:
            return placed
    return beside_gateways(verdict, cluster, lambda there: judge(there, query, assumptions, setting))


def _settled(cluster: Cluster, query: Query, question: Question, setting: Setting, started: float) -> Verdict:
    """The verdict, however many requests have to be tried."""
    for _ in range(_MOST_REQUESTS):
        try:
            return _judged(cluster, query, question, setting, started)
        except AnotherRequest as found:
            question = replace(question, requests=(*question.requests, found.chosen))
        except (OutOfTimeError, UnconfirmedError, UndecidedError) as error:
            return _undecided(query, question, str(error), started)
    return _undecided(query, question, "there are too many requests to tell apart", started)


def unread_requests(cluster: Cluster, question: Question) -> str:
    """What of requests is asked, or would be, and is not modelled; empty if nothing is."""
    if question.with_requests and is_seen_by_engine(question.profile, cluster):
        return ""
    tests = asked_in_pipeline(cluster, question.profile).tests if question.with_requests else ()
    of_engine = {test.attribute.name for test in tests if test.attribute.role is Role.REQUEST} - {Name.ASKED}
    if Name.DNS not in {test.attribute.name for test in asked_of_requests(question.claim)}:
        of_engine -= {Name.DNS}  # who asks no DNS is judged by connections there
    if of_engine:
        return (
            f"rules of {question.profile.name} that look at requests are not modelled beside questions about requests"
        )
    return ""


def _undecided(query: Query, question: Question, reason: str, started: float) -> Verdict:
    verdict = Verdict(query, Status.UNKNOWN, question.universe, reason)
    return replace(verdict, statistics=Statistics(seconds=time.monotonic() - started))


def _judged(cluster: Cluster, query: Query, question: Question, setting: Setting, started: float) -> Verdict:
    trial, found = _tried(cluster, query, question, setting)
    verdict = beside_scales(
        found,
        cluster,
        lambda witness: ties(cluster, question.profile, witness),
        lambda one: _judged(one, query, question, setting, started),
    )
    verdict = as_admitted(verdict, cluster, question)
    verdict = beside_unread(beside_makers(verdict, cluster, question), trial.obligation.scope)
    if verdict.counterexamples != found.counterexamples:  # not all of them are sure
        verdict = replace(verdict, beyond=None)
    statistics = Statistics(
        seconds=time.monotonic() - started,
        rlimit=trial.session.solver.spent,
        policies=trial.obligation.policies,
        checks=trial.session.solver.checks,
    )
    return replace(verdict, statistics=statistics, steps=trial.evidence.steps)


def _tried(cluster: Cluster, query: Query, question: Question, setting: Setting) -> tuple[_Trial, Verdict]:
    first = looked_at_first(cluster, question, keeps_steps=setting.keeps_steps)
    if first is not None:
        for others_let_in in (False, True):
            trial = _Trial(cluster, query, replace(first, others_let_in=others_let_in), setting)
            found = trial.held() if others_let_in else trial.refuted()
            if found is not None and is_enough(found, setting.max_counterexamples):
                return trial, found
    trial = _Trial(cluster, query, question, setting)
    return trial, trial.some() if query.claim.kind is Kind.SOME else trial.universal()


def question_of(cluster: Cluster, query: Query, assumptions: tuple[Assumption, ...], setting: Setting) -> Question:
    """What a query asks of the cluster, in the universe of its own if it names one."""
    universe = query.universe or setting.universe
    claim = bound(query.claim, setting.pod_addresses, setting.profile, cluster)
    if unknown_sets(claim):
        claim = reading(claim, is_strongest=True)
    return Question(
        claim,
        tuple(replace(a, members=bound_pods(a.members, setting.profile, cluster)) for a in assumptions),
        universe,
        setting.profile,
        setting.pod_addresses,
        slice_first=setting.slice_first,
    )


def replay_of(cluster: Cluster, question: Question, apart: tuple[str, ...] = ()) -> Replay:
    """The oracle, for the witnesses of a question; `apart` as in a Replay."""
    asked = Asked(settled=question.settled)
    if question.requests:
        from analyzer.encoding.requests import rows_of

        tests = requests_in(question.claim.where)
        asked = Asked(rows_of(test.attribute for test in tests), admits_tokens(question), question.settled)
    return Replay(cluster, question.profile, question.claim, question.assumptions, asked, question.requests, apart)


class _Trial:
    def __init__(self, cluster: Cluster, query: Query, question: Question, setting: Setting) -> None:
        self.cluster, self.query, self.question, self.setting = cluster, query, question, setting
        self.obligation: Obligation = encode(cluster, question)
        self.session = QuerySession(self.obligation, setting.budget)
        self.evidence = Evidence(self.session, is_kept=setting.keeps_steps)
        self._vacuity = Vacuity(cluster, query.claim, self.session, self.evidence, setting.budget)
        self.replay = replay_of(cluster, question, self.obligation.scope.requests.apart)

    def _verdict(self, status: Status, reason: str) -> Verdict:
        return Verdict(self.query, status, self.question.universe, reason)

    # -------------------------------------------------------------------------------------------- universal claims
    def universal(self) -> Verdict:
        rules = tuple(self.obligation.tracks)
        found = self.session.check_rules([VIOLATION], rules)
        if found.is_unsat:
            return self._held(found)
        if not found.is_sat:
            self.evidence.undecided()
            return self._verdict(Status.UNKNOWN, found.reason)
        certain = self.session.certain(self.obligation.opens)
        if certain.values is None:
            verdict = self._verdict(Status.UNKNOWN, certain.reason)
            if certain.result.value != "unknown":
                verdict = self._open(found)
            self.evidence.either_way(found.values, self.obligation.opens)
            return verdict
        return self._refuted(certain.values)

    def held(self) -> Verdict | None:
        """The verdict if nothing violates the claim."""
        found = self.session.check_rules([VIOLATION], tuple(self.obligation.tracks))
        return self._held(found) if found.is_unsat else None

    def refuted(self) -> Verdict | None:
        """The verdict if something violates it for certain."""
        certain = self.session.certain(self.obligation.opens)
        return None if certain.values is None else self._refuted(certain.values)

    def _refuted(self, values: Mapping[str, int]) -> Verdict:
        most = self.setting.max_counterexamples
        finder = Finder(
            self.session,
            lambda q: encode(self.cluster, q),
            most,
            is_disjoint=False,
            most_further=_MOST_FURTHER if self.setting.looks_further else 0,
        )
        found_all = finder.find(values, self.setting.budget)
        examples, further = (
            tuple(counterexample(s, self.obligation, self.replay) for s in witnesses)
            for witnesses in (found_all.witnesses, found_all.further)
        )
        self.evidence.refuted(found_all)
        first = examples[0]
        blame, reason = first.depends_on, refutation(self.query.claim.kind, self.question.profile)
        if self._needs_a_token():
            reason += "; only clients with a valid token do so, and `--assume no-tokens` asks without them"
        if self.query.claim.kind is Kind.NEVER_TIE and first.connection is not None:
            blame = self.replay.tied(first.connection)
            reason = f"{reason}: {'; '.join(blame)}"
        return replace(
            self._verdict(Status.REFUTED, reason),
            live=found_all.live,
            counterexamples=examples,
            further=further,
            is_complete=found_all.is_complete,
            blame=blame,
            beyond=beyond(finder, found_all, self.replay) if self.setting.lists_regions else None,
        )

    def _held(self, outcome: Outcome) -> Verdict:
        subject = "pod" if self.query.claim.kind is Kind.ISOLATED else "connection"
        self.evidence.none_violates(f"no {subject} violates the claim")
        empty = self._vacuity.found()
        if empty is not None:
            return self._verdict(*empty)
        rests_on, is_minimal = self._core(outcome.core)
        reason = "no connection in the universe violates it"
        if self._rests_on_the_mesh():
            alone = "" if any(it.policy.kind not in KINDS_OF_MESH for it in rests_on) else " alone"
            reason += f"; it rests on the mesh{alone}: {_NOT_COVERED}"
        elif not rests_on:
            reason += "; it rests on no policy"
        return replace(self._verdict(Status.PROVED, reason), rests_on=rests_on, is_minimal=is_minimal)

    def _rests_on_the_mesh(self) -> bool:
        """Without it something violates the claim."""
        scope = self.obligation.scope
        if not scope.mesh.stages or self.query.claim.kind in (Kind.EVERY, Kind.SOME):
            return False
        bare = encode(self.cluster, replace(self.question, past_the_mesh=True))
        return not QuerySession(bare, self.setting.budget).check(VIOLATION).is_unsat

    def _needs_a_token(self) -> bool:
        """Nothing violates the claim without a valid token, and the question names none."""
        token = self.obligation.variables.find(Role.REQUEST, Attribute.TOKEN)
        if token is None or names_tokens(self.query.claim.where):
            return False
        return self.session.is_impossible(VIOLATION, f"!{token.symbol}")

    def _core(self, core: tuple[str, ...]) -> tuple[tuple[RuleRef, ...], bool]:
        """The tracked rules a proof needs, made minimal while that costs little beside the proof."""
        tracks, solver = self.obligation.tracks, self.session.solver
        kept = [name for name in core if name in tracks]
        is_minimal = len(kept) <= _MOST_MINIMISED
        end = solver.spent + max(_CHEAP, solver.spent // 4)
        for name in tuple(kept) if is_minimal else ():
            if name not in kept:
                continue
            if solver.spent >= end:
                is_minimal = False
                break
            others = [k for k in kept if k != name]
            without = self.session.check_rules([VIOLATION], others, at_most=end - solver.spent)
            if without.is_unsat:
                kept = [k for k in without.core if k in tracks]
            elif not without.is_sat:
                is_minimal = False
        self.evidence.suffices(kept)
        return tuple(tracks[name] for name in sorted(kept, key=lambda k: int(k[1:]))), is_minimal

    def _open(self, found: Outcome) -> Verdict:
        """It is violated or not as the open facts turn out: say which."""
        needed = self.session.needed(found.values, self.obligation.opens)
        if self.query.claim.kind is not Kind.ISOLATED:
            witness = decode(self.obligation, found.values)
            self.replay.connection(witness, allowed=None, bundle=self.obligation.text)
        facts = tuple(self.obligation.opens[name].text for name in needed)
        reason = "the answer hangs on what the specification, or an object that is not modelled, leaves open"
        return replace(self._verdict(Status.UNKNOWN, reason), blame=facts)

    # -------------------------------------------------------------------------------------------- some
    def some(self) -> Verdict:
        found = self.session.check(VIOLATION)
        if found.is_unsat:
            self.evidence.none_violates("no connection that the claim speaks of is allowed")
            return self._none_can()
        if not found.is_sat:
            self.evidence.undecided()
            return self._verdict(Status.UNKNOWN, found.reason)
        universal = self.session.unknown_facts
        certain = self.session.given(*self._wishes()).certain_of_unknowns()
        if certain.values is None:
            certain = self.session.certain_of_unknowns()
        if certain.values is None:
            if certain.result.value == "unknown":
                self.evidence.either_way(found.values, universal)
                return self._verdict(Status.UNKNOWN, certain.reason)
            needed = self.session.needed(found.values, universal)
            opens = self.obligation.opens
            facts = tuple(opens[n].text if n in opens else unknown_fact(self.obligation, n) for n in needed)
            reason = "whether such a connection is allowed hangs on what is not known"
            self.evidence.either_way(found.values, universal)
            return replace(self._verdict(Status.UNKNOWN, reason), blame=tuple(dict.fromkeys(facts)))
        connection = decode(self.obligation, readable(self.obligation, certain.values))
        self.replay.connection(connection, allowed=True, bundle=self.obligation.text)
        fixed = [NOT_VIOLATION, *self.session.fixing(certain.values, universal)]
        core = self.session.check_rules(fixed, self.obligation.tracks)
        tracks = self.obligation.tracks
        rests_on = tuple(tracks[k] for k in core.core if k in tracks) if core.is_unsat else ()
        self.evidence.allowed(certain.values, universal)
        verdict = self._verdict(Status.PROVED, f"for example {in_words(connection)}")
        return replace(verdict, rests_on=rests_on, live=self._is_there())

    def _is_there(self) -> bool | None:
        """False where nothing in the manifests is such a connection's ends: only pods that are not there yet are."""
        if self.question.universe is Universe.INVENTORY:
            return None
        question = replace(self.question, universe=Universe.INVENTORY, open_labels=True)
        session = QuerySession(encode(self.cluster, question), self.setting.budget)
        return False if session.is_impossible(VIOLATION) else None

    def _wishes(self) -> list[str]:
        """Literals: what lies outside has an address that a reader knows."""
        rows = (v for v in self.obligation.variables if v.attribute is Attribute.KNOWN_ADDRESS)
        return [self.session.is_within(row, points(FAMILIAR_ADDRESSES[int(str(row.which))])) for row in rows]

    def _none_can(self) -> Verdict:
        idle = self._vacuity.found()
        if idle is not None:
            status, reason = idle
            return self._verdict(Status.REFUTED if status is Status.VACUOUS else status, reason)
        denying = self._denying()
        words = f": {denial(denying)}" if denying else ""
        verdict = self._verdict(Status.REFUTED, f"no such connection is allowed{words}")
        blame = tuple(f"{denier(ref)} ({ref.source})" for ref in denying)
        return replace(verdict, blame=blame, rests_on=denying)

    def _denying(self) -> tuple[RuleRef, ...]:
        """The rules and policies that keep every connection of a refuted `some` from being allowed: the grounds on
        which `no` with the same words is proved."""
        opposite = replace(self.query, claim=replace(self.question.claim, kind=Kind.NO))
        question = replace(self.question, claim=opposite.claim)
        trial = _Trial(self.cluster, opposite, question, replace(self.setting, keeps_steps=False))
        found = trial.session.check_rules([VIOLATION], tuple(trial.obligation.tracks))
        return trial._core(found.core)[0] if found.is_unsat else ()
