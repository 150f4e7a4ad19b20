"""What enforces policies in one revision otherwise than in the other."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.judging import Setting
from analyzer.model.cluster import Cluster
from analyzer.model.source import Notice, Source

_FOLLOWING = {"enforces", "ipblock-matches-nodes", "ipblock-matches-pods"}
"""What other knobs set."""
_NOWHERE = Source("command line", 0)


def engine_changes(old: Cluster, new: Cluster, setting: Setting) -> Iterator[Notice]:
    """The profiles under which the revisions are judged, and what shows them, where they differ."""
    before, after = (its.profile for its in setting.of_sides)
    if before == after:
        return
    shown = [found for side in (new, old) if (found := _shown(side)) is not None]
    if before.name != after.name:
        what = f"the profile is {before.name} in the old revision and {after.name} in the new one"
        yield Notice(shown[0] if shown else _NOWHERE, f"{what}: each is judged under its own", is_kept=True)
        return
    told, tells = before.knobs(), after.knobs()
    for knob in sorted((told.keys() | tells.keys()) - _FOLLOWING):
        was, now = (it.get(knob, "not set") for it in (told, tells))
        if was != now:
            text = f"knob {knob} is {was} in the old revision and {now} in the new one: each is judged under its own"
            yield Notice(shown[0] if shown else _NOWHERE, text, is_kept=True)


def _shown(side: Cluster) -> Source | None:
    found = [sign.source for sign in side.signs if sign.is_installed]
    found += [one.source for one in side.aws.settings]
    found += [one.source for one in side.cilium.settings]
    return min(found, default=None)
