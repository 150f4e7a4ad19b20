"""Where Cilium's reserved identities are: the own node, the API server, and what is outside (calico-cilium.md 2.1)."""

from __future__ import annotations

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    ON_NODES,
    TRUE,
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    Open,
    Role,
    Same,
    Test,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.knobs import api_server_places
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet

_OUTSIDE = frozenset({EndKind.OUTSIDE})

OWN_NODE = OpenFact(
    "own-node", "own-node egress", "whether the node that is the destination is the source's own is not known"
)
API_SERVER = OpenFact(
    "apiserver", "apiserver", "on which node the API server answers is not known (knob kube-apiserver)"
)

DUAL_STACK = OpenFact(
    "engine",
    "dual-stack",
    "whether Cilium runs with IPv4 and IPv6 (cilium-config), so that what is outside is world-ipv4 or world-ipv6 and "
    "not world, is not known",
)


def has_both_families(cluster: Cluster) -> Formula:
    """Cilium runs with IPv4 and IPv6, where what is outside is `world-ipv4` or `world-ipv6` in place of `world`."""
    said = [dict(settings.options) for settings in cluster.cilium.settings]
    told = {options.get("enable-ipv4", "true") == options.get("enable-ipv6", "true") == "true" for options in said}
    return Open(DUAL_STACK) if len(told) != 1 else TRUE if True in told else FALSE


def own_node(direction: Direction) -> Formula:
    """Both ends are on one node.  Where a pod's is not known, the source is taken for another than the destination's,
    and nobody knows whether the destination is the source's."""
    there = [Test(Attribute(role, Name.NODE)) for role in (Role.SRC, Role.DST)]
    same = both([*there, Same(Attribute(Role.SRC, Name.NODE), Attribute(Role.DST, Name.NODE))])
    if direction is Direction.INGRESS:
        return same
    return either([same, both([negated(both(there)), Open(OWN_NODE)])])


def api_server_addresses(profile: Profile, cluster: Cluster) -> AddressSet:
    """Where the API server answers: as the knob tells, or the endpoints of its Service, or its pods on their nodes'
    network; empty where nothing says it."""
    known = AddressSet.singles(ip for ip, _ in api_server_places(profile.kube_apiserver))
    for entry in () if known else cluster.endpoints_by_service.get(("default", "kubernetes"), ()):
        known |= AddressSet.singles(entry.addresses)
    for workload in () if known else cluster.workloads_by_namespace.get("kube-system", ()):
        if workload.host_network and workload.labels.get("component") == "kube-apiserver":
            known |= AddressSet.singles(workload.ips)
    return known


def api_server(known: AddressSet, far: Role) -> Formula:
    """On a node where nothing says it, which an assumption says (`analysis/assumptions`); nobody knows on which."""
    if known:
        return both([is_a(far, _OUTSIDE | ON_NODES), Member(far, AtAddress(known))])
    return both([is_a(far, ON_NODES), Open(API_SERVER)])
