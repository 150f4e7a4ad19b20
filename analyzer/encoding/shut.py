"""Namespaces between whose pods and those of another one there are no connections, as few looks at policies tell.

A policy closes all pods of one of the two, and of the rules that may count for these none can let be a pod of the
other, whatever the pods are like.  That a namespace is not named says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from analyzer.encoding.namespaces import NamespaceTable, namespace_table
from analyzer.encoding.question import Question
from analyzer.encoding.reach import NO_END, Ends, ends_of, union_of
from analyzer.encoding.scope import pod_addresses
from analyzer.encoding.seen_ways import seen_ways
from analyzer.encoding.slices import StageIndex, index_of, named_by
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    ANY_PODS,
    FALSE,
    All,
    Attribute,
    EndKind,
    Formula,
    Member,
    Name,
    OnHostPort,
    OnPorts,
    Role,
    Test,
    Word,
    both,
    either,
    is_a,
    leaves,
    negated,
)
from analyzer.model.memory import PerObject, remembered
from analyzer.model.pipeline import Entry, Stage, Unmatched
from analyzer.model.policies import Action, Direction, NamespaceNamed, PodPeer, Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import is_enforcing, pipeline_of, pods_in
from analyzer.sets import AddressSet

_PODS = is_a(Role.SELF, frozenset({EndKind.POD}))
_MANY = 1_000
_FEW = 16  # namespaces that are left: of more, their own policies are looked at


def without_shut(claim: Claim, home: str, direction: Direction, question: Question, cluster: Cluster) -> Claim:
    """The claim that forbids connections from pods of the namespace `home` (egress), or to them (ingress), without far
    ends between which and those there are none: it is violated by the same ones."""
    at_source = direction is Direction.EGRESS
    far = claim.destinations if at_source else claim.sources
    if claim.kind is not Kind.NO or far is None or any(map(_is_word, leaves(far))):
        return claim
    if any(ports.protocol is Protocol.OTHER for ports in claim.ports):
        return claim  # what isolation does to those is open
    profile, pods = question.profile, pod_addresses(cluster, question.pod_addresses)
    shut = shut_by_own(cluster, home, direction, profile, pods)
    if len(cluster.namespaces) - len(shut) > _FEW:
        shut |= shut_to(cluster, home, direction, profile, pods)
    if not shut:
        return claim
    bare = frozenset(name for name in shut if _is_off_nodes(cluster, name))
    closed = either(
        both([is_a(Role.SELF, kinds), Test(Attribute(Role.SELF, Name.NAMESPACE), names)])
        for kinds, names in ((ANY_PODS, bare), (frozenset({EndKind.POD}), shut - bare))
        if names
    )
    narrowed = both([far, negated(closed)])
    return replace(claim, destinations=narrowed) if at_source else replace(claim, sources=narrowed)


def shut_by_own(
    cluster: Cluster, home: str, direction: Direction, profile: Profile, pods: AddressSet
) -> frozenset[str]:
    """The namespaces to whose pods no pod of `home` opens a connection by TCP, UDP or SCTP, or the other way for
    ingress, because the policies of `home` let none; `pods`: where pods' addresses lie.  Those on their nodes' network
    are left out."""
    index = index_of(cluster, profile)[0 if direction is Direction.EGRESS else 1]
    table = namespace_table(cluster, Universe.NAMESPACES, False, ())
    if not _is_telling(index.stage, cluster, home, profile) or not _is_off_nodes(cluster, home):
        return frozenset()
    stage = replace(index.stage, tiers=index.tiers(index.at(_pods_of(home, table), table)))
    letting = [it for it in stage.entries if any(rule.action is Action.ACCEPT for rule in it.rules)]
    if home not in _closed(stage, _said(cluster, stage.name)) or _is_other_seen(index, letting, home, table, cluster):
        return frozenset()
    accepts = [rule.when for entry in letting for rule in entry.rules if rule.action is Action.ACCEPT]
    met = union_of(ends_of(when, table, pods, role=stage.far) for when in accepts)
    return frozenset(name for code in table.every - met.pods if (name := table.entries[code].name))


def _is_off_nodes(cluster: Cluster, home: str) -> bool:
    """No pod of `home` is on its node's network, which policies do not select, or has a port of it."""
    if home in cluster.with_ports_of_nodes:
        return False
    return not any(thing.adds_pods and thing.namespace in (None, home) for thing in cluster.unmodelled)


def _pods_of(home: str, table: NamespaceTable) -> Ends:
    code = table.code(home)
    return NO_END if code is None else NO_END._replace(pods=frozenset({code}))


def _is_other_seen(index: StageIndex, letting: list[Entry], home: str, table: NamespaceTable, cluster: Cluster) -> bool:
    """The policies of `home` may see another far end than the one there is, or what they say may not count."""
    near = _pods_of(home, table)
    stage = index.stage
    if stage.arrival.balanced != FALSE or seen_ways(cluster, stage.far).of(letting, stage.ways):
        return True
    if stage.node_ways and any(index.may_mean_nodes(entry, table) for entry in letting):
        return True
    doubted = (either([it.denies, it.allows, it.isolates]) for it in stage.doubts)
    if any(near.meets(ends_of(it, table)) for it in doubted):
        return True
    fronts = (it.when for it in stage.disguises if it.when != OnHostPort())  # which none of its pods is on
    return any(near.meets(ends_of(it, table, role=Role.DST)) for it in fronts)


