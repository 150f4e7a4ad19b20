"""Gateways and routes of the Gateway API as istiod reads them: a gateway for each port, and for each host that routes
name there one list of what leads on (istio.md 8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

from analyzer.manifests.kinds.route_sources import Gateway, Grant, Listener, Parent, RouteSource, is_granted
from analyzer.model.cluster import Namespace, Service
from analyzer.model.labels import Labels, Operator
from analyzer.model.mesh import GATEWAY_NAME, HttpRoute, IngressGateway, MeshObject, Server, VirtualService
from analyzer.records import dataclass

CLASS = "istio"
_TAKEN = frozenset({"HTTPRoute", "GRPCRoute"})
"""The kinds of routes that listeners for HTTP take."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What else stands in the manifests."""

    routes: Sequence[RouteSource]
    grants: Sequence[Grant]
    services: dict[tuple[str, str], Service]
    namespaces: dict[str, Namespace]


def ingress_of(
    gateways: Iterable[Gateway],
    routes: Sequence[RouteSource],
    grants: Sequence[Grant],
    services: Iterable[Service],
    namespaces: Iterable[Namespace],
) -> Iterator[MeshObject]:
    """What the Gateways of Istio's class, those that are read as a whole, make of their pods."""
    around = _Around(
        routes,
        grants,
        {(each.namespace, each.name): each for each in services},
        {each.name: each for each in namespaces if each.is_declared},
    )
    for gateway in gateways:
        if gateway.class_name == CLASS and not gateway.is_open:
            for service, selector in _stands_before(gateway, around):
                yield from _of_gateway(gateway, service, selector, around)


def _stands_before(gateway: Gateway, around: _Around) -> Iterator[tuple[str, Labels]]:
    """The Services whose pods are its gateways.  One that its controller is to make has its listeners' ports."""
    for name in (gateway.service,) if gateway.services is None else gateway.services:
        found = around.services.get((gateway.namespace, name))
        if found is not None and found.selector is not None:
            wanted = found.selector.requirements
            yield name, Labels({it.key: next(iter(it.values)) for it in wanted if it.operator is Operator.IN})
        elif gateway.services is None:
            yield "", Labels({GATEWAY_NAME: gateway.name})


def _of_gateway(gateway: Gateway, service: str, selector: Labels, around: _Around) -> Iterator[MeshObject]:
    """Listeners of one port without TLS are one server; each that ends TLS is one by itself."""
    for port, found in groupby(sorted(gateway.listeners, key=lambda it: it.port or 0), key=lambda it: it.port):
        listeners = list(found)
        if port is None or _is_served(listeners) is None:
            continue
        parts = [listeners] if not any(it.tls for it in listeners) else [[it] for it in listeners]
        for number, part in enumerate(parts):
            name = f"{gateway.name}~{port}~{number}~{service}"
            hosts = tuple(it.hostname or "*" for it in part)
            protocol = part[0].protocol if _is_served(listeners) else "?"
            server = Server(port, protocol, hosts, part[0].tls)
            yield IngressGateway(gateway.namespace, name, selector, (server,), gateway.source, service)
            yield from _routes(gateway, f"{gateway.namespace}/{name}", part, listeners, around)


def _is_served(listeners: Sequence[Listener]) -> bool | None:
    """Whether all of one port read HTTP, and are apart from one another; None if nothing is served there."""
    if all(it.protocol in ("HTTPS", "TLS") and not it.tls for it in listeners):
        return None
    alike = len({it.protocol for it in listeners}) == 1
    apart = len({it.hostname for it in listeners}) == len(listeners)
    return alike and apart and all(it.protocol == "HTTP" or (it.protocol == "HTTPS" and it.tls) for it in listeners)


# ------------------------------------------------------------------------------------------------ routes
@dataclass(frozen=True, slots=True)
class _Attached:
    """A route at a listener, under one host that both name.  `is_sure`: it is attached for certain."""

    host: str
    source: RouteSource
    is_sure: bool


