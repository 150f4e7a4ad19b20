"""What says which groups pods without their own have, and how nodes of EKS Auto Mode are set up: ENIConfig,
crd.k8s.amazonaws.com/v1alpha1, and NodeClass, eks.amazonaws.com/v1 (aws.md S4, N4).  Their other fields are not
checked."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.model.aws import AwsSettings, EniConfig

_CUSTOM, _AUTO = "crd.k8s.amazonaws.com", "eks.amazonaws.com"
_MODES = {"DefaultAllow": "standard", "DefaultDeny": "strict"}


def _eni_config(manifest: Manifest) -> EniConfig:
    spec = manifest.root.section("spec")
    groups = tuple(text for text, _ in spec.texts("securityGroups")) if spec is not None else ()
    return EniConfig(manifest.name, groups, manifest.source)


def _node_class(manifest: Manifest) -> AwsSettings:
    """Nodes of Auto Mode always have the agent; whether pods are closed from the start, and whether they have other
    groups than their node, it says."""
    spec = manifest.root.section("spec")
    mode = spec.text("networkPolicy") if spec is not None else None
    knobs = (("network-policy-enforcing-mode", _MODES[mode]),) if mode in _MODES else ()
    gives = spec is not None and spec.has("podSecurityGroupSelectorTerms")
    return AwsSettings(f"NodeClass {manifest.name}", manifest.source, None, knobs, gives_pods_groups=gives)


KINDS = (
    ObjectKind("ENIConfig", _CUSTOM, ("v1alpha1",), _eni_config, is_namespaced=False, identity_group=_CUSTOM),
    ObjectKind("NodeClass", _AUTO, ("v1",), _node_class, is_namespaced=False, identity_group=_AUTO),
)
