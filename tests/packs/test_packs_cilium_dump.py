"""A dump that mixes policies of Cilium with NetworkPolicies answers the built-in packs without *unknown*."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import analysis, manifests, packs
from analyzer.inputs.engines import profile_for
from analyzer.model.claims import Universe

FIXED = Path(__file__).resolve().parents[2] / "examples" / "cilium-saas" / "fixed"
INSTALLED = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: cilium}}
  template:
    metadata: {labels: {k8s-app: cilium, app.kubernetes.io/name: cilium-agent}}
    spec:
      hostNetwork: true
      serviceAccountName: cilium
      containers: [{name: cilium-agent, image: "quay.io/cilium/cilium:v1.20.2@sha256:0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cilium-operator, namespace: kube-system}
spec:
  selector: {matchLabels: {io.cilium/app: operator}}
  template:
    metadata: {labels: {io.cilium/app: operator, name: cilium-operator}}
    spec:
      hostNetwork: true
      serviceAccountName: cilium-operator
      containers: [{name: cilium-operator, image: "quay.io/cilium/operator-generic:v1.20.2"}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config, namespace: kube-system}
data:
  cluster-name: default
  cluster-id: "0"
  enable-policy: default
  policy-cidr-match-mode: ""
  enable-host-firewall: "false"
  enable-l7-proxy: "true"
  policy-default-local-cluster: "true"
  kube-proxy-replacement: "true"
  enable-ipv4: "true"
  enable-ipv6: "false"
---
apiVersion: cilium.io/v2
kind: CiliumNode
metadata: {name: one}
spec: {addresses: [{ip: 192.0.2.1, type: InternalIP}], ipam: {podCIDRs: [10.244.0.0/24]}}
---
apiVersion: cilium.io/v2
kind: CiliumIdentity
metadata: {name: "10001"}
security-labels: {"k8s:app": web}
---
apiVersion: cilium.io/v2
kind: CiliumEndpoint
metadata: {name: web-0, namespace: team-a}
status: {identity: {id: 10001}}
---
apiVersion: cilium.io/v2alpha1
kind: CiliumEndpointSlice
metadata: {name: ces-1}
namespace: team-a
endpoints: [{name: web-0, id: 10001}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db-closed, namespace: customer-a}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: nodes-are-closed-to-pods}
spec:
  endpointSelector: {}
  enableDefaultDeny: {egress: false}
  egressDeny: [{toEntities: [remote-node]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web-watches, namespace: customer-a}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress: [{fromEntities: [host, health]}]
  egress:
    - toEntities: [kube-apiserver]
      toPorts: [{ports: [{port: "6443", protocol: TCP}]}]
    - toEntities: [host]
      toPorts: [{ports: [{port: "10250", protocol: TCP}]}]
---
apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: {name: partners}
spec: {externalCIDRs: [198.51.100.0/24]}
"""


def example(path: Path) -> list[str]:
    """The example, without what the dump has in more detail."""
    for file in FIXED.glob("*.yaml"):
        kept = [it for it in file.read_text().split("\n---\n") if not any(word in it for word in _IN_THE_DUMP)]
        (path / file.name).write_text("\n---\n".join(kept))
    return [str(path)]


_IN_THE_DUMP = ("name: cilium-config", "k8s-app: cilium")


DENIED = ("remote-node", "host, kube-apiserver")
"""Entities that the policy `nodes-are-closed-to-pods` denies to every pod."""


@pytest.mark.parametrize("denied", DENIED)
@pytest.mark.parametrize("name", packs.builtin_names())
def test_a_mixed_dump_leaves_nothing_unknown(tmp_path: Path, name: str, denied: str) -> None:
    (tmp_path / "installed.yaml").write_text(INSTALLED.replace("[remote-node]", f"[{denied}]"))
    cluster = manifests.load(example(tmp_path)).cluster
    profile = profile_for(None, (), cluster)
    assert (profile.name, profile.cilium_version.value) == ("cilium", "1.20")
    setting = analysis.Setting(Universe.ANY, profile, max_counterexamples=1)
    answer = analysis.check(cluster, [packs.find(name, {})], setting=setting)
    unknown = {
        v.query.id: v.blame or v.reason for s in answer.sections for v in s.verdicts if v.status.value == "unknown"
    }
    assert unknown == {}
