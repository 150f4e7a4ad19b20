"""Maps of random meshes, held to a finite world in which the oracle decides each request: a row holds just the ports
and the requests that pass; comparisons of two maps find what comparisons over requests find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_encoding_laws import PROFILE, dst_of
from test_mesh_laws import DST, SOURCES, policies
from test_mesh_verdict_laws import PORTS, WORLD, clusters, passes
from told_regions import tells_of_request

from analyzer.analysis import inventory_difference
from analyzer.analysis.connectivity import Focus, connectivity
from analyzer.judging import Setting
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Connection, External, Pod
from analyzer.model.mesh import TUNNEL_PORT, Mesh
from analyzer.model.policies import Protocol
from analyzer.model.requests import PLAINTEXT
from analyzer.semantics.requested import attributes_of
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, MapEnd, MapRow
from analyzer.verdicts.difference import relation
from analyzer.verdicts.regions import Region

SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def is_end(end: MapEnd, of: Any) -> bool:
    if isinstance(of, External):
        return isinstance(end, AddressRange) and end.low.version == of.ip.version and end.low <= of.ip <= end.high
    return isinstance(end, Workload) and of.ip in end.ips


def row_of(found: ConnectivityMap, src: Any) -> MapRow | None:
    rows: Iterator[MapRow] = (row for a, b, row in found.pairs() if is_end(a, src) and is_end(b, DST))
    return next(rows, None)


@settings(max_examples=16, **SLOW)
@given(clusters())
def test_a_row_holds_just_what_the_oracle_lets_pass(cluster: Cluster) -> None:
    found, dst = connectivity(cluster, PROFILE), dst_of(cluster)
    for src, port in product(SOURCES, PORTS):
        row = row_of(found, src)
        for request in WORLD:
            if request.tls != PLAINTEXT and not isinstance(src, Pod):
                continue
            connection = Connection(src, dst, Protocol.TCP, port, request=request)
            its = attributes_of(connection, cluster, PROFILE)
            assert its is not None
            here = [it for it in row.requests if port in it.ports] if row is not None else []
            is_told = row is not None and port in row.allowed.tcp
            if here:
                assert all(it.is_certain for it in here)
                is_told = any(tells_of_request(Region.of(it.region), its) for it in here)
            assert is_told is passes(cluster, connection), (src, port, request)


@settings(max_examples=6, **SLOW)
@given(clusters(), st.sampled_from([PortSet.of(8080), PortSet.of(TUNNEL_PORT), PortSet.of((8080, 15010))]))
def test_a_map_on_ports_is_the_part_of_the_whole_on_these(cluster: Cluster, ports: PortSet) -> None:
    on = ConnectionSet(tcp=ports)
    whole, part = connectivity(cluster, PROFILE), connectivity(cluster, PROFILE, focus=Focus(ports=on))
    for src in SOURCES:
        row, its = row_of(whole, src), row_of(part, src)
        expected = row and (row.allowed & on, row.certain & on)
        assert ((its.allowed, its.certain) if its else None) == (expected if expected and expected[0] else None)
        told = {(it.ports & ports, it.region) for it in row.requests if it.ports & ports} if row else set()
        assert {(it.ports, it.region) for it in its.requests} == told if its else not told


@st.composite
def revisions(draw: Any) -> tuple[Cluster, Cluster]:
    before = draw(clusters())
    kept = [it for it in before.mesh.objects if draw(st.sampled_from((True, True, False)))]
    added = [draw(policies(number)) for number in range(7, 7 + draw(st.integers(0, 1)))]
    return before, replace(before, mesh=Mesh((*kept, *added)))


@settings(max_examples=15, **SLOW)
@given(revisions())
def test_two_maps_differ_where_two_revisions_do(pair: tuple[Cluster, Cluster]) -> None:
    setting = Setting(Universe.INVENTORY, PROFILE)
    found = inventory_difference(*pair, setting=setting)
    more, less = gained(Revisions(*pair), setting, 1), lost(Revisions(*pair), setting, 1)
    expected = relation(bool(more.changes), bool(less.changes), is_open=bool(more.reason or less.reason))
    assert found.relation is expected, found.reason
