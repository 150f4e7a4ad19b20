"""Kinds that the model does not read: which of them cannot affect traffic, and what the others may do (design 1)."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.manifests.manifest import kind_dot_group


@dataclass(frozen=True, slots=True)
class Effect:
    """What an unmodelled object may do; `why` is one sentence for people."""

    may_allow: bool
    may_deny: bool
    adds_pods: bool
    why: str
    is_namespaced: bool = True


# Built-in groups are closed: a kind that is not listed is no kind of theirs.
BUILT_IN: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            "Binding",
            "ComponentStatus",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PodTemplate",
            "ResourceQuota",
            "Secret",
            "ServiceAccount",
        }
    ),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "apps": frozenset({"ControllerRevision"}),
    "authentication.k8s.io": frozenset({"SelfSubjectReview", "TokenRequest", "TokenReview"}),
    "authorization.k8s.io": frozenset(
        {"LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"}
    ),
    "autoscaling": frozenset({"HorizontalPodAutoscaler", "Scale"}),
    "batch": frozenset(),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle", "PodCertificateRequest"}),
    "coordination.k8s.io": frozenset({"Lease", "LeaseCandidate"}),
    "discovery.k8s.io": frozenset({"EndpointSlice"}),
    "events.k8s.io": frozenset({"Event"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "internal.apiserver.k8s.io": frozenset({"StorageVersion"}),
    "networking.k8s.io": frozenset({"IPAddress", "Ingress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "policy": frozenset({"Eviction", "PodDisruptionBudget", "PodSecurityPolicy"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}),
    "resource.k8s.io": frozenset(
        {"DeviceClass", "DeviceTaintRule", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"}
    ),
    "scheduling.k8s.io": frozenset({"PriorityClass", "Workload"}),
    "storage.k8s.io": frozenset(
        {"CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}
    ),
    "storagemigration.k8s.io": frozenset({"StorageVersionMigration"}),
}

# Groups of which no kind can affect traffic between pods.  Ingress and Gateway routes say which flows are wanted;
# they never permit one (reference E1.1).
IRRELEVANT_GROUPS = frozenset(
    {
        "acme.cert-manager.io",
        "aquasecurity.github.io",
        "autoscaling.k8s.io",
        "bitnami.com",
        "cert-manager.io",
        "config.gatekeeper.sh",
        "config.openshift.io",
        "console.openshift.io",
        "constraints.gatekeeper.sh",
        "csi.aws.com",
        "externaldns.k8s.io",
        "external-secrets.io",
        "gateway.networking.k8s.io",
        "gateway.networking.x-k8s.io",
        "generators.external-secrets.io",
        "grafana.integreatly.org",
        "groupsnapshot.storage.k8s.io",
        "helm.cattle.io",
        "image.openshift.io",
        "image.toolkit.fluxcd.io",
        "imageregistry.operator.openshift.io",
        "keda.sh",
        "kustomize.config.k8s.io",
        "logging.banzaicloud.io",
        "longhorn.io",
        "metrics.k8s.io",
        "monitoring.coreos.com",
        "monitoring.googleapis.com",
        "mutations.gatekeeper.sh",
        "notification.toolkit.fluxcd.io",
        "oauth.openshift.io",
        "operators.coreos.com",
        "packages.operators.coreos.com",
        "policies.kyverno.io",
        "project.openshift.io",
        "quota.openshift.io",
        "reports.kyverno.io",
        "route.openshift.io",
        "scheduling.sigs.k8s.io",
        "secrets-store.csi.x-k8s.io",
        "secrets.hashicorp.com",
        "secretgenerator.mittwald.de",
        "security.openshift.io",
        "snapshot.storage.k8s.io",
        "source.toolkit.fluxcd.io",
        "templates.gatekeeper.sh",
        "traefik.containo.us",
        "traefik.io",
        "trust.cert-manager.io",
        "user.openshift.io",
        "velero.io",
        "wgpolicyk8s.io",
    }
)
IRRELEVANT_KINDS = frozenset(
    {
        "AnalysisTemplate.argoproj.io",
        "AppProject.argoproj.io",
        "ClusterAnalysisTemplate.argoproj.io",
        "BackendConfig.cloud.google.com",
        "CiliumIdentity.cilium.io",
        "CiliumEndpoint.cilium.io",
        "CiliumNode.cilium.io",
        "CiliumLoadBalancerIPPool.cilium.io",
        "CiliumL2AnnouncementPolicy.cilium.io",
        "Credentials.operator.tigera.io",
        "DestinationRule.networking.istio.io",
        "FrontendConfig.networking.gke.io",
        "Gateway.networking.istio.io",
        "IngressClassParams.elbv2.k8s.aws",
        "IPAddressPool.metallb.io",
        "L2Advertisement.metallb.io",
        "BGPAdvertisement.metallb.io",
        "BGPPeer.metallb.io",
        "ManagedCertificate.networking.gke.io",
        "ServerGroupBinding.eks.amazonaws.com",
        "Telemetry.telemetry.istio.io",
        "VirtualService.networking.istio.io",
        "WasmPlugin.extensions.istio.io",
    }
)

_CILIUM = "Cilium policies allow and deny traffic beside the modelled kinds"
_CALICO = "Calico policies allow and deny traffic beside the modelled kinds"
_ANTREA = "Antrea policies allow and deny traffic beside the modelled kinds"
_MESH = "mesh authorization refuses requests that network policies let pass"
_SECOND = "it attaches pods to networks that NetworkPolicies do not govern"
_PODS = "it makes pods that the manifests do not show"
_RENDERS = "it makes objects that the manifests do not show"


def _both(why: str, is_namespaced: bool = True) -> Effect:
    return Effect(True, True, False, why, is_namespaced)


def _denies(why: str, is_namespaced: bool = True) -> Effect:
    return Effect(False, True, False, why, is_namespaced)


def _pods(why: str = _PODS) -> Effect:
    return Effect(False, False, True, why)


def _anything(why: str = _RENDERS, is_namespaced: bool = True) -> Effect:
    return Effect(True, True, True, why, is_namespaced)


EFFECTS: dict[str, Effect] = {
    "CiliumNetworkPolicy.cilium.io": _both(_CILIUM),
    "CiliumClusterwideNetworkPolicy.cilium.io": _both(_CILIUM, False),
    "CiliumCIDRGroup.cilium.io": _both("Cilium policies take addresses from it", False),
    "CiliumEgressGatewayPolicy.cilium.io": _both("it changes the source address of traffic that leaves", False),
    "CiliumLocalRedirectPolicy.cilium.io": _both("it redirects traffic to other pods"),
    "CiliumEnvoyConfig.cilium.io": _both("it redirects traffic through a proxy"),
    "CiliumClusterwideEnvoyConfig.cilium.io": _both("it redirects traffic through a proxy", False),
    "ClusterNetworkPolicy.networking.k8s.aws": _both("this ClusterNetworkPolicy is Amazon's own API", False),
    "ApplicationNetworkPolicy.networking.k8s.aws": _both("Amazon's policies allow traffic beside the modelled kinds"),
    "PolicyEndpoint.networking.k8s.aws": _both("it is what the Amazon agent enforces"),
    "SecurityGroupPolicy.vpcresources.k8s.aws": _denies("security groups drop traffic that policies let pass"),
    "EgressFirewall.k8s.ovn.org": _denies("it drops egress that policies let pass"),
    "EgressNetworkPolicy.network.openshift.io": _denies("it drops egress that policies let pass"),
    "EgressIP.k8s.ovn.org": _both("it changes the source address of traffic that leaves", False),
    "EgressService.k8s.ovn.org": _both("it changes the source address of traffic that leaves"),
    "AdminPolicyBasedExternalRoute.k8s.ovn.org": _both("it routes egress through gateway pods", False),
    "UserDefinedNetwork.k8s.ovn.org": _both("it moves pods to a network of their own"),
    "ClusterUserDefinedNetwork.k8s.ovn.org": _both("it moves pods to a network of their own", False),
    "NetNamespace.network.openshift.io": _denies("it isolates namespaces from each other", False),
    "AuthorizationPolicy.security.istio.io": _denies(_MESH),
    "PeerAuthentication.security.istio.io": _denies(_MESH),
    "RequestAuthentication.security.istio.io": _denies(_MESH),
    "Sidecar.networking.istio.io": _denies("it limits what a sidecar forwards"),
    "EnvoyFilter.networking.istio.io": _both("it changes what the proxies do"),
    "ServiceEntry.networking.istio.io": _both("it adds destinations to the mesh"),
    "WorkloadEntry.networking.istio.io": _pods("it adds a workload outside the cluster to the mesh"),
    "WorkloadGroup.networking.istio.io": _pods("it adds workloads outside the cluster to the mesh"),
    "ProxyConfig.networking.istio.io": _both("it changes what the proxies do"),
    "AuthorizationPolicy.policy.linkerd.io": _denies(_MESH),
    "Server.policy.linkerd.io": _denies(_MESH),
    "ServerAuthorization.policy.linkerd.io": _denies(_MESH),
    "HTTPRoute.policy.linkerd.io": _denies(_MESH),
    "MeshTLSAuthentication.policy.linkerd.io": _denies(_MESH),
    "NetworkAuthentication.policy.linkerd.io": _denies(_MESH),
    "EgressNetwork.policy.linkerd.io": _denies(_MESH),
    "ServiceIntentions.consul.hashicorp.com": _denies(_MESH),
    "MultiNetworkPolicy.k8s.cni.cncf.io": _denies("it governs secondary networks (reference A12.5)"),
    "NetworkAttachmentDefinition.k8s.cni.cncf.io": Effect(True, False, False, _SECOND),
    "HostEndpoint.crd.projectcalico.org": _both(_CALICO, False),
    "Rollout.argoproj.io": _pods(),
    "Workflow.argoproj.io": _pods(),
    "WorkflowTemplate.argoproj.io": _pods(),
    "ClusterWorkflowTemplate.argoproj.io": Effect(False, False, True, _PODS, False),
    "CronWorkflow.argoproj.io": _pods(),
    "EventSource.argoproj.io": _pods(),
    "EventBus.argoproj.io": _pods(),
    "Sensor.argoproj.io": _pods(),
    "ScaledJob.keda.sh": _pods(),
    "Alertmanager.monitoring.coreos.com": _pods(),
    "Prometheus.monitoring.coreos.com": _pods(),
    "PrometheusAgent.monitoring.coreos.com": _pods(),
    "ThanosRuler.monitoring.coreos.com": _pods(),
    "Template.template.openshift.io": _anything("a template is no object yet: render it with `oc process`"),
    "Policy.kyverno.io": _anything("Kyverno generates and changes objects"),
    "ClusterPolicy.kyverno.io": _anything("Kyverno generates and changes objects", False),
    "GeneratingPolicy.policies.kyverno.io": _anything("Kyverno generates and changes objects", False),
    "MutatingPolicy.policies.kyverno.io": _anything("Kyverno generates and changes objects", False),
}

# Kinds that stand for other objects.  Those objects are read where the manifests hold them, and nowhere else.
_PIPE_HELM = "this chart is not rendered: use `helm template NAME CHART | netproof check -`"
_PIPE_KUSTOMIZE = "this Kustomization is not applied: use `kustomize build DIRECTORY | netproof check -`"
DEPLOYERS: dict[str, str] = {
    "Application.argoproj.io": "what this Application deploys is not read: render it and pipe it in",
    "ApplicationSet.argoproj.io": "what this ApplicationSet deploys is not read: render it and pipe it in",
    "ClusterServiceVersion.operators.coreos.com": "the operator that this object installs is not read",
    "HelmChart.helm.cattle.io": _PIPE_HELM,
    "HelmRelease.helm.toolkit.fluxcd.io": _PIPE_HELM,
    "Kustomization.kustomize.config.k8s.io": _PIPE_KUSTOMIZE,
    "Kustomization.kustomize.toolkit.fluxcd.io": _PIPE_KUSTOMIZE,
    "Subscription.operators.coreos.com": "the operator that this Subscription installs is not read",
}

# What every kind of a group may do, where no kind of it is named above.
GROUP_EFFECTS: dict[str, Effect] = {
    "cilium.io": _both(_CILIUM),
    "projectcalico.org": _both(_CALICO),
    "crd.projectcalico.org": _both(_CALICO),
    "operator.tigera.io": _both(_CALICO, False),
    "crd.antrea.io": _both(_ANTREA),
    "controlplane.antrea.io": _both(_ANTREA),
    "security.antrea.tanzu.vmware.com": _both(_ANTREA),
    "kubeovn.io": _both("Kube-OVN isolates subnets and filters traffic", False),
    "k8s.ovn.org": _both("OVN-Kubernetes changes how traffic flows"),
    "networking.k8s.aws": _both("Amazon's policies allow and deny traffic beside the modelled kinds"),
    "security.istio.io": _denies(_MESH),
    "networking.istio.io": _both("it changes what the proxies do"),
    "policy.linkerd.io": _denies(_MESH),
    "kuma.io": _both("Kuma's policies refuse and reroute traffic"),
    "consul.hashicorp.com": _both("Consul refuses and reroutes traffic"),
    "k8s.cni.cncf.io": Effect(True, True, False, _SECOND),
    "networking.gke.io": _both("GKE's network kinds allow, deny and reroute traffic"),
    "nsx.vmware.com": _both("NSX policies allow and deny traffic beside the modelled kinds"),
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


def is_irrelevant(kind: str, group: str) -> bool:
    """Whether an object of the kind cannot affect traffic."""
    name = kind_dot_group(kind, group)
    if name in EFFECTS:
        return False
    if name in DEPLOYERS or name in IRRELEVANT_KINDS or group in IRRELEVANT_GROUPS:
        return True
    return kind in BUILT_IN.get(group, frozenset())


def effect_of(kind: str, group: str) -> Effect:
    """What an object of a kind that is neither modelled nor irrelevant may do; everything, if the kind is unknown."""
    name = kind_dot_group(kind, group)
    if name in EFFECTS:
        return EFFECTS[name]
    if group in GROUP_EFFECTS:
        return GROUP_EFFECTS[group]
    return _anything(f"this kind is not known; if it cannot affect traffic, say `--irrelevant {name}`")
