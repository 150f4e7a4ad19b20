"""EndpointSlice, discovery.k8s.io/v1, and Endpoints, v1: where a Service leads besides its pods (reference A13.4)."""

from __future__ import annotations

from analyzer.manifests.kinds.cidrs import parse_address
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.manifests.text.section import Section
from analyzer.model.cluster import EndpointPort, Endpoints
from analyzer.model.policies import Protocol
from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress

_SERVICE_LABEL = "kubernetes.io/service-name"
_MANAGER_LABEL = "endpointslice.kubernetes.io/managed-by"
_FROM_PODS = "endpointslice-controller.k8s.io"
_ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")
_PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class EndpointsObject:
    """What one object says: a list of addresses for each set of ports."""

    parts: tuple[Endpoints, ...]


def _slice(manifest: Manifest) -> EndpointsObject | None:
    """Names as endpoints (`addressType: FQDN`) lead nowhere: no proxy follows them."""
    root, labels = manifest.root, read_labels(manifest.metadata, "labels")
    kind = root.choice("addressType", _ADDRESS_TYPES)
    root.required("addressType")
    service = labels.get(_SERVICE_LABEL)
    lists = [_addresses(item, item.texts("addresses")) for item in root.sections("endpoints") if kind != "FQDN"]
    ports = _ports(root, "ports")
    if not service:
        return None
    addresses = tuple(dict.fromkeys(address for found in lists for address in found))
    is_derived = labels.get(_MANAGER_LABEL) == _FROM_PODS
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    return EndpointsObject((Endpoints(namespace, service, addresses, ports, is_derived, manifest.source),))


def _endpoints(manifest: Manifest) -> EndpointsObject:
    """It has its Service's name.  Beside a selector the cluster keeps it in step with the pods."""
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    parts = []
    for subset in manifest.root.sections("subsets"):
        found: dict[IPAddress, None] = {}
        for key in ("addresses", "notReadyAddresses"):
            for item in subset.sections(key):
                found |= dict.fromkeys(_addresses(item, [(item.text("ip") or "", item.place("ip"))]))
        parts.append(Endpoints(namespace, manifest.name, tuple(found), _ports(subset, "ports"), True, manifest.source))
    return EndpointsObject(tuple(parts))


def _addresses(section: Section, written: list[tuple[str, int]]) -> list[IPAddress]:
    found = []
    for text, place in written:
        try:
            found.append(parse_address(text))
        except ValueError:
            section.log.problem(place, f"`{text}` in `{section.path}` is no address")
    return found


def _ports(section: Section, key: str) -> tuple[EndpointPort, ...]:
    return tuple(
        EndpointPort(
            port.text("name") or "",
            port.integer("port", 1, 65535),
            Protocol(port.choice("protocol", _PROTOCOLS) or "TCP"),
        )
        for port in section.sections(key)
    )


KINDS = (
    ObjectKind("EndpointSlice", "discovery.k8s.io", ("v1",), _slice, may_allow=True, may_deny=True),
    ObjectKind("Endpoints", "", ("v1",), _endpoints, may_allow=True, may_deny=True),
)
