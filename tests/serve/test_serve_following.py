"""What is kept is what the cluster has, whatever happens to the watches; and where it is not, no answer is given."""

from __future__ import annotations

import pytest

from analyzer.analysis import check
from analyzer.manifests.live import LiveObjects
from analyzer.serve.state import LiveState, StaleError
from analyzer.verdicts import Status
from tests.serve.conftest import PACK, SETTING, deployment, following, namespace, policy, tenants, until
from tests.serve.fake_api_server import FakeApiServer, Thing

OPEN = {"from": [{"namespaceSelector": {}}]}


def status(state: LiveState) -> Status:
    return state.answer()[0].status


def has(state: LiveState, name: str) -> bool:
    return any(key.name == name for key in state.objects.names())


def test_what_happens_in_the_cluster_is_taken_over(server: FakeApiServer) -> None:
    with following(server) as state:
        assert status(state) is Status.PROVED
        server.put(policy("red", "open", OPEN))
        until(lambda: has(state, "open"))
        assert status(state) is Status.REFUTED
        server.put(policy("red", "open", {"from": [{"podSelector": {}}]}))
        until(lambda: status(state) is Status.PROVED)
        server.put(policy("red", "open", OPEN))
        until(lambda: status(state) is Status.REFUTED)
        server.delete("networkpolicies", "red", "open")
        until(lambda: status(state) is Status.PROVED)


def test_a_list_of_many_pages_is_read_whole(server: FakeApiServer) -> None:
    server.put(*(policy("red", f"p{i}") for i in range(1100)))
    with following(server) as state:
        assert sum(key.name.startswith("p") for key in state.objects.names()) == 1100


def test_a_broken_watch_is_listed_anew(server: FakeApiServer) -> None:
    with following(server) as state:
        server.lists.clear()
        assert server.break_watches() == len(state.followers)
        server.put(policy("red", "open", OPEN))
        until(lambda: state.is_current and has(state, "open"))
        assert status(state) is Status.REFUTED
        assert sorted(server.lists) == sorted(follower.resource.name for follower in state.followers)


def test_what_went_while_nobody_watched_is_gone(server: FakeApiServer) -> None:
    server.put(policy("red", "open", OPEN))
    with following(server) as state:
        assert status(state) is Status.REFUTED
        with server.down():
            server.delete("networkpolicies", "red", "open")
            until(lambda: not state.is_current)
            with pytest.raises(StaleError, match="networkpolicies"):
                state.answer()
        until(lambda: state.is_current)
        assert status(state) is Status.PROVED


def test_an_expired_version_is_listed_anew(server: FakeApiServer) -> None:
    with following(server, watch_seconds=1) as state:
        server.put(policy("red", "open", OPEN))
        server.forget_events()
        until(lambda: has(state, "open") and state.is_current)
        assert status(state) is Status.REFUTED


def test_a_watch_that_ends_in_order_goes_on_without_a_list(server: FakeApiServer) -> None:
    with following(server, watch_seconds=1, patience=5.0) as state:
        server.lists.clear()
        server.put(policy("red", "open", OPEN))
        until(lambda: has(state, "open"))
        server.bookmark()
        server.put(policy("red", "late"))
        until(lambda: has(state, "late"))
        assert server.lists == []


def test_a_kind_that_may_not_be_listed_may_be_anything(server: FakeApiServer) -> None:
    server.refused.add("adminnetworkpolicies")
    with following(server) as state:
        until(lambda: state.refused)
        assert state.refused == ("adminnetworkpolicies",)
        assert status(state) is Status.UNKNOWN
        server.refused.clear()
        until(lambda: not state.refused and state.is_current)
        assert status(state) is Status.PROVED


def test_one_that_starts_again_answers_as_before(server: FakeApiServer) -> None:
    server.put(policy("red", "open", OPEN))
    answers = []
    for _ in range(2):
        with following(server) as state:
            answers.append([(v.status, v.live) for v in state.answer()[0].verdicts])
    assert answers[0] == answers[1] == [(Status.REFUTED, True)]


def test_objects_that_come_and_go_make_the_cluster_that_they_would_make_at_once() -> None:
    live = LiveObjects()
    live.change([*tenants(), policy("red", "open", OPEN), deployment("red", "late")])
    live.load()
    live.change([namespace("green", tenant="green")], [key for key in live.names() if key.name == "open"])
    fresh = LiveObjects()
    fresh.change([*tenants(), namespace("green", tenant="green"), deployment("red", "late")])
    proposed = live.proposed([policy("green", "new", OPEN)]).cluster
    answers = [check(it, [PACK], setting=SETTING).verdicts for it in (live.load().cluster, fresh.load().cluster)]
    assert answers[0] == answers[1]
    assert live.load().cluster.workloads == fresh.load().cluster.workloads
    assert [p.id for p in proposed.policies if p.name == "new"] == ["NetworkPolicy green/new"]
    assert not any(policy.name == "new" for policy in live.load().cluster.policies)
    assert live.change(tenants()) is False


def test_what_cannot_be_read_is_unknown_and_no_error() -> None:
    live = LiveObjects()
    broken = policy("red", "broken", {"ports": [{"protocol": "TPC"}]})
    live.change([*tenants(), broken])
    found = live.load()
    assert len(found.problems) == 1
    assert check(found.cluster, [PACK], setting=SETTING).status is Status.UNKNOWN


def test_a_config_map_that_sets_an_engine_is_followed_where_the_engine_has_it(server: FakeApiServer) -> None:
    def settings(namespace: str, enabled: str) -> Thing:
        metadata = {"namespace": namespace, "name": "cilium-config"}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"enable-policy": enabled}}

    def told(state: LiveState) -> str:
        return " ".join(sign.what for sign in state.objects.load().cluster.signs)

    server.put(settings("red", "never"))
    with following(server) as state:
        assert not has(state, "cilium-config")
        assert "cilium-config" not in told(state)
        server.put(settings("kube-system", "never"))
        until(lambda: has(state, "cilium-config"))
        assert [key.namespace for key in state.objects.names() if key.kind == "ConfigMap"] == ["kube-system"]
        assert "kube-system/cilium-config" in told(state)
        server.delete("configmaps", "kube-system", "cilium-config")
        until(lambda: not has(state, "cilium-config"))


def test_settings_that_may_not_be_read_leave_nothing_unknown(server: FakeApiServer) -> None:
    server.refused.add("configmaps")
    with following(server) as state:
        assert status(state) is Status.PROVED
        assert not state.refused
