"""The kinds that the model reads.  A new kind is a file of its own and a line here."""

from __future__ import annotations

from analyzer.manifests.kinds import (
    admin_network_policy,
    cluster_network_policy,
    cluster_nodes,
    endpoints,
    gateway_routes,
    gateways,
    ingresses,
    namespaces,
    network_policy,
    openshift_routes,
    pods,
    reference_grants,
    services,
    workloads,
)
from analyzer.manifests.kinds.calico import objects, policies, settings, staged
from analyzer.manifests.kinds.cilium import policies as cilium_policies
from analyzer.manifests.kinds.istio import authentication, authorization_policy, networking
from analyzer.manifests.kinds.manifest import ObjectKind

_KINDS: tuple[ObjectKind, ...] = (
    namespaces.KIND,
    network_policy.KIND,
    *admin_network_policy.KINDS,
    cluster_network_policy.KIND,
    pods.KIND,
    *workloads.KINDS,
    cluster_nodes.KIND,
    services.KIND,
    *endpoints.KINDS,
    ingresses.KIND,
    openshift_routes.KIND,
    *gateway_routes.KINDS,
    gateways.KIND,
    reference_grants.KIND,
    *policies.KINDS,
    *staged.KINDS,
    *objects.KINDS,
    *settings.KINDS,
    *cilium_policies.KINDS,
    authorization_policy.KIND,
    *authentication.KINDS,
    *networking.KINDS,
)
MODELLED: dict[tuple[str, str], ObjectKind] = {(kind.kind, kind.group): kind for kind in _KINDS}
MODELLED_GROUPS = frozenset(kind.group for kind in _KINDS if not kind.identity_group)  # which have others too
