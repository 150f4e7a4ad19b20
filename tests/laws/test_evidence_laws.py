"""Evidence holds on random clusters: cvc5 gives every script its answer, each verdict has the scripts that make it so,
asking for them changes no verdict, and an index reads back as it was written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clusters import claims, clusters, isolation_claims, profiles
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from revisions import revisions

from analyzer import analysis
from analyzer.analysis.evidence.bundle_reading import parse_bundle, verdicts_in
from analyzer.analysis.evidence.bundling import bundled
from analyzer.analysis.evidence.recheck import check_answers, check_files, check_verdicts
from analyzer.analysis.evidence.rederiving import replay_witnesses, setting_of
from analyzer.judging import Setting
from analyzer.judging.compare import Revisions, gained, lost
from analyzer.model.claims import Pack, Query, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES, Profile, knob_values
from analyzer.model.source import Source
from analyzer.reports.check_json import render_json
from analyzer.reports.evidence_json import render_evidence
from analyzer.solving import CVC5, Z3, Budget
from analyzer.verdicts import Answer
from analyzer.verdicts.rechecked import Finding

LAW = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_reads_back_from_an_index(name: str) -> None:
    """With each of its knobs at each value: one that another follows from does not undo what is written of that."""
    answer = Answer((), Universe.ANY, PROFILES[name], (), (), ())
    for knob, values in knob_values().items():
        for value in values:
            setting = Setting(Universe.ANY, PROFILES[name].with_knob(knob, value), keeps_steps=True)
            bundle = bundled(answer, setting, b"{}", (), [], lambda path, data: None)
            assert setting_of(parse_bundle(render_evidence(bundle)).options) == setting


@settings(LAW, max_examples=25)
@given(st.data(), st.sampled_from(Universe))
def test_evidence_of_random_answers_holds(data: st.DataObject, universe: Universe) -> None:
    cluster = data.draw(clusters())
    claim = data.draw(st.one_of(claims(cluster), isolation_claims(cluster)))
    profile = replace(data.draw(profiles()), name="generic")
    pack = Pack("p", "", (Query("q", "", claim, "", source=Source("p.npq", 1)),), source=Source("p.npq"))
    setting = Setting(universe, profile, keeps_steps=True, max_counterexamples=2)
    answer = analysis.check(cluster, [pack], setting=setting)
    plain = analysis.check(cluster, [pack], setting=replace(setting, keeps_steps=False))
    report = render_json(answer)
    assert report == render_json(plain)
    files: dict[str, bytes] = {}
    bundle = bundled(answer, setting, report, (), [pack], files.__setitem__)
    index = render_evidence(bundle)
    assert parse_bundle(index) == bundle
    assert setting_of(bundle.options) == setting
    found = [
        check_files(bundle, files),
        check_verdicts(bundle, verdicts_in(report)),
        check_answers(bundle, files, Z3, Budget()),
        check_answers(bundle, files, CVC5, Budget()),
        replay_witnesses(bundle, cluster, [pack], setting),
    ]
    assert [check for check in found if check.finding is not Finding.HOLDS] == []
    verdict = answer.verdicts[0]
    shown = sum(step.purpose.startswith("witness-") and step.expected == "sat" for step in verdict.steps)
    assert shown == len(verdict.counterexamples)


@settings(LAW, max_examples=5)
@given(revisions(), profiles())
def test_a_second_solver_confirms_what_two_revisions_differ_in(pair: tuple[Cluster, Cluster], profile: Profile) -> None:
    setting = Setting(Universe.ANY, profile, keeps_steps=True)
    for ask in (gained, lost):
        shift = ask(Revisions(*pair), setting, 3)
        assert shift == ask(Revisions(*pair), replace(setting, keeps_steps=False), 3)
        checked = analysis.cross_check("access", shift.steps, CVC5, Budget())
        assert (checked.confirmed, checked.undecided) == (len(shift.steps), ())
        purposes = [step.purpose for step in shift.steps]
        assert sum(purpose.endswith("-certain") for purpose in purposes) == 2 * len(shift.changes)
        is_settled = bool(shift.changes) and not shift.reason and not shift.is_capped
        assert ("nothing-else" in purposes) == is_settled
