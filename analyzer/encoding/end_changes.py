"""Two states of a cluster in which ends alone are different: workloads and pods, namespaces, addresses of Services.

Outside the inventory a question speaks of every pod that could be, so that a workload more, or one less, changes
nothing of who may reach whom: a pod that is yet to come can be like any declared one but for those on their node's
network, those with ports of it, and those that the question names (encoding/classes.py).  What is left is which
addresses are outside and which are pods' own, and there too an address is like all others that nothing tells from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cached_property

from analyzer.encoding.classes import POD_SECURITY_ENFORCE
from analyzer.encoding.namespaces import Entry as Space
from analyzer.encoding.namespaces import NamespaceTable, Standing
from analyzer.encoding.question import Question
from analyzer.encoding.scope import judged_ends, pod_addresses, table_of
from analyzer.encoding.seen_ways import seen_ways
from analyzer.encoding.walk import formulas_of, formulas_of_entry
from analyzer.model.claims import Universe, asked_by
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.formulas import AtAddress, Leaf, Member, Name, OfWorkload, Same, Test, leaves_once
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.leading import node_ways, ways
from analyzer.model.memory import Together, remembered
from analyzer.model.mesh import has_mesh
from analyzer.model.on_nodes import every_node_address
from analyzer.model.pipeline import Entry
from analyzer.model.profile import Profile
from analyzer.model.reading import is_enforcing, pipeline_of
from analyzer.records import dataclass
from analyzer.sets import AddressSet

_DIFFERENT = frozenset({"namespaces", "workloads", "services", "endpoints"})
_NOT_ASKED = frozenset({"notices", "files", "irrelevant", "memory", "needs", "finished"})
_MANY = 16  # addresses that nothing tells apart: enough for both ends, and for those that are taken meanwhile
_V4, _V6 = AddressSet(((0, 2**32 - 1),), ()), AddressSet((), ((0, 2**128 - 1),))


@dataclass(frozen=True)
class EndChanges:
    """`gone` and `come`: the workloads of the one state and of the other that are in no way the same in both."""

    before: Cluster
    now: Cluster
    profile: Profile
    gone: tuple[Workload, ...]
    come: tuple[Workload, ...]

    @cached_property
    def names(self) -> frozenset[tuple[str, str]]:
        """Namespace and name of every workload that is another."""
        return frozenset((workload.namespace, workload.name) for workload in (*self.gone, *self.come))

    def namespaces(self, question: Question) -> NamespaceChanges | None:
        """What the question sees of namespaces that are others; None where it sees other namespaces to come."""
        old, new = (table_of(cluster, question) for cluster in (self.before, self.now))
        if [it for it in old.entries if it.name is None] != [it for it in new.entries if it.name is None]:
            return None
        was, now = ({it.name: it for it in table.entries if it.name} for table in (old, new))
        names = frozenset(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
        told = self._told_keys | _keys_of(asked_by(question.claim, question.assumptions)) if names else frozenset()
        alike = frozenset(name for name in names if _are_told_alike(was.get(name), now.get(name), told))
        touched = _touched(old, question) | _touched(new, question)
        return NamespaceChanges(
            (names - alike) & touched,
            frozenset(name for name in names if name not in was),
            {name: now[name].labels for name in alike},
        )

    def are_addresses_same(self, question: Question) -> bool:
        """Nothing is outside, or a pod's, that was not."""
        return _addresses_in(self.before, question) == _addresses_in(self.now, question)

    def is_universe_alike(self, question: Question) -> bool:
        """Who may be an end is the same, but for the namespaces: of the addresses that are now outside, or pods', or
        no longer, each is like others that were and are."""
        if question.universe is Universe.INVENTORY:
            return False
        asked = [*self._leaves, *asked_by(question.claim, question.assumptions)]
        workloads = (it.ends for it in asked if isinstance(it, Member) and isinstance(it.ends, OfWorkload))
        if any((ends.namespace, ends.name) in self.names for ends in workloads):
            return False
        told = frozenset(filter(None, map(_addresses, asked)))
        pairs = zip(*(_addresses_in(cluster, question) for cluster in (self.before, self.now)), strict=True)
        return all(_are_alike(was, now, told) for was, now in pairs)

    @cached_property
    def _told_keys(self) -> frozenset[str]:
        """The keys of namespaces' labels that policies, or what stands beside them, ask of."""
        stages = pipeline_of(self.profile, self.now).stages
        beside = leaves_once(it for stage in stages for it in formulas_of(stage, with_entries=False))
        asked = _labels_together(self.now).of(pipeline_of(self.profile, self.now).entries)
        return _keys_of((*asked, *beside)) | {NAMESPACE_NAME_LABEL, POD_SECURITY_ENFORCE}

    @cached_property
    def _leaves(self) -> tuple[Leaf, ...]:
        """What policies and ways of both states ask of addresses, and of workloads by their names."""
        pipeline = pipeline_of(self.profile, self.now)
        others = leaves_once(it for stage in pipeline.stages for it in formulas_of(stage, with_entries=False))
        return (
            *_asked_together(self.now).of(pipeline.entries),
            *filter(_is_of_ends, others),
            *_asked_by_ways(self.before),
            *_asked_by_ways(self.now),
        )


@dataclass(frozen=True, slots=True)
class NamespaceChanges:
    """`touched`: the names of those that are others and that an end of the question can be in, before or now; `new`:
    of all, those that nothing mentioned before; `relabelled`: the labels now of those that are others by labels alone
    of which nothing is asked."""

    touched: frozenset[str]
    new: frozenset[str]
    relabelled: Mapping[str, Labels]


