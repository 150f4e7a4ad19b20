"""Which profile the DaemonSets of a dump speak for: engines by name and by image, networks that enforce nothing."""

import pytest
from test_manifests_aws import together

from analyzer.inputs.engines import profile_for

DAEMON_SET = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: %s, namespace: kube-system}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {hostNetwork: true, containers: [%s]}
"""


def daemon_set(name, *images, args=""):
    containers = (
        f"{{name: c{number}, image: '{image}', args: [{args}]}}" for number, image in enumerate(images or ("i",))
    )
    return DAEMON_SET % (name, ", ".join(containers))


KINDNETD, FLANNEL = "docker.io/kindest/kindnetd:%s", "docker.io/flannel/flannel:v0.25.1"
POLICIES = "registry.k8s.io/networking/kube-network-policies:v0.7.0"
CALICO = daemon_set("calico-node", "docker.io/calico/node:v3.33.0")


@pytest.mark.parametrize(
    ("documents", "profile"),
    [
        ([daemon_set("kube-flannel-ds", FLANNEL)], "flannel"),
        ([daemon_set("kube-flannel", FLANNEL), daemon_set("kube-proxy")], "flannel"),
        *(([daemon_set(f"kube-flannel-ds-{arch}", FLANNEL)], "flannel") for arch in ("amd64", "arm64", "s390x")),
        ([daemon_set("canal", "docker.io/calico/node:v3.33.0", FLANNEL)], "calico"),
        ([daemon_set("kube-flannel-ds", FLANNEL), CALICO], "calico"),
        ([daemon_set("kube-flannel-ds", FLANNEL, POLICIES)], "kindnet"),
        ([daemon_set("kube-flannel-ds", FLANNEL), daemon_set("kube-network-policies", POLICIES)], "kindnet"),
        ([daemon_set("kindnet", KINDNETD % "v20241212-9f82dd49")], "kindnet"),
        ([daemon_set("kindnet", KINDNETD % "v20240813-c6f155d6"), daemon_set("kube-proxy")], "kindnet"),
        ([daemon_set("kindnet", KINDNETD % "v20240513-cd2ac642")], "none"),
        ([daemon_set("kindnet", KINDNETD % "0.5.4")], "none"),
        ([daemon_set("kindnet", "kindest/kindnetd")], "kindnet"),
        ([daemon_set("kindnet", "ghcr.io/aojea/kindnetd:stable", args="--network-policy=true")], "kindnet"),
        ([daemon_set("kindnet", "ghcr.io/aojea/kindnetd:stable", args="--network-policy=false")], "none"),
        ([daemon_set("kindnet", KINDNETD % "v20241212-9f82dd49"), CALICO], "calico"),
        ([daemon_set("kindnet", KINDNETD % "v20240513-cd2ac642"), CALICO], "calico"),
        ([daemon_set("kube-router", "cloudnativelabs/kube-router")], "kube-router"),
        ([daemon_set("kube-router", "cloudnativelabs/kube-router", args="--run-firewall=true")], "kube-router"),
        ([daemon_set("kube-router", "cloudnativelabs/kube-router", args="--run-firewall=false")], "none"),
        ([daemon_set("kube-proxy")], "generic"),
        *(([daemon_set(name), daemon_set("kube-proxy")], "none") for name in ("netd", "fluentbit-gke", "azure-cns")),
        ([daemon_set("fluentbit-gke"), daemon_set("anetd")], "cilium"),
        ([daemon_set("azure-cns"), daemon_set("azure-npm")], "azure"),
        ([daemon_set("azure-cns"), CALICO], "calico"),
    ],
)
def test_what_daemon_sets_speak_for(loaded, documents, profile):
    cluster = loaded(together(*documents)).cluster
    found = profile_for(None, (), cluster)
    assert found.name == profile
    assert found.enforces is (profile not in ("none", "flannel"))
    if profile == "none":
        assert any("without a policy engine" in notice.message for notice in cluster.notices)
