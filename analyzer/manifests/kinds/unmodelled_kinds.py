"""Kinds that may affect traffic but that the model does not read, and what each may do (design 1)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.manifests.kinds.manifest import kind_dot_group
from analyzer.model.policies import Direction, Protocol
from analyzer.records import dataclass
from analyzer.sets import PortSet


@dataclass(frozen=True, slots=True)
class Effect:
    """What an unmodelled object may do; `why` is one sentence for people.

    `is_namespaced`: whether it reaches the pods of its namespace only; None if that is not known, so that an object
    without a namespace may reach every pod.  `is_root_wide`: in the mesh's root namespace it reaches every pod.  The
    others are as in `model.cluster.Unmodelled`.
    """

    may_allow: bool
    may_deny: bool
    adds_pods: bool
    why: str
    is_namespaced: bool | None = True
    directions: tuple[Direction, ...] = tuple(Direction)
    protocols: tuple[Protocol, ...] = tuple(Protocol)
    may_isolate: bool = False
    changes_pods: bool = False
    sets_host_network: bool = False
    is_root_wide: bool = False
    asks_requests: bool = False
    ports: PortSet | None = None


NO_EFFECT = Effect(False, False, False, "it cannot affect traffic")


_CILIUM = "Cilium policies allow and deny traffic beside the modelled kinds"
_CALICO = "it may be a policy of Calico beside the modelled kinds"
_ANTREA = "Antrea policies allow and deny traffic beside the modelled kinds"
_MESH = "mesh authorization refuses requests that network policies let pass"
_SECOND = "it attaches pods to networks that NetworkPolicies do not govern"
_NOT_HERE = "it closes secondary networks only (reference A12.5)"
_PODS = "it makes pods that the manifests do not show"
_PROXY = "it changes what the proxies let through"
_SOURCE = "it changes the source address of traffic that leaves"
_MUTATES = "it changes objects at admission"
_RENDERS = "it makes objects that the manifests do not show"


def _both(why: str, is_namespaced: bool | None = True) -> Effect:
    return Effect(True, True, False, why, is_namespaced)


def _isolates(why: str, is_namespaced: bool | None = True) -> Effect:
    return Effect(True, True, False, why, is_namespaced, may_isolate=True)


def _denies(why: str, is_namespaced: bool | None = True, *directions: Direction) -> Effect:
    return Effect(False, True, False, why, is_namespaced, directions=directions or tuple(Direction))


def _requests(
    why: str = _MESH, *directions: Direction, is_root_wide: bool = False, asks_requests: bool = False
) -> Effect:
    """A mesh refuses what its proxies see: TCP, at the callers or, as most do, at those that are called."""
    return Effect(
        False,
        True,
        False,
        why,
        directions=directions or (Direction.INGRESS,),
        protocols=(Protocol.TCP,),
        is_root_wide=is_root_wide,
        asks_requests=asks_requests,
    )


def _egress(why: str, is_namespaced: bool | None = True) -> Effect:
    return Effect(True, True, False, why, is_namespaced, directions=(Direction.EGRESS,))


def _mutates(is_namespaced: bool | None = False) -> Effect:
    return Effect(False, False, False, _MUTATES, is_namespaced, changes_pods=True)


def _pods(why: str = _PODS) -> Effect:
    return Effect(False, False, True, why)


def _anything(why: str = _RENDERS, is_namespaced: bool | None = True) -> Effect:
    return Effect(True, True, True, why, is_namespaced, may_isolate=True)


_ANTREA_CLUSTER_KINDS = ("ClusterNetworkPolicy", "ClusterGroup", "Egress", "ExternalEntity", "Tier")
EFFECTS: dict[str, Effect] = {
    **{f"{kind}.crd.antrea.io": _isolates(_ANTREA, False) for kind in _ANTREA_CLUSTER_KINDS},
    "CiliumEgressGatewayPolicy.cilium.io": _denies(
        "traffic that leaves is dropped where no gateway is found", False, Direction.EGRESS
    ),
    "CiliumLocalRedirectPolicy.cilium.io": _denies("what is sent to a Service or an address goes to other pods"),
    "CiliumEnvoyConfig.cilium.io": _both("it redirects traffic through a proxy"),
    "CiliumClusterwideEnvoyConfig.cilium.io": _both("it redirects traffic through a proxy", False),
    "EgressFirewall.k8s.ovn.org": _denies("it drops egress that policies let pass", True, Direction.EGRESS),
    "EgressNetworkPolicy.network.openshift.io": _denies(
        "it drops egress that policies let pass", True, Direction.EGRESS
    ),
    "EgressIP.k8s.ovn.org": _egress(_SOURCE, False),
    "EgressService.k8s.ovn.org": _egress(_SOURCE),
    "AdminPolicyBasedExternalRoute.k8s.ovn.org": _egress("it routes egress through gateway pods", False),
    "UserDefinedNetwork.k8s.ovn.org": _both("it moves pods to a network of their own"),
    "ClusterUserDefinedNetwork.k8s.ovn.org": _both("it moves pods to a network of their own", False),
    "NetNamespace.network.openshift.io": _denies("it isolates namespaces from each other", False),
    "AuthorizationPolicy.security.istio.io": _requests(is_root_wide=True, asks_requests=True),
    "PeerAuthentication.security.istio.io": _requests(is_root_wide=True, asks_requests=True),
    "RequestAuthentication.security.istio.io": _requests(is_root_wide=True, asks_requests=True),
    "Sidecar.networking.istio.io": _requests(
        "it limits what a sidecar forwards", *Direction, is_root_wide=True, asks_requests=True
    ),
    "WasmPlugin.extensions.istio.io": _requests(_PROXY, *Direction, is_root_wide=True),
    "TrafficExtension.extensions.istio.io": _requests(_PROXY, *Direction, is_root_wide=True),
    "EnvoyFilter.networking.istio.io": _requests(_PROXY, *Direction, is_root_wide=True),
    "ServiceEntry.networking.istio.io": replace(
        _requests("it changes which destinations the mesh lets through", Direction.EGRESS, asks_requests=True),
        is_namespaced=False,
    ),
    "VirtualService.networking.istio.io": _requests(
        "it may send requests elsewhere, or refuse them", *Direction, asks_requests=True
    ),
    "DestinationRule.networking.istio.io": _requests(
        "it may speak to a host as that does not understand", *Direction, asks_requests=True
    ),
    "WorkloadEntry.networking.istio.io": _pods("it adds a workload outside the cluster to the mesh"),
    "WorkloadGroup.networking.istio.io": _pods("it adds workloads outside the cluster to the mesh"),
    "ProxyConfig.networking.istio.io": _requests(_PROXY, *Direction, is_root_wide=True),
    "AuthorizationPolicy.policy.linkerd.io": _requests(),
    "Server.policy.linkerd.io": _requests(),
    "ServerAuthorization.policy.linkerd.io": _requests(),
    "HTTPRoute.policy.linkerd.io": _requests(_MESH, *Direction),
    "MeshTLSAuthentication.policy.linkerd.io": _requests(),
    "NetworkAuthentication.policy.linkerd.io": _requests(),
    "EgressNetwork.policy.linkerd.io": _denies(_MESH, False, Direction.EGRESS),
    "ServiceIntentions.consul.hashicorp.com": _denies(_MESH),
    "MultiNetworkPolicy.k8s.cni.cncf.io": Effect(False, False, False, _NOT_HERE),
    "NetworkAttachmentDefinition.k8s.cni.cncf.io": Effect(True, False, False, _SECOND, False),
    "Rollout.argoproj.io": _pods(),
    "Workflow.argoproj.io": _pods(),
    "WorkflowTemplate.argoproj.io": _pods(),
    "ClusterWorkflowTemplate.argoproj.io": Effect(False, False, True, _PODS, False),
    "CronWorkflow.argoproj.io": _pods(),
    "EventSource.argoproj.io": _pods(),
    "EventBus.argoproj.io": _pods(),
    "Sensor.argoproj.io": _pods(),
    "ScaledJob.keda.sh": _pods(),
    **{
        name: _pods()
        for name in (
            *("Alertmanager.monitoring.coreos.com", "Prometheus.monitoring.coreos.com"),
            *("PrometheusAgent.monitoring.coreos.com", "ThanosRuler.monitoring.coreos.com"),
            *("CatalogSource.operators.coreos.com", "Challenge.acme.cert-manager.io"),
            "Grafana.grafana.integreatly.org",
            *(f"{kind}.longhorn.io" for kind in ("BackingImageManager", "EngineImage", "InstanceManager")),
            *(f"{kind}.longhorn.io" for kind in ("RecurringJob", "ShareManager")),
        )
    },
    **{
        f"{kind}.logging.banzaicloud.io": replace(_pods(), is_namespaced=False)
        for kind in ("FluentbitAgent", "Logging", "NodeAgent")
    },
    "Template.template.openshift.io": _anything("a template is no object yet: render it with `oc process`"),
    "Policy.kyverno.io": _anything("Kyverno generates and changes objects"),
    "ClusterPolicy.kyverno.io": _anything("Kyverno generates and changes objects", False),
    "GeneratingPolicy.policies.kyverno.io": _anything("Kyverno generates and changes objects", False),
    "NamespacedGeneratingPolicy.policies.kyverno.io": _anything("Kyverno generates and changes objects"),
    **{
        f"{kind}.{group}": _mutates(is_namespaced)
        for kind, group, is_namespaced in (
            ("MutatingWebhookConfiguration", "admissionregistration.k8s.io", False),
            ("MutatingAdmissionPolicy", "admissionregistration.k8s.io", False),
            ("Assign", "mutations.gatekeeper.sh", False),
            ("AssignMetadata", "mutations.gatekeeper.sh", False),
            ("ModifySet", "mutations.gatekeeper.sh", False),
            ("MutatingPolicy", "policies.kyverno.io", False),
            ("NamespacedMutatingPolicy", "policies.kyverno.io", True),
        )
    },
}

# What every kind of a group may do, where no kind of it is named above.
GROUP_EFFECTS: dict[str, Effect] = {
    "cilium.io": _isolates(_CILIUM),
    "projectcalico.org": _isolates(_CALICO),
    "crd.projectcalico.org": _isolates(_CALICO),
    "operator.tigera.io": _both(_CALICO, False),
    "crd.antrea.io": _isolates(_ANTREA),
    "controlplane.antrea.io": _isolates(_ANTREA),
    "security.antrea.tanzu.vmware.com": _isolates(_ANTREA),
    "kubeovn.io": _isolates("Kube-OVN isolates subnets and filters traffic", False),
    "k8s.ovn.org": _both("OVN-Kubernetes changes how traffic flows"),
    "networking.k8s.aws": _isolates("Amazon's policies allow and deny traffic beside the modelled kinds"),
    "security.istio.io": _denies(_MESH, False),
    "networking.istio.io": _denies(_PROXY, False),
    "policy.linkerd.io": _denies(_MESH),
    "kuma.io": _both("Kuma's policies refuse and reroute traffic", False),
    "consul.hashicorp.com": _both("Consul refuses and reroutes traffic"),
    "k8s.cni.cncf.io": Effect(True, True, False, _SECOND),
    "networking.gke.io": _isolates("GKE's network kinds allow, deny and reroute traffic"),
    "nsx.vmware.com": _isolates("NSX policies allow and deny traffic beside the modelled kinds"),
    "submariner.io": _both("it connects clusters"),
    "multicluster.x-k8s.io": _both("it connects clusters"),
    "serving.knative.dev": _pods(),
    "eventing.knative.dev": _pods(),
    "sources.knative.dev": _pods(),
    "serving.kserve.io": _pods(),
    "kubeflow.org": _pods(),
    "ray.io": _pods(),
    "tekton.dev": _pods(),
    "batch.volcano.sh": _pods(),
    "jobset.x-k8s.io": _pods(),
    "leaderworkerset.x-k8s.io": _pods(),
    "apps.kruise.io": _pods(),
    "kafka.strimzi.io": _pods(),
    "postgresql.cnpg.io": _pods(),
    "acid.zalan.do": _pods(),
    "kubevirt.io": _pods(),
    "sparkoperator.k8s.io": _pods(),
    "flink.apache.org": _pods(),
    "k8s.elastic.co": _pods(),
    "elasticsearch.k8s.elastic.co": _pods(),
    "kibana.k8s.elastic.co": _pods(),
    "mongodb.com": _pods(),
    "mongodbcommunity.mongodb.com": _pods(),
    "rabbitmq.com": _pods(),
    "minio.min.io": _pods(),
    "redis.redis.opstreelabs.in": _pods(),
    "databases.spotahome.com": _pods(),
    "vitess.io": _pods(),
    "psmdb.percona.com": _pods(),
    "pxc.percona.com": _pods(),
    "pgv2.percona.com": _pods(),
    "opentelemetry.io": _pods(),
    "jaegertracing.io": _pods(),
    "build.openshift.io": _pods(),
    "actions.github.com": _pods(),
    "actions.summerwind.dev": _pods(),
}


def effect_of(kind: str, group: str) -> Effect:
    """What an object of a kind that is neither modelled nor irrelevant may do; everything, if the kind is unknown."""
    name = kind_dot_group(kind, group)
    if name in EFFECTS:
        return EFFECTS[name]
    if group in GROUP_EFFECTS:
        effect = GROUP_EFFECTS[group]
        return replace(effect, is_namespaced=None) if effect.is_namespaced else effect
    return _anything(f"this kind is not known; if it cannot affect traffic, say `--irrelevant {name}`", None)
