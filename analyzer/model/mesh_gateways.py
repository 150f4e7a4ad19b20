"""Ingress gateways: which pods are some, where they listen, and what their routes let through (istio.md 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    PODS,
    TRUE,
    Attribute,
    Formula,
    Name,
    OnPorts,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    labels,
    negated,
)
from analyzer.model.mesh import GATEWAY_NAME, OWN_CONFIG, HttpRoute, IngressGateway, Match, Mesh, Server, VirtualService
from analyzer.model.mesh_annotations import known_annotations
from analyzer.model.mesh_patterns import of_request
from analyzer.model.mesh_pods import in_namespace, is_waypoint, leads_to, made_by
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.records import dataclass
from analyzer.sets import PortSet
from analyzer.sets.strings import PRESENT as THERE
from analyzer.sets.strings import Pattern, PatternError, UntranslatableError, exact, prefix, regex, suffix

_TEMPLATES = Attribute(Role.SELF, Name.ANNOTATION, "inject.istio.io/templates")
_CONFIG = Attribute(Role.SELF, Name.ANNOTATION, OWN_CONFIG)
_TRUSTED = re.compile(r"numTrustedProxies[\"']?\s*:\s*(\d+)")
_HOST = of_request(Name.HOST, "name")
_SNI = Test(of_request(Name.SNI))


def gateways(mesh: Mesh, cluster: Cluster) -> Formula:
    """The pods that are gateways: those that a Gateway selects, and those made to be one."""
    found: list[Formula] = [made_by(each) for each in mesh.of(IngressGateway) if each.selector]
    if (other := _is_other(mesh, cluster)) != FALSE:
        found.append(both([other, negated(is_waypoint())]))
    templates = {t for its in known_annotations(cluster) if "gateway" in (t := its.get(_TEMPLATES.key, "")).split(",")}
    if templates:
        found.append(Test(_TEMPLATES, frozenset(templates)))
    return both([is_a(Role.SELF, PODS), either(found)]) if found else FALSE


def listens_at(mesh: Mesh, cluster: Cluster) -> Formula:
    """A port of some server, or any port of a gateway whose listeners are not modelled."""
    served = (both([made_by(g), _at(s, g, cluster)]) for g in mesh.of(IngressGateway) for s in g.servers)
    return either([*served, _is_other(mesh, cluster)])


def _is_other(mesh: Mesh, cluster: Cluster) -> Formula:
    """Pods that a Gateway of the Gateway API is said to have made, of which no listener is read."""
    if not any(GATEWAY_NAME in workload.labels for workload in cluster.workloads):
        return FALSE
    read = (made_by(each) for each in mesh.of(IngressGateway) if each.service is not None)
    return both([Test(Attribute(Role.SELF, Name.LABEL, GATEWAY_NAME)), negated(either(read))])


def _at(server: Server, gateway: IngressGateway, cluster: Cluster) -> Formula:
    """The port that a Service leads to from the server's; its own where none does, but for a Gateway that has a Service
    of its own."""
    led: list[Formula] = []
    seen: list[Formula] = []
    for service in cluster.services:
        if gateway.service is not None and (service.namespace, service.name) != (gateway.namespace, gateway.service):
            continue
        for port in service.ports:
            if service.selector is not None and port.port == server.port and port.protocol is Protocol.TCP:
                led.append(leads_to(service, port))
                seen.append(both([in_namespace(service.namespace), labels(service.selector, Role.SELF)]))
    if gateway.service:
        return either(led)
    return either([*led, both([negated(either(seen)), OnPorts(Protocol.TCP, PortSet.of(server.port))])])


def trusted_proxies(mesh: Mesh, cluster: Cluster) -> list[tuple[Formula, str]]:
    """How many proxies before a gateway are believed: as its own annotation says, or else the mesh's configuration."""
    told: dict[str, str] = {}
    for its in known_annotations(cluster):
        text = its.get(_CONFIG.key, "")
        if found := _TRUSTED.search(text):
            told[text] = found[1]
    own = [(Test(_CONFIG, frozenset({text})), number) for text, number in told.items()]
    others = negated(Test(_CONFIG, frozenset(told))) if told else TRUE
    return [*own, (others, str(mesh.config.trusted_proxies))]


@dataclass(frozen=True, slots=True)
class Routed:
    """`takes`: a server reads such bytes; `leads`: a route is for the request; `is_open`: what happens is not modelled,
    and `doubt` says so."""

    takes: Formula
    leads: Formula
    is_open: Formula
    doubt: Formula


