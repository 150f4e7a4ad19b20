"""What the policies permit, as terms.

For each direction the tiers are folded from the last to the first: `after` is what holds when a tier hands on.
A first-match tier is a chain of if-then-else; the union tier is "isolated implies some rule".  Reference A0, B1, C2.

A tracked literal stands before every isolation (and every deny) that a proof of isolation can rest on, or before every
allow that a proof of reachability can rest on; a core over these literals is the list of policies a proof needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations, groupby, permutations

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.ledger import Ledger
from analyzer.encoding.matching import FarEnd, Matching, ServiceSight, UnseenEnd
from analyzer.encoding.members import is_in
from analyzer.encoding.node_ways import NODE_WAY, sights_of_nodes
from analyzer.encoding.scope import Front, Role, Scope, is_way_of
from analyzer.encoding.sights import sees_service
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, choose, conj, disj, implies, neg
from analyzer.encoding.variables import Attribute, VariableBuilder
from analyzer.encoding.vocabulary import SERVICE_SCOPE
from analyzer.model.claims import LedPort
from analyzer.model.cluster import Unmodelled
from analyzer.model.endpoints import Through
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    Action,
    Direction,
    NamedPort,
    NamespaceNamed,
    NumberedPorts,
    Policy,
    Protocol,
    Rule,
    RuleRef,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import OtherProtocols, ServiceEval
from analyzer.sets import AddressSet


class PolicyTerms:
    """Terms for "egress is allowed at s" and "ingress is allowed at d"; `track_allows` for proofs of reachability,
    `is_tracked=False` where nobody asks what a proof rests on."""

    def __init__(
        self,
        scope: Scope,
        src: EndTerms,
        dst: EndTerms | None,
        variables: VariableBuilder,
        script: Script,
        ledger: Ledger,
        *,
        track_allows: bool = False,
        is_tracked: bool = True,
    ) -> None:
        self.scope, self.src, self.dst, self.script, self.ledger = scope, src, dst, script, ledger
        self.variables = variables
        self.track_allows, self.is_tracked = track_allows, is_tracked
        self.profile = scope.question.profile
        self.matching = Matching(scope, dst, variables, script, ledger)

    def _track(self, ref: RuleRef) -> Term:
        return self.ledger.track(ref) if self.is_tracked else TRUE

    # -------------------------------------------------------------------------------------------- sides
    def allowed(self) -> Term:
        """Egress allows it and ingress allows it."""
        return conj([self.side(Direction.EGRESS), self.side(Direction.INGRESS)])

    def side(self, direction: Direction) -> Term:
        """The ruling at one end: everything is allowed where no policy reaches the end."""
        assert self.dst is not None
        subject, peer = (self.src, self.dst) if direction is Direction.EGRESS else (self.dst, self.src)
        if not self.profile.enforces:
            ruling = TRUE
        else:
            ruling = self._tiers(direction, subject, peer)
            if direction is Direction.INGRESS:
                ruling = self._seen_through_services(subject, peer, ruling)
            else:
                ruling = self._by_way_of_nodes(subject, peer, self._by_way_of_services(subject, peer, ruling))
        return implies(subject.plain_pod, self._unmodelled(direction, subject, ruling))

    def isolated(self, direction: Direction, subject: EndTerms) -> Term:
        """Some NetworkPolicy isolates the subject for the direction, or some object that is not modelled does."""
        if self.profile.closes:
            return subject.plain_pod
        isolations = [i for _, i in self._isolations(direction, subject)] if self.profile.enforces else []
        for thing in self.scope.unmodelled:
            touched = self._touched(thing, direction, subject)
            if thing.may_isolate and touched != FALSE:
                isolations.append(conj([touched, self.ledger.open(_unmodelled_fact(thing, direction, "isolate"))]))
        return conj([subject.plain_pod, disj(isolations)])

    def _policies(self, direction: Direction, tier: Tier) -> list[Policy]:
        chosen = self.scope.egress if direction is Direction.EGRESS else self.scope.ingress
        return [p for p in chosen if p.tier is tier and p.rules(direction) is not None]

    def _tiers(self, direction: Direction, subject: EndTerms, peer: FarEnd) -> Term:
        after = FALSE if self.profile.closes else TRUE
        for tier in reversed(Tier):
            if tier is Tier.NETWORK_POLICY:
                opened = FALSE
                if self.profile.baseline_opens_isolation:
                    opened = self._first_match(direction, Tier.BASELINE, subject, peer, FALSE)
                after = self._union(direction, subject, peer, after, opened)
            else:
                after = self._first_match(direction, tier, subject, peer, after)
        return after

    # -------------------------------------------------------------------------------------------- union tier
    def _isolations(self, direction: Direction, subject: EndTerms) -> Iterator[tuple[Policy, Term]]:
        for policy in self._policies(direction, Tier.NETWORK_POLICY):
            selected = subject.selects(policy.subject.namespaces, policy.subject.pods)
            if selected != FALSE:
                track = TRUE if self.track_allows else self._track(RuleRef(policy, direction))
                yield policy, conj([track, selected])

    def _union(self, direction: Direction, subject: EndTerms, peer: FarEnd, after: Term, opened: Term) -> Term:
        """`opened`: what isolation does not deny, whatever NetworkPolicies say."""
        isolations, allows = [], []
        for policy, isolation in self._isolations(direction, subject):
            isolations.append(isolation)
            rules = policy.rules(direction) or ()
            matches = [
                self._tracked_allow(policy, direction, r, self.matching.rule(policy, r, peer, direction)) for r in rules
            ]
            selected = subject.selects(policy.subject.namespaces, policy.subject.pods)
            allows.append(self.script.share(conj([selected, disj(matches)])))
        if not isolations:
            return after
        isolated = self.script.share(disj(isolations))
        allow = disj([*allows, self._other_protocols(subject), opened])
        return self.script.share(choose(isolated, self.script.share(allow), after))

    def _tracked_allow(self, policy: Policy, direction: Direction, rule: Rule, match: Term) -> Term:
        if match == FALSE or not self.track_allows:
            return match
        return conj([self._track(RuleRef(policy, direction, rule)), match])

    def _other_protocols(self, subject: EndTerms) -> Term:
        """Protocols without ports that no rule of an isolating policy matches (reference A11.2)."""
        is_other = self.matching.has_protocol(Protocol.OTHER)
        match self.profile.other_protocols:
            case OtherProtocols.MATCH_IF_NO_PORTS:
                return FALSE
            case OtherProtocols.ACCEPT:
                return is_other
            case OtherProtocols.UNKNOWN:
                text = "whether isolation covers protocols without ports differs between engines"
                fact = OpenFact("other-protocols", f"other-protocols {subject.role.value}", text)
                return conj([is_other, self.ledger.open(fact)])

    # -------------------------------------------------------------------------------------------- first-match tiers
    def _first_match(self, direction: Direction, tier: Tier, subject: EndTerms, peer: FarEnd, after: Term) -> Term:
        """Which scale of priorities goes first is not defined where there are two (reference 0.2)."""
        scales = [(s, self._on_scale(s, direction, subject, peer, after)) for s in self._scales(direction, tier)]
        if len(scales) == 1:
            return scales[0][1][1]
        names = " and ".join(p.id for scale, _ in scales for p in scale)
        text = f"no text puts the priorities of {names} on one scale"
        return self._tied([ruling for _, ruling in scales], f"tie {direction.value} scales {names}", text, after)

    def _scales(self, direction: Direction, tier: Tier) -> list[list[Policy]]:
        found: dict[str, list[Policy]] = {}
        for policy in self._policies(direction, tier):
            found.setdefault(policy.scale, []).append(policy)
        return list(found.values())

    def _on_scale(
        self, ordered: list[Policy], direction: Direction, subject: EndTerms, peer: FarEnd, after: Term
    ) -> tuple[Term, Term]:
        """(some rule matches, the ruling of these policies by ascending priority)."""
        result, some = after, FALSE
        groups = [list(g) for _, g in groupby(ordered, key=lambda p: p.position)]
        for group in reversed(groups):
            live = [p for p in group if subject.selects(p.subject.namespaces, p.subject.pods) != FALSE]
            rulings = [self._one_policy(p, direction, subject, peer, result, after) for p in live]
            names = " and ".join(f"{p.id} ({p.source})" for p in live)
            text = f"equal priority {group[0].priority}: the order of {names} is not defined"
            id_ = f"tie {direction.value} {' '.join(p.id for p in live)}"
            result = self._tied(rulings, id_, text, result)
            some = self.script.share(disj([some, *(met for met, _ in rulings)]))
        return some, result

    def _one_policy(
        self,
        policy: Policy,
        direction: Direction,
        subject: EndTerms,
        peer: FarEnd,
        below: Term,
        after: Term,
    ) -> tuple[Term, Term]:
        """(some rule matches, the ruling if this policy is asked first)."""
        selected = subject.selects(policy.subject.namespaces, policy.subject.pods)
        ruling, matches = below, []
        for rule in reversed(policy.rules(direction) or ()):
            action, match = self._effect(policy, rule, peer, direction)
            match = self.script.share(conj([selected, match]))
            if match == FALSE:
                continue
            match = conj([self._track_action(policy, direction, rule, action), match])
            matches.append(match)
            outcome = {Action.ACCEPT: TRUE, Action.DENY: FALSE, Action.PASS: after}[action]
            ruling = self.script.share(choose(match, outcome, ruling))
        return self.script.share(disj(matches)), ruling

    def _effect(self, policy: Policy, rule: Rule, peer: FarEnd, direction: Direction) -> tuple[Action, Term]:
        """A rule that holds a peer nobody knows fails closed (B3.2); one with an open fact counts if that is so."""
        in_force = TRUE if rule.open is None else self.ledger.open(rule.open)
        if any(isinstance(p, UnknownPeer) for p in rule.peers or ()):
            return (Action.ACCEPT, FALSE) if rule.action is Action.ACCEPT else (Action.DENY, in_force)
        return rule.action, conj([in_force, self.matching.rule(policy, rule, peer, direction)])

    def _track_action(self, policy: Policy, direction: Direction, rule: Rule, action: Action) -> Term:
        """A Pass may keep a rule further down from deciding, whatever is to be proved."""
        unneeded = Action.DENY if self.track_allows else Action.ACCEPT
        return TRUE if action is unneeded else self._track(RuleRef(policy, direction, rule))

    def _tied(self, rulings: list[tuple[Term, Term]], id_: str, text: str, below: Term) -> Term:
        """Any of the rulings that match may be the one that counts (reference B1.2)."""
        if len(rulings) == 1:
            return rulings[0][1]
        result = below
        later = FALSE
        for i in range(len(rulings) - 1, -1, -1):
            some, ruling = rulings[i]
            fact = OpenFact("tie", f"{id_} {i}", text)
            first = TRUE if later == FALSE else disj([self.ledger.open(fact), neg(later)])
            result = self.script.share(choose(conj([some, first]), ruling, result))
            later = self.script.share(disj([some, later]))
        return result

    def tied(self, direction: Direction) -> Term:
        """Policies of one priority, or on two scales, match the connection at this end and do different things
        (reference B1.2, 0.2)."""
        assert self.dst is not None
        subject, peer = (self.src, self.dst) if direction is Direction.EGRESS else (self.dst, self.src)
        later = FALSE
        for tier in reversed(Tier) if self.profile.enforces else ():
            if tier is Tier.NETWORK_POLICY:
                handed_on = neg(disj(i for _, i in self._isolations(direction, subject)))
                if self.profile.baseline_opens_isolation:
                    handed_on = disj([handed_on, neg(self._union(direction, subject, peer, FALSE, FALSE))])
                later = conj([handed_on, later])
                continue
            scales = [self._clashes(s, direction, subject, peer) for s in self._scales(direction, tier)]
            apart = [
                (one[a], two[b]) for (one, _), (two, _) in combinations(scales, 2) for a, b in permutations(Action, 2)
            ]
            clashes = [*(clash for _, clash in scales), *(conj(pair) for pair in apart)]
            met = disj(term for actions, _ in scales for term in actions.values())
            passed = disj([neg(met), *(actions[Action.PASS] for actions, _ in scales)])
            later = self.script.share(disj([*clashes, conj([passed, later])]))
        return conj([subject.plain_pod, later])

    def _clashes(
        self, ordered: list[Policy], direction: Direction, subject: EndTerms, peer: EndTerms
    ) -> tuple[dict[Action, Term], Term]:
        """(what the first policies that match on a scale of priorities do, they do different things)."""
        found, clash = dict.fromkeys(Action, FALSE), FALSE
        for group in reversed([list(g) for _, g in groupby(ordered, key=lambda p: p.position)]):
            here = self._first_actions(group, direction, subject, peer)
            met = disj(here.values())
            differ = disj(conj([here[a], here[b]]) for a, b in combinations(Action, 2))
            clash = self.script.share(choose(met, differ, clash))
            found = {action: self.script.share(choose(met, here[action], found[action])) for action in Action}
        return found, clash

    def _first_actions(
        self, policies: list[Policy], direction: Direction, subject: EndTerms, peer: EndTerms
    ) -> dict[Action, Term]:
        """For each action: it is what the first matching rule of some of the policies does."""
        found: dict[Action, list[Term]] = {action: [] for action in Action}
        for policy in policies:
            free = subject.selects(policy.subject.namespaces, policy.subject.pods)
            for rule in policy.rules(direction) or ():
                action, match = self._effect(policy, rule, peer, direction)
                found[action].append(conj([free, match]))
                free = self.script.share(conj([free, neg(match)]))
        return {action: self.script.share(disj(terms)) for action, terms in found.items()}

    # -------------------------------------------------------------------------------------------- Services' addresses
    def _by_way_of_services(self, subject: EndTerms, backend: EndTerms, direct: Term) -> Term:
        """Where the engine looks before the translation, or may, a destination is open too that one of its Services'
        addresses is; asked for by such an address, it is as open as that (reference A9.6)."""
        by_sight: dict[tuple[bool, ...], list[int]] = {}
        rules = [r for p in self.scope.egress for r in p.rules(Direction.EGRESS) or ()]
        for number, way in enumerate(self.scope.ways, 1):
            sight = tuple(sees_service(rule, way, self.profile) for rule in rules)
            by_sight.setdefault(sight, []).append(number)
        if not by_sight:
            return direct
        anyhow, named = [direct], []
        for numbers in by_sight.values():
            sight_of = ServiceSight(backend, self.scope.ways[numbers[0] - 1])
            ruling = self.script.share(self._tiers(Direction.EGRESS, subject, sight_of))
            anyhow.append(conj([disj(self._is_possible(n) for n in numbers), ruling]))
            named.append(conj([disj(self._is_chosen(n) for n in numbers), ruling]))
        before = choose(self._is_chosen(0), disj(anyhow), disj(named))
        if self.profile.service_eval is ServiceEval.PRE_DNAT:
            return before
        return choose(self.ledger.open(_SERVICE_EVAL), self.script.share(before), direct)

    def _is_possible(self, number: int) -> Term:
        """The way of that number leads to the destination, on the connection's port."""
        assert self.dst is not None
        way = self.scope.ways[number - 1]
        v6 = self.variables.symbol(Role.CONNECTION, Attribute.FAMILY)
        family = v6 if way.address.version == 6 else neg(v6)
        target = [] if way.port.target is None else [way.port.target]
        on_target = self.matching.on_ports(target, where=SERVICE_SCOPE)
        return self.script.share(conj([family, is_in(way.port.members, self.dst), on_target]))

    def _is_chosen(self, number: int) -> Term:
        """The client asks for the way of that number; 0: for none."""
        numbers = self.scope.through
        if number and number not in numbers:
            return FALSE
        if not numbers:
            return TRUE
        return self.variables.row(Role.CONNECTION, Attribute.WAY).lies_in(((number, number),))

    def by_no_service(self) -> Term:
        return self._is_chosen(0)

    def by_way_of(self, port: LedPort) -> Term:
        """The client asks for one of the port's addresses, if that makes a difference."""
        chosen = [n for n in self.scope.through if is_way_of(self.scope.ways[n - 1], port)]
        return disj(self._is_chosen(n) for n in chosen) if chosen else self._is_chosen(0)

    def by_asking_for(self, through: Through) -> Term:
        """The client asks for this Service, at this address and port."""
        ways = ((n, self.scope.ways[n - 1]) for n in self.scope.through)
        asked = (through.service, through.address, through.number)
        return disj(self._is_chosen(n) for n, w in ways if (w.port.service, w.address, w.port.number) == asked)

    def by_possible_way(self) -> list[Term]:
        """What the client asks for leads to where the connection goes."""
        numbers = self.scope.through
        if not numbers:
            return []
        rules = [implies(self._is_chosen(n), self._is_possible(n)) for n in numbers]
        return [disj(self._is_chosen(n) for n in (0, *numbers)), *rules]

    def _by_way_of_nodes(self, subject: EndTerms, backend: EndTerms, direct: Term) -> Term:
        """A destination may be open too where some node is, on a port that leads there; not where the client asks for
        another way."""
        found = []
        for sight, leads in sights_of_nodes(self.scope, backend, self.matching, self.script, self.ledger):
            ruling = self._tiers(Direction.EGRESS, subject, sight)
            found.append(conj([leads, self.script.share(ruling)]))
        if not found:
            return direct
        return disj([direct, conj([self.ledger.open(NODE_WAY), self._is_chosen(0), disj(found)])])

    # -------------------------------------------------------------------------------------------- open facts
    def _seen_through_services(self, subject: EndTerms, peer: EndTerms | UnseenEnd, ruling: Term) -> Term:
        """The source address seen behind a Service or a hostPort is left open (reference A12.6, A13.5, E3).

        A client outside has no other way in; what is in the cluster can go straight to the pod, too.
        """
        through = disj([*map(partial(self._through, subject), self.scope.fronts), self._through_host_ports(subject)])
        if through == FALSE:
            return ruling
        behind, own = self.script.share(through), self.ledger.open(_OWN_NODE)
        as_node = self._tiers(Direction.INGRESS, subject, UnseenEnd(self.variables, self.ledger))
        hidden = self.script.share(disj([own, self.script.share(as_node)]))
        return choose(peer.external, choose(behind, hidden, ruling), disj([ruling, conj([behind, hidden])]))

    def _through(self, subject: EndTerms, front: Front) -> Term:
        """The Service leads to the subject on this port, and puts a node's address in place of the source's."""
        service, ways = front.service, []
        if service.selector is not None:
            ports = [
                NamedPort(p.target, p.protocol) if isinstance(p.target, str) else NumberedPorts(p.protocol, p.target)
                for p in service.ports
            ]
            backend = subject.selects(NamespaceNamed(service.namespace), service.selector)
            ways.append(conj([backend, self.matching.on_ports(ports, where=SERVICE_SCOPE)]))
        names = {port.name for port in service.ports}
        for entry in front.endpoints:
            numbers = [NumberedPorts(p.protocol, p.number) for p in entry.ports if p.number and p.name in names]
            if numbers:
                here = subject.inside(AddressSet.singles(entry.addresses))
                ways.append(conj([subject.plain_pod, here, self.matching.on_ports(numbers)]))
        fact = OpenFact(
            "service-source",
            f"service-source {service.namespace}/{service.name}",
            f"{service.id} ({service.source}) may hide the source's address behind a node's "
            "(externalTrafficPolicy is not Local)",
        )
        return conj([found, self.ledger.open(fact)]) if (found := disj(ways)) != FALSE else FALSE

    def _through_host_ports(self, subject: EndTerms) -> Term:
        by_port: dict[tuple[Protocol, int], list[int]] = {}
        for code, c in subject.classes:
            for protocol, number, _ in () if c.host_network else c.host_ports:
                by_port.setdefault((protocol, number), []).append(code)
        ways = [
            conj([subject.is_class(codes), self.matching.on_ports([NumberedPorts(*port)])])
            for port, codes in by_port.items()
        ]
        return conj([disj(ways), self.ledger.open(_HOST_PORT)]) if ways else FALSE

    def _unmodelled(self, direction: Direction, subject: EndTerms, ruling: Term) -> Term:
        grows, shrinks = [], []
        for thing in self.scope.unmodelled:
            touched = self._touched(thing, direction, subject)
            if len(thing.protocols) < len(Protocol):
                touched = conj([touched, disj(map(self.matching.has_protocol, thing.protocols))])
            if touched != FALSE:
                if thing.may_allow:
                    grows.append(conj([touched, self.ledger.open(_unmodelled_fact(thing, direction, "allow"))]))
                if thing.may_deny:
                    shrinks.append(conj([touched, self.ledger.open(_unmodelled_fact(thing, direction, "deny"))]))
        return conj([disj([ruling, *grows]), neg(disj(shrinks))])

    @staticmethod
    def _touched(thing: Unmodelled, direction: Direction, subject: EndTerms) -> Term:
        """The subject is a pod that the object may reach in this direction."""
        if direction not in thing.directions:
            return FALSE
        if thing.elsewhere_than:
            return neg(subject.chosen(NamespaceNamed(thing.elsewhere_than)))
        return TRUE if thing.namespace is None else subject.chosen(NamespaceNamed(thing.namespace))


_SERVICE_EVAL = OpenFact(
    "service-eval",
    "service-eval",
    "whether egress rules see a connection to a Service's address before or after its translation is up to the engine "
    "(knob service-eval)",
)
_OWN_NODE = OpenFact(
    "service-source", "service-source own-node", "traffic through a Service may come from the pod's own node"
)
_HOST_PORT = OpenFact(
    "service-source", "service-source host-port", "a hostPort may hide the source's address behind a node's"
)


def _unmodelled_fact(thing: Unmodelled, direction: Direction, effect: str) -> OpenFact:
    return OpenFact(
        "unmodelled",
        f"unmodelled {thing.id} {thing.content} {direction.value} {effect}",
        f"{thing.id} ({thing.source}) is not modelled and may {effect} {direction.value}",
    )
