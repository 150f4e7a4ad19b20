"""A region of a baseline as an excuse that covers no more than the region did.

What is excused must have been violated then, so a region is made smaller wherever the query language cannot say it
exactly, and is left out (None) where it cannot say it at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model.claims import (
    Addresses,
    AllOf,
    Anything,
    Attribute,
    Both,
    Condition,
    Either,
    Excuse,
    Minus,
    Nodes,
    NotThat,
    OneOf,
    PodsIn,
    Role,
    SetExpr,
    Term,
    Universe,
    WorkloadNamed,
)
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import NamespaceNamed, NamespacesMatching, NumberedPorts, Ports, Protocol
from analyzer.sets import AddressSet, ValueSet
from analyzer.verdicts.baseline import Baseline
from analyzer.verdicts.regions import NEW_NAMESPACE, EndRegion, Region

_FAMILIES = {"IPv4": AddressSet(AddressSet.FULL.v4, ()), "IPv6": AddressSet((), AddressSet.FULL.v6)}


def known_excuse(region: Region, baseline: Baseline, universe: Universe, cluster: Cluster) -> Excuse | None:
    """The connections of the region, or for `is isolated` its pods as sources; None if that cannot be said.

    The excuse is part of the same claim, so what the claim itself leaves out (`claim`) needs no saying.
    """
    if region.service is not None:
        return None
    ends = [_end(end, baseline, universe, cluster) for end in (region.src, region.dst) if end is not None]
    if None in ends:
        return None
    sources, *others = (end for end in ends if end is not None)
    asked = _accounts(region.src, Role.SRC)
    if region.dst is None:
        return None if asked or region.src.addresses is not None else Excuse(sources, Anything())
    asked += _accounts(region.dst, Role.DST)
    return Excuse(
        sources,
        others[0],
        _ports(region),
        AllOf(tuple(asked)) if asked else None,
        _addresses(region.src, region.family),
        _addresses(region.dst, region.family),
    )


def _accounts(end: EndRegion, role: Role) -> list[Condition]:
    """What is asked of the end's service account."""
    if end.service_accounts is None:
        return []
    names = frozenset(_texts(end.service_accounts))
    is_among = OneOf(Term(role, Attribute.SERVICE_ACCOUNT), names)
    return [NotThat(is_among) if end.service_accounts.is_complement else is_among]


def _texts(values: ValueSet) -> list[str]:
    return sorted(value for value in values.values if value is not None)


def _addresses(end: EndRegion, family: str | None) -> AddressSet | None:
    """Where the end's address is to lie.  Addresses outside are in the set of ends already."""
    told = None if end.kind == "external" else end.addresses
    if family is None:
        return told
    return _FAMILIES[family] if told is None else told & _FAMILIES[family]


def strangers(baseline: Baseline, universe: Universe, cluster: Cluster) -> tuple[Workload, ...] | None:
    """The workloads of today that a baseline's region of pods in general does not speak of; None if it does not tell.

    Any pod that could be created is like any other of its labels; a pod on its node's network is not, nor is, within
    `inventory`, a workload that was not there.
    """
    special = [w for w in cluster.workloads if w.host_network or universe is Universe.INVENTORY]
    if not special:
        return ()
    if baseline.workloads is None:
        return None
    return tuple(workload for workload in special if workload.id not in baseline.workloads)


def _ports(region: Region) -> tuple[Ports, ...]:
    found: list[Ports] = []
    for protocol in region.protocols:
        if protocol is Protocol.OTHER or region.ports is None:
            found.append(NumberedPorts(protocol))
        else:
            found += (NumberedPorts(protocol, low, high) for low, high in region.ports)
    return tuple(found)


def _end(end: EndRegion, baseline: Baseline, universe: Universe, cluster: Cluster) -> SetExpr | None:
    if end.port_names or end.service_port_names:
        return None
    if end.kind == "external":
        return Addresses(end.addresses or AddressSet.FULL, "addresses of the baseline")
    if end.kind == "node":
        return None if end.nodes is not None or end.labels else Nodes()
    named = _workloads(end, cluster)
    places = _places(end, baseline, universe)
    if named is None or places is None:
        return None
    return _less(Both((places, *_with_labels(end.labels), *named)), end, baseline, universe, cluster)