def routed(mesh: Mesh, cluster: Cluster) -> Routed:
    takes: list[Formula] = []
    leads: list[Formula] = []
    opened: list[Formula] = [_is_other(mesh, cluster)]
    believes = any(
        number != "0" for _, number in trusted_proxies(mesh, cluster)
    )  # a client may say that it came by TLS
    for gateway in mesh.of(IngressGateway):
        for server in gateway.servers:
            here = both([made_by(gateway), _at(server, gateway, cluster)])
            is_http = server.protocol in ("HTTP", "HTTP2", "GRPC", "GRPC-WEB") or server.tls == "SIMPLE"
            if (server.redirects and believes) or not is_http:
                opened.append(here)
                continue
            taken = both([here, _names(server) if server.tls == "SIMPLE" else negated(_SNI)])
            takes.append(taken)
            if server.redirects:  # it sends clients to HTTPS, and no request on
                continue
            leads += (both([taken, route]) for route in _routes(gateway, server, mesh))
    is_open = either(opened)
    text = "what a gateway makes of TLS that it does not end, of TCP, or of a Gateway that is not read is not modelled"
    doubt = both([is_open, Open(OpenFact("mesh-gateway", "listeners", text))]) if is_open != FALSE else FALSE
    return Routed(either(takes), either(leads), is_open, doubt)


def _names(server: Server) -> Formula:
    """The client names, in its TLS, a host of the server's."""
    hosts = (written.rpartition("/")[2].lower() for written in server.hosts)
    return either(Test(_SNI.attribute, _of_host(host)) for host in hosts)


def _routes(gateway: IngressGateway, server: Server, mesh: Mesh) -> Iterator[Formula]:
    """For each host the routes of its VirtualService; of hosts that match, the most specific one counts."""
    bound = [each for each in mesh.of(VirtualService) if f"{gateway.namespace}/{gateway.name}" in each.gateways]
    hosts: dict[str, list[VirtualService]] = {}
    for service in bound:
        for host in service.hosts:
            for shared in filter(None, (_shared(host, _name(h, gateway, service)) for h in server.hosts)):
                hosts.setdefault(shared, []).append(service)
    for host, services in hosts.items():
        closer = [other for other in hosts if other != host and _covers(host, other)]
        is_host = Test(_HOST, _of_host(host))
        nearest = both([is_host, *(negated(Test(_HOST, _of_host(other))) for other in closer)])
        yield both([nearest, either(map(_led, services))])


def _name(written: str, gateway: IngressGateway, service: VirtualService) -> str:
    """The host of `[namespace/]host`, if the VirtualService stands in that namespace; empty if not."""
    namespace, slash, host = written.rpartition("/")
    where = gateway.namespace if namespace == "." else namespace
    return host if not slash or where in ("*", service.namespace) else ""


def _covers(wide: str, narrow: str) -> bool:
    return wide == "*" or wide == narrow or (wide.startswith("*") and narrow.endswith(wide[1:]))


def _shared(one: str, other: str) -> str:
    """The hosts that both name, as one of the two; empty if none.  They are compared letter by letter, unlike what a
    client asks for."""
    if not one or not other:
        return ""
    if _covers(one, other):
        return other.lower()
    return one.lower() if _covers(other, one) else ""


def _of_host(host: str) -> Pattern:
    if host == "*":
        return THERE
    return suffix(host[1:]) if host.startswith("*") else exact(host)


def _led(service: VirtualService) -> Formula:
    """The first route that matches leads somewhere."""
    found: list[Formula] = []
    before: list[Formula] = []
    for route in service.routes:
        matches = either(_alternative(each, service, route) for each in route.alternatives)
        if route.leads:
            is_known = TRUE if not route.is_open else _unmodelled(service, route)
            found.append(both([matches, negated(either(before)), is_known]))
        before.append(matches)
    return either(found)


def _alternative(conditions: tuple[Match, ...] | None, service: VirtualService, route: HttpRoute) -> Formula:
    found = [_meets(match) for match in conditions or ()]
    if conditions is not None and all(each is not None for each in found):
        return both(each for each in found if each is not None)
    return _unmodelled(service, route)


def _unmodelled(service: VirtualService, route: HttpRoute) -> Formula:
    owner = route.owner or f"VirtualService {service.namespace}/{service.name} ({service.source})"
    name = route.owner or f"{service.namespace}/{service.name}"
    return Open(OpenFact("mesh-route", name, f"{owner} says what is not modelled"))


def _meets(match: Match) -> Formula | None:
    pattern: Pattern
    try:
        match match.form:
            case "exact":
                pattern = exact(match.text, fold=match.ignores_case)
            case "prefix":
                pattern = prefix(match.text, fold=match.ignores_case)
            case "regex":
                pattern = regex(match.text)
            case "segments":
                path = of_request(Name.PATH)
                return either([Test(path, exact(match.text)), Test(path, prefix(f"{match.text}/"))])
            case _:
                pattern = THERE
    except (PatternError, UntranslatableError):
        return None
    name = {"uri": Name.PATH, "method": Name.METHOD, "authority": Name.HOST, "headers": Name.HEADER}[match.attribute]
    return Test(of_request(name, match.key.lower()), pattern)
