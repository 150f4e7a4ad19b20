"""What switches enforcement on or off is no detail of a revision: the same policies say another thing then."""

import pytest

import analyzer as netproof
from analyzer.errors import UsageError

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


@pytest.fixture
def switched_on(tmp_path):
    (tmp_path / "m.yaml").write_text(POLICIES)
    return netproof.load(tmp_path).changed(put=config("true"))


@pytest.mark.parametrize("is_back", [False, True])
def test_revisions_that_differ_in_the_switch_are_not_compared(switched_on, is_back):
    revisions = [switched_on, switched_on.changed(put=config("false"))]
    with pytest.raises(UsageError, match="switched off by"):
        netproof.diff(*(reversed(revisions) if is_back else revisions))


def test_what_is_said_for_both_holds_for_both(switched_on):
    switched_off = switched_on.changed(put=config("false"))
    assert netproof.diff(switched_on, switched_off, knob=["enable-network-policy=true"]).is_equivalent


def test_a_revision_that_says_nothing_is_compared(switched_on):
    without = switched_on.changed(removed="ConfigMap kube-system/amazon-vpc-cni")
    assert netproof.diff(without, switched_on).is_equivalent


def test_revisions_of_two_engines_are_not_compared(tmp_path):
    calico, flannel = agent("calico-node", "calico/node:v3.30.0"), agent("kube-flannel-ds", "flannel/flannel:v0.26.0")
    for name, text in (("old", calico), ("new", flannel)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.yaml").write_text(POLICIES + text)
    with pytest.raises(UsageError, match=r"the profile is calico by .* in one revision, and .* in the other"):
        netproof.diff(tmp_path / "old", tmp_path / "new")
    assert netproof.diff(tmp_path / "old", tmp_path / "new", profile="calico").is_equivalent


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
