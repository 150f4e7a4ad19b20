"""What its policies refer to: tiers, sets of addresses, host endpoints, profiles (calico-cilium.md 1.7–1.9)."""

from __future__ import annotations

import re

from analyzer.manifests.kinds.calico.fields import (
    PROTOCOLS,
    WITH_PORTS,
    is_stored_form,
    kinds,
    read_nets,
    read_order,
    read_protocol,
    read_spec,
)
from analyzer.manifests.kinds.calico.rules import read_rules, unreadable_in
from analyzer.manifests.kinds.cidrs import parse_address
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest
from analyzer.manifests.kinds.names import label_name_fault, must, port_name_fault, subdomain_fault
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.manifests.text.section import Section
from analyzer.model.calico import (
    BUILT_IN_TIERS,
    NAMESPACE,
    AddressGroup,
    CalicoProfile,
    CalicoTier,
    HostEndpoint,
    HostPort,
)
from analyzer.model.labels import Labels
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

_WHERE_NONE_IS_GIVEN = 1_000_000.0
_INTERFACE = re.compile(r"\*|[a-zA-Z0-9_.-]{1,15}")


# ------------------------------------------------------------------------------------------------ tiers
def _tier(manifest: Manifest) -> CalicoTier:
    """Without an order it ties with the tier `default`, by name; what is stored without one goes last (1.4)."""
    spec = read_spec(manifest, frozenset({"order", "defaultAction"}))
    order, action = read_order(spec), spec.choice("defaultAction", ("Pass", "Deny"))
    if manifest.name in BUILT_IN_TIERS:
        usual = BUILT_IN_TIERS[manifest.name]
        right = "Pass" if usual.passes else "Deny"
        if (action or "Deny") != right:
            spec.problem("defaultAction", f"of tier `{manifest.name}` must be {right}")
        if spec.has("order") and order != usual.order:
            spec.problem("order", f"of tier `{manifest.name}` must be {usual.order:.0f}")
        order = usual.order
    elif order is None and not is_stored_form(manifest):
        order = _WHERE_NONE_IS_GIVEN
        where = "before" if manifest.name < "default" else "after"
        spec.notice("", f"gives no order, and so goes {where} tier `default`, by its name")
    return CalicoTier(manifest.name, order, action == "Pass", manifest.source)


# ------------------------------------------------------------------------------------------------ sets of addresses
def _addresses(manifest: Manifest) -> AddressGroup:
    spec = read_spec(manifest, frozenset({"nets"}))
    labels = read_labels(manifest.metadata, "labels")
    if NAMESPACE in labels:
        inner = manifest.metadata.section("labels")
        assert inner is not None
        inner.problem(NAMESPACE, "is a label that Calico keeps for itself")
    namespace = None if manifest.kind.startswith("Global") else manifest.namespace or DEFAULT_NAMESPACE
    nets = read_nets(spec, "nets", is_strict=False)
    return AddressGroup(namespace, manifest.name, Labels(labels), nets or AddressSet.EMPTY, manifest.source)


# ------------------------------------------------------------------------------------------------ host endpoints
def _host_endpoint(manifest: Manifest) -> HostEndpoint:
    spec = read_spec(manifest, frozenset({"node", "interfaceName", "expectedIPs", "profiles", "ports"}))
    node, interface = spec.text("node") or "", spec.text("interfaceName") or ""
    if not node:
        spec.problem("node", "must name the node") if spec.has("node") else spec.required("node")
    if interface and not _INTERFACE.fullmatch(interface):
        spec.problem("interfaceName", f"is `{interface}`, which is no name of an interface, and not `*`")
    addresses = _expected(spec)
    if not interface and not spec.sequence("expectedIPs"):
        spec.problem("", "must set `interfaceName` or `expectedIPs`")
    profiles = [text for text, _ in spec.texts("profiles")]
    for text, place in spec.texts("profiles"):
        if fault := subdomain_fault(text):
            spec.log.problem(place, f"`{spec.field('profiles')}` holds `{text}`, but a profile's name {must(fault)}")
    ports = tuple(port for item in spec.sections("ports") if (port := _port(item)) is not None)
    labels = Labels(read_labels(manifest.metadata, "labels"))
    return HostEndpoint(manifest.name, labels, node, interface, addresses, tuple(profiles), ports, manifest.source)


def _expected(spec: Section) -> tuple[IPAddress, ...]:
    found = []
    for text, place in spec.texts("expectedIPs"):
        try:
            found.append(parse_address(text))
        except ValueError:
            spec.log.problem(place, f"`{spec.field('expectedIPs')}` holds `{text}`, which is no address")
    return tuple(dict.fromkeys(found))


def _port(section: Section) -> HostPort | None:
    section.only(frozenset({"name", "protocol", "port"}))
    name, number = section.text("name") or "", section.integer("port", 1, 65535)
    protocol = read_protocol(section, "protocol") if section.required("protocol") else None
    section.required("port")
    if fault := port_name_fault(name):
        section.problem("name", f"is `{name}`, but the name of a port {must(fault)}")
    if protocol is not None and protocol not in WITH_PORTS:
        named = next((name for name, its in PROTOCOLS.items() if its == protocol), str(protocol))
        section.problem("protocol", f"is {named}, which has no ports")
    return None if protocol is None or number is None else HostPort(name, protocol, number)


# ------------------------------------------------------------------------------------------------ profiles
def _profile(manifest: Manifest) -> CalicoProfile | None:
    spec = read_spec(manifest, frozenset({"ingress", "egress", "labelsToApply"}))
    labels = Labels(read_labels(spec, "labelsToApply"))
    ingress, egress = (read_rules(spec, key, None) for key in ("ingress", "egress"))
    unreadable = unreadable_in(spec, "ingress", None) or unreadable_in(spec, "egress", None)
    if unreadable:
        text = f"Profile {manifest.name} has no effect: Calico cannot read what it makes of the blank `{unreadable}`"
        manifest.log.notice(spec.place(), text)
        return None
    return CalicoProfile(manifest.name, ingress, egress, labels, manifest.source)


KINDS = (
    *kinds("Tier", _tier, is_namespaced=False, name_fault=label_name_fault),
    *kinds("NetworkSet", _addresses),
    *kinds("GlobalNetworkSet", _addresses, is_namespaced=False),
    *kinds("HostEndpoint", _host_endpoint, is_namespaced=False),
    *kinds("Profile", _profile, is_namespaced=False),
)
