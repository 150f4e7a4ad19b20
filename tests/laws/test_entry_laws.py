"""What some pod, or every pod, may open to a workload, against the oracle."""

from __future__ import annotations

from clusters import NUMBERS, clusters, label_maps, pods, profiles
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exposure_laws import as_new

from analyzer.analysis import Setting
from analyzer.judging.entries import open_to_pods
from analyzer.model.claims import Universe
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.labels import Labels
from analyzer.model.policies import Protocol
from analyzer.semantics import outcomes
from analyzer.sets import AddressSet, ConnectionSet, PortSet


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_one_pod_may_open_is_told_and_what_every_pod_can_none_is_denied(data):
    cluster = data.draw(clusters().filter(lambda c: c.workloads))
    profile, port = data.draw(profiles()), data.draw(NUMBERS)
    wanted = ConnectionSet.on("TCP", PortSet.of(port))
    setting = Setting(Universe.ANY, profile, AddressSet.FULL)
    found = list(open_to_pods(cluster, [(w, wanted) for w in cluster.workloads], setting))
    for workload, (allowed, certain) in zip(cluster.workloads, found, strict=True):
        assert certain <= allowed <= wanted
        namespace = cluster.namespace_by_name[workload.namespace]
        labels = namespace.labels
        if not namespace.is_declared:
            labels = Labels({**data.draw(label_maps()), **labels})
        ip = next(ip for ip in workload.ips if ip.version == 4)
        own = pod_of(workload, labels, ip)
        for _ in range(3):
            peer = as_new(data.draw(pods(cluster)), cluster)
            if peer.namespace == own.namespace:
                peer = Pod(peer.namespace, labels, peer.labels, peer.ip, peer.service_account, peer.ports)
            says = {d.allowed for d in outcomes(cluster, profile, Connection(peer, own, Protocol.TCP, port))}
            assert allowed or says == {False}
            assert not certain or says == {True}