def _routes(
    gateway: Gateway, name: str, listeners: Sequence[Listener], beside: Sequence[Listener], around: _Around
) -> Iterator[VirtualService]:
    """One for each host, with the rules of all routes that name it, in the order in which they count."""
    found = (it for listener in listeners for it in _attached(gateway, listener, beside, around))
    by_host: dict[str, list[_Attached]] = {}
    for each in found:
        by_host.setdefault(each.host, []).append(each)
    for number, (host, attached) in enumerate(sorted(by_host.items())):
        rules = tuple(_in_order(list(dict.fromkeys(attached)), around))
        yield VirtualService(gateway.namespace, f"{name}~{number}", (host,), (name,), rules, gateway.source)


def _attached(gateway: Gateway, listener: Listener, beside: Sequence[Listener], around: _Around) -> Iterator[_Attached]:
    kinds = _TAKEN if listener.kinds is None else _TAKEN & listener.kinds
    others = [it.hostname for it in beside if it.hostname not in ("", listener.hostname)]
    for source in around.routes:
        of_it = (it for it in source.parents or () if (it.namespace, it.name) == (gateway.namespace, gateway.name))
        is_admitted = _admits(gateway, listener, source.route.namespace, around)
        if source.route.kind not in kinds or is_admitted is False or not any(_is_for(it, listener) for it in of_it):
            continue
        for host in source.route.hosts or ("*",):
            shared = shared_host(host, listener.hostname or "*")
            if shared and not _is_of_another(host, listener.hostname, others):
                yield _Attached(shared, source, bool(is_admitted))


def _is_for(parent: Parent, listener: Listener) -> bool:
    return parent.listener in (None, "", listener.name) and parent.port in (None, listener.port)


def _admits(gateway: Gateway, listener: Listener, namespace: str, around: _Around) -> bool | None:
    """Whether routes of the namespace are; None where that hangs on labels which nobody knows."""
    match listener.admits:
        case "Same":
            return namespace == gateway.namespace
        case "Selector" if listener.selector is not None:
            found = around.namespaces.get(namespace)
            return listener.selector.selects(found.labels) if found is not None else None
        case admits:
            return admits != "None"


def _is_of_another(host: str, own: str, others: Collection[str]) -> bool:
    """Another listener of the port has a closer name for all that the route's host names."""
    return own[:1] in ("", "*") and any(len(own) <= len(other) and covers(other, host) for other in others)


def _in_order(attached: Sequence[_Attached], around: _Around) -> Iterator[HttpRoute]:
    """By what they match, then by age; of an age that is not known, what comes of an order that counts is open."""
    ordered = sorted(attached, key=lambda it: (it.source.created, it.source.route.namespace, it.source.route.name))
    is_aged = len(ordered) == 1 or all(it.source.created for it in ordered)
    answers = {rule.answers for it in ordered for rule in it.source.rules}
    found = [(match, rule, it) for it in ordered for rule in it.source.rules for match in rule.matches]
    for match, rule, it in sorted(found, key=lambda each: tuple(-part for part in each[0].rank)):
        route = it.source.route
        is_known = it.is_sure and not any(each.is_open for each in it.source.rules)
        is_known &= is_aged or len(answers) == 1
        granted = [to for to in rule.backends if is_granted(route, to, around.grants)]
        is_known &= all((to.namespace, to.service) in around.services for to in granted)
        leads = not is_known or (bool(granted) and not rule.answers)
        yield HttpRoute((match.conditions,), leads, not is_known, f"{route.id} ({route.source})")


# ------------------------------------------------------------------------------------------------ hosts
def covers(wide: str, narrow: str) -> bool:
    return wide == "*" or wide == narrow or (wide.startswith("*") and narrow.endswith(wide[1:]))


def shared_host(one: str, other: str) -> str:
    """The hosts that both name, as one of the two; empty if none."""
    if covers(one, other):
        return other.lower()
    return one.lower() if covers(other, one) else ""
