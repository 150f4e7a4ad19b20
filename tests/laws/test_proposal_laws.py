"""A proposed pack holds on the manifests that it was proposed from, whatever they are."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from clusters import clusters, profiles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_added_labels import NODES, cluster_of, controllers, matches, mentioned_in, policies, scene, zones_of

from analyzer import analysis
from analyzer.analysis.proposing.distinguished import distinguished
from analyzer.analysis.proposing.pack import proposed_pack
from analyzer.errors import QueryError
from analyzer.language import parse_pack, parse_query
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import Formula
from analyzer.model.labels import Labels
from analyzer.model.profile import PROFILES, Profile
from analyzer.reports.proposed_pack import render_proposed_pack
from analyzer.semantics import is_member
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
        line.removeprefix("# ") if line.startswith(("# @", "# assert ", "#   ")) else line for line in text.split("\n")
    )
    try:
        pack = parse_pack("\n".join(lines), "own.npq")
    except QueryError:
        assert all(verdict.status is Status.VACUOUS for verdict in proposed.verdicts)
        return
    idle = {verdict.query.id for verdict in proposed.verdicts if verdict.status is Status.VACUOUS}
    assert {query.id for query in pack.queries} == {verdict.query.id for verdict in proposed.verdicts} - idle
    assert all(f"LEFT OUT: {name} (" in " ".join(text.replace("\n# ", " ").split()) for name in idle)


@pytest.mark.parametrize("number", range(len(controllers())))
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_what_policies_tell_apart_of_a_workload_is_asked_part_by_part(
    tmp_path_factory, number: int, data: st.DataObject
) -> None:
    """Parts share no pod that the controller makes, leave none out, and no policy tells the pods of one apart."""
    controller = controllers()[number]
    specs, nodes = data.draw(st.lists(policies(), min_size=1, max_size=3)), data.draw(st.sampled_from(NODES))
    cluster = cluster_of(tmp_path_factory.mktemp("m"), scene(controller, specs, nodes))
    sets = [parse_query(f"every {part} is isolated for ingress").claim.sources for part in distinguished(cluster).sets]
    selectors = [s["podSelector"] for s in specs]
    selectors += [peer["podSelector"] for s in specs for rule in s["ingress"] for peer in rule.get("from", [])]
    differ = False
    for world in controller.worlds(mentioned_in(specs), zones_of(nodes)):
        sights: dict[Formula, set[tuple[bool, ...]]] = {}
        for labels in world:
            seen = tuple(matches(selector, labels) for selector in selectors)
            (workload,) = (w for w in cluster.workloads if w.name == "w")
            pod = Pod("a", Labels(), Labels(labels), ip_address("10.0.0.9"), "default", workload=workload.id)
            mine = [members for members in sets if is_member(members, pod)]
            assert len(mine) <= 1
            sights.setdefault(mine[0] if mine else ANYTHING, set()).add(seen)
        assert all(len(found) == 1 for found in sights.values())
        assert not (sets and ANYTHING in sights)
        differ = differ or len(set().union(*sights.values())) > 1
    assert bool(sets) or not differ


@pytest.mark.parametrize("number", range(len(controllers())))
@settings(deadline=None, max_examples=1)
@given(data=st.data())
def test_a_pack_with_parts_of_workloads_holds_at_once(tmp_path_factory, number: int, data: st.DataObject) -> None:
    specs = data.draw(st.lists(policies(), min_size=2, max_size=3))
    nodes = data.draw(st.sampled_from(NODES))
    cluster = cluster_of(tmp_path_factory.mktemp("m"), scene(controllers()[number], specs, nodes))
    proposed = proposed_pack(cluster, setting=analysis.Setting(Universe.NAMESPACES, PROFILES["generic"]))
    if proposed.holding:
        pack = parse_pack(render_proposed_pack(proposed).decode("utf-8"), "own.npq")
        answer = analysis.check(cluster, [pack], setting=analysis.Setting(Universe.ANY, PROFILES["generic"]))
        assert {verdict.status for verdict in answer.verdicts} == {Status.PROVED}