def shut_to(cluster: Cluster, home: str, direction: Direction, profile: Profile, pods: AddressSet) -> frozenset[str]:
    """The namespaces whose own policies let in nothing of the pods of `home`, or let out nothing to them for ingress,
    by TCP, UDP or SCTP; as `shut_by_own`."""
    key = shut_to, home, direction, profile, pods
    found = cluster.readings.get(key)
    if not isinstance(found, frozenset):
        found = cluster.readings[key] = _shut_to(cluster, home, direction, profile, pods)
    return found


def _shut_to(cluster: Cluster, home: str, direction: Direction, profile: Profile, pods: AddressSet) -> frozenset[str]:
    stage = pipeline_of(profile, cluster).stages[1 if direction is Direction.EGRESS else 0]
    own = cluster.namespace_by_name[home]
    if not _is_telling(stage, cluster, home, profile) or stage.doubts or stage.node_ways:
        return frozenset()
    table = NamespaceTable(replace(cluster, namespaces=(own,)), Universe.NAMESPACES, False, ())
    ends = NO_END._replace(pods=table.every, on_nodes=frozenset() if _is_off_nodes(cluster, home) else table.every)
    led = (way.port.members for way in stage.ways if home in (named_by(way.port.members) or (home,)))
    if any(ends.meets(ends_of(members, table)) for members in led):
        return frozenset()  # which rules see its pods by other addresses
    said = _said(cluster, stage.name)
    said.forget_others(stage.entries)
    opened: set[str] = set()
    for subject in (*_letting(stage, said, ends, table, pods), *(disguise.when for disguise in stage.disguises)):
        names = frozenset(cluster.with_ports_of_nodes) if subject == OnHostPort() else named_by(subject)
        if names is None:
            whole = namespace_table(cluster, Universe.NAMESPACES, False, ())
            codes = (ends_of(subject, whole, role=role).namespaces for role in (Role.SELF, Role.DST))
            names = frozenset(whole.entries[code].name or "" for code in frozenset.intersection(*codes))
        opened |= names
    return (_closed(stage, said) & frozenset(cluster.namespace_by_name)) - opened


def _is_telling(stage: Stage, cluster: Cluster, home: str, profile: Profile) -> bool:
    """Policies of the stage tell all of pods alone, and what they ask of `home` is known."""
    return cluster.namespace_by_name[home].is_declared and is_enforcing(profile, cluster) and stage.applies == _PODS


def _letting(stage: Stage, said: _Said, ends: Ends, table: NamespaceTable, pods: AddressSet) -> Iterator[Formula]:
    """The subjects of the policies with a rule that may let one of the far ends be."""
    every = list(said.of(stage.entries))  # which keeps alive what is known by its `id()`
    told: dict[int, bool] = {}

    def lets(when: Formula) -> bool:
        found = told.get(id(when))
        if found is None:
            found = told[id(when)] = ends_of(when, table, pods, role=stage.far).meets(ends)
        return found

    for entry, (_, accepts) in zip(stage.entries, every, strict=True):
        if any(map(lets, accepts)):
            yield entry.subject


def _closed(stage: Stage, said: _Said) -> frozenset[str]:
    """The namespaces all of whose pods a policy closes, in a tier that hands nothing on but what its rules let in."""
    found: set[str] = set()
    for tier in stage.tiers:
        if tier.is_union and tier.unmatched is Unmatched.DENY and _spares_others_alone(tier.spared):
            found.update(it.closed for it in said.of(tier.entries) if it.closed)
    return frozenset(found)


class _OfEntry(NamedTuple):
    """The namespace all of whose pods it closes, or none, and what its rules let be."""

    closed: str
    accepts: tuple[Formula, ...]


class _Said:
    """What each of many policies says; most let be what others do, and what is equal is one object.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._kept: PerObject[Entry, _OfEntry] = PerObject()
        self._alike: dict[Formula, Formula] = {}

    def of(self, entries: Sequence[Entry]) -> Iterator[_OfEntry]:
        return self._kept.of(entries, self._of_entry, are_all=False)

    def forget_others(self, entries: Sequence[Entry]) -> None:
        """These are all that there are now."""
        self._kept.forget_others(entries)
        if len(self._alike) > 2 * len(entries) + _MANY:  # most of it was said by policies that have gone
            self._alike = {}

    def _of_entry(self, entry: Entry) -> _OfEntry:
        whens = (rule.when for rule in entry.rules if rule.action is Action.ACCEPT)
        accepts = tuple(self._alike.setdefault(when, when) for when in whens)
        return _OfEntry(_closed_by(entry) if entry.closes else "", accepts)


@remembered
def _said(cluster: Cluster, stage: str) -> _Said:
    """Room for what policies say at the stage of that name, whatever the cluster."""
    return _Said()


def _closed_by(entry: Entry) -> str:
    names = named_by(entry.subject)
    if names is None or len(names) != 1:
        return ""
    (name,) = names
    return name if entry.subject == pods_in(PodPeer(NamespaceNamed(name)), Role.SELF) else ""


def _spares_others_alone(spared: Formula) -> bool:
    """Nothing, or protocols without ports."""
    parts = spared.parts if isinstance(spared, All) else ()
    return spared == FALSE or any(isinstance(part, OnPorts) and part.protocol is Protocol.OTHER for part in parts)


def _is_word(leaf: Formula) -> bool:
    return isinstance(leaf, Member) and isinstance(leaf.ends, Word)
