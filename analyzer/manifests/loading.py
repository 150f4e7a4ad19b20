"""The walk from paths to a cluster: find the files, read them, here and in other processes, and put all together."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from analyzer.errors import ManifestError, Problem
from analyzer.manifests.assembly import assemble
from analyzer.manifests.loader import Loader
from analyzer.manifests.overlays import told_by_overlay
from analyzer.manifests.sources.excluding import Excluding
from analyzer.manifests.sources.files import STDIN, STDIN_NAME, Chosen, chosen_files, read_file
from analyzer.manifests.sources.git import Blob
from analyzer.manifests.sources.kustomizations import KUSTOMIZATIONS
from analyzer.manifests.sources.shares import shares
from analyzer.model.cluster import Cluster, Unmodelled
from analyzer.model.source import NOWHERE, LeftOut, Notice
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.workers import WorkerPool

_Share = tuple[Loader, dict[str, int]]
Content = Callable[[str], bytes]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Loaded:
    """A cluster, and with keep_going what was wrong with the input it was read from."""

    cluster: Cluster
    problems: tuple[Problem, ...]


def load(
    paths: Sequence[str],
    *,
    keep_going: bool = False,
    irrelevant: frozenset[str] = frozenset(),
    strict_cidr: bool = True,
    exclude: Sequence[str] = (),
    stdin: Callable[[], bytes] | None = None,
    progress: Progress | None = None,
    on_read: Callable[[str, bytes], None] | None = None,
    jobs: int | None = None,
    unread: Sequence[Unmodelled | LeftOut] = (),
    render: bool = False,
) -> Loaded:
    """Read manifests into a cluster.

    `paths` are files, directories (read recursively) and `-` for `stdin`.  `irrelevant` names kinds (`Kind.group`)
    that the user knows not to affect traffic.  With `strict_cidr`, CIDRs that API servers from 1.36 on refuse are
    problems, save in objects that a server has stored.  `exclude` are patterns of files and directories to leave out
    (Excluding).  `progress` is told each file with its number and their count, before it is read; `on_read` each
    file with its bytes. At most `jobs` processes share the reading, as many as there are cores if it is None, and
    one alone where there is little to read, or somebody wants to be told of it. With `render`, charts and
    kustomizations in directories are rendered by the user's own programs, and that is read in their place.  `unread`
    stands for what the caller knows not to be among them.

    ManifestError holds every problem of all files; with `keep_going` they are returned instead, and each object that
    could not be read stands in the cluster as unmodelled.
    """

    def content(file: str) -> bytes:
        data = chosen.rendered.get(file)
        if data is None:
            data = (stdin or bytes)() if file == STDIN else read_file(file)
        if on_read is not None:
            on_read(STDIN_NAME if file == STDIN else file, data)
        return data

    with without_garbage_collection():
        loader = Loader(irrelevant, strict_cidr)
        note_unread(loader, unread)
        chosen = chosen_files(paths, loader.problems, Excluding(tuple(exclude)), render=render)
        if chosen.rendered:
            loader.facts.notices.append(rendered_notice(tuple(chosen.rendered)))
        is_alone = on_read is not None or bool(chosen.rendered)
        return _load(chosen, keep_going, loader, content, progress, 1 if is_alone else jobs)


def load_blobs(
    blobs: Sequence[Blob],
    *,
    keep_going: bool = False,
    irrelevant: frozenset[str] = frozenset(),
    strict_cidr: bool = True,
    left_out: Sequence[LeftOut] = (),
) -> Loaded:
    """The same for files that were read already; there may be none."""
    with without_garbage_collection():
        loader = Loader(irrelevant, strict_cidr)
        loader.facts.left_out += left_out
        counts: dict[str, dict[str, int]] = {}
        for blob in blobs:
            held = loader.read(blob.name, partial(bytes, blob.data), is_named=blob.is_named)
            counts.setdefault(blob.path, {})[blob.name] = held
        return assembled(loader, counts, keep_going, tuple(blob.name for blob in blobs))


def read_manifests(
    paths: Sequence[str], stdin: Callable[[], bytes], exclude: Sequence[str] = ()
) -> tuple[dict[str, bytes], tuple[LeftOut, ...]]:
    """The bytes of each file that `load` would read, by the name that it gives them, and what it would leave out;
    ManifestError where it could not."""
    problems: list[Problem] = []
    found: dict[str, bytes] = {}
    chosen = chosen_files(paths, problems, Excluding(tuple(exclude)))
    for file in chosen.files:
        try:
            found[STDIN_NAME if file == STDIN else file] = stdin() if file == STDIN else read_file(file)
        except ValueError as error:
            problems.append(Problem(file, 0, 0, str(error)))
    if problems:
        raise ManifestError(problems)
    return found, tuple(chosen.left_out)


def note_unread(loader: Loader, things: Sequence[Unmodelled | LeftOut]) -> None:
    """Say what the caller knows not to be among what is read, or left out himself."""
    for thing in things:
        if isinstance(thing, LeftOut):
            loader.facts.left_out.append(thing)
        else:
            loader.facts.unmodelled.append(thing)
            loader.facts.notices.append(Notice(NOWHERE, _told(thing), True))


def rendered_notice(names: tuple[str, ...]) -> Notice:
    """One sentence about what was rendered."""
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return Notice(NOWHERE, f"rendered and read: {shown}", True, names)


def _told(thing: Unmodelled) -> str:
    """One sentence about what was not read."""
    if thing.elsewhere_than:
        return f"only namespace {thing.elsewhere_than} was read; what the others may hold is open"
    what = thing.kind if thing.may_be else thing.id
    return f"no {what} was read; answers that one could change are unknown"


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Trees hold no cycles, and looking for some in millions of nodes would take as long as reading them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(
    chosen: Chosen,
    keep_going: bool,
    loader: Loader,
    content: Content,
    progress: Progress | None,
    jobs: int | None,
) -> Loaded:
    files = chosen.files
    named = frozenset(file for file, path in files.items() if file == path)
    loader.facts.left_out += chosen.left_out
    loader.note_unread()
    own, *others = shares(list(files), jobs)
    with _others(loader, others, named) as pool:
        found = _read(loader, own, named, content, progress)[1]
        for share, result in zip(others, pool.results() if pool is not None else (), strict=True):
            # What is wrong is told by a loader that has read all that comes before.
            is_taken = result is not None and loader.absorb(result[0])
            found |= result[1] if result is not None and is_taken else _read(loader, share, named)[1]
    counts: dict[str, dict[str, int]] = {}
    for file, path in files.items():
        counts.setdefault(path, {})[file] = found[file]
    return assembled(loader, counts, keep_going, tuple(STDIN_NAME if file == STDIN else file for file in files))


def _others(
    loader: Loader, shares: Sequence[Sequence[str]], named: frozenset[str]
) -> AbstractContextManager[WorkerPool[_Share | None] | None]:
    """Other processes, each at one of the shares from now on; no result where one ended without giving any."""
    if not shares:
        return nullcontext()
    from analyzer.workers import WorkerPool

    def read(number: int) -> _Share | None:
        return _read(Loader(loader.irrelevant, loader.strict_cidr), shares[number], named)

    return WorkerPool(read, len(shares), len(shares), lost=lambda number, code: None)


def _read(
    loader: Loader,
    files: Sequence[str],
    named: frozenset[str],
    content: Content = read_file,
    progress: Progress | None = None,
) -> tuple[Loader, dict[str, int]]:
    """The loader, and how many objects each of the files holds; `named` are those that the user named."""
    counts = {}
    for number, file in enumerate(files):
        name = STDIN_NAME if file == STDIN else file
        if progress is not None:
            progress(name, number, len(files))
        counts[file] = loader.read(name, partial(content, file), is_named=file in named)
    return loader, counts


def assembled(loader: Loader, counts: dict[str, dict[str, int]], keep_going: bool, names: tuple[str, ...]) -> Loaded:
    """What the loader has read, `counts` being how many objects each file holds, by the path it was found under."""
    for path, found in counts.items():
        loader.note_empty_files(path, found)
    loader.check_references()
    left_out = (entry.source.file for entry in loader.facts.left_out)
    kustomizations = {os.path.dirname(file) for file in left_out if os.path.basename(file) in KUSTOMIZATIONS}
    problems = told_by_overlay(loader.problems, loader.clashes, kustomizations)
    if problems and not keep_going:
        raise ManifestError(problems)
    return Loaded(assemble(loader.facts, names), ManifestError(problems).problems)
