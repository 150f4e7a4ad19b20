"""Which controls the queries speak to, and how they came out."""

from __future__ import annotations

from analyzer.records import dataclass
from analyzer.reports import verdict_words
from analyzer.verdicts.verdict import Answer, Status, Verdict


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One control with the queries that name it: pairs of `pack/id` and verdict.  `status`: the worst of these that is
    not excused."""

    control: str
    verdicts: tuple[tuple[str, Verdict], ...]

    @property
    def status(self) -> Status:
        order = list(Status)
        return max((v.status for _, v in self.verdicts if not v.is_excused), key=order.index, default=Status.PROVED)

    @property
    def word(self) -> str:
        """The verdict in a word; `waived` or `known` where nothing worse is left than what is excused."""
        excused = [verdict_words.word(verdict) for _, verdict in self.verdicts if verdict.is_excused]
        return excused[0] if excused and self.status is Status.PROVED else self.status.value


def control_rows(answer: Answer) -> tuple[ControlRow, ...]:
    """A row for each control that some query names in its `@control`, by name."""
    found: dict[str, list[tuple[str, Verdict]]] = {}
    for section in answer.sections:
        for verdict in section.verdicts:
            for control in dict.fromkeys(verdict.query.controls):
                found.setdefault(control, []).append((f"{section.name}/{verdict.query.id}", verdict))
    return tuple(ControlRow(control, tuple(found[control])) for control in sorted(found))
