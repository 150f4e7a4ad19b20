"""What a fleet's report is made of: a row for each source, a cell for each query.  Frozen facts."""

from __future__ import annotations

from analyzer.records import dataclass
from analyzer.verdicts.verdict import Status


@dataclass(frozen=True, slots=True)
class Column:
    """A query: `name` is `pack/id`."""

    name: str
    title: str
    severity: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What was found of a query; `said`: the reason, or a counterexample in words."""

    query: str
    status: Status
    live: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """One source.  `error`: why it could not be read, in which case every query of it is unknown."""

    source: str
    cells: tuple[Cell, ...]
    tally: tuple[tuple[str, int], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """A cell that says something else than in an earlier report; None: there was, or is, none."""

    source: str
    query: str
    was: Status | None
    now: Status | None

    @property
    def is_worse(self) -> bool:
        order = list(Status)
        was = -1 if self.was is None else order.index(self.was)
        return self.now is not None and order.index(self.now) > max(was, 0)


@dataclass(frozen=True, slots=True)
class FleetReport:
    """`rows` in the order of the sources; `trends` None where nothing was compared."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    universe: str
    trends: tuple[Trend, ...] | None = None

    @property
    def status(self) -> Status:
        order = list(Status)
        found = (cell.status for row in self.rows for cell in row.cells)
        return max(found, key=order.index, default=Status.PROVED)


def trends_of(before: tuple[Row, ...], after: tuple[Row, ...]) -> tuple[Trend, ...]:
    """The cells that changed, in the order of the later report, then those that are gone."""
    was, now = ({(row.source, it.query): it.status for row in rows for it in row.cells} for rows in (before, after))
    names = dict.fromkeys((*now, *was))
    return tuple(Trend(*name, was.get(name), now.get(name)) for name in names if was.get(name) is not now.get(name))
