"""Exposure in words: each function returns phrases without a full stop."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model.cluster import Workload
from analyzer.model.policies import Direction
from analyzer.reports import region_words, words
from analyzer.verdicts.exposure import Exposure, ExposureReport, Opening

SHOWN_WORKLOADS = 8
HEADINGS = {Direction.INGRESS: "reached by", Direction.EGRESS: "can reach"}
NOBODY = "nothing beyond the manifests"


def workloads(these: Sequence[Workload]) -> str:
    return words.listed([workload.id for workload in these], shown=SHOWN_WORKLOADS)


def peer(opening: Opening) -> str:
    """Who is at the far end, and on which condition: `any pod in namespace shop with app=web`."""
    parts = [region_words.end_region(opening.peer), *region_words.conditions(opening.region)]
    if opening.own.addresses is not None:
        parts.append(f"if the workload's own address is in {words.addresses(opening.own.addresses)}")
    labels = [words.label(key, values) for key, values in opening.own.namespace_labels]
    if labels:
        parts.append(f"if the workload's own namespace has {words.listed(labels, shown=20)}")
    return ", ".join(parts)


def rest(exposure: Exposure, found: ExposureReport) -> str:
    """Why there may be more than the openings tell; empty if there is not."""
    if exposure.is_capped:
        were = "was" if found.most == 1 else "were"
        return f"and more: only {words.plural(found.most, 'region')} {were} asked for (--max-regions)"
    if not exposure.reason:
        return ""
    return f"{exposure.reason}: {'; '.join(exposure.blame)}" if exposure.blame else exposure.reason


def isolation(exposure: Exposure) -> str:
    """What is to be said of a direction in which no policy isolates the workloads, or perhaps none does."""
    if exposure.is_isolated is None:
        return f"whether a policy isolates for {exposure.direction.value} hangs on labels that nobody knows"
    return "" if exposure.is_isolated else f"not isolated for {exposure.direction.value} by any policy"
