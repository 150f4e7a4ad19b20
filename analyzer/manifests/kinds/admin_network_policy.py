"""AdminNetworkPolicy and BaselineAdminNetworkPolicy, policy.networking.k8s.io/v1alpha1 (reference B)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.manifests.kinds.cluster_peers import (
    EGRESS_PEERS,
    NO_PORT,
    Dialect,
    left_open,
    read_priority,
    read_rules,
    read_spec,
    read_subject,
)
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.text.section import Section, one_of
from analyzer.model.policies import PORT_PROTOCOLS, NamedPort, NumberedPorts, Policy, Ports, Protocol, Tier

_GROUP = "policy.networking.k8s.io"
_PORT_MEMBERS = ("portNumber", "portRange", "namedPort")
_PROTOCOLS = {protocol.value: protocol for protocol in PORT_PROTOCOLS}
_BASELINE_NAME = "default"


def _read_port(section: Section) -> Ports | None:
    """One item of `ports` (B4)."""
    section.only(frozenset(_PORT_MEMBERS))
    there = [key for key in _PORT_MEMBERS if section.has(key)]
    if len(there) != 1:
        if len(there) > 1 or not section.data.keys() - set(_PORT_MEMBERS):
            section.problem("", f"must set exactly one of {one_of(_PORT_MEMBERS)}")
        return None
    if there == ["namedPort"]:
        name = section.text("namedPort")
        return None if name is None else NamedPort(name, None)
    inner = section.section(there[0])
    if inner is None:
        return None
    return _number(inner) if there == ["portNumber"] else _range(inner)


def _number(section: Section) -> Ports | None:
    section.only(frozenset({"protocol", "port"}))
    protocol = _protocol(section)
    section.required("port")
    port = section.integer("port", 1, 65535)
    if port is None:
        return None
    return NO_PORT if protocol is None else NumberedPorts(protocol, port)


def _range(section: Section) -> Ports | None:
    section.only(frozenset({"protocol", "start", "end"}))
    protocol = _protocol(section)
    section.required("start")
    section.required("end")
    start, end = section.integer("start", 1, 65535), section.integer("end", 1, 65535)
    if start is None or end is None:
        return None
    if start > end:
        section.notice("start", f"is `{start}`, more than `end`, which is `{end}`: this entry matches nothing")
        return NO_PORT
    return NO_PORT if protocol is None else NumberedPorts(protocol, start, end)


def _protocol(section: Section) -> Protocol | None:
    """The protocol, TCP by default; None for a word that is none, which the API accepts (B4.3)."""
    word = section.text("protocol") if section.has("protocol") else "TCP"
    if word is None or word in _PROTOCOLS:
        return Protocol.TCP if word is None else _PROTOCOLS[word]
    section.notice("protocol", f"is `{word}`, which is no protocol: this entry matches nothing")
    return None


_ADMIN = Dialect(
    actions=("Allow", "Deny", "Pass"),
    accept="Allow",
    ports_key="ports",
    named_port_key="namedPort",
    read_ports=_read_port,
    most=100,
    needs_namespace_selector=True,
)
_BASELINE = replace(
    _ADMIN, actions=("Allow", "Deny"), egress_peers=tuple(key for key in EGRESS_PEERS if key != "domainNames")
)


def _read_admin(manifest: Manifest) -> Policy | None:
    spec = read_spec(manifest, frozenset({"priority", "subject", "ingress", "egress"}))
    if spec is None:
        return None
    return _policy(manifest, spec, _ADMIN, Tier.ADMIN, read_priority(spec))


def _read_baseline(manifest: Manifest) -> Policy | None:
    if manifest.name != _BASELINE_NAME and manifest.metadata.has("name"):
        manifest.metadata.problem("name", f"is `{manifest.name}`, but must be `{_BASELINE_NAME}`: there is only one")
    spec = read_spec(manifest, frozenset({"subject", "ingress", "egress"}))
    return None if spec is None else _policy(manifest, spec, _BASELINE, Tier.BASELINE, 0)


def _policy(manifest: Manifest, spec: Section, dialect: Dialect, tier: Tier, priority: int) -> Policy | None:
    subject = read_subject(spec, dialect)
    ingress, egress = read_rules(spec, "ingress", dialect), read_rules(spec, "egress", dialect)
    if subject is None:
        return None
    policy = Policy(
        kind=manifest.kind,
        namespace=None,
        name=manifest.name,
        tier=tier,
        subject=subject,
        ingress=ingress,
        egress=egress,
        source=manifest.source,
        priority=priority,
    )
    return left_open(manifest, policy)


KINDS = tuple(
    ObjectKind(kind, _GROUP, ("v1alpha1",), read, is_namespaced=False, may_allow=True, may_deny=True, has_rules=True)
    for kind, read in (("AdminNetworkPolicy", _read_admin), ("BaselineAdminNetworkPolicy", _read_baseline))
)
