"""The map agrees with the oracle: every pair of ends, every port that anything can tell apart, exhaustively."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import product

from clusters import INSIDE, NODE_IPS, OUTSIDE, clusters, opened, profiles
from effort import worth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.analysis import EndFilter, Focus, connectivity, explain
from analyzer.analysis.connectivity.pairwise import Pair
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import End, External, Host, pod_of
from analyzer.model.enforcing import as_pictured
from analyzer.model.memory import remembered
from analyzer.model.on_nodes import room_of
from analyzer.model.policies import PORT_PROTOCOLS, AddressPeer, Direction, Peer, Protocol
from analyzer.model.profile import Profile
from analyzer.semantics import decide
from analyzer.semantics.services import OWN_NODE
from analyzer.semantics.settling import runs
from analyzer.sets import AddressSet, ConnectionSet, PortSet, other_protocols
from analyzer.sets.addresses import TOP4, TOP6, IPAddress
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, MapEnd
from analyzer.verdicts.explanation import Effect

law = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
POD_ADDRESSES = AddressSet.of("10.0.0.0/29", "fd00::/126")
PING, GRE = ((Protocol.OTHER, it.intervals[0][0]) for it in (other_protocols.icmp(8, 0), other_protocols.protocol(47)))
ATOMS = [(p, n) for p in PORT_PROTOCOLS for n in (79, 80, 81, 82, 83)] + [PING, GRE]
LOOSE = [(p, n) for p in (Protocol.TCP, Protocol.UDP) for n in (80, 81)] + [PING, GRE]


@st.composite
def mapped_clusters(draw) -> Cluster:
    """A cluster with something to say: the addresses of some workloads are not known, or not in both families, and
    there is no map that is open everywhere for want of policies."""
    cluster = draw(clusters(fewest=2))
    workloads = []
    for workload in cluster.workloads:
        known = draw(st.sampled_from(((4, 6), (4,), (6,), ())))
        workloads.append(replace(workload, ips=tuple(ip for ip in workload.ips if ip.version in known)))
    return replace(cluster, workloads=tuple(workloads))


def addresses_of(end: MapEnd, cluster: Cluster, profile: Profile) -> list[IPAddress]:
    """Every address the end can have, or one of each sort that policies and objects tell apart."""
    if isinstance(end, AddressRange):
        some = {end.low, end.high, *_cuts(cluster)}
        return [ip for ip in some if ip.version == end.low.version and end.low <= ip <= end.high]
    if end.ips:
        return list(end.ips)
    room = room_of(end, cluster, profile) if isinstance(end, Workload) and end.host_network else None
    if room is not None:
        return [ip for network in room.networks() for ip in network]
    if isinstance(end, Workload) and not end.host_network:
        taken = set(_known_addresses(cluster))
        return [ip for ip in _cuts(cluster) if ip in POD_ADDRESSES and ip not in taken]
    pods = {ip for w in cluster.workloads if not w.host_network for ip in w.ips}
    return [ip for ip in _cuts(cluster) if ip not in pods]


def _known_addresses(cluster: Cluster) -> Iterator[IPAddress]:
    for thing in (*cluster.workloads, *cluster.nodes):
        yield from thing.ips
    for service in cluster.services:
        yield from service.addresses


@remembered
def _cuts(cluster: Cluster) -> tuple[IPAddress, ...]:
    """Addresses on both sides of every border that a policy draws, or that an object's address or the pods' are."""
    blocks = [peer.addresses for peer in _peers_of(cluster) if isinstance(peer, AddressPeer)]
    blocks += [POD_ADDRESSES, *map(AddressSet.single, _known_addresses(cluster))]
    found: set[IPAddress] = set(_bases())
    for block in blocks:
        for kind, intervals in ((IPv4Address, block.v4), (IPv6Address, block.v6)):
            top = TOP4 if kind is IPv4Address else TOP6
            near = {n for low, high in intervals for n in (low - 1, low, high, high + 1)}
            found |= {kind(n) for n in near if 0 <= n <= top}
    return tuple(found)


def _peers_of(cluster: Cluster) -> Iterator[Peer]:
    for policy in cluster.policies:
        for direction in Direction:
            for rule in policy.rules(direction) or ():
                yield from rule.peers or ()


def _bases() -> list[IPAddress]:
    far = [ip_address("1.2.3.4"), ip_address("1::")]
    return [*INSIDE.values(), *OUTSIDE.values(), *NODE_IPS.values(), *far]


def concrete(end: MapEnd, ip: IPAddress, cluster: Cluster) -> End:
    match end:
        case Workload():
            namespace = cluster.namespace_by_name[end.namespace]
            return pod_of(end, namespace.labels, ip)
        case Node():
            return Host(end.name, end.labels, ip)
        case _:
            return External(ip)


def answers(cluster: Cluster, profile: Profile, src: MapEnd, dst: MapEnd, atom) -> set[bool]:
    """Everything the oracle may say, over addresses and open facts; nothing where the ends share no family.

    Runs in which the source is the pod's own node are left out: that is not judged.
    """
    found = set()
    for a, b in product(addresses_of(src, cluster, profile), addresses_of(dst, cluster, profile)):
        if a.version == b.version:
            connection = opened(concrete(src, a, cluster), concrete(dst, b, cluster), *atom)
            settled = runs(lambda settle, it=connection: decide(cluster, profile, it, settle))
            for decision, facts in settled:
                if OWN_NODE not in facts.values():
                    found.add(decision.allowed)
                if len(found) == 2:
                    return found
    return found


def contains(connections: ConnectionSet, atom) -> bool:
    protocol, number = atom
    if protocol is Protocol.OTHER:
        return number in connections.others
    return number in dict(connections.by_protocol)[protocol.value]


def on_map(atom, profile: Profile) -> bool:
    """Whether a map tells of it: of ICMPv6 the VPC CNI's agent asks no policy."""
    return atom != PING or profile.engine != "aws-vpc-cni"


