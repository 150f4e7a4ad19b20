"""Policies of the whole cluster, which close namespaces that are not created yet, of a kind that the profile reads."""

from __future__ import annotations

from analyzer.analysis.findings import policy_values
from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.closing import added, namespaces_in, numbered
from analyzer.analysis.findings.dns import DNS_PORTS, dns_names, dns_peer
from analyzer.analysis.findings.policy_values import Value
from analyzer.analysis.findings.texts import Texts
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Operator, Requirement, Selector
from analyzer.model.policies import Direction, NumberedPorts
from analyzer.model.profile import Profile
from analyzer.verdicts.findings import Fix

_BASELINE = "BaselineAdminNetworkPolicy"
_NAME = "default-deny"
_BY_HAND = "make each namespace with a default-deny NetworkPolicy"


def closed_for_all_to_come(cause: Cause, cluster: Cluster, profile: Profile, texts: Texts) -> Fix:
    """A policy for the whole cluster, which no NetworkPolicy of a namespace that is not there yet can be."""
    if any(hit.claim.kind is Kind.ISOLATED for hit in cause.hits):
        return Fix(f"{_BY_HAND}: no policy of the whole cluster isolates")
    kind = "GlobalNetworkPolicy" if profile.reads_calico else _BASELINE
    kind = "CiliumClusterwideNetworkPolicy" if profile.reads_cilium else kind
    text = f"add a {kind} that denies there"
    connections = [hit.example.connection for hit in cause.hits if hit.example.connection is not None]
    if any(_is_new(it.dst, cluster) and not isinstance(it.src, Pod) for it in connections):
        return Fix(_BY_HAND)
    subject = _subject(cause, cluster)
    if subject is None or any(policy.kind == _BASELINE for policy in cluster.policies):
        return Fix(text)
    directions = [direction for direction in reversed(Direction) if direction in cause.directions]
    makes = {"GlobalNetworkPolicy": _of_calico, "CiliumClusterwideNetworkPolicy": _of_cilium}.get(kind, _baseline)
    value = makes(subject, directions, cluster)
    taken = {it.name for it in cluster.calico.policies} | {it.name for it in cluster.cilium.policies}
    if value["metadata"]["name"] in taken:
        value["metadata"]["name"] = next(it for it in numbered("default-deny-tomorrow") if it not in taken)
    edit = added([value], _beside_namespaces(cluster), texts, f"{_FILES[kind]}.yaml")
    return Fix(text, edit)


_FILES = {
    _BASELINE: "baseline-admin-network-policy",
    "GlobalNetworkPolicy": "global-network-policy",
    "CiliumClusterwideNetworkPolicy": "cilium-clusterwide-network-policy",
}


# ------------------------------------------------------------------------------------------------ the kinds
def _baseline(subject: Selector, directions: list[Direction], cluster: Cluster) -> Value:
    ports = [{"portNumber": {"protocol": protocol, "port": 53}} for protocol in ("UDP", "TCP")]
    out: list[Value] = [
        {"action": "Allow", "to": [{"pods": policy_values.peer(dns_peer(cluster))}], "ports": ports},
        {"action": "Deny", "to": [{"namespaces": {}}]},
        {"action": "Deny", "to": [{"networks": ["0.0.0.0/0", "::/0"]}]},
    ]
    rules: Value = {"ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]}
    rules |= {"egress": out} if Direction.EGRESS in directions else {}
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha1",
        "kind": _BASELINE,
        "metadata": {"name": "default"},
        "spec": {"subject": {"namespaces": policy_values.selector(subject)}, **rules},
    }


def _of_calico(subject: Selector, directions: list[Direction], cluster: Cluster) -> Value:
    namespace, (key, label) = dns_names(cluster)
    to = {
        "namespaceSelector": f"{NAMESPACE_NAME_LABEL} == '{namespace}'",
        "selector": f"{key} == '{label}'",
        "ports": [53],
    }
    out = [{"action": "Allow", "protocol": it, "destination": to} for it in ("UDP", "TCP")]
    chosen = calico_selector(subject)
    return {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": _NAME},
        "spec": {"namespaceSelector": chosen, "types": policy_values.type_names(directions)}
        | ({"egress": out} if Direction.EGRESS in directions else {}),
    }


def calico_selector(of: Selector) -> str:
    """A label selector in Calico's own words."""
    return " && ".join(map(_in_calico, of.requirements)) or "all()"


def _in_calico(it: Requirement) -> str:
    values = ", ".join(f"'{value}'" for value in sorted(it.values))
    match it.operator:
        case Operator.IN:
            return f"{it.key} in {{{values}}}"
        case Operator.NOT_IN:
            return f"{it.key} not in {{{values}}}"
        case Operator.EXISTS:
            return f"has({it.key})"
        case _:
            return f"!has({it.key})"


def _of_cilium(subject: Selector, directions: list[Direction], cluster: Cluster) -> Value:
    namespace, (key, label) = dns_names(cluster)
    ends = [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": namespace, f"k8s:{key}": label}}]
    ports = [{"port": "53", "protocol": it.protocol.value} for it in DNS_PORTS if isinstance(it, NumberedPorts)]
    requirements = tuple(
        Requirement(f"k8s:io.cilium.k8s.namespace.labels.{it.key}", it.operator, it.values)
        for it in subject.requirements
    )
    spec: Value = {"endpointSelector": policy_values.selector(Selector(requirements))}
    spec |= {"ingress": [{}]} if Direction.INGRESS in directions else {}
    spec |= {"egress": [{"toEndpoints": ends, "toPorts": [{"ports": ports}]}]} if Direction.EGRESS in directions else {}
    return {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": _NAME},
        "spec": spec,
    }


# ------------------------------------------------------------------------------------------------ whom
def _is_new(end: object, cluster: Cluster) -> bool:
    return isinstance(end, Pod) and end.namespace not in cluster.namespace_by_name


def _subject(cause: Cause, cluster: Cluster) -> Selector | None:
    """The namespaces to come that the claims speak of, where all of them speak of the same."""
    found: set[Selector] = set()
    for hit in cause.hits:
        connection = hit.example.connection
        if connection is None:
            return None
        is_dst = _is_new(connection.dst, cluster) and hit.claim.destinations is not None
        members = hit.claim.destinations if is_dst else hit.claim.sources
        found |= set(namespaces_in(members)) if members is not None else set()
    return found.pop() if len(found) == 1 else None


def _beside_namespaces(cluster: Cluster) -> str:
    declared = (namespace.source.file for namespace in cluster.namespaces if namespace.is_declared)
    return next(declared, None) or next(iter(cluster.files), "")
