"""Where proxies of the mesh stand, whatever policies say: worked out once for all policies of a cluster; and which
objects can bear on pods of a namespace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from analyzer.model.beside_policies import reach
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import FALSE, Formula, OnPorts, Open, both, negated
from analyzer.model.memory import remembered
from analyzer.model.mesh import (
    KINDS_OF_MESH,
    Attached,
    AuthorizationPolicy,
    Mesh,
    MeshObject,
    Verdict,
)
from analyzer.model.mesh_gateways import Routed, gateways, listens_at, routed, trusted_proxies
from analyzer.model.mesh_pods import declared, has_sidecar, is_captured, is_looked_at, is_waypoint
from analyzer.model.mesh_rules import Chain
from analyzer.model.mesh_tunnel import has_ztunnel, takes_tunnel
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Doubt
from analyzer.model.policies import Protocol
from analyzer.records import dataclass

_TCP = OnPorts(Protocol.TCP)
_INTO_PROXIES = frozenset({"EnvoyFilter", "WasmPlugin", "TrafficExtension", *KINDS_OF_MESH})


@dataclass(frozen=True, slots=True)
class Places:
    """Over SELF and the port: where the proxy of a gateway, a sidecar and ztunnel stand, one of them at most; what
    gateways' routes let through and which proxies before them are believed; what Services declare of a port; `doubts`:
    what may let in what proxies refuse.  `tunnel_to_sidecar`: a sidecar takes the mesh's tunnel, too, on any port."""

    gateway: Formula
    sidecar: Formula
    ztunnel: Formula
    tunnel_to_sidecar: Formula
    routes: Routed
    proxies: list[tuple[Formula, str]]
    speaks: dict[Chain, Formula]
    doubts: tuple[Doubt, ...]

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return (self.gateway, self.sidecar, self.ztunnel)


@remembered
def places(cluster: Cluster) -> Places:
    mesh = cluster.mesh
    gateway, sidecar = gateways(mesh, cluster), has_sidecar(mesh, cluster)
    plain = both([negated(gateway), negated(is_waypoint()), is_looked_at(mesh)])
    return Places(
        gateway=both([_TCP, gateway, listens_at(mesh, cluster)]) if gateway != FALSE else FALSE,
        sidecar=both([_TCP, plain, sidecar, is_captured(mesh, cluster)]),
        ztunnel=both([_TCP, plain, negated(sidecar), has_ztunnel(mesh)]),
        tunnel_to_sidecar=both([_TCP, plain, sidecar, takes_tunnel(cluster)]),
        routes=routed(mesh, cluster),
        proxies=trusted_proxies(mesh, cluster),
        speaks=declared(cluster, mesh),
        doubts=_doubts(cluster),
    )


def _doubts(cluster: Cluster) -> tuple[Doubt, ...]:
    """Objects that nobody has read, and those that reach into the proxies: they may let in what the mesh refuses."""
    found = []
    for thing in cluster.unmodelled:
        if not thing.asks_requests and (thing.kind in _INTO_PROXIES or thing.may_be):
            text = f"{thing.id} ({thing.source}) is not modelled and may let in what the mesh refuses"
            fact = Open(OpenFact("unmodelled", f"{thing.id} {thing.content} request allows", text))
            found.append(Doubt(thing, FALSE, both([reach(thing), fact]), FALSE))
    return tuple(found)


# ------------------------------------------------------------------------------------------------ by namespaces
@dataclass(frozen=True, slots=True)
class _ByNamespace:
    """The objects that bind pods of their own namespace, or of all where that is the root; and all others.  Each with
    its place in the order of all."""

    binding: dict[str, list[tuple[int, MeshObject]]]
    others: list[tuple[int, MeshObject]]
    names: frozenset[str]
    with_policies: frozenset[str]


@remembered
def _by_namespace(cluster: Cluster) -> _ByNamespace:
    binding: dict[str, list[tuple[int, MeshObject]]] = {}
    others: list[tuple[int, MeshObject]] = []
    for place, each in enumerate(cluster.mesh.objects):
        if isinstance(each, Attached):
            binding.setdefault(each.namespace, []).append((place, each))
        else:
            others.append((place, each))
    policies = (each for each in cluster.mesh.objects if isinstance(each, AuthorizationPolicy))
    deciding = (p.namespace for p in policies if p.verdict is Verdict.CUSTOM or not p.is_dry_run)
    root = {cluster.mesh.config.root}
    return _ByNamespace(binding, others, frozenset(binding) - root, frozenset(deciding) - root)


def namespaces_with_policies(cluster: Cluster) -> frozenset[str]:
    """Those that have AuthorizationPolicies of their own that may decide something, for their own pods."""
    return _by_namespace(cluster).with_policies


def namespaces_with_objects(cluster: Cluster) -> frozenset[str]:
    """Those that have anything of their own that binds their pods."""
    return _by_namespace(cluster).names


def mesh_at(cluster: Cluster, names: Collection[str], looked_at: Collection[str] | None = None) -> Mesh:
    """The mesh as pods in these namespaces have it.  `looked_at`: those of them whose AuthorizationPolicies are in it;
    None: all."""
    known, root = _by_namespace(cluster), cluster.mesh.config.root
    found = list(known.others)
    for name in {*names, root}:
        for place, each in known.binding.get(name, ()):
            is_left_out = isinstance(each, AuthorizationPolicy) and looked_at is not None
            if not is_left_out or name == root or name in (looked_at or ()):
                found.append((place, each))
    objects = tuple(each for _, each in sorted(found, key=lambda it: it[0]))
    return replace(cluster.mesh, objects=objects)
