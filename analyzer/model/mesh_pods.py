"""Which pods have a proxy, which ports it sees and what it speaks there, as formulas over SELF and the port (istio.md
2)."""

from __future__ import annotations

from analyzer.model.cluster import Cluster, Service, ServicePort
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
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.leading import on_target
from analyzer.model.mesh import (
    DATAPLANE_MODE,
    GATEWAY_NAME,
    OWN_CONFIG,
    STATUS,
    UNINJECTED,
    WAYPOINT_CLASS,
    Attachment,
    InboundScope,
    IngressGateway,
    Mesh,
)
from analyzer.model.mesh_annotations import known_annotations
from analyzer.model.mesh_rules import Chain
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.sets import PortSet

_INJECT, _REVISION = "sidecar.istio.io/inject", "istio.io/rev"
_ADDED = frozenset(
    {
        "kubernetes.io/hostname",
        "topology.istio.io/cluster",
        "topology.istio.io/network",
        "topology.istio.io/subzone",
    }
)
_NEVER = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
_YES = frozenset({"y", "yes", "true", "on", ""})  # what every release takes for yes, the later ones as no word at all
_INTERFACES = "traffic.sidecar.istio.io/excludeInterfaces"
_OWN_PORTS = (15008, 15021, 15090)
_STATUS_PORT, _SSH = 15020, 22
_HTTP = frozenset({"http", "http2", "http_proxy", "grpc", "grpc-web"})
_TCP = frozenset({"tcp", "https", "tls", "mongo", "redis", "mysql", "udp"})
_TCP_BY_NUMBER = frozenset({25, 53, 3306, 27017})


def has_label(key: str, *values: str) -> Formula:
    return Test(Attribute(Role.SELF, Name.LABEL, key), frozenset(values) if values else None)


def has_namespace_label(key: str, *values: str) -> Formula:
    return Test(Attribute(Role.SELF, Name.NAMESPACE_LABEL, key), frozenset(values) if values else None)


def has_annotation(key: str, *values: str) -> Formula:
    return Test(Attribute(Role.SELF, Name.ANNOTATION, key), frozenset(values) if values else None)


def in_namespace(*names: str) -> Formula:
    return Test(Attribute(Role.SELF, Name.NAMESPACE), frozenset(names))


def having(wanted: Labels) -> Formula:
    """Pods with these labels, of which istiod adds some by itself before it looks."""
    own = [(key, value) for key, value in wanted.items() if key not in _ADDED]
    requirements = (Requirement(key, Operator.IN, frozenset({value})) for key, value in own)
    added = (_is_added(key, value) for key, value in wanted.items() if key in _ADDED)
    return both([labels(Selector(tuple(requirements)), Role.SELF), *added])


def made_by(gateway: IngressGateway) -> Formula:
    """The pods that it makes gateways of."""
    selected = having(gateway.selector)
    return selected if gateway.service is None else both([in_namespace(gateway.namespace), selected])


def _is_added(key: str, value: str) -> Formula:
    text = f"which pods have the label `{key}: {value}`, which Istio itself adds, is not known"
    return Open(OpenFact("mesh-label", f"{key} {value}", text))


# ------------------------------------------------------------------------------------------------ proxies
def is_waypoint() -> Formula:
    return either(
        [
            has_label("gateway.networking.k8s.io/gateway-class-name", WAYPOINT_CLASS),
            has_label("gateway.istio.io/managed", "istio.io-mesh-controller"),
        ]
    )


def has_sidecar(mesh: Mesh, cluster: Cluster) -> Formula:
    """The injector's work is seen, or is to be expected (istio.md 2.1)."""
    revisions = {value for w in cluster.workloads if (value := w.labels.get(_REVISION))}
    revisions |= {value for n in cluster.namespaces if (value := n.labels.get(_REVISION))}
    label, no_label = has_label(_INJECT), negated(has_label(_INJECT))
    refused = either([has_label(_INJECT, "false"), both([no_label, has_annotation(_INJECT, "false")])])
    words = {v for its in known_annotations(cluster) if (v := its.get(_INJECT)) is not None and _is_odd(v)}
    odd = [both([no_label, has_annotation(_INJECT, *words)])] if words else []
    words = {v for w in cluster.workloads if (v := w.labels.get(_INJECT)) is not None and _is_odd(v)}
    odd += [both([label, has_label(_INJECT, *words)])] if words else []
    expected = both(
        [
            negated(in_namespace(*_NEVER)),
            negated(refused),
            negated(both([either(odd), _IS_OLD_INJECTOR])) if odd else TRUE,
            negated(has_annotation(UNINJECTED)),
            either([_usual_hook(), *(_hook_of(each, mesh) for each in sorted(revisions))]),
        ]
    )
    return both([is_a(Role.SELF, PODS), either([has_annotation(STATUS), expected])])


