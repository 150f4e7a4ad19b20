"""The objects of a cluster that runs, as they come and go."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.manifests.changing import Rules
from analyzer.manifests.live import Key, LiveObjects, key_of

Thing = dict[str, Any]


def named(api: str, kind: str, name: str, namespace: str = "", **parts: Any) -> Thing:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def policy(namespace: str, name: str, spec: Any) -> Thing:
    return named("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec=spec)


TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
WORKLOAD = {"selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
STANDING = [
    named("v1", "Namespace", "red"),
    named("v1", "Namespace", "blue"),
    named("apps/v1", "Deployment", "web", "red", spec=WORKLOAD),
    policy("red", "deny", {"podSelector": {}}),
    policy("blue", "deny", {"podSelector": {}}),
    policy("blue", "old", {"podSelector": {}, "ingress": [{}]}),
]
SPECS: list[Any] = [
    {"podSelector": {}},
    {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]},
    {"podSelector": {"matchLabels": {"app": "web"}}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
    {"podSelector": {}, "ingress": [{"ports": [{"port": 80, "endPort": 70}]}]},  # which is refused
    {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]},  # which is worth a notice
    {"podSelector": {}, "ingres": [{}]},
    None,
]
CHANGES = st.builds(
    policy,
    st.sampled_from(["red", "blue", "nowhere"]),
    st.sampled_from(["deny", "old", "new"]),
    st.sampled_from(SPECS),
) | st.sampled_from([named("v1", "Namespace", "green"), named("apps/v1", "Deployment", "db", "blue", spec=WORKLOAD)])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_proposed_cluster_is_the_one_that_the_change_makes(data: st.DataObject) -> None:
    live = LiveObjects(Rules(keep_going=True))
    live.change([*STANDING, *data.draw(st.lists(CHANGES, max_size=2))])
    before = live.load()
    put = data.draw(st.lists(CHANGES, max_size=3))
    there = [*live.names(), Key("NetworkPolicy", "networking.k8s.io", "red", "none")]
    removed = data.draw(st.lists(st.sampled_from(there), max_size=2))
    proposed = live.proposed(put, [key for key in removed if key not in map(key_of, put)])
    assert live.load() is before
    live.change(put, [key for key in removed if key not in map(key_of, put)])
    assert proposed == live.load()
