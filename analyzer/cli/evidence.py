"""`netproof check --evidence DIR`: what was read and asked, gathered for the bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.cli.guard import tell
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.cli.revisions import Reading
    from analyzer.judging import Setting
    from analyzer.model.claims import Pack
    from analyzer.verdicts import Answer


def check_evidence(folder: Path | None, manifests: Sequence[str], *, keep_going: bool, render: bool = False) -> None:
    """UsageError where no bundle can be written or the next run would read it, or of input that might not be read
    whole."""
    if folder is None:
        return
    from analyzer.cli.bundles import check_folder

    check_folder(folder)
    for path in manifests:
        if path != "-" and _would_be_read(folder.resolve(), Path(path).resolve()):
            hint = "write it beside them"
            raise UsageError(f"`{folder}` lies among the manifests of `{path}`, and the next run would read it", hint)
    if keep_going:
        raise UsageError("evidence is of manifests that are read whole", "leave out --keep-going or --evidence")
    if render:
        hint = "render first, and check what comes out: `helm template … > rendered.yaml`"
        raise UsageError("evidence is of files that can be read again, and not of what --render prints", hint)


def _would_be_read(folder: Path, manifests: Path) -> bool:
    """Whether a run on the manifests finds what the folder holds."""
    return folder.is_relative_to(manifests)


def write_evidence(
    folder: Path | None,
    answer: Answer,
    setting: Setting,
    packs: Sequence[Pack],
    reading: Reading,
) -> None:
    """The bundle in the folder, and its fingerprint on standard error; nothing if nobody wants one."""
    if folder is None:
        return
    from analyzer.analysis.evidence.bundling import bundled
    from analyzer.cli.bundles import BundleWriter
    from analyzer.reports.check_json import render_json
    from analyzer.reports.evidence_json import render_evidence
    from analyzer.reports.visible import visible
    from analyzer.verdicts.bundle import sha256

    sections = tuple(
        replace(it, verdicts=tuple(replace(verdict, beyond=None) for verdict in it.verdicts)) for it in answer.sections
    )
    # The same whether a second solver was asked or not, and whatever else the run's own reports list.
    report = render_json(replace(answer, cross_check=None, sections=sections))
    writer = BundleWriter(folder)
    bundle = bundled(
        answer,
        setting,
        report,
        reading.readings.records if reading.readings else (),
        packs,
        writer.write,
        irrelevant=reading.irrelevant,
        strict_cidr=reading.strict_cidr,
        exclude=reading.exclude,
    )
    index = render_evidence(bundle)
    writer.finish(index)
    tell(f"evidence: {visible(str(folder))}, fingerprint {sha256(index)}")
