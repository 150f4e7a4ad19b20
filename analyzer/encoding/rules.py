"""What the policies permit, as terms.

For each direction the tiers are folded from the last to the first: `after` is what holds when a tier hands on.
A first-match tier is a chain of if-then-else; the union tier is "isolated implies some rule".  Reference A0, B1, C2.

A tracked literal stands before every isolation (and every deny) that a proof of isolation can rest on, or before every
allow that a proof of reachability can rest on; a core over these literals is the list of policies a proof needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, groupby

from analyzer.encoding.ends import PROTOCOL_CODES, EndTerms
from analyzer.encoding.scope import Scope
from analyzer.encoding.selectors import matches
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, choose, conj, disj, equal, implies, neg, number, within
from analyzer.model.cluster import Unmodelled
from analyzer.model.labels import Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceChoice,
    NamespaceNamed,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    RuleRef,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import NamedPorts, OtherProtocols
from analyzer.sets import AddressSet


@dataclass
class Ledger:
    """What the terms introduced: tracked literals with their rules, open facts with theirs.

    Terms of several clusters may share one: a fact of the same id is then the same fact.
    """

    tracks: dict[str, RuleRef] = field(default_factory=dict)
    opens: dict[str, OpenFact] = field(default_factory=dict)
    track_names: dict[tuple[str, Direction, int | None], str] = field(default_factory=dict)
    open_names: dict[str, str] = field(default_factory=dict)


class PolicyTerms:
    """Terms for "egress is allowed at s" and "ingress is allowed at d"; `track_allows` for proofs of reachability,
    `is_tracked=False` where nobody asks what a proof rests on."""

    def __init__(
        self,
        scope: Scope,
        src: EndTerms,
        dst: EndTerms | None,
        script: Script,
        ledger: Ledger,
        *,
        track_allows: bool = False,
        is_tracked: bool = True,
    ) -> None:
        self.scope, self.src, self.dst, self.script, self.ledger = scope, src, dst, script, ledger
        self.track_allows, self.is_tracked = track_allows, is_tracked
        self.profile = scope.question.profile
        self.protocol = script.vector("proto", 2)
        self.port = script.vector("port", 16)
        self.port_cuts: set[int] = {1}

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
        return implies(subject.plain_pod, self._unmodelled(direction, subject, ruling))

    def isolated(self, direction: Direction, subject: EndTerms) -> Term:
        """Some NetworkPolicy isolates the subject for the direction."""
        if not self.profile.enforces:
            return FALSE
        return conj([subject.plain_pod, disj(i for _, i in self._isolations(direction, subject))])

    def _policies(self, direction: Direction, tier: Tier) -> list[Policy]:
        chosen = self.scope.egress if direction is Direction.EGRESS else self.scope.ingress
        return [p for p in chosen if p.tier is tier and p.rules(direction) is not None]

    def _tiers(self, direction: Direction, subject: EndTerms, peer: EndTerms | UnseenEnd) -> Term:
        after = TRUE
        for tier in reversed(Tier):
            if tier is Tier.NETWORK_POLICY:
                after = self._union(direction, subject, peer, after)
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

    def _union(self, direction: Direction, subject: EndTerms, peer: EndTerms | UnseenEnd, after: Term) -> Term:
        isolations, allows = [], []
        for policy, isolation in self._isolations(direction, subject):
            isolations.append(isolation)
            rules = policy.rules(direction) or ()
            matches = [
                self._tracked_allow(policy, direction, r, self._match(policy, r, peer, direction)) for r in rules
            ]
            selected = subject.selects(policy.subject.namespaces, policy.subject.pods)
            allows.append(self.script.share(conj([selected, disj(matches)])))
        if not isolations:
            return after
        isolated = self.script.share(disj(isolations))
        allow = disj([*allows, self._other_protocols(subject)])
        return self.script.share(choose(isolated, self.script.share(allow), after))

    def _tracked_allow(self, policy: Policy, direction: Direction, rule: Rule, match: Term) -> Term:
        if match == FALSE or not self.track_allows:
            return match
        return conj([self._track(RuleRef(policy, direction, rule)), match])

    def _other_protocols(self, subject: EndTerms) -> Term:
        """Protocols without ports that no rule of an isolating policy matches (reference A11.2)."""
        is_other = equal(self.protocol, number(PROTOCOL_CODES[Protocol.OTHER], 2))
        match self.profile.other_protocols:
            case OtherProtocols.MATCH_IF_NO_PORTS:
                return FALSE
            case OtherProtocols.ACCEPT:
                return is_other
            case OtherProtocols.UNKNOWN:
                text = "whether isolation covers protocols without ports differs between engines"
                fact = OpenFact("other-protocols", f"other-protocols {subject.letter}", text)
                return conj([is_other, self._open(fact)])

    # -------------------------------------------------------------------------------------------- first-match tiers
    def _first_match(
        self, direction: Direction, tier: Tier, subject: EndTerms, peer: EndTerms | UnseenEnd, after: Term
    ) -> Term:
        ordered = self._policies(direction, tier)
        result = after
        groups = [list(g) for _, g in groupby(ordered, key=lambda p: p.priority)]
        for group in reversed(groups):
            live = [p for p in group if subject.selects(p.subject.namespaces, p.subject.pods) != FALSE]
            rulings = [self._one_policy(p, direction, subject, peer, result, after) for p in live]
            result = self._tied(live, direction, rulings, result)
        return result

    def _one_policy(
        self,
        policy: Policy,
        direction: Direction,
        subject: EndTerms,
        peer: EndTerms | UnseenEnd,
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

    def _effect(
        self, policy: Policy, rule: Rule, peer: EndTerms | UnseenEnd, direction: Direction
    ) -> tuple[Action, Term]:
        """A rule that holds a peer nobody knows fails closed (reference B3.2)."""
        if any(isinstance(p, UnknownPeer) for p in rule.peers or ()):
            return (Action.ACCEPT, FALSE) if rule.action is Action.ACCEPT else (Action.DENY, TRUE)
        return rule.action, self._match(policy, rule, peer, direction)

    def _track_action(self, policy: Policy, direction: Direction, rule: Rule, action: Action) -> Term:
        """A Pass may keep a rule further down from deciding, whatever is to be proved."""
        unneeded = Action.DENY if self.track_allows else Action.ACCEPT
        return TRUE if action is unneeded else self._track(RuleRef(policy, direction, rule))

    def _tied(
        self, policies: list[Policy], direction: Direction, rulings: list[tuple[Term, Term]], below: Term
    ) -> Term:
        """Any of the policies of one priority that match may be the one that counts (reference B1.2)."""
        if len(rulings) == 1:
            return rulings[0][1]
        result = below
        later = FALSE
        for i in range(len(rulings) - 1, -1, -1):
            some, ruling = rulings[i]
            names = " and ".join(f"{p.id} ({p.source})" for p in policies)
            text = f"equal priority {policies[i].priority}: the order of {names} is not defined"
            fact = OpenFact("tie", f"tie {direction.value} {' '.join(p.id for p in policies)} {i}", text)
            first = TRUE if later == FALSE else disj([self._open(fact), neg(later)])
            result = self.script.share(choose(conj([some, first]), ruling, result))
            later = self.script.share(disj([some, later]))
        return result

    def tied(self, direction: Direction) -> Term:
        """Policies of one priority match the connection at this end and do different things (reference B1.2)."""
        assert self.dst is not None
        subject, peer = (self.src, self.dst) if direction is Direction.EGRESS else (self.dst, self.src)
        later = FALSE
        for tier in reversed(Tier) if self.profile.enforces else ():
            if tier is Tier.NETWORK_POLICY:
                later = conj([neg(disj(i for _, i in self._isolations(direction, subject))), later])
                continue
            found, groups = later, groupby(self._policies(direction, tier), key=lambda p: p.priority)
            for group in reversed([list(g) for _, g in groups]):
                actions = self._first_actions(group, direction, subject, peer)
                met = disj(actions.values())
                clash = disj(conj([actions[a], actions[b]]) for a, b in combinations(Action, 2))
                passed = conj([actions[Action.PASS], later])
                found = self.script.share(choose(met, disj([clash, passed]), found))
            later = found
        return conj([subject.plain_pod, later])

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

    # -------------------------------------------------------------------------------------------- rules
    def _match(self, policy: Policy, rule: Rule, peer: EndTerms | UnseenEnd, direction: Direction) -> Term:
        peers = TRUE if rule.peers is None else disj(self._peer(p, peer) for p in rule.peers)
        if peers == FALSE:
            return FALSE
        return conj([self.script.share(peers), self._rule_ports(policy, rule, direction)])

    def _peer(self, peer: Peer, end: EndTerms | UnseenEnd) -> Term:
        match peer:
            case PodPeer(namespaces, pods):
                return conj([end.selects(namespaces, pods), neg(end.host_network)])
            case AddressPeer():
                return self._address_peer(peer, end)
            case NodePeer(selector):
                matching = [n for n in self.scope.cluster.nodes if matches(selector, n.labels)]
                addresses = AddressSet.singles(ip for n in matching for ip in n.ips)
                shared = conj([end.host_network, end.inside(addresses)]) if addresses else FALSE
                return disj([conj([end.host, end.labels_match(selector)]), shared])
            case DomainPeer(names):
                facts = (OpenFact("domain", f"domain {n}", f"which addresses `{n}` stands for") for n in names)
                return conj([end.external, disj(self._open(f) for f in facts)]) if end.external != FALSE else FALSE
            case UnknownPeer():
                return FALSE

    def _address_peer(self, peer: AddressPeer, end: EndTerms | UnseenEnd) -> Term:
        kinds = [end.external]
        if peer.matches_cluster or self.profile.ipblock_matches_pods:
            kinds.append(end.plain_pod)
        if peer.matches_cluster or self.profile.ipblock_matches_nodes:
            kinds.append(end.on_host)
        return conj([disj(kinds), end.inside(peer.addresses)]) if disj(kinds) != FALSE else FALSE

    def _rule_ports(self, policy: Policy, rule: Rule, direction: Direction) -> Term:
        if rule.ports is None:
            return TRUE
        ports = rule.ports
        if self.profile.named_ports is NamedPorts.ZERO_PORT:
            ports = _zero_port(ports)
        found = self.on_ports(ports, enforce_range=self.profile.enforce_endport, for_policy=True)
        if self.profile.named_ports is NamedPorts.UNION and direction is Direction.INGRESS:
            found = disj([found, self._union_names(policy, rule)])
        return self.script.share(found)

    def _union_names(self, policy: Policy, rule: Rule) -> Term:
        """Engines that open a name's numbers on every subject pod: which numbers, other pods decide (reference D)."""
        parts = []
        for entry in rule.ports or ():
            if isinstance(entry, NamedPort) and entry.protocol is not None:
                text = f"port name `{entry.name}` at {rule.source} opens every number that a selected pod gives it"
                fact = OpenFact("named-port-union", f"named-port-union {_subject(policy)} {entry}", text)
                parts.append(conj([self._has_protocol(entry.protocol), self._open(fact)]))
        return disj(parts)

    def _has_protocol(self, protocol: Protocol | None) -> Term:
        if protocol is None:
            return neg(equal(self.protocol, number(PROTOCOL_CODES[Protocol.OTHER], 2)))
        return equal(self.protocol, number(PROTOCOL_CODES[protocol], 2))

    def on_ports(self, ports: Iterable[Ports], *, enforce_range: bool = True, for_policy: bool = False) -> Term:
        """The connection's protocol and destination port are among `ports`; names resolve on the destination pod.

        In policies a name never matches a hostNetwork pod (reference A7.5); in questions it does.
        """
        assert self.dst is not None
        names = {pair: i for i, pair in enumerate(self.scope.port_names)}
        parts = []
        for entry in ports:
            match entry:
                case NumberedPorts(protocol, low):
                    allowed = entry.ports if enforce_range or not entry.is_range else NumberedPorts(protocol, low).ports
                    if protocol is Protocol.OTHER or low is None:
                        parts.append(self._has_protocol(protocol))
                    else:
                        self.port_cuts.update(edge for a, b in allowed for edge in (a, b + 1))
                        parts.append(conj([self._has_protocol(protocol), within(self.port, allowed.intervals, 16)]))
                case NamedPort(name, protocol):
                    for (known, offered), i in names.items():
                        if known == name and protocol in (None, offered):
                            fits = [self._has_protocol(offered), self.script.boolean(f"d.p.{i}")]
                            parts.append(conj([*fits, neg(self.dst.host_network)] if for_policy else fits))
        return disj(parts)

    # -------------------------------------------------------------------------------------------- open facts
    def _seen_through_services(self, subject: EndTerms, peer: EndTerms | UnseenEnd, ruling: Term) -> Term:
        """The source address seen behind a Service that replaces it is left open (reference A13.5, E3)."""
        through = []
        for service in self.scope.services:
            ports = [
                NamedPort(p.target, p.protocol) if isinstance(p.target, str) else NumberedPorts(p.protocol, p.target)
                for p in service.ports
            ]
            backend = subject.selects(NamespaceNamed(service.namespace), service.selector or Selector.EVERYTHING)
            if backend != FALSE:
                fact = OpenFact(
                    "service-source",
                    f"service-source {service.namespace}/{service.name}",
                    f"Service {service.namespace}/{service.name} ({service.source}) may hide the client's address "
                    "behind its node's (externalTrafficPolicy is not Local)",
                )
                through.append(conj([peer.external, backend, self.on_ports(ports), self._open(fact)]))
        if not through:
            return ruling
        behind, own = self.script.share(disj(through)), self._open(_OWN_NODE)
        as_node = self._tiers(Direction.INGRESS, subject, UnseenEnd())
        return choose(conj([behind, own]), TRUE, choose(behind, self.script.share(as_node), ruling))

    def _unmodelled(self, direction: Direction, subject: EndTerms, ruling: Term) -> Term:
        grows, shrinks = [], []
        for thing in self.scope.unmodelled:
            touched = TRUE if thing.namespace is None else subject.chosen(NamespaceNamed(thing.namespace))
            if touched != FALSE:
                if thing.may_allow:
                    grows.append(conj([touched, self._open(_unmodelled_fact(thing, direction, "allow"))]))
                if thing.may_deny:
                    shrinks.append(conj([touched, self._open(_unmodelled_fact(thing, direction, "deny"))]))
        return conj([disj([ruling, *grows]), neg(disj(shrinks))])

    # -------------------------------------------------------------------------------------------- ledger
    def _track(self, ref: RuleRef) -> Term:
        if not self.is_tracked:
            return TRUE
        key = (ref.policy.id, ref.direction, ref.rule.index if ref.rule else None)
        name = self.ledger.track_names.get(key)
        if name is None:
            name = self.ledger.track_names[key] = f"k{len(self.ledger.tracks)}"
            self.ledger.tracks[name] = ref
            self.script.comment(f"{name}: {ref.policy.id} {ref.direction.value} {ref.source}")
        return self.script.boolean(name)

    def _open(self, fact: OpenFact) -> Term:
        name = self.ledger.open_names.get(fact.id)
        if name is None:
            name = self.ledger.open_names[fact.id] = f"o{len(self.ledger.opens)}"
            self.ledger.opens[name] = fact
            self.script.comment(f"{name}: {fact.text}")
        return self.script.boolean(name)


