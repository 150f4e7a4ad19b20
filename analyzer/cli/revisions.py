"""The manifests that a command line names, of one revision or of two, read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from analyzer import inputs
from analyzer.cli.folders import is_below
from analyzer.cli.texts import Again, Texts
from analyzer.errors import ManifestError, UsageError
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.cli.options import SecondSolver
    from analyzer.cli.progress import Progress
    from analyzer.cli.recording import Readings
    from analyzer.judging import Setting
    from analyzer.manifests import Loaded
    from analyzer.manifests.changing import Kept
    from analyzer.manifests.sources.git import Revision
    from analyzer.model.claims import Pack
    from analyzer.model.cluster import Cluster
    from analyzer.verdicts import Answer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """How manifests are read, as the command line says it; `readings` is told each file."""

    keep_going: bool
    kinds: Sequence[str] | None
    strict_cidr: bool
    patterns: Sequence[str] | None = None
    jobs: int | None = None
    render: bool = False
    readings: Readings | None = None
    texts: Texts = field(default_factory=Texts)

    @property
    def irrelevant(self) -> frozenset[str]:
        return frozenset(self.kinds or ())

    @property
    def exclude(self) -> tuple[str, ...]:
        return tuple(self.patterns or ())

    def one(self, paths: Sequence[str], progress: Progress) -> Loaded:
        """The files and directories together.  ManifestError tells how to go on without what is at fault."""
        return self._going_on(paths, lambda without: self._read(paths, progress, without))

    def _going_on(self, paths: Sequence[str], read: Callable[[Sequence[str]], T], revisions: Sequence[str] = ()) -> T:
        """What is read without what the patterns mean, which are none; ManifestError tells how to go on with some."""
        try:
            return read(())
        except ManifestError as error:
            if self.readings is None and "-" not in paths:
                from analyzer.cli.way_on import way_on

                error.way_on = way_on(error, paths, read, revisions)
            raise

    def _read(self, paths: Sequence[str], progress: Progress, without: Sequence[str] = ()) -> Loaded:
        from analyzer.manifests import load

        return load(
            paths,
            keep_going=self.keep_going,
            irrelevant=self.irrelevant,
            strict_cidr=self.strict_cidr,
            exclude=(*self.exclude, *without),
            stdin=self.texts.standard_input,
            unread=inputs.unread(),
            progress=progress,
            on_read=self.readings,
            jobs=self.jobs,
            render=self.render,
        )

    def finished(
        self, answer: Answer, cluster: Cluster, setting: Setting, packs: Sequence[Pack], paths: Sequence[str]
    ) -> Answer:
        """The answer with its findings, and with what it was made from where that is told."""
        from analyzer.cli.recording import recorded

        return recorded(self.with_findings(answer, cluster, setting, packs, paths), packs, self.readings, paths)

    def with_findings(
        self, answer: Answer, cluster: Cluster, setting: Setting, packs: Sequence[Pack], paths: Sequence[str]
    ) -> Answer:
        """The answer with the causes of what it refutes, looked up in what was read."""
        from analyzer.verdicts import Status

        refuted = (it for section in answer.sections for it in section.verdicts if it.status is Status.REFUTED)
        if all(verdict.is_excused for verdict in refuted):
            return answer
        from analyzer.analysis.findings import findings_of
        from analyzer.manifests.locating import Locator

        can_reread = "-" not in paths or self.texts.kept is not None
        reread = Again(partial(self._kept, paths)).with_texts if can_reread else None
        texts = Locator(self.texts.read, reread, partial(_is_read, paths))
        return replace(answer, findings=findings_of(answer, cluster, setting, texts, packs, jobs=self.jobs))

    def _kept(self, paths: Sequence[str]) -> Kept:
        """What `one` reads, kept beside its text."""
        from analyzer.manifests.changing import Rules, keep

        rules = Rules(self.keep_going, self.irrelevant, self.strict_cidr, tuple(inputs.unread()))
        stdin = self.texts.kept
        return keep(paths, (), rules, exclude=self.exclude, stdin=stdin, render=self.render)

    def staged(self, paths: Sequence[str], git: str | None, progress: Progress) -> tuple[Loaded, Loaded]:
        """One revision, and itself with what is staged enforced; what is wrong with it is told once."""
        from analyzer.manifests import Loaded
        from analyzer.model.calico_staged import with_staged

        if git is not None:
            raise UsageError("--staged compares one revision with itself", "leave --git out")
        found = self.one(paths or (".",), progress)
        calico = found.cluster.calico
        if not calico.staged and not calico.staged_kubernetes:
            raise UsageError(
                "the manifests hold no staged policy of Calico", "leave --staged out to compare two revisions"
            )
        return found, Loaded(with_staged(found.cluster), ())

    def both(self, paths: Sequence[str], git: str | None, progress: Progress) -> tuple[Loaded, Loaded]:
        """The old and the new revision; the problems of both are told together."""
        if git is not None:
            return self._from_git(git, paths or (".",), progress)
        if len(paths) != 2:
            raise UsageError(
                f"diff takes two arguments, OLD and NEW, not {len(paths)}",
                "put several files of one revision into one directory; --git compares two git revisions",
            )
        if list(paths) == ["-", "-"]:
            raise UsageError("standard input can be one of the two revisions only")
        return self._going_on(
            paths,
            lambda without: _two(
                lambda: self._read(paths[:1], progress, without), lambda: self._read(paths[1:], progress, without)
            ),
        )

    def _from_git(self, git: str, paths: Sequence[str], progress: Progress) -> tuple[Loaded, Loaded]:
        from analyzer.manifests.sources.git import revision_range

        if self.render:
            raise UsageError(
                "--render works on files, and not on git revisions", "render two checkouts and compare them"
            )
        old, new = revision_range(git)
        names = [old] if new is None else [old, new]

        def read(without: Sequence[str]) -> tuple[Loaded, Loaded]:
            patterns = [_of_both(pattern, names) for pattern in (*self.exclude, *without)]
            excluding = replace(self, patterns=patterns)
            try:
                if new is None:
                    return excluding._with_working_tree(old, paths, progress)
                return excluding._between(old, new, paths=paths)
            except ManifestError as error:
                raise ManifestError(
                    replace(problem, hint=_of_paths(problem.hint, names)) for problem in error.problems
                ) from None

        return self._going_on(paths, read, names)

    def _between(self, *names: str, paths: Sequence[str]) -> tuple[Loaded, Loaded]:
        from analyzer.manifests.sources.git import manifests_in, why_empty

        found = inputs.settled(*(lambda name=name: manifests_in(name, paths, self.exclude) for name in names))
        for path in paths:
            if not any(blob.path == path for revision in found for blob in revision.blobs):
                hint = why_empty(found)
                raise UsageError(f"`{path}` holds no manifest in {names[0]} nor in {names[1]}", hint)
        return _two(lambda: self._of(found[0]), lambda: self._of(found[1]))

    def _with_working_tree(self, revision: str, paths: Sequence[str], progress: Progress) -> tuple[Loaded, Loaded]:
        """The revision, and the files as they are now, tracked or not; a path that one of them lacks is empty there."""
        from analyzer.manifests.sources.git import Revision, check_submodules, manifests_in, why_empty

        found = manifests_in(revision, paths, self.exclude)
        check_submodules(paths, self.exclude)
        there = [path for path in paths if os.path.lexists(path)]
        for path in paths:
            if path not in there and not any(blob.path == path for blob in found.blobs):
                raise UsageError(
                    f"`{path}` holds no manifest in {revision} nor in the working tree", why_empty([found])
                )
        return _two(lambda: self._of(found), lambda: self._read(there, progress) if there else self._of(Revision(())))

    def _of(self, revision: Revision) -> Loaded:
        from analyzer.manifests.loading import load_blobs

        return load_blobs(
            revision.blobs,
            keep_going=self.keep_going,
            irrelevant=self.irrelevant,
            strict_cidr=self.strict_cidr,
            left_out=revision.left_out,
        )


def _two(old: Callable[[], Loaded], new: Callable[[], Loaded]) -> tuple[Loaded, Loaded]:
    first, second = inputs.settled(old, new)
    return first, second


def _of_both(pattern: str, revisions: Sequence[str]) -> str:
    """The pattern as it is about files of either revision; messages show `REV:path`."""
    for revision in revisions:
        pattern = pattern.removeprefix(f"{revision}:")
    return pattern


def _of_paths(hint: str, revisions: Sequence[str]) -> str:
    """The hint with paths in place of `REV:path`: they are what goes on a command line."""
    for revision in revisions:
        hint = hint.replace(f"`{revision}:", "`").replace(f"'{revision}:", "'")
    return hint


def second_solver(chosen: SecondSolver | None, universe: str, *, has_queries: bool) -> str | None:
    """Its name; UsageError if it is not installed, or would have nothing to confirm."""
    if chosen is not None and universe == "inventory" and not has_queries:
        raise UsageError(
            "the table of the inventory is no answer of a solver, so --cross-check has nothing to confirm",
            "leave out --universe inventory, or give queries with -p or -q",
        )
    return inputs.second_solver(chosen and chosen.value)


def served_by(controllers: Sequence[str], universe: str) -> None:
    """UsageError for controllers where nothing tells of the ingress controller."""
    if controllers and universe != "inventory":
        raise UsageError(
            "--ingress-controller is for the inventory: elsewhere the controller is a pod like any other",
            "add --universe inventory, or leave it out",
        )


def _is_read(paths: Sequence[str], file: str) -> bool:
    """Whether the file lies in a folder that is read as a whole."""
    there = os.path.realpath(file)
    folders = [os.path.realpath(path) for path in paths or (".",) if os.path.isdir(path)]
    return any(is_below(there, folder) for folder in folders)
