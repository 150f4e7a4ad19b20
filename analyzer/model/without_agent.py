"""Pods at which the VPC CNI's agent enforces nothing, those on Windows and on Fargate, and those that it mistakes for
others (aws.md N8, N9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase

from analyzer.model.aws import FargateProfile
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.formulas import (
    FALSE,
    PODS,
    TRUE,
    Attribute,
    Formula,
    Member,
    Name,
    OfWorkload,
    Open,
    Role,
    Test,
    both,
    either,
    is_a,
    negated,
)
from analyzer.model.labels import Labels
from analyzer.model.memory import remembered
from analyzer.model.open_facts import OpenFact
from analyzer.model.placement import FARGATE_PROFILE, host_of_node
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile

_KNOB = "--knob agent-everywhere=true"


class WithoutAgent:
    """Where they are, in one direction.  `windows`, `fargate`: what shows that the cluster has such nodes, empty if
    nothing does: then no pod is taken to be there, which an assumption says."""

    def __init__(self, profile: Profile, cluster: Cluster, direction: Direction) -> None:
        self.cluster, self.direction = cluster, direction
        is_asked = not profile.agent_everywhere
        self.windows = shows_windows(cluster) if is_asked else ""
        self.fargate = shows_fargate(cluster) if is_asked else ""
        self.mistaken = mistaken(cluster) if is_asked else ()
        self.without_eni = without_eni(cluster)
        self._formulas: dict[tuple[str, Role], Formula] = {}

    def everywhere(self, role: Role) -> Formula:
        """The end is where the agent enforces nothing, or may be."""
        return either([self.on_windows(role), self.on_fargate(role), self._mistaken(self.mistaken, role, "names")])

    def mistaken_in(self, namespace: str | None, role: Role) -> Formula:
        """Pods to which policies of the namespace may apply that do not select them."""
        return self._mistaken((it for it in self.mistaken if it.namespace == namespace), role, "other names")

    def _mistaken(self, workloads: Iterable[OfWorkload], role: Role, which: str) -> Formula:
        text = (
            "which policies are enforced at pods of one name but for its last part, which the agent takes for those of "
            f"one controller, is not known: {', '.join(f'{it.namespace}/{it.name}' for it in self.mistaken[:4])}"
        )
        return both([_any_of(workloads, role), Open(self._fact(which, role, text))])

    def on_windows(self, role: Role) -> Formula:
        """It runs on Windows, or may."""
        return self._kept("windows", role, self._windows) if self.windows else FALSE

    def on_fargate(self, role: Role) -> Formula:
        """It runs on Fargate, or may."""
        return self._kept("fargate", role, self._fargate) if self.fargate else FALSE

    def before_groups(self, role: Role) -> Formula:
        """Some of its pods run without an interface of their own: they were made before what gives them groups."""
        if not self.without_eni:
            return FALSE
        text = (
            "whether pods that run have security groups of their own is not known: some have no annotation "
            f"vpc.amazonaws.com/pod-eni, as {self.without_eni[0].namespace}/{self.without_eni[0].name}"
        )
        return both([_any_of(self.without_eni, role), Open(self._fact("eni", role, text))])

    def _kept(self, name: str, role: Role, make: Callable[[Role], Formula]) -> Formula:
        found = self._formulas.get((name, role))
        if found is None:
            found = self._formulas[name, role] = make(role)
        return found

    def _windows(self, role: Role) -> Formula:
        certain = _named(self.cluster, lambda w: bool(w.host.windows))
        not_there = _named(self.cluster, lambda w: w.host.windows is False)
        text = (
            f"whether the pod runs on Windows, where policies are not enforced, is not known ({self.windows}): "
            f"`nodeSelector: {{kubernetes.io/os: linux}}` says that it does not, or {_KNOB}"
        )
        may_be: Formula = Open(self._fact("windows", role, text)) if self.windows != _PINNED else FALSE
        others = both([is_a(role, PODS), may_be, negated(_any_of(not_there, role))])
        return either([_any_of(certain, role), others])

    def _fargate(self, role: Role) -> Formula:
        certain = _named(self.cluster, lambda w: bool(w.host.fargate))
        not_there = _named(self.cluster, lambda w: w.host.fargate is False)
        chosen: Formula
        if _all_profiles(self.cluster):
            chosen = either(self._selected(one, role) for one in self.cluster.aws.fargate)
        else:
            text = (
                f"whether the pod runs on Fargate, where policies are not enforced, is not known ({self.fargate}): "
                f"give the output of `aws eks describe-fargate-profile` for each profile, or {_KNOB}"
            )
            chosen = Open(self._fact("fargate", role, text))
        others = both([is_a(role, PODS), chosen, negated(_any_of(not_there, role))])
        return either([_any_of(certain, role), others])

    def _selected(self, profile: FargateProfile, role: Role) -> Formula:
        return either(
            both([self._in(space, role), *(self._has(*pair, role) for pair in pairs)])
            for space, pairs in profile.selectors
        )

    def _in(self, pattern: str, role: Role) -> Formula:
        name = Attribute(role, Name.NAMESPACE)
        if not _is_pattern(pattern):
            return Test(name, frozenset({pattern}))
        if pattern == "*":
            return TRUE
        known = frozenset(it.name for it in self.cluster.namespaces)
        meant = Test(name, frozenset(it for it in known if fnmatchcase(it, pattern)))
        text = f"whether the name of the namespace is like `{pattern}`, which a Fargate profile takes, is not known"
        return either([meant, both([negated(Test(name, known)), Open(self._fact(f"fargate {pattern}", role, text))])])

    def _has(self, key: str, value: str, role: Role) -> Formula:
        if not _is_pattern(key) and not _is_pattern(value):
            return Test(Attribute(role, Name.LABEL, key), frozenset({value}))
        text = f"whether the pod has a label like `{key}={value}`, which a Fargate profile takes, is not known"
        return Open(self._fact(f"fargate {key}={value}", role, text))

    def _fact(self, what: str, role: Role, text: str) -> OpenFact:
        near = Role.SRC if self.direction is Direction.EGRESS else Role.DST
        end = near if role is Role.SELF else role
        return OpenFact("agent", f"agent {what} {end.value}", text)


def off_fargate(
    applies: Formula, profile: Profile, cluster: Cluster, direction: Direction, *, has_groups: bool
) -> Formula:
    """What a stage applies to, but for pods on Fargate: it runs no DaemonSets, so that no engine is there.  Where
    security groups are a tier of the stage, they count there all the same: that is open then."""
    if profile.reads_aws or not (profile.enforces and profile.reads_groups):
        return applies
    there = WithoutAgent(profile, cluster, direction).on_fargate(Role.SELF)
    fact = OpenFact("engine", "engine on-fargate", "what counts on Fargate, where no policy engine runs, is not known")
    return both([applies, negated(both([there, Open(fact)]) if has_groups else there)])


_PINNED = "workloads are pinned to it"


# ------------------------------------------------------------------------------------------------ what shows them
@remembered
def shows_windows(cluster: Cluster) -> str:
    """What shows that the cluster has Windows nodes; where Nodes are given, these alone are all."""
    node = next((it for it in cluster.nodes if host_of_node(it.labels).windows), None)
    if node is not None:
        return f"Node {node.name} is Windows'"
    on_it = next((w for w in cluster.workloads if w.host.windows), None)
    if cluster.nodes:
        return _PINNED if on_it is not None else ""
    ipam = next((one for one in cluster.aws.settings if one.has_windows), None)
    return f"{on_it.id} is there" if on_it is not None else f"{ipam.what} gives such pods addresses" if ipam else ""


@remembered
def shows_fargate(cluster: Cluster) -> str:
    node = next((it for it in cluster.nodes if host_of_node(it.labels).fargate), None)
    if node is not None:
        return f"Node {node.name} is Fargate's"
    if cluster.aws.fargate:
        return f"profile {cluster.aws.fargate[0].name} takes pods"
    on_it = next((w for w in cluster.workloads if w.host.fargate), None)
    return f"{on_it.id} is there" if on_it is not None else ""


@remembered
def mistaken(cluster: Cluster) -> tuple[OfWorkload, ...]:
    """Workloads whose pods the agent takes for those of another one: it goes by the name of a pod without its last
    part, which is the controller's where there is one."""
    found: dict[tuple[str, str], dict[Labels, list[Workload]]] = {}
    for workload in cluster.workloads:
        stem = None if workload.host_network else _stem(workload)
        if stem is not None:
            found.setdefault((workload.namespace, stem), {}).setdefault(workload.labels, []).append(workload)
    clashing = (w for like in found.values() if _are_several(like) for ws in like.values() for w in ws)
    return tuple(dict.fromkeys(OfWorkload(w.namespace, w.name) for w in clashing))


