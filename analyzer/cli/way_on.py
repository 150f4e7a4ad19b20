"""One command that goes on where a repository's root cannot be read as a whole: tried before it is told."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from analyzer.errors import ManifestError, Problem

_MOST_ROUNDS = 5
_MOST_PATTERNS = 8
_SECONDS = 5.0  # longer than that nobody waits for advice
_ALIKE = 3  # files of one name that are left out by it
_OVERLAYS = re.compile(r"--exclude '([^']+)'")
_PROGRAM = re.compile(r"(?:.*[/\\])?(?:netproof(?:\.exe)?|(?:netproof|analyzer)[/\\]__main__\.py)")


def way_on(error: ManifestError, paths: Sequence[str], read: Callable[[Sequence[str]], object]) -> str:
    """The command as it was given, with what leaves out the files at fault; empty where there is none.

    `read` reads the paths without what some patterns mean, and raises ManifestError as before.
    """
    given = sys.argv[1:]
    if not _PROGRAM.fullmatch(sys.argv[0]) or "--" in given or not any(os.path.isdir(path) for path in paths):
        return ""
    until = time.monotonic() + _SECONDS
    patterns: list[str] = []
    problems = error.problems
    for _ in range(_MOST_ROUNDS):
        more = [pattern for pattern in _leaving_out(problems, paths) if pattern not in patterns]
        patterns += more
        if not more or len(patterns) > _MOST_PATTERNS or time.monotonic() > until:
            return ""
        try:
            read(patterns)
        except ManifestError as again:
            problems = again.problems
        else:
            options = [word for pattern in patterns for word in ("--exclude", pattern)]
            return f"netproof {shlex.join([*given, *options])}"
    return ""


def _leaving_out(problems: Sequence[Problem], paths: Sequence[str]) -> list[str]:
    """Patterns for what the problems are about: files, by their name where many have it, else overlays but one; none
    for a path that was named, which no pattern leaves out."""
    overlays: list[str] = []
    files: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        if not problem.line and os.path.isdir(problem.file):
            overlays += _OVERLAYS.findall(problem.hint)
        elif problem.file in paths or not os.path.isfile(problem.file):
            return []
        elif problem.file not in files[os.path.basename(problem.file)]:
            files[os.path.basename(problem.file)].append(problem.file)
    by_name = ([name] if len(alike) >= _ALIKE else alike for name, alike in files.items())
    return [pattern for patterns in by_name for pattern in patterns] or overlays
