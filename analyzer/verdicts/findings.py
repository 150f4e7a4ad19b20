"""What is wrong, by its cause: one finding for each rule, policy or missing policy that refutes queries.

Frozen facts; nothing here computes.  `analysis/findings` looks for causes, every report of `check` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher
from enum import Enum
from posixpath import normpath

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
    BEYOND = "beyond-policies"  # neither end is one that policies select, or the engine asks no policy


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
    before that line.  `before`, `after`: what stands around them, for a patch.  `is_new`: the file is a new one.
    `beside`: of a new file the one whose objects it is about.  `is_end_bare`: the last of these lines is the file's
    last, and no line end follows it."""

    file: str
    line: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_new: bool = False
    is_end_bare: bool = False
    beside: str = ""

    @property
    def patch(self) -> str:
        """As a unified diff, which `git apply` and `patch -p1` take."""
        return patch_of([self])

    def hunks(self, shift: int) -> list[str]:
        """The lines of its hunks, where edits before it made the file longer by so many lines."""
        old = [*self.before, *self.removed, *self.after]
        new = [*self.before, *self.added, *self.after]
        if self.is_end_bare:
            old[-1], new[-1] = (f"{lines[-1]}\n\\ No newline at end of file" for lines in (old, new))
        first = self.line - len(self.before) - 1
        lines = []
        for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes():
            start, end, new_start, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
            spans = _span(first + start, end - start), _span(first + shift + new_start, new_end - new_start)
            lines.append(f"@@ -{spans[0]} +{spans[1]} @@")
            for tag, i1, i2, j1, j2 in group:
                if tag == "equal":
                    lines += [f" {line}" for line in old[i1:i2]]
                else:
                    lines += [f"-{line}" for line in old[i1:i2]]
                    lines += [f"+{line}" for line in new[j1:j2]]
        return lines


def patch_of(edits: Iterable[Edit], *, is_git: bool = False) -> str:
    """All of them as one unified diff, each file once; they touch different lines.

    `is_git`: with Git's own heads, by which `git apply` takes the names as seen from the root of the working tree,
    whatever folder it is run in.
    """
    files: dict[str, list[Edit]] = {}
    for edit in edits:
        files.setdefault(edit.file, []).append(edit)
    lines: list[str] = []
    for file, own in files.items():
        lines += _head(normpath(file).lstrip("/"), is_new=own[0].is_new, is_git=is_git)
        joined: list[Edit] = []
        for edit in sorted(own, key=lambda it: it.line):
            together = _joined(joined[-1], edit) if joined else None
            joined[-1:] = [together] if together is not None else [*joined[-1:], edit]
        shift = 0
        for edit in joined:
            lines += edit.hunks(shift)
            shift += len(edit.added) - len(edit.removed)
    return "".join(f"{line}\n" for line in lines)


def _head(name: str, *, is_new: bool, is_git: bool) -> list[str]:
    """What stands before the hunks of a file."""
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    end = "\t" if " " in name and not new.startswith('"') else ""  # where a name with blanks ends
    lines = [f"diff --git {old} {new}"] if is_git else []
    lines += ["new file mode 100644"] if is_git and is_new else []
    return [*lines, "--- /dev/null" if is_new else f"--- {old}{end}", f"+++ {new}{end}"]


def _quoted(name: str) -> str:
    """As Git writes names that hold quotes, backslashes or control characters."""
    if not any(sign in '"\\' or ord(sign) < _FIRST_SHOWN for sign in name):
        return name
    signs = (f"\\{it}" if it in '"\\' else f"\\{ord(it):03o}" if ord(it) < _FIRST_SHOWN else it for it in name)
    return f'"{"".join(signs)}"'


_FIRST_SHOWN = 32  # of ASCII


def _joined(one: Edit, two: Edit) -> Edit | None:
    """Both as one edit, where the lines around them meet; None where they lie apart."""
    end = one.line + len(one.removed)
    if two.line - len(two.before) > end + len(one.after):
        return None
    around = (*one.after, *two.before[max(0, end + len(one.after) - (two.line - len(two.before))) :])
    between = around[: two.line - end]
    return replace(
        one,
        removed=(*one.removed, *between, *two.removed),
        added=(*one.added, *between, *two.added),
        after=two.after,
        is_end_bare=two.is_end_bare,
    )


def _span(before: int, count: int) -> str:
    """Lines of a file in a hunk's head, `before` of them standing before it."""
    return f"{before + 1 if count else before},{count}"


NONE_RIGHT = "of the edits that were tried none proves its queries and keeps those that are proved"


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a cause: one sentence without a full stop, and the edit that does it, where one is known; else
    `why` there is none, a phrase.  `cuts`: what the edit denies although it is allowed now and no query that is refuted
    forbids it, one connection for each pair of workloads that it cuts.  `opens`: what it allows although it is denied
    now and no query that is refuted asks for it, likewise."""

    text: str
    edit: Edit | None = None
    why: str = ""
    cuts: tuple[Connection, ...] = ()
    opens: tuple[Connection, ...] = ()


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
    `is_hidden`: it hides behind others, and shows once their fixes are made.  `left`: those of `breaks`, by id, that
    are not proved once the fixes of all findings are made.  `namespaces`: those of which nothing isolates the pods, of
    a finding that tells so of all of them.
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
    is_hidden: bool = False
    left: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

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
