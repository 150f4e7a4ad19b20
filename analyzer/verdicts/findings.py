"""What is wrong, by its cause: one finding for each rule, policy or missing policy that refutes queries.

Frozen facts; nothing here computes.  `analysis/findings` looks for causes, every report of `check` prints them.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from enum import Enum

from analyzer.model.claims import Query, Severity
from analyzer.model.endpoints import Connection
from analyzer.model.policies import Direction, PolicyLike, RuleRef
from analyzer.model.source import Source
from analyzer.records import dataclass


class Fault(Enum):
    """What sort of cause it is: its name in reports, and the heading of its page in the documentation."""

    ALLOWS = "rule-allows"  # a rule lets through what should not pass
    DENIES = "rule-denies"  # a rule denies what should pass
    MISSES = "rule-misses"  # what isolates has no rule for what should pass
    OPEN = "not-isolated"  # no policy isolates pods of a namespace that is there
    NO_POLICY = "no-cluster-policy"  # no policy waits for namespaces that are not created yet
    TIES = "policies-tie"  # which of two policies counts is not defined
    ENGINE = "not-enforced"  # the profile enforces no policy
    BEYOND = "beyond-policies"  # neither end is one that policies select


@dataclass(frozen=True, slots=True)
class Spot:
    """What in a file is guilty.  Lines and columns count from 1; `column` 0: the line as a whole.

    `length`: how many characters of that line.  `text`: the line, empty where the file's text is not at hand.
    """

    source: Source
    column: int = 0
    length: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines of one file to be replaced: `removed` stand from line `line` on; none are removed where text is added
    before that line.  `before`, `after`: what stands around them, for a patch.  `is_new`: the file is a new one."""

    file: str
    line: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def patch(self) -> str:
        """As a unified diff, which `git apply` and `patch -p1` take."""
        old = (*self.before, *self.removed, *self.after)
        new = (*self.before, *self.added, *self.after)
        first = self.line - len(self.before) - 1
        lines = [f"--- {'/dev/null' if self.is_new else 'a/' + self.file}", f"+++ b/{self.file}"]
        for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes():
            start, end, new_start, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
            lines.append(f"@@ -{_span(first + start, end - start)} +{_span(first + new_start, new_end - new_start)} @@")
            for tag, i1, i2, j1, j2 in group:
                if tag == "equal":
                    lines += [f" {line}" for line in old[i1:i2]]
                else:
                    lines += [f"-{line}" for line in old[i1:i2]]
                    lines += [f"+{line}" for line in new[j1:j2]]
        return "\n".join(lines) + "\n"


def _span(before: int, count: int) -> str:
    """Lines of a file in a hunk's head, `before` of them standing before it."""
    return f"{before + 1 if count else before},{count}"


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a cause: one sentence without a full stop, and the edit that does it, where one is known."""

    text: str
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A query that a cause refutes, with the pack that asks it."""

    pack: str
    query: Query


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause.

    `ref`: the rule, or with no rule the policy, that it lies in; None where a policy is missing.  `summary`: what is
    wrong with it, a phrase.  `example`: one connection that shows it, or for pods that are not isolated None, and
    `subject` says which.  `live`: as of a counterexample.  `breaks`: the queries that it refutes, the most severe
    first.  `other`: the rule that lets the connection through at its other end, so that closing either would do.
    """

    fault: Fault
    summary: str
    spot: Spot
    ref: RuleRef | None
    example: Connection | None
    subject: str
    live: bool | None
    breaks: tuple[Broken, ...]
    fix: Fix
    other: RuleRef | None = None
    new_namespaces: frozenset[str] = frozenset()

    @property
    def severity(self) -> Severity:
        """That of the most severe query that it breaks."""
        return self.breaks[0].query.severity

    @property
    def policy(self) -> PolicyLike | None:
        return self.ref.policy if self.ref is not None else None

    @property
    def direction(self) -> Direction | None:
        return self.ref.direction if self.ref is not None else None
