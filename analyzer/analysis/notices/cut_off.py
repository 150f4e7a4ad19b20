"""Workloads that policies keep from what they need to work at all: DNS, the API server, webhooks, metadata.

A slip, not a verdict: told where no rule of an isolated end can mean what it needs, whatever the manifests leave open,
and by whoever has read them; what may be meant is not told.  Probes are never cut: they come from the pod's own node,
which always reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from ipaddress import IPv4Address

from analyzer.analysis.notices.far_ends_meant import AtAddresses, FarEnd, InNamespace, OffPods, may_be
from analyzer.analysis.notices.policy_notices import MOST_LOOKED_AT
from analyzer.judging import Setting
from analyzer.model.added_labels import unknown_under
from analyzer.model.cluster import Cluster, Service, Workload
from analyzer.model.endpoints import pod_of
from analyzer.model.formulas import OnPorts, Role, leaves
from analyzer.model.labels import NO_LABELS
from analyzer.model.leading import target_of
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.needs import Need, NeedKind
from analyzer.model.pipeline import Entry, Stage, StagedRule, entries_in
from analyzer.model.policies import Action, Direction, PolicyLike, Protocol
from analyzer.model.reading import pipeline_of
from analyzer.model.source import Notice, Topic
from analyzer.records import dataclass
from analyzer.semantics import matches
from analyzer.semantics.declared_ports import targeted
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.selecting import selected
from analyzer.sets import AddressSet, ConnectionSet, PortSet

_DNS = ConnectionSet.on("UDP", PortSet.of(53, 5353))  # OpenShift's servers listen on the second
_API_SERVER = ConnectionSet.on("TCP", PortSet.of(443, 6443, 8443, 16443))
_METADATA = ConnectionSet.on("TCP", PortSet.of(80, 988))
_METADATA_ADDRESSES = AddressSet.of("169.254.169.254/32", "169.254.169.252/32")
_DNS_NAMESPACES = ("kube-system", "openshift-dns")
_MOST_NAMED = 3
_NOWHERE = IPv4Address(0)  # no subject asks for addresses

_NEEDED: tuple[tuple[NeedKind, FarEnd, ConnectionSet, Topic, str], ...] = (
    (
        NeedKind.API_SERVER,
        OffPods(),
        _API_SERVER,
        Topic.NO_API_SERVER,
        "though its service account has a role there by",
    ),
    (NeedKind.METADATA, AtAddresses(_METADATA_ADDRESSES), _METADATA, Topic.NO_METADATA, "which gives an identity to"),
)


@dataclass(frozen=True, slots=True)
class _Selected:
    """The policies that select an end; `far`: the role of the others."""

    far: Role
    entries: tuple[Entry, ...]

    @property
    def is_isolated(self) -> bool:
        return any(entry.closes and entry.policy is not None for entry in self.entries)

    @property
    def opening(self) -> list[StagedRule]:
        """The rules that people wrote and that let something on."""
        rules = (rule for entry in self.entries for rule in entry.rules)
        return [rule for rule in rules if rule.action is not Action.DENY and rule.rule is not None]


_Ends = dict[str, list[_Selected]]  # by workload, all that may decide at it


def cut_off(cluster: Cluster, setting: Setting) -> tuple[Notice, ...]:
    """One notice for the policies that isolate the ends and what these are kept from, naming the first few ends."""
    policies = len(cluster.policies) + len(cluster.formula_policies) + len(cluster.calico.policies)
    if not cluster.workloads or policies * len(cluster.workloads) > MOST_LOOKED_AT:
        return ()
    out = _ends(cluster, setting, Direction.EGRESS)
    is_called = any(need.kind is NeedKind.WEBHOOK for need in cluster.needs)
    into = _ends(cluster, setting, Direction.INGRESS) if is_called else {}
    return (*_without_dns(cluster, out), *_needing(cluster, out), *_webhooks(cluster, into))


def _ends(cluster: Cluster, setting: Setting, direction: Direction) -> _Ends:
    """Those that something isolates; workloads whose labels nobody knows, where policies ask for them, are left out."""
    mentioned = mentioned_labels(setting.profile, cluster)
    stage = next(stage for stage in pipeline_of(setting.profile, cluster).stages if stage.name == direction.value)
    found: _Ends = {}
    for workload in cluster.workloads:
        unknown = unknown_under(mentioned, workload.unknown_labels)
        if any(varying.options(mentioned) for varying in unknown):
            continue
        sorts = [_selected(stage, cluster, variant) for variant in workload.variants(mentioned)]
        if all(sort.is_isolated for sort in sorts):
            found.setdefault(workload.id, []).extend(sorts)
    return found


def _selected(stage: Stage, cluster: Cluster, workload: Workload) -> _Selected:
    namespace = cluster.namespace_by_name.get(workload.namespace)
    pod = pod_of(workload, namespace.labels if namespace else NO_LABELS, _NOWHERE)
    about = Situation(Protocol.OTHER, None, {Role.SELF: pod}, cluster.nodes)
    if not is_true(stage.applies, about):
        return _Selected(stage.far, ())
    tiers = selected(stage, cluster, about)
    return _Selected(stage.far, tuple(entry for _, scales in tiers for entry in entries_in(scales)))


def _without_dns(cluster: Cluster, ends: _Ends) -> Iterator[Notice]:
    """Of those that may open something: what may open nothing at all needs no names."""
    known = {name: cluster.namespace_by_name.get(name) for name in _DNS_NAMESPACES}
    declared = [name for name, found in known.items() if found is not None and found.is_declared]
    targets = [InNamespace(name, known[name]) for name in declared or known]

    def is_cut(here: _Selected) -> bool:
        if not here.opening or any(_names_dns(rule) for rule in here.opening):
            return False
        return all(_is_closed_to(here, far, _DNS) for far in targets)

    for policies, names in _together(ends, is_cut):
        text = f"no rule of {_of(policies)} lets {_some(names)} reach DNS, only other ends: names will not resolve"
        yield Notice(policies[0].source, text, topic=Topic.NO_DNS)


def _names_dns(rule: StagedRule) -> bool:
    """Whether the rule lists port 53: somebody thought of DNS, wherever its servers are."""
    ports = (leaf for leaf in leaves(rule.when) if isinstance(leaf, OnPorts) and not leaf.name)
    return any(leaf.ports != PortSet.FULL and 53 in leaf.ports for leaf in ports)


def _needing(cluster: Cluster, ends: _Ends) -> Iterator[Notice]:
    """Those of service accounts that are granted something at the API server, or get an identity from metadata."""
    for kind, far, asked, topic, why in _NEEDED:
        needs = {(need.namespace, need.name): need for need in cluster.needs if need.kind is kind}
        here: dict[tuple[str, str], _Ends] = {}
        for workload in cluster.workloads:
            key = workload.namespace, workload.service_account
            if key in needs and workload.id in ends:
                here.setdefault(key, {})[workload.id] = ends[workload.id]
        for key, mine in here.items():
            for policies, names in _together(mine, partial(_is_closed_to, far=far, asked=asked)):
                text = f"no rule of {_of(policies)} lets {_some(names)} reach {kind.value}, {why} {needs[key].by}"
                yield Notice(policies[0].source, text, topic=topic)


def _webhooks(cluster: Cluster, ends: _Ends) -> Iterator[Notice]:
    """Pods behind Services that the API server calls; it is no pod, so that only rules for addresses or all mean it."""
    for need in cluster.needs:
        service = cluster.service_by_name.get((need.namespace, need.name))
        if need.kind is not NeedKind.WEBHOOK or service is None or service.selector is None:
            continue
        for workload in _behind(service, cluster):
            asked = _targets(service, need, workload)
            mine = {workload.id: ends[workload.id]} if asked and workload.id in ends else {}
            for policies, names in _together(mine, partial(_is_closed_to, far=OffPods(), asked=asked)):
                where = f"{_some(names)} on {asked}, which it calls for {need.by}"
                text = f"no rule of {_of(policies)} lets the API server reach {where}"
                yield Notice(policies[0].source, text, topic=Topic.NO_WEBHOOK)


# ------------------------------------------------------------------------------------------------ ends
def _is_closed_to(here: _Selected, far: FarEnd, asked: ConnectionSet) -> bool:
    return not any(may_be(rule.when, here.far, far, asked) for rule in here.opening)


def _together(ends: _Ends, is_cut: Callable[[_Selected], bool]) -> Iterator[tuple[tuple[PolicyLike, ...], list[str]]]:
    """The ends that are isolated and cut whatever decides there, with the policies that select them, those first that
    isolate."""
    found: dict[tuple[int, ...], tuple[tuple[PolicyLike, ...], list[str]]] = {}
    for name, sorts in ends.items():
        if not all(map(is_cut, sorts)):
            continue
        entries = sorted(sorts[0].entries, key=lambda entry: not entry.closes)
        policies = tuple({id(e.policy): e.policy for e in entries if e.policy is not None}.values())
        key = tuple(id(policy) for policy in policies)
        found.setdefault(key, (policies, []))[1].append(name)
    yield from found.values()


def _of(policies: Sequence[PolicyLike]) -> str:
    return _listed([policy.id for policy in policies], "or", 2)


def _some(names: Sequence[str]) -> str:
    return _listed(names, "and", _MOST_NAMED)


def _listed(items: Sequence[str], joiner: str, most: int) -> str:
    """`a, b and 3 more`."""
    if len(items) > most + 1:
        return f"{', '.join(items[:most])} {joiner} {len(items) - most} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def _behind(service: Service, cluster: Cluster) -> Iterator[Workload]:
    assert service.selector is not None
    for workload in cluster.workloads_by_namespace.get(service.namespace, ()):
        if matches(service.selector, workload.labels):
            yield workload


def _targets(service: Service, need: Need, workload: Workload) -> ConnectionSet:
    found = ConnectionSet.EMPTY
    for port in service.ports:
        if port.port == need.port:
            found |= targeted(workload.ports, target_of(port))
    return found
