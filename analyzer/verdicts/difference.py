"""What differs between two revisions: what a report of `netproof diff` prints.  Frozen facts; nothing here solves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import Enum

from analyzer.model.claims import Query, Universe
from analyzer.model.cluster import Unmodelled
from analyzer.model.endpoints import Connection
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.records import dataclass
from analyzer.semantics.decision import Decision
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.connectivity import PortRequests
from analyzer.verdicts.regions import Region
from analyzer.verdicts.steps import Step
from analyzer.verdicts.verdict import CrossCheck, StatedAssumption, Status, Verdict


class Relation(Enum):
    """How the traffic that the new revision permits compares with what the old one permits."""

    EQUIVALENT = "equivalent"
    MORE = "more permissive"
    LESS = "less permissive"
    INCOMPARABLE = "incomparable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """A region of connections that one revision allows and the other denies, with a replayed witness.

    `is_gained`: the new revision is the one that allows it.  `connection` shows the labels of namespaces as that
    revision has them.  `live`, `depends_on`, `new_namespaces` as in a Counterexample, about that revision's workloads.
    """

    is_gained: bool
    connection: Connection
    before: Decision
    after: Decision
    region: Region
    live: bool | None
    depends_on: tuple[str, ...] = ()
    new_namespaces: frozenset[str] = frozenset()

    @property
    def connections(self) -> ConnectionSet:
        """What each pair of ends of the region may newly open, or no longer."""
        return self.region.connections


@dataclass(frozen=True, slots=True)
class Shift:
    """Everything that one revision denies and the other allows.

    The regions of `changes` are disjoint.  Unless `is_capped` or `reason` says otherwise they are all there is.
    `reason`: why it is not known whether there is more, with the facts it hangs on in `blame`.  `steps`: what it rests
    on as scripts, where that was asked for.
    """

    changes: tuple[Change, ...] = ()
    is_capped: bool = False
    reason: str = ""
    blame: tuple[str, ...] = ()
    steps: tuple[Step, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Nothing changed this way, for certain."""
        return not self.changes and not self.reason


@dataclass(frozen=True, slots=True)
class QueryDifference:
    """One query of a pack, asked of both revisions; `no S can newly reach D` has no verdict before, and its `shift`
    holds what is new."""

    pack: str
    query: Query
    before: Verdict | None
    after: Verdict
    shift: Shift | None = None

    @property
    def is_worse(self) -> bool:
        """It refutes what is new, or its verdict is worse than before."""
        order = list(Status)
        was = Status.PROVED if self.before is None else self.before.status
        return order.index(self.after.status) > order.index(was)

    @property
    def has_changed(self) -> bool:
        return self.before is not None and self.before.status is not self.after.status