def rows_of(found: ConnectivityMap) -> dict[tuple[int, int], tuple[ConnectionSet, ConnectionSet]]:
    """By pair of ends, as indices; no pair is in two rows."""
    table = {}
    for row in found.rows:
        for src, dst in product(found.members(row.src), found.members(row.dst)):
            if src != dst:
                assert (src, dst) not in table
                assert row.certain <= row.allowed
                table[src, dst] = row.allowed, row.certain
    assert len(table) == found.pair_count
    return table


def judged_pairs(found: ConnectivityMap) -> Iterator[tuple[int, int]]:
    """The pairs of two different ends, one of them at least a workload."""
    for src, dst in product(range(len(found.ends)), repeat=2):
        if src != dst and any(isinstance(found.ends[i], Workload) for i in (src, dst)):
            yield src, dst


NOTHING = ConnectionSet.EMPTY, ConnectionSet.EMPTY


def some_of(atoms: list, turn: int) -> list:
    """Those whose turn it is: a third of them, so that every pair is asked about some, and some pairs about each."""
    step = worth(3, 1)
    return atoms[turn % step :: step]


@settings(parent=law, max_examples=60)
@given(mapped_clusters(), profiles())
def test_the_map_agrees_with_the_oracle(cluster, profile):
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True)
    table = rows_of(found)
    for src, dst in judged_pairs(found):
        allowed, certain = table.pop((src, dst), NOTHING)
        ends = found.ends[src], found.ends[dst]
        every = LOOSE if any(not getattr(end, "ips", True) for end in ends) else ATOMS
        for atom in (it for it in some_of(every, src + dst) if on_map(it, profile)):
            oracle = answers(cluster, profile, *ends, atom)
            assert contains(allowed, atom) == (True in oracle), (ends, atom, oracle)
            assert contains(certain, atom) == (oracle == {True}), (ends, atom, oracle)
    assert not table


@law
@given(mapped_clusters(), profiles())
def test_the_outside_is_a_partition_split_only_where_it_matters(cluster, profile):
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES)
    ranges = [end for end in found.ends if isinstance(end, AddressRange)]
    taken = AddressSet.singles(ip for thing in (*cluster.workloads, *cluster.nodes) for ip in thing.ips)
    taken |= AddressSet.singles(ip for service in cluster.services for ip in service.addresses)
    union, count = AddressSet.EMPTY, 0
    for one in ranges:
        here = _as_addresses(one)
        assert not union & here
        union, count = union | here, count + 1
    assert union == ~taken
    table = rows_of(found)
    outside = [i for i, end in enumerate(found.ends) if isinstance(end, AddressRange)]
    inside = [i for i, end in enumerate(found.ends) if isinstance(end, Workload)]

    def everything(i: int):
        return [(table.get((i, w), NOTHING), table.get((w, i), NOTHING)) for w in inside]

    for i, j in product(outside, repeat=2):
        low, high = found.ends[i], found.ends[j]
        if low.low.version == high.low.version and int(low.high) + 1 == int(high.low):
            assert everything(i) != everything(j)


