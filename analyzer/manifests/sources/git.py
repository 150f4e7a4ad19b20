"""Manifests as they stand in a revision of a git repository, read from its objects: nothing is checked out.

What is read is what `load` would read in a checkout of the revision with its submodules: links to files are followed,
links to directories are left out.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterable, Iterator, Sequence

from analyzer.errors import ManifestError, Problem, UsageError
from analyzer.manifests.sources.choosing import ENDINGS, FAULTS, Entry, Sort, found_below
from analyzer.manifests.sources.excluding import Excluding, leaving_out
from analyzer.manifests.sources.files import why_none
from analyzer.model.source import LeftOut, Source, Why
from analyzer.records import dataclass

_FOLDER, _LINK, _SUBMODULE = "040000", "120000", "160000"
_MOST_LINKS = 40  # as Linux has it


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a revision: `name` is `REV:path`, `path` the one of those given that it was found under, which it is
    itself if `is_named`."""

    name: str
    path: str
    data: bytes
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """What the paths hold in one revision, and what of it is left out."""

    blobs: tuple[Blob, ...]
    left_out: tuple[LeftOut, ...] = ()


def revision_range(text: str) -> tuple[str, str | None]:
    """The two revisions of `OLD..NEW`, or of `A...B`: the merge base of A and B, and B.  A side left out is HEAD.  A
    revision alone is compared with the working tree, which is None."""
    old, dots, new = text.partition("..")
    if old and not dots:
        return old, None
    from_base = new.startswith(".")
    new = new.removeprefix(".")
    if not dots or new.startswith(".") or not (old or new):
        hint = "write OLD..NEW, as in main..HEAD, A...B for what B changed since it left A, or REV for the working tree"
        raise UsageError(f"`{text}` names no two revisions", hint)
    old, new = old or "HEAD", new or "HEAD"
    return (_merge_base(old, new) if from_base else old), new


def manifests_in(revision: str, paths: Sequence[str], exclude: Sequence[str] = ()) -> Revision:
    """The manifest files below the paths in that revision, as `git` finds them from the current directory.

    A path that the revision lacks gives none.  ManifestError if it is no revision, or git cannot be asked, or something
    that has to be read is not in the repository.
    """
    place = _Place(revision)
    excluding = Excluding(tuple(exclude))
    chosen: dict[str, tuple[str, str]] = {}  # by the path that it has once links are followed: the file, and its path
    left_out: list[LeftOut] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            sort = place.sort(place.within(path))
        except ValueError as error:
            problems.append(Problem(f"{revision}:{path}", 0, 0, str(error)))
            continue
        if sort is Sort.FILE:
            if excluding.takes(path, posixpath.dirname(path)):
                left_out.append(LeftOut(Source(f"{revision}:{path}"), Why.EXCLUDED))
            else:
                chosen.setdefault(place.identity(place.within(path)), (place.within(path), path))
        elif sort in (Sort.FOLDER, Sort.LINKED_FOLDER):
            found = found_below(place, place.within(path), excluding)
            problems += [
                Problem(
                    f"{revision}:{place.shown(file)}", 0, 0, fault, f"leave it out: `{leaving_out(place.shown(file))}`"
                )
                for file, fault in found.faults
            ]
            left_out += [LeftOut(Source(f"{revision}:{place.shown(o.source.file)}"), o.why) for o in found.left_out]
            for file in found.files:
                chosen.setdefault(place.identity(file), (file, path))
    if problems:
        raise ManifestError(problems)
    place.fetch(chosen)
    blobs = (
        Blob(f"{revision}:{place.shown(file)}", path, place.read(real), file == place.within(path))
        for real, (file, path) in chosen.items()
    )
    return Revision(tuple(blobs), tuple(left_out))


