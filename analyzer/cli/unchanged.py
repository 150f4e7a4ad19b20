"""Whether a run asks of just what the run that made its baseline asked of: then nothing can be new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.analysis import Excuses, Setting
    from analyzer.cli.recording import Readings
    from analyzer.model.claims import Pack
    from analyzer.model.cluster import Cluster


def compared(
    excuses: Excuses, readings: Readings | None, cluster: Cluster, packs: Sequence[Pack], setting: Setting
) -> Excuses:
    """The excuses, knowing whether the baseline was made from what was read now, files by other names included."""
    if excuses.baseline is None or readings is None or not readings.records:
        return excuses
    return replace(excuses, is_unchanged=excuses.baseline.premises == _premises(readings, cluster, packs, setting))


def _premises(readings: Readings, cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> Any:
    """As they are read from a report that tells no more."""
    import json

    from analyzer.analysis.checking.assumptions import stated_assumptions
    from analyzer.analysis.checking.check import not_modelled
    from analyzer.cli.recording import used, versions
    from analyzer.reports.check_json import render_json
    from analyzer.reports.check_json_reading import premises
    from analyzer.verdicts import Answer
    from analyzer.verdicts.provenance import Provenance

    told = stated_assumptions(cluster, packs, setting)
    made_from = Provenance(versions(), used(packs), tuple(readings.records))
    bare = Answer((), setting.universe, setting.profile, told, not_modelled(cluster), (), provenance=made_from)
    return premises(json.loads(render_json(bare)))
