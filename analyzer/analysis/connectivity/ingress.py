"""What Ingresses, routes of the Gateway API and of OpenShift lead to, as far as policies let the ingress controller.

Reference E1, E2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.connectivity.focus import Focus
from analyzer.analysis.connectivity.pairwise import Pair
from analyzer.analysis.connectivity.variants import guesses
from analyzer.judging.entries import open_to_pods
from analyzer.judging.setting import Setting
from analyzer.model.cluster import Backend, Cluster, Route, Service, ServicePort, Workload
from analyzer.model.leading import target_of
from analyzer.model.lifting import lifted
from analyzer.model.source import Notice
from analyzer.semantics import matches
from analyzer.semantics.declared_ports import targeted
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.connectivity import ConnectivityMap, IngressEdge

Wants = list[tuple[Route, ConnectionSet]]


def with_ingress(
    found: ConnectivityMap,
    cluster: Cluster,
    *,
    setting: Setting,
    controllers: tuple[Workload, ...] = (),
    focus: Focus | None = None,
) -> ConnectivityMap:
    """The map with an edge to each workload behind a route, of what policies let the controller open to it.

    The controller is one of `controllers`, or any pod of any namespace.  What routes want and nothing may open gets a
    notice.  A map of what some sources may open says nothing of the controller.
    """
    focus = focus or Focus()
    if focus.sources is not None or not cluster.routes:
        return found
    cluster = lifted(cluster, setting.profile)
    ids = {controller.id for controller in controllers}
    controllers = tuple(workload for workload in cluster.workloads if workload.id in ids)
    notices = list(_unknown_services(cluster))
    wanted = [(w, wants) for w, wants in _wanted(cluster).items() if _is_shown(w, focus)]
    asked = [(w, _within(focus, _union(wants))) for w, wants in wanted]
    edges: list[IngressEdge] = []
    for (workload, wants), (allowed, certain) in zip(
        wanted, _judged(cluster, asked, setting, controllers), strict=True
    ):
        notices += _blocked(workload, wants, allowed, focus)
        if allowed:
            routes = tuple(dict.fromkeys(route for route, connections in wants if connections & allowed))
            edges.append(IngressEdge(workload, allowed, certain, routes))
    return replace(
        found,
        ingress=tuple(sorted(edges, key=lambda edge: edge.dst.id)),
        controllers=controllers,
        notices=(*found.notices, *notices),
    )


# ------------------------------------------------------------------------------------------------ what is wanted
def _wanted(cluster: Cluster) -> dict[Workload, Wants]:
    """By workload, the routes to it and what each wants opened (reference E1.6)."""
    services = {(service.namespace, service.name): service for service in cluster.services}
    found: dict[Workload, Wants] = {}
    for route in cluster.routes:
        for backend in route.backends:
            service = services.get((backend.namespace, backend.service))
            if service is None:
                continue
            for workload in _behind(service, cluster):
                connections = _targets(route, backend, service, workload)
                if connections:
                    found.setdefault(workload, []).append((route, connections))
    return found


def _behind(service: Service, cluster: Cluster) -> list[Workload]:
    """The workloads whose pods the Service leads to, those on their node's network too."""
    if service.selector is None:
        return []
    told = {requirement.key: requirement.values for requirement in service.selector.requirements}
    found = (
        workload
        for workload in cluster.workloads_by_namespace.get(service.namespace, ())
        for variant in workload.variants(told)
        for guess in guesses(variant, told)
        if matches(service.selector, guess.labels)
    )
    return list(dict.fromkeys(found))


def _targets(route: Route, backend: Backend, service: Service, workload: Workload) -> ConnectionSet:
    found = ConnectionSet.EMPTY
    for port in service.ports:
        if port.protocol is route.protocol:
            found |= _meant(backend, port, targeted(workload.ports, target_of(port)))
    return found


def _meant(backend: Backend, port: ServicePort, targets: ConnectionSet) -> ConnectionSet:
    """What the backend means of the targets of a Service's port."""
    if backend.is_of_pods and isinstance(backend.port, int):
        return targets & ConnectionSet.on(port.protocol.value, PortSet.of(backend.port))
    is_meant = backend.port is None or backend.port in (port.port, port.name)
    return targets if is_meant else ConnectionSet.EMPTY


def _unknown_services(cluster: Cluster) -> Iterator[Notice]:
    services = {(service.namespace, service.name) for service in cluster.services}
    for route in cluster.routes:
        for name in dict.fromkeys(f"{b.namespace}/{b.service}" for b in route.backends):
            if tuple(name.split("/")) not in services:
                yield Notice(route.source, f"{route.id} names Service {name}, which no manifest declares")


# ------------------------------------------------------------------------------------------------ what is allowed
def _judged(
    cluster: Cluster,
    asked: Sequence[tuple[Workload, ConnectionSet]],
    setting: Setting,
    controllers: Sequence[Workload],
) -> Iterator[tuple[ConnectionSet, ConnectionSet]]:
    if not controllers:
        yield from open_to_pods(cluster, asked, setting)
        return
    for workload, connections in asked:
        allowed, certain = ConnectionSet.EMPTY, connections
        for controller in controllers:
            span = Pair(cluster, setting.profile, controller, workload, setting.pod_addresses).both()
            allowed |= span.may & connections
            certain &= span.must
        yield allowed, certain


def _blocked(workload: Workload, wants: Wants, allowed: ConnectionSet, focus: Focus) -> Iterator[Notice]:
    for route, connections in wants:
        lacking = _within(focus, connections) - allowed
        if lacking:
            text = f"{route.id} leads to {workload.id} on {lacking}, which policies keep the ingress controller from"
            yield Notice(route.source, text)


# ------------------------------------------------------------------------------------------------ focus
def _is_shown(workload: Workload, focus: Focus) -> bool:
    is_destination = focus.destinations is None or workload in focus.destinations
    return is_destination and (focus.namespaces is None or workload.namespace in focus.namespaces)


def _within(focus: Focus, connections: ConnectionSet) -> ConnectionSet:
    return connections if focus.ports is None else connections & focus.ports


def _union(wants: Wants) -> ConnectionSet:
    found = ConnectionSet.EMPTY
    for _, connections in wants:
        found |= connections
    return found
