"""The oracle: decides one concrete connection straight from the reference text.

Egress is judged at the source and ingress at the destination, each by itself; a connection is allowed iff both allow
it (reference A10.4, B1).  At one end the tiers are asked in order until one decides, and after the last the connection
is allowed.  Plain Python, no solver: this is what every witness is replayed in.
"""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.formulas import Open, Role
from analyzer.model.knobs import ServiceEval
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Stage, StagedRule, Unmatched, entries_in
from analyzer.model.policies import Action, Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import is_enforcing, pipeline_of
from analyzer.records import dataclass
from analyzer.semantics.deciding import as_modelled_first, isolated_by, ruling_of, said, with_doubts
from analyzer.semantics.decision import Decision, Ruling, StageVerdict
from analyzer.semantics.fold import Selected
from analyzer.semantics.formulas import Seen, Situation, Values, is_true
from analyzer.semantics.node_ways import BY_A_NODE, STRAIGHT, at_nodes, node_fact
from analyzer.semantics.selecting import selected
from analyzer.semantics.services import (
    CLIENT_ADDRESS,
    OWN_NODE,
    SOURCES_SEEN,
    balancer_seen,
    node_seen,
    source_fact,
)
from analyzer.semantics.settling import Settle, first_option, runs
from analyzer.semantics.unknown_labels import settled
from analyzer.semantics.ways import AFTER, BEFORE, SERVICE_EVAL, ways_to


def decide(
    cluster: Cluster,
    profile: Profile,
    connection: Connection,
    settle: Settle = first_option,
    request: Values | None = None,
) -> Decision:
    """The decision on the connection, with the rules that decided at each end (reference A0, B1, C2).

    `settle` is asked for each fact that the manifests and the specification leave open.  The caller sees to it that
    one end at least is a pod, that the ends differ, and that the source is not the destination's own node (A12.1,
    A12.2).  `request`: what the client asks for, as the engine sees it; None: nothing that is HTTP.
    """
    src, dst = _settled(cluster, profile, connection.src, settle), connection.dst
    dst = _settled(cluster, profile, dst, settle, is_source=False)
    known = replace(connection, src=src, dst=dst)
    about = replace(Situation.of(known, cluster.nodes, settle), request=request)
    pipeline = pipeline_of(profile, cluster)
    return Decision(tuple(_Stage(cluster, profile, stage).ruling(known, about) for stage in pipeline.stages))


def outcomes(cluster: Cluster, profile: Profile, connection: Connection) -> tuple[Decision, ...]:
    """The decisions that some way of settling the open facts leads to: one that allows, one that denies, or both.

    The first is the one in which every fact takes its first option.
    """
    found: dict[bool, Decision] = {}
    for decision, _ in runs(lambda settle: decide(cluster, profile, connection, settle)):
        found.setdefault(decision.allowed, decision)
        if len(found) == 2:
            break
    return tuple(found.values())


def open_facts(cluster: Cluster, profile: Profile, connection: Connection) -> tuple[OpenFact, ...]:
    """The facts whose value alone can change whether the connection is allowed, in the order in which they are asked.

    A fact can, iff two runs end differently that agree on every other fact both asked for.
    """
    all_runs = list(runs(lambda settle: decide(cluster, profile, connection, settle)))
    asked = dict.fromkeys(fact for _, answers in all_runs for fact in answers)
    allowing = [answers for decision, answers in all_runs if decision.allowed]
    denying = [answers for decision, answers in all_runs if not decision.allowed]
    decisive: set[OpenFact] = set()
    for yes in allowing:
        for no in denying:
            differing = [fact for fact, answer in yes.items() if no.get(fact, answer) != answer]
            if len(differing) == 1:
                decisive.update(differing)
    return tuple(fact for fact in asked if fact in decisive)


def isolation(
    cluster: Cluster, profile: Profile, pod: Pod, direction: Direction, settle: Settle = first_option
) -> Ruling:
    """Whether NetworkPolicies isolate the pod (reference A10.2), or a tier of Calico that denies at its end and passes
    nothing of it on: it is DENIED iff they do, `rules` names them.

    Policies of the other tiers do not isolate (B1.3), and hostNetwork pods are not selected (A12.3).  Where none
    isolates it, an object that is not modelled may.
    """
    known = _settled(cluster, profile, pod, settle)
    stage = next(stage for stage in pipeline_of(profile, cluster).stages if stage.name == direction.value)
    about = Situation(Protocol.OTHER, None, {Role.SELF: known}, cluster.nodes, settle)
    return _Stage(cluster, profile, stage).isolation(about)


def _settled(cluster: Cluster, profile: Profile, end: End, settle: Settle, *, is_source: bool = True) -> End:
    if not isinstance(end, Pod) or not end.unknown:
        return end
    return settled(end, mentioned_labels(profile, cluster), settle, is_source)


# ------------------------------------------------------------------------------------------------ one end
def _why_not(end: Seen) -> str:
    match end:
        case Host():
            return "it is a node: policies do not select it"
        case External() if end.entity:
            return f"policies do not select the entity {end.entity}"
        case External():
            return "it lies outside the cluster: policies do not select it"
        case Pod(host_network=False):
            return "no engine runs where it is: policies do not select it"
        case _:
            return "it uses its node's network: policies do not select it"


def _is_there(rule: StagedRule, about: Situation) -> bool:
    """Not where nobody knows whether there is such a rule, and it is settled that there is none."""
    return rule.rule is not None or not isinstance(rule.when, Open) or is_true(rule.when, about)


