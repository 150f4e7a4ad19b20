"""What a pod's own node sends to it: past policies always, past the pod's security groups in standard mode alone."""

from __future__ import annotations

import pytest

import analyzer as netproof

MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 10.0.1.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: kube-system}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: c, image: x}]}
status: {phase: Running, podIP: 10.0.1.1, hostIP: 10.0.1.1}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}, annotations: {vpc.amazonaws.com/pod-eni: "[]"}}
spec: {nodeName: n1, containers: [{name: c, image: x}]}
status: {phase: Running, podIP: 10.0.1.11}
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: web, namespace: a}
spec: {podSelector: {matchLabels: {app: web}}, securityGroups: {groupIds: [sg-web]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
NetworkInterfaces:
  - {NetworkInterfaceId: eni-1, PrivateIpAddress: 10.0.1.1, Groups: [{GroupId: sg-n}], Attachment: {InstanceId: i-1}}
---
SecurityGroups:
  - GroupId: sg-n
    IpPermissions: []
    IpPermissionsEgress: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]
  - GroupId: sg-web
    IpPermissions: [{IpProtocol: tcp, FromPort: 8080, ToPort: 8080, UserIdGroupPairs: [{GroupId: sg-n}]}]
    IpPermissionsEgress: []
"""


@pytest.mark.parametrize("policies", ["enforced", "ignored", "unknown"])
@pytest.mark.parametrize(
    ("mode", "port", "outcome"),
    [
        ("strict", 8080, "allowed"),
        ("strict", 80, "denied"),
        ("standard", 8080, "allowed"),
        ("standard", 80, "allowed"),
        ("unknown", 8080, "allowed"),
        ("unknown", 80, "unknown"),
    ],
)
def test_the_own_node_is_seen_by_groups_in_strict_mode(tmp_path, mode, port, outcome, policies):
    (tmp_path / "c.yaml").write_text(MANIFESTS)
    knobs = {"pod-security-group-enforcing-mode": mode, "policies-in-strict-mode": policies}
    found = netproof.explain(
        tmp_path, "kube-system/agent", "a/web", on=f"tcp/{port}", profile="aws-vpc-cni", knob=knobs
    )
    assert found.explanation.outcome.value == outcome
