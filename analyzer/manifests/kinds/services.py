"""Service, v1 (reference A13)."""

from __future__ import annotations

from analyzer.manifests.kinds.cidrs import parse_address
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.names import label_name_fault, port_name_fault
from analyzer.manifests.kinds.selectors import read_labels, written_labels
from analyzer.manifests.text.section import Log, Section
from analyzer.model.cluster import Service, ServicePort
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.mesh import named_waypoint
from analyzer.model.policies import Protocol
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def _read(manifest: Manifest) -> Service | None:
    spec = manifest.root.section("spec")
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    if spec is None:
        return Service(namespace, manifest.name, None, (), False, False, source=manifest.source)
    kind = spec.choice_or_default("type", _TYPES, "ClusterIP")
    labels = read_labels(spec, "selector")
    named = written_labels(manifest.metadata)
    selector = None
    if labels and kind != "ExternalName":
        requirements = (Requirement(key, Operator.IN, frozenset({value})) for key, value in labels.items())
        selector = Selector(tuple(requirements))
    is_headless = spec.text("clusterIP") == "None"
    is_at_nodes = kind in ("LoadBalancer", "NodePort")
    ports = [_port(port, is_headless, is_at_nodes=is_at_nodes) for port in spec.sections("ports")]
    allocates = kind == "NodePort" or (
        kind == "LoadBalancer" and spec.data.get("allocateLoadBalancerNodePorts") is not False
    )
    return Service(
        namespace,
        manifest.name,
        selector,
        tuple(port for port in ports if port is not None),
        reached_from_outside=is_at_nodes or bool(spec.texts("externalIPs")),
        preserves_client=spec.text("externalTrafficPolicy") == "Local",
        is_headless=is_headless,
        addresses=() if is_headless or kind == "ExternalName" else _addresses(manifest.root, spec),
        external_name=(spec.text("externalName") or "") if kind == "ExternalName" else "",
        source=manifest.source,
        allocates_node_ports=allocates,
        is_balanced=kind == "LoadBalancer",
        created=manifest.metadata.text("creationTimestamp") or "",
        waypoint=named_waypoint(named),
        labels=named,
    )


def quiet_addresses(root: Section) -> AddressSet | None:
    """The addresses of a Service of which something could not be read; None if those are among it, or what it is."""
    log = Log(root.log.file)
    whole = Section(root.data, "", log)
    spec = whole.section("spec")
    if spec is None:
        return None
    kind = spec.choice_or_default("type", _TYPES, "ClusterIP")
    found = () if spec.text("clusterIP") == "None" else _addresses(whole, spec)
    return None if log.problems or kind == "ExternalName" else AddressSet.singles(found)


def _addresses(root: Section, spec: Section) -> tuple[IPAddress, ...]:
    """The addresses at which nodes translate to the backends; a load balancer of `ipMode: Proxy` is outside."""
    cluster_ip = spec.text("clusterIP")
    written = [(spec.field("clusterIP"), spec.place("clusterIP"), cluster_ip)] if cluster_ip else []
    for key in ("clusterIPs", "externalIPs"):
        written += [(spec.field(key), place, text) for text, place in spec.texts(key)]
    status = root.section("status")
    balancer = status.section("loadBalancer") if status is not None else None
    for item in balancer.sections("ingress") if balancer is not None else ():
        ip = item.text("ip")
        if ip and item.text("ipMode") != "Proxy":
            written.append((item.field("ip"), item.place("ip"), ip))
    found: dict[IPAddress, None] = {}
    for path, place, text in written:
        try:
            found[parse_address(text)] = None
        except ValueError:
            spec.log.problem(place, f"`{path}` is `{text}`, which is no address")
    return tuple(found)


def _port(section: Section, is_headless: bool, *, is_at_nodes: bool) -> ServicePort | None:
    protocol = Protocol(section.choice_or_default("protocol", _PROTOCOLS, "TCP"))
    if not section.required("port"):
        return None
    port = section.integer("port", 1, 65535)
    target: int | str | None
    written = section.data.get("targetPort")
    if isinstance(written, str):
        target = written
        if written and (fault := port_name_fault(written)):
            section.problem("targetPort", f"is `{written}`, which is no port name: it {fault}")
    else:
        # 0 is how old servers stored an absent targetPort
        target = section.integer("targetPort", 0, 65535)
    if port is None:
        return None
    node_port = section.integer("nodePort", 0, 65535)
    if is_headless or not target:
        target = port
    at_nodes = (node_port or None) if is_at_nodes else None
    return ServicePort(port, target, protocol, at_nodes, section.text("name") or "", section.text("appProtocol"))


KIND = ObjectKind("Service", "", ("v1",), _read, name_fault=label_name_fault)
