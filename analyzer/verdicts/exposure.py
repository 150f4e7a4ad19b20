"""Who beyond the manifests can reach their workloads, or be reached by them.  Frozen facts; nothing here solves."""

from __future__ import annotations

from analyzer.model.cluster import Unmodelled, Workload
from analyzer.model.endpoints import Connection
from analyzer.model.formulas import Role
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.records import dataclass
from analyzer.sets import ConnectionSet
from analyzer.verdicts.admissions import Admission
from analyzer.verdicts.regions import EndRegion, Region
from analyzer.verdicts.verdict import StatedAssumption


@dataclass(frozen=True, slots=True)
class Opening:
    """A region of connections that workloads accept (ingress) or may open (egress).

    The peer is the end beyond the manifests.  Of the workload the region says what must be true of it where the
    manifests do not tell: its address, its namespace's labels.  `witness` is one such connection, replayed.
    """

    direction: Direction
    region: Region
    witness: Connection

    @property
    def peer(self) -> EndRegion:
        return EndRegion(self.region.at(self._far))

    @property
    def own(self) -> EndRegion:
        return EndRegion(self.region.at(Role.SRC if self._far is Role.DST else Role.DST))

    @property
    def _far(self) -> Role:
        return Role.DST if self.direction is Direction.EGRESS else Role.SRC

    @property
    def connections(self) -> ConnectionSet:
        return self.region.connections


@dataclass(frozen=True, slots=True)
class Exposure:
    """One direction of workloads that the policies treat alike.

    The openings, which may overlap, are all there is unless `is_capped` or `reason` says otherwise.  `reason`: why it
    is not known whether there is more, with the facts it hangs on in `blame`.  `is_isolated` is None where that
    hangs on labels that nobody knows.
    """

    direction: Direction
    workloads: tuple[Workload, ...]
    is_isolated: bool | None
    openings: tuple[Opening, ...] = ()
    is_capped: bool = False
    reason: str = ""
    blame: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExposureReport:
    """Both directions of every workload asked about: each workload is in one exposure of each direction.

    `admissions`: which requests the mesh's proxies then let in; of workloads that have one, by ports.
    """

    exposures: tuple[Exposure, ...]
    most: int
    profile: Profile
    assumptions: tuple[StatedAssumption, ...]
    unmodelled: tuple[Unmodelled, ...]
    notices: tuple[Notice, ...]
    admissions: tuple[Admission, ...] = ()

    def of(self, direction: Direction) -> tuple[Exposure, ...]:
        return tuple(exposure for exposure in self.exposures if exposure.direction is direction)

    def unisolated(self, direction: Direction) -> tuple[Workload, ...]:
        """The workloads that no policy isolates in this direction, sorted by id."""
        found = (w for exposure in self.of(direction) if exposure.is_isolated is False for w in exposure.workloads)
        return tuple(sorted(found, key=lambda workload: workload.id))

    def together(self) -> tuple[tuple[tuple[Workload, ...], Exposure, Exposure], ...]:
        """The workloads by both directions at once: with their ingress and their egress, sorted by id."""
        leaving = {w.id: exposure for exposure in self.of(Direction.EGRESS) for w in exposure.workloads}
        found: dict[tuple[int, int], tuple[list[Workload], Exposure, Exposure]] = {}
        for exposure in self.of(Direction.INGRESS):
            for workload in exposure.workloads:
                other = leaving[workload.id]
                members, *_ = found.setdefault((id(exposure), id(other)), ([], exposure, other))
                members.append(workload)
        groups = [(tuple(sorted(m, key=lambda w: w.id)), ingress, egress) for m, ingress, egress in found.values()]
        return tuple(sorted(groups, key=lambda group: group[0][0].id))