@law
@given(mapped_clusters(), profiles(), st.data())
def test_a_focus_is_a_part_of_the_map(cluster, profile, data):
    cluster = as_pictured(cluster, profile)
    full = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES)
    ids = [w.id for w in cluster.workloads]
    filters = st.none() | st.builds(
        EndFilter,
        st.frozensets(st.sampled_from(ids or ["none"])),
        st.frozensets(st.sampled_from(("one", "two")), max_size=1),
        st.sampled_from((AddressSet.EMPTY, AddressSet.of("203.0.113.0/30"), AddressSet.FULL)),
    )
    sources, destinations = data.draw(filters), data.draw(filters)
    namespaces = data.draw(st.none() | st.just(frozenset({"one"})))
    ports = data.draw(st.none() | st.just(ConnectionSet(tcp=PortSet.of(80))))
    focus = Focus(sources, destinations, namespaces, ports)
    part = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, focus=focus)

    def expanded(found, keeps):
        """By pair of concrete addresses or ids, so that ranges cut differently compare."""
        result = {}
        for src, dst, row in found.pairs():
            for a, b in product(points(src), points(dst)):
                allowed, certain = row.allowed, row.certain
                if keeps:
                    if not all(
                        f is None or held(f, end, x) for f, end, x in ((sources, src, a), (destinations, dst, b))
                    ):
                        continue
                    if namespaces and not namespaces & {getattr(end, "namespace", "") for end in (src, dst)}:
                        continue
                    if ports:
                        allowed, certain = allowed & ports, certain & ports
                if allowed:
                    result[str(a), str(b)] = allowed, certain
        return result

    some = {*_cuts(cluster), *(base + n for base in OUTSIDE.values() for n in range(5))}

    def points(end):
        if not isinstance(end, AddressRange):
            return [end.id]
        return [ip for ip in some if ip.version == end.low.version and end.low <= ip <= end.high]

    def held(chosen, end, point):
        return point in chosen.addresses if isinstance(end, AddressRange) else end in chosen

    assert expanded(part, False) == expanded(full, True)


@law
@given(mapped_clusters(), profiles())
def test_a_pair_by_itself_is_ruled_as_in_the_map(cluster, profile):
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES, with_nodes=True)
    table = rows_of(found)
    for src, dst in judged_pairs(found):
        ends = [found.ends[i] for i in (src, dst)]
        here = [_as_addresses(end) if isinstance(end, AddressRange) else end for end in ends]
        both = Pair(cluster, profile, *here, POD_ADDRESSES).both()
        assert (both.may, both.must) == table.get((src, dst), NOTHING)


@law
@given(mapped_clusters(), profiles(), st.sampled_from((ConnectionSet.PORTS, ConnectionSet(tcp=PortSet.of(80)))))
def test_the_rules_explain_the_ruling(cluster, profile, asked):
    """What is allowed for certain at an end, some rule allows unless nothing denies; what is denied, nothing allows."""
    cluster = as_pictured(cluster, profile)
    found = connectivity(cluster, profile, pod_addresses=POD_ADDRESSES)
    for src, dst in list(judged_pairs(found))[:8]:
        ends = [found.ends[i] for i in (src, dst)]
        here = [_as_addresses(end) if isinstance(end, AddressRange) else end for end in ends]
        told = explain(cluster, profile, *here, asked=asked, pod_addresses=POD_ADDRESSES)
        for side in (told.egress, told.ingress):
            named = dict.fromkeys(Effect, ConnectionSet.EMPTY)
            for step in side.steps:
                named[step.effect] |= step.connections
                assert step.effect in SPEAKS_FOR_ITSELF or step.why
            if not any(thing.may_allow or thing.may_deny for thing in cluster.unmodelled):
                is_led = any("a port of the nodes leads there" in note for note in side.notes)
                assert side.allowed <= named[Effect.ALLOWS] or not _is_isolated(side) or is_led
                assert asked - side.certain <= named[Effect.DENIES] or _is_isolated(side) or not _has_steps(side)


SPEAKS_FOR_ITSELF = set(Effect) - {Effect.NO_MATCH, Effect.NOT_SELECTED}


def _has_steps(side) -> bool:
    """Whether the two ends have an address family in common: without one nothing is asked."""
    return bool(side.allowed) and any(step.effect is not Effect.NOT_SELECTED for step in side.steps)


def _is_isolated(side) -> bool:
    return any(step.effect is Effect.ISOLATES for step in side.steps)


def _as_addresses(end: AddressRange) -> AddressSet:
    span = ((int(end.low), int(end.high)),)
    return AddressSet(span, ()) if end.low.version == 4 else AddressSet((), span)
