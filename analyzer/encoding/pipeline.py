"""What the pipeline permits, as terms: its stages, the ways that lead past what they see, and what is open about them.

A tracked literal stands before every closing (and every deny) that a proof of isolation can rest on, or before every
accept that a proof of reachability can rest on; a core over these literals is the list of policies a proof needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.far_ends import AskedNode, Balancer, UnseenEnd
from analyzer.encoding.formulas import FormulaTerms
from analyzer.encoding.request_rows import row_of
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import TUNNEL, Asked, is_seen
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, choose, conj, disj, implies, neg
from analyzer.encoding.tiers import TierTerms, View
from analyzer.encoding.variables import VariableBuilder
from analyzer.encoding.walk import requests_in
from analyzer.encoding.ways import WayTerms, distinguished
from analyzer.model.formulas import FALSE as NEVER
from analyzer.model.formulas import Formula, Role
from analyzer.model.knobs import ServiceEval
from analyzer.model.on_nodes import every_node_address
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Unmatched
from analyzer.model.policies import Direction, Protocol
from analyzer.model.reading import is_enforcing

if TYPE_CHECKING:
    from analyzer.encoding.requests import RequestTerms


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
        self.profile = scope.question.profile
        self.formulas = FormulaTerms(scope, dst, variables, script, assertions)
        self.tiers = TierTerms(self.formulas, script, assertions, track_allows=track_allows, is_tracked=is_tracked)
        self.ways = WayTerms(scope, src, dst, self.formulas, variables, script)
        self.requests: RequestTerms | None = None
        if scope.question.with_requests:
            from analyzer.encoding.identities import IdentityTerms
            from analyzer.encoding.requests import RequestTerms

            over_tcp = self.formulas.has_protocol(Protocol.TCP)
            identities = IdentityTerms(src, scope.cluster.mesh.config, script)
            self.requests = RequestTerms(scope, src, variables, script, over_tcp, identities)

    # -------------------------------------------------------------------------------------------- stages
    def allowed(self) -> Term:
        """Every stage lets it through; of several requests that are chosen, some one."""
        if self.requests is None or not self.scope.question.requests:
            return self._through()
        free = frozenset(row_of(test.attribute) for test in requests_in(self.scope.question.claim.where))
        found = []
        for chosen in self.scope.question.requests:
            self.requests.chosen, self.requests.free = chosen, free
            found.append(self.script.share(conj([self._through(), self.requests.can_be_chosen()])))
        self.requests.chosen, self.requests.free = None, frozenset()
        return disj(found)

    def _through(self) -> Term:
        straight = conj([disj([conj([self.side(it) for it in Direction]), self.inside()]), self.mediated()])
        return disj([straight, self.around()])

    def inside(self) -> Term:
        """What the client sends inside the tunnel, where it need not, gets through below the mesh."""
        chosen = self._asked_mesh(self.scope.mesh.either_way)
        return FALSE if chosen == FALSE else conj([chosen, *(self._in_tunnel(direction) for direction in Direction)])

    def around(self) -> Term:
        """The request comes from elsewhere than from the source."""
        return self._asked_mesh(self.scope.mesh.around)

    def _asked_mesh(self, formula: Formula) -> Term:
        """What the mesh asks of the destination and of the request."""
        if self.requests is None or self.dst is None or formula == NEVER:
            return FALSE
        self.formulas.requests = self.requests
        found = self.formulas.of(formula, {Role.SELF: self.dst, Role.SRC: self.src, Role.DST: self.dst})
        self.formulas.requests = None
        return self.script.share(found)

    def mediated(self) -> Term:
        """The mesh lets the request through that comes to the destination's proxy."""
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
            found.append(self.script.share(implies(applies, self._doubted(view, self.tiers.ruling(view)))))
        refusal = self.formulas.of(self.scope.mesh.refusal, ends)
        self.formulas.requests = self.formulas.memory = None
        return self.script.share(conj([*found, neg(refusal)]))

    def meets(self, condition: Formula, ends: Mapping[Role, EndTerms]) -> Term:
        """What a claim asks of the ends and of the request."""
        self.formulas.requests = self.requests
        found = self.formulas.of(condition, ends)
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
        """The ruling of one stage, on what it sees: everything is allowed where no policy reaches the end."""
        found, view = self._by_engine(direction), self._view(direction)
        is_blind = found == TRUE and not any(view.stage.entries) and not view.stage.doubts
        tunnel = FALSE if is_blind else self._asked_mesh(self.scope.mesh.tunnel)
        return found if tunnel == FALSE else choose(tunnel, self._in_tunnel(direction), found)

    def _in_tunnel(self, direction: Direction) -> Term:
        """The ruling of one stage on the tunnel itself, which is all that it sees."""
        view = replace(self._view(direction), asked=TUNNEL)
        applies = self.formulas.of(view.stage.applies, {Role.SELF: view.subject})
        return self.script.share(implies(applies, self._doubted(view, self.tiers.ruling(view))))

    def _by_engine(self, direction: Direction) -> Term:
        if self.requests is None or not (self.profile.reads_cilium or self.profile.reads_calico):
            return self._side(direction)
        self.formulas.requests, self.requests.is_by_engine = self.requests, self.profile.reads_cilium
        found = self._side(direction)
        self.formulas.requests, self.requests.is_by_engine = None, False
        return found

    def _side(self, direction: Direction) -> Term:
        view = self._view(direction)
        ruling = self.tiers.ruling(view)
        if is_enforcing(self.profile, self.scope.cluster):
            if direction is Direction.INGRESS:
                ruling = self._balanced(view, self._disguised(view, self.src, ruling))
            else:
                ruling = self._by_way_of_nodes(view, self._by_way_of_services(view, ruling))
        applies = self.formulas.of(view.stage.applies, {Role.SELF: view.subject})
        return implies(applies, self._doubted(view, ruling))

    def _view(self, direction: Direction) -> View:
        assert self.dst is not None
        subject, far = (self.src, self.dst) if direction is Direction.EGRESS else (self.dst, self.src)
        return View(self.scope.stage(direction), direction, subject, far)

    def tied(self, direction: Direction) -> Term:
        """Policies of one priority, or on two scales, match the connection at this end and do different things
        (reference B1.2, 0.2)."""
        view = self._view(direction)
        applies = self.formulas.of(view.stage.applies, {Role.SELF: view.subject})
        return conj([applies, self.tiers.clash(view)])

    def isolated(self, direction: Direction, subject: EndTerms) -> Term:
        """Some policy closes the end for the direction, or some object that is not modelled does.  A tier from which a
        policy that selects the end passes something on closes nothing: what comes then may be open by default."""
        stage = self.scope.stage(direction)
        view = View(stage, direction, subject, subject)
        closing: list[Term] = []
        for tier in stage.tiers:
            if tier.unmatched is Unmatched.DENY:
                stays = neg(self.tiers.passes_on(view, tier))
                closing += (conj([term, stays]) for _, term in self.tiers.closing(view, tier))
        doubts = [self.formulas.of(d.isolates, {Role.SELF: subject}) for d in stage.doubts]
        return conj([self.formulas.of(stage.applies, {Role.SELF: subject}), disj([*closing, *doubts])])

    # -------------------------------------------------------------------------------------------- Services' addresses
    def _by_way_of_services(self, view: View, direct: Term) -> Term:
        """Where the engine looks before the translation, or may, a destination is open too that one of its Services'
        addresses is; asked for by such an address, it is as open as that (reference A9.6)."""
        told, by_sight = self.tiers.asked_of(view), dict[tuple[bool, ...], list[int]]()
        for number, way in enumerate(self.scope.ways, 1):
            asked = Asked(way.port.protocol, way.port.number)
            sight = tuple(is_seen(leaf, asked, way.address) for leaf in told)
            by_sight.setdefault(sight, []).append(number)
        if not by_sight:
            return direct
        anyhow, named = [direct], []
        for numbers in by_sight.values():
            seen = View(view.stage, view.direction, view.subject, view.far, way=self.scope.ways[numbers[0] - 1])
            ruling = self.script.share(self.tiers.ruling(seen))
            anyhow.append(conj([disj(self.ways.is_possible(n) for n in numbers), ruling]))
            named.append(conj([disj(self.ways.is_chosen(n) for n in numbers), ruling]))
        before = choose(self.ways.is_chosen(0), disj(anyhow), disj(named))
        if view.stage.service_eval is ServiceEval.PRE_DNAT:
            return before
        return choose(self.assertions.open(_SERVICE_EVAL), self.script.share(before), direct)

    def _by_way_of_nodes(self, view: View, direct: Term) -> Term:
        """A destination may be open too where some node is, on a port that leads there; not where the client asks for
        another way."""
        told, leading = self.tiers.asked_of(view), dict[tuple[bool, ...], tuple[Asked, list[Term]]]()
        for protocol, low, high, leads in self.ways.of_nodes():
            for number in distinguished(low, high, told):
                asked = Asked(protocol, number)
                sight = tuple(is_seen(leaf, asked, None) for leaf in told)
                leading.setdefault(sight, (asked, []))[1].append(leads)
        if not leading:
            return direct
        nodes, found = self.scope.cluster.nodes, []
        are_known = every_node_address(self.scope.cluster, self.profile) is not None
        node = AskedNode(self.variables, self.assertions, nodes if are_known else ())
        for asked, ways in leading.values():
            leads = self.script.share(conj([disj(ways), node.exists()]))
            ruling = self.tiers.ruling(View(view.stage, view.direction, view.subject, node, asked))
            found.append(conj([leads, self.script.share(ruling)]))
        return disj([direct, conj([self.assertions.open(_NODE_WAY), self.ways.is_chosen(0), disj(found)])])

    # -------------------------------------------------------------------------------------------- open facts
    def _disguised(self, view: View, peer: EndTerms, ruling: Term) -> Term:
        """The source address seen behind a Service or a hostPort is left open (reference A12.6, A13.5, E3).

        A client outside has no other way in, unless the stage says so; what is in the cluster can go straight to the
        pod, too.
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
        arrival, node = view.stage.arrival, UnseenEnd(self.variables, self.assertions)
        is_there = TRUE if arrival.places is None else node.inside(arrival.places)
        seen = View(view.stage, view.direction, view.subject, node)
        by_node = conj([is_there, self.script.share(self.tiers.ruling(seen))])
        at_own = self._from_own_node(view, node, is_there)
        hidden = self.script.share(disj([conj([own, at_own]), by_node]))
        either_way = disj([ruling, conj([behind, hidden])])
        return either_way if arrival.is_direct else choose(peer.external, choose(behind, hidden, ruling), either_way)

    def _balanced(self, view: View, ruling: Term) -> Term:
        """What a load balancer may bring from its own address gets in as that does."""
        arrival, balancer = view.stage.arrival, Balancer(self.variables, self.assertions)
        led = self.formulas.of(arrival.balanced, {Role.SELF: view.subject, Role.DST: view.subject})
        if led == FALSE:
            return ruling
        seen = self.script.share(self.tiers.ruling(View(view.stage, view.direction, view.subject, balancer)))
        return self.script.share(disj([ruling, conj([led, balancer.inside(arrival.balancers), seen])]))

    def _from_own_node(self, view: View, node: UnseenEnd, is_there: Term) -> Term:
        """What comes from the own node gets in: one tier at most is asked of it."""
        arrival = view.stage.arrival
        is_seen = self.formulas.of(arrival.is_seen, {Role.SELF: view.subject, Role.DST: view.subject})
        if is_seen == FALSE:
            return TRUE
        asked = tuple(tier for tier in view.stage.tiers if tier.name == arrival.tier)
        stage = replace(view.stage, tiers=asked)
        ruling = self.tiers.ruling(View(stage, view.direction, view.subject, node))
        return self.script.share(choose(is_seen, conj([is_there, ruling]), TRUE))

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
