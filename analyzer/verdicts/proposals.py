"""A pack proposed from the manifests: what was asked, and how each question came out."""

from __future__ import annotations

from analyzer.records import dataclass
from analyzer.verdicts.verdict import Status, Verdict


@dataclass(frozen=True, slots=True)
class Chapter:
    """Queries of one kind with their answers; `remarks` say, a sentence each, what they are about."""

    title: str
    remarks: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class ProposedPack:
    """`tally` counts what was read, as in an Answer."""

    chapters: tuple[Chapter, ...]
    tally: tuple[tuple[str, int], ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(verdict for chapter in self.chapters for verdict in chapter.verdicts)

    @property
    def holding(self) -> int:
        """How many of the queries are proved."""
        return sum(verdict.status is Status.PROVED for verdict in self.verdicts)
