"""Pods that policies shut off from all other pods, whatever those ask for: nothing that comes by another pod, as by a
waypoint's, gets in there either."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    PODS,
    TRUE,
    All,
    Attribute,
    Formula,
    Member,
    Name,
    Not,
    OfKind,
    OnPorts,
    Role,
    Some,
    Test,
    both,
    either,
    leaves,
    negated,
)
from analyzer.model.pipeline import Entry, Stage, Tier, Unmatched
from analyzer.model.policies import Action, Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.records import dataclass

_PLAIN = frozenset({Name.LABEL, Name.NAMESPACE, Name.NAMESPACE_LABEL})


def shut_off(profile: Profile, cluster: Cluster) -> Formula:
    """Over SELF: a policy isolates it for ingress, and no rule of any policy for it could let in TCP from a pod.  False
    of more than it has to be: rules that deny, addresses, ports and labels are not looked at."""
    found = cluster.readings.get((shut_off, profile))
    if not isinstance(found, _Known):
        pipeline = pipeline_of(profile, cluster)
        stage = next(it for it in pipeline.stages if it.direction is Direction.INGRESS)
        found = cluster.readings[shut_off, profile] = _Known(_shut(stage) if pipeline.enforces else FALSE)
    return found.formula


@dataclass(frozen=True, slots=True)
class _Known:
    formula: Formula


def _shut(stage: Stage) -> Formula:
    if any(doubt.allows != FALSE for doubt in stage.doubts) or not _is_plain(stage.applies):
        return FALSE
    closing = either(dict.fromkeys(_closing(stage.tiers)))
    letting = either(dict.fromkeys(_letting(stage.tiers)))
    return both([stage.applies, closing, negated(letting)])


def _closing(tiers: tuple[Tier, ...]) -> Iterator[Formula]:
    for tier in tiers:
        if tier.unmatched is Unmatched.DENY and not _can_be(tier.spared):
            yield from (entry.subject for entry in tier.entries if entry.closes and _is_plain(entry.subject))


def _letting(tiers: tuple[Tier, ...]) -> Iterator[Formula]:
    for tier in tiers:
        for entry in tier.entries:
            if _lets_in(entry):
                yield entry.subject if _is_plain(entry.subject) else TRUE


def _lets_in(entry: Entry) -> bool:
    return any(rule.action is not Action.DENY and _can_be(rule.when) for rule in entry.rules)


def _is_plain(formula: Formula) -> bool:
    """It asks of SELF what any formula about a pod may ask."""
    return all(
        (isinstance(leaf, Member) and isinstance(leaf.ends, OfKind))
        or (
            isinstance(leaf, Test)
            and leaf.attribute == Attribute(Role.SELF, leaf.attribute.name, leaf.attribute.key)
            and leaf.attribute.name in _PLAIN
        )
        for leaf in leaves(formula)
    )


def _can_be(formula: Formula) -> bool:
    """It may hold of some TCP from some pod on the pod network."""
    match formula:
        case All(parts):
            return all(map(_can_be, parts))
        case Some(parts):
            return any(map(_can_be, parts))
        case Not(part):
            return not _has_to_be(part)
        case OnPorts():
            return formula.protocol in (None, Protocol.TCP)
        case Member(Role.SRC, OfKind(kinds)):
            return bool(kinds & PODS)
    return True


def _has_to_be(formula: Formula) -> bool:
    """It holds of all of that."""
    match formula:
        case All(parts):
            return all(map(_has_to_be, parts))
        case Some(parts):
            return any(map(_has_to_be, parts))
        case Not(part):
            return not _can_be(part)
        case Member(Role.SRC, OfKind(kinds)):
            return kinds >= PODS
    return False
