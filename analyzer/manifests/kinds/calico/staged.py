"""Staged policies of Kubernetes' own, which nothing enforces (calico-cilium.md 1.10)."""

from __future__ import annotations

from analyzer.manifests.kinds.calico.fields import kinds, read_spec
from analyzer.manifests.kinds.calico.policies import STAGED_ACTIONS, check_deletion
from analyzer.manifests.kinds.manifest import Manifest
from analyzer.manifests.kinds.network_policy import SPEC_FIELDS, policy_of
from analyzer.model.calico import StagedKubernetesPolicy


def _read(manifest: Manifest) -> StagedKubernetesPolicy:
    spec = read_spec(manifest, SPEC_FIELDS | {"stagedAction"})
    action = spec.choice("stagedAction", STAGED_ACTIONS) or "Set"
    if action == "Delete":
        check_deletion(spec)
    policy = policy_of(manifest, spec)
    return StagedKubernetesPolicy(policy.namespace or "", policy.name, policy, action, manifest.source)


KINDS = kinds("StagedKubernetesNetworkPolicy", _read)
