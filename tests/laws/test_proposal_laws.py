"""A proposed pack holds on the manifests that it was proposed from, whatever they are."""

from __future__ import annotations

from clusters import clusters, profiles
from hypothesis import HealthCheck, given, settings

from analyzer import analysis
from analyzer.analysis.proposing import proposed_pack
from analyzer.errors import QueryError
from analyzer.language import parse_pack
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES, Profile
from analyzer.reports.proposed_pack import render_proposed_pack
from analyzer.verdicts.verdict import Status


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(clusters(), profiles())
def test_every_assertion_of_a_proposed_pack_is_proved(cluster: Cluster, profile: Profile) -> None:
    proposed = proposed_pack(cluster, setting=analysis.Setting(Universe.NAMESPACES, profile))
    text = render_proposed_pack(proposed).decode("utf-8")
    if not proposed.holding:
        assert "\nassert " not in text
        return
    pack = parse_pack(text, "own.npq")
    assert pack.notices == ()
    assert len(pack.queries) == proposed.holding
    answer = analysis.check(cluster, [pack], setting=analysis.Setting(Universe.ANY, profile))
    assert {verdict.query.id: verdict.status for verdict in answer.verdicts} == dict.fromkeys(
        (query.id for query in pack.queries), Status.PROVED
    )


@settings(deadline=None, max_examples=3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(clusters())
def test_what_is_to_decide_parses_once_the_comment_signs_are_gone(cluster: Cluster) -> None:
    proposed = proposed_pack(cluster, setting=analysis.Setting(Universe.NAMESPACES, PROFILES["generic"]))
    text = render_proposed_pack(proposed).decode("utf-8")
    lines = (
        line.removeprefix("# ") if line.startswith(("# @", "# assert", "#   ")) else line for line in text.split("\n")
    )
    try:
        pack = parse_pack("\n".join(lines), "own.npq")
    except QueryError:
        assert all(verdict.status is Status.VACUOUS for verdict in proposed.verdicts)
        return
    idle = {verdict.query.id for verdict in proposed.verdicts if verdict.status is Status.VACUOUS}
    assert {query.id for query in pack.queries} == {verdict.query.id for verdict in proposed.verdicts} - idle
    assert all(f"LEFT OUT: {name} (" in " ".join(text.replace("\n# ", " ").split()) for name in idle)