def _workloads(end: EndRegion, cluster: Cluster) -> list[SetExpr] | None:
    """The workloads that the region names, if it names any; None where one has a namesake of another kind today."""
    if end.workloads is None or end.workloads.is_complement:
        return []
    ids = _texts(end.workloads)
    named = [_named(id.partition("[")[0]) for id in ids]
    today = [variant.id for w in cluster.workloads for variant in w.variants(cluster.mentioned_labels)]
    if any(id not in ids for name in named for id in today if id.startswith(f"{name.namespace}/{name.name}[")):
        return None
    return [Either(tuple(named))]


def _named(text: str) -> WorkloadNamed:
    namespace, _, name = text.partition("/")
    return WorkloadNamed(namespace, name)


def _less(pods: SetExpr, end: EndRegion, baseline: Baseline, universe: Universe, cluster: Cluster) -> SetExpr | None:
    """The pods without those that the region leaves out, or did not know of."""
    taken: list[SetExpr] = []
    if end.workloads is not None and end.workloads.is_complement:
        taken += (_named(id.partition("[")[0]) for id in _texts(end.workloads))
    if end.host_network is False:
        taken += (WorkloadNamed(w.namespace, w.name) for w in cluster.workloads if w.host_network)
    if end.workloads is None or end.workloads.is_complement:
        others = strangers(baseline, universe, cluster)
        if others is None:
            return None
        taken += (WorkloadNamed(workload.namespace, workload.name) for workload in others)
    return Minus(pods, Either(tuple(dict.fromkeys(taken)))) if taken else pods


# ------------------------------------------------------------------------------------------------ namespaces
def _places(end: EndRegion, baseline: Baseline, universe: Universe) -> SetExpr | None:
    """The pods of the region's namespaces: of those that existed then by name, of others as not existing then."""
    there = baseline.namespaces
    names: Iterable[str]
    if end.namespaces is None:
        if there is None:
            return None
        names, has_new = sorted(there), universe is Universe.ANY
    else:
        names = [name for name in end.namespaces if name != NEW_NAMESPACE]
        has_new = NEW_NAMESPACE in end.namespaces
    asked = _in_namespaces_with(end.namespace_labels)
    found: list[SetExpr] = [Both((PodsIn(NamespaceNamed(name)), *asked)) for name in names]
    if has_new:
        if there is None:
            return None
        everywhere = Both(
            (PodsIn(NamespacesMatching(Selector.EVERYTHING)), *_in_namespaces_with(end.new_namespace_labels))
        )
        old = tuple(PodsIn(NamespaceNamed(name)) for name in sorted(there))
        found.append(Minus(everywhere, Either(old)) if old else everywhere)
    return Either(tuple(found)) if found else None


def _with_labels(asked: tuple[tuple[str, ValueSet], ...]) -> list[SetExpr]:
    """Pods of whose labels this is asked: sets of which each is to hold them."""
    every = NamespacesMatching(Selector.EVERYTHING)
    return [Either(tuple(PodsIn(every, selector) for selector in _having(*label))) for label in asked]


def _in_namespaces_with(asked: tuple[tuple[str, ValueSet], ...]) -> list[SetExpr]:
    """Pods of whose namespaces' labels this is asked."""
    return [Either(tuple(PodsIn(NamespacesMatching(selector)) for selector in _having(*label))) for label in asked]


def _having(key: str, values: ValueSet) -> tuple[Selector, ...]:
    """Selectors one of which is met just where the label has one of the values."""
    named = frozenset(value for value in values.values if value is not None)
    names_absent = None in values.values
    if values.is_complement:
        required = [Requirement(key, Operator.EXISTS)] if names_absent else []
        required += [Requirement(key, Operator.NOT_IN, named)] if named else []
        return (Selector(tuple(required)),)
    found = [Requirement(key, Operator.IN, named)] if named else []
    found += [Requirement(key, Operator.DOES_NOT_EXIST)] if names_absent else []
    return tuple(Selector((one,)) for one in found)