def _is_odd(word: str) -> bool:
    return word != "false" and word.lower() not in _YES


_IS_OLD_INJECTOR = Open(
    OpenFact(
        "mesh-injector",
        "words",
        "whether Istio's injector takes a word other than `true` and `false` for no, as older releases do, "
        "is not known",
    )
)


def _usual_hook() -> Formula:
    injects, revision = has_namespace_label("istio-injection"), has_namespace_label(_REVISION)
    return either(
        [
            has_namespace_label("istio-injection", "enabled"),
            both([negated(injects), negated(revision), has_label(_INJECT, "true"), negated(has_label(_REVISION))]),
        ]
    )


def _hook_of(revision: str, mesh: Mesh) -> Formula:
    """The injector of a revision that is not seen to be installed may not be there."""
    by_namespace = has_namespace_label(_REVISION, revision)
    by_pod = both([negated(has_namespace_label(_REVISION)), has_label(_REVISION, revision)])
    hook = both([negated(has_namespace_label("istio-injection")), either([by_namespace, by_pod])])
    if revision in mesh.revisions:
        return hook
    text = f"whether the revision `{revision}` of Istio is installed is not known"
    return both([hook, Open(OpenFact("mesh-revision", revision, text))])


def keeps_off(mesh: Mesh, cluster: Cluster) -> Formula:
    """The labels by which a pod is none that a sidecar or ztunnel stands before, where its namespace has them."""
    strange = {v for w in cluster.workloads if (v := w.labels.get(_INJECT)) is not None and v.lower() not in _YES}
    made_gateways = (made_by(each) for each in mesh.of(IngressGateway) if each.selector)
    asked = [
        has_label(_INJECT, "false", *strange),
        has_label(DATAPLANE_MODE, "none"),
        is_waypoint(),
        has_label(GATEWAY_NAME),
    ]
    return either([*asked, *made_gateways])


def is_captured(mesh: Mesh, cluster: Cluster) -> Formula:
    """TCP ports that the sidecar gets to see (istio.md 2.3)."""
    keys = [
        "traffic.sidecar.istio.io/includeInboundPorts",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "status.sidecar.istio.io/port",
    ]
    sets = known_annotations(cluster)
    told = dict.fromkeys(tuple(a.get(key) for key in keys) for a in sets if any(key in a for key in keys))
    usual = on(_captured(None, None, None))
    found: list[Formula] = []
    for values in told:
        has = [
            has_annotation(k, v) if v is not None else negated(has_annotation(k))
            for k, v in zip(keys, values, strict=True)
        ]
        found.append(both([*has, on(_captured(*values))]))
    others = both(negated(has_annotation(key)) for key in keys) if told else TRUE
    bare = negated(has_annotation("sidecar.istio.io/interceptionMode", "NONE"))
    return both([bare, _is_as_usual(mesh, cluster), _is_taken_over(mesh), either([both([others, usual]), *found])])


def _is_taken_over(mesh: Mesh) -> Formula:
    """Somebody leads to the sidecar what comes in: its own init container, or istio-cni, which passes over pods of some
    namespaces.  Which of the two it is nobody says where istio-cni is there."""
    if not (mesh.has_cni and mesh.passed_over):
        return TRUE
    names = ", ".join(sorted(mesh.passed_over))
    text = f"whether sidecars of pods in {names}, which istio-cni passes over, take over what comes in is not known"
    return either([negated(in_namespace(*mesh.passed_over)), Open(OpenFact("mesh-capture", "passed over", text))])


def _is_as_usual(mesh: Mesh, cluster: Cluster) -> Formula:
    """Nothing tells the proxy to look elsewhere; whether it then sees the port is not modelled."""
    configs = {text for its in known_annotations(cluster) if "interceptionMode" in (text := its.get(OWN_CONFIG, ""))}
    odd = either([has_annotation(_INTERFACES), *([has_annotation(OWN_CONFIG, *configs)] if configs else [])])
    if not mesh.config.captures:
        odd = TRUE
    text = "whether the proxy takes over what comes in, where it is told to do so otherwise, is not modelled"
    return either([negated(odd), Open(OpenFact("mesh-capture", "interception", text))])


def is_looked_at(mesh: Mesh) -> Formula:
    """Whether istiod looks at the namespace (discoverySelectors); where some are left out, nobody says which."""
    text = "which namespaces the mesh's discoverySelectors leave out is not modelled"
    return TRUE if mesh.config.is_everywhere else Open(OpenFact("mesh-discovery", "namespaces", text))


def on(ports: PortSet) -> Formula:
    return OnPorts(Protocol.TCP, ports)


