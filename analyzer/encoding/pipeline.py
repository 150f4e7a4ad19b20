"""What the pipeline permits, as terms: the one fold of stages and tiers.

Tiers are folded from the last to the first: `after` is what holds when a tier hands on.  A tier that only accepts is
"closed implies some rule"; the others are chains of if-then-else.  Reference A0, B1, C2.

A tracked literal stands before every closing (and every deny) that a proof of isolation can rest on, or before every
accept that a proof of reachability can rest on; a core over these literals is the list of policies a proof needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.far_ends import AskedNode, UnseenEnd, WrittenAddress
from analyzer.encoding.formulas import FormulaTerms, Seen
from analyzer.encoding.request_rows import row_of
from analyzer.encoding.scope import Role as End
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import Asked, is_seen
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, choose, conj, disj, implies, neg
from analyzer.encoding.variables import VariableBuilder
from analyzer.encoding.walk import requests_in, tests_of
from analyzer.encoding.ways import WayTerms, distinguished
from analyzer.model.formulas import Formula, Leaf, Role, leaves
from analyzer.model.leading import Way
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier, Unmatched
from analyzer.model.policies import Action, Direction, Protocol, RuleRef
from analyzer.model.profile import ServiceEval
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.encoding.requests import RequestTerms


@dataclass(frozen=True, slots=True)
class View:
    """A stage as it sees one connection: the end it judges, the far end, the port asked for if not the connection's.

    `way`: the Service's address and port that address ranges see, while all else sees what stands behind them.
    """

    stage: Stage
    direction: Direction
    subject: EndTerms
    far: Seen
    asked: Asked | None = None
    way: Way | None = None


class PipelineTerms:
    """Terms for what each stage rules; `track_allows` for proofs of reachability, `is_tracked=False` where nobody asks
    what a proof rests on."""

    def __init__(
        self,
        scope: Scope,
        src: EndTerms,
        dst: EndTerms | None,
        variables: VariableBuilder,
        script: Script,
        assertions: AssertionNames,
        *,
        track_allows: bool = False,
        is_tracked: bool = True,
    ) -> None:
        self.scope, self.src, self.dst, self.script, self.assertions = scope, src, dst, script, assertions
        self.variables = variables
        self.track_allows, self.is_tracked = track_allows, is_tracked
        self.profile = scope.question.profile
        self.formulas = FormulaTerms(scope, dst, variables, script, assertions)
        self.ways = WayTerms(scope, dst, self.formulas, variables, script)
        self.requests: RequestTerms | None = None
        if scope.question.with_requests:
            from analyzer.encoding.identities import IdentityTerms
            from analyzer.encoding.requests import RequestTerms

            over_tcp = self.formulas.has_protocol(Protocol.TCP)
            identities = IdentityTerms(src, scope.cluster.mesh.config, script)
            self.requests = RequestTerms(scope, src, variables, script, over_tcp, identities)
        self._selected: dict[tuple[int, End], Term] = {}
        self._sliced: dict[tuple[int, Direction], list[list[list[Entry]]]] = {}

    def _track(self, entry: Entry, direction: Direction, rule: StagedRule | None = None) -> Term:
        if not self.is_tracked or entry.policy is None:
            return TRUE
        return self.assertions.track(RuleRef(entry.policy, direction, None if rule is None else rule.rule))

    # -------------------------------------------------------------------------------------------- stages
    def allowed(self) -> Term:
        """Every stage lets it through; of several requests that are chosen, some one."""
        if self.requests is None or not self.scope.question.requests:
            return conj([*(self.side(direction) for direction in Direction), self.mediated()])
        free = frozenset(row_of(test.attribute) for it in self._asked_by_claim() for test in tests_of(it))
        found = []
        for chosen in self.scope.question.requests:
            self.requests.chosen, self.requests.free = chosen, free
            sides = [self.side(direction) for direction in Direction]
            found.append(self.script.share(conj([*sides, self.mediated(), self.requests.can_be_chosen()])))
        self.requests.chosen, self.requests.free = None, frozenset()
        return disj(found)

    def _asked_by_claim(self) -> Iterator[Formula]:
        return requests_in(self.scope.question.claim.where)

    def mediated(self) -> Term:
        """The mesh lets the request through, by the destination's proxy or by another way."""
        if self.dst is None or not self.scope.mesh.stages:
            return TRUE
        ends = {Role.SELF: self.dst, Role.SRC: self.src, Role.DST: self.dst}
        found: list[Term] = []
        self.formulas.requests = self.requests  # engines look at them with eyes of their own
        self.formulas.memory = {}
        for stage in self.scope.mesh.stages:
            applies = self.formulas.of(stage.applies, ends)
            if applies == FALSE:
                continue
            view = View(stage, Direction.INGRESS, self.dst, self.src)
            found.append(self.script.share(implies(applies, self._doubted(view, self._tiers(view)))))
        detour = self.formulas.of(self.scope.mesh.detour, ends)
        self.formulas.requests = self.formulas.memory = None
        return self.script.share(disj([conj(found), detour]))

    def asks(self, formula: Formula) -> Term:
        """What a claim asks of the request."""
        self.formulas.requests = self.requests
        found = self.formulas.of(formula, {})
        self.formulas.requests = None
        return found

    def off_the_mesh(self) -> list[Term]:
        """No pod that is created later has the labels that keep proxies off it (knob mesh-opt-out), but that what makes
        pods of its own may make such."""
        if self.dst is None or not self.scope.mesh.stages or self.profile.mesh_opt_out:
            return []
        declared = self.dst.is_class(i for i, _ in self.dst.classes)
        labelled = self.formulas.of(self.scope.mesh.keeps_off, {Role.SELF: self.dst})
        return [disj([neg(self.dst.pod), declared, neg(labelled)])]

    def side(self, direction: Direction) -> Term:
        """The ruling of one stage: everything is allowed where no policy reaches the end."""
        if self.requests is None or not self.profile.reads_cilium:
            return self._side(direction)
        self.formulas.requests, self.requests.is_by_engine = self.requests, True
        found = self._side(direction)
        self.formulas.requests, self.requests.is_by_engine = None, False
        return found

    def _side(self, direction: Direction) -> Term:
        assert self.dst is not None
        subject, far = (self.src, self.dst) if direction is Direction.EGRESS else (self.dst, self.src)
        view = View(self.scope.stage(direction), direction, subject, far)
        ruling = self._tiers(view)
        if self.profile.enforces:
            if direction is Direction.INGRESS:
                ruling = self._disguised(view, far, ruling)
            else:
                ruling = self._by_way_of_nodes(view, self._by_way_of_services(view, ruling))
        applies = self.formulas.of(view.stage.applies, {Role.SELF: subject})
        return implies(applies, self._doubted(view, ruling))

    def isolated(self, direction: Direction, subject: EndTerms) -> Term:
        """Some policy closes the end for the direction, or some object that is not modelled does.  A tier from which a
        policy that selects the end passes something on closes nothing: what comes then may be open by default."""
        stage = self.scope.stage(direction)
        view = View(stage, direction, subject, subject)
        closing = [
            conj([term, neg(self._passes_on(view, tier))])
            for tier in stage.tiers
            if tier.unmatched is Unmatched.DENY
            for _, term in self._closing(view, tier)
        ]
        doubts = [self.formulas.of(d.isolates, {Role.SELF: subject}) for d in stage.doubts]
        return conj([self.formulas.of(stage.applies, {Role.SELF: subject}), disj([*closing, *doubts])])

    def _passes_on(self, view: View, tier: Tier) -> Term:
        entries = (entry for scale in self._scales(view, tier) for group in scale for entry in group)
        passing = (entry for entry in entries if any(rule.action is Action.PASS for rule in entry.rules))
        return disj(self._selects(view, entry) for entry in passing)

    def _scales(self, view: View, tier: Tier) -> list[list[list[Entry]]]:
        """The policies of the slice that can select the end."""
        found = self._sliced.get((id(tier), view.direction))
        if found is None:
            groups = ((self._live(view, group) for group in scale) for scale in tier.scales)
            scales = ([group for group in scale if group] for scale in groups)
            found = [scale for scale in scales if scale]
            self._sliced[id(tier), view.direction] = found
        return found

    def _live(self, view: View, group: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in group if self._selects(view, entry) != FALSE]

    def _selects(self, view: View, entry: Entry) -> Term:
        key = id(entry), view.subject.role
        found = self._selected.get(key)
        if found is None:
            found = self._selected[key] = self.formulas.of(entry.subject, {Role.SELF: view.subject})
        return found

    def _when(self, view: View, rule: StagedRule) -> Term:
        stage = view.stage
        ends = {stage.judges: view.subject, stage.far: view.far, Role.SELF: view.subject}
        if view.way is None:
            return self.formulas.of(rule.when, ends, view.asked)
        seen = {**ends, stage.far: WrittenAddress(view.way.address)}
        asked = (view.way.port.protocol, view.way.port.number)
        return disj([self.formulas.of(rule.by_address, seen, asked), self.formulas.of(rule.by_end, ends)])

    # -------------------------------------------------------------------------------------------- tiers
    def _tiers(self, view: View) -> Term:
        after = TRUE
        for tier in reversed(view.stage.tiers):
            scales = self._scales(view, tier)
            if not scales:
                continue
            closed = after
            if tier.unmatched is Unmatched.DENY:
                closing = self.script.share(disj(term for _, term in self._closing(view, tier)))
                closed = choose(closing, self.formulas.of(tier.spared, {}), after)
            if tier.is_union:
                after = self._union(view, tier, scales, closed)
            else:
                after = self._first_match(view, scales, closed, after)
        return after

    def _closing(self, view: View, tier: Tier) -> Iterator[tuple[Entry, Term]]:
        for entry in (e for scale in self._scales(view, tier) for group in scale for e in group if e.closes):
            track = TRUE if self.track_allows else self._track(entry, view.direction)
            yield entry, conj([track, self._selects(view, entry)])

    def _union(self, view: View, tier: Tier, scales: list[list[list[Entry]]], closed: Term) -> Term:
        accepts = []
        for entry in (e for scale in scales for group in scale for e in group):
            matches = [self._tracked_accept(view, entry, rule) for rule in entry.rules]
            accepts.append(self.script.share(conj([self._selects(view, entry), disj(matches)])))
        return self.script.share(choose(self.script.share(disj(accepts)), TRUE, closed))

    def _tracked_accept(self, view: View, entry: Entry, rule: StagedRule) -> Term:
        match = self._when(view, rule)
        if match == FALSE or not self.track_allows or rule.rule is None:
            return match
        return conj([self._track(entry, view.direction, rule), match])

    # -------------------------------------------------------------------------------------------- first-match tiers
    def _first_match(self, view: View, scales: list[list[list[Entry]]], closed: Term, after: Term) -> Term:
        """Which scale of priorities goes first is not defined where there are two (reference 0.2)."""
        rulings = [self._on_scale(view, scale, closed, after) for scale in scales]
        if len(rulings) == 1:
            return rulings[0][1]
        policies = (e.policy for scale in scales for group in scale for e in group)
        names = " and ".join(policy.id for policy in policies if policy is not None)
        text = f"no text puts the priorities of {names} on one scale"
        return self._tied(rulings, f"tie {view.direction.value} scales {names}", text, closed)

    def _on_scale(self, view: View, groups: Sequence[Sequence[Entry]], closed: Term, after: Term) -> tuple[Term, Term]:
        """(some rule matches, the ruling of these policies in their order)."""
        result, some = closed, FALSE
        if view.stage.name != view.direction.value:  # nothing but denials, of which any order will do
            groups = [[entry] for group in groups for entry in group]
        for group in reversed(groups):
            rulings = [self._one_policy(view, entry, result, after) for entry in group]
            policies = [entry.policy for entry in group if entry.policy is not None]
            names = " and ".join(f"{p.id} ({p.source})" for p in policies)
            text = f"equal priority {policies[0].priority if policies else 0}: the order of {names} is not defined"
            id_ = f"tie {view.direction.value} {' '.join(p.id for p in policies)}"
            result = self._tied(rulings, id_, text, result)
            some = self.script.share(disj([some, *(met for met, _ in rulings)]))
        return some, result

    def _one_policy(self, view: View, entry: Entry, below: Term, after: Term) -> tuple[Term, Term]:
        """(some rule matches, the ruling if this policy is asked first)."""
        ruling, matches = below, []
        for rule in reversed(entry.rules):
            match = self.script.share(conj([self._selects(view, entry), self._when(view, rule)]))
            if match == FALSE:
                continue
            match = conj([self._track_action(view, entry, rule), match])
            matches.append(match)
            outcome = {Action.ACCEPT: TRUE, Action.DENY: FALSE, Action.PASS: after}[rule.action]
            ruling = self.script.share(choose(match, outcome, ruling))
        return self.script.share(disj(matches)), ruling

    def _track_action(self, view: View, entry: Entry, rule: StagedRule) -> Term:
        """A Pass may keep a rule further down from deciding, whatever is to be proved."""
        unneeded = Action.DENY if self.track_allows else Action.ACCEPT
        return TRUE if rule.action is unneeded else self._track(entry, view.direction, rule)

    def _tied(self, rulings: list[tuple[Term, Term]], id_: str, text: str, below: Term) -> Term:
        """Any of the rulings that match may be the one that counts (reference B1.2)."""
        if len(rulings) == 1:
            return rulings[0][1]
        result = below
        later = FALSE
        for i in range(len(rulings) - 1, -1, -1):
            some, ruling = rulings[i]
            fact = OpenFact("tie", f"{id_} {i}", text)
            first = TRUE if later == FALSE else disj([self.assertions.open(fact), neg(later)])
            result = self.script.share(choose(conj([some, first]), ruling, result))
            later = self.script.share(disj([some, later]))
        return result

    def tied(self, direction: Direction) -> Term:
        """Policies of one priority, or on two scales, match the connection at this end and do different things
        (reference B1.2, 0.2)."""
        assert self.dst is not None
        subject, far = (self.src, self.dst) if direction is Direction.EGRESS else (self.dst, self.src)
        view = View(self.scope.stage(direction), direction, subject, far)
        later = FALSE
        for tier in reversed(view.stage.tiers):
            scales = self._scales(view, tier)
            if not scales:
                continue
            if tier.unmatched is Unmatched.DENY:
                later = conj([neg(disj(term for _, term in self._closing(view, tier))), later])
            if tier.is_union:
                if tier.unmatched is not Unmatched.DENY:
                    later = conj([neg(self._union(view, tier, scales, FALSE)), later])
                continue
            found = [self._clashes(view, scale) for scale in scales]
            apart = [
                (one[a], two[b]) for (one, _), (two, _) in combinations(found, 2) for a, b in permutations(Action, 2)
            ]
            clashes = [*(clash for _, clash in found), *(conj(pair) for pair in apart)]
            met = disj(term for actions, _ in found for term in actions.values())
            passed = disj([neg(met), *(actions[Action.PASS] for actions, _ in found)])
            later = self.script.share(disj([*clashes, conj([passed, later])]))
        return conj([self.formulas.of(view.stage.applies, {Role.SELF: subject}), later])

    def _clashes(self, view: View, groups: Sequence[Sequence[Entry]]) -> tuple[dict[Action, Term], Term]:
        """(what the first policies that match on a scale of priorities do, they do different things)."""
        found, clash = dict.fromkeys(Action, FALSE), FALSE
        for group in reversed(groups):
            here = self._first_actions(view, group)
            met = disj(here.values())
            differ = disj(conj([here[a], here[b]]) for a, b in combinations(Action, 2))
            clash = self.script.share(choose(met, differ, clash))
            found = {action: self.script.share(choose(met, here[action], found[action])) for action in Action}
        return found, clash

    def _first_actions(self, view: View, entries: Sequence[Entry]) -> dict[Action, Term]:
        """For each action: it is what the first matching rule of some of the policies does."""
        found: dict[Action, list[Term]] = {action: [] for action in Action}
        for entry in entries:
            free = self._selects(view, entry)
            for rule in entry.rules:
                match = self._when(view, rule)
                found[rule.action].append(conj([free, match]))
                free = self.script.share(conj([free, neg(match)]))
        return {action: self.script.share(disj(terms)) for action, terms in found.items()}

    # -------------------------------------------------------------------------------------------- Services' addresses
    def _by_way_of_services(self, view: View, direct: Term) -> Term:
        """Where the engine looks before the translation, or may, a destination is open too that one of its Services'
        addresses is; asked for by such an address, it is as open as that (reference A9.6)."""
        told, by_sight = self._told(view), dict[tuple[bool, ...], list[int]]()
        for number, way in enumerate(self.scope.ways, 1):
            asked = way.port.protocol, way.port.number
            sight = tuple(is_seen(leaf, asked, way.address) for leaf in told)
            by_sight.setdefault(sight, []).append(number)
        if not by_sight:
            return direct
        anyhow, named = [direct], []
        for numbers in by_sight.values():
            seen = View(view.stage, view.direction, view.subject, view.far, way=self.scope.ways[numbers[0] - 1])
            ruling = self.script.share(self._tiers(seen))
            anyhow.append(conj([disj(self.ways.is_possible(n) for n in numbers), ruling]))
            named.append(conj([disj(self.ways.is_chosen(n) for n in numbers), ruling]))
        before = choose(self.ways.is_chosen(0), disj(anyhow), disj(named))
        if view.stage.service_eval is ServiceEval.PRE_DNAT:
            return before
        return choose(self.assertions.open(_SERVICE_EVAL), self.script.share(before), direct)

    def _told(self, view: View) -> list[Leaf]:
        """What the policies of the slice ask of ports and of addresses."""
        kept = (e for tier in view.stage.tiers for scale in self._scales(view, tier) for group in scale for e in group)
        return list(dict.fromkeys(leaf for entry in kept for rule in entry.rules for leaf in leaves(rule.when)))

    def _by_way_of_nodes(self, view: View, direct: Term) -> Term:
        """A destination may be open too where some node is, on a port that leads there; not where the client asks for
        another way."""
        told, leading = self._told(view), dict[tuple[bool, ...], tuple[Asked, list[Term]]]()
        for protocol, low, high, leads in self.ways.of_nodes():
            for number in distinguished(low, high, told):
                sight = tuple(is_seen(leaf, (protocol, number), None) for leaf in told)
                leading.setdefault(sight, ((protocol, number), []))[1].append(leads)
        if not leading:
            return direct
        nodes, found = self.scope.cluster.nodes, []
        are_known = self.profile.nodes_complete and all(node.ips for node in nodes)
        node = AskedNode(self.variables, self.assertions, nodes if are_known else ())
        for asked, ways in leading.values():
            leads = self.script.share(conj([disj(ways), node.exists()]))
            ruling = self._tiers(View(view.stage, view.direction, view.subject, node, asked))
            found.append(conj([leads, self.script.share(ruling)]))
        return disj([direct, conj([self.assertions.open(_NODE_WAY), self.ways.is_chosen(0), disj(found)])])

    # -------------------------------------------------------------------------------------------- open facts
    def _disguised(self, view: View, peer: EndTerms, ruling: Term) -> Term:
        """The source address seen behind a Service or a hostPort is left open (reference A12.6, A13.5, E3).

        A client outside has no other way in; what is in the cluster can go straight to the pod, too.
        """
        ways = []
        for disguise in view.stage.disguises:
            through = self.formulas.of(disguise.when, {Role.DST: view.subject})
            if through != FALSE:
                text = f"{disguise.what} may hide the source's address behind a node's"
                fact = OpenFact("service-source", f"service-source {disguise.id}", text)
                ways.append(conj([through, self.assertions.open(fact)]))
        if not ways:
            return ruling
        behind, own = self.script.share(disj(ways)), self.assertions.open(_OWN_NODE)
        seen = View(view.stage, view.direction, view.subject, UnseenEnd(self.variables, self.assertions))
        hidden = self.script.share(disj([own, self.script.share(self._tiers(seen))]))
        return choose(peer.external, choose(behind, hidden, ruling), disj([ruling, conj([behind, hidden])]))

    def _doubted(self, view: View, ruling: Term) -> Term:
        ends, doubts = {Role.SELF: view.subject}, view.stage.doubts
        grows = [self.formulas.of(doubt.allows, ends) for doubt in doubts]
        shrinks = [self.formulas.of(doubt.denies, ends) for doubt in doubts]
        return conj([disj([ruling, *grows]), neg(disj(shrinks))])


_SERVICE_EVAL = OpenFact(
    "service-eval",
    "service-eval",
    "whether egress rules see a connection to a Service's address before or after its translation is up to the engine "
    "(knob service-eval)",
)
_OWN_NODE = OpenFact(
    "service-source", "service-source own-node", "traffic through a Service may come from the pod's own node"
)
_NODE_WAY = OpenFact(
    "node-way",
    "node-way",
    "egress rules may see a node in place of the destination, where a NodePort or a hostPort makes nodes a way to it",
)