def enforces_nothing(profile: Profile) -> str:
    return f"profile {profile.name} enforces no policy"


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage of the cluster's pipeline, asked about one end at a time."""

    cluster: Cluster
    profile: Profile
    stage: Stage

    def _open(self, reason: str, verdict: StageVerdict = StageVerdict.ALLOWED) -> Ruling:
        """Allowed, and by no policy."""
        return Ruling(self.stage.name, verdict, None, (), reason)

    def isolation(self, about: Situation) -> Ruling:
        if not is_true(self.stage.applies, about):
            return self._open(_why_not(about.ends[Role.SELF]), StageVerdict.NONE)
        for tier, scales in selected(self.stage, self.cluster, about):
            closing = [entry for entry in entries_in(scales) if entry.closes]
            passing = (rule for e in entries_in(scales) for rule in e.rules if rule.action is Action.PASS)
            if closing and tier.unmatched is Unmatched.DENY and not any(_is_there(rule, about) for rule in passing):
                return isolated_by(self.stage, tier, closing)
        about = as_modelled_first(about)
        for doubt in self.stage.doubts:
            if is_true(doubt.isolates, about):
                return Ruling(self.stage.name, StageVerdict.DENIED, None, (), said(doubt.isolates))
        enforces = self.profile.enforces
        why = "no NetworkPolicy selects it" if enforces else enforces_nothing(self.profile)
        return self._open(why)

    def ruling(self, connection: Connection, about: Situation) -> Ruling:
        """What the stage says of the connection (reference A0, A12.3, B2)."""
        end = about.ends[self.stage.judges]
        about = about.seeing(Role.SELF, end)
        if not is_true(self.stage.applies, about):
            return self._open(_why_not(end), StageVerdict.NONE)
        if not is_enforcing(self.profile, self.cluster):
            ruling = self._open(enforces_nothing(self.profile))
            return with_doubts(self.stage, ruling, about)
        ruling = self._by_way_of_services(connection, about)
        arrival = self.stage.arrival
        if ruling.allowed or not is_true(arrival.balanced, about):
            return ruling
        selecting = selected(self.stage, self.cluster, about)
        balancer = balancer_seen(selecting, connection.src, about.settle, arrival.balancers)
        if balancer is None:
            return ruling
        brought = self._judged(connection, about.seeing(self.stage.far, balancer))
        return brought if brought.allowed else ruling

    def _by_way_of_services(self, connection: Connection, about: Situation) -> Ruling:
        """What it says of the connection, which may come by way of a node; what is in the cluster can go straight to a
        pod that a Service leads to, too."""
        far, fact = about.ends[self.stage.far], source_fact(self.stage, about)
        if fact is None:
            return self._judged(connection, about)
        if self.stage.arrival.is_direct or not isinstance(far, External):
            straight = self._judged(connection, about)
            if straight.allowed or about.settle(fact, SOURCES_SEEN) == CLIENT_ADDRESS:
                return straight
        seen = about.settle(fact, SOURCES_SEEN)
        arrival, own = self.stage.arrival, seen == OWN_NODE
        if own and not is_true(arrival.is_seen, about):
            return self._open("it may come from its own node, which always reaches it")
        if seen == CLIENT_ADDRESS:
            return self._judged(connection, about)
        selecting = selected(self.stage, self.cluster, about)
        node = node_seen(selecting, connection.src, about.settle, arrival.places)
        about = about.seeing(self.stage.far, node)
        if own:
            return ruling_of(self.stage, [(it, scales) for it, scales in selecting if it.name == arrival.tier], about)
        return self._judged(connection, about)

    def _judged(self, connection: Connection, about: Situation) -> Ruling:
        """Where a Service's address leads to the destination, and the engine sees that address, what one of them is
        open to is open; a connection that asks for one of them is as open as that one (reference A9.6)."""
        selecting = selected(self.stage, self.cluster, about)
        direct = ruling_of(self.stage, selecting, about)
        if direct.allowed and connection.through is None:  # it is open as it is, whatever leads to the destination
            return with_doubts(self.stage, direct, about)
        ways = ways_to(self.stage, connection)
        is_known = self.stage.service_eval is not ServiceEval.UNKNOWN
        if ways and (is_known or about.settle(SERVICE_EVAL, (AFTER, BEFORE)) == BEFORE):
            found = [ruling_of(self.stage, selecting, about, way) for way in ways]
            known = found if connection.through is not None else [direct, *found]
            direct = next((ruling for ruling in known if ruling.allowed), known[0])
        if self.stage.judges is Role.SRC and not direct.allowed:
            direct = self._by_way_of_nodes(connection, selecting, about) or direct
        return with_doubts(self.stage, direct, about)

    def _by_way_of_nodes(self, connection: Connection, selecting: Selected, about: Situation) -> Ruling | None:
        """The ruling that opens some node on a port that leads to the destination: what is open so is open, if nothing
        translates the port before the rules see it."""
        fact = node_fact(self.stage, connection, about)
        if fact is None or about.settle(fact, (STRAIGHT, BY_A_NODE)) == STRAIGHT:
            return None
        seen = at_nodes(self.stage, selecting, connection, about, self.cluster, self.profile)
        found = (ruling_of(self.stage, selecting, one) for one in seen)
        return next((ruling for ruling in found if ruling.allowed), None)
