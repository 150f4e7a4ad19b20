"""Which connections a rule matches: its peers at the far end, its ports at the destination (A5–A9, B3, B4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.ledger import Ledger
from analyzer.encoding.scope import Role, Scope
from analyzer.encoding.selectors import matches
from analyzer.encoding.sights import sees_port, sees_service, zero_port
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, conj, disj, equal, neg, number, within
from analyzer.encoding.variables import PROTOCOL_CODES, Attribute, VariableBuilder
from analyzer.model.cluster import Node
from analyzer.model.host_network import asks_for_host_network, hints_at_host_network
from analyzer.model.labels import Selector
from analyzer.model.leading import Way
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceChoice,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    UnknownPeer,
)
from analyzer.model.profile import HostNetworkLabel, NamedPorts, NamedPortScope
from analyzer.records import dataclass
from analyzer.sets import AddressSet


class UnseenEnd:
    """A source behind the address of some node, which nobody knows but is one and the same for every rule: blocks that
    cover all addresses of a family together are sure to match it."""

    external = host = pod = plain_pod = host_network = FALSE
    on_host = TRUE

    def __init__(self, variables: VariableBuilder, ledger: Ledger) -> None:
        self._variables, self._ledger = variables, ledger

    def selects(self, namespaces: NamespaceChoice, pods: Selector) -> Term:
        return FALSE

    def labels_match(self, selector: Selector) -> Term:
        return FALSE

    def _address(self, version: int) -> OpenFact:
        return _node_address(version)

    def inside(self, addresses: AddressSet) -> Term:
        v6, found = self._variables.symbol(Role.CONNECTION, Attribute.FAMILY), []
        for version, width, is_family in ((4, 32, neg(v6)), (6, 128, v6)):
            if ranges := addresses.family(version):
                address = self._ledger.open(self._address(version), width)
                found.append(conj([is_family, within(address, ranges, width)]))
        return disj(found)


class AskedNode(UnseenEnd):
    """A destination that is some node: one of those `known`, or one of which nothing is known where that is empty."""

    host = TRUE

    def __init__(self, variables: VariableBuilder, ledger: Ledger, known: Sequence[Node]) -> None:
        super().__init__(variables, ledger)
        self._known = known

    def exists(self) -> Term:
        return self.inside(_addresses(self._known)) if self._known else TRUE

    def labels_match(self, selector: Selector) -> Term:
        if self._known:
            return self.inside(_addresses(n for n in self._known if matches(selector, n.labels)))
        if selector == Selector.EVERYTHING:
            return TRUE
        text = f"whether a node that leads to the destination has the labels `{selector}` is not known"
        return self._ledger.open(OpenFact("node-way", f"node-way labels {selector}", text))

    def _address(self, version: int) -> OpenFact:
        text = "by which node's address a client comes to the destination is not known"
        return OpenFact("node-way", f"node-way IPv{version}", text)


def _addresses(nodes: Iterable[Node]) -> AddressSet:
    return AddressSet.singles(ip for node in nodes for ip in node.ips)


def _node_address(version: int) -> OpenFact:
    text = "which address a node puts in place of the source's on the way through a Service is not known"
    return OpenFact("service-source", f"service-source node IPv{version}", text)


@dataclass(frozen=True, slots=True)
class ServiceSight:
    """A destination that is asked for by one of a Service's addresses and ports, before either is translated."""

    backend: EndTerms
    way: Way


@dataclass(frozen=True, slots=True)
class NodeSight:
    """A destination that is asked for by a node's address and a port of it, before the node translates them."""

    node: AskedNode
    protocol: Protocol
    number: int


FarEnd = EndTerms | UnseenEnd | ServiceSight | NodeSight


