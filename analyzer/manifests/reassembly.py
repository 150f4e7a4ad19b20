"""A cluster that was put together, put together again where the facts of few objects are others.

Pods and their controllers of one namespace make workloads without a look at any other; policies, Services and declared
namespaces stand for themselves.  What else is worked out of all facts is the same where these alone are others, but for
what `assembly.completed` works out anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import is_
from typing import Any, TypeVar

from analyzer.errors import Problem
from analyzer.manifests.assembly import Facts, by_kind, by_place, completed, finished, gathered, node_groups
from analyzer.manifests.kinds.pod_template import PodSource
from analyzer.manifests.pod_groups import workloads_of
from analyzer.model.aws import NO_AWS
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.mesh import DATAPLANE_MODE, GATEWAY_NAME
from analyzer.model.mesh_annotations import is_told_of_tunnel
from analyzer.records import dataclass

T = TypeVar("T")

_STANDING_ALONE = frozenset({"mentioned", "namespaces", "pods", "policies", "services"})
"""The parts of the facts that this knows what becomes of."""
_OF_OBJECTS = ("namespaces", "workloads", "services", "policies")


@dataclass(frozen=True, slots=True)
class Assembly:
    """`gathered` and `cluster`: without what `completed` adds and with it.  `pods`: the facts of each namespace's pods
    and controllers, in the order of their names.  `adding`: the namespaces of objects that may add pods, unless some
    are declared of them.  `has_gateways`: Services and namespaces decide what some of them let in."""

    gathered: Cluster
    cluster: Cluster
    problems: tuple[Problem, ...]
    pods: Mapping[str, tuple[PodSource, ...]]
    adding: frozenset[str]
    has_gateways: bool

    @staticmethod
    def of(facts: Facts, problems: tuple[Problem, ...], before: Assembly | None = None) -> Assembly:
        """Made of the parts of the one `before` where they are equal, and with its memory."""
        facts.pods.sort(key=_by_name)
        pods: dict[str, list[PodSource]] = {}
        for pod in facts.pods:
            pods.setdefault(pod.namespace, []).append(pod)
        found = gathered(facts, ())
        whole = completed(found)
        if before is not None:
            whole = _kept(before.cluster, whole)
            services = whole.services if found.services == whole.services else found.services
            parts = {name: getattr(whole, name) for name in _OF_OBJECTS} | {"services": services}
            found = replace(found, memory=whole.memory, **parts)
        return Assembly(
            found,
            whole,
            problems,
            {namespace: tuple(these) for namespace, these in pods.items()},
            frozenset(thing.namespace or "" for thing in facts.unmodelled if thing.adds_pods),
            any(each.class_name and not each.is_waypoint for each in facts.gateways),
        )

    def with_facts(self, old: Facts, new: Facts) -> Assembly | None:
        """With the `new` facts of some objects in the place of the `old` ones; None where more can hang on them."""
        if not self._stand_alone(old) or not self._stand_alone(new):
            return None
        if self.gathered.aws != NO_AWS and (old.policies or new.policies):
            return None  # which tell apart what PolicyEndpoints are made of
        spaces = _namespaces(self.gathered.namespaces, old.namespaces, new.namespaces)
        if spaces is None or not _are_declared({*old.mentioned, *new.mentioned}, spaces):
            return None
        policies = _spliced(self.gathered.policies, old.policies, new.policies, by_kind)
        services = _spliced(self.gathered.services, old.services, new.services, by_place)
        pods = dict(self.pods)
        for name in {pod.namespace for pod in (*old.pods, *new.pods)}:
            gone, come = ([pod for pod in facts.pods if pod.namespace == name] for facts in (old, new))
            changed = _spliced(pods.get(name, ()), gone, come, _by_name)
            if changed is None:
                return None
            pods[name] = changed
        if policies is None or services is None:
            return None
        found = replace(
            self.gathered,
            namespaces=spaces,
            policies=policies,
            services=services,
            workloads=self._workloads(pods),
            finished=_finished(self.gathered.finished, old.pods, new.pods),
        )
        return replace(self, gathered=found, cluster=_completed(found, self), pods=pods)

    def _stand_alone(self, facts: Facts) -> bool:
        told = {part.name for part in fields(Facts) if getattr(facts, part.name)}
        if not told <= _STANDING_ALONE or (self.has_gateways and (facts.services or facts.namespaces)):
            return False
        if any(DATAPLANE_MODE in namespace.labels for namespace in facts.namespaces):
            return False
        return not any(_tells_more(pod) or pod.namespace in self.adding for pod in facts.pods)

    def _workloads(self, pods: Mapping[str, tuple[PodSource, ...]]) -> tuple[Workload, ...]:
        """Those of namespaces whose facts are others made anew."""
        changed = sorted(name for name, these in pods.items() if self.pods.get(name, ()) is not these)
        found = self.gathered.workloads
        nodes, groups = self.gathered.node_by_name, node_groups(self.gathered.nodes, self.gathered.aws)
        for name in changed:
            made = workloads_of([pod for pod in pods[name] if not pod.is_finished], nodes, groups)[0]
            first = bisect_left(found, name, key=_home)
            last = bisect_right(found, name, lo=first, key=_home)
            own = _same(found[first:last], tuple(sorted(made, key=by_place)))
            found = (*found[:first], *own, *found[last:])
        return found


def _tells_more(pod: PodSource) -> bool:
    """It may say which engine enforces, or which mesh there is."""
    shape = pod.shape
    is_of_mesh = DATAPLANE_MODE in shape.labels or GATEWAY_NAME in shape.labels or is_told_of_tunnel(shape.annotations)
    return is_of_mesh or pod.kind == "DaemonSet" or pod.name.startswith("istiod")


def _by_name(pod: PodSource) -> tuple[str, str, str, str]:
    return pod.namespace, pod.name, pod.kind, pod.group


def _home(workload: Workload) -> str:
    return workload.namespace


def _namespaces(
    standing: tuple[Namespace, ...], old: Iterable[Namespace], new: Iterable[Namespace]
) -> tuple[Namespace, ...] | None:
    """With those that are now declared; None where one is declared no more, for something may mention it."""
    come = {namespace.name: namespace for namespace in new}
    if not all(namespace.name in come for namespace in old):
        return None
    gone = [it for it in standing if it.name in come]
    return _spliced(standing, gone, list(come.values()), lambda it: it.name)


def _are_declared(names: Iterable[str], namespaces: tuple[Namespace, ...]) -> bool:
    def is_declared(name: str) -> bool:
        place = bisect_left(namespaces, name, key=lambda it: it.name)
        return place < len(namespaces) and namespaces[place].name == name and namespaces[place].is_declared

    return all(map(is_declared, names))


def _finished(
    standing: tuple[tuple[str, Any], ...], old: Iterable[PodSource], new: Iterable[PodSource]
) -> tuple[tuple[str, Any], ...]:
    gone, come = ([finished(pod) for pod in pods if pod.is_finished] for pods in (old, new))
    if not gone and not come:
        return standing
    return tuple(sorted([*(it for it in standing if it not in gone), *come], key=lambda it: it[0]))


def _spliced(
    standing: tuple[T, ...], old: Sequence[T], new: Sequence[T], key: Callable[[T], Any]
) -> tuple[T, ...] | None:
    """The sorted things without the old ones and with the new ones; None where an old one does not stand there."""
    gone, come = [it for it in old if it not in new], [it for it in new if it not in old]
    if not gone and not come:
        return standing
    found = list(standing)
    for thing in gone:
        place = bisect_left(found, key(thing), key=key)
        while place < len(found) and found[place] != thing and key(found[place]) == key(thing):
            place += 1
        if place == len(found) or found[place] != thing:
            return None
        del found[place]
    for thing in come:
        insort(found, thing, key=key)
    return tuple(found)


def _completed(found: Cluster, before: Assembly) -> Cluster:
    """In the objects that were where they are equal."""
    whole = completed(found)
    if whole.services is found.services:
        return whole
    return replace(whole, services=_same(before.cluster.services, whole.services))


def _kept(before: Cluster, now: Cluster) -> Cluster:
    """The cluster, made of the parts of the one before where they are equal, and with its memory."""
    changed: dict[str, Any] = {name: _same(getattr(before, name), getattr(now, name)) for name in _OF_OBJECTS}
    for part in fields(Cluster):
        was, found = getattr(before, part.name), changed.get(part.name, getattr(now, part.name))
        if part.name == "memory" or was == found:
            changed[part.name] = was
    return replace(now, **changed)


def sharing(before: Cluster, now: Cluster) -> Cluster:
    """The cluster `now` with the memory of the one before, and with its parts where they are equal: what was worked
    out of these holds for it, too.  Policies are the very same: those that are equal may be written differently."""
    was, found = before.policies, now.policies
    parts = {part.name: getattr(before, part.name) for part in fields(Cluster) if part.name != "policies"}
    shared = {name: part for name, part in parts.items() if name == "memory" or part == getattr(now, name)}
    if len(was) == len(found) and all(map(is_, was, found)):
        shared["policies"] = was
    return replace(now, **shared)


def _same(was: tuple[Any, ...], now: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is now, in the objects that were where they are equal."""
    known = {_called(thing): thing for thing in was}
    found = tuple(old if (old := known.get(_called(thing))) == thing else thing for thing in now)
    return was if found == was else found


def _called(thing: Any) -> object:
    return getattr(thing, "id", None) or thing.name
