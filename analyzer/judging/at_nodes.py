"""What the addresses of declared nodes lead to: the pods behind the ports that Services and pods have there (A13.5).

A node is no pod, and policies say nothing of who outside reaches one.  What they say of the pods behind its ports is
the answer to who gets through there.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.ends import Behind, LedPort, Unknown, can_be_pods, meant, pods_of_workload
from analyzer.model.formulas import Formula
from analyzer.model.leading import NodeWay, node_ways
from analyzer.model.policies import NumberedPorts
from analyzer.sets import AddressSet, PortSet

_KINDS = frozenset({Kind.NO, Kind.NO_NEW, Kind.EVERY, Kind.SOME})


def asks_nodes(claim: Claim) -> bool:
    """Whether its sources are no pods.  Of pods, the egress rules say who reaches a node."""
    return claim.kind in _KINDS and not can_be_pods(claim.sources)


def at_nodes(addresses: AddressSet, claim: Claim, cluster: Cluster) -> Iterator[Formula]:
    """What stands behind the ports of the declared nodes that have one of the addresses."""
    nodes = [node for node in cluster.nodes if any(ip in addresses for ip in node.ips)]
    if not nodes:
        return
    for way in node_ways(cluster):
        yield from _behind(way, claim)
    names = {node.name for node in nodes}
    for workload in cluster.workloads:
        if not workload.host_network and (not workload.nodes or names & set(workload.nodes)):
            ports = tuple(_host_ports(workload))
            if ports:
                yield meant(Behind(f"hostPort of {workload.owner}", ports))


def _behind(way: NodeWay, claim: Claim) -> Iterator[Formula]:
    """Of a port that is not chosen yet, it is not known whether a question about some of the ports asks for it."""
    port = way.port
    is_chosen = way.low == way.high
    led = LedPort(port.service, way.low if is_chosen else 0, "", port.protocol, port.target, port.members)
    text = f"port {way.low} of the nodes" if is_chosen else f"the nodes' port of {port.service}"
    found = meant(Behind(text, (led,)))
    if is_chosen:
        yield found
        return
    asked = (e.ports for e in claim.ports if isinstance(e, NumberedPorts) and e.protocol in (None, port.protocol))
    spoken = PortSet.EMPTY
    for ports in asked:
        spoken |= ports
    could_be = PortSet.of((way.low, way.high))
    if could_be <= spoken:
        yield found
    elif could_be & spoken:
        yield meant(Unknown(f"which port of the nodes the cluster gives to {port.service}", found))


def _host_ports(workload: Workload) -> Iterator[LedPort]:
    members = pods_of_workload(workload.namespace, workload.name)
    for port in workload.ports:
        if port.host_port:
            target = NumberedPorts(port.protocol, port.number)
            yield LedPort(f"hostPort of {workload.owner}", port.host_port, "", port.protocol, target, members)