def _captured(include: str | None, exclude: str | None, status: str | None) -> PortSet:
    if include is not None and include != "*":
        return _listed(include)
    own = PortSet.of(*_OWN_PORTS, _SSH) | _listed(status or str(_STATUS_PORT))
    return PortSet.FULL - own - _listed(exclude or "")


def _listed(text: str) -> PortSet:
    numbers = [int(part) for part in text.replace(" ", "").split(",") if part.isdigit() and 1 <= int(part) <= 65535]
    return PortSet.of(*numbers)


# ------------------------------------------------------------------------------------------------ chains
def declared(cluster: Cluster, mesh: Mesh) -> dict[Chain, Formula]:
    """Where a Service declares what its port speaks; where several do, the oldest counts (istio.md 2.4)."""
    found: dict[Chain, list[Formula]] = {Chain.HTTP: [], Chain.TCP: []}
    for services in _by_namespace(cluster).values():
        ports = [(service, port) for service in services for port in service.ports if port.protocol is Protocol.TCP]
        for service, port in ports:
            chain = chain_of(port)
            if chain is not None:
                beaten = either(_beats(it, other, service, port) for it, other in ports if _collide(it, other, port))
                found[chain].append(both([leads_to(service, port), negated(beaten)]))
    scopes = mesh.of(InboundScope)
    redefined = both([negated(either(map(_redefines, scopes)))]) if scopes else TRUE
    return {chain: both([redefined, either(parts)]) if parts else FALSE for chain, parts in found.items()}


def _redefines(scope: InboundScope) -> Formula:
    """Listeners of a Sidecar's own for what comes in, or ports that a ServiceEntry declares of pods."""
    where = both([in_namespace(scope.namespace), having(scope.labels) if scope.labels else TRUE])
    id_ = f"{scope.kind} {scope.namespace}/{scope.name}"
    text = f"what {id_} ({scope.source}) makes of what comes in is not modelled"
    return both([where, Open(OpenFact("mesh-listeners", id_, text))])


def _by_namespace(cluster: Cluster) -> dict[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    for service in cluster.services:
        if service.selector is not None:
            found.setdefault(service.namespace, []).append(service)
    return found


def chain_of(port: ServicePort) -> Chain | None:
    """None: the proxy finds out from the first bytes."""
    name = port.name if port.app_protocol is None else _APP_PROTOCOLS.get(port.app_protocol, port.app_protocol)
    name = name.lower()
    name = "grpc-web" if name.startswith("grpc-web") else name.partition("-")[0]
    if name in _HTTP:
        return Chain.HTTP
    return Chain.TCP if name in _TCP or port.port in _TCP_BY_NUMBER else None


_APP_PROTOCOLS = {"kubernetes.io/h2c": "http2", "kubernetes.io/ws": "http", "kubernetes.io/wss": "https"}


def leads_to(service: Service, port: ServicePort) -> Formula:
    """The port is one that the Service leads to at SELF."""
    assert service.selector is not None
    return both([in_namespace(service.namespace), labels(service.selector, Role.SELF), on_target(port)])


def _collide(service: Service, port: ServicePort, other: ServicePort) -> bool:
    """Whether they may lead to one port and disagree."""
    may_meet = port.target == other.target or str in (type(port.target), type(other.target))
    return may_meet and chain_of(port) is not chain_of(other)


def _beats(service: Service, port: ServicePort, other: Service, its: ServicePort) -> Formula:
    """The first leads there, and goes before the other."""
    leads = leads_to(service, port)
    if service.name == other.name:
        return leads if other.ports.index(port) < other.ports.index(its) else FALSE
    if service.created and other.created and service.created != other.created:
        return leads if service.created < other.created else FALSE
    first, second = sorted((service, other), key=lambda each: each.name)
    text = f"which is older, {first.id} ({first.source}) or {second.id} ({second.source}), is not known"
    fact = Open(OpenFact("mesh-oldest", f"{first.id} {second.id}", text))
    return both([leads, fact if service is first else negated(fact)])


# ------------------------------------------------------------------------------------------------ attachment
def selects(attached: Attachment, root: str, *, in_ambient: bool = False) -> Formula:
    """The pods that a policy is for; of the root namespace all pods there are (istio.md 0.1, 5.1)."""
    where = TRUE if attached.namespace == root else in_namespace(attached.namespace)
    if attached.targets:
        gateways = [t.name for t in attached.targets if (t.group, t.kind) == ("gateway.networking.k8s.io", "Gateway")]
        named = has_label(GATEWAY_NAME, *gateways)
        return both([in_namespace(attached.namespace), named]) if gateways and not in_ambient else FALSE
    if in_ambient and attached.labels is not None and not attached.labels:
        return FALSE
    return both([where, having(attached.labels or Labels())])
