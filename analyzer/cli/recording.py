"""What a report was made from, noted while it is made: the files with their hashes, the revision, packs, versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cli.destinations import are_listed, are_records

if TYPE_CHECKING:
    from analyzer.analysis import Excuses, Setting
    from analyzer.cli.destinations import Destination
    from analyzer.model.claims import Pack
    from analyzer.model.cluster import Cluster
    from analyzer.verdicts import Answer
    from analyzer.verdicts.provenance import ManifestRecord, PackUsed


class Readings:
    """Hashes every manifest while it is read."""

    def __init__(self) -> None:
        self.records: list[ManifestRecord] = []

    def __call__(self, name: str, data: bytes) -> None:
        from analyzer.verdicts.bundle import sha256
        from analyzer.verdicts.provenance import ManifestRecord

        self.records.append(ManifestRecord(name, len(data), sha256(data)))


def readings(evidence: Path | None, reports: Sequence[Destination], excuses: Excuses | None = None) -> Readings | None:
    """What hashes the manifests, if a bundle or a report wants to tell it, or a baseline is compared."""
    is_compared = excuses is not None and excuses.baseline is not None
    return Readings() if evidence or is_compared or are_records(reports) else None


def remembering(
    setting: Setting,
    excuses: Excuses,
    evidence: Path | None,
    reports: Sequence[Destination],
    readings: Readings | None,
    cluster: Cluster,
    packs: Sequence[Pack],
) -> tuple[Setting, Excuses]:
    """The setting in which verdicts hold what bundle and reports are to keep, and the excuses, knowing whether the
    baseline was made from what was read now, files by other names included: then nothing can be new."""
    setting = replace(setting, keeps_steps=bool(evidence), lists_regions=are_listed(reports))
    if excuses.baseline is None or readings is None or not readings.records:
        return setting, excuses
    is_unchanged = excuses.baseline.premises == _premises(readings, cluster, packs, setting)
    return setting, replace(excuses, is_unchanged=is_unchanged)


def _premises(readings: Readings, cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> Any:
    """As they are read from a report that tells no more."""
    import json

    from analyzer.analysis.checking.assumptions import stated_assumptions
    from analyzer.analysis.checking.check import not_modelled
    from analyzer.reports.check_json import render_json
    from analyzer.reports.check_json_reading import premises
    from analyzer.verdicts import Answer
    from analyzer.verdicts.provenance import Provenance

    told = stated_assumptions(cluster, packs, setting)
    made_from = Provenance(versions(), used(packs), tuple(readings.records))
    bare = Answer((), setting.universe, setting.profile, told, not_modelled(cluster), (), provenance=made_from)
    return premises(json.loads(render_json(bare)))


def recorded(answer: Answer, packs: Sequence[Pack], readings: Readings | None, paths: Sequence[str]) -> Answer:
    """The answer with what it was made from, if that was noted."""
    if readings is None:
        return answer
    from analyzer.manifests.sources.checked_out import checked_out
    from analyzer.verdicts.provenance import Provenance

    others = () if answer.cross_check is None else ((answer.cross_check.solver, answer.cross_check.version),)
    found = Provenance((*versions(), *others), used(packs), tuple(readings.records), *checked_out(paths))
    return replace(answer, provenance=found)


def versions() -> tuple[tuple[str, str], ...]:
    """Of netproof, and of the solver that every run has."""
    from analyzer.resources.version import __version__
    from analyzer.solving import Z3, solver_version

    return ("netproof", __version__), (Z3, solver_version(Z3))


def used(packs: Sequence[Pack]) -> tuple[PackUsed, ...]:
    """The query files."""
    from analyzer.verdicts.bundle import sha256
    from analyzer.verdicts.provenance import PackUsed

    return tuple(PackUsed(p.name, p.source.file, sha256(p.text.encode("utf-8")), p.parameters) for p in packs if p.text)