def end_changes(before: Cluster, now: Cluster, profile: Profile) -> EndChanges | None:
    """Which ends are others; None where anything else may be different, or ends that are told apart by more."""
    parts = [part.name for part in fields(Cluster) if part.name not in _DIFFERENT | _NOT_ASKED]
    if any(getattr(before, name) != getattr(now, name) for name in parts) or has_mesh(now.mesh):
        return None
    if any(thing.may_be or thing.adds_pods or thing.changes_pods for thing in now.unmodelled):
        return None
    gone, come = _others(before.workloads, now.workloads)
    if not _are_like_others(before, now, (*gone, *come), profile) or not _are_stages_alike(before, now, profile):
        return None
    return EndChanges(before, now, profile, gone, come)


def _are_like_others(before: Cluster, now: Cluster, different: tuple[Workload, ...], profile: Profile) -> bool:
    """The workloads that are others are like pods that could be: not on their node's network, and with none of its
    ports; and of the others the same is told."""
    if any(workload.host_network or any(port.host_port for port in workload.ports) for workload in different):
        return False
    if any(w.ips for w in different) and before.has_disjoint_families is not now.has_disjoint_families:
        return False
    if any(w.added for w in different) and before.added_keys != now.added_keys:
        return False
    return every_node_address(before, profile) == every_node_address(now, profile)


def _are_stages_alike(before: Cluster, now: Cluster, profile: Profile) -> bool:
    """But for ways through Services' addresses that no rule sees."""
    if is_enforcing(profile, before) is not is_enforcing(profile, now):
        return False
    for was, stage in zip(pipeline_of(profile, before).stages, pipeline_of(profile, now).stages, strict=True):
        if replace(was, ways=()) != replace(stage, ways=()):
            return False
        others = () if was.ways is stage.ways else tuple(set(was.ways) ^ set(stage.ways))
        speaking = [tier for tier in stage.tiers if tier.scales] if others else []
        entries = [entry for tier in speaking for entry in tier.entries]
        if any(not tier.is_union for tier in speaking) or seen_ways(now, stage.far).is_any_seen(entries, others):
            return False
    return True


def _others(before: Iterable[Workload], now: Iterable[Workload]) -> tuple[tuple[Workload, ...], tuple[Workload, ...]]:
    """The workloads that are there before only, and now only; those that are the same object are not looked at."""
    old, new = ({id(workload): workload for workload in workloads} for workloads in (before, now))
    gone, come = [old[it] for it in old if it not in new], [new[it] for it in new if it not in old]
    was, found = set(gone), set(come)
    return tuple(it for it in gone if it not in found), tuple(it for it in come if it not in was)


def _keys_of(leaves: Iterable[Leaf]) -> frozenset[str]:
    """The keys of namespaces' labels that they ask of."""
    found: set[str] = set()
    for leaf in leaves:
        if isinstance(leaf, Test | Same):
            attributes = (leaf.left, leaf.right) if isinstance(leaf, Same) else (leaf.attribute,)
            found.update(it.key for it in attributes if it.name is Name.NAMESPACE_LABEL)
    return frozenset(found)


def _are_told_alike(was: Space | None, now: Space | None, keys: frozenset[str]) -> bool:
    """Both are declared, and differ in no label of these keys."""
    if was is None or now is None or not was.standing is now.standing is Standing.KNOWN:
        return False
    return all(was.labels.get(key) == now.labels.get(key) for key in keys)


def _touched(table: NamespaceTable, question: Question) -> frozenset[str]:
    codes = frozenset(code for end in judged_ends(question, table) for code in end.namespaces)
    return frozenset(name for code in codes if (name := table.entries[code].name))


def _addresses_in(cluster: Cluster, question: Question) -> tuple[AddressSet, ...]:
    """Where what is outside can be, where pods, and where nodes of which nobody knows where they are."""
    return ~cluster.taken_addresses, pod_addresses(cluster, question.pod_addresses), ~cluster.inner_addresses


def _addresses(leaf: Leaf) -> AddressSet | None:
    match leaf:
        case Member(_, AtAddress(addresses)) | Test(_, AddressSet() as addresses):
            return addresses
        case _:
            return None


def _is_of_ends(leaf: Leaf) -> bool:
    return _addresses(leaf) is not None or (isinstance(leaf, Member) and isinstance(leaf.ends, OfWorkload))


@remembered
def _asked_together(cluster: Cluster) -> Together[Entry, Leaf]:
    """Room for what policies ask of addresses and of workloads together, whatever the cluster."""
    return Together(lambda entry: list(filter(_is_of_ends, leaves_once(formulas_of_entry(entry)))))


@remembered
def _labels_together(cluster: Cluster) -> Together[Entry, Leaf]:
    """Room for what policies ask of labels together, whatever the cluster."""
    return Together(lambda entry: [it for it in leaves_once(formulas_of_entry(entry)) if isinstance(it, Test | Same)])


@remembered
def _asked_by_ways(cluster: Cluster) -> tuple[Leaf, ...]:
    ports = (*(way.port for way in ways(cluster)), *(way.port for way in node_ways(cluster)))
    led = dict.fromkeys(port.members for port in ports)
    return tuple(filter(_is_of_ends, leaves_once(led)))


def _are_alike(before: AddressSet, now: AddressSet, told: frozenset[AddressSet]) -> bool:
    """Of each address that is in one of the two alone there are many in both that nothing tells from it."""
    different, both = (before - now) | (now - before), before & now
    parts = [(different & of_family, of_family) for of_family in (_V4, _V6)]
    for addresses in told:
        cut = [(some & side, cell & side) for some, cell in parts for side in (addresses, ~addresses)]
        parts = [(some, cell) for some, cell in cut if some]
    return all(_has_many(cell & both) for some, cell in parts if some)


def _has_many(addresses: AddressSet) -> bool:
    return sum(high - low + 1 for low, high in (*addresses.v4, *addresses.v6)) >= _MANY
