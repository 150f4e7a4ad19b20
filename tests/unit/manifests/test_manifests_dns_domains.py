"""The cluster's domain, as CoreDNS' Corefile tells it."""

from __future__ import annotations

import pytest
import yaml

from analyzer.analysis import Setting, check
from analyzer.analysis.checking.assumptions import stated_assumptions
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.enforcing import as_enforced
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status

HEAD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  %s: |
    .:53 {
        errors
        %s
        forward . /etc/resolv.conf
    }
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: names}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress: [{action: Accept, to: [{domainNames: ["*.corp.example"]}]}]
"""


def cluster(key: str, line: str) -> Cluster:
    return load(["-"], stdin=lambda: (HEAD % (key, line)).encode()).cluster


@pytest.mark.parametrize(
    ("key", "line", "domains"),
    [
        (
            "Corefile",
            "kubernetes cluster.local in-addr.arpa {\n           ttl 30\n        }",
            ("cluster.local",),
        ),
        ("Corefile", "kubernetes k8s.corp.example. in-addr.arpa ip6.arpa", ("k8s.corp.example",)),
        ("Corefile", "kubernetes K8S.corp.example 10.0.0.0/8 {}", ("k8s.corp.example",)),
        ("Corefile", "kubernetes a.example b.example {}", ("a.example", "b.example")),
        ("Corefile", "kubernetes __PILLAR__DNS__DOMAIN__ {}", ()),
        ("Corefile", "# kubernetes x.example", ()),
        ("other", "kubernetes k8s.corp.example {}", ()),
    ],
)
def test_the_zones_of_the_plugin_are_the_domains(key: str, line: str, domains: tuple[str, ...]) -> None:
    found = cluster(key, line)
    assert found.dns_domains == domains
    is_own = "k8s.corp.example" in domains
    assert (found.domain_of_cluster("*.corp.example") is not None) is is_own
    stated = {a.name for a in stated_assumptions(found, [], Setting(Universe.ANY, PROFILES["generic"]))}
    assert ("cluster-domain" in stated) is not is_own


SETTINGS = {
    "kubelet": "kind: KubeletConfiguration\nclusterDomain: K8s.corp.example.\n",
    "kubelet, quoted": 'kind: KubeletConfiguration\nclusterDomain: "k8s.corp.example"  # ours\n',
    "kubelet, JSON": '{"kind": "KubeletConfiguration", "clusterDomain": "k8s.corp.example"}',
    "kubeadm": "kind: ClusterConfiguration\nnetworking:\n  dnsDomain: k8s.corp.example\n  podSubnet: 10.0.0.0/8\n",
    "arguments": 'KUBELET_EXTRA_ARGS="--cluster-domain=k8s.corp.example --v=2"',
    "commented out": "kind: KubeletConfiguration\n# clusterDomain: k8s.corp.example\n",
    "another kind": "kind: Settings\nclusterDomain: k8s.corp.example\n",
    "no name": "kind: KubeletConfiguration\nclusterDomain: k8s_corp!\n",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_kubelets_and_kubeadm_tell_the_domain(name: str) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "kube-system"}}
    text = yaml.safe_dump(config | {"data": {"text": SETTINGS[name]}}).encode()
    is_told = name in ("kubelet", "kubelet, quoted", "kubelet, JSON", "kubeadm", "arguments")
    assert load(["-"], stdin=lambda: text).cluster.dns_domains == (("k8s.corp.example",) if is_told else ())


@pytest.mark.parametrize(("given", "is_open"), [("", False), ("Corp.example.", True), ("a.test, b.corp.example", True)])
def test_the_knob_adds_domains(given: str, is_open: bool) -> None:
    found = cluster("other", "errors")
    profile = PROFILES["generic"].with_knob("cluster-domain", given)
    assert (as_enforced(found, profile).domain_of_cluster("*.corp.example") is not None) is is_open
    assert as_enforced(found, profile) is as_enforced(found, profile)
    stated = {a.name for a in stated_assumptions(found, [], Setting(Universe.ANY, profile))}
    assert ("cluster-domain" in stated) is not is_open
    answer = check(
        found,
        [Pack("p", "", (parse_query("no pods can reach pods on tcp/80"),))],
        setting=Setting(Universe.ANY, profile),
    )
    assert answer.sections[0].verdicts[0].status is Status.REFUTED


def test_the_knob_takes_domain_names() -> None:
    with pytest.raises(ValueError, match="domain name"):
        PROFILES["generic"].with_knob("cluster-domain", "no_domain")
