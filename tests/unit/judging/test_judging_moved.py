"""Revisions that give pods other addresses: what no policy changed may change all the same."""

from __future__ import annotations

import pytest

from analyzer.judging import Setting
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES

HEAD = """\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Node
metadata: {name: node}
spec: {podCIDR: %s}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: a}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: %s, containers: [{name: main, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: a}
spec: {clusterIP: %s, selector: {app: agent}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: a}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: %s}}]}]}
"""


def cluster(pods: str = "10.0.0.0/16", block: str = "0.0.0.0/0", host: str = "false", service: str = "None") -> Cluster:
    return load(["-"], stdin=lambda: (HEAD % (pods, host, service, block)).encode()).cluster


def reasons(old: Cluster, new: Cluster) -> set[bool]:
    setting = Setting(Universe.ANY, PROFILES["calico"])
    shifts = [gained(Revisions(old, new), setting, 1), lost(Revisions(old, new), setting, 1)]
    assert not any(shift.changes for shift in shifts)
    return {bool(shift.reason) for shift in shifts}


@pytest.mark.parametrize(
    ("block", "is_told"),
    [
        ("0.0.0.0/0", False),  # all of them, before and after
        ("203.0.113.0/24", False),  # none of them
        ("10.0.0.0/16", True),
        ("10.1.0.0/16", True),
        ("10.0.7.0/24", True),
        ("10.0.0.0/15", False),
    ],
)
def test_pods_that_move_are_compared_no_further_than_blocks_tell(block: str, is_told: bool) -> None:
    old, new = cluster("10.0.0.0/16", block), cluster("10.1.0.0/16", block)
    assert reasons(old, new) == {is_told}
    assert reasons(old, old) == {False}


def test_an_address_that_a_service_takes_moves_no_pod() -> None:
    block = "10.0.0.0/24"
    assert reasons(cluster(block=block), cluster(block=block, service="10.0.0.9")) == {False}


NODES = """
apiVersion: v1
kind: Node
metadata: {name: other, labels: {zone: %s}}
status: {addresses: [{type: InternalIP, address: %s}]}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
spec: {containers: [{name: main, image: i, ports: [{containerPort: 80%s}]}]}
"""


def beside_nodes(zone: str = "a", address: str = "192.0.2.1", host_port: str = "") -> Cluster:
    text = HEAD % ("10.0.0.0/16", "false", "None", "203.0.113.0/24") + "---" + NODES % (zone, address, host_port)
    return load(["-"], stdin=lambda: text.encode()).cluster


@pytest.mark.parametrize("changed", [{"zone": "b"}, {"address": "203.0.113.7"}, {"host_port": ", hostPort: 8080"}, {}])
def test_other_nodes_and_ports_of_nodes_are_doubted(changed: dict[str, str]) -> None:
    assert reasons(beside_nodes(), beside_nodes(**changed)) == {bool(changed)}