@dataclass(frozen=True, slots=True)
class Background:
    """What a comparison stands on.  `tallies` counts what was read of the old and of the new revision; `one_sided`
    tells what was done about what only one of them holds."""

    profile: Profile
    assumptions: tuple[StatedAssumption, ...]
    unmodelled: tuple[Unmodelled, ...]
    notices: tuple[Notice, ...]
    tallies: tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]
    one_sided: tuple[str, ...] = ()
    cross_check: CrossCheck | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The answer of `netproof diff` for every pod that could be created."""

    gained: Shift
    lost: Shift
    universe: Universe
    background: Background
    queries: tuple[QueryDifference, ...] = ()

    @property
    def has_gained(self) -> bool:
        return bool(self.gained.changes)

    @property
    def has_lost(self) -> bool:
        return bool(self.lost.changes)

    @property
    def is_gain_open(self) -> bool:
        return bool(self.gained.reason)

    @property
    def is_loss_open(self) -> bool:
        return bool(self.lost.reason)

    @property
    def relation(self) -> Relation:
        return relation(self.has_gained, self.has_lost, is_open=self.is_gain_open or self.is_loss_open)


@dataclass(frozen=True, slots=True)
class ChangedPairs:
    """What every end of `src` may open to every end of `dst`, itself excepted, before and after; ends are indices.

    The `certain` ones are what is allowed however the open facts and the unknown addresses turn out.  `requests`: what
    a mesh lets in of that, before and after, where that changed; on `more` some request newly gets in, on `fewer` no
    more.
    """

    src: tuple[int, ...]
    dst: tuple[int, ...]
    before: ConnectionSet
    after: ConnectionSet
    certain_before: ConnectionSet
    certain_after: ConnectionSet
    requests: tuple[tuple[PortRequests, ...], tuple[PortRequests, ...]] = ((), ())
    more: PortSet = PortSet.EMPTY
    fewer: PortSet = PortSet.EMPTY

    @property
    def gained(self) -> ConnectionSet:
        """What is allowed now for certain and was not before, or more of whose requests get in."""
        return ((self.certain_after - self.before) | ConnectionSet(tcp=self.more)) & ConnectionSet.PORTS

    @property
    def lost(self) -> ConnectionSet:
        return ((self.certain_before - self.after) | ConnectionSet(tcp=self.fewer)) & ConnectionSet.PORTS

    @property
    def word(self) -> str:
        """`added`, `removed` or `changed`: what becomes of the pair as a whole."""
        if not self.before & ConnectionSet.PORTS:
            return "added"
        return "changed" if self.after & ConnectionSet.PORTS else "removed"


@dataclass(frozen=True, slots=True)
class IsolationChange:
    """Workloads, by id, that policies isolate in one revision only: the new one if `is_isolated`, else the old one."""

    workloads: tuple[str, ...]
    direction: Direction
    is_isolated: bool


@dataclass(frozen=True, slots=True)
class InventoryDifference:
    """The answer of `netproof diff` for the workloads in the manifests: every pair of ends that changed.

    `among`: workloads of several pods that may open something else to each other than before, each as both ends.
    `reason`: why it is not known whether more changed, with the facts it hangs on in `blame`.
    """

    ends: tuple[str, ...]
    changes: tuple[ChangedPairs, ...]
    background: Background
    reason: str = ""
    blame: tuple[str, ...] = ()
    queries: tuple[QueryDifference, ...] = ()
    universe: Universe = Universe.INVENTORY
    among: tuple[ChangedPairs, ...] = ()
    isolation: tuple[IsolationChange, ...] = ()

    @property
    def has_gained(self) -> bool:
        return any(change.gained for change in (*self.changes, *self.among))

    @property
    def has_lost(self) -> bool:
        return any(change.lost for change in (*self.changes, *self.among))

    @property
    def is_gain_open(self) -> bool:
        return bool(self.reason)

    @property
    def is_loss_open(self) -> bool:
        return bool(self.reason)

    @property
    def relation(self) -> Relation:
        return relation(self.has_gained, self.has_lost, is_open=bool(self.reason))

    def pairs(self) -> Iterator[tuple[str, str, ChangedPairs]]:
        """Every pair of ends that changed, by source and destination."""
        found = sorted(
            (src, dst, number)
            for number, change in enumerate(self.changes)
            for src in change.src
            for dst in change.dst
            if src != dst
        )
        for src, dst, number in found:
            yield self.ends[src], self.ends[dst], self.changes[number]

    def own_pods(self) -> Iterator[tuple[str, ChangedPairs]]:
        """Every workload whose pods' connections to each other changed, by its id."""
        yield from sorted(((self.ends[change.src[0]], change) for change in self.among), key=lambda item: item[0])


def relation(has_gained: bool, has_lost: bool, *, is_open: bool) -> Relation:
    """The answer, when `is_open` says that there may be more changes than those found."""
    if has_gained and has_lost:
        return Relation.INCOMPARABLE
    if is_open:
        return Relation.UNKNOWN
    if has_gained:
        return Relation.MORE
    return Relation.LESS if has_lost else Relation.EQUIVALENT
