"""One command that goes on where a repository's root cannot be read as a whole: tried before it is told."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from analyzer.errors import InputError, ManifestError, Problem
from analyzer.manifests.sources.excluding import pattern_of

_MOST_ROUNDS = 5
_MOST_PATTERNS = 8
_SECONDS = 5.0  # longer than that nobody waits for advice
_ALIKE = 3  # files of one name that are left out by it
_OVERLAYS = re.compile(r"--exclude '([^']+)'")
_PROGRAM = re.compile(r"(?:.*[/\\])?(?:netproof(?:\.exe)?|(?:netproof|analyzer)[/\\]__main__\.py)")


def way_on(
    error: ManifestError,
    paths: Sequence[str],
    read: Callable[[Sequence[str]], object],
    revisions: Sequence[str] = (),
) -> str:
    """The command as it was given, with what leaves out the files at fault; empty where there is none.

    `read` reads the paths without what some patterns mean, and raises InputError as before.  `revisions`: those of git
    whose files are shown as `REV:path`.
    """
    given = sys.argv[1:]
    if not _PROGRAM.fullmatch(sys.argv[0]) or not (revisions or any(os.path.isdir(path) for path in paths)):
        return ""
    until = time.monotonic() + _SECONDS
    patterns: list[str] = []
    problems = error.problems
    for _ in range(_MOST_ROUNDS):
        more = [pattern for pattern in _leaving_out(problems, paths, revisions) if pattern not in patterns]
        patterns += more
        if not more or len(patterns) > _MOST_PATTERNS or time.monotonic() > until:
            return ""
        try:
            read(patterns)
        except ManifestError as again:
            problems = again.problems
        except InputError:
            return ""
        else:
            options = [word for pattern in patterns for word in ("--exclude", pattern)]
            at = given.index("--") if "--" in given else len(given)
            return f"netproof {shlex.join([*given[:at], *options, *given[at:]])}"
    return ""


def _leaving_out(problems: Sequence[Problem], paths: Sequence[str], revisions: Sequence[str]) -> list[str]:
    """Patterns for what the problems are about: files, by their name where many have it, else overlays but one; none
    for a path that was named, which no pattern leaves out."""
    overlays: list[str] = []
    files: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        file = problem.file
        for revision in revisions:
            file = file.removeprefix(f"{revision}:")
        if not problem.line and _OVERLAYS.search(problem.hint):
            overlays += _OVERLAYS.findall(problem.hint)
        elif file in paths or not (file != problem.file or os.path.isfile(file)):
            return []
        elif file not in files[os.path.basename(file)]:
            files[os.path.basename(file)].append(file)
    by_name = ([name] if len(alike) >= _ALIKE else alike for name, alike in files.items())
    return [pattern_of(name) for names in by_name for name in names] or overlays
