"""What is kept is what the cluster has, whatever happens to the watches; and where it is not, no answer is given."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analyzer.analysis import CheckSession, check
from analyzer.manifests.live import LiveObjects
from analyzer.serve.api_server import ApiServer, RefusedError
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


def test_of_a_server_that_ends_each_watch_at_once_it_is_listed_again(server: FakeApiServer) -> None:
    with following(server) as state:
        server.ends_at_once = True
        server.break_watches()
        server.lists.clear()
        server.put(policy("red", "open", OPEN))
        until(lambda: has(state, "open"))
        assert server.lists.count("networkpolicies") < 20  # with pauses
        server.ends_at_once = False
        until(lambda: state.is_current)
        assert status(state) is Status.REFUTED


def test_that_a_slow_server_has_forgotten_a_version_is_waited_for(server: FakeApiServer) -> None:
    """It says so long after the watch is open."""
    with following(server, watch_seconds=1, patience=20.0) as state:
        server.delay = 0.25

        def changes_while_behind() -> bool:
            with server.changed:  # on a busy machine the state may be current again by the time the server is locked
                if state.is_current:
                    return False
                server.put(policy("red", "open", OPEN))
                server.forget_events()
                return True

        until(changes_while_behind)
        until(lambda: state.is_current)
        assert status(state) is Status.REFUTED


def test_who_may_not_ask_any_longer_is_behind(server: FakeApiServer) -> None:
    with following(server) as state:
        server.refused.update(follower.resource.name for follower in state.followers)
        server.refusal = 401
        server.break_watches()
        until(lambda: not state.is_current)
        with pytest.raises(StaleError):
            state.answer()
        server.refused.clear()
        until(lambda: state.is_current)
        assert status(state) is Status.PROVED


def test_of_what_may_not_be_listed_any_longer_nothing_is_kept(server: FakeApiServer) -> None:
    with following(server) as state:
        server.refused.add("deployments")
        server.break_watches()
        until(lambda: state.refused)
        assert not any(key.kind == "Deployment" for key in state.objects.names())
        server.refused.clear()
        until(lambda: not state.refused and state.is_current)
        assert has(state, "web")


def test_a_kind_that_comes_later_is_followed_and_one_that_goes_is_not(server: FakeApiServer) -> None:
    group = "policy.networking.k8s.io"
    server.hidden.add(group)
    with following(server, tidying=0.1) as state:
        assert not any(it.resource.group == group for it in state.followers)
        server.put({"apiVersion": f"{group}/v1alpha1", "kind": "AdminNetworkPolicy", "metadata": {"name": "late"}})
        server.hidden.clear()
        until(lambda: has(state, "late") and state.is_current)
        server.hidden.add(group)
        until(lambda: not has(state, "late"))
        assert state.is_current


def test_one_of_the_same_name_takes_the_place_of_one_that_went_unseen(server: FakeApiServer) -> None:
    with following(server) as state:
        server.held.add("networkpolicies")
        server.delete("networkpolicies", "red", "deny")
        server.put({**policy("red", "deny", OPEN), "metadata": {"namespace": "red", "name": "deny", "uid": "other"}})
        server.held.clear()
        until(lambda: status(state) is Status.REFUTED)


def test_pages_that_end_midway_are_no_list(server: FakeApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept stays, behind, until a list is whole."""
    server.put(*(policy("red", f"p{i}") for i in range(600)))
    with following(server) as state:
        whole, get = ApiServer.get, []

        def some(self: ApiServer, path: str, query: Mapping[str, str] | None = None) -> Thing:
            if "continue" in (query or {}):
                get.append(path)
                raise RefusedError(410, "the continue parameter is too old")
            return whole(self, path, query)

        monkeypatch.setattr(ApiServer, "get", some)
        server.break_watches()
        until(lambda: get)
        with pytest.raises(StaleError, match="networkpolicies"):
            state.answer()
        assert sum(key.name.startswith("p") for key in state.objects.names()) == 600
        monkeypatch.setattr(ApiServer, "get", whole)
        until(lambda: state.is_current)


def test_a_change_is_weighed_against_the_state_that_it_would_change() -> None:
    """Whatever the session has gone on to meanwhile."""
    live = LiveObjects()
    live.change(tenants())
    before, after = live.before_and_after([policy("red", "more")])
    session = CheckSession(before.cluster, [PACK], setting=SETTING)
    standing = session.advance(before.cluster)
    live.change([policy("red", "open", OPEN)])
    opened, later = live.before_and_after([policy("red", "more")])
    session.advance(opened.cluster)
    assert session.verdicts[0].status is Status.REFUTED
    assert session.weighed(after.cluster, standing).before[0].status is Status.PROVED
    assert not session.weighed(later.cluster).worse
    session.advance(before.cluster)
    assert {policy.name for policy in later.cluster.policies} - {it.name for it in opened.cluster.policies} == {"more"}


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
