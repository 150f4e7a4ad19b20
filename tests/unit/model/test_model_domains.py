"""Which domain names, and which wildcards, can be names of the cluster's own Services and pods."""

import pytest

from analyzer.model.domains import ClusterName, cluster_name

ANYWHERE, IN_B = ClusterName(None), ClusterName("b")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("db.b.svc.cluster.local", IN_B),
        ("DB.B.SVC.CLUSTER.LOCAL.", IN_B),
        ("db-0.db.b.svc.cluster.local", IN_B),
        ("_sql._tcp.db.b.svc.cluster.local", IN_B),
        ("db.b.svc.corp.example", IN_B),
        ("db.b.svc", IN_B),
        ("10-0-0-1.b.pod.cluster.local", IN_B),
        ("*.b.svc.cluster.local", IN_B),
        ("*.db.b.svc.cluster.local", IN_B),
        ("*.svc.cluster.local", ANYWHERE),
        ("*.pod.corp.example", ANYWHERE),
        ("*.cluster.local", ANYWHERE),
        ("*.local", ANYWHERE),
        ("*", ANYWHERE),
        ("example.com", None),
        ("*.example.com", None),
        ("*.com", None),
        ("db.b", None),
        ("svc.example.com", None),
        ("cluster.local", None),
        ("*.other.local", None),
    ],
)
def test_a_name_is_the_clusters_own_where_its_dns_could_give_it(name, found):
    assert cluster_name(name) == found


@pytest.mark.parametrize("name", ["*.corp.example", "*.example", "*.k8s.corp.example", "*.corp.example."])
def test_wildcards_above_another_domain_of_the_cluster_are_its_own(name):
    assert cluster_name(name) is None
    assert cluster_name(name, ("cluster.local", "k8s.corp.example")) == ANYWHERE
    assert cluster_name("*.cluster.local", ("cluster.local", "k8s.corp.example")) == ANYWHERE
