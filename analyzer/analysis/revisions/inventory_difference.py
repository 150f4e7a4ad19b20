"""Compare two revisions for the workloads in their manifests: two connectivity maps, pair by pair.

Workloads are the same if their ids are; what one revision lacks opens nothing there.  Addresses outside the cluster
are split by both revisions' policies together; one that is a pod's or a node's in either revision is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import product

from analyzer.analysis.connectivity import connectivity
from analyzer.analysis.connectivity.isolation import isolation_changes
from analyzer.analysis.revisions.difference import Progress, background, queries_of, silent
from analyzer.analysis.revisions.ingress_difference import changed_flows
from analyzer.analysis.revisions.matched_ends import Likeness, matched
from analyzer.analysis.revisions.request_changes import Requested, changed_requests, told_tokens
from analyzer.encoding import Question, align, changed_namespaces
from analyzer.judging import Setting
from analyzer.judging.compare import ANYTHING_NEW, Revisions, gained, lost
from analyzer.judging.unread import REASON, unread_in
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.enforcing import as_pictured
from analyzer.model.formulas import TRUE, Formula
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.request_view import is_looked_at
from analyzer.records import dataclass
from analyzer.sets import ConnectionSet, PortSet
from analyzer.sets.addresses import IPAddress
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, PortRequests, bit_indices
from analyzer.verdicts.difference import ChangedPairs, InventoryDifference

_DOUBT = "whether more changes hangs on addresses of pods that the manifests do not tell, or on what is left open"
_DOUBT_OF_REQUESTS = (
    "whether more changes hangs on which requests proxies of the mesh let in, of which not all are known or told apart"
)
_MORE_PODS = "an object that is not modelled may stand for more workloads"

# What may be allowed, what is so for certain, which requests where not all get in.
Ruling = tuple[ConnectionSet, ConnectionSet, tuple[PortRequests, ...]]
_NOTHING: Ruling = (ConnectionSet.EMPTY, ConnectionSet.EMPTY, ())


def inventory_difference(
    old: Cluster,
    new: Cluster,
    packs: Sequence[Pack] = (),
    *,
    setting: Setting,
    progress: Progress | None = None,
    controllers: tuple[Workload, ...] = (),
) -> InventoryDifference:
    """Every pair of ends that may open something else than before, and each query of the packs on both revisions.

    `controllers`: the workloads that serve Ingresses and routes; any pod may where there are none.
    """
    asked = setting.of_sides
    old, new = (as_pictured(side, its.profile) for side, its in zip((old, new), asked, strict=True))
    revisions, tell = Revisions(old, new), progress or silent
    total = 2 + sum(len(pack.queries) for pack in packs)
    sides = align(old, new)
    maps = []
    tokens = told_tokens(*sides) if setting.profile.tokens else None
    mentioned = both_mentioned(*sides, (asked[0].profile, asked[1].profile))
    for done, (side, word) in enumerate(zip(sides, ("old", "new"), strict=True)):
        tell(f"map of the {word} revision", done, total)
        maps.append(
            connectivity(
                side,
                asked[done].profile,
                pod_addresses=setting.pod_addresses,
                mentioned=mentioned,
                asks_tokens=tokens is not None,
            )
        )
    pairing = Pairing(maps[0], maps[1], tokens or TRUE)
    ends, flows = changed_flows((maps[0], sides[0]), (maps[1], sides[1]), pairing.ends, setting, controllers)
    among: list[ChangedPairs] = []
    changes = (*pairing.changes(among), *flows)
    queries = tuple(queries_of(revisions, packs, setting, setting.max_counterexamples, tell))
    tell("", total, total)
    reason, blame = _doubts(sides, pairing, (*changes, *among), setting)
    base = background(revisions, packs, setting)
    isolation = isolation_changes(*sides, setting, mentioned)
    return InventoryDifference(ends, changes, base, reason, blame, queries, among=tuple(among), isolation=isolation)


def both_mentioned(old: Cluster, new: Cluster, profiles: tuple[Profile, Profile]) -> dict[str, frozenset[str]]:
    """The label values that either side's policies mention."""
    found = dict(mentioned_labels(profiles[0], old))
    for key, values in mentioned_labels(profiles[1], new).items():
        found[key] = found.get(key, frozenset()) | values
    return found


