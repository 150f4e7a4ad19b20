"""Model objects in few words, for the tests of the oracle."""

from __future__ import annotations

from ipaddress import ip_address

from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Unmodelled
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    NamespaceNamed,
    NamespacesMatching,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE, Source
from analyzer.semantics import open_facts, outcomes
from analyzer.sets import AddressSet

GENERIC = PROFILES["generic"]
EVERYWHERE = NamespacesMatching(Selector.EVERYTHING)


def pod(namespace: str, ip: str, *, team: str | None = None, ports: tuple[ContainerPort, ...] = (), **rest) -> Pod:
    labels = {"kubernetes.io/metadata.name": namespace} | ({"team": team} if team is not None else {})
    wanted = Labels(rest.pop("labels", {}))
    return Pod(namespace, Labels(labels), wanted, ip_address(ip), ports=ports, **rest)


X = pod("a", "10.0.1.1", team="a", labels={"app": "x"})
Y = pod("a", "10.0.1.2", team="a", labels={"app": "y"})
Z = pod("b", "10.0.2.1", team="b", labels={"app": "z"})
W = pod("c", "10.0.3.1")
E = External(ip_address("203.0.113.9"))
NODE = Host("n1", Labels({"role": "cp"}), ip_address("192.168.1.1"))
AGENT = pod("a", "192.168.1.1", labels={"app": "x"}, host_network=True)


def where(**labels: str) -> Selector:
    return Selector(tuple(Requirement(k, Operator.IN, frozenset({v})) for k, v in labels.items()))


def named(name: str, number: int, protocol=Protocol.TCP, container=ContainerKind.CONTAINER) -> ContainerPort:
    return ContainerPort(name, number, protocol, container)


def block(cidr: str, *, matches_cluster: bool | None = None) -> AddressPeer:
    return AddressPeer(AddressSet.of(cidr), cidr, matches_cluster)


def rule(
    *peers: Peer, on: tuple[Ports, ...] | None = None, action: Action = Action.ACCEPT, index: int = 0, name: str = ""
) -> Rule:
    """A rule; without peers it means everyone."""
    return Rule(action, peers or None, on, index, Source("policies.yaml", 1), name)


def accept(*peers: Peer, **rest) -> Rule:
    return rule(*peers, **rest)


def deny(*peers: Peer, **rest) -> Rule:
    return rule(*peers, action=Action.DENY, **rest)


def hand_on(*peers: Peer, **rest) -> Rule:
    return rule(*peers, action=Action.PASS, **rest)


def network_policy(name: str, namespace: str = "a", *, ingress=None, egress=None, pods=Selector.EVERYTHING) -> Policy:
    subject = PodPeer(NamespaceNamed(namespace), pods)
    return Policy("NetworkPolicy", namespace, name, Tier.NETWORK_POLICY, subject, ingress, egress, NOWHERE)


def admin_policy(name: str, priority: int, *, ingress=None, egress=None, tier=Tier.ADMIN) -> Policy:
    kind = "AdminNetworkPolicy" if tier is Tier.ADMIN else "BaselineAdminNetworkPolicy"
    return Policy(kind, None, name, tier, PodPeer(EVERYWHERE), ingress, egress, Source("admin.yaml", 1), priority)


def unmodelled(namespace: str | None = None, *, may_allow=False, may_deny=False, adds_pods=False) -> Unmodelled:
    place = Source("other.yaml", 7)
    return Unmodelled("CiliumNetworkPolicy", "cilium.io/v2", namespace, "odd", may_allow, may_deny, adds_pods, place)


def to(src: End, dst: End, port: int | None = 80, protocol: Protocol = Protocol.TCP) -> Connection:
    return Connection(src, dst, protocol, None if protocol is Protocol.OTHER else port)


def answer(policies, connection: Connection, profile=GENERIC, **rest) -> str:
    """`allow`, `deny`, or `open` when it hangs on open facts."""
    cluster = Cluster(policies=tuple(policies), **rest)
    found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
    assert bool(open_facts(cluster, profile, connection)) == (len(found) == 2)
    return "open" if len(found) == 2 else "allow" if True in found else "deny"
