"""Waypoints: which pods stand behind some, what may come by them, and which of their policies are theirs (istio.md
5.1, 6)."""

from __future__ import annotations

from analyzer.model.cluster import Cluster, Service
from analyzer.model.formulas import (
    FALSE,
    PODS,
    Attribute,
    Formula,
    Name,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    labels,
    negated,
)
from analyzer.model.memory import remembered
from analyzer.model.mesh import USE_WAYPOINT, WAYPOINT_CLASS, Attachment, Waypoint, named_waypoint
from analyzer.model.mesh_pods import in_namespace
from analyzer.model.mesh_rules import HAS_MTLS
from analyzer.model.open_facts import OpenFact
from analyzer.model.profile import Profile
from analyzer.model.shut_off import shut_off

_NO_WAYPOINT = "none"


def by_waypoint(cluster: Cluster, profile: Profile) -> Formula:
    """A request in mutual TLS to SELF may come by a waypoint, from whose pods it then comes and whose identity is all
    that stands before SELF sees; what that lets on is modelled for single requests only.  Whatever it does, it cannot
    lead to a pod that lets in no other pod."""
    way = _led_by_waypoint(cluster)
    return way if way == FALSE else both([way, negated(shut_off(profile, cluster))])


@remembered
def _led_by_waypoint(cluster: Cluster) -> Formula:
    fact = OpenFact("mesh-waypoint", "any way", f"what comes by waypoint {_waypoints(cluster)} is not modelled")
    return both([behind_waypoint(cluster), HAS_MTLS, Open(fact)])


@remembered
def refused_by_waypoint(cluster: Cluster) -> Formula:
    """A request in mutual TLS to SELF may have to come by a waypoint, which may refuse it.  Which Services and
    addresses a waypoint takes over is its own label's to say; what is asked of it stands here (istio.md 6)."""
    fact = OpenFact("mesh-waypoint", "refuses", f"what waypoint {_waypoints(cluster)} refuses is not modelled")
    return both([behind_waypoint(cluster), HAS_MTLS, Open(fact)])


@remembered
def behind_waypoint(cluster: Cluster) -> Formula:
    """Pods that ask for a waypoint, or some Service of theirs does, or their namespace, unless they and their Services
    say `none`.  A waypoint that no manifest holds may be there all the same."""
    if not _asked_for(cluster):
        return FALSE
    led = [it for it in cluster.services if it.selector is not None and it.waypoint != _NO_WAYPOINT]
    asking, silent = (either(_leads(it) for it in led if bool(it.waypoint) is is_asking) for is_asking in (True, False))
    of_namespace, of_pod = (Attribute(Role.SELF, name, USE_WAYPOINT) for name in (Name.NAMESPACE_LABEL, Name.LABEL))
    by_itself = negated(Test(of_pod, frozenset({_NO_WAYPOINT})))
    behind = [_is_asking(of_pod), asking, both([_is_asking(of_namespace), either([by_itself, silent])])]
    return both([is_a(Role.SELF, PODS), either(behind)])


def _leads(service: Service) -> Formula:
    assert service.selector is not None
    return both([in_namespace(service.namespace), labels(service.selector, Role.SELF)])


def _is_asking(label: Attribute) -> Formula:
    return both([Test(label), negated(Test(label, frozenset({_NO_WAYPOINT})))])


def _asked_for(cluster: Cluster) -> frozenset[str]:
    """The waypoints that are there, and those that something declared asks for, as `namespace/name`."""
    there = {f"{it.namespace}/{it.name}" for it in cluster.mesh.of(Waypoint)}
    asking = [(it.name, named_waypoint(it.labels)) for it in cluster.namespaces]
    asking += [(it.namespace, named_waypoint(it.labels)) for it in cluster.workloads]
    asking += [(it.namespace, it.waypoint) for it in cluster.services]
    named = {name if "/" in name else f"{where}/{name}" for where, name in asking if name not in ("", _NO_WAYPOINT)}
    return frozenset(there | named)


def _waypoints(cluster: Cluster) -> str:
    there = {f"{it.namespace}/{it.name}" for it in cluster.mesh.of(Waypoint)}
    told = (name if name in there else f"{name} (which no manifest holds)" for name in sorted(_asked_for(cluster)))
    return ", ".join(told)


def waypoint_of(cluster: Cluster, service: str) -> Waypoint | None:
    """The waypoint that the Service, or else its namespace, asks for and that is there."""
    found = next((each for each in cluster.services if each.id == service), None)
    if found is None:
        return None
    namespace = cluster.namespace_by_name.get(found.namespace)
    named = found.waypoint or (named_waypoint(namespace.labels) if namespace is not None else "")
    where, _, name = named.rpartition("/")
    return next(
        (w for w in cluster.mesh.of(Waypoint) if (w.namespace, w.name) == (where or found.namespace, name)), None
    )


def is_at_waypoint(attached: Attachment, waypoint: Waypoint, service: Service, root: str) -> bool:
    """Selectors bind nothing to a waypoint (istio.md 5.1)."""
    for target in attached.targets:
        match target.group, target.kind:
            case "", "Service":
                found = (attached.namespace, target.name) == (service.namespace, service.name)
            case "gateway.networking.k8s.io", "Gateway":
                found = (attached.namespace, target.name) == (waypoint.namespace, waypoint.name)
            case "gateway.networking.k8s.io", "GatewayClass":
                found = attached.namespace == root and target.name == WAYPOINT_CLASS
            case _:
                found = False
        if found:
            return True
    return False
