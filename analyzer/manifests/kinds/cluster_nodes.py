"""Node, v1: labels, addresses and the address range of its pods (reference B3)."""

from __future__ import annotations

from analyzer.manifests.kinds.cidrs import parse_address, read_cidr
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.manifests.text.section import Section
from analyzer.model.cluster import Node
from analyzer.model.labels import Labels
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

_ADDRESS_TYPES = ("InternalIP", "ExternalIP")


def _read(manifest: Manifest) -> Node:
    spec, status = manifest.root.section("spec"), manifest.root.section("status")
    return Node(
        manifest.name,
        Labels(read_labels(manifest.metadata, "labels")),
        _addresses(status) if status else (),
        _pod_addresses(spec) if spec else AddressSet.EMPTY,
        manifest.source,
    )


def _addresses(status: Section) -> tuple[IPAddress, ...]:
    found: dict[IPAddress, None] = {}
    for item in status.sections("addresses"):
        text = item.text("address")
        if not text or item.text("type") not in _ADDRESS_TYPES:
            continue
        try:
            found[parse_address(text)] = None
        except ValueError:
            item.notice("address", f"is `{text}`, which is no address: the node is taken to have none here")
    return tuple(found)


def _pod_addresses(spec: Section) -> AddressSet:
    written = [(spec.field("podCIDR"), spec.place("podCIDR"), spec.text("podCIDR"))]
    written += [(spec.field("podCIDRs"), place, text) for text, place in spec.texts("podCIDRs")]
    networks = [read_cidr(spec.log, path, place, text) for path, place, text in written if text]
    return AddressSet.of(*(cidr.network for cidr in networks if cidr is not None))


KIND = ObjectKind("Node", "", ("v1",), _read, is_namespaced=False, may_allow=True, may_deny=True)
