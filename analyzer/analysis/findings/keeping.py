"""What edits cut that no refuted query forbids, and what they open that none asks for: findings tell of both.

Two maps of the inventory are compared, before the edit and after it.  A pod that declares ports is taken to listen on
those alone; DNS pods are taken to be there where no manifest has them, for every pod asks them.  Outside are the
Internet, private addresses that are no pods', those that the manifests name, and to call also link-local ones, where
the metadata service is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from ipaddress import ip_address
from itertools import groupby

from analyzer.analysis.connectivity import connectivity
from analyzer.analysis.findings.dns import dns_peer
from analyzer.analysis.findings.permitting import FORBIDDING, named_outside
from analyzer.analysis.findings.probes import met
from analyzer.analysis.revisions.inventory_difference import Pairing, both_mentioned
from analyzer.encoding import align
from analyzer.encoding.scope import pod_addresses
from analyzer.judging import Setting
from analyzer.model.claims import Claim, Kind
from analyzer.model.cluster import Cluster, ContainerPort, Namespace, Workload
from analyzer.model.editing import edited
from analyzer.model.endpoints import Connection, End, External, pod_of
from analyzer.model.ends import leaves_of
from analyzer.model.enforcing import as_pictured
from analyzer.model.formulas import AtAddress, Member
from analyzer.model.policies import PORT_PROTOCOLS, NamespacesMatching, NumberedPorts, Protocol
from analyzer.records import dataclass
from analyzer.semantics import is_in_scope, matches
from analyzer.sets import (
    DEFAULT_POD_ADDRESSES,
    INTERNET,
    LINK_LOCAL,
    METADATA_SERVICE,
    AddressSet,
    ConnectionSet,
    PortSet,
)
from analyzer.verdicts.connectivity import ConnectivityMap
from analyzer.verdicts.difference import ChangedPairs

ASKING = (Kind.SOME, Kind.EVERY)
_MOST_WORKLOADS = 300
_MOST_COMPARED = 150  # maps in one answer
_FAMILIAR_PORTS = (443, 80, 8080, 53)
_FAMILIAR = tuple(ip_address(text) for text in ("8.8.8.8", "1.1.1.1", "2001:4860:4860::8888"))


@dataclass(frozen=True, slots=True)
class Effect:
    """What an edit does to the workloads that are there, one connection for each pair of ends: what it `cuts` that no
    query forbids, and what it `opens` that none asks for.  `slight`: cuts too, of link-local addresses alone, which
    count for nothing where one edit is chosen before another."""

    cuts: tuple[Connection, ...] = ()
    opens: tuple[Connection, ...] = ()
    slight: tuple[Connection, ...] = ()


class Kept:
    """The inventory of a cluster, and the claims that forbid some of what is open in it, or ask for more."""

    def __init__(self, cluster: Cluster, setting: Setting, claims: Iterable[Claim]) -> None:
        """`cluster` as it is enforced; `claims`: those that are refuted, of which those count that forbid something
        or ask for it."""
        self._setting, self._profile = setting, setting.profile
        claims = tuple(claims)
        self.claims = tuple(claim for claim in claims if claim.kind in FORBIDDING)
        self._asking = tuple(claim for claim in claims if claim.kind in ASKING)
        self._cluster, self._compared = cluster, 0
        self._pods = pod_addresses(cluster, setting.pod_addresses)
        self._maps: dict[object, ConnectivityMap] = {}
        self._spoken_of: dict[tuple[bool, End, End], dict[tuple[Protocol, int], bool]] = {}

    def effect(self, after: Cluster) -> Effect:
        """What the cluster that there is afterwards cuts and opens; nothing if too much was compared already."""
        if self._compared >= _MOST_COMPARED:
            return Effect()
        self._compared += 1
        old, new = align(self._before, self._pictured(after))
        mentioned = both_mentioned(old, new, (self._profile, self._profile))
        self._workloads.update((it.id, it) for each in self._before.workloads for it in each.variants(mentioned))
        pairing = Pairing(self._map(old, mentioned), self._made(new, mentioned))
        changes = list(pairing.changes([]))
        cuts = self._shown(changes, pairing.ends, _lost, self.claims)
        opens = self._shown(changes, pairing.ends, _gained, self._asking)
        slight = tuple(it for it in cuts if _is_slight(it.dst))
        return Effect(tuple(it for it in cuts if it not in slight), opens, slight)

    def _shown(
        self,
        changes: Sequence[ChangedPairs],
        ends: Sequence[str],
        of: Callable[[ChangedPairs], ConnectionSet],
        claims: Sequence[Claim],
    ) -> tuple[Connection, ...]:
        """One connection for each pair of ends that changed so and of which no claim speaks."""
        found: dict[tuple[str, str], Connection] = {}
        for change in changes:
            if not (changed := of(change)):
                continue
            for src, dst in ((ends[src], ends[dst]) for src in change.src for dst in change.dst if src != dst):
                key = src if src in self._workloads else "outside", dst if dst in self._workloads else "outside"
                if key in found and not _is_slight(found[key].dst):
                    continue
                if (shown := self._unspoken(src, dst, changed, claims)) is not None:
                    found[key] = shown
        return tuple(sorted(found.values(), key=_plainness))

    # -------------------------------------------------------------------------------------------- the two maps
    @cached_property
    def _before(self) -> Cluster:
        return self._pictured(self._cluster)

    @cached_property
    def _workloads(self) -> dict[str, Workload]:
        """Those that are looked at, and the sorts of pods that maps tell apart in them, by the ids of maps' ends."""
        return {workload.id: workload for workload in self._before.workloads}

    @cached_property
    def _servers(self) -> tuple[Workload, ...]:
        """DNS pods where the manifests have none."""
        peer = dns_peer(self._cluster)
        if any(matches(peer.pods, workload.labels) for workload in self._cluster.workloads):
            return ()
        assert isinstance(peer.namespaces, NamespacesMatching)
        (namespace,) = peer.namespaces.selector.requirements[0].values
        ports = tuple(ContainerPort("", 53, protocol) for protocol in (Protocol.UDP, Protocol.TCP))
        return (Workload("Deployment", namespace, "kube-dns", met(peer.pods), ports=ports),)

    @cached_property
    def _ids(self) -> frozenset[str]:
        """The workloads that are looked at: of very many some of each namespace."""
        if len(self._cluster.workloads) <= _MOST_WORKLOADS:
            return frozenset(workload.id for workload in self._cluster.workloads)
        by_namespace = [list(its) for _, its in groupby(self._cluster.workloads, key=lambda it: it.namespace)]
        each = max(1, _MOST_WORKLOADS // len(by_namespace))
        return frozenset(it.id for its in by_namespace[:_MOST_WORKLOADS] for it in its[:each])

    def _pictured(self, cluster: Cluster) -> Cluster:
        workloads, namespaces = cluster.recall((Kept, self._servers, self._ids), self._looked_at)
        if workloads is not cluster.workloads or namespaces is not cluster.namespaces:
            cluster = replace(cluster, workloads=workloads, namespaces=namespaces)
        return as_pictured(cluster, self._profile)

    def _looked_at(self, cluster: Cluster) -> tuple[tuple[Workload, ...], tuple[Namespace, ...]]:
        """The workloads and namespaces that maps show: the very same as long as the manifests have no others."""
        kept = tuple(it for it in cluster.workloads if it.id in self._ids)
        if not self._servers and len(kept) == len(cluster.workloads):
            return cluster.workloads, cluster.namespaces
        made = edited(Cluster(namespaces=cluster.namespaces, workloads=kept), self._servers)
        return made.workloads, made.namespaces

    def _map(self, cluster: Cluster, mentioned: Mapping[str, frozenset[str]]) -> ConnectivityMap:
        key = cluster.namespaces, frozenset(mentioned.items())
        if key not in self._maps:
            self._maps[key] = self._made(cluster, mentioned)
        return self._maps[key]

    def _made(self, cluster: Cluster, mentioned: Mapping[str, frozenset[str]]) -> ConnectivityMap:
        return connectivity(cluster, self._profile, pod_addresses=self._setting.pod_addresses, mentioned=mentioned)

    # -------------------------------------------------------------------------------------------- what is wanted
    def _unspoken(self, src: str, dst: str, changed: ConnectionSet, claims: Sequence[Claim]) -> Connection | None:
        """A connection of those that changed, between ends that are there, of which no claim speaks."""
        if any(src == server.id for server in self._servers):
            return None
        for source in self._ends(src, self._outside - _LINK_LOCAL):
            for destination in self._ends(dst, self._outside):
                known = self._spoken_of.setdefault((claims is self._asking, source, destination), {})
                for protocol, ports in changed.by_protocol:
                    for port in self._ports(dst, Protocol(protocol), ports):
                        connection = Connection(source, destination, Protocol(protocol), port)
                        at = connection.protocol, port
                        if at not in known:  # most edits cut between the same ends
                            known[at] = any(is_in_scope(claim, connection, self._profile) for claim in claims)
                        if not known[at]:
                            return connection
        return None

    def _ends(self, name: str, outside: AddressSet) -> Iterator[End]:
        workload = self._workloads.get(name)
        if workload is not None:
            labels = self._before.namespace_by_name[workload.namespace].labels
            known = next(iter(workload.ips), None) or self._pods.some() + 1
            yield replace(pod_of(workload, labels, known), unknown=())
            return
        low, _, high = name.partition("-")
        found = _between(low, high) & outside
        yield from (External(ip) for ip in _FAMILIAR if ip in found)
        plain = [found - _LINK_LOCAL, found & METADATA_SERVICE, found]
        parts = [*plain, *(part for it in self._told for one in plain for part in (one - it, one & it))]
        yield from (External(part.some()) for part in dict.fromkeys(parts) if part)

    @cached_property
    def _outside(self) -> AddressSet:
        """Addresses that somebody may mean: of the Internet, private ones that are no pods', link-local ones, and those
        that the manifests name."""
        found = ((INTERNET | DEFAULT_POD_ADDRESSES | _LINK_LOCAL) - self._pods) | named_outside(self._cluster)
        is_dual = any(ip.version != 4 for workload in self._cluster.workloads for ip in workload.ips)
        return found if is_dual else AddressSet(found.v4, ())

    @cached_property
    def _told(self) -> tuple[AddressSet, ...]:
        """The sets of addresses that claims speak of."""
        sets = [it for claim in self.claims for it in (claim.sources, claim.destinations) if it is not None]
        sets += [
            it for claim in self.claims for excuse in claim.excuses for it in (excuse.sources, excuse.destinations)
        ]
        leaves = (leaf.ends for it in sets for leaf in leaves_of(it) if isinstance(leaf, Member))
        return tuple(dict.fromkeys(ends.addresses for ends in leaves if isinstance(ends, AtAddress)))

    def _heard(self, dst: str, protocol: Protocol, ports: PortSet) -> PortSet:
        """Those of the ports on which the end may listen."""
        workload = self._workloads.get(dst)
        if workload is None or not workload.ports:
            return ports
        return ports & PortSet.of(*(it.number for it in workload.ports if it.protocol is protocol))

    def _ports(self, dst: str, protocol: Protocol, ports: PortSet) -> Iterator[int]:
        """Ports of them, those that readers know first, on both sides of what claims name."""
        heard = self._heard(dst, protocol, ports)
        known = _FAMILIAR_PORTS if protocol is Protocol.TCP else (53,) if protocol is Protocol.UDP else ()
        edges = (edge for low, high in (*heard, *self._named) for edge in (low - 1, low, high, high + 1))
        yield from (port for port in dict.fromkeys((*known, *edges)) if port in heard)

    @cached_property
    def _named(self) -> tuple[tuple[int, int], ...]:
        entries = (it for claim in self.claims for it in claim.ports)
        excused = (it for claim in self.claims for excuse in claim.excuses for it in excuse.ports or ())
        named = (
            it
            for it in (*entries, *excused)
            if isinstance(it, NumberedPorts) and it.low and it.protocol in PORT_PROTOCOLS
        )
        return tuple(dict.fromkeys((it.low or 0, it.high or it.low or 0) for it in named))


def _between(low: str, high: str) -> AddressSet:
    first, last = ip_address(low), ip_address(high)
    span = ((int(first), int(last)),)
    return AddressSet(span, ()) if first.version == 4 else AddressSet((), span)


def _lost(change: ChangedPairs) -> ConnectionSet:
    """What no longer may be, or no longer is for certain: addresses of pods that nobody knows leave some of it open."""
    may, certain = change.before - change.after, change.certain_before - change.certain_after
    return (may | certain | change.lost) & ConnectionSet.PORTS


def _gained(change: ChangedPairs) -> ConnectionSet:
    """What may be and could not, or is for certain by now."""
    may, certain = change.after - change.before, change.certain_after - change.certain_before
    return (may | certain | change.gained) & ConnectionSet.PORTS


_LINK_LOCAL = LINK_LOCAL | METADATA_SERVICE


def _is_slight(end: End) -> bool:
    return isinstance(end, External) and end.ip in _LINK_LOCAL


def _plainness(connection: Connection) -> tuple[bool, int, str]:
    """Between workloads first, TCP first."""
    ends = connection.src, connection.dst
    is_outside = any(isinstance(end, External) for end in ends)
    return is_outside, list(Protocol).index(connection.protocol), str(ends)
