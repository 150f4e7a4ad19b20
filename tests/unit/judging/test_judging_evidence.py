"""A verdict's steps are what it rests on: the right questions, each closed, each answered as it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import analysis
from analyzer.errors import InternalError
from analyzer.judging import Setting
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.solving import CVC5, Z3, Budget, fault_of, solve_script
from analyzer.verdicts import Verdict
from analyzer.verdicts.steps import Step

SETTING = Setting(Universe.ANY, PROFILES["generic"], keeps_steps=True)
SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: main}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 443}]}]}
"""
TIE = "\n---\n".join(
    f"""
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {{name: {name}}}
spec:
  priority: 7
  subject: {{namespaces: {{}}}}
  ingress: [{{name: x, action: {action}, from: [{{namespaces: {{}}}}]}}]
"""
    for name, action in (("one", "Allow"), ("two", "Deny"))
)


def judged(claim: str, manifests: str = SHOP, setting: Setting = SETTING) -> Verdict:
    cluster = load(["-"], stdin=manifests.encode).cluster
    (verdict,) = analysis.check(cluster, [parse_pack(f"assert it:\n  {claim}\n", "it.npq")], setting=setting).verdicts
    return verdict


def steps(verdict: Verdict) -> dict[str, str]:
    return {step.purpose: step.expected for step in verdict.steps}


CASES = {
    "proved": (
        "no pods can reach pods(app=db) in namespace shop",
        SHOP,
        {"violation": "unsat", "grounds": "unsat", "scope": "sat"},
    ),
    "refuted": (
        "no pods can reach pods(app=web) in namespace shop",
        SHOP,
        {
            "witness-1": "sat",
            "witness-1-certain": "unsat",
            "region-1": "sat",
            "region-1-certain": "unsat",
            "nothing-else": "unsat",
        },
    ),
    "vacuous": (
        "no pods(a in (b), a notin (b)) can reach namespace shop",
        SHOP,
        {"violation": "unsat", "scope": "unsat", "source-set": "unsat"},
    ),
    "vacuous-pair": (
        "no namespace shop can reach namespace shop where src.namespace != dst.namespace",
        SHOP,
        {"violation": "unsat", "scope": "unsat"},
    ),
    "vacuous-condition": (
        "only pods can reach pods(app=db) in namespace shop where has src.labels[a] and not has src.labels[a]",
        SHOP,
        {"violation": "unsat", "scope": "sat", "condition": "unsat"},
    ),
    "unknown": (
        "no pods can reach pods(app=web) in namespace shop",
        SHOP + "---" + TIE,
        {"possible": "sat", "avoidable": "sat"},
    ),
    "some": (
        "some pods can reach pods(app=web) in namespace shop",
        SHOP,
        {"witness": "sat", "witness-certain": "unsat"},
    ),
    "some-refuted": (
        "some pods can reach pods(app=db) in namespace shop",
        SHOP,
        {"violation": "unsat", "scope": "sat"},
    ),
    "isolated": (
        "every namespace shop is isolated for ingress",
        SHOP,
        {
            "witness-1": "sat",
            "witness-1-certain": "unsat",
            "region-1": "sat",
            "region-1-certain": "unsat",
            "nothing-else": "unsat",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_verdict_rests_on_its_steps(name: str) -> None:
    claim, manifests, expected = CASES[name]
    verdict = judged(claim, manifests)
    wanted = {"some": "proved", "some-refuted": "refuted", "isolated": "refuted"}.get(name, name.split("-")[0])
    assert verdict.status.value == wanted, verdict.reason
    assert steps(verdict) == expected
    for step in verdict.steps:
        assert fault_of(step.script) == ""
        assert f"(set-info :status {step.expected})" in step.script
        assert step.meaning in step.script.splitlines()[0]
        for solver in (Z3, CVC5):
            assert solve_script(step.script, solver, Budget()).result.value == step.expected, (solver, step.purpose)


def test_a_spent_budget_leaves_the_question() -> None:
    verdict = judged(CASES["proved"][0], setting=replace(SETTING, budget=Budget(rlimit=1)))
    assert verdict.status.value == "unknown"
    assert "budget" in verdict.reason
    assert steps(verdict) == {"undecided": "unknown"}


@pytest.mark.parametrize("name", CASES)
def test_keeping_steps_changes_no_verdict(name: str) -> None:
    claim, manifests, _ = CASES[name]
    without = judged(claim, manifests, replace(SETTING, keeps_steps=False))
    assert without.steps == ()
    assert replace(without, query=judged(claim, manifests).query) == judged(claim, manifests)


# ------------------------------------------------------------------------------------------------ a second solver
def test_cross_check_counts_what_is_confirmed() -> None:
    verdict = judged(CASES["proved"][0])
    found = analysis.cross_check("it", verdict.steps, CVC5, Budget())
    assert (found.confirmed, found.undecided, found.total) == (3, (), 3)


def test_cross_check_tells_what_it_could_not_confirm() -> None:
    found = analysis.cross_check("it", judged(CASES["vacuous"][0]).steps, CVC5, Budget(seconds=0))
    assert (found.confirmed, found.undecided) == (0, (("it", "violation"), ("it", "scope"), ("it", "source-set")))


def test_a_wrong_answer_is_an_internal_error_with_its_script() -> None:
    verdict = judged(CASES["vacuous"][0])
    first, *others = verdict.steps
    wrong = replace(verdict, steps=(replace(first, expected="sat"), *others))
    with pytest.raises(InternalError, match="answers `unsat` where the first solver answered `sat`") as caught:
        analysis.cross_check("it", wrong.steps, CVC5, Budget())
    assert caught.value.bundle == wrong.steps[0].script


def test_the_documentation_knows_every_step() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "evidence.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9-]+)`", text))
    assert {step for _, _, expected in CASES.values() for step in expected} <= named
    assert "undecided" in named


def test_text_of_the_user_stays_in_comments() -> None:
    step = Step("x", "a\n(set-option :a b)\r\u2028é", "sat", "; base\n", ("true",))
    assert step.script.splitlines()[0] == "; x: a?(set-option :a b)??é"
    assert fault_of(step.script) == ""
