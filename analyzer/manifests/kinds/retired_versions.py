"""API versions that no server serves any more, and what to write instead (kubernetes.io, deprecated API guide)."""

from __future__ import annotations

_APPS = ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet", "ControllerRevision")
_RBAC = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_FLOWS = ("FlowSchema", "PriorityLevelConfiguration")

# (version, its kinds, the version to write; "" if the kind is gone for good)
_RETIRED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("extensions/v1beta1", ("NetworkPolicy", "Ingress"), "networking.k8s.io/v1"),
    ("extensions/v1beta1", ("Deployment", "DaemonSet", "ReplicaSet"), "apps/v1"),
    ("extensions/v1beta1", ("PodSecurityPolicy",), ""),
    ("apps/v1alpha1", _APPS, "apps/v1"),
    ("apps/v1beta1", _APPS, "apps/v1"),
    ("apps/v1beta2", _APPS, "apps/v1"),
    ("batch/v1beta1", ("CronJob", "Job"), "batch/v1"),
    ("batch/v2alpha1", ("CronJob", "ScheduledJob"), "batch/v1"),
    ("networking.k8s.io/v1beta1", ("NetworkPolicy", "Ingress", "IngressClass"), "networking.k8s.io/v1"),
    ("policy/v1beta1", ("PodDisruptionBudget",), "policy/v1"),
    ("policy/v1beta1", ("PodSecurityPolicy",), ""),
    ("autoscaling/v2beta1", ("HorizontalPodAutoscaler",), "autoscaling/v2"),
    ("autoscaling/v2beta2", ("HorizontalPodAutoscaler",), "autoscaling/v2"),
    ("rbac.authorization.k8s.io/v1alpha1", _RBAC, "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", _RBAC, "rbac.authorization.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", _WEBHOOKS, "admissionregistration.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", ("CustomResourceDefinition",), "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", ("APIService",), "apiregistration.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", ("CertificateSigningRequest",), "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", ("Lease",), "coordination.k8s.io/v1"),
    ("discovery.k8s.io/v1beta1", ("EndpointSlice",), "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", ("Event",), "events.k8s.io/v1"),
    ("node.k8s.io/v1alpha1", ("RuntimeClass",), "node.k8s.io/v1"),
    ("node.k8s.io/v1beta1", ("RuntimeClass",), "node.k8s.io/v1"),
    ("scheduling.k8s.io/v1alpha1", ("PriorityClass",), "scheduling.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", ("PriorityClass",), "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", ("CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass"), "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", ("VolumeAttachment",), "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1alpha1", _FLOWS, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", _FLOWS, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", _FLOWS, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", _FLOWS, "flowcontrol.apiserver.k8s.io/v1"),
)
RETIRED = {(version, kind): instead for version, kinds, instead in _RETIRED for kind in kinds}
