"""Namespaces that let in nothing of another one, as few looks at their policies tell.

A policy closes all pods of such a namespace, and of the rules that may count for its pods none can let in a pod of the
other namespace, whatever the pods are like.  False of a namespace says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.encoding.namespaces import NamespaceTable
from analyzer.encoding.reach import Ends, ends_of
from analyzer.encoding.slices import named_by
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
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
    is_a,
    leaves,
    negated,
)
from analyzer.model.pipeline import Entry, Stage, Unmatched
from analyzer.model.policies import Action, NamespaceNamed, PodPeer, Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import is_enforcing, pipeline_of, pods_in

_PODS = is_a(Role.SELF, frozenset({EndKind.POD}))


def without_shut(claim: Claim, home: str, cluster: Cluster, profile: Profile) -> Claim:
    """The claim that forbids connections from pods of the namespace `home`, without destinations to which there are
    none: it is violated by the same ones."""
    if claim.kind is not Kind.NO or claim.destinations is None or any(map(_is_word, leaves(claim.destinations))):
        return claim
    if any(ports.protocol is Protocol.OTHER for ports in claim.ports):
        return claim  # what isolation does to those is open
    shut = shut_to(cluster, home, profile)
    if not shut:
        return claim
    closed = both([_PODS, Test(Attribute(Role.SELF, Name.NAMESPACE), shut)])
    return replace(claim, destinations=both([claim.destinations, negated(closed)]))


def shut_to(cluster: Cluster, home: str, profile: Profile) -> frozenset[str]:
    """The namespaces whose pods, but for those on their nodes' network, no pod of `home` reaches by TCP, UDP or SCTP;
    `home` is declared."""
    found = cluster.readings.get((shut_to, home, profile))
    if not isinstance(found, frozenset):
        found = cluster.readings[shut_to, home, profile] = _shut_to(cluster, home, profile)
    return found


def _shut_to(cluster: Cluster, home: str, profile: Profile) -> frozenset[str]:
    stage = pipeline_of(profile, cluster).stages[1]
    own = cluster.namespace_by_name[home]
    if not own.is_declared or not is_enforcing(profile, cluster) or stage.applies != _PODS or stage.doubts:
        return frozenset()
    known = frozenset(namespace.name for namespace in cluster.namespaces)
    table = NamespaceTable(replace(cluster, namespaces=(own,)), Universe.NAMESPACES, False, ())
    sources = Ends(table.every, table.every, nodes=False, outside=False)
    opened: set[str] = set()
    for subject in (*_letting_in(stage, sources, table), *(disguise.when for disguise in stage.disguises)):
        names = frozenset(cluster.with_ports_of_nodes) if subject == OnHostPort() else named_by(subject)
        if names is None:
            whole = NamespaceTable(cluster, Universe.NAMESPACES, False, ())
            codes = (ends_of(subject, whole, role=role).namespaces for role in (Role.SELF, Role.DST))
            names = frozenset(whole.entries[code].name or "" for code in frozenset.intersection(*codes))
        opened |= names
    return (_closed(stage) & known) - opened


def _letting_in(stage: Stage, sources: Ends, table: NamespaceTable) -> Iterator[Formula]:
    """The subjects of the policies with a rule that may let in one of the sources."""
    for tier in stage.tiers:
        for entry in tier.entries:
            rules = (rule.when for rule in entry.rules if rule.action is Action.ACCEPT)
            if any(ends_of(when, table, role=stage.far).meets(sources) for when in rules):
                yield entry.subject


def _closed(stage: Stage) -> frozenset[str]:
    """The namespaces all of whose pods a policy closes, in a tier that hands nothing on but what its rules let in."""
    found: set[str] = set()
    for tier in stage.tiers:
        if tier.is_union and tier.unmatched is Unmatched.DENY and _spares_others_alone(tier.spared):
            found.update(name for entry in tier.entries if entry.closes and (name := _closed_by(entry)))
    return frozenset(found)


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