class _Place:
    """The files of a revision, with those of its submodules where they are asked for.

    Paths are those from the root of the repository, the root itself being empty.
    """

    def __init__(self, revision: str) -> None:
        self._revision = revision
        self._top = _git(("rev-parse", "--show-toplevel"), revision, may_fail=True).decode().strip("\n")
        self._prefix = _git(("rev-parse", "--show-prefix"), revision).decode().strip("\n").rstrip("/")
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        commit = _git(asked, revision).decode().strip()
        self._modes: dict[str, tuple[str, str]] = {"": (_FOLDER, "")}
        self._below: dict[str, list[str]] = {}
        self._owners: dict[str, tuple[str, ...]] = {}  # by mount: how to ask git for the objects below it
        self._data: dict[str, bytes] = {}
        self._mount("", (), commit)

    # -------------------------------------------------------------------------------------------- names
    def within(self, path: str) -> str:
        """A path as given, from the root of the repository.  ValueError if it leads out of it."""
        if os.path.isabs(path):
            path = os.path.relpath(os.path.realpath(path), os.path.realpath(self._top or "/"))
            found = posixpath.normpath(path)
        else:
            found = posixpath.normpath(posixpath.join(self._prefix, path.replace(os.sep, "/")))
        if found.startswith(".."):
            raise ValueError("lies outside of the repository")
        return "" if found == "." else found

    def shown(self, path: str) -> str:
        """The path as it is from the current directory."""
        return posixpath.relpath(path or ".", self._prefix or ".")

    # -------------------------------------------------------------------------------------------- trees
    def _mount(self, at: str, git: tuple[str, ...], commit: str) -> None:
        """Add what a commit's tree holds, below the path."""
        self._owners[at] = git
        listing = _git((*git, "ls-tree", "-r", "-t", "-z", "--full-tree", commit), self._revision)
        for line in listing.split(b"\0"):
            if line:
                head, _, name = line.partition(b"\t")
                mode, _, identity = head.decode("ascii").split()
                path = posixpath.join(at, name.decode("utf-8", "surrogateescape"))
                self._modes[path] = (mode, identity)
                self._below.setdefault(posixpath.dirname(path), []).append(path)

    def _open_submodule(self, path: str) -> None:
        """ValueError if its commit is not there."""
        commit = self._modes[path][1]
        for git in self._repositories(path):
            if _git((*git, "cat-file", "-t", commit), self._revision, may_fail=True).strip() == b"commit":
                self._modes[path] = (_FOLDER, "")
                self._mount(path, git, commit)
                return
        elsewhere = f"if it has moved or gone since, `git fetch {self._url(path)} {commit}`"
        raise ValueError(
            f"this is a submodule whose commit {commit[:12]} is not there: run `git submodule update --init`, or, "
            + elsewhere
        )

    def _repositories(self, path: str) -> Iterator[tuple[str, ...]]:
        """Where a submodule's objects can be: in its checkout, where git keeps those of submodules, of whatever name
        (one commit is the same in all of them), and in the repository itself, where somebody fetched them."""
        checkout = os.path.join(self._top, path)
        if self._top and os.path.exists(os.path.join(checkout, ".git")):
            yield "-C", checkout
        common = _git(("rev-parse", "--git-common-dir"), self._revision).decode().strip("\n")
        kept = os.path.join(common, "modules")
        named = os.path.join(kept, path)
        every = (folder for folder, _, files in os.walk(kept) if "HEAD" in files and folder != named)
        for folder in (named, *every):
            if os.path.exists(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects")):
                yield f"--git-dir={os.path.abspath(folder)}", "--work-tree=."  # its own may be gone
        yield ()

    def _url(self, path: str) -> str:
        """Where the submodule came from, as `.gitmodules` of its time says."""
        told = self._modes.get(".gitmodules")
        if told is None:
            return "URL"
        asked = ("config", "-z", "--blob", told[1], "--get-regexp", r"^submodule\..*\.(path|url)$")
        output = _git(asked, self._revision, may_fail=True).decode("utf-8", "replace")
        told_of = dict(line.split("\n", 1) for line in output.split("\0") if "\n" in line)
        names = (key.removesuffix(".path") for key, value in told_of.items() if key.endswith(".path") and value == path)
        return next((url for name in names if (url := told_of.get(f"{name}.url"))), "URL")

    def _resolved(self, path: str, links: int = 0) -> str | None:
        """Where a path leads once links are followed; None if nowhere.  ValueError where that is not to be told."""
        done = ""
        parts = [part for part in path.split("/") if part not in ("", ".")]
        while parts:
            part = parts.pop(0)
            if part == "..":
                if not done:
                    raise ValueError("this link leads out of the repository, where a revision holds nothing")
                done = posixpath.dirname(done)
                continue
            done = posixpath.join(done, part)
            if done not in self._modes:
                return None
            if self._modes[done][0] == _SUBMODULE:
                self._open_submodule(done)
            if self._modes[done][0] == _LINK:
                links += 1
                if links > _MOST_LINKS:
                    return None
                target = self._object(done).decode("utf-8", "surrogateescape")
                if target.startswith("/"):
                    raise ValueError("this link leads out of the repository, where a revision holds nothing")
                parts = [*(part for part in target.split("/") if part not in ("", ".")), *parts]
                done = posixpath.dirname(done)
        return done

    # -------------------------------------------------------------------------------------------- what choosing asks
    def sort(self, path: str) -> Sort | None:
        """What stands there once links are followed; None for nothing.  ValueError says what is wrong with it."""
        found = self._resolved(path)
        if found is None:
            return None
        return Sort.FOLDER if self._modes[found][0] == _FOLDER else Sort.FILE

    def entries(self, folder: str) -> Sequence[Entry]:
        found = self._resolved(folder)
        below = sorted(self._below.get(found or "", ()), key=posixpath.basename)
        return [self._entry(posixpath.join(folder, posixpath.basename(path)), path) for path in below]

    def _entry(self, path: str, real: str) -> Entry:
        name, mode = posixpath.basename(path), self._modes[real][0]
        if mode != _LINK:
            return Entry(name, path, Sort.FOLDER if mode in (_FOLDER, _SUBMODULE) else Sort.FILE)
        try:
            sort = self.sort(real)
        except ValueError:
            return Entry(name, path, Sort.LINKED_FOLDER)
        return Entry(name, path, {Sort.FOLDER: Sort.LINKED_FOLDER, None: Sort.LEADS_NOWHERE}.get(sort, Sort.FILE))

    def fault(self, entry: Entry) -> str:
        if entry.sort is Sort.LINKED_FOLDER:
            try:
                self.sort(entry.path)
            except ValueError as error:
                return str(error)
            if not entry.name.endswith(ENDINGS):
                return ""
        return FAULTS.get(entry.sort, "")

    def identity(self, file: str) -> str:
        """The path that the file has once links are followed."""
        found = self._resolved(file)
        if found is None:
            raise ValueError("this link leads nowhere")
        return found

    def read(self, file: str) -> bytes:
        return self._object(self.identity(file))

    def _object(self, path: str) -> bytes:
        """A file's bytes, or a link's target."""
        if path not in self._data:
            self.fetch([path])
        return self._data[path]

    def fetch(self, paths: Iterable[str]) -> None:
        """Read the objects of these paths, all of a repository from one process."""
        asked: dict[tuple[str, ...], list[str]] = {}
        for path in paths:
            mount = max((at for at in self._owners if not at or path.startswith(f"{at}/")), key=len)
            asked.setdefault(self._owners[mount], []).append(path)
        for git, wanted in asked.items():
            given = "".join(f"{self._modes[path][1]}\n" for path in wanted).encode("ascii")
            output, place = _git((*git, "cat-file", "--batch"), self._revision, given=given), 0
            for path in wanted:
                end = output.index(b"\n", place)
                size = int(output[place:end].split()[2])
                self._data[path] = output[end + 1 : end + 1 + size]
                place = end + size + 2


def check_submodules(paths: Sequence[str], exclude: Sequence[str] = ()) -> None:
    """ManifestError if a submodule below the paths of the working tree is not checked out: none of it can be read."""
    listing = _git(("ls-files", "--stage", "-z", "--", *paths), "HEAD", may_fail=True)
    heads = (line.partition(b"\t") for line in listing.split(b"\0") if line.startswith(_SUBMODULE.encode()))
    names = [name.decode("utf-8", "surrogateescape") for _, _, name in heads]
    excluding, message = Excluding(tuple(exclude)), "this is a submodule that is not checked out"

    def is_asked(name: str) -> bool:
        parts = name.split("/")
        folders = ("/".join(parts[: place + 1]) for place in range(len(parts)))
        return not any(excluding.takes(folder, ".", is_folder=True) for folder in folders)

    missing = [name for name in names if not os.path.lexists(os.path.join(name, ".git")) and is_asked(name)]
    if missing:
        raise ManifestError([Problem(n, 0, 0, message, "run `git submodule update --init`") for n in missing])


def why_empty(found: Sequence[Revision]) -> str:
    """A hint to where the manifests of a path may be, in two revisions that hold none there."""
    return why_none([entry for revision in found for entry in revision.left_out])


def _merge_base(old: str, new: str) -> str:
    for revision in (old, new):
        _git(("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"), revision)
    found = _git(("merge-base", "--end-of-options", old, new), old, may_fail=True).decode().strip()
    if not found:
        message = f"`{old}` and `{new}` have no commit in common in this repository"
        raise ManifestError([Problem("", 0, 0, message, "fetch more of its history: `git fetch --unshallow`")])
    return found[:16]


def _git(words: Sequence[str], revision: str, *, may_fail: bool = False, given: bytes | None = None) -> bytes:
    """What git prints; nothing if it fails and may."""
    try:
        done = subprocess.run(["git", *words], input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise ManifestError([Problem("", 0, 0, "git cannot be run", "install git, or name two directories")]) from None
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = said[-1].removeprefix("fatal: ") if said else f"git knows no revision `{revision}`"
        hint = "`--git OLD` compares with the working tree, `--git OLD..NEW` two revisions; paths stand behind `--`"
        raise ManifestError([Problem("", 0, 0, message, hint)])
    return b"" if done.returncode else done.stdout
