"""The cluster's domain, as CoreDNS' Corefile tells it."""

from __future__ import annotations

import pytest

from analyzer.analysis import Setting
from analyzer.analysis.assumptions import stated_assumptions
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES

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
