"""A region of a baseline as an excuse that covers no more than the region did.

What is excused must have been violated then, so a region is made smaller wherever the query language cannot say it
exactly, and is left out (None) where it cannot say it at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

from analyzer.model.claims import (
    Excuse,
    PortNaming,
    Universe,
)
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Through
from analyzer.model.ends import (
    ANYTHING,
    external,
    has_one_of,
    nodes_that,
    pods_in,
    pods_of,
    pods_of_workload,
    with_address,
    without,
)
from analyzer.model.formulas import Attribute, Formula, Name, Role, both, either
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import Selector
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.policies import NamedPort, NamespaceNamed, NamespacesMatching, NumberedPorts, Ports, Protocol
from analyzer.model.profile import Profile
from analyzer.sets import AddressSet, ValueSet, other_protocols
from analyzer.verdicts.baseline import Baseline
from analyzer.verdicts.regions import NEW_NAMESPACE, YES, EndRegion, Labels, Region

_ANY_POD = pods_in(NamespacesMatching(Selector.EVERYTHING))
_FAMILIES = {"IPv4": AddressSet(AddressSet.FULL.v4, ()), "IPv6": AddressSet((), AddressSet.FULL.v6)}


def known_excuse(
    region: Region, baseline: Baseline, universe: Universe, cluster: Cluster, profile: Profile
) -> Excuse | None:
    """The connections of the region, or for `is isolated` its pods as sources; None if that cannot be said.

    The excuse is part of the same claim, so what the claim itself leaves out (`claim`) needs no saying.
    """
    today = [variant.id for w in cluster.workloads for variant in w.variants(mentioned_labels(profile, cluster))]
    ends = [_end(end, region.family, baseline, universe, cluster, today) for end in (region.src, region.dst) if end]
    if None in ends:
        return None
    sources, *others = (end for end in ends if end is not None)
    if region.dst is None:
        return Excuse(sources, ANYTHING)
    names = (*_namings(region.dst.port_names), *_namings(region.dst.service_port_names, NamedPortScope.SIDECARS))
    requests = None
    if region.request:
        from analyzer.analysis.checking.known_requests import asked_by  # with patterns, which connections have none of

        asked = [asked_by(it) for it in region.request]
        if None in asked:
            return None
        requests = both(it for it in asked if it is not None)
    return Excuse(sources, others[0], _ports(region), names, _through(region), requests)


def _texts(values: ValueSet) -> list[str]:
    return sorted(value for value in values.values if value is not None)


def _namings(asked: Labels, scope: NamedPortScope | None = None) -> Iterator[PortNaming]:
    """What is asked of the port's names; `scope` is where Services look them up."""
    for key, is_given in asked:
        protocol, _, name = key.partition("/")
        yield PortNaming(NamedPort(name, Protocol[protocol.upper()]), is_given == YES, scope)


def _through(region: Region) -> Through | None:
    if region.service is None:
        return None
    service, address, port = region.service
    return Through(service, ip_address(address), port)


def unlike_workloads(baseline: Baseline, universe: Universe, cluster: Cluster) -> tuple[Workload, ...] | None:
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
        if protocol is Protocol.OTHER and region.others == other_protocols.EVERY:
            found.append(NumberedPorts(protocol))
        elif protocol is Protocol.OTHER:
            found += (NumberedPorts(protocol, low, high) for low, high in region.others)
        elif region.ports is not None:
            found += (NumberedPorts(protocol, low, high) for low, high in region.ports)
    return tuple(found)


def _end(
    end: EndRegion,
    family: str | None,
    baseline: Baseline,
    universe: Universe,
    cluster: Cluster,
    today: Sequence[str],
) -> Formula | None:
    """Whatever the region has at this end, in the address family; `today`: the ids of the workloads that there are."""
    if end.kind == "external":
        addresses = end.addresses or AddressSet.FULL
        return external(addresses & _FAMILIES.get(family or "", AddressSet.FULL), "addresses of the baseline")
    asked = _addresses(end, family)
    if end.kind == "node":
        return both(
            (nodes_that(ValueSet.ANY if end.nodes is None else end.nodes), *_having(Name.LABEL, end.labels), *asked)
        )
    named = _workloads(end, today)
    places = _places(end, baseline, universe)
    if named is None or places is None:
        return None
    if end.service_accounts is not None:
        asked.append(pods_of(end.service_accounts))
    return _less(both((places, *_having(Name.LABEL, end.labels), *named, *asked)), end, baseline, universe, cluster)


def _addresses(end: EndRegion, family: str | None) -> list[Formula]:
    """Where the address of a pod or node is to lie: sets of which each is to hold it."""
    told = [] if end.addresses is None else [with_address(end.addresses)]
    return [*told, *([with_address(_FAMILIES[family])] if family else ())]


def _workloads(end: EndRegion, today: Sequence[str]) -> list[Formula] | None:
    """The workloads that the region names, if it names any; None where one has a namesake of another kind today."""
    if end.workloads is None or end.workloads.is_complement:
        return []
    ids = _texts(end.workloads)
    named = [id.partition("[")[0] for id in ids]
    if any(id not in ids for name in named for id in today if id.startswith(f"{name}[")):
        return None
    return [either(map(_named, named))]


def _named(text: str) -> Formula:
    namespace, _, name = text.partition("/")
    return pods_of_workload(namespace, name)


def _less(pods: Formula, end: EndRegion, baseline: Baseline, universe: Universe, cluster: Cluster) -> Formula | None:
    """The pods without those that the region leaves out, or did not know of."""
    taken: list[Formula] = []
    if end.workloads is not None and end.workloads.is_complement:
        taken += (_named(id.partition("[")[0]) for id in _texts(end.workloads))
    if end.host_network is False:
        taken += (pods_of_workload(w.namespace, w.name) for w in cluster.workloads if w.host_network)
    if end.workloads is None or end.workloads.is_complement:
        others = unlike_workloads(baseline, universe, cluster)
        if others is None:
            return None
        taken += (pods_of_workload(workload.namespace, workload.name) for workload in others)
    return without(pods, either(dict.fromkeys(taken)))


# ------------------------------------------------------------------------------------------------ namespaces
def _places(end: EndRegion, baseline: Baseline, universe: Universe) -> Formula | None:
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
    asked = _having(Name.NAMESPACE_LABEL, end.namespace_labels)
    found = [both((pods_in(NamespaceNamed(name)), *asked)) for name in names]
    if has_new:
        if there is None:
            return None
        everywhere = both((_ANY_POD, *_having(Name.NAMESPACE_LABEL, end.new_namespace_labels)))
        found.append(without(everywhere, either(pods_in(NamespaceNamed(name)) for name in sorted(there))))
    return either(found) if found else None


def _having(name: Name, asked: Labels) -> list[Formula]:
    """That the end has labels of which this is asked, or its namespace."""
    return [has_one_of(Attribute(Role.SELF, name, key), values) for key, values in asked]