_Changed = dict[tuple[Likeness, Ruling, Ruling], list[int]]  # the destinations, by source and what changed


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A pair of classes of which something opens or closes, or not, as what nobody knows turns out; `by_requests`: as
    it turns out which requests a proxy lets in."""

    src: Likeness
    dst: Likeness
    by_requests: bool


class Pairing:
    """The ends of two maps matched, and grouped by their classes in both; `clients`: what requests there are."""

    def __init__(self, old: ConnectivityMap, new: ConnectivityMap, clients: Formula = TRUE) -> None:
        self.maps, self._clients = (old, new), clients
        workloads = tuple(matched(old, new))
        likeness: dict[str, Likeness] = {workload.id: alike for workload, alike in workloads}
        self._workloads = {workload.id: workload for workload, _ in workloads}
        for low, high, alike in _ranges(*(_classes_of_ranges(found) for found in self.maps)):
            likeness[AddressRange(low, high).id] = alike
        self.ends = tuple(likeness)
        self.members: dict[Likeness, list[int]] = {}
        for number, alike in enumerate(likeness.values()):
            self.members.setdefault(alike, []).append(number)
        self.doubtful: list[_Doubtful] = []

    def changes(self, among: list[ChangedPairs]) -> Iterator[ChangedPairs]:
        """What changed, with destinations of one source that change alike put together; to `among` comes what the pods
        of one workload may open to each other."""
        rulings = tuple(_rulings(found) for found in self.maps)
        found: _Changed = {}
        for src, dst in self._met(rulings):
            was, now = (_ruling(rulings[side], src[side], dst[side]) for side in (0, 1))
            if _on_ports(was) != _on_ports(now):
                found.setdefault((src, was, now), []).extend(self.members[dst])
                is_open = self._requests(src, was, now).is_open
                if is_open or _may_change_otherwise(was, now):
                    self.doubtful.append(_Doubtful(src, dst, is_open or _hangs_on_requests(was, now)))
            elif was[2] != now[2]:
                self._by_requests(src, dst, was, now, found)
            elif not _is_certain(was):
                self.doubtful.append(_Doubtful(src, dst, _hangs_on_requests(was, now)))
        for (src, was, now), there in found.items():
            ends = self.members[src]
            its = self._requests(src, was, now)
            change = ChangedPairs(
                tuple(ends),
                tuple(sorted(there)),
                was[0],
                now[0],
                was[1],
                now[1],
                (was[2], now[2]) if its.gained or its.lost else ((), ()),
                its.gained,
                its.lost,
            )
            among += (
                replace(change, src=(number,), dst=(number,))
                for number in ends
                if number in there and self._has_several_pods(number)
            )
            if ends != there or len(ends) > 1:
                yield change

    def _by_requests(
        self,
        src: Likeness,
        dst: Likeness,
        was: Ruling,
        now: Ruling,
        found: dict[tuple[Likeness, Ruling, Ruling], list[int]],
    ) -> None:
        """Where the ports are as before, and the requests are listed in other words."""
        its = self._requests(src, was, now)
        if its.gained or its.lost:
            found.setdefault((src, was, now), []).extend(self.members[dst])
        if its.is_open or not _is_certain(was):
            self.doubtful.append(_Doubtful(src, dst, its.is_open or _hangs_on_requests(was, now)))

    def _requests(self, src: Likeness, was: Ruling, now: Ruling) -> Requested:
        if was[2] == now[2]:
            return Requested(PortSet.EMPTY, PortSet.EMPTY, False)
        profile, on = self.maps[0].profile, was[0].tcp & now[0].tcp
        are_pods = any(self.ends[number] in self._workloads for number in self.members[src])
        has_identity = are_pods or profile.foreign_identities
        return changed_requests(
            was[2], now[2], on, profile.most_atoms, has_identity=has_identity, clients=self._clients
        )

    def _has_several_pods(self, number: int) -> bool:
        workload = self._workloads.get(self.ends[number])
        return workload is not None and not workload.is_single

    def namespaces(self, alike: Likeness) -> set[str]:
        names = (self._workloads.get(self.ends[number]) for number in self.members[alike])
        return {workload.namespace for workload in names if workload is not None}

    def _met(self, rulings: tuple[dict[tuple[int, int], Ruling], ...]) -> Iterator[tuple[Likeness, Likeness]]:
        """The pairs of classes that can open something on either side."""
        seen: set[tuple[Likeness, Likeness]] = set()
        for side in (0, 1):
            by_class: dict[int, list[Likeness]] = {}
            for alike in self.members:
                number = alike[side]
                if number is not None:
                    by_class.setdefault(number, []).append(alike)
            for src, dst in rulings[side]:
                for pair in product(by_class.get(src, ()), by_class.get(dst, ())):
                    if pair not in seen:
                        seen.add(pair)
                        yield pair


_Cut = tuple[int, int, int]  # low, high, class


def _classes_of_ranges(found: ConnectivityMap) -> dict[int, list[_Cut]]:
    cuts: dict[int, list[_Cut]] = {4: [], 6: []}
    for number, members in enumerate(found.classes):
        for index in members:
            end = found.ends[index]
            if isinstance(end, AddressRange):
                cuts[end.low.version].append((int(end.low), int(end.high), number))
    return {version: sorted(ranges) for version, ranges in cuts.items()}


def _ranges(old: dict[int, list[_Cut]], new: dict[int, list[_Cut]]) -> Iterator[tuple[IPAddress, IPAddress, Likeness]]:
    """The addresses that are outside on both sides, in ranges of one class on each."""
    for version, build in ((4, IPv4Address), (6, IPv6Address)):
        left, right = iter(old[version]), iter(new[version])
        a, b = next(left, None), next(right, None)
        while a is not None and b is not None:
            low, high = max(a[0], b[0]), min(a[1], b[1])
            if low <= high:
                yield build(low), build(high), (a[2], b[2])
            if a[1] <= b[1]:
                a = next(left, None)
            else:
                b = next(right, None)


def _rulings(found: ConnectivityMap) -> dict[tuple[int, int], Ruling]:
    """By classes of source and destination."""
    return {
        (src, dst): (row.allowed, row.certain, row.requests)
        for row in found.rows
        for src in bit_indices(row.src)
        for dst in bit_indices(row.dst)
    }


def _ruling(rulings: dict[tuple[int, int], Ruling], src: int | None, dst: int | None) -> Ruling:
    return _NOTHING if src is None or dst is None else rulings.get((src, dst), _NOTHING)


def _on_ports(ruling: Ruling) -> tuple[ConnectionSet, ConnectionSet]:
    """Protocols without ports are not judged."""
    return ruling[0] & ConnectionSet.PORTS, ruling[1] & ConnectionSet.PORTS


def _is_certain(ruling: Ruling) -> bool:
    """Nothing of it hangs on what nobody knows."""
    may, must = _on_ports(ruling)
    return may == must and all(it.is_certain for it in ruling[2])


def _hangs_on_requests(*rulings: Ruling) -> bool:
    return any(not it.is_certain for ruling in rulings for it in ruling[2])


def _may_change_otherwise(was: Ruling, now: Ruling) -> bool:
    """Something may open though nothing does for certain, or close though nothing does."""
    (may_before, must_before), (may_after, must_after) = _on_ports(was), _on_ports(now)
    opens, closes = must_after - may_before, must_before - may_after
    return bool((not opens and may_after - must_before) or (not closes and may_before - must_after))


def _may_change_more(sides: tuple[Cluster, Cluster], changes: Sequence[ChangedPairs], setting: Setting) -> bool:
    """Whether what no change says, that something opens or closes, is so for some pod at some address: what is so for
    none is so for none of the workloads."""
    unsaid = [find for find, is_said in ((gained, _opens), (lost, _closes)) if not any(map(is_said, changes))]
    whole = replace(setting, universe=Universe.ANY)
    shifts = (find(Revisions(*sides), whole, 1) for find in unsaid)
    return not unsaid or any(shift.changes or shift.reason for shift in shifts)


def _opens(change: ChangedPairs) -> bool:
    return bool(change.gained)


def _closes(change: ChangedPairs) -> bool:
    return bool(change.lost)


def _doubts(
    sides: tuple[Cluster, Cluster], pairing: Pairing, changes: Sequence[ChangedPairs], setting: Setting
) -> tuple[str, tuple[str, ...]]:
    """(why it is not known whether more changes, what that hangs on)."""
    if unread := unread_in(*sides):
        return REASON, unread
    is_asked = any(is_looked_at(its.profile, side) for side, its in zip(sides, setting.of_sides, strict=True))
    question = Question(
        ANYTHING_NEW,
        (),
        Universe.INVENTORY,
        setting.profile,
        setting.pod_addresses,
        with_requests=is_asked,
        denying_profile=setting.old_profile,
    )
    near = changed_namespaces(*sides, question)
    if any(not change.gained and not change.lost for change in changes):
        return _DOUBT, ()
    for pair in pairing.doubtful:
        if (
            pairing.namespaces(pair.src) & near[Direction.EGRESS]
            or pairing.namespaces(pair.dst) & near[Direction.INGRESS]
        ):
            if not _may_change_more(sides, changes, setting):
                break
            return _DOUBT_OF_REQUESTS if pair.by_requests else _DOUBT, ()
    adding = [{(u.id, u.content): u for u in side.unmodelled if u.adds_pods} for side in sides]
    if (adding[0] or adding[1]) and (any(near.values()) or adding[0].keys() != adding[1].keys()):
        return _MORE_PODS, tuple(f"{u.id} ({u.source})" for u in {**adding[0], **adding[1]}.values())
    return "", ()
