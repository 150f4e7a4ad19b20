"""Ingresses and Gateway API objects as written, and which of what the routes name they may lead to (reference E1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzer.manifests.text.section import Section
from analyzer.model.cluster import Backend, Route
from analyzer.model.labels import Selector
from analyzer.model.mesh import WAYPOINT_CLASS, Match
from analyzer.model.source import NOWHERE, Notice, Source
from analyzer.records import dataclass

GATEWAY_GROUP = "gateway.networking.k8s.io"
GATEWAY_VERSIONS = ("v1", "v1beta1", "v1alpha3", "v1alpha2")


@dataclass(frozen=True, slots=True)
class Parent:
    """What a route asks to be attached to: a Gateway, or one of its listeners by name or by port."""

    namespace: str
    name: str
    listener: str | None
    port: int | None


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """One alternative of a rule.  `conditions`: all of them; None: some are not modelled.  `rank`: of several that
    match the one of the highest rank counts."""

    conditions: tuple[Match, ...] | None
    rank: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RouteRule:
    """A rule of an HTTPRoute or a GRPCRoute.  `backends`: those that get requests; `answers`: the gateway answers by
    itself; `is_open`: what else it does is not modelled."""

    matches: tuple[RouteMatch, ...]
    backends: tuple[Backend, ...]
    answers: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class RouteSource:
    """A route with all the backends it names.  `parents` is None for an Ingress, which needs none."""

    route: Route
    parents: tuple[Parent, ...] | None = None
    rules: tuple[RouteRule, ...] = ()
    created: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """`admits`: whether it takes the routes of every namespace, of its own only, or none (`All`, `Same`, `None`), or of
    those that the selector meets, `Selector`.

    `tls`: what it does with TLS, empty for none.  `kinds`: of routes that it takes; None: all that fit its protocol.
    """

    name: str
    port: int | None
    admits: str
    selector: Selector | None = None
    hostname: str = ""
    protocol: str = ""
    tls: str = ""
    kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """`services`: those in its namespace whose pods it makes gateways of; None: of that which its controller makes.
    `service`: how that is called.  `is_open`: it is set up by more than what is read of it."""

    namespace: str
    name: str
    listeners: tuple[Listener, ...]
    class_name: str = ""
    services: tuple[str, ...] | None = None
    service: str = ""
    is_open: bool = False
    source: Source = NOWHERE

    @property
    def is_waypoint(self) -> bool:
        return self.class_name == WAYPOINT_CLASS


@dataclass(frozen=True, slots=True)
class Grant:
    """A ReferenceGrant: routes of these kinds and namespaces may name these Services of its own (None: any)."""

    namespace: str
    origins: frozenset[tuple[str, str]]
    services: frozenset[str] | None


def backend(section: Section, namespace: str, port: int | str | None) -> Backend | None:
    """The Service that the section names; None, and a problem, without a name or a port."""
    if not section.required("name"):
        return None
    name = section.text("name")
    return None if name is None or port is None else Backend(namespace, name, port)


def routes_of(
    sources: Iterable[RouteSource], gateways: Iterable[Gateway], grants: Iterable[Grant]
) -> tuple[list[Route], list[Notice]]:
    """The routes with the backends they may lead to, and a notice on each refusal (reference E1.5)."""
    by_name = {(gateway.namespace, gateway.name): gateway for gateway in gateways}
    known_grants = list(grants)
    routes: list[Route] = []
    notices: list[Notice] = []
    for source in sources:
        route = source.route
        if source.parents is not None and not any(_is_attached(route, p, by_name) for p in source.parents):
            notices.append(Notice(route.source, f"{route.id} is attached to no Gateway; it leads nowhere"))
            continue
        refused = [b for b in route.backends if not is_granted(route, b, known_grants)]
        notices += _refusals(route, refused)
        routes.append(replace(route, backends=tuple(b for b in route.backends if b not in refused)))
    return routes, notices


def _is_attached(route: Route, parent: Parent, gateways: dict[tuple[str, str], Gateway]) -> bool:
    """A Gateway that the manifests do not hold is taken to admit the route."""
    gateway = gateways.get((parent.namespace, parent.name))
    if gateway is None:
        return True
    is_own = gateway.namespace == route.namespace
    return any(
        listener.admits in ("All", "Selector") or (listener.admits == "Same" and is_own)  # labels may change
        for listener in gateway.listeners
        if parent.listener in (None, listener.name) and parent.port in (None, listener.port)
    )


def is_granted(route: Route, to: Backend, grants: Iterable[Grant]) -> bool:
    return to.namespace == route.namespace or any(
        grant.namespace == to.namespace
        and (route.kind, route.namespace) in grant.origins
        and (grant.services is None or to.service in grant.services)
        for grant in grants
    )


def _refusals(route: Route, refused: Iterable[Backend]) -> Iterator[Notice]:
    for to in dict.fromkeys(refused):
        text = f"{route.id} names Service {to.namespace}/{to.service}, and no ReferenceGrant there lets it"
        yield Notice(route.source, text)
