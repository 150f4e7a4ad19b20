"""ApplicationNetworkPolicy and ClusterNetworkPolicy, networking.k8s.aws/v1alpha1 (aws.md P1 to P5)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.manifests.kinds.aws.own_kind import own_kind
from analyzer.manifests.kinds.cluster_network_policy import read_with_tier
from analyzer.manifests.kinds.cluster_peers import Dialect, read_domains
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest
from analyzer.manifests.kinds.names import port_name_fault
from analyzer.manifests.kinds.network_policy import SPEC_FIELDS, read_peer
from analyzer.manifests.kinds.network_policy import read_rules as read_network_rules
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.kinds.selectors import read_selector
from analyzer.manifests.text.section import Section, one_of
from analyzer.model.aws import API, AwsPolicy
from analyzer.model.labels import Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    NamedPort,
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

_TOP = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_TYPES = ("Ingress", "Egress")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_PORT_MEMBERS = frozenset({"portNumber", "portRange", "namedPort"})
_MOST_NAMES = 10_000


# ------------------------------------------------------------------------------------------------ in a namespace
def _read_application(manifest: Manifest) -> AwsPolicy | None:
    """A NetworkPolicy that may name domains.  Without `policyTypes` it isolates for what it has rules of (P2)."""
    manifest.root.only(_TOP)
    check_metadata(manifest)
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    spec = manifest.root.section("spec")
    if spec is None:
        manifest.root.required("spec")
        return None
    spec.only(SPEC_FIELDS)
    spec.required("podSelector")
    subject = PodPeer(NamespaceNamed(namespace), read_selector(spec, "podSelector") or Selector.EVERYTHING)
    ingress = read_network_rules(spec, "ingress", namespace)
    egress = tuple(
        _left_open(rule, manifest) if rule.peers is None else rule
        for rule in read_network_rules(spec, "egress", namespace, _peer)
    )
    types = {text for text, _ in spec.texts("policyTypes")}
    for text, place in spec.texts("policyTypes"):
        if text not in _TYPES:
            spec.log.problem(place, f"`{spec.field('policyTypes')}` holds `{text}`, but takes only {one_of(_TYPES)}")
    if not types and not ingress and not egress:
        spec.notice("", "has neither `policyTypes` nor a rule, so it isolates nothing")
    policy = Policy(
        kind=manifest.kind,
        namespace=namespace,
        name=manifest.name,
        tier=Tier.NETWORK_POLICY,
        subject=subject,
        ingress=ingress if ingress or "Ingress" in types else None,
        egress=egress if egress or "Egress" in types else None,
        source=manifest.source,
        api=API,
    )
    return AwsPolicy(policy)


def _peer(section: Section, namespace: str) -> Peer | None:
    """Domain names stand alone in a peer, as the API demands."""
    if not section.has("domainNames"):
        return read_peer(section, namespace)
    others = [key for key in section.data if key != "domainNames" and section.has(key)]
    if others:
        section.problem(
            "domainNames", f"cannot stand beside `{others[0]}` in one peer", "make it a list item of its own"
        )
        return None
    return read_domains(section, _MOST_NAMES)


def _left_open(rule: Rule, manifest: Manifest) -> Rule:
    """A rule for egress without `to`: to everybody by the API's words; the controller makes nothing of it (P3)."""
    name = f"egress rule {rule.index + 1} of {manifest.kind} {manifest.namespace or DEFAULT_NAMESPACE}/{manifest.name}"
    text = f"{name} ({rule.source}) names no peers: everybody to the API's words, nobody to the controller"
    return replace(rule, open=OpenFact("engine", f"engine {name}", text))


# ------------------------------------------------------------------------------------------------ of the cluster
def _port(section: Section) -> Ports | None:
    section.only(_PORT_MEMBERS)
    there = [key for key in _PORT_MEMBERS if section.has(key)]
    if len(there) != 1:
        section.problem("", f"must set one of {one_of(sorted(_PORT_MEMBERS))}")
        return None
    if there == ["namedPort"]:
        name = section.text("namedPort")
        if name is not None and (fault := port_name_fault(name)):
            section.problem("namedPort", f"is `{name}`, which is no port name: it {fault}")
            return None
        return None if name is None else NamedPort(name, Protocol.TCP)
    inner = section.section(there[0])
    if inner is None:
        return None
    protocol = Protocol(inner.choice_or_default("protocol", _PROTOCOLS, "TCP"))
    keys = ("port",) if there == ["portNumber"] else ("start", "end")
    inner.only(frozenset({"protocol", *keys}))
    numbers = [inner.integer(key, 1, 65535) for key in keys if inner.required(key)]
    if len(numbers) < len(keys) or None in numbers:
        return None
    low, high = numbers[0], numbers[-1]
    if len(keys) == 2 and low is not None and high is not None and low >= high:
        inner.problem("start", f"is `{low}`, but must be less than `end`, which is `{high}`")
        return None
    return NumberedPorts(protocol, low, high if len(keys) == 2 else None)


_DIALECT = Dialect(
    actions=("Accept", "Deny", "Pass"),
    accept="Accept",
    ports_key="ports",
    named_port_key="",  # the API lets names stand beside addresses, where they mean nothing
    read_ports=_port,
    most=100,
    needs_namespace_selector=True,
    egress_peers=("namespaces", "pods", "networks", "domainNames"),
    refuses_other_domains=True,
)


def _read_cluster(manifest: Manifest) -> AwsPolicy | None:
    policy = read_with_tier(manifest, _DIALECT, API)
    return None if policy is None else AwsPolicy(policy)


KINDS = (
    own_kind("ApplicationNetworkPolicy", _read_application, is_namespaced=True),
    own_kind("ClusterNetworkPolicy", _read_cluster, is_namespaced=False),
)
