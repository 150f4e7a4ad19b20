"""What two revisions differ in, where a workload moves between networks."""

from __future__ import annotations

import pytest

from analyzer.analysis.revisions.comparing import compare
from analyzer.judging import Setting
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.verdicts.difference import Relation

CLOSED = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a, labels: {app: x}}
spec:
  hostNetwork: %s
  containers: [{name: main, image: x, ports: [{containerPort: 82, hostPort: 82}]}]
"""


@pytest.mark.parametrize("universe", [Universe.ANY, Universe.NAMESPACES])
@pytest.mark.parametrize(("was", "becomes"), [("true", "false"), ("false", "true")])
def test_a_host_port_is_open_only_where_the_pod_is_not_on_its_node(was: str, becomes: str, universe: Universe) -> None:
    """What comes by the port of the node may come from the node itself, so that a change there is not certain."""
    before, after = (cluster(is_on_node) for is_on_node in (was, becomes))
    found = compare(before, after, (), setting=Setting(universe, PROFILES["generic"]), max_changes=5)
    assert found.relation is (Relation.LESS if was == "true" else Relation.MORE)
    changes = [*found.gained.changes, *found.lost.changes]
    assert changes
    regions = [change.region for change in changes]
    assert not any(Protocol.TCP in region.protocols and 82 in region.ports for region in regions)


def cluster(is_on_node: str) -> Cluster:
    return load(["-"], stdin=lambda: (CLOSED % is_on_node).encode()).cluster
