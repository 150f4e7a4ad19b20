"""Objects of one identity that differ, in directories beside one another: overlays, each for a cluster of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field

from analyzer.errors import Problem
from analyzer.manifests.sources.excluding import leaving_out
from analyzer.model.source import Source
from analyzer.records import dataclass

_MOST_NAMED = 6
_MOST_OBJECTS = 3


@dataclass(frozen=True, slots=True)
class Clash:
    """An object that stands in the manifests a second time and says something else there: `what` names it."""

    what: str
    first: Source


@dataclass
class _Fork:
    """Directories beside one another that hold such objects."""

    branches: dict[str, None] = field(default_factory=dict)
    objects: dict[str, None] = field(default_factory=dict)


def told_by_overlay(
    problems: Iterable[Problem], clashes: Mapping[Problem, Clash], kustomizations: Collection[str] = ()
) -> list[Problem]:
    """The problems; those that are clashes between directories beside one another told once for each place where the
    directories part, with a path for each of them.  `kustomizations`: directories that hold one and can be rendered."""
    forks: dict[str, _Fork] = {}
    others: list[Problem] = []
    for problem in problems:
        clash = clashes.get(problem)
        parted = _parted(clash.first.file, problem.file) if clash is not None else None
        if clash is None or parted is None:
            others.append(problem)
            continue
        fork = forks.setdefault(parted[0], _Fork())
        fork.branches |= dict.fromkeys(parted[1:])
        fork.objects[clash.what] = None
    return [*others, *(_told(above, fork, kustomizations) for above, fork in forks.items())]


def _parted(one: str, other: str) -> tuple[str, str, str] | None:
    """The directory where two paths part, and the directory in it that each goes on in; None if one is a file there."""
    first, second = one.replace("\\", "/").split("/"), other.replace("\\", "/").split("/")
    at = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if at is None or at >= len(first) - 1 or at >= len(second) - 1:
        return None
    above = "/".join(first[:at])
    return above, first[at], second[at]


def _told(above: str, fork: _Fork, kustomizations: Collection[str]) -> Problem:
    names = [f"`{name}`" for name in sorted(fork.branches)]
    paths = [posixpath.join(above, name) for name in sorted(fork.branches)]
    asked = [f"`{_asked(path, kustomizations)}`" for path in paths]
    count = len(fork.objects)
    what = "1 object that is" if count == 1 else f"{count} objects that are"
    objects = _listed(list(fork.objects), "and", _MOST_OBJECTS)
    message = f"{_listed(names, 'and')} hold {what} not the same in each, as overlays do: {objects}"
    kept = min(paths, key=_rank)
    excluding = " ".join(leaving_out(f"{path}/") for path in paths if path != kept)
    others = f"or leave the others out, as with `{excluding}`"
    return Problem(above or ".", 0, 0, message, f"check one of them at a time: {_listed(asked, 'or')}; {others}")


def _rank(path: str) -> tuple[bool, bool, str]:
    """Which overlay is most likely meant comes first: none that is hidden, production, else the first."""
    name = posixpath.basename(path)
    return name.startswith("."), "prod" not in name, name


def _asked(path: str, kustomizations: Collection[str]) -> str:
    """The path as it goes on a command line."""
    return (
        f"{path} --render"
        if any(folder == path or folder.startswith(f"{path}/") for folder in kustomizations)
        else path
    )


def _listed(names: Sequence[str], word: str, most: int = _MOST_NAMED) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
