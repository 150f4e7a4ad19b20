"""Manifests as they stand in a revision of a git repository, read from its objects: nothing is checked out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from analyzer.errors import ManifestError, Problem, UsageError
from analyzer.manifests.files import SUFFIXES
from analyzer.records import dataclass

_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a revision: `name` is `REV:path`, `path` the one of those given that it was found under."""

    name: str
    path: str
    data: bytes


def revision_range(text: str) -> tuple[str, str]:
    """The two revisions of `OLD..NEW`; a side left out is HEAD."""
    old, dots, new = text.partition("..")
    if not dots or new.startswith(".") or not (old or new):
        raise UsageError(f"`{text}` names no two revisions", "write OLD..NEW, as in main..HEAD")
    return old or "HEAD", new or "HEAD"


def manifests_in(revision: str, paths: Sequence[str]) -> tuple[Blob, ...]:
    """The manifest files below the paths in that revision, as `git` finds them from the current directory.

    A path that the revision lacks gives none.  ManifestError if it is no revision, or git cannot be asked.
    """
    commit = _git(revision, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    files: dict[str, tuple[str, str]] = {}
    problems: list[Problem] = []
    for path in paths:
        listing = _git(revision, "ls-tree", "-r", "-z", commit.decode().strip(), "--", path)
        for mode, identity, name in _entries(listing):
            if mode == _SUBMODULE or not _is_manifest(name, path):
                continue
            if mode == _LINK:
                message = "this is a link, which cannot be followed inside a revision"
                problems.append(Problem(f"{revision}:{name}", 0, 0, message, "name the file it leads to"))
            files.setdefault(name, (identity, path))
    if problems:
        raise ManifestError(problems)
    contents = _contents(revision, [identity for identity, _ in files.values()])
    return tuple(
        Blob(f"{revision}:{name}", path, data)
        for (name, (_, path)), data in zip(sorted(files.items()), _ordered(files, contents), strict=True)
    )


def _ordered(files: dict[str, tuple[str, str]], contents: dict[str, bytes]) -> Iterator[bytes]:
    for _, (identity, _) in sorted(files.items()):
        yield contents[identity]


def _entries(listing: bytes) -> Iterator[tuple[str, str, str]]:
    """(mode, object, path) of each line of `git ls-tree -z`."""
    for line in listing.split(b"\0"):
        if line:
            head, _, name = line.partition(b"\t")
            mode, _, identity = head.decode("ascii").split()
            yield mode, identity, name.decode("utf-8", "surrogateescape")


def _is_manifest(name: str, path: str) -> bool:
    """A file named itself, or one of a manifest's suffixes that is not hidden below the directory named."""
    given = PurePosixPath(path)
    found = PurePosixPath(name)
    if given == found:
        return True
    below = found.relative_to(given).parts if found.is_relative_to(given) else found.parts
    return name.lower().endswith(SUFFIXES) and not any(part.startswith(".") for part in below if part != "..")


def _contents(revision: str, identities: Sequence[str]) -> dict[str, bytes]:
    """The contents of objects, all from one process."""
    if not identities:
        return {}
    output = _git(revision, "cat-file", "--batch", given="".join(f"{i}\n" for i in identities).encode("ascii"))
    found: dict[str, bytes] = {}
    place = 0
    for identity in identities:
        end = output.index(b"\n", place)
        size = int(output[place:end].split()[2])
        found[identity] = output[end + 1 : end + 1 + size]
        place = end + size + 2
    return found


def _git(revision: str, *words: str, given: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(["git", *words], input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise ManifestError([Problem("", 0, 0, "git cannot be run", "install git, or name two directories")]) from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = said[-1].removeprefix("fatal: ") if said else f"git knows no revision `{revision}`"
        raise ManifestError([Problem("", 0, 0, message, "--git takes OLD..NEW, and paths after `--`")])
    return done.stdout
