"""What switches enforcement on or off is no detail of a revision: the same policies say another thing then."""

import pytest

import analyzer as netproof

POLICIES = """\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
"""
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"}}
QUERY = "no internet can reach namespace a"


def config(said):
    return {**CONFIG, "data": {"enable-network-policy-controller": said}}


def agent(name, image):
    return f"""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: {name}, namespace: kube-system}}
spec:
  selector: {{matchLabels: {{k: {name}}}}}
  template: {{metadata: {{labels: {{k: {name}}}}}, spec: {{containers: [{{name: {name}, image: "{image}"}}]}}}}
"""


def messages(found):
    return [notice.message for notice in found.difference.background.notices]


@pytest.fixture
def switched_on(tmp_path):
    (tmp_path / "m.yaml").write_text(POLICIES)
    return netproof.load(tmp_path).changed(put=config("true"))


SWITCHES = {
    "switched off": lambda on: on.changed(put=config("false")),
    "without its ConfigMap": lambda on: on.changed(removed="ConfigMap kube-system/amazon-vpc-cni"),
}


@pytest.mark.parametrize("is_back", [False, True])
@pytest.mark.parametrize("how", SWITCHES)
@pytest.mark.parametrize("universe", ["any", "inventory"])
def test_what_the_switch_opens_or_closes_is_compared(switched_on, how, universe, is_back):
    revisions = [switched_on, SWITCHES[how](switched_on)]
    found = netproof.diff(*(reversed(revisions) if is_back else revisions), universe=universe)
    assert found.relation.value == ("less permissive" if is_back else "more permissive")
    (told,) = [it for it in messages(found) if "each is judged under its own" in it]
    assert told.startswith("knob enable-network-policy is ")


def test_queries_are_asked_of_each_side_under_its_own_profile(switched_on):
    found = netproof.diff(switched_on, switched_on.changed(put=config("false")), QUERY)
    (query,) = found.difference.queries
    assert (query.before.status.value, query.after.status.value) == ("proved", "refuted")


def test_what_is_said_for_both_holds_for_both(switched_on):
    switched_off = switched_on.changed(put=config("false"))
    assert netproof.diff(switched_on, switched_off, knob=["enable-network-policy=true"]).is_equivalent


CALICO, FLANNEL, CILIUM = (
    agent("calico-node", "calico/node:v3.30.0"),
    agent("kube-flannel-ds", "flannel/flannel:v0.26.0"),
    agent("cilium", "quay.io/cilium/cilium:v1.18.0"),
)


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        (CALICO, FLANNEL, "more permissive"),
        (FLANNEL, CALICO, "less permissive"),
        (CALICO, "", "more permissive"),
        ("", CALICO, "less permissive"),
        (CALICO, CALICO, "equivalent"),
        ("", "", "equivalent"),
    ],
)
def test_another_engine_or_none_is_compared(tmp_path, old, new, relation):
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.yaml").write_text(POLICIES + text)
    assert netproof.diff(tmp_path / "old", tmp_path / "new").relation.value == relation
    assert netproof.diff(tmp_path / "old", tmp_path / "new", profile="calico").is_equivalent


@pytest.mark.parametrize("is_back", [False, True])
def test_from_one_engine_to_another_what_neither_opens_is_told(tmp_path, is_back):
    """Cilium lets what ipBlocks name reach no pod and no node."""
    block = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
---
"""
    for name, text in zip(("old", "new"), (CILIUM, CALICO) if is_back else (CALICO, CILIUM), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.yaml").write_text(POLICIES + block + text)
    found = netproof.diff(tmp_path / "old", tmp_path / "new").difference
    more, less = (found.lost, found.gained) if is_back else (found.gained, found.lost)
    assert not more.changes
    assert less.changes


def test_a_session_follows_the_switch(switched_on):
    session = netproof.Session(switched_on, QUERY)
    assert session.result.is_proved
    assert not session.propose(put=config("false")).is_proved
    assert session.result.is_proved
    assert not session.change(put=config("false")).is_proved
    assert not session.result.is_proved
    assert session.change(put=config("true")).is_proved


def test_a_session_keeps_to_what_is_said(switched_on):
    session = netproof.Session(switched_on, QUERY, knob=["enable-network-policy=true"])
    assert session.propose(put=config("false")).is_proved
