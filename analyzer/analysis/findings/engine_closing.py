"""Edits by which policies of Calico and Cilium close a direction that they leave open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace

from analyzer.analysis.findings import policy_values
from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.closing_new import calico_selector
from analyzer.analysis.findings.dns import DNS_PORTS, dns_names
from analyzer.analysis.findings.engine_edits import OF_NAMESPACE, Candidate
from analyzer.analysis.findings.permitting import Around, groups_of, listed, told, widest
from analyzer.analysis.findings.policy_values import Value
from analyzer.analysis.findings.texts import PlacedText
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Selector
from analyzer.model.policies import AddressPeer, Direction, NamespaceNamed, NumberedPorts, Peer, PodPeer


def closed(cause: Cause, placed: PlacedText, around: Around, *, with_dns: bool) -> Iterator[Candidate]:
    """The direction that a policy leaves open closed, with DNS where that would be cut off, and with less or more of
    what no claim forbids."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or direction is None:
        return
    is_dns = with_dns and direction is Direction.EGRESS
    found = groups_of(cause, direction, ref.policy.namespace, around)
    for level in range(len(found) + 1):
        given = found[:level]
        peers = widest([peer for group in given for peer in group.peers])
        words = [*(["DNS"] if is_dns else []), *(it.words for it in told(given))]
        allowed = f", and allow {listed(words)}" if words else ""
        if ref.policy.scale == "projectcalico.org":
            yield _by_types(placed, direction, peers, allowed, dns_names(around.cluster) if is_dns else None)
        elif ref.policy.scale == "cilium.io" and placed.value.get("spec"):
            yield _by_default_deny(placed, direction, peers, allowed, dns_names(around.cluster) if is_dns else None)


_Dns = tuple[str, tuple[str, str]] | None


def _by_types(placed: PlacedText, direction: Direction, peers: Sequence[Peer], allowed: str, dns: _Dns) -> Candidate:
    """Calico's `types`."""
    name, spec = direction.value.capitalize(), deepcopy(placed.value).get("spec") or {}
    wrong = f"`types` lacks {name}, so {direction.value} stays open"
    spec["types"] = ["Ingress", "Egress"]
    rules: list[Value] = []
    if dns is not None:
        namespace, (key, label) = dns
        to = {
            "namespaceSelector": f"{NAMESPACE_NAME_LABEL} == '{namespace}'",
            "selector": f"{key} == '{label}'",
            "ports": [53],
        }
        rules += [{"action": "Allow", "protocol": it.protocol.value, "destination": to} for it in _dns()]
    key = "source" if direction is Direction.INGRESS else "destination"
    rules += [{"action": "Allow", key: _entity(peer)} for peer in peers]
    if rules:
        spec[direction.value] = [*(spec.get(direction.value) or ()), *rules]
    said = f"add {name} to its `types`{allowed}"
    return Candidate({**placed.value, "spec": spec}, wrong, ("spec", "types"), said)


def _entity(peer: Peer) -> Value:
    if isinstance(peer, AddressPeer):
        return {"nets": [peer.block]} | ({"notNets": list(peer.excepts)} if peer.excepts else {})
    assert isinstance(peer, PodPeer)
    if isinstance(peer.namespaces, NamespaceNamed):
        return {"namespaceSelector": f"{NAMESPACE_NAME_LABEL} == '{peer.namespaces.name}'"}
    return {"namespaceSelector": calico_selector(peer.namespaces.selector)}


def _by_default_deny(
    placed: PlacedText, direction: Direction, peers: Sequence[Peer], allowed: str, dns: _Dns
) -> Candidate:
    """Cilium's `enableDefaultDeny`."""
    spec = deepcopy(placed.value)["spec"]
    said_so = (spec.get("enableDefaultDeny") or {}).get(direction.value) is False
    wrong = f"`enableDefaultDeny` does not close {direction.value}, and no rule does"
    wrong = f"`enableDefaultDeny.{direction.value}: false` leaves {direction.value} open" if said_so else wrong
    spec["enableDefaultDeny"] = {**(spec.get("enableDefaultDeny") or {}), direction.value: True}
    rules: list[Value] = []
    if dns is not None:
        namespace, (key, label) = dns
        ends = [{"matchLabels": {OF_NAMESPACE: namespace, f"k8s:{key}": label}}]
        ports = [{"port": "53", "protocol": it.protocol.value} for it in _dns()]
        rules.append({"toEndpoints": ends, "toPorts": [{"ports": ports}]})
    rules += [_cilium_rule("from" if direction is Direction.INGRESS else "to", peer) for peer in peers]
    if rules:
        spec[direction.value] = [*(spec.get(direction.value) or ()), *rules]
    said = f"set `enableDefaultDeny.{direction.value}: true`{allowed}"
    return Candidate({**placed.value, "spec": spec}, wrong, ("spec", "enableDefaultDeny"), said)


def _cilium_rule(way: str, peer: Peer) -> Value:
    if isinstance(peer, AddressPeer):
        block = {"cidr": peer.block} | ({"except": list(peer.excepts)} if peer.excepts else {})
        return {f"{way}CIDRSet": [block]}
    assert isinstance(peer, PodPeer)
    if isinstance(peer.namespaces, NamespaceNamed):
        return {f"{way}Endpoints": [{"matchLabels": {OF_NAMESPACE: peer.namespaces.name}}]}
    if not peer.namespaces.selector.requirements:
        return {f"{way}Entities": ["cluster"]}
    asked = [replace(it, key=OF_NAMESPACE) for it in peer.namespaces.selector.requirements]  # by name alone
    return {f"{way}Endpoints": [policy_values.selector(Selector(tuple(asked)))]}


def _dns() -> Iterator[NumberedPorts]:
    return (entry for entry in DNS_PORTS if isinstance(entry, NumberedPorts))
