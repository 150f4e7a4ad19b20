"""Manifests kept beside what was read of them, so that they can be read again with objects put in or taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from analyzer.errors import InputError, Problem, UsageError
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE
from analyzer.manifests.loader import Identity, Loader
from analyzer.manifests.loading import Loaded, assembled, note_unread, rendered_notice, without_garbage_collection
from analyzer.manifests.reassembly import sharing
from analyzer.manifests.sources.excluding import Excluding
from analyzer.manifests.sources.files import STDIN, STDIN_NAME, chosen_files, read_file
from analyzer.manifests.sources.git import Blob
from analyzer.model.cluster import Unmodelled
from analyzer.model.source import LeftOut
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """How documents are read; as for `load`."""

    keep_going: bool = False
    irrelevant: frozenset[str] = frozenset()
    strict_cidr: bool = True
    unread: tuple[Unmodelled | LeftOut, ...] = ()

    def loader(self, without: frozenset[Identity] = frozenset()) -> Loader:
        """One that has read nothing yet."""
        return Loader(self.irrelevant, self.strict_cidr, without)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file with what was read of it; `count` objects, those left out included."""

    blob: Blob
    read: Loader
    count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What was read, with what it was read from.  `pieces` are in the order of reading."""

    loaded: Loaded
    rules: Rules
    pieces: tuple[Piece, ...]
    left_out: tuple[LeftOut, ...] = ()

    def text(self, file: str) -> bytes | None:
        """What was read of that name; None if nothing was."""
        return next((piece.blob.data for piece in self.pieces if piece.blob.name == file), None)

    def with_texts(self, files: Mapping[str, bytes]) -> Kept:
        """The same with these texts in the place of those of the files, or beside them.  ManifestError as from
        `load`."""
        known = {piece.blob.name for piece in self.pieces}
        pieces = [
            _piece(replace(piece.blob, data=files[name]), self.rules.loader(piece.read.without))
            if (name := piece.blob.name) in files
            else piece
            for piece in self.pieces
        ]
        new = [Blob(name, name, data, is_named=True) for name, data in files.items() if name not in known]
        found = _kept((*pieces, *(_piece(blob, self.rules.loader()) for blob in new)), self.rules, self.left_out)
        # What is worked out of parts that no file changes is worked out once for all texts that are tried.
        return replace(found, loaded=replace(found.loaded, cluster=sharing(self.loaded.cluster, found.loaded.cluster)))

    def changed(self, put: Sequence[Blob] = (), removed: Iterable[str] = ()) -> Kept:
        """The same with the objects of `put` in the place of those of the same identity, and without the `removed`,
        each `Kind namespace/name`, or `Kind name` where there is no namespace.

        This is what the manifests would give if they were edited so.  Files that hold none of these objects are not
        read again.  ManifestError as from `load`; UsageError for a name that no object has.
        """
        known = {identity for piece in self.pieces for identity in piece.read.places}
        gone = frozenset(_named(removed, known))
        added = [_piece(blob, self.rules.loader()) for blob in put]
        gone |= known & {identity for piece in added for identity in piece.read.places}
        kept = [_without(piece, self.rules, gone) for piece in self.pieces]
        return _kept((*kept, *added), self.rules, self.left_out)


def keep(
    paths: Sequence[str],
    blobs: Sequence[Blob],
    rules: Rules,
    *,
    exclude: Sequence[str] = (),
    stdin: bytes | None = None,
    render: bool = False,
) -> Kept:
    """Read files, directories and what is in memory already, as `load` does, and keep the text.

    `stdin` is what `-` stands for.  ManifestError holds every problem of all of them, unless the rules say to go on.
    """
    problems: list[Problem] = []
    chosen = chosen_files(paths, problems, Excluding(tuple(exclude)), render=render)
    found = []
    for file, path in chosen.files.items():
        try:
            data = chosen.rendered.get(file)
            if data is None:
                data = (stdin or b"") if file == STDIN else read_file(file)
        except ValueError as error:
            problems.append(Problem(file, 0, 0, str(error)))
            continue
        found.append(Blob(STDIN_NAME if file == STDIN else file, path, data, is_named=file == path))
    with without_garbage_collection():
        pieces = [_piece(blob, rules.loader()) for blob in (*found, *blobs)]
        if chosen.rendered:
            first = next(piece for piece in pieces if piece.blob.name in chosen.rendered)
            first.read.facts.notices.append(rendered_notice(tuple(chosen.rendered)))
        return _kept(pieces, rules, chosen.left_out, problems)


def _piece(blob: Blob, loader: Loader) -> Piece:
    count = loader.read(blob.name, partial(bytes, blob.data), is_named=blob.is_named)
    return Piece(blob, loader, count)


def _without(piece: Piece, rules: Rules, gone: frozenset[Identity]) -> Piece:
    if not gone & piece.read.places.keys():
        return piece
    return _piece(piece.blob, rules.loader(piece.read.without | gone))


def _kept(pieces: Sequence[Piece], rules: Rules, left_out: Sequence[LeftOut], problems: Sequence[Problem] = ()) -> Kept:
    """All pieces together; read by one reader where something is wrong, which then tells all of it."""
    whole = _begun(rules, left_out, problems)
    counts: dict[str, dict[str, int]] = {}
    for piece in pieces:
        counts.setdefault(piece.blob.path, {})[piece.blob.name] = piece.count
    if problems or not all(whole.absorb(piece.read) for piece in pieces):
        whole = _begun(rules, left_out, problems)
        for piece in pieces:
            whole.without = piece.read.without
            whole.read(piece.blob.name, partial(bytes, piece.blob.data), is_named=piece.blob.is_named)
    loaded = assembled(whole, counts, rules.keep_going, tuple(piece.blob.name for piece in pieces))
    return Kept(loaded, rules, tuple(pieces), tuple(left_out))


def _begun(rules: Rules, left_out: Sequence[LeftOut], problems: Sequence[Problem]) -> Loader:
    loader = rules.loader()
    loader.problems += problems
    loader.facts.left_out += left_out
    note_unread(loader, rules.unread)
    loader.note_unread()
    return loader


def _named(names: Iterable[str], known: Iterable[Identity]) -> Iterator[Identity]:
    """The identities of these names.  UsageError holds every name that no object has."""
    by_name: dict[tuple[str, str, str], list[Identity]] = {}
    for identity in known:
        kind, _, namespace, name = identity
        by_name.setdefault((kind, namespace, name), []).append(identity)
    errors: list[UsageError] = []
    for text in names:
        kind, _, rest = text.strip().partition(" ")
        namespace, slash, name = rest.strip().rpartition("/")
        places = (namespace,) if slash else ("", DEFAULT_NAMESPACE)
        found = [identity for place in places for identity in by_name.get((kind, place, name), ())]
        if not found:
            errors.append(UsageError(f"no object of the manifests is called `{text}`", _meant(text, by_name)))
        yield from found
    if errors:
        raise InputError(problem for error in errors for problem in error.problems)


def _meant(text: str, known: Iterable[tuple[str, str, str]]) -> str:
    from difflib import get_close_matches

    names = [f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}" for kind, namespace, name in known]
    close = get_close_matches(text, sorted(names), n=1)
    return f"did you mean `{close[0]}`?" if close else "write `Kind namespace/name`, or `Kind name`"
