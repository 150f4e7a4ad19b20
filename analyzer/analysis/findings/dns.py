"""DNS: what pods ask whatever else they do, so that closing their egress must not cut it by accident."""

from __future__ import annotations

from dataclasses import replace

from analyzer.analysis.findings.causes import Cause, Hit
from analyzer.analysis.findings.probes import admits, alone, met
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Direction,
    NamespacesMatching,
    NumberedPorts,
    PodPeer,
    Policy,
    Ports,
    Protocol,
)
from analyzer.model.profile import Profile
from analyzer.semantics import is_in_scope, matches

DNS_PORTS: tuple[Ports, ...] = (NumberedPorts(Protocol.UDP, 53), NumberedPorts(Protocol.TCP, 53))
_DNS_LABEL = "k8s-app"
_DNS_VALUE = "kube-dns"


def dns_peer(cluster: Cluster) -> PodPeer:
    """The DNS pods, as the manifests or else convention has them."""
    found = (w.namespace for w in cluster.workloads if w.labels.get(_DNS_LABEL) == _DNS_VALUE)
    namespace = next(found, "kube-system")
    return PodPeer(
        NamespacesMatching(Selector((Requirement(NAMESPACE_NAME_LABEL, Operator.IN, frozenset({namespace})),))),
        Selector((Requirement(_DNS_LABEL, Operator.IN, frozenset({_DNS_VALUE})),)),
    )


def dns_names(cluster: Cluster) -> tuple[str, tuple[str, str]]:
    """The namespace of the DNS pods, and the label by which they are known."""
    namespaces = dns_peer(cluster).namespaces
    assert isinstance(namespaces, NamespacesMatching)
    (name,) = namespaces.selector.requirements[0].values
    return name, (_DNS_LABEL, _DNS_VALUE)


def needs_dns(cause: Cause, cluster: Cluster, profile: Profile) -> bool:
    """Closing egress would cut DNS, no claim of the cause forbids it, and not every pod that is closed has a rule for
    it."""
    dns = dns_peer(cluster)
    name, _ = dns_names(cluster)
    there = cluster.namespace_by_name.get(name)
    labels = there.labels if there is not None else Labels({NAMESPACE_NAME_LABEL: name})
    hits = [(hit, pod) for hit in cause.hits if isinstance(pod := _source(hit), Pod)]
    if not hits:
        return False

    def asks(pod: Pod) -> Connection:
        there = replace(pod, namespace=name, namespace_labels=labels)
        server = replace(there, labels=met(dns.pods), workload=None, ports=())
        return Connection(pod, server, Protocol.UDP, 53)

    for hit, pod in hits:
        if hit.claim.kind is not Kind.ISOLATED and is_in_scope(hit.claim, asks(pod), profile):
            return False
    policies = cluster.network_policies_by_namespace.get(cause.key.namespace, ())
    closing = [alone(policy, cluster) for policy in policies if policy.egress]
    there_now = [pod for _, pod in hits]
    policy = cause.ref.policy if cause.ref is not None else None
    for workload in cluster.workloads_by_namespace.get(cause.key.namespace, ()):
        if not isinstance(policy, Policy) or matches(policy.subject.pods, workload.labels):
            there_now.append(replace(there_now[0], labels=workload.labels, workload=workload.owner))
    return not all(any(admits(one, Direction.EGRESS, asks(pod), profile) for one in closing) for pod in there_now)


def _source(hit: Hit) -> object:
    return hit.example.connection.src if hit.example.connection is not None else hit.example.subject
