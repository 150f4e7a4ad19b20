"""What enforces the policies, as a record of knobs (reference 0.1 and D)."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from analyzer.model.knobs import (
    CHECKS,
    AllowLocalhost,
    CalicoVersion,
    CidrMatchMode,
    CiliumVersion,
    EnablePolicy,
    EnforcingMode,
    ExtAuthz,
    ExternalSnat,
    GroupMode,
    HostNetworkLabel,
    LabelsAsWritten,
    MeshEgress,
    NamedPorts,
    NamedPortScope,
    OtherProtocols,
    ServiceEval,
    StrictPolicies,
    cluster_domains,
    domain_addresses,
    snat_exceptions,
    string_atoms,
)
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress


@dataclass(frozen=True, slots=True)
class Profile:
    """One enforcement engine.  Every knob can be overridden by `--knob NAME=VALUE` (hyphens for underscores)."""

    name: str
    enforces: bool = True
    ipblock_matches_pods: bool = True
    ipblock_matches_nodes: bool = True
    enforce_endport: bool = True
    named_ports: NamedPorts = NamedPorts.PER_POD
    named_port_scope: NamedPortScope = NamedPortScope.SIDECARS
    other_protocols: OtherProtocols = OtherProtocols.UNKNOWN
    service_eval: ServiceEval = ServiceEval.UNKNOWN
    kube_apiserver: str = ""  # ADDRESS or ADDRESS:PORT, several with commas; empty: as the manifests say
    cluster_domain: str = ""  # domains of the cluster's Services, several with commas, beside what the manifests say
    nodes_complete: bool = True  # where Node objects are given they are all the nodes (reference 0.2)
    labels_as_written: LabelsAsWritten = LabelsAsWritten.TRUE
    host_network_label: HostNetworkLabel = HostNetworkLabel.UNKNOWN
    baseline_opens_isolation: bool = False
    enable_policy: EnablePolicy = EnablePolicy.DEFAULT
    policy_default_local_cluster: bool = True
    enable_node_selector_labels: bool = False
    policy_cidr_match_mode: CidrMatchMode = CidrMatchMode.NONE
    allow_localhost: AllowLocalhost = AllowLocalhost.AUTO
    enable_host_firewall: bool = False
    enable_non_default_deny_policies: bool = True
    enable_k8s_cluster_network_policy: bool = True  # Cilium reads ClusterNetworkPolicies
    cluster_name: str = ""  # the name of the cluster, as Cilium has it; empty: `default`
    dns: str = ""  # NAME=ADDRESS, several with commas: what the engine has seen names stand for; empty: nobody knows
    cilium_version: CiliumVersion = CiliumVersion.V120
    calico_version: CalicoVersion = CalicoVersion.V333
    enable_network_policy: bool = True  # the VPC CNI enforces policies (aws.md N1, N2)
    network_policy_enforcing_mode: EnforcingMode = EnforcingMode.STANDARD
    pod_security_group_enforcing_mode: GroupMode = GroupMode.STRICT
    policies_in_strict_mode: StrictPolicies = StrictPolicies.UNKNOWN
    external_snat: ExternalSnat = ExternalSnat.FALSE  # what leaves the VPC keeps the pod's address (aws.md S3)
    exclude_snat_cidrs: str = ""  # where it keeps it all the same; `unknown`, or CIDRs with commas
    agent_everywhere: bool = False  # no pod is where the VPC CNI's agent enforces nothing (aws.md N8, N9)
    own_node_egress: bool = False  # what the VPC CNI lets a pod send to its own node is judged (aws.md K2)
    application_layer_policy: bool = False  # Calico's `http` is enforced by the proxy beside the pod (1.7.2)
    ext_authz: ExtAuthz = ExtAuthz.OPEN
    mesh_opt_out: bool = False  # pods that are created later may have labels that keep the mesh's proxies off them
    mesh_egress: MeshEgress = MeshEgress.OPEN
    foreign_identities: bool = False  # what is no pod may show any identity of the mesh's trust domains (istio.md 3)
    tokens: bool = True  # some clients have a valid token (design 1)
    string_atoms: str = ""  # how many sorts of texts patterns may tell apart in one attribute; empty: 10,000

    @property
    def engine(self) -> str:
        """The profile of the engine that is installed: `cilium` of gke-dataplane-v2."""
        return _ENGINE_OF.get(self.name, self.name)

    @property
    def reads_calico(self) -> bool:
        """Calico's own objects decide."""
        return self.engine == "calico" and self.enforces

    @property
    def reads_cilium(self) -> bool:
        """Cilium's own objects decide."""
        return self.engine == "cilium"

    @property
    def reads_aws(self) -> bool:
        """The policies of networking.k8s.aws decide."""
        return self.name == "aws-vpc-cni" and self.enforces

    @property
    def reads_groups(self) -> bool:
        """Pods may be the VPC CNI's, whoever enforces policies on it."""
        return self.engine not in _WITHOUT_VPC

    @property
    def cilium_cluster(self) -> str:
        return self.cluster_name or "default"

    @property
    def domain_addresses(self) -> tuple[tuple[str, IPAddress], ...]:
        return domain_addresses(self.dns)

    @property
    def snat_exceptions(self) -> AddressSet | None:
        """Where what leaves the VPC keeps the pod's address; None: nobody knows."""
        return snat_exceptions(self.exclude_snat_cidrs)

    @property
    def closes(self) -> bool:
        """What nothing decides is denied, at every pod that policies can select."""
        return self.enforces and self.enable_policy is EnablePolicy.ALWAYS

    @property
    def most_atoms(self) -> int:
        return string_atoms(self.string_atoms)

    def with_knob(self, name: str, value: str) -> Profile:
        """This profile with one knob set, and those that follow from it; ValueError names the knobs, or the values a
        knob takes."""
        name = knob_of(name)
        found = self.with_recorded(name, value)
        match name.replace("-", "_"):
            case "enable_policy":
                return replace(found, enforces=found.enable_policy is not EnablePolicy.NEVER)
            case "enable_network_policy":
                return replace(found, enforces=found.enable_network_policy)
            case "policy_cidr_match_mode":
                mode = found.policy_cidr_match_mode
                return replace(found, ipblock_matches_nodes=mode.means_nodes, ipblock_matches_pods=mode.means_pods)
            case "cilium_version":
                return replace(found, policy_default_local_cluster=found.cilium_version.binds_cluster)
        return found

    def with_recorded(self, name: str, value: str) -> Profile:
        """This profile with one knob as `knobs` tells it, where all the others are told too: no other follows."""
        knobs = {f.name: f for f in fields(self) if f.name != "name"}
        key = name.strip().replace("-", "_")
        if key not in knobs:
            raise ValueError("the knobs are " + ", ".join(k.replace("_", "-") for k in knobs))
        current = getattr(self, key)
        if isinstance(current, str):
            CHECKS[key](value)
            setting: dict[str, Any] = {key: value}
        elif isinstance(current, bool):
            if value not in ("true", "false"):
                raise ValueError(f"{name} takes true or false")
            setting = {key: value == "true"}
        else:
            choices = [member.value for member in type(current)]
            if value not in choices:
                raise ValueError(f"{name} takes {', '.join(choices)}")
            setting = {key: type(current)(value)}
        return replace(self, **setting)

    @property
    def cluster_domains(self) -> tuple[str, ...]:
        return cluster_domains(self.cluster_domain)

    def knobs(self) -> dict[str, str]:
        """Every knob with its value, spelt as `--knob` takes them."""
        found = {}
        for f in fields(self):
            if f.name != "name":
                value = getattr(self, f.name)
                if value == "":
                    continue  # what names nothing is no setting
                if isinstance(value, str):
                    found[f.name.replace("_", "-")] = value
                    continue
                text = str(value).lower() if isinstance(value, bool) else value.value
                found[f.name.replace("_", "-")] = text
        return found

    def telling_knobs(self) -> dict[str, str]:
        """The knobs that a reader of a report wants: another engine's only where they are set."""
        usual = Profile("").knobs()
        return {
            knob: value
            for knob, value in self.knobs().items()
            if _OF_ENGINE.get(knob, self.engine) == self.engine or value != usual.get(knob)
        }


