"""Policies that select nodes, of Cilium and of Calico alike: what they decide at nodes and at pods on their network, in
maps, in comparisons and in queries (calico-cilium.md 1.9, 2.16)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer import analysis
from analyzer.analysis import connectivity
from analyzer.inputs import chosen_profile
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.verdicts import Status

NODES = """\
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {type: edge}}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {type: core}}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
"""
PODS = """\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: on-edge, namespace: a}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: on-core, namespace: a}
spec: {nodeName: n2, hostNetwork: true, containers: [{name: c, image: x}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: on-each, namespace: a}
spec:
  selector: {matchLabels: {app: on-each}}
  template:
    metadata: {labels: {app: on-each}}
    spec: {hostNetwork: true, containers: [{name: c, image: x}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: on-edges, namespace: a}
spec:
  selector: {matchLabels: {app: on-edges}}
  template:
    metadata: {labels: {app: on-edges}}
    spec: {hostNetwork: true, nodeSelector: {type: edge}, containers: [{name: c, image: x}]}
---
"""
CILIUM = """\
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: edge}
spec:
  nodeSelector: {matchLabels: {type: edge}}
  ingress: [{fromEntities: [cluster], toPorts: [{ports: [{port: "8000", protocol: TCP}]}]}]
"""
CALICO = """\
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: {name: n1, labels: {type: edge}}
spec: {node: n1, interfaceName: eth0, expectedIPs: [192.168.0.1], profiles: []}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: edge}
spec:
  selector: type == 'edge'
  types: [Ingress]
  ingress: [{action: Allow, protocol: TCP, source: {notNets: [8.8.8.0/24]}, destination: {ports: [8000]}}]
"""
ENGINES = {"cilium": (CILIUM, ["enable-host-firewall=true"]), "calico": (CALICO, [])}


def read(engine: str, *, nodes: str = NODES, policies: str | None = None) -> tuple[Cluster, Profile]:
    own, knobs = ENGINES[engine]
    text = nodes + PODS + (own if policies is None else policies)
    return load(["-"], stdin=text.encode).cluster, chosen_profile(engine, knobs)


def opened(cluster: Cluster, profile: Profile, source: str, name: str, port: int) -> str:
    """By the map, on TCP."""
    found = connectivity(cluster, profile)
    ends = {end.id: number for number, end in enumerate(found.ends)}
    for row in found.rows:
        if ends[source] in found.members(row.src) and ends[name] in found.members(row.dst):
            return "yes" if port in row.certain.tcp else "perhaps" if port in row.allowed.tcp else "no"
    return "no"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_map_tells_what_comes_to_pods_on_the_network_of_nodes(engine):
    cluster, profile = read(engine)
    said = {
        name: tuple(opened(cluster, profile, "a/web[Pod]", f"a/{name}", port) for port in (8000, 9000))
        for name in ("on-edge[Pod]", "on-core[Pod]", "on-each[DaemonSet]", "on-edges[DaemonSet]")
    }
    assert said == {
        "on-edge[Pod]": ("yes", "no"),
        "on-core[Pod]": ("yes", "yes"),
        "on-each[DaemonSet]": ("yes", "perhaps"),
        "on-edges[DaemonSet]": ("yes", "no"),
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_a_comparison_tells_what_changes_at_nodes(engine):
    (old, profile), (new, _) = read(engine), read(engine, policies=ENGINES[engine][0].replace("8000", "8080"))
    found = analysis.difference(old, new, setting=Setting(Universe.ANY, profile, None), max_changes=40)
    for shift, port in ((found.gained, 8080), (found.lost, 8000)):
        assert shift.reason == ""
        assert {change.connection.port for change in shift.changes} == {port}
        assert {type(change.connection.dst).__name__ for change in shift.changes} == {"Host", "Pod"}
    inventory = analysis.inventory_difference(old, new, setting=Setting(Universe.INVENTORY, profile, None))
    assert inventory.changes


ASKED = {
    "no workload a/on-each can reach internet on tcp/443": Status.UNKNOWN,
    "every workload a/on-each can reach internet on tcp/443": Status.UNKNOWN,
    "some workload a/on-each can reach internet on tcp/443": Status.UNKNOWN,
    "every pods(app=web) can reach internet on tcp/443": Status.PROVED,
}
CLOSED = """\
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: edge}
spec:
  nodeSelector: {matchLabels: {type: edge}}
  egressDeny: [{toEntities: [all]}]
"""


@pytest.mark.parametrize("query", ASKED)
def test_of_a_node_that_no_manifest_declares_the_labels_are_not_known(query):
    """It was taken for one without labels: what is denied at nodes with a label was called reachable, and proved."""
    cluster, profile = read("cilium", nodes="", policies=CLOSED)
    for universe in (Universe.ANY, Universe.INVENTORY):
        verdict = judge(cluster, parse_query(query, "q"), (), Setting(universe, profile, None))
        assert verdict.status is ASKED[query]


def test_pods_are_on_one_of_the_nodes_that_are_declared():
    both = NODES.replace("type: core", "type: edge")
    cluster, profile = read("cilium", nodes=both, policies=CLOSED)
    query = parse_query("no workload a/on-each can reach internet on tcp/443", "q")
    assert judge(cluster, query, (), Setting(Universe.ANY, profile, None)).status is Status.PROVED
    lifted = replace(profile, nodes_complete=False)
    assert judge(cluster, query, (), Setting(Universe.ANY, lifted, None)).status is not Status.PROVED
