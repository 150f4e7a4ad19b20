"""Waivers: violations that somebody answers for, until a date."""

from __future__ import annotations

from datetime import date

from analyzer.model.claims import Excuse
from analyzer.model.ends import ANYTHING
from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass
from analyzer.verdicts.regions import Region


@dataclass(frozen=True, slots=True)
class Waiver:
    """Excuses the violations of one query that lie inside `region`, up to and on the day `expires`.

    `query` is `pack/id`.  The region is written as sets of the query language (an Excuse), or as a report tells one.
    `text` is the region on one line.  For an `is isolated` claim, which speaks of pods, it is its sources alone.
    """

    query: str
    reason: str
    owner: str
    expires: date
    region: Excuse | Region
    text: str
    source: Source = NOWHERE

    @property
    def is_of_pods(self) -> bool:
        """Its region names pods alone, as their sources."""
        if isinstance(self.region, Region):
            return self.region.dst is None
        return self.region.ports is None and self.region.destinations == ANYTHING

    def is_expired(self, today: date) -> bool:
        return today > self.expires