_WITHOUT_VPC = ("azure", "flannel", "kindnet", "kube-router", "none", "ovn-kubernetes")
"""Engines that bring a network of their own."""
_OF_ENGINE = {
    "enable-network-policy": "aws-vpc-cni",
    "network-policy-enforcing-mode": "aws-vpc-cni",
    "pod-security-group-enforcing-mode": "aws-vpc-cni",
    "policies-in-strict-mode": "aws-vpc-cni",
    "external-snat": "aws-vpc-cni",
    "exclude-snat-cidrs": "aws-vpc-cni",
    "agent-everywhere": "aws-vpc-cni",
    "own-node-egress": "aws-vpc-cni",
    "enable-host-firewall": "cilium",
    "enable-k8s-cluster-network-policy": "cilium",
    "enable-non-default-deny-policies": "cilium",
    "cluster-name": "cilium",
    "dns": "cilium",
    "cilium-version": "cilium",
    "policy-default-local-cluster": "cilium",
    "enable-node-selector-labels": "cilium",
    "enable-policy": "cilium",
    "policy-cidr-match-mode": "cilium",
    "allow-localhost": "cilium",
    "baseline-opens-isolation": "cilium",
    "calico-version": "calico",
    "application-layer-policy": "calico",
    "ext-authz": "istio",
    "labels-as-written": "",  # told as an assumption of its own
    "mesh-opt-out": "istio",
    "mesh-egress": "istio",
    "foreign-identities": "istio",
    "tokens": "istio",
}
"""The engine that alone knows a knob."""


