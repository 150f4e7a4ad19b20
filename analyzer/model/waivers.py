"""Waivers: violations that somebody answers for, until a date."""

from __future__ import annotations

from datetime import date

from analyzer.model.claims import Excuse
from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Waiver:
    """Excuses the violations of one query that lie inside `region`, up to and on the day `expires`.

    `query` is `pack/id`.  `text` is the region as written, on one line.  For an `is isolated` claim, which speaks of
    pods, the region is its sources alone.
    """

    query: str
    reason: str
    owner: str
    expires: date
    region: Excuse
    text: str
    source: Source = NOWHERE

    def is_expired(self, today: date) -> bool:
        return today > self.expires
