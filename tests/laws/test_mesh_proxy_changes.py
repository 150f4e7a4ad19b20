"""A workload of both revisions before which another proxy stands, or none any more, by what its annotations and its
containers say: every change of them, as it is written, held to the oracle on both sides."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mesh_diff_laws import compared, setting
from test_mesh_encoding_laws import AMBIENT, PROFILE
from test_mesh_laws import DST, OURS, PORTS, SOURCES, WORLD, cluster_of, policies

from analyzer.encoding import align
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.mesh import (
    BYPASS,
    REDIRECTED,
    REDIRECTION,
    STATUS,
    TAKES_TUNNEL,
    UNINJECTED,
    Attachment,
    Mesh,
    Mode,
    PeerAuthentication,
)
from analyzer.model.policies import Protocol
from analyzer.model.requests import MTLS
from analyzer.semantics.requested import asked_outcomes
from analyzer.verdicts.difference import Relation, relation

SRV = Workload("Pod", "foo", "srv", DST.labels, ips=(DST.ip,), is_single=True)
_TRAFFIC = "traffic.sidecar.istio.io/"
PROXIES = [
    NO_LABELS,
    Labels({"sidecar.istio.io/inject": "false"}),
    Labels({STATUS: ""}),
    Labels({UNINJECTED: ""}),
    Labels({"sidecar.istio.io/interceptionMode": "NONE"}),
    Labels({STATUS: "", f"{_TRAFFIC}excludeInboundPorts": "8080"}),
    Labels({f"{_TRAFFIC}includeInboundPorts": "9000"}),
    Labels({"status.sidecar.istio.io/port": "8080"}),
    Labels({STATUS: "", TAKES_TUNNEL: "true"}),
    Labels({REDIRECTION: REDIRECTED}),
    Labels({REDIRECTION: REDIRECTED, BYPASS: "true"}),
]
CHANGES = list(permutations(PROXIES, 2))
STRICT = Mesh((PeerAuthentication("foo", "strict", Attachment("foo"), Mode.STRICT),))


def cluster(mesh: Mesh, labels: Labels, workload: Workload) -> Cluster:
    names = ("dev", "bar")
    others = tuple(Namespace(name, Labels({"kubernetes.io/metadata.name": name}), True) for name in names)
    found = replace(cluster_of(mesh), namespaces=(Namespace("foo", labels, True), *others))
    return replace(found, workloads=(workload,))


def expected(old: Cluster, new: Cluster) -> Relation | None:
    """What the oracle finds of the workload, each side's with its own annotations; None where it is open."""
    more = less = False
    sides = align(old, new)
    for src, port, request in product(SOURCES, (*PORTS, 5555, 15020), WORLD[:6]):
        if request.tls == MTLS and not isinstance(src, Pod):
            continue
        said = []
        for side in sides:
            dst = pod_of(side.workloads[0], side.namespace_by_name["foo"].labels, DST.ip)
            connection = Connection(src, dst, Protocol.TCP, port, request=request)
            said.append({decision.allowed for decision, _ in asked_outcomes(side, PROFILE, connection)})
        if any(len(one) > 1 for one in said):
            return None
        more |= said == [{False}, {True}]
        less |= said == [{True}, {False}]
    return relation(more, less, is_open=False)


@pytest.mark.parametrize("labels", [OURS, AMBIENT], ids=["sidecars", "ambient"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(CHANGES), st.sampled_from([STRICT, None]), st.data())
def test_a_proxy_that_changes_is_a_change(
    labels: Labels, change: tuple[Labels, Labels], mesh: Mesh | None, data: st.DataObject
) -> None:
    mesh = mesh or Mesh((data.draw(policies(1)),))
    old, new = (cluster(mesh, labels, replace(SRV, annotations=its)) for its in change)
    found, wanted = compared(old, new), expected(old, new)
    if wanted is Relation.EQUIVALENT:  # of a few requests
        return
    assert found in ({wanted, Relation.INCOMPARABLE} if wanted is not None else set(Relation)), change
    assert wanted is None or found is not Relation.EQUIVALENT


@pytest.mark.parametrize("own", PROXIES[1:])
def test_a_workload_that_only_one_side_holds_changes_nothing(own: Labels) -> None:
    """It could be there on the other, with the same proxy: what both say of it is the same."""
    there = cluster(STRICT, OURS, replace(SRV, annotations=own))
    gone = replace(there, workloads=())
    assert compared(there, gone) is compared(gone, there) is Relation.EQUIVALENT


def test_pods_of_other_names_are_those_of_their_owner() -> None:
    """Live pods have other names in each revision, and several may not be alike."""
    one, other = (replace(SRV, kind="ReplicaSet", name="rs", group=it, annotations=PROXIES[2]) for it in "ab")
    plain = replace(one, group="", annotations=PROXIES[3], ips=())
    labels = Labels({"kubernetes.io/metadata.name": "foo"})
    old = replace(cluster(STRICT, labels, one), workloads=(one, replace(other, ips=())))
    new = cluster(STRICT, labels, plain)
    assert compared(old, new) is Relation.MORE
    assert compared(new, old) is Relation.LESS


def test_what_is_newly_allowed_is_shown_by_the_workload() -> None:
    old, new = (cluster(STRICT, OURS, replace(SRV, annotations=its)) for its in PROXIES[:2])
    found = gained(Revisions(old, new), setting(), 2)
    assert found.changes
    assert not lost(Revisions(old, new), setting(), 2).changes
    for change in found.changes:
        assert isinstance(change.connection.dst, Pod)
        assert change.connection.dst.workload == SRV.owner
