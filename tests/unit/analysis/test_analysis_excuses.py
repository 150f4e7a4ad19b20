"""Waivers hide what lies in their regions and nothing else; a baseline excuses what was there and nothing worse."""

import json
from datetime import date

import pytest
from published_schemas import follow

from analyzer import analysis
from analyzer.analysis import Excuses
from analyzer.language import parse_pack, parse_query
from analyzer.manifests import load
from analyzer.model.claims import Excuse, Universe
from analyzer.model.formulas import Role
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.reports.check_json import render_json
from analyzer.reports.check_json_reading import read_baseline
from analyzer.semantics.claims import is_member
from analyzer.sets import AddressSet, ValueSet
from analyzer.verdicts.regions import Attribute, Constraint, Region
from analyzer.verdicts.verdict import Status, Waived
from analyzer.verdicts.waivers import Waiver

TODAY = date(2026, 11, 21)

NAMESPACES = "".join(f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n" for name in ("a", "b", "db"))


def policy(name, ingress, namespace="db"):
    return f"""---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{podSelector: {{}}, policyTypes: [Ingress], ingress: {ingress}}}
"""


def pod(name, namespace, more=""):
    return f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec: {{{more}containers: [{{name: c, image: i, ports: [{{name: sql, containerPort: 5432}}]}}]}}
"""


def open_to(*names, port=""):
    peers = ", ".join(f"{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {n}}}}}}}" for n in names)
    return f"[{{from: [{peers}]{port}}}]"


OPEN_TO_A = NAMESPACES + policy("p", open_to("a"))
OPEN_TO_BOTH = NAMESPACES + policy("p", open_to("a", "b"))
CLOSED = NAMESPACES + policy("p", "[]")
CLAIM = "no pods can reach namespace db except namespace db can reach namespace db"


def waiver(sources, destinations="anything", ports=None, expires="2026-12-31", query="p/q", line=1):
    on = f" on {ports}" if ports else ""
    claim = parse_query(f"no {sources} can reach {destinations}{on}").claim
    region = Excuse(claim.sources, claim.destinations, claim.ports if ports else None)
    return Waiver(query, "why", "who", date.fromisoformat(expires), region, "text", Source("w.toml", line))


def answered(tmp_path, manifests, claim=CLAIM, waivers=(), baseline=None, most=9, universe=Universe.ANY, lists=False):
    file = tmp_path / "m.yaml"
    file.write_text(manifests)
    cluster = load([str(file)]).cluster
    pack = parse_pack(f'assert q "Q":\n  {claim}\n', "p.npq")
    setting = analysis.Setting(universe, PROFILES["generic"], None, analysis.Budget(), most, lists_regions=lists)
    return analysis.check(cluster, (pack,), setting=setting, excuses=Excuses(tuple(waivers), TODAY, baseline))


def baseline_of(answer):
    report = render_json(answer)
    follow(json.loads(report), "check-2")
    return read_baseline(report, "before.json")


# ------------------------------------------------------------------------------------------------ waivers
def test_a_waiver_that_covers_the_violation_excuses_the_query(tmp_path):
    given = waiver("namespace a", "namespace db")
    answer = answered(tmp_path, OPEN_TO_A, waivers=[given])
    (verdict,) = answer.verdicts
    assert (verdict.status, verdict.is_excused, verdict.waivers) == (Status.REFUTED, True, (given,))
    assert verdict.counterexamples
    assert answer.status is Status.PROVED
    assert answer.waivers == ((given, Waived.USED),)


@pytest.mark.parametrize(
    "given",
    [
        waiver("namespace a", "namespace db"),
        waiver("namespace a or namespace b", "namespace db", "tcp/80"),
        waiver("namespace a or namespace b", "pods(app=x) in namespace db"),
        waiver("pods(app=x)", "namespace db"),
    ],
)
def test_what_lies_outside_is_refuted_with_a_counterexample_of_its_own(tmp_path, given):
    answer = answered(tmp_path, OPEN_TO_BOTH, waivers=[given])
    (verdict,) = answer.verdicts
    assert (verdict.status, verdict.is_excused, answer.status) == (Status.REFUTED, False, Status.REFUTED)
    assert verdict.query.text == CLAIM
    assert verdict.waivers == (given,)
    for example in verdict.counterexamples:
        connection = example.connection
        is_inside = is_member(given.region.sources, connection.src) and is_member(
            given.region.destinations, connection.dst
        )
        assert not (is_inside and (given.region.ports is None or connection.port == 80))


def test_waivers_of_parts_together_cover_the_whole(tmp_path):
    parts = [waiver("namespace a", line=1), waiver("namespace b", line=2)]
    assert answered(tmp_path, OPEN_TO_BOTH, waivers=parts).status is Status.PROVED
    assert answered(tmp_path, OPEN_TO_BOTH, waivers=parts[:1]).status is Status.REFUTED


def test_two_waivers_of_the_same_are_both_of_use(tmp_path):
    twice = [waiver("namespace a", line=1), waiver("pods", line=2)]
    assert [standing for _, standing in answered(tmp_path, OPEN_TO_A, waivers=twice).waivers] == [Waived.USED] * 2


@pytest.mark.parametrize(
    ("given", "manifests", "standing", "words"),
    [
        (waiver("namespace a", expires="2026-11-20"), OPEN_TO_A, Waived.EXPIRED, "expired on 2026-11-20 and hides"),
        (waiver("namespace b"), OPEN_TO_A, Waived.UNUSED, "no violation lies in its region"),
        (waiver("namespace a", ports="other"), OPEN_TO_A, Waived.UNUSED, "no violation lies in its region"),
        (waiver("namespace a"), CLOSED, Waived.UNUSED, "no violation lies in its region"),
        (waiver("namespace a", query="other/q"), OPEN_TO_A, Waived.UNUSED, "this run does not ask that"),
    ],
)
def test_a_waiver_without_effect_is_told_of(tmp_path, given, manifests, standing, words):
    answer = answered(tmp_path, manifests, waivers=[given])
    assert answer.waivers == ((given, standing),)
    assert answer.status is (Status.PROVED if manifests is CLOSED else Status.REFUTED)
    assert any(words in notice.message and notice.source == given.source for notice in answer.notices)


def test_a_waiver_holds_on_its_last_day(tmp_path):
    assert answered(tmp_path, OPEN_TO_A, waivers=[waiver("namespace a", expires="2026-11-21")]).status is Status.PROVED


@pytest.mark.parametrize(
    ("claim", "region", "is_covered"),
    [
        ("every pods in namespace b can reach pods in namespace db", ("namespace b",), True),
        ("every pods in namespace b can reach pods in namespace db on tcp/80", ("namespace b", "pods", "tcp/80"), True),
        ("every pods in namespace b can reach pods in namespace db", ("namespace b", "pods", "tcp/80"), False),
        ("only namespace db can reach namespace db", ("namespace a",), True),
        ("namespace a can reach only namespace a", ("namespace a", "anything"), True),
        ("every pods in namespace a is isolated for ingress", ("namespace a",), True),
        ("every pods in namespace a is isolated for ingress", ("pods(app=x)",), False),
        ("no pods in namespace a can reach namespace db on tcp/sql", ("namespace a", "namespace db", "tcp/sql"), True),
        (
            "no pods in namespace a can reach namespace db on tcp/sql",
            ("namespace a", "namespace db", "tcp/1-65535"),
            True,
        ),
        ("no pods in namespace a can reach namespace db", ("namespace a", "namespace db", "tcp/sql"), False),
    ],
)
def test_claims_of_every_kind(tmp_path, claim, region, is_covered):
    answer = answered(tmp_path, OPEN_TO_A + pod("x", "db"), claim, [waiver(*region)])
    (verdict,) = answer.verdicts
    assert verdict.is_excused is is_covered
    assert answer.waivers[0][1] is Waived.USED


# ------------------------------------------------------------------------------------------------ baseline
@pytest.mark.parametrize("listed", [200, 1])
@pytest.mark.parametrize("most", [1, 9])
@pytest.mark.parametrize("universe", list(Universe))
def test_nothing_is_worse_than_itself(tmp_path, most, universe, listed):
    """Whether all regions are shown, or one and the others are listed beyond it."""
    manifests = OPEN_TO_BOTH + pod("x", "db") + pod("web", "a") + pod("agent", "a", "hostNetwork: true, ")
    claim = "no anything can reach namespace db"
    before = answered(tmp_path, manifests, claim, most=listed, universe=universe, lists=True)
    assert len(before.verdicts[0].counterexamples) <= listed
    after = answered(tmp_path, manifests, claim, baseline=baseline_of(before), most=most, universe=universe)
    (verdict,) = after.verdicts
    assert (verdict.status, verdict.baseline, verdict.is_excused) == (Status.REFUTED, Status.REFUTED, True)
    assert after.status is Status.PROVED


def test_less_is_not_worse_and_more_is(tmp_path):
    one, two = (answered(tmp_path, manifests, most=50) for manifests in (OPEN_TO_A, OPEN_TO_BOTH))
    assert answered(tmp_path, OPEN_TO_A, baseline=baseline_of(two)).status is Status.PROVED
    worse = answered(tmp_path, OPEN_TO_BOTH, baseline=baseline_of(one))
    (verdict,) = worse.verdicts
    assert (worse.status, verdict.is_excused, verdict.baseline) == (Status.REFUTED, False, Status.REFUTED)
    assert {example.connection.src.namespace for example in verdict.counterexamples} == {"b"}


def test_what_is_listed_beyond_the_counterexamples_excuses_no_more(tmp_path):
    claim = "no anything can reach namespace db or namespace b"
    one = answered(tmp_path, OPEN_TO_A, claim, most=1, lists=True)
    (verdict,) = one.verdicts
    assert (verdict.is_complete, verdict.beyond.is_complete) == (False, True)
    assert answered(tmp_path, OPEN_TO_A, claim, baseline=baseline_of(one)).status is Status.PROVED
    worse = answered(tmp_path, OPEN_TO_BOTH, claim, baseline=baseline_of(one))
    connections = [example.connection for example in worse.verdicts[0].counterexamples]
    assert {(it.src.namespace, it.dst.namespace) for it in connections} == {("b", "db")}


def test_what_was_proved_fails_when_it_is_refuted(tmp_path):
    before = answered(tmp_path, CLOSED)
    assert answered(tmp_path, OPEN_TO_A, baseline=baseline_of(before)).status is Status.REFUTED


def test_a_query_asked_otherwise_is_not_known(tmp_path):
    before = baseline_of(answered(tmp_path, OPEN_TO_A))
    (verdict,) = answered(tmp_path, OPEN_TO_A, CLAIM + " on tcp", baseline=before).verdicts
    assert (verdict.baseline, verdict.is_excused) == (None, False)
    (verdict,) = answered(tmp_path, OPEN_TO_A, baseline=before, universe=Universe.NAMESPACES).verdicts
    assert (verdict.baseline, verdict.is_excused) == (None, False)


def test_a_pod_on_its_nodes_network_is_not_known_from_regions_of_pods(tmp_path):
    claim = "no pods can reach internet"
    before = answered(tmp_path, NAMESPACES, claim, most=50)
    assert before.status is Status.REFUTED
    known = baseline_of(before)
    assert answered(tmp_path, NAMESPACES, claim, baseline=known).status is Status.PROVED
    agent = NAMESPACES + pod("agent", "a", "hostNetwork: true, ")
    assert answered(tmp_path, agent, claim, baseline=known).status is Status.REFUTED


@pytest.mark.parametrize("waived", ["0.0.0.0/0", "::/0"])
@pytest.mark.parametrize("universe", list(Universe))
def test_pods_of_one_family_are_not_known_from_those_of_the_other(tmp_path, waived, universe):
    manifests, claim = NAMESPACES + pod("web", "a"), "every pods is isolated for ingress"
    region = region_of_pods(Constraint(Role.SRC, Attribute.ADDRESS, AddressSet.of(waived)))
    given = [Waiver("p/q", "why", "who", date(2026, 12, 31), region, "text", Source("w.toml", 1))]
    rest = answered(tmp_path, manifests, claim, given, most=50, universe=universe)
    assert rest.status is Status.REFUTED
    known = baseline_of(rest)
    assert answered(tmp_path, manifests, claim, given, known, universe=universe).status is Status.PROVED
    (verdict,) = answered(tmp_path, manifests, claim, baseline=known, universe=universe).verdicts
    assert not verdict.is_excused
    assert all(example.subject.ip in AddressSet.of(waived) for example in verdict.counterexamples)


def region_of_pods(*asked):
    return Region.of([Constraint(Role.SRC, Attribute.KIND, ValueSet.of(["pod"])), *asked])


def test_a_namespace_that_is_gone_is_not_known_as_one_to_come(tmp_path):
    denied = NAMESPACES + policy("p", "[]") + policy("p", "[]", "b") + policy("p", "[]", "a")
    claim = "no internet can reach pods"
    before = answered(tmp_path, denied, claim, most=50)
    assert before.status is Status.REFUTED  # namespaces not created yet
    gone = denied.replace("metadata: {name: b}", "metadata: {name: c}").replace("namespace: b}", "namespace: c}")
    verdict = answered(tmp_path, gone, claim, baseline=baseline_of(before)).verdicts[0]
    assert not verdict.is_excused
    assert {example.connection.dst.namespace for example in verdict.counterexamples} == {"b"}


def test_a_refuted_some_stays_known(tmp_path):
    claim = "some namespace a can reach namespace db"
    known = baseline_of(answered(tmp_path, CLOSED, claim))
    assert answered(tmp_path, CLOSED, claim, baseline=known).status is Status.PROVED


def test_what_is_asked_no_more_is_told(tmp_path):
    known = baseline_of(answered(tmp_path, OPEN_TO_A))
    pack_gone = answered(tmp_path, OPEN_TO_A, baseline=known)
    assert not any("does not ask" in notice.message for notice in pack_gone.notices)
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    other = parse_pack('assert r "R":\n  no pods can reach namespace a\n', "p.npq")
    setting = analysis.Setting(Universe.ANY, PROFILES["generic"])
    answer = analysis.check(cluster, (other,), setting=setting, excuses=Excuses(baseline=known))
    assert "the baseline knows `p/q`, which this run does not ask" in [notice.message for notice in answer.notices]


def test_an_incomplete_baseline_says_so(tmp_path):
    known = baseline_of(
        answered(tmp_path, OPEN_TO_BOTH + policy("q", open_to("a"), "b"), "no pods can reach pods", most=1)
    )
    (verdict,) = answered(tmp_path, OPEN_TO_BOTH, "no pods can reach pods", baseline=known).verdicts
    assert not verdict.is_excused
    assert any("make it anew with --max-counterexamples" in notice.message for notice in verdict.notices)