def _are_several(like: dict[Labels, list[Workload]]) -> bool:
    """Workloads of several owners that policies can tell apart."""
    return len(like) > 1 and len({w.owner for ws in like.values() for w in ws}) > 1


def _stem(workload: Workload) -> str | None:
    """The name of its pods without the last part; None where that is nobody else's."""
    if workload.kind == "Pod":
        return (workload.name.rpartition("-")[0] or workload.name).replace(".", "_")
    return workload.name if workload.kind in _NAMED_BY_THEIR_OWN else None


_NAMED_BY_THEIR_OWN = ("StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
"""Controllers whose pods have their name and one part more."""


@remembered
def without_eni(cluster: Cluster) -> tuple[OfWorkload, ...]:
    """Workloads that SecurityGroupPolicies may select, with live pods that have no interface of their own."""
    spaces = {policy.namespace for policy in cluster.aws.group_policies}
    found = (w for w in cluster.workloads if w.host.eni is False and w.namespace in spaces and not w.host_network)
    return tuple(dict.fromkeys(OfWorkload(w.namespace, w.name) for w in found if not w.host.fargate))


def of_workloads(profile: Profile, cluster: Cluster, *, are_all: bool) -> Iterator[OfWorkload]:
    """The workloads that the formulas name: each is a sort of pod of its own.  Unless `are_all`, without those of which
    a pod to come may be more: where nothing says where it is, and one that is there is not on Windows or Fargate."""
    here = WithoutAgent(profile, cluster, Direction.EGRESS)
    if here.windows or here.fargate:
        for workload in cluster.workloads:
            is_there = workload.host.windows or workload.host.fargate
            if are_all or is_there or any(port.host_port for port in workload.ports):
                yield OfWorkload(workload.namespace, workload.name)
    yield from here.mistaken
    yield from here.without_eni


def _all_profiles(cluster: Cluster) -> bool:
    """Every profile is given that pods tell of."""
    given = {profile.name for profile in cluster.aws.fargate}
    seen = {name for w in cluster.workloads if (name := w.labels.get(FARGATE_PROFILE)) is not None}
    return bool(given) and seen <= given


def _named(cluster: Cluster, holds: Callable[[Workload], bool]) -> tuple[OfWorkload, ...]:
    """The workloads of which it holds, by name: of those with one name it must hold of all."""
    found: dict[tuple[str, str], bool] = {}
    for workload in cluster.workloads:
        place = workload.namespace, workload.name
        found[place] = found.get(place, True) and holds(workload)
    return tuple(OfWorkload(*place) for place, is_so in found.items() if is_so)


def _any_of(workloads: Iterable[OfWorkload], role: Role) -> Formula:
    return either(Member(role, one) for one in workloads)


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text
