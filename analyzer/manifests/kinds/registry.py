"""The kinds that the model reads.  A new kind is a file of its own and a line here.

A file is loaded when an object of one of its kinds is read: most inputs hold few of them, and no run waits for the
kinds of engines that it has nothing of.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

from analyzer.manifests.kinds.manifest import ObjectKind

Name = tuple[str, str]
"""A kind and its API group."""
_POLICIES, _GATEWAYS = "policy.networking.k8s.io", "gateway.networking.k8s.io"
_CALICO = ("projectcalico.org", "crd.projectcalico.org")  # which hold one object in two forms
_AWS = ("networking.k8s.aws", "vpcresources.k8s.aws", "crd.k8s.amazonaws.com", "eks.amazonaws.com")
_OF_ONE_IDENTITY = {*_CALICO, "operator.tigera.io", "cilium.io", *_AWS}

_FILES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("namespaces", ("",), "Namespace"),
    ("network_policy", ("networking.k8s.io",), "NetworkPolicy"),
    ("admin_network_policy", (_POLICIES,), "AdminNetworkPolicy BaselineAdminNetworkPolicy"),
    ("cluster_network_policy", (_POLICIES,), "ClusterNetworkPolicy"),
    ("pods", ("",), "Pod"),
    ("workloads", ("apps",), "Deployment StatefulSet DaemonSet ReplicaSet"),
    ("workloads", ("",), "ReplicationController"),
    ("workloads", ("batch",), "Job CronJob"),
    ("workloads", ("apps.openshift.io",), "DeploymentConfig"),
    ("cluster_nodes", ("",), "Node"),
    ("services", ("",), "Service"),
    ("endpoints", ("discovery.k8s.io",), "EndpointSlice"),
    ("endpoints", ("",), "Endpoints"),
    ("ingresses", ("networking.k8s.io",), "Ingress"),
    ("openshift_routes", ("route.openshift.io",), "Route"),
    ("gateway_routes", (_GATEWAYS,), "HTTPRoute GRPCRoute TCPRoute TLSRoute UDPRoute"),
    ("gateways", (_GATEWAYS,), "Gateway"),
    ("reference_grants", (_GATEWAYS,), "ReferenceGrant"),
    ("calico.policies", _CALICO, "NetworkPolicy GlobalNetworkPolicy StagedNetworkPolicy StagedGlobalNetworkPolicy"),
    ("calico.staged", _CALICO, "StagedKubernetesNetworkPolicy"),
    ("calico.objects", _CALICO, "Tier NetworkSet GlobalNetworkSet HostEndpoint Profile"),
    ("calico.settings", _CALICO, "FelixConfiguration KubeControllersConfiguration IPPool"),
    ("calico.settings", ("operator.tigera.io",), "Installation"),
    ("service_accounts", ("",), "ServiceAccount"),
    ("cilium.policies", ("cilium.io",), "CiliumNetworkPolicy CiliumClusterwideNetworkPolicy CiliumCIDRGroup"),
    ("aws.group_policies", ("vpcresources.k8s.aws",), "SecurityGroupPolicy"),
    ("aws.nodes", ("crd.k8s.amazonaws.com",), "ENIConfig"),
    ("aws.nodes", ("eks.amazonaws.com",), "NodeClass"),
    ("aws.policies", ("networking.k8s.aws",), "ApplicationNetworkPolicy ClusterNetworkPolicy"),
    ("aws.endpoints", ("networking.k8s.aws",), "PolicyEndpoint ClusterPolicyEndpoint"),
    ("istio.authorization_policy", ("security.istio.io",), "AuthorizationPolicy"),
    ("istio.authentication", ("security.istio.io",), "PeerAuthentication RequestAuthentication"),
    ("istio.networking", ("networking.istio.io",), "Gateway VirtualService Sidecar ServiceEntry"),
)
"""Files by their names here, API groups, and the kinds of these that they read."""


def kinds_in(file: str) -> tuple[ObjectKind, ...]:
    """What a file reads: its `KINDS`, or its one `KIND`."""
    module = import_module(f"{__package__}.{file}")
    found: tuple[ObjectKind, ...] = module.KINDS if hasattr(module, "KINDS") else (module.KIND,)
    return found


class _Kinds(MutableMapping[Name, ObjectKind]):
    """Every kind by its name; a look at what it says loads its file."""

    def __init__(self) -> None:
        self.files = {
            (kind, group): file for file, groups, kinds in _FILES for kind in kinds.split() for group in groups
        }
        self._read: dict[Name, ObjectKind] = {}

    def __getitem__(self, name: Name) -> ObjectKind:
        if name not in self._read:
            self._read |= {(it.kind, it.group): it for it in kinds_in(self.files[name])}
        return self._read[name]

    def __setitem__(self, name: Name, kind: ObjectKind) -> None:
        self.files[name], self._read[name] = "", kind

    def __delitem__(self, name: Name) -> None:
        del self.files[name], self._read[name]

    def __iter__(self) -> Iterator[Name]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __contains__(self, name: object) -> bool:
        return name in self.files


MODELLED = _Kinds()
MODELLED_GROUPS = frozenset(group for _, group in MODELLED) - _OF_ONE_IDENTITY  # which have others too
