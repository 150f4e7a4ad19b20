"""What `netproof watch` keeps between two saves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.cli.guard import complaint, tell
from analyzer.cli.output import write
from analyzer.cli.progress import Progress
from analyzer.errors import InputError

if TYPE_CHECKING:
    from analyzer.analysis import CheckSession, Setting
    from analyzer.manifests import Rereader
    from analyzer.model.claims import Pack
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.reports.layout import Style
    from analyzer.verdicts import Answer


class Watcher:
    """Answers for the files as they are now, and tells what is another answer than before."""

    def __init__(
        self,
        reader: Rereader,
        packs: Callable[[], tuple[Pack, ...]],
        setting: Setting,
        profile_for: Callable[[Cluster], Profile],
        jobs: int | None,
        names: Sequence[str],
    ) -> None:
        """`packs` reads the packs, `names` are theirs; those that are files are watched too.  `profile_for` gives the
        profile that goes in the setting's place."""
        self._reader, self._read_packs, self._setting, self._jobs = reader, packs, setting, jobs
        self._profile_for = profile_for
        self._names = tuple(names)
        self._packs: tuple[Pack, ...] = ()
        self._session: CheckSession | None = None

    @property
    def answer(self) -> Answer | None:
        """The last one; None as long as nothing could be read."""
        return None if self._session is None else self._session.answer

    def run(self, style: Callable[[], Style], every: float) -> None:
        """Report, and again after each save, looking for one every so many seconds; forever."""
        while True:
            before = self._stamp()
            try:
                with Progress() as progress:
                    report = self._report(style(), progress)
            except InputError as error:
                tell(complaint(error.problems, "waiting for the next save"))
            else:
                write(report, None)
            self._await(before, every)

    def _stamp(self) -> tuple[object, ...]:
        """The same as long as no manifest and no query file was saved; built-in packs do not change."""
        return (
            *self._reader.stamp(),
            *((name, os.stat(name).st_mtime_ns) for name in self._names if os.path.isfile(name)),
        )

    def _await(self, before: tuple[object, ...], every: float) -> None:
        """Return once something was saved, and for one interval nothing more."""
        while (now := self._stamp()) == before:
            time.sleep(every)
        settled = None
        while now != settled:
            settled = now
            time.sleep(every)
            now = self._stamp()

    def _report(self, style: Style, progress: Progress) -> bytes:
        """The whole report at first and when the packs are others, then what changed.  InputError for bad input, which
        leaves everything as it was."""
        from analyzer.analysis import CheckSession, changed_verdicts
        from analyzer.reports.text import render_text
        from analyzer.reports.watch_text import render_change

        started = time.monotonic()
        packs, cluster = self._read_packs(), self._reader.load().cluster
        setting = replace(self._setting, profile=self._profile_for(cluster))
        if self._session is None or packs != self._packs or setting != self._setting:
            self._packs, self._setting = packs, setting
            asked_before = self._session is not None
            self._session = CheckSession(cluster, packs, setting=setting, jobs=self._jobs, progress=progress)
            report = render_text(self._with_findings(self._session.answer, cluster), style)
            anew = f"{time.strftime('%H:%M:%S')}  the questions changed; all asked anew\n"
            return b"\n" + anew.encode() + report if asked_before else report
        before = self._session.answer
        after = self._session.update(cluster, progress=progress)
        changes = changed_verdicts(before, after)
        return render_change(
            self._reader.reread,
            self._with_findings(after, cluster) if changes else after,
            changes,
            style,
            asked=len(self._session.asked),
            how=self._reader.how,
            at=time.strftime("%H:%M:%S"),
            seconds=time.monotonic() - started,
        )

    def _with_findings(self, answer: Answer, cluster: Cluster) -> Answer:
        """The answer with the causes of what it refutes, looked up in the files as they are."""
        from analyzer.analysis.findings import findings_of
        from analyzer.cli.texts import Again, Texts
        from analyzer.manifests.locating import Locator

        texts = Locator(Texts().read, Again(self._reader.kept).with_texts)
        return replace(
            answer, findings=findings_of(answer, cluster, self._setting, texts, self._packs, jobs=self._jobs)
        )