class Matching:
    """Terms over the connection's protocol and port, its destination, and one far end at a time."""

    def __init__(
        self, scope: Scope, dst: EndTerms | None, variables: VariableBuilder, script: Script, ledger: Ledger
    ) -> None:
        self.scope, self.dst, self.variables, self.script, self.ledger = scope, dst, variables, script, ledger
        self.profile = scope.question.profile
        self._protocol, self.port = (variables.row(Role.CONNECTION, it) for it in (Attribute.PROTOCOL, Attribute.PORT))

    def rule(self, policy: Policy, rule: Rule, peer: FarEnd, direction: Direction) -> Term:
        """The rule matches the connection, `peer` being its far end: peers and ports (reference A5.1)."""
        if isinstance(peer, ServiceSight):
            return self._rule_at_service(policy, rule, peer, direction)
        if isinstance(peer, NodeSight):
            if not sees_port(rule, peer.protocol, peer.number, self.profile):
                return FALSE
            return TRUE if rule.peers is None else self.script.share(disj(self._peer(p, peer.node) for p in rule.peers))
        peers = TRUE if rule.peers is None else disj(self._peer(p, peer) for p in rule.peers)
        if peers == FALSE:
            return FALSE
        return conj([self.script.share(peers), self._rule_ports(policy, rule, direction)])

    def _rule_at_service(self, policy: Policy, rule: Rule, sight: ServiceSight, direction: Direction) -> Term:
        """Selectors mean what stands behind the Service, on its own port; blocks mean the Service's address, as does a
        rule without peers, and then the port is the Service's (reference A9.6, A13.7)."""
        if sees_service(rule, sight.way, self.profile):
            return TRUE
        selecting = [p for p in rule.peers or () if not isinstance(p, AddressPeer)]
        peers = disj(self._peer(p, sight.backend) for p in selecting)
        if peers == FALSE:
            return FALSE
        return conj([self.script.share(peers), self._rule_ports(policy, rule, direction)])

    def _peer(self, peer: Peer, end: EndTerms | UnseenEnd) -> Term:
        match peer:
            case PodPeer(namespaces, pods):
                selected = conj([end.selects(namespaces, pods), neg(end.host_network)])
                return disj([selected, conj([end.on_host, self._nodes(peer)])]) if peer.is_bare else selected
            case AddressPeer():
                return self._address_peer(peer, end)
            case NodePeer(selector):
                matching = [n for n in self.scope.cluster.nodes if matches(selector, n.labels)]
                addresses = AddressSet.singles(ip for n in matching for ip in n.ips)
                shared = conj([end.host_network, end.inside(addresses)]) if addresses else FALSE
                return disj([conj([end.host, end.labels_match(selector)]), shared])
            case DomainPeer(names):
                return disj(self._domain(name, end) for name in names)
            case UnknownPeer():
                return FALSE

    def _nodes(self, peer: PodPeer) -> Term:
        """The peer means the nodes: in OVN-Kubernetes, by the one namespace that stands for them (reference 0.2, D)."""
        knob, choice = self.profile.host_network_label, peer.namespaces
        if knob is HostNetworkLabel.NO_MEANING or isinstance(choice, NamespaceNamed):
            return FALSE
        if not any(matches(choice.selector, labels) for labels in self.scope.cluster.host_network_labels):
            return FALSE
        if knob is HostNetworkLabel.SELECTS_NODES and asks_for_host_network(choice.selector):
            return TRUE
        if knob is HostNetworkLabel.UNKNOWN and not hints_at_host_network(choice.selector):
            return FALSE
        text = f"whether namespaceSelector `{choice.selector}` means the traffic of nodes"
        return self.ledger.open(OpenFact("host-network-label", f"host-network-label {choice.selector}", text))

    def _domain(self, name: str, end: EndTerms | UnseenEnd) -> Term:
        """Whether a name stands for an end that it can stand for is open; one of the cluster's own can for pods."""
        ends = [end.external]
        own = self.scope.cluster.domain_of_cluster(name)
        if own is not None:
            where = NamespacesMatching(Selector.EVERYTHING) if own.namespace is None else NamespaceNamed(own.namespace)
            ends += [end.host, end.selects(where, Selector.EVERYTHING)]
        if disj(ends) == FALSE:
            return FALSE
        fact = OpenFact("domain", f"domain {name}", f"which addresses `{name}` stands for")
        return conj([disj(ends), self.ledger.open(fact)])

    def _address_peer(self, peer: AddressPeer, end: EndTerms | UnseenEnd) -> Term:
        kinds = [end.external]
        if self.profile.ipblock_matches_pods if peer.matches_cluster is None else peer.matches_cluster:
            kinds.append(end.plain_pod)
        if self.profile.ipblock_matches_nodes if peer.matches_cluster is None else peer.matches_cluster:
            kinds.append(end.on_host)
        return conj([disj(kinds), end.inside(peer.addresses)]) if disj(kinds) != FALSE else FALSE

    def _rule_ports(self, policy: Policy, rule: Rule, direction: Direction) -> Term:
        if rule.ports is None:
            return TRUE
        ports = rule.ports
        if self.profile.named_ports is NamedPorts.ZERO_PORT:
            ports = zero_port(ports)
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
                parts.append(conj([self.has_protocol(entry.protocol), self.ledger.open(fact)]))
        return disj(parts)

    def has_protocol(self, protocol: Protocol) -> Term:
        return equal(self._protocol.symbol, number(PROTOCOL_CODES[protocol], self._protocol.width))

    def on_ports(
        self,
        ports: Iterable[Ports],
        *,
        enforce_range: bool = True,
        for_policy: bool = False,
        where: NamedPortScope | None = None,
    ) -> Term:
        """The connection's protocol and destination port are among `ports`; names resolve on the destination pod.

        In policies a name never matches a hostNetwork pod (reference A7.5); in questions it does.  `where`: in which
        containers names are looked up, if not in those that the profile looks at.
        """
        assert self.dst is not None
        where = where or self.profile.named_port_scope
        names = [wanted for wanted in self.scope.port_names if wanted.scope is where]
        parts = []
        for entry in ports:
            match entry:
                case NumberedPorts(protocol, low):
                    allowed = entry.ports if enforce_range or not entry.is_range else NumberedPorts(protocol, low).ports
                    if protocol is Protocol.OTHER or low is None:
                        parts.append(self.has_protocol(protocol))
                    else:
                        is_there = self.variables.lies_in(allowed.intervals, Role.CONNECTION, Attribute.PORT)
                        parts.append(conj([self.has_protocol(protocol), is_there]))
                case NamedPort(name, protocol):
                    for wanted in names:
                        if wanted.name == name and protocol in (None, wanted.protocol):
                            declared = self.variables.symbol(Role.DST, Attribute.PORT_NAME, wanted)
                            fits = [self.has_protocol(wanted.protocol), declared]
                            parts.append(conj([*fits, neg(self.dst.host_network)] if for_policy else fits))
        return disj(parts)


def _subject(policy: Policy) -> str:
    """Whom a policy selects, as a text that is the same in each cluster."""
    choice = policy.subject.namespaces
    where = choice.name if isinstance(choice, NamespaceNamed) else f"({choice.selector})"
    return f"{where} ({policy.subject.pods})"
