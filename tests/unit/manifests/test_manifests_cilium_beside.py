"""Cilium's kinds that are not policies: what of connections each can change, and no more."""

from __future__ import annotations

import pytest

from analyzer.model.policies import Direction, Protocol

EGRESS, BOTH = (Direction.EGRESS,), tuple(Direction)
ALL, TCP, WITH_PORTS = tuple(Protocol), (Protocol.TCP,), (Protocol.TCP, Protocol.UDP)
SERVICES = "spec: {services: [{name: s, namespace: a}], resources: []}"
OWNED = "ownerReferences: [{apiVersion: gateway.networking.k8s.io/v1, kind: KIND, name: g, uid: u}]"


@pytest.mark.parametrize(
    ("kind", "metadata", "spec", "allows", "denies", "directions", "protocols"),
    [
        ("CiliumEgressGatewayPolicy", "", "spec: {destinationCIDRs: [0.0.0.0/0]}", False, True, EGRESS, ALL),
        ("CiliumLocalRedirectPolicy", "namespace: a", "spec: {}", False, True, EGRESS, WITH_PORTS),
        ("CiliumEnvoyConfig", "namespace: a", SERVICES, True, True, BOTH, TCP),
        ("CiliumEnvoyConfig", "namespace: a", "spec: {resources: []}", False, True, BOTH, TCP),
        ("CiliumEnvoyConfig", f"namespace: a, {OWNED.replace('KIND', 'Service')}", SERVICES, True, True, BOTH, TCP),
        ("CiliumClusterwideEnvoyConfig", "", SERVICES, True, True, BOTH, TCP),
        ("CiliumNodeConfig", "namespace: a", 'spec: {defaults: {enable-policy: "never"}}', True, True, BOTH, ALL),
        ("CiliumNodeConfig", "namespace: a", 'spec: {defaults: {labels: "k8s:app"}}', True, True, BOTH, ALL),
    ],
)
def test_what_an_object_can_change(loaded, kind, metadata, spec, allows, denies, directions, protocols):
    (thing,) = loaded(written(kind, metadata, spec)).cluster.unmodelled
    assert (thing.may_allow, thing.may_deny) == (allows, denies)
    assert (thing.directions, thing.protocols) == (directions, protocols)
    assert thing.reaches("b")


@pytest.mark.parametrize(
    ("kind", "metadata", "spec"),
    [
        ("CiliumEnvoyConfig", f"namespace: a, {OWNED.replace('KIND', 'Gateway')}", SERVICES),
        ("CiliumEnvoyConfig", f"namespace: a, {OWNED.replace('KIND', 'Ingress')}", SERVICES),
        ("CiliumNodeConfig", "namespace: a", 'spec: {defaults: {debug: "true"}}'),
    ],
)
def test_what_changes_nothing_between_two_ends(loaded, kind, metadata, spec):
    assert loaded(written(kind, metadata, spec)).cluster.unmodelled == ()


def written(kind: str, metadata: str, spec: str) -> str:
    inner = f"name: x, {metadata}" if metadata else "name: x"
    return f"apiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {{{inner}}}\n{spec}\n"
