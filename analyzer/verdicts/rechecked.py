"""What a recheck of a bundle found, line by line.  Frozen facts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from analyzer.records import dataclass


class Finding(Enum):
    """What became of one check."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"  # it cannot be told
    SKIPPED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a recheck: what was looked at, what became of it, and each thing that did not hold."""

    subject: str
    finding: Finding
    text: str
    details: tuple[str, ...] = ()

    @staticmethod
    def of(subject: str, text: str, wrong: Sequence[str]) -> Check:
        """Fails if anything is wrong."""
        return Check(subject, Finding.FAILS if wrong else Finding.HOLDS, text, tuple(wrong))


@dataclass(frozen=True, slots=True)
class Rechecked:
    """All lines of a recheck; `fingerprint` is the hash of the index, which holds the hashes of all else."""

    fingerprint: str
    created: str
    checks: tuple[Check, ...]

    @property
    def finding(self) -> Finding:
        """The worst of them; what was not checked does not count."""
        order = (Finding.FAILS, Finding.UNDECIDED)
        found = {check.finding for check in self.checks}
        return next((finding for finding in order if finding in found), Finding.HOLDS)
