"""PolicyEndpoint and ClusterPolicyEndpoint, networking.k8s.aws/v1alpha1: what the controller has made of policies
(aws.md P6)."""

from __future__ import annotations

from analyzer.manifests.kinds.aws.own_kind import own_kind
from analyzer.manifests.kinds.cidrs import parse_address, parse_cidr
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest
from analyzer.manifests.kinds.selectors import read_selector
from analyzer.manifests.text.section import Section
from analyzer.model.aws import API, ClusterEndpoint, PolicyEndpoint
from analyzer.model.labels import Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    DomainPeer,
    NamespaceNamed,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
)
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPNetwork

_PROTOCOLS = ("TCP", "UDP", "SCTP")


def _read(manifest: Manifest) -> PolicyEndpoint | None:
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    spec = manifest.root.section("spec")
    if spec is None:
        manifest.root.required("spec")
        return None
    of = spec.section("policyRef")
    name = None if of is None else of.text("name")
    if name is None:
        spec.required("policyRef")
        return None
    types = {text for text, _ in spec.texts("podIsolation")}
    ingress, egress = _rules(spec, "ingress"), _rules(spec, "egress")
    policy = Policy(
        kind=manifest.kind,
        namespace=namespace,
        name=name,
        tier=Tier.NETWORK_POLICY,
        subject=PodPeer(NamespaceNamed(namespace), read_selector(spec, "podSelector") or Selector.EVERYTHING),
        ingress=ingress if ingress or "Ingress" in types else None,
        egress=egress if egress or "Egress" in types else None,
        source=manifest.source,
        api=API,
    )
    return PolicyEndpoint(manifest.name, policy, manifest.source)


def _rules(spec: Section, key: str) -> tuple[Rule, ...]:
    found = []
    for index, item in enumerate(spec.sections(key)):
        peer = _peer(item)
        ports = tuple(port for port in map(_port, item.sections("ports")) if port is not None)
        if peer is not None:
            found.append(Rule(Action.ACCEPT, (peer,), ports or None, index, item.source))
    return tuple(found)


def _peer(section: Section) -> Peer | None:
    """An address or a range, less its excepts; what has neither is passed over by the agent."""
    text, domain = section.text("cidr"), section.text("domainName")
    if not text:
        return DomainPeer((domain,)) if domain else None
    held = _network(section, "cidr", text)
    taken = [_network(section, "except", text) for text, _ in section.texts("except")]
    if held is None:
        return None
    addresses = AddressSet.of(held) - AddressSet.of(*(net for net in taken if net is not None))
    return AddressPeer(addresses, text, matches_cluster=True)


def _network(section: Section, key: str, text: str) -> IPNetwork | None:
    try:
        if "/" in text:
            return parse_cidr(text).network
        address = parse_address(text)
        return parse_cidr(f"{address}/{address.max_prefixlen}").network
    except ValueError:
        section.problem(key, f"holds `{text}`, which is no address and no CIDR")
        return None


def _port(section: Section) -> Ports | None:
    protocol = Protocol(section.choice_or_default("protocol", _PROTOCOLS, "TCP"))
    low, high = section.integer("port", 0, 65535), section.integer("endPort", 0, 65535)
    return NumberedPorts(protocol, low or None, high or None)


def _read_of_cluster(manifest: Manifest) -> ClusterEndpoint:
    spec = manifest.root.section("spec")
    of = spec.section("policyRef") if spec is not None else None
    return ClusterEndpoint(manifest.name, (of.text("name") if of is not None else None) or "", manifest.source)


KINDS = (
    own_kind("PolicyEndpoint", _read, is_namespaced=True),
    own_kind("ClusterPolicyEndpoint", _read_of_cluster, is_namespaced=False),
)
