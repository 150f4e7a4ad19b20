"""Words of policies that are nearly what objects are called: labels, namespaces and ports that were misspelt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher

from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import Direction, NamedPort, Policy, Ports
from analyzer.semantics import matches

_NEAR = 0.6  # of SequenceMatcher's ratio
_SHORTEST = 2  # letters of a word that may be another one's short form


def is_near(word: str, other: str) -> bool:
    """Whether one may have been written for the other: nearly the same letters, or its short form, as `db`."""
    one, two = word.lower(), other.lower()
    if SequenceMatcher(None, one, two).ratio() >= _NEAR:
        return True
    short, long = sorted((one, two), key=len)
    if len(short) < _SHORTEST or short[0] != long[0]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def respelt(selector: Selector, labels: Labels) -> Selector | None:
    """The selector with what is misspelt put right, so that it means these labels; None where it means them already,
    or is not near them."""
    found = [_respelt(it, labels) for it in selector.requirements]
    right = tuple(it for it in found if it is not None)
    return Selector(right) if len(right) == len(found) and right != selector.requirements else None


def _respelt(it: Requirement, labels: Labels) -> Requirement | None:
    if matches(Selector((it,)), labels):
        return it
    if it.operator is not Operator.IN:
        return None
    there = labels.get(it.key)
    if there is not None:
        near = sorted(value for value in it.values if is_near(value, there))
        return replace(it, values=it.values - {near[0]} | {there}) if near else None
    keys = [key for key in labels if labels[key] in it.values and is_near(key, it.key)]
    return replace(it, key=keys[0]) if keys else None


def misspelt_for(cluster: Cluster, pod: Pod, direction: Direction) -> Policy | None:
    """A NetworkPolicy that isolates, selects no workload, and would select the pod if it were spelt right."""
    there = cluster.workloads_by_namespace.get(pod.namespace, ())
    for policy in cluster.network_policies_by_namespace.get(pod.namespace, ()):
        chosen = policy.subject.pods
        if policy.rules(direction) is None or respelt(chosen, pod.labels) is None:
            continue
        if not any(matches(chosen, workload.labels) for workload in there):
            return policy
    return None


def misspelt_port(entry: Ports, pod: Pod, number: int | None) -> NamedPort | None:
    """The name that the pod gives the port of that number, where the entry is nearly that and no port's name."""
    if not isinstance(entry, NamedPort) or any(port.name == entry.name for port in pod.ports):
        return None
    names: Iterable[str] = (port.name for port in pod.ports if port.name and port.number == number)
    near = next((name for name in names if is_near(name, entry.name)), None)
    return replace(entry, name=near) if near is not None else None
