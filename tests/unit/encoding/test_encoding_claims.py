"""Claims as terms: which connections they speak of and which break them, at single connections."""

from __future__ import annotations

from ipaddress import ip_address

from evaluators import EVERYTHING
from trials import Asked, Encoded

from analyzer.model.claims import Anything, Claim, Kind
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Namespace, Workload
from analyzer.model.endpoints import Connection, External, Pod, pod_of
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import NamedPort, Protocol
from analyzer.model.profile import PROFILES

NAMESPACE = Namespace("a", Labels({NAMESPACE_NAME_LABEL: "a"}), True)
CLIENT = Pod("a", NAMESPACE.labels, Labels(), ip_address("10.0.0.1"))


def breaks(claim: Claim, connection: Connection, cluster: Cluster) -> bool:
    """Whether the connection breaks the claim; it can be in the universe, and nothing is open."""
    (found,) = Encoded(Asked(cluster, PROFILES["generic"], claim)).answer(connection) or ()
    return found


def test_a_question_finds_named_ports_on_the_nodes_network_too() -> None:
    """Policies do not (reference A7.5)."""
    ports = (ContainerPort("web", 80, Protocol.TCP, ContainerKind.CONTAINER),)
    server = Workload("Deployment", "a", "w", Labels(), ports=ports, host_network=True)
    cluster = Cluster((NAMESPACE,), (server,))
    claim = Claim(Kind.NO, Anything(), Anything(), (NamedPort("web", Protocol.TCP),))
    there = pod_of(server, NAMESPACE.labels, ip_address("192.168.1.1"))
    found = {port: breaks(claim, Connection(CLIENT, there, Protocol.TCP, port), cluster) for port in (80, 81)}
    assert found == {80: True, 81: False}


def test_addresses_outside_have_no_ports_with_names() -> None:
    claim = Claim(Kind.NO, Anything(), Anything(), (NamedPort("web", Protocol.TCP),))
    out = Connection(CLIENT, External(ip_address("203.0.113.1")), Protocol.TCP, 80)
    assert breaks(EVERYTHING, out, Cluster((NAMESPACE,)))
    assert not breaks(claim, out, Cluster((NAMESPACE,)))
