"""Connections like those that show a cause: a change to a policy must let none of them through any more.

They stand for what the claim forbids near the counterexamples: other pods of the namespaces that there are, with the
labels that the rule asks for and without, on the ports that the claim names.  What a change lets through of them is
decided by the oracle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from analyzer.analysis.findings.causes import Cause, Hit
from analyzer.analysis.findings.near_rules import end_of
from analyzer.model.calico import NO_CALICO
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod, pod_of
from analyzer.model.labels import NO_LABELS, Labels, Operator, Selector
from analyzer.model.policies import PORT_PROTOCOLS, Direction, NumberedPorts, PodPeer, Policy, Rule
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import decide, is_in_scope

_MOST_NAMESPACES = 40
_MOST_WORKLOADS = 3
_MOST_HITS = 3  # of a query, around which others are looked for
_MOST_TRIED = 800
_MOST_PORTS = 6


@dataclass(frozen=True, slots=True)
class Probe:
    """One connection that the claim of the hit forbids."""

    hit: Hit
    connection: Connection


def admits(by_itself: Cluster, direction: Direction, connection: Connection, profile: Profile) -> bool:
    """Whether a rule lets the connection through at its end, in a cluster that holds one policy alone."""
    ruling = decide(by_itself, profile, connection).at(direction.value)
    return ruling.allowed and any(ref.rule is not None for ref in ruling.rules)


def alone(policy: Policy, cluster: Cluster) -> Cluster:
    """The cluster with this policy and nothing else that decides."""
    return replace(cluster, policies=(policy,), unmodelled=(), calico=NO_CALICO)


def probes_of(cause: Cause, cluster: Cluster, profile: Profile) -> list[Probe]:
    """What the cause lets through of what the claims of its hits forbid, the hits' own connections first."""
    policy, direction = cause.ref.policy if cause.ref else None, cause.key.direction
    if not isinstance(policy, Policy) or direction is None:
        return []
    by_itself = alone(policy, cluster)
    found: dict[tuple[str, Connection], Probe] = {}
    tried: set[tuple[str, Connection]] = set()
    counts: Counter[str] = Counter()
    for hit in cause.hits:
        connection, query = hit.example.connection, hit.broken.query.id
        if connection is None or hit.claim.kind in (Kind.ISOLATED, Kind.NEVER_TIE, Kind.EVERY):
            continue
        found.setdefault((query, connection), Probe(hit, connection))
        counts[query] += 1
        for other in islice(_like(hit, connection, cause, cluster), _MOST_TRIED if counts[query] <= _MOST_HITS else 0):
            key = (query, other)
            if (
                key not in tried
                and is_in_scope(hit.claim, other, profile)
                and admits(by_itself, direction, other, profile)
            ):
                found.setdefault(key, Probe(hit, other))
            tried.add(key)
    return list(found.values())


def _like(hit: Hit, connection: Connection, cause: Cause, cluster: Cluster) -> Iterator[Connection]:
    rule = cause.ref.rule if cause.ref else None
    direction = cause.key.direction
    if not isinstance(rule, Rule) or direction is None or cause.ref is None:
        return
    policy = cause.ref.policy
    assert isinstance(policy, Policy)
    near, far = end_of(connection, direction), end_of(connection, direction, is_near=False)
    nears = list(_near(near, policy, cluster))
    fars = list(_far(far, rule, cluster))
    for port in _ports(hit, connection):
        for one in nears:
            for other in fars:
                src, dst = (one, other) if direction is Direction.EGRESS else (other, one)
                if src != dst:
                    yield replace(connection, src=src, dst=dst, port=port)


def _near(near: End, policy: Policy, cluster: Cluster) -> Iterator[End]:
    """Pods that the policy is about, as the one that was found."""
    yield near
    if isinstance(near, Pod):
        yield _plain(near, met(policy.subject.pods))
        yield from _declared(near, near.namespace, cluster)


def _far(far: End, rule: Rule, cluster: Cluster) -> Iterator[End]:
    yield far
    if not isinstance(far, Pod):
        return
    selectors = [peer.pods for peer in rule.peers or () if isinstance(peer, PodPeer)]
    wanted = [NO_LABELS, *(met(selector) for selector in selectors if selector.requirements)]
    for labels in dict.fromkeys(wanted):
        yield _plain(far, labels)
    for namespace in islice(cluster.namespaces, _MOST_NAMESPACES):
        there = replace(far, namespace=namespace.name, namespace_labels=namespace.labels)
        for labels in dict.fromkeys(wanted):
            yield _plain(there, labels)
        yield from _declared(there, namespace.name, cluster)


def _declared(like: Pod, namespace: str, cluster: Cluster) -> Iterator[Pod]:
    for workload in islice(cluster.workloads_by_namespace.get(namespace, ()), _MOST_WORKLOADS):
        if not workload.host_network:
            pod = pod_of(workload, cluster.namespace_by_name[namespace].labels, like.ip)
            yield replace(pod, unknown=())


def _plain(pod: Pod, labels: Labels) -> Pod:
    """A pod that is not there yet, in the same namespace."""
    return replace(pod, labels=labels, workload=None, ports=(), unknown=(), annotations=NO_LABELS)


def met(selector: Selector) -> Labels:
    """Labels that meet what the selector asks for by value."""
    found: dict[str, str] = {}
    for it in selector.requirements:
        if it.operator is Operator.IN and it.values:
            found[it.key] = min(it.values)
        elif it.operator is Operator.EXISTS:
            found[it.key] = "x"
    return Labels(found)


def _ports(hit: Hit, connection: Connection) -> Iterable[int | None]:
    spared = (entry for excuse in hit.claim.excuses for entry in excuse.ports or ())
    asked = (
        entry.low
        for entry in (*hit.claim.ports, *spared)
        if isinstance(entry, NumberedPorts) and entry.low is not None and entry.protocol is connection.protocol
        if entry.protocol in PORT_PROTOCOLS
    )
    return list(dict.fromkeys((connection.port, *islice(asked, _MOST_PORTS))))
