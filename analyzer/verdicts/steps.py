"""What a verdict rests on, as closed scripts that any SMT solver can answer."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.records import dataclass

SAT, UNSAT, UNKNOWN = "sat", "unsat", "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One closed question, and the answer to it on which the verdict rests.

    `purpose` is one word or a few, joined by hyphens; `meaning` one line of prose; `expected` is SAT, UNSAT, or
    UNKNOWN for a question that the budget did not suffice to decide.  `base` is an obligation's text, `asserted` are
    terms over its symbols.
    """

    purpose: str
    meaning: str
    expected: str
    base: str
    asserted: tuple[str, ...]

    @property
    def script(self) -> str:
        """A complete SMT-LIB file: quantifier-free, without options, with one `check-sat`."""
        lines = [
            *_comment(f"{self.purpose}: {self.meaning}"),
            *_comment(f"expected answer: {self.expected}"),
            "(set-info :smt-lib-version 2.6)",
            f"(set-info :status {self.expected})",
            "(set-logic QF_BV)",
            self.base.rstrip("\n"),
            *_comment("what is asked"),
            *(f"(assert {term})" for term in self.asserted),
            "(check-sat)",
            "(exit)",
        ]
        return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterable[str]:
    yield "; " + "".join(c if c.isprintable() else "?" for c in text)
