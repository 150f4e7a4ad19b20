"""Kinds that cannot affect traffic (design 1)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import kind_dot_group
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS, GROUP_EFFECTS

# Built-in groups are closed: a kind that is not listed is no kind of theirs.
BUILT_IN: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            "Binding",
            "ComponentStatus",
            "ConfigMap",
            "Event",
            "LimitRange",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PodTemplate",
            "ResourceQuota",
            "Secret",
        }
    ),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicyBinding",
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
    "discovery.k8s.io": frozenset(),
    "events.k8s.io": frozenset({"Event"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "internal.apiserver.k8s.io": frozenset({"StorageVersion"}),
    "networking.k8s.io": frozenset({"IPAddress", "IngressClass", "ServiceCIDR"}),
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

# Groups of which no kind can affect traffic between pods, save those of their kinds that the model reads.
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
        *(  # what Calico keeps of its own; routes lead to pods whatever these say
            f"{kind}.{group}"
            for kind in (
                "BGPConfiguration",
                "BGPFilter",
                "BGPPeer",
                "BlockAffinity",
                "CalicoNodeStatus",
                "ClusterInformation",
                "IPAMBlock",
                "IPAMConfig",
                "IPAMConfiguration",
                "IPAMHandle",
                "IPReservation",
                "Node",
                "WorkloadEndpoint",
            )
            for group in ("projectcalico.org", "crd.projectcalico.org")
        ),
        "AnalysisTemplate.argoproj.io",
        "AppProject.argoproj.io",
        "ClusterAnalysisTemplate.argoproj.io",
        "BackendConfig.cloud.google.com",
        *(  # what Cilium keeps of its own, and how addresses of Services are announced
            f"Cilium{name}.cilium.io"
            for name in (
                *("BGPAdvertisement", "BGPClusterConfig", "BGPNodeConfig", "BGPNodeConfigOverride", "BGPPeerConfig"),
                *("BGPPeeringPolicy", "Endpoint", "EndpointSlice", "GatewayClassConfig", "Identity"),
                *("L2AnnouncementPolicy", "LoadBalancerIPPool", "Node"),
            )
        ),
        "Certificate.networking.internal.knative.dev",
        "ClusterDomainClaim.networking.internal.knative.dev",
        "Image.caching.internal.knative.dev",
        "PodAutoscaler.autoscaling.internal.knative.dev",
        "CNINode.vpcresources.k8s.aws",
        "Credentials.operator.tigera.io",
        *(  # how Calico's parts run, not what they let through
            f"{kind}.operator.tigera.io"
            for kind in ("APIServer", "Goldmane", "ImageSet", "Monitor", "TigeraStatus", "Whisker")
        ),
        "FrontendConfig.networking.gke.io",
        "IngressClassParams.elbv2.k8s.aws",
        "TargetGroupBinding.elbv2.k8s.aws",
        "IPAddressPool.metallb.io",
        "L2Advertisement.metallb.io",
        "BGPAdvertisement.metallb.io",
        "BGPPeer.metallb.io",
        "ManagedCertificate.networking.gke.io",
        "ServerGroupBinding.eks.amazonaws.com",
        "Telemetry.telemetry.istio.io",
    }
)

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


def is_known(kind: str, group: str) -> bool:
    """Whether something is known of what an object of the kind, one that the model does not read, may do."""
    return group in BUILT_IN or "." not in group or group in GROUP_EFFECTS or kind_dot_group(kind, group) in EFFECTS


def is_irrelevant(kind: str, group: str) -> bool:
    """Whether an object of the kind cannot affect traffic."""
    name = kind_dot_group(kind, group)
    if name in EFFECTS:
        return False
    if name in DEPLOYERS or name in IRRELEVANT_KINDS or group in IRRELEVANT_GROUPS:
        return True
    return kind in BUILT_IN.get(group, frozenset())