_OF_HELM = {
    "policyEnforcementMode": "enable-policy",
    "policyCIDRMatchMode": "policy-cidr-match-mode",
    "hostFirewall.enabled": "enable-host-firewall",
    "nodeSelectorLabels": "enable-node-selector-labels",
    "clustermesh.policyDefaultLocalCluster": "policy-default-local-cluster",
    "cluster.name": "cluster-name",
    "k8sClusterNetworkPolicy.enabled": "enable-k8s-cluster-network-policy",
    "enableNetworkPolicy": "enable-network-policy",
    "NETWORK_POLICY_ENFORCING_MODE": "network-policy-enforcing-mode",
    "POD_SECURITY_GROUP_ENFORCING_MODE": "pod-security-group-enforcing-mode",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "external-snat",
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "exclude-snat-cidrs",
}
"""What the values of Cilium's chart are called that are knobs, and those of the VPC CNI's and its variables."""


def knob_of(name: str) -> str:
    """The knob of that name, or of the value of a chart, spelt as `--knob` takes it."""
    name = name.strip()
    return _OF_HELM.get(name, name.replace("_", "-"))


def knob_names() -> tuple[str, ...]:
    """Every knob, spelt as `--knob` takes it."""
    return tuple(f.name.replace("_", "-") for f in fields(Profile) if f.name != "name")


def knob_values() -> dict[str, tuple[str, ...]]:
    """Every knob with the values that it takes, spelt as `--knob` takes them."""
    usual = Profile("")
    found: dict[str, tuple[str, ...]] = {}
    for name in usual.knobs():
        value = getattr(usual, name.replace("-", "_"))
        found[name] = ("true", "false") if isinstance(value, bool) else tuple(v.value for v in type(value))
    return found


_ENGINES = (
    Profile("generic"),
    Profile(
        "calico",
        named_port_scope=NamedPortScope.ALL,
        other_protocols=OtherProtocols.MATCH_IF_NO_PORTS,
        service_eval=ServiceEval.POST_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
    ),
    Profile(
        "cilium",
        ipblock_matches_pods=False,
        ipblock_matches_nodes=False,
        named_port_scope=NamedPortScope.CONTAINERS,
        other_protocols=OtherProtocols.MATCH_IF_NO_PORTS,
        service_eval=ServiceEval.POST_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
        baseline_opens_isolation=True,
    ),
    Profile(
        "ovn-kubernetes",
        named_ports=NamedPorts.ZERO_PORT,
        service_eval=ServiceEval.POST_DNAT,
        host_network_label=HostNetworkLabel.SELECTS_NODES,
    ),
    Profile(
        "antrea",
        named_port_scope=NamedPortScope.CONTAINERS,
        service_eval=ServiceEval.POST_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
    ),
    Profile(
        "aws-vpc-cni",
        named_ports=NamedPorts.UNION,
        named_port_scope=NamedPortScope.CONTAINERS,
        other_protocols=OtherProtocols.MATCH_IF_NO_PORTS,
        service_eval=ServiceEval.PRE_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
    ),
    Profile(
        "azure",
        named_port_scope=NamedPortScope.CONTAINERS,
        service_eval=ServiceEval.POST_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
    ),
    Profile(
        "kube-router",
        named_port_scope=NamedPortScope.CONTAINERS,
        service_eval=ServiceEval.PRE_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
    ),
    Profile(
        "kindnet",
        named_port_scope=NamedPortScope.CONTAINERS,
        other_protocols=OtherProtocols.MATCH_IF_NO_PORTS,
        service_eval=ServiceEval.POST_DNAT,
        host_network_label=HostNetworkLabel.NO_MEANING,
    ),
    Profile("flannel", enforces=False, host_network_label=HostNetworkLabel.NO_MEANING),
    Profile("none", enforces=False, host_network_label=HostNetworkLabel.NO_MEANING),
)
_ENGINE_OF = {"canal": "calico", "gke-dataplane-v2": "cilium", "k3s": "kube-router", "openshift": "ovn-kubernetes"}
"""What distributions install, by their names as profiles."""
PROFILES = {profile.name: profile for profile in _ENGINES}
PROFILES |= {name: replace(PROFILES[engine], name=name) for name, engine in _ENGINE_OF.items()}
PROFILES["k3s"] = replace(PROFILES["k3s"], service_eval=ServiceEval.UNKNOWN)  # kube-proxy translates there
