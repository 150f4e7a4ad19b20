"""Which profile the input speaks for: what installs an engine, its settings, policies that it alone reads."""

import pytest

from analyzer.errors import UsageError
from analyzer.inputs import profile_for

AGENT = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: {name}, namespace: kube-system}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{hostNetwork: true, containers: [{{name: agent, image: "{image}"}}]}}
"""
FELIX = "\n---\napiVersion: crd.projectcalico.org/v1\nkind: FelixConfiguration\nmetadata: {name: default}\nspec: {}\n"
CALICO = """
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: p, namespace: a}
spec: {selector: all(), types: [Ingress]}
"""
CILIUM = """
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: a}
spec: {endpointSelector: {}, ingress: [{}]}
"""
NOTHING = "\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"


def agent(name, image="example.com/agent:1"):
    return AGENT.format(name=name, image=image)


@pytest.mark.parametrize(
    ("text", "profile", "version"),
    [
        (NOTHING, "generic", "3.33"),
        (agent("calico-node", "docker.io/calico/node:v3.31.2"), "calico", "3.31"),
        (agent("calico-node", "quay.io/calico/node@sha256:0"), "calico", "3.33"),
        (agent("calico-node", "calico/node:v3.99.0"), "calico", "3.33"),
        (agent("canal", "calico/node:v3.30.1"), "calico", "3.30"),
        (agent("cilium"), "cilium", "3.33"),
        (agent("kube-flannel-ds"), "flannel", "3.33"),
        (agent("kube-flannel-ds") + "---" + agent("calico-node"), "calico", "3.33"),
        (agent("node-exporter"), "generic", "3.33"),
        (FELIX, "calico", "3.33"),
        (CALICO, "calico", "3.33"),
        (CILIUM, "cilium", "3.33"),
        (agent("cilium") + CALICO, "cilium", "3.33"),
    ],
)
def test_the_input_speaks_for_a_profile(loaded, text, profile, version):
    cluster = loaded(text).cluster
    found = profile_for(None, (), cluster)
    assert (found.name, found.calico_version.value) == (profile, version)
    said = [notice.message for notice in cluster.notices if "unless --profile" in notice.message]
    assert any(f"says that {profile} " in text for text in said) == (profile != "generic")


def test_a_knob_goes_before_what_an_image_says(loaded):
    cluster = loaded(agent("calico-node", "calico/node:v3.31.2")).cluster
    assert profile_for(None, ["calico_version=3.30"], cluster).calico_version.value == "3.30"


def test_a_flag_goes_before_what_the_input_says_which_is_told(loaded):
    cluster = loaded(agent("calico-node")).cluster
    assert profile_for("cilium", (), cluster).name == "cilium"
    said = "DaemonSet kube-system/calico-node says that calico enforces policies"
    assert [notice.message for notice in cluster.notices] == [f"{said}: the profile, unless --profile names another"]


@pytest.mark.parametrize("text", [CALICO + CILIUM, agent("calico-node") + "---" + agent("cilium")])
def test_two_engines_are_one_too_many(loaded, text):
    with pytest.raises(UsageError, match="--profile"):
        profile_for(None, (), loaded(text).cluster)
    assert profile_for("calico", (), loaded(text).cluster).name == "calico"
