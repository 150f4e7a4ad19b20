"""A dump that mixes policies of Calico with NetworkPolicies answers the built-in packs without *unknown*."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import analysis, manifests, packs
from analyzer.inputs.engines import profile_for
from analyzer.model.claims import Universe

FIXED = Path(__file__).resolve().parents[2] / "examples" / "calico-tiers" / "fixed"
INSTALLED = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node, namespace: calico-system}
spec:
  selector: {matchLabels: {k8s-app: calico-node}}
  template:
    metadata: {labels: {k8s-app: calico-node}}
    spec:
      hostNetwork: true
      serviceAccountName: calico-node
      containers: [{name: calico-node, image: "quay.io/calico/node:v3.31.2"}]
---
apiVersion: operator.tigera.io/v1
kind: Installation
metadata: {name: default}
spec: {cni: {type: Calico}, calicoNetwork: {linuxDataplane: Iptables}}
---
apiVersion: operator.tigera.io/v1
kind: APIServer
metadata: {name: default}
spec: {}
---
apiVersion: crd.projectcalico.org/v1
kind: GlobalNetworkPolicy
metadata: {name: default.closed}
spec: {order: 1000000, tier: default, namespaceSelector: all(), types: [Ingress, Egress]}
---
apiVersion: crd.projectcalico.org/v1
kind: BlockAffinity
metadata: {name: one}
spec: {cidr: 10.244.0.0/26, node: one, state: confirmed}
---
apiVersion: crd.projectcalico.org/v1
kind: ClusterInformation
metadata: {name: default}
spec: {clusterType: "typha,kdd,k8s,operator", calicoVersion: v3.31.2, datastoreReady: true}
---
apiVersion: crd.projectcalico.org/v1
kind: FelixConfiguration
metadata: {name: default}
spec: {bpfConnectTimeLoadBalancing: TCP}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: team-a}
"""


@pytest.mark.parametrize("name", packs.builtin_names())
def test_a_mixed_dump_leaves_nothing_unknown(tmp_path: Path, name: str) -> None:
    (tmp_path / "installed.yaml").write_text(INSTALLED)
    cluster = manifests.load([str(FIXED), str(tmp_path)]).cluster
    profile = profile_for(None, (), cluster)
    assert (profile.name, profile.calico_version.value) == ("calico", "3.31")
    setting = analysis.Setting(Universe.ANY, profile, max_counterexamples=1)
    answer = analysis.check(cluster, [packs.find(name, {})], setting=setting)
    unknown = {v.query.id: v.blame for s in answer.sections for v in s.verdicts if v.status.value == "unknown"}
    assert unknown == {}
