"""Namespaces of which nothing isolates the pods: one cause, whose edit closes each of them.

Counterexamples show a few of them.  What they show is asked of the others too, with a pod there in the place of the one
that was found, so that one round finds all that the queries speak of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.findings.causes import Cause, Hit, Key
from analyzer.analysis.findings.near_rules import direction_of, end_of
from analyzer.analysis.findings.permitting import pods_like
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.semantics import Decision, Ruling, decide, is_in_scope, is_pod_in_scope, isolation
from analyzer.verdicts.findings import Broken, Fault

_SERVES_ALL = "kube-system"  # closing it is a matter of its own


def together(causes: Sequence[Cause], cluster: Cluster, profile: Profile) -> list[Cause]:
    """The causes, those of namespaces of which nothing isolates the pods as one, with one part for each namespace."""
    bare = {it.key.namespace: it for it in causes if _is_bare(it) and not _is_apart(it.key.namespace, cluster)}
    if not bare:
        return list(causes)
    patterns = list(_patterns(bare.values()))
    spaces = sorted(cluster.namespaces, key=lambda it: it.name not in bare)  # those that are shown go first
    found = (_part(it, bare.get(it.name), patterns, cluster, profile) for it in spaces)
    parts = [it for it in found if it is not None]
    hits = [hit for it in bare.values() for hit in it.hits]
    also = list(dict.fromkeys(broken for it in bare.values() for broken in it.also))
    directions = {direction for part in parts for direction in part.directions}
    others = [ref for it in bare.values() for ref in it.others]
    one = Cause(Key(Fault.OPEN), None, hits, directions, others, also, tuple(parts))
    return [one, *(it for it in causes if not any(it is taken for taken in bare.values()))]


def all_parts(first: Sequence[Cause], second: Sequence[Cause]) -> tuple[Cause, ...]:
    """The parts of one cause as two rounds found them, each namespace once."""
    found = {it.key.namespace: it for it in first}
    for part in second:
        known = found.get(part.key.namespace)
        if known is not None:
            hits = [*known.hits, *(hit for hit in part.hits if hit not in known.hits)]
            part = replace(known, hits=hits, directions=known.directions | part.directions)
        found[part.key.namespace] = part
    return tuple(found.values())


def _is_bare(cause: Cause) -> bool:
    return cause.key == Key(Fault.OPEN, namespace=cause.key.namespace)


def _is_apart(namespace: str, cluster: Cluster) -> bool:
    """Whether it is told by itself: it serves everybody, or some of its pods run where no policy is enforced."""
    there = cluster.workloads_by_namespace.get(namespace, ())
    return namespace == _SERVES_ALL or any(it.host.fargate or it.host.windows for it in there)


_Pattern = tuple[Hit, Direction | None]
"""A hit, and the end at which it is moved elsewhere; None of one that asks whether pods are isolated."""


def _patterns(bare: Iterable[Cause]) -> Iterator[_Pattern]:
    """A few hits of each query and each end."""
    told: Counter[tuple[Broken, Direction | None]] = Counter()
    for cause in bare:
        for hit in cause.hits:
            ends = [it for it in Direction if it in cause.directions] if hit.example.connection is not None else [None]
            for direction in ends:
                near = end_of(hit.example.connection, direction) if hit.example.connection and direction else None
                is_its = direction is None or (isinstance(near, Pod) and near.namespace == cause.key.namespace)
                if is_its and told[hit.broken, direction] < _MOST_MOVED:
                    told[hit.broken, direction] += 1
                    yield hit, direction


_MOST_MOVED = 3  # hits of one query at one end: their far ends may be the others' own


def _part(
    space: Namespace, shown: Cause | None, patterns: Sequence[_Pattern], cluster: Cluster, profile: Profile
) -> Cause | None:
    """The namespace's own cause: what shows it, and what the patterns find there; None where nothing is open."""
    if shown is None and _is_apart(space.name, cluster):
        return None
    hits = list(shown.hits) if shown is not None else []
    directions = set(shown.directions) if shown is not None else set()
    known: set[tuple[Broken, Direction | None]] = set()
    for hit, direction in patterns:
        moved = (
            next(_moved(hit, direction, space, cluster, profile), None)
            if (hit.broken, direction) not in known
            else None
        )
        if moved is not None:
            known.add((hit.broken, direction))
            hits += [moved[0]] if moved[0] not in hits else []
            directions |= moved[1]
    return Cause(Key(Fault.OPEN, namespace=space.name), None, hits, directions) if hits else None


def _moved(
    hit: Hit, direction: Direction | None, space: Namespace, cluster: Cluster, profile: Profile
) -> Iterator[tuple[Hit, set[Direction]]]:
    """The hit with pods of the namespace at the end, as far as the claim speaks of them and they are open, with the
    directions for which they are."""
    like = hit.example.subject if direction is None else end_of(_of(hit), direction)
    assert isinstance(like, Pod)
    for pod in pods_like(like, space.name, cluster):
        if direction is None:
            rulings = tuple(_open_to(hit.claim, pod, cluster, profile))
            if rulings:
                example = replace(hit.example, subject=pod, isolation=rulings)
                yield replace(hit, example=example), {direction_of(it) for it in rulings}
            continue
        far = end_of(_of(hit), direction, is_near=False)
        src, dst = (pod, far) if direction is Direction.EGRESS else (far, pod)
        connection = replace(_of(hit), src=src, dst=dst)
        decision = decide(cluster, profile, connection)
        is_hit = decision.allowed and is_in_scope(hit.claim, connection, profile)
        if is_hit and _is_open_at(decision, direction):
            yield replace(hit, example=replace(hit.example, connection=connection, decision=decision)), {direction}


def _of(hit: Hit) -> Connection:
    assert hit.example.connection is not None
    return hit.example.connection


def _open_to(claim: Claim, pod: Pod, cluster: Cluster, profile: Profile) -> Iterator[Ruling]:
    if is_pod_in_scope(claim, pod):
        rulings = (isolation(cluster, profile, pod, direction) for direction in claim.directions)
        yield from (it for it in rulings if it.allowed)


def _is_open_at(decision: Decision, direction: Direction) -> bool:
    """Whether nothing closes at that end."""
    ruling = decision.at(direction.value)
    return ruling.allowed and not any(ref.rule is not None for ref in ruling.rules)
