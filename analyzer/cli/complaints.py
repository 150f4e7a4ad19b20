"""Many problems in few lines: those of one kind told once, with where the others are."""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from analyzer.cli.wrapping import message_width, wrapped
from analyzer.errors import Problem

ALL_ERRORS = "NETPROOF_ALL_ERRORS"
MOST_ONE_BY_ONE = 12
_MOST_KINDS = 12
_MOST_PLACES = 3
_QUOTED = re.compile(r"`[^`]*`|\d+")
_OBJECT = re.compile(r"^[A-Z]\w* \S+: ")


def grouped(problems: Sequence[Problem]) -> Iterator[str]:
    """The lines that tell of the problems: each by itself where they are few, or all are asked for."""
    if len(problems) <= MOST_ONE_BY_ONE or os.environ.get(ALL_ERRORS) == "1":
        for problem in problems:
            yield from _one(problem)
        return
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(_kind(problem), []).append(problem)
    ordered = sorted(kinds.values(), key=lambda group: -len(group))
    for group in ordered[:_MOST_KINDS]:
        yield from _one(group[0])
        if len(group) > 1:
            yield from wrapped(_others(group[1:]), 4, 2)
    left = sum(len(group) for group in ordered[_MOST_KINDS:])
    if left:
        yield f"and {left} more of {len(ordered) - _MOST_KINDS} other kinds"
    yield from _where_most_are(problems)
    ways = "`--exclude GLOB` leaves files out, `--keep-going` answers without"
    yield from wrapped(f"{ALL_ERRORS}=1 in the environment shows each; {ways}")


def _one(problem: Problem) -> Iterator[str]:
    told = str(Problem(problem.file, problem.line, problem.column, problem.message))
    yield from wrapped(f"error: {told}", hang=7)
    width = message_width()
    frame = problem.frame(width - 4 if width else 0)
    yield from (f"    {line}" for line in frame)
    for line in problem.below[len(frame) :]:
        yield from wrapped(line, 4, 2)


def _kind(problem: Problem) -> str:
    """What is wrong, whatever the object, its name and its values are."""
    return _QUOTED.sub("…", _OBJECT.sub("", problem.message)).partition(":")[0]


def _others(group: Sequence[Problem]) -> str:
    files = len({problem.file for problem in group})
    places = [f"{it.file}:{it.line}" if it.line else it.file for it in group[:_MOST_PLACES]]
    more = ", …" if len(group) > _MOST_PLACES else ""
    return f"and {len(group)} more like it in {files} {'place' if files == 1 else 'places'}: {', '.join(places)}{more}"


def _where_most_are(problems: Sequence[Problem]) -> Iterator[str]:
    """A way out where most of them lie below one directory, and others do not."""
    below: Counter[str] = Counter()
    for problem in problems:
        path = problem.file.replace("\\", "/")
        folder = posixpath.dirname(path) if problem.line else path
        while folder not in ("", "/"):
            below[folder] += 1
            folder = posixpath.dirname(folder)
    parts = [(count, len(folder), folder) for folder, count in below.items() if count < len(problems)]
    from analyzer.manifests.sources.excluding import leaving_out

    if parts and (best := max(parts))[0] * 2 >= len(problems):
        yield from wrapped(f"{best[0]} of them lie below {best[2]}: `{leaving_out(f'{best[2]}/')}` leaves it out")
