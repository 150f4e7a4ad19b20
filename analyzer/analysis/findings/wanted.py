"""A connection that a refuted `some` asks for, between ends that are there: what denies it is the cause."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, External, Pod, pod_of
from analyzer.model.ends import leaves_of
from analyzer.model.formulas import AtAddress, Formula, Member
from analyzer.model.policies import PORT_PROTOCOLS, NumberedPorts, Protocol
from analyzer.model.profile import Profile
from analyzer.semantics import decide, is_in_scope, is_member
from analyzer.sets.addresses import IPAddress
from analyzer.verdicts import Counterexample
from analyzer.verdicts.regions import Region

_MOST_ENDS = 30
_MOST_TRIED = 600
_FAMILIAR = (443, 80, 8080)


def wanted(claim: Claim, cluster: Cluster, profile: Profile, at: IPAddress) -> Counterexample | None:
    """The first connection that the claim speaks of; None if no workload, or address that the claim names, is one of
    its ends.  `at`: an address for pods of which none is known."""
    if claim.destinations is None:
        return None
    sources, destinations = (
        list(islice(_ends(members, cluster, at), _MOST_ENDS)) for members in (claim.sources, claim.destinations)
    )
    tried = product(sources, destinations)
    for src, dst in islice(tried, _MOST_TRIED):
        if src == dst:
            continue
        for protocol, port in _ports(claim, dst):
            connection = Connection(src, dst, protocol, port)
            if is_in_scope(claim, connection, profile):
                decision = decide(cluster, profile, connection)
                if not decision.allowed:
                    return Counterexample(connection, None, decision, (), Region(()), True)
    return None


def _ends(members: Formula, cluster: Cluster, at: IPAddress) -> Iterator[End]:
    for workload in cluster.workloads:
        labels = cluster.namespace_by_name[workload.namespace].labels
        pod = pod_of(workload, labels, next(iter(workload.ips), at))
        if not workload.host_network and is_member(members, pod):
            yield pod
    for leaf in leaves_of(members):
        if isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress):
            known = External(type(at)("8.8.8.8")) if at.version == 4 else None
            if known is not None and is_member(members, known):
                yield known
            networks = (network for network in leaf.ends.addresses.networks() if network.version == at.version)
            yield from (External(network.network_address) for network in islice(networks, 2))


def _ports(claim: Claim, dst: End) -> Iterator[tuple[Protocol, int]]:
    declared = dst.ports if isinstance(dst, Pod) else ()
    for entry in claim.ports:
        if isinstance(entry, NumberedPorts) and entry.protocol in PORT_PROTOCOLS:
            own = [port.number for port in declared if port.protocol is entry.protocol and port.number in entry.ports]
            found = next((port for port in (*own, *_FAMILIAR) if port in entry.ports), entry.low)
            if found is not None:
                yield entry.protocol, found
