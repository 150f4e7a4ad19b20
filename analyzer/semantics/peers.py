"""Which ends of a connection a rule's peer means (reference A8, A9, B3)."""

from __future__ import annotations

from analyzer.model.endpoints import End, External, Host, Pod
from analyzer.model.host_network import asks_for_host_network, hints_at_host_network
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import AddressPeer, DomainPeer, NamespaceNamed, NodePeer, Peer, PodPeer, UnknownPeer
from analyzer.model.profile import HostNetworkLabel
from analyzer.semantics.case import Case
from analyzer.semantics.selectors import matches, selects
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES


def is_among(peers: tuple[Peer, ...] | None, end: End, case: Case) -> bool:
    """Whether some peer means the end; no list of peers means everyone, in or out of the cluster (reference A5)."""
    return peers is None or any(_means(peer, end, case) for peer in peers)


def _means(peer: Peer, end: End, case: Case) -> bool:
    match peer:
        case PodPeer():
            return (isinstance(end, Pod) and selects(peer, end)) or _means_nodes(peer, end, case)
        case AddressPeer():
            return _is_address_in_force(peer, end, case) and end.ip in peer.addresses
        case NodePeer():
            return _is_node(peer, end, case)
        case DomainPeer():
            return any(_can_stand_for(name, end, case) and _is_resolved(name, end, case) for name in peer.names)
        case UnknownPeer():
            return False  # what such a rule does is decided by the rule as a whole (reference B3.2)


def _means_nodes(peer: PodPeer, end: End, case: Case) -> bool:
    """Whether the peer selects the namespace that stands for the nodes in OVN-Kubernetes (reference 0.2, D)."""
    knob, choice = case.profile.host_network_label, peer.namespaces
    is_on_node = isinstance(end, Host) or (isinstance(end, Pod) and end.host_network)
    if not is_on_node or not peer.is_bare or knob is HostNetworkLabel.NO_MEANING:
        return False
    if isinstance(choice, NamespaceNamed) or not any(
        matches(choice.selector, labels) for labels in case.cluster.host_network_labels
    ):
        return False
    if knob is HostNetworkLabel.SELECTS_NODES and asks_for_host_network(choice.selector):
        return True
    if knob is HostNetworkLabel.UNKNOWN and not hints_at_host_network(choice.selector):
        return False
    text = f"whether namespaceSelector `{choice.selector}` means the traffic of nodes is not known"
    fact = OpenFact("host-network-label", str(choice.selector), text)
    return case.settle(fact, (MATCHES, DOES_NOT_MATCH)) == MATCHES


def _is_address_in_force(peer: AddressPeer, end: End, case: Case) -> bool:
    """Whether an address range may mean an end of this sort at all (reference A9.4, A9.9, B3)."""
    if isinstance(end, External):
        return True
    if isinstance(end, Host) or end.host_network:
        return case.profile.ipblock_matches_nodes if peer.matches_cluster is None else peer.matches_cluster
    return case.profile.ipblock_matches_pods if peer.matches_cluster is None else peer.matches_cluster


def _is_node(peer: NodePeer, end: End, case: Case) -> bool:
    """A node whose labels match, or a hostNetwork pod that uses the address of one (reference B3, G126)."""
    if isinstance(end, Host):
        return matches(peer.selector, end.labels)
    if isinstance(end, Pod) and end.host_network:
        return any(end.ip in node.ips and matches(peer.selector, node.labels) for node in case.cluster.nodes)
    return False


def _can_stand_for(name: str, end: End, case: Case) -> bool:
    """Any name can stand for an address outside; one of the cluster's own for nodes, and for pods of its namespace,
    those on their node's network included (reference 0.2)."""
    if isinstance(end, External):
        return True
    own = case.cluster.domain_of_cluster(name)
    return own is not None and (isinstance(end, Host) or own.namespace in (None, end.namespace))


def _is_resolved(name: str, end: End, case: Case) -> bool:
    """Whether the name stands for the address: nobody says (reference B3.5)."""
    fact = OpenFact("domain", name, f"whether the domain name `{name}` stands for {end.ip} is not known")
    return case.settle(fact, (MATCHES, DOES_NOT_MATCH)) == MATCHES
