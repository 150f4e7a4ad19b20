"""What closes pods that no policy isolates: a type more in a policy that is there, or a policy that is missing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.findings import policy_values
from analyzer.analysis.findings.causes import Cause, Hit
from analyzer.analysis.findings.operations import AddRule, AddType, Operation
from analyzer.analysis.findings.probes import met
from analyzer.analysis.findings.text_edits import edit_of
from analyzer.analysis.findings.texts import Texts
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.ends import as_pods, base_and_taken
from analyzer.model.formulas import Formula, Some
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Direction,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
)
from analyzer.model.profile import Profile
from analyzer.semantics import is_in_scope
from analyzer.verdicts.findings import Edit, Fix

DNS_PORTS: tuple[Ports, ...] = (NumberedPorts(Protocol.UDP, 53), NumberedPorts(Protocol.TCP, 53))
_DNS_LABEL = "k8s-app"
_DNS_VALUE = "kube-dns"
_BASELINE = "BaselineAdminNetworkPolicy"


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


# ------------------------------------------------------------------------------------------------ in a namespace
def closed_by_type(cause: Cause, cluster: Cluster, profile: Profile, texts: Texts) -> Fix:
    """The direction among the `policyTypes` of the policy that closes the other way already."""
    policy, direction = cause.ref.policy if cause.ref else None, cause.key.direction
    assert isinstance(policy, Policy)
    assert direction is not None
    operations: list[Operation] = [AddType(direction, tuple(reversed(Direction)))]
    text = f"add {direction.value.capitalize()} to its `policyTypes`"
    if direction is Direction.EGRESS and needs_dns(cause, cluster, profile):
        operations.append(AddRule(direction, (dns_peer(cluster),), DNS_PORTS))
        text += ", and allow DNS"
    placed = texts.policy(policy)
    return Fix(text, edit_of(operations, placed) if placed is not None else None)


def needs_dns(cause: Cause, cluster: Cluster, profile: Profile) -> bool:
    """Closing egress would cut DNS, and no claim of the cause forbids it."""
    dns = dns_peer(cluster)
    assert isinstance(dns.namespaces, NamespacesMatching)
    (name,) = dns.namespaces.selector.requirements[0].values
    there = cluster.namespace_by_name.get(name)
    labels = there.labels if there is not None else Labels({NAMESPACE_NAME_LABEL: name})
    for hit in cause.hits:
        pod = hit.example.connection.src if hit.example.connection is not None else hit.example.subject
        if not isinstance(pod, Pod) or hit.claim.kind is Kind.ISOLATED:
            continue
        server = replace(pod, namespace=name, namespace_labels=labels, labels=met(dns.pods), workload=None, ports=())
        if is_in_scope(hit.claim, Connection(pod, server, Protocol.UDP, 53), profile):
            return False
    return not _resolves_names(cluster, cause.key.namespace)


def _resolves_names(cluster: Cluster, namespace: str) -> bool:
    """Whether a policy of the namespace has an egress rule for DNS already."""
    return any(
        rule.ports is None or any(isinstance(entry, NumberedPorts) and 53 in entry.ports for entry in rule.ports)
        for policy in cluster.network_policies_by_namespace.get(namespace, ())
        for rule in policy.egress or ()
    )


def closed_by_policy(cause: Cause, cluster: Cluster, profile: Profile, texts: Texts) -> Fix:
    """A NetworkPolicy that selects every pod of the namespace."""
    namespace = cause.key.namespace
    types = [direction for direction in reversed(Direction) if direction in cause.directions]
    rules: list[tuple[Direction, Sequence[Peer] | None, Sequence[Ports] | None]] = []
    if Direction.EGRESS in types and needs_dns(cause, cluster, profile):
        rules.append((Direction.EGRESS, (dns_peer(cluster),), DNS_PORTS))
    taken = {policy.name for policy in cluster.network_policies_by_namespace.get(namespace, ())}
    name = next(name for name in _names("default-deny") if name not in taken)
    value = policy_values.network_policy(name, namespace, Selector.EVERYTHING, types, rules)
    named = " and ".join(direction.value for direction in types)
    text = f"add a NetworkPolicy that isolates every pod of {namespace} for {named}, then allow what is meant"
    return Fix(text, added(value, _home(namespace, cluster), texts, f"{name}-{namespace}.yaml"))


def _names(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _home(namespace: str, cluster: Cluster) -> str:
    """The file where the namespace's policies stand, else its pods, else the first of all."""
    policies = (policy.source.file for policy in cluster.network_policies_by_namespace.get(namespace, ()))
    workloads = (workload.source.file for workload in cluster.workloads_by_namespace.get(namespace, ()))
    return next(policies, None) or next(workloads, None) or next(iter(cluster.files), "")


def added(value: policy_values.Value, home: str, texts: Texts, name: str) -> Edit | None:
    """An object more, in a file of its own beside the file `home`; None where that is no file."""
    if not home or home.startswith("<"):
        return None
    folder = posixpath.dirname(home)
    free = (
        name for name in _names(name.removesuffix(".yaml")) if not texts.lines(posixpath.join(folder, f"{name}.yaml"))
    )
    return Edit(posixpath.join(folder, f"{next(free)}.yaml"), 1, (), tuple(texts.written(value)), is_new=True)


def selectors_of(hit: Hit) -> list[Selector]:
    """The selectors of namespaces in a claim's sets."""
    sets = (hit.claim.sources, hit.claim.destinations)
    return [selector for members in sets if members is not None for selector in namespaces_in(members)]


def namespaces_in(members: Formula) -> Iterator[Selector]:
    base, _ = base_and_taken(members)
    if isinstance(base, Some):
        for part in base.parts:
            yield from namespaces_in(part)
    elif (chosen := as_pods(base)) is not None and isinstance(chosen[0], NamespacesMatching):
        yield chosen[0].selector
