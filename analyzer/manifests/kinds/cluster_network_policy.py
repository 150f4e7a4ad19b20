"""ClusterNetworkPolicy, policy.networking.k8s.io/v1alpha2 (reference C)."""

from __future__ import annotations

from analyzer.manifests.kinds.cluster_peers import (
    Dialect,
    left_open,
    read_priority,
    read_rules,
    read_spec,
    read_subject,
)
from analyzer.manifests.kinds.manifest import Manifest, ObjectKind
from analyzer.manifests.text.section import Section, one_of
from analyzer.model.policies import NamedPort, NumberedPorts, Policy, Ports, Protocol, Tier

_SPEC_FIELDS = frozenset({"tier", "priority", "subject", "ingress", "egress"})
_PROTOCOL_MEMBERS = ("tcp", "udp", "sctp", "destinationNamedPort")


def _read_protocol(section: Section) -> Ports | None:
    """One item of `protocols` (C3)."""
    key = _only_member(section, _PROTOCOL_MEMBERS)
    if key is None:
        return None
    if key == "destinationNamedPort":
        name = section.text(key)
        return None if name is None else NamedPort(name, None)
    inner = section.section(key)
    if inner is None or _only_member(inner, ("destinationPort",)) is None:
        return None
    port = inner.section("destinationPort")
    member = None if port is None else _only_member(port, ("number", "range"))
    if port is None or member is None:
        return None
    protocol = Protocol(key.upper())
    if member == "number":
        number = port.integer("number", 1, 65535)
        return None if number is None else NumberedPorts(protocol, number)
    span = port.section("range")
    return None if span is None else _range(span, protocol)


def _only_member(section: Section, members: tuple[str, ...]) -> str | None:
    section.only(frozenset(members))
    there = [key for key in members if section.has(key)]
    if len(there) == 1:
        return there[0]
    if there or not section.data.keys() - set(members):
        section.problem("", f"must set {'exactly one of ' if len(members) > 1 else ''}{one_of(members)}")
    return None


def _range(section: Section, protocol: Protocol) -> Ports | None:
    section.only(frozenset({"start", "end"}))
    section.required("start")
    section.required("end")
    start, end = section.integer("start", 1, 65535), section.integer("end", 1, 65535)
    if start is None or end is None:
        return None
    if start >= end:
        hint = f"write `number: {start}` for one port" if start == end else ""
        section.problem("start", f"is `{start}`, but must be less than `end`, which is `{end}`", hint)
        return None
    return NumberedPorts(protocol, start, end)


_DIALECT = Dialect(
    actions=("Accept", "Deny", "Pass"),
    accept="Accept",
    ports_key="protocols",
    named_port_key="destinationNamedPort",
    read_ports=_read_protocol,
    most=25,
    needs_namespace_selector=False,
)


def read_with_tier(manifest: Manifest, dialect: Dialect, api: str = "") -> Policy | None:
    """A policy of the tier that it names, in the words of the dialect; `api`: the group of another one's own kind."""
    spec = read_spec(manifest, _SPEC_FIELDS)
    if spec is None:
        return None
    tier = spec.choice("tier", (Tier.ADMIN.value, Tier.BASELINE.value)) if spec.required("tier") else None
    priority = read_priority(spec)
    subject = read_subject(spec, dialect)
    ingress, egress = read_rules(spec, "ingress", dialect), read_rules(spec, "egress", dialect)
    if tier is None or subject is None:
        return None
    policy = Policy(
        kind=manifest.kind,
        namespace=None,
        name=manifest.name,
        tier=Tier(tier),
        subject=subject,
        ingress=ingress,
        egress=egress,
        source=manifest.source,
        priority=priority,
        api=api,
    )
    return left_open(manifest, policy)


def _read(manifest: Manifest) -> Policy | None:
    return read_with_tier(manifest, _DIALECT)


KIND = ObjectKind(
    "ClusterNetworkPolicy",
    "policy.networking.k8s.io",
    ("v1alpha2",),
    _read,
    is_namespaced=False,
    may_allow=True,
    may_deny=True,
    has_rules=True,
)
