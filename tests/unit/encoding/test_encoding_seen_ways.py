"""Which ways rules see is what each rule says of each way, however it is told."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.encoding.seen_ways import SeenWays
from analyzer.encoding.sights import is_seen_by
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.model.reading import pipeline_of
from tests.laws.clusters import clusters

_ENGINES = [name for name in sorted(PROFILES) if PROFILES[name].enforces]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(clusters(), st.sampled_from(_ENGINES))
def test_the_ways_that_rules_see_are_those_that_each_sees(cluster: Cluster, engine: str) -> None:
    for stage in pipeline_of(PROFILES[engine], cluster).stages:
        seen, entries = SeenWays(stage.far), [entry for tier in stage.tiers for entry in tier.entries]
        rules = [rule.by_address for entry in entries for rule in entry.rules]
        wanted = {n for n, way in enumerate(stage.ways) if any(is_seen_by(rule, stage.far, way) for rule in rules)}
        assert seen.of(entries, stage.ways) == wanted
        assert seen.is_any_seen(entries, stage.ways) is bool(wanted)
        for rule in rules:
            if (whichever := is_seen_by(rule, stage.far, None)) is not None:
                assert all(is_seen_by(rule, stage.far, way) is whichever for way in stage.ways)
