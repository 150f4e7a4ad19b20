"""What becomes of changes: a webhook's answers, and the others over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.language import parse_query
from analyzer.model.claims import Pack
from analyzer.serve.gate import LABEL
from analyzer.serve.rulings import Mode, Otherwise, Rulings
from analyzer.verdicts import Status
from tests.serve.conftest import asked, deployment, following, namespace, policy, review, serving, until
from tests.serve.fake_api_server import FakeApiServer, Thing

OPEN = {"from": [{"namespaceSelector": {}}]}
HOME = {"from": [{"podSelector": {}}]}
BAD = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "green", "labels": {"tenant": "green"}}}
CHANGES: dict[str, tuple[Thing, bool]] = {
    "a policy that opens": (review(policy("red", "open", OPEN)), False),
    "a policy that does not": (review(policy("red", "home", HOME)), True),
    "a closing policy is deleted": (review(None, policy("red", "deny"), "DELETE"), False),
    "a policy is changed for the worse": (review(policy("red", "deny", OPEN), policy("red", "deny"), "UPDATE"), False),
    "a tenant without a policy": (review(BAD), False),
    "no tenant": (review(namespace("tools")), True),
    "a namespace becomes no tenant": (
        review(namespace("red"), namespace("red", tenant="red"), "UPDATE"), True),
    "a workload": (review(deployment("red", "late")), True),
    "a namespace goes": (review(None, namespace("red", tenant="red"), "DELETE"), True),
    "a name to be generated": (
        review({**policy("red", "x", OPEN), "metadata": {"namespace": "red", "generateName": "p-"}}), False),
}  # fmt: skip


def answer(url: str, request: Thing) -> Thing:
    code, text = asked(f"{url}/validate", request)
    assert code == 200, text
    found: Thing = json.loads(text)["response"]
    assert found["uid"] == request["request"]["uid"]
    return found


@pytest.mark.parametrize(("request_", "is_allowed"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_denied_where_it_would_break_a_query(
    server: FakeApiServer, request_: Thing, is_allowed: bool
) -> None:
    with following(server) as state, serving(state) as url:
        found = answer(url, request_)
        assert found["allowed"] is is_allowed, found
        if not is_allowed:
            assert "tenants-apart" in found["status"]["message"]
            assert " → " in found["status"]["message"]


def test_what_is_refuted_already_keeps_nobody_from_mending_it(server: FakeApiServer) -> None:
    server.put(policy("red", "open", OPEN), policy("blue", "open", OPEN))
    with following(server) as state, serving(state) as url:
        assert answer(url, review(policy("red", "more", OPEN)))["allowed"]
        assert answer(url, review(None, policy("red", "open"), "DELETE"))["allowed"]


@pytest.mark.parametrize(
    ("label", "rulings", "is_allowed", "outcome"),
    [
        ("", Rulings(), False, "denied"),
        ("warn", Rulings(), True, "warned"),
        ("dry-run", Rulings(), True, "dry-run"),
        ("deny", Rulings(Mode.WARN), False, "denied"),
        ("", Rulings(Mode.DRY_RUN), True, "dry-run"),
        ("odd", Rulings(), False, "denied"),
    ],
)
def test_the_namespace_says_what_becomes_of_it(
    server: FakeApiServer, label: str, rulings: Rulings, is_allowed: bool, outcome: str
) -> None:
    server.put(namespace("red", tenant="red", **({LABEL: label} if label else {})))
    with following(server) as state, serving(state, rulings) as url:
        found = answer(url, review(policy("red", "open", OPEN)))
        assert (found["allowed"], found["auditAnnotations"]["outcome"]) == (is_allowed, outcome)
        assert bool(found.get("warnings")) is is_allowed


def test_a_namespace_does_not_let_itself_off(server: FakeApiServer) -> None:
    server.put(namespace("late"), policy("late", "open", OPEN))
    with following(server) as state, serving(state) as url:
        off = namespace("late", tenant="late", **{LABEL: "dry-run"})
        assert not answer(url, review(off, namespace("late"), "UPDATE"))["allowed"]


@pytest.mark.parametrize("failing", Otherwise)
def test_behind_the_cluster_it_does_as_was_chosen_and_says_so(server: FakeApiServer, failing: Otherwise) -> None:
    with following(server) as state, serving(state, Rulings(failing=failing)) as url:
        until(lambda: asked(f"{url}/readyz") == (200, "ok"))
        with server.down():
            until(lambda: not state.is_current)
            found = answer(url, review(policy("red", "home", HOME)))
            said = found["status"]["message"] if failing is Otherwise.DENY else found["warnings"][0]
            assert found["allowed"] is (failing is Otherwise.WARN)
            assert "behind the cluster" in said
            assert asked(f"{url}/readyz")[0] == 503
            assert asked(f"{url}/healthz")[0] == 200
            assert asked(f"{url}/v1/check")[0] == 503
            assert asked(f"{url}/")[0] == 503
        until(lambda: state.is_current)
        assert answer(url, review(policy("red", "home", HOME)))["allowed"]


def test_what_the_server_shows_newer_than_what_is_kept_is_waited_for(server: FakeApiServer) -> None:
    """An API server that asks sends the object that it has: where that one has not come yet, nothing is told."""
    with following(server) as state, serving(state) as url:
        until(lambda: state.is_answered)
        server.held.add("networkpolicies")
        server.put(policy("red", "deny", HOME))
        shown = server.stored["networkpolicies", "red", "deny"]
        found = answer(url, review(policy("red", "deny"), shown, "UPDATE"))
        assert found["auditAnnotations"] == {"outcome": "stale"}
        assert "NetworkPolicy objects" in found["status"]["message"]
        server.held.clear()
        until(lambda: answer(url, review(policy("red", "deny"), shown, "UPDATE"))["allowed"])


def test_a_dry_run_leaves_nothing_behind(server: FakeApiServer) -> None:
    with following(server) as state, serving(state) as url:
        change = review(None, policy("red", "deny"), "DELETE")
        change["request"]["dryRun"] = True
        assert not answer(url, change)["allowed"]
        change = review(policy("red", "home", HOME))
        change["request"]["dryRun"] = True
        assert answer(url, change)["allowed"]
        assert not any(key.name == "home" for key in state.objects.names())
        assert state.answer()[0].status is Status.PROVED


def test_two_changes_that_break_a_query_together_alone_are_shown_when_they_are_made(server: FakeApiServer) -> None:
    """Either of two policies closes the namespace; each may go, and nobody has seen the other go."""
    server.put(policy("red", "deny-too"))
    with following(server) as state, serving(state) as url:
        for name in ("deny", "deny-too"):
            assert answer(url, review(None, policy("red", name), "DELETE"))["allowed"]
        server.delete("networkpolicies", "red", "deny")
        until(lambda: not answer(url, review(None, policy("red", "deny-too"), "DELETE"))["allowed"])
        server.delete("networkpolicies", "red", "deny-too")
        until(lambda: state.answer()[0].status is Status.REFUTED)


def test_an_answer_that_becomes_unknown_is_as_was_chosen(server: FakeApiServer) -> None:
    thing = policy("red", "odd", {"ports": [{"protocol": "TPC"}]})
    with following(server) as state:
        for unknown in Otherwise:
            with serving(state, Rulings(unknown=unknown)) as url:
                assert answer(url, review(thing))["allowed"] is (unknown is Otherwise.WARN)


@pytest.mark.parametrize("body", [{}, [], {"request": {"operation": "CREATE"}}, "text"])
def test_what_is_no_review_gets_no_answer(server: FakeApiServer, body: Any) -> None:
    with following(server) as state, serving(state) as url:
        assert asked(f"{url}/validate", body)[0] in (400, 422)


def test_a_review_without_a_judgeable_object_fails_as_was_chosen(server: FakeApiServer) -> None:
    with following(server) as state, serving(state) as url:
        broken = review(policy("red", "home"))
        broken["request"]["operation"] = "PATCH"
        assert not answer(url, broken)["allowed"]


def test_a_defect_is_no_pass(server: FakeApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with following(server) as state, serving(state) as url:
        state.answer()
        monkeypatch.setattr(state.objects, "before_and_after", lambda *_: 1 / 0)
        found = answer(url, review(policy("red", "home", HOME)))
        assert not found["allowed"]
        assert "ZeroDivisionError" in found["status"]["message"]


# ------------------------------------------------------------------------------------------------ questions
QUESTIONS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "check": ("/v1/check", lambda text: json.loads(text)["verdict"] == "proved"),
    "check in words": ("/v1/check?format=text", lambda text: "proved" in text),
    "explain": (
        "/v1/explain?source=red/web&destination=blue/web&on=tcp/80",
        lambda text: json.loads(text)["verdict"] == "denied",
    ),
    "map": ("/v1/map", lambda text: json.loads(text)["schema"].startswith("netproof/map/")),
    "metrics": ("/metrics", lambda text: 'netproof_current{resource="networkpolicies"} 1.0' in text),
    "page": ("/", lambda text: text.startswith("<!") and "tenants-apart" in text),
    "map page": ("/map", lambda text: text.startswith("<!")),
}


@pytest.mark.parametrize(("path", "holds"), QUESTIONS.values(), ids=QUESTIONS)
def test_questions_are_answered_of_the_cluster_as_it_stands(server: FakeApiServer, path: str, holds: Any) -> None:
    with following(server) as state, serving(state) as url:
        code, text = asked(f"{url}{path}")
        assert code == 200, text
        assert holds(text), text


def test_questions_are_answered_of_a_change(server: FakeApiServer) -> None:
    change = {"put": [policy("red", "open", OPEN)], "removed": ["NetworkPolicy red/deny"]}
    with following(server) as state, serving(state) as url:
        assert json.loads(asked(f"{url}/v1/check", change)[1])["verdict"] == "refuted"
        explained = f"{url}/v1/explain?source=blue/web&destination=red/web&on=tcp/80"
        assert json.loads(asked(explained, change)[1])["verdict"] == "allowed"
        assert json.loads(asked(explained)[1])["verdict"] == "denied"
        assert json.loads(asked(f"{url}/v1/map", change)[1]) != json.loads(asked(f"{url}/v1/map")[1])


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/v1/check", {"put": 1}),
        ("/v1/check", {"put": [{}]}),
        ("/v1/check", {"removed": ["NetworkPolicy red/none"]}),
        ("/v1/check?format=odd", None),
        ("/v1/explain?source=none/none&destination=red/web", None),
    ],
)
def test_a_question_that_cannot_be_is_an_error(server: FakeApiServer, path: str, change: Any) -> None:
    with following(server) as state, serving(state) as url:
        assert asked(f"{url}{path}", change)[0] == 400


def test_what_becomes_of_changes_is_counted(server: FakeApiServer) -> None:
    with following(server) as state, serving(state) as url:
        answer(url, review(policy("red", "open", OPEN)))
        answer(url, review(policy("red", "home", HOME)))
        told = asked(f"{url}/metrics")[1]
    assert 'netproof_admissions_total{outcome="denied"} 1.0' in told
    assert 'netproof_admissions_total{outcome="allowed"} 1.0' in told
    assert "netproof_admission_seconds_count 2.0" in told


def test_of_a_query_that_is_refuted_already_what_a_change_adds_is_denied_alone(
    server: FakeApiServer,
) -> None:
    server.put(
        policy("red", "open", OPEN), namespace("tools"), namespace("green", tenant="green"), policy("green", "deny")
    )
    with following(server) as state, serving(state, Rulings(refuted=Otherwise.DENY)) as url:
        again = answer(url, review(policy("blue", "open", OPEN)))
        assert not again["allowed"]
        assert "tenants-apart" in again["status"]["message"]
        assert "→ blue/" in again["status"]["message"]
        for harmless in (policy("blue", "home", HOME), policy("tools", "open", OPEN), policy("red", "again", OPEN)):
            beside = answer(url, review(harmless))
            assert (beside["allowed"], beside["auditAnnotations"]["outcome"]) == (True, "allowed"), harmless
        for harmless in (namespace("more"), deployment("blue", "api")):
            beside = answer(url, review(harmless))
            assert (beside["allowed"], beside["auditAnnotations"]["outcome"]) == (True, "allowed"), harmless
        late = answer(url, review(namespace("late", tenant="late")))
        assert not late["allowed"]
        assert "late" in late["status"]["message"]
        mended = answer(url, review(None, policy("red", "open"), "DELETE"))
        assert (mended["allowed"], mended["auditAnnotations"]["outcome"]) == (True, "allowed")


@pytest.mark.parametrize("refuted", Otherwise)
def test_where_nobody_can_tell_whether_a_change_adds_a_violation_it_is_as_was_chosen(
    server: FakeApiServer, refuted: Otherwise
) -> None:
    """Who cannot be reached is some pod before and after: whether it is one more, that part alone does not say."""
    some = policy("tools", "some")
    some["spec"]["podSelector"] = {"matchLabels": {"app": "web"}}
    server.put(namespace("tools", tenant="tools"), some)
    reaching = parse_query("every pods in namespaces(tenant) can reach pods in namespaces(tenant) on tcp/80", "reach")
    with following(server, Pack("p", "", (reaching,))) as state, serving(state, Rulings(refuted=refuted)) as url:
        found = answer(url, review(policy("tools", "more", HOME)))
        assert found["allowed"] is (refuted is Otherwise.WARN)
        assert "reach" in (found["warnings"][0] if found["allowed"] else found["status"]["message"])


def test_a_refutation_by_workloads_that_are_there_is_worse_than_one_by_pods_that_could_come(
    server: FakeApiServer,
) -> None:
    server.delete("deployments", "blue", "web")
    server.put(policy("red", "open", OPEN))
    with following(server) as state, serving(state) as url:
        [verdict] = state.propose().weighed.before
        assert (verdict.status, verdict.live) == (Status.REFUTED, False)
        found = answer(url, review(deployment("blue", "web")))
        assert (found["allowed"], found["auditAnnotations"]["outcome"]) == (False, "denied")
