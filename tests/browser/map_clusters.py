"""Clusters of any size as model objects, whose maps the page shows.

Every namespace denies ingress by default and lets in its own pods, its front's port from everywhere, and its metrics
port from namespace `monitoring`; every third denies egress but for its own pods, DNS and one range outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.source import Source
from analyzer.sets import AddressSet

APPS = ("front", "api", "db", "cache", "queue", "worker", "mail", "search", "cron", "metrics")
PLACE = Source("policies.yaml", 1)


def where(**labels: str) -> Selector:
    return Selector(tuple(Requirement(k, Operator.IN, frozenset({v})) for k, v in labels.items()))


def rule(index: int, peers: tuple[Peer, ...] | None, *ports: tuple[Protocol, int]) -> Rule:
    entries = tuple(NumberedPorts(protocol, number) for protocol, number in ports) or None
    return Rule(Action.ACCEPT, peers, entries, index, PLACE)


def policy(
    namespace: str, name: str, pods: Selector, ingress: tuple[Rule, ...] | None, egress: tuple[Rule, ...] | None
) -> Policy:
    subject = PodPeer(NamespaceNamed(namespace), pods)
    return Policy("NetworkPolicy", namespace, name, Tier.NETWORK_POLICY, subject, ingress, egress, PLACE)


def policies(number: int) -> Iterator[Policy]:
    name = f"team-{number}"
    own = PodPeer(NamespaceNamed(name))
    named = {key: NamespacesMatching(where(**{NAMESPACE_NAME_LABEL: key})) for key in ("monitoring", "kube-system")}
    yield policy(name, "default", Selector.EVERYTHING, (rule(0, (own,)),), None)
    yield policy(name, "front", where(app="front"), (rule(0, None, (Protocol.TCP, 8443)),), None)
    yield policy(name, "db", where(app="db"), (rule(0, (PodPeer(named["monitoring"]),), (Protocol.TCP, 9187)),), None)
    if number % 3 == 0:
        dns = PodPeer(named["kube-system"], where(app="dns"))
        block = f"198.18.{number % 250}.0/24"
        outward = AddressPeer(AddressSet.of(block), block)
        egress = (rule(0, (own,)), rule(1, (dns,), (Protocol.UDP, 53)), rule(2, (outward,), (Protocol.TCP, 443)))
        yield policy(name, "egress", Selector.EVERYTHING, None, egress)


def cluster(namespaces: int, size: int) -> Cluster:
    names = [f"team-{i}" for i in range(namespaces - 2)]
    workloads = [
        Workload("Deployment", name, f"{APPS[i % len(APPS)]}-{i}", Labels({"app": APPS[i % len(APPS)], "n": str(i)}))
        for name in names
        for i in range(size)
    ]
    workloads += [
        Workload("Deployment", "kube-system", "dns", Labels({"app": "dns"})),
        Workload("Deployment", "monitoring", "prometheus", Labels({"app": "prometheus"})),
    ]
    return Cluster(
        tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n}), True) for n in (*names, "kube-system", "monitoring")),
        tuple(workloads),
        policies=tuple(p for i in range(namespaces - 2) for p in policies(i)),
    )
