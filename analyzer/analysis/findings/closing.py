"""What closes pods that no policy isolates: a type more in a policy that is there, or a policy that is missing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.findings import policy_values
from analyzer.analysis.findings.causes import Cause, Hit
from analyzer.analysis.findings.operations import AddRule, AddType, Operation
from analyzer.analysis.findings.permitting import Around, Let, RuleParts, let_through
from analyzer.analysis.findings.text_edits import edit_of
from analyzer.analysis.findings.texts import Texts
from analyzer.model.cluster import Cluster
from analyzer.model.ends import as_pods, base_and_taken
from analyzer.model.formulas import Formula, Some
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import (
    Direction,
    NamespacesMatching,
    Policy,
)
from analyzer.semantics import matches
from analyzer.verdicts.findings import Edit, Fix


# ------------------------------------------------------------------------------------------------ in a namespace
def closed_by_type(cause: Cause, around: Around, texts: Texts) -> Iterator[Fix]:
    """The direction among the `policyTypes` of the policy that closes the other way already, with less or more of what
    no claim forbids."""
    policy, direction = cause.ref.policy if cause.ref else None, cause.key.direction
    assert isinstance(policy, Policy)
    assert direction is not None
    placed = texts.policy(policy)
    for let in let_through(cause, (direction,), around):
        rules = [AddRule(*rule) for rule in let.rules]
        operations: list[Operation] = [AddType(direction, tuple(reversed(Direction))), *rules]
        name = direction.value.capitalize()
        text = f"add {name}{let.said('; allow ')}" if let.whom else f"add {name} to its `policyTypes`"
        yield Fix(text, edit_of(operations, placed) if placed is not None else None)


def closed_by_policy(cause: Cause, around: Around, texts: Texts) -> Iterator[Fix]:
    """A NetworkPolicy that selects every pod of the namespace, for each that is open, with less or more of what no
    claim forbids."""
    parts, cluster = cause.parts or (cause,), around.cluster
    named = " and ".join(direction.value for direction in _types(cause))
    first = parts[0].key.namespace
    is_one = len(parts) == 1
    what = f"a NetworkPolicy that isolates every pod of {first}" if is_one else _EACH.format(len(parts))
    file = f"default-deny-{first}.yaml" if is_one else "default-deny.yaml"
    for lets in _levels(parts, around):
        values = [_policies(part, let.rules, cluster) for part, let in zip(parts, lets, strict=True)]
        whom = [it for it in lets[0].whom if all(it in let.whom for let in lets)]
        text = f"add {what} for {named}"
        text += replace(lets[0], whom=tuple(whom)).said(", and allows ") or ", then allow what is meant"
        text += ", where no policy isolates by now" if any(len(its) > 1 for its in values) else ""
        yield Fix(text, added([it for its in values for it in its], _home(first, cluster), texts, file))


_EACH = "to each of {} namespaces a NetworkPolicy that isolates every pod"


def _types(cause: Cause) -> list[Direction]:
    return [direction for direction in reversed(Direction) if direction in cause.directions]


def _levels(parts: Sequence[Cause], around: Around) -> Iterator[tuple[Let, ...]]:
    """What may stay open in each part, the least first.  Of many parts one stands for all that break the same."""
    known: dict[object, list[Let]] = {}
    found = []
    for part in parts:
        shape = frozenset(part.directions), frozenset(hit.broken for hit in part.hits)
        key = shape if len(parts) > _MOST_LOOKED_AT else part.key
        if key not in known:
            known[key] = list(let_through(part, _types(part), around))
        found.append(known[key])
    for level in range(max(map(len, found))):
        yield tuple(its[min(level, len(its) - 1)] for its in found)


_MOST_LOOKED_AT = 8  # namespaces, each by itself: there are as many others to look at for each


def _policies(part: Cause, rules: Sequence[RuleParts], cluster: Cluster) -> list[policy_values.Value]:
    """One that isolates every pod; what is let through in it, or in one more for each direction in which some pods are
    isolated by now: these are let no more than before."""
    namespace, types = part.key.namespace, _types(part)
    taken = {policy.name for policy in cluster.network_policies_by_namespace.get(namespace, ())}
    name = next(it for it in numbered("default-deny") if it not in taken)
    open_now = {direction: not_isolated(namespace, direction, cluster) for direction in types}
    whole = [rule for rule in rules if open_now[rule[0]] == Selector.EVERYTHING]
    found = [policy_values.network_policy(name, namespace, Selector.EVERYTHING, types, whole)]
    for direction, pods in open_now.items():
        rest = [rule for rule in rules if rule[0] is direction and rule not in whole]
        if rest and pods is not None:
            more = next(it for it in numbered(f"default-allow-{direction.value}") if it not in taken)
            found.append(policy_values.network_policy(more, namespace, pods, [direction], rest))
    return found


def not_isolated(namespace: str, direction: Direction, cluster: Cluster) -> Selector | None:
    """Pods of the namespace that no NetworkPolicy isolates for the direction, None if there are none; of a policy that
    asks for several labels those without one of them, by which most workloads are met."""
    policies = cluster.network_policies_by_namespace.get(namespace, ())
    isolating = [it.subject.pods.requirements for it in policies if it.rules(direction) is not None]
    there = cluster.workloads_by_namespace.get(namespace, ())
    found: dict[Requirement, None] = {}
    for asked in isolating:
        if not asked:
            return None
        without = [negated(it) for it in asked]
        found[max(without, key=lambda it: sum(matches(Selector((it,)), w.labels) for w in there))] = None
    return Selector(tuple(found))


def negated(it: Requirement) -> Requirement:
    return replace(it, operator=_OPPOSITE[it.operator])


_OPPOSITE = {
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.EXISTS: Operator.DOES_NOT_EXIST,
    Operator.DOES_NOT_EXIST: Operator.EXISTS,
}


def numbered(stem: str) -> Iterator[str]:
    """The name, and with numbers behind it."""
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


def added(values: Sequence[policy_values.Value], home: str, texts: Texts, name: str) -> Edit | None:
    """Objects more, in a file of their own beside the file `home`; None where that is no file."""
    if not home or home.startswith("<"):
        return None
    folder = posixpath.dirname(home)
    free = (
        name for name in numbered(name.removesuffix(".yaml")) if not texts.lines(posixpath.join(folder, f"{name}.yaml"))
    )
    lines = [line for value in values for line in ("---", *texts.written(value))][1:]
    return Edit(posixpath.join(folder, f"{next(free)}.yaml"), 1, (), tuple(lines), is_new=True, beside=home)


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