class UnseenEnd:
    """A source behind some node's address: only a block that covers every address of a family is sure to match it."""

    external = host = pod = plain_pod = host_network = FALSE
    on_host = TRUE

    def selects(self, namespaces: NamespaceChoice, pods: Selector) -> Term:
        return FALSE

    def labels_match(self, selector: Selector) -> Term:
        return FALSE

    def inside(self, addresses: AddressSet) -> Term:
        full4, full6 = (addresses.family(v) == AddressSet.FULL.family(v) for v in (4, 6))
        return disj([neg("v6") if full4 else FALSE, "v6" if full6 else FALSE])


def _subject(policy: Policy) -> str:
    """Whom a policy selects, as a text that is the same in each cluster."""
    choice = policy.subject.namespaces
    where = choice.name if isinstance(choice, NamespaceNamed) else f"({choice.selector})"
    return f"{where} ({policy.subject.pods})"


_OWN_NODE = OpenFact(
    "service-source", "service-source own-node", "traffic through a Service may come from the pod's own node"
)


def _unmodelled_fact(thing: Unmodelled, direction: Direction, effect: str) -> OpenFact:
    return OpenFact(
        "unmodelled",
        f"unmodelled {thing.id} {thing.content} {direction.value} {effect}",
        f"{thing.id} ({thing.source}) is not modelled and may {effect} {direction.value}",
    )


def _zero_port(ports: tuple[Ports, ...]) -> tuple[Ports, ...]:
    """An engine that programs a name as port 0 (reference D): beside a number of its protocol it is lost, alone it
    opens the whole protocol.  That is said of NetworkPolicy; names without a protocol (ANP, CNP) stay as they are."""
    found: list[Ports] = [p for p in ports if p.protocol is None]
    for protocol in PORT_PROTOCOLS:
        mine = [p for p in ports if p.protocol is protocol]
        numbered = [p for p in mine if isinstance(p, NumberedPorts) and p.low is not None]
        if numbered:
            found += numbered
        elif mine:
            found.append(NumberedPorts(protocol))
    return tuple(found)
