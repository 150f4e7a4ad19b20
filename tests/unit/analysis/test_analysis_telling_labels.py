"""Which labels say whose a namespace is, and how sensitive a pod's data."""

import pytest

from analyzer.analysis.notices.telling_labels import Sensitivity, Tenancy, sensitivities, tenancy
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels


def namespaces(*labels, is_declared=True):
    return tuple(
        Namespace(f"n{number}", Labels({NAMESPACE_NAME_LABEL: f"n{number}", **own}), is_declared)
        for number, own in enumerate(labels)
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([{"tenant": "a"}, {"tenant": "b"}], Tenancy("tenant", ("a", "b"))),
        ([{"tenant": "a"}, {"tenant": "a"}], None),
        ([{"tenant": "a"}, {}], None),
        ([{}, {}], None),
        # What is called after an owner goes before what is on more namespaces, and the likelier owner first.
        (
            [{"env": "x", "acme.io/Team": "b"}, {"env": "y", "acme.io/Team": "a"}, {"env": "x"}],
            Tenancy("acme.io/Team", ("a", "b"), ("env",)),
        ),
        ([{"team": "a", "tenant": "t"}, {"team": "b", "tenant": "u"}], Tenancy("tenant", ("t", "u"), ("team",))),
        ([{"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"b": "2"}], Tenancy("b", ("1", "2"), ("a",))),
        # Labels that tools set for themselves part nothing.
        ([{"pod-security.kubernetes.io/enforce": "a"}, {"pod-security.kubernetes.io/enforce": "b"}], None),
    ],
)
def test_tenancy(labels, expected):
    assert tenancy(Cluster(namespaces=namespaces(*labels))) == expected


def test_labels_of_namespaces_that_are_not_declared_do_not_count():
    mentioned = namespaces({"tenant": "a"}, {"tenant": "b"}, is_declared=False)
    assert tenancy(Cluster(namespaces=mentioned)) is None
    assert sensitivities(Cluster(namespaces=namespaces({"pci": "true"}, is_declared=False))) == ()


@pytest.mark.parametrize(
    ("key", "value", "speaks"),
    [
        ("data-classification", "pii", True),
        ("acme.io/data-classification", "confidential", True),
        ("data-classification", "public", False),
        ("pii", "true", True),
        ("pii", "false", False),
        ("pci-scope", "cde", True),
        ("sensitivity", "high", True),
        ("tier", "restricted", True),
        ("app", "web", False),
        ("priority", "high", False),
        ("specific", "yes", False),  # `pci` is not a word of its own here
        ("pod-security.kubernetes.io/enforce", "restricted", False),
    ],
)
def test_sensitivity(key, value, speaks):
    labels = Labels({key: value})
    on_pods = Cluster(workloads=(Workload("Deployment", "n", "w", labels), Workload("Pod", "n", "p", labels)))
    assert sensitivities(on_pods) == ((Sensitivity(key, value, is_on_namespaces=False),) if speaks else ())
    on_namespaces = Cluster(namespaces=namespaces({key: value}))
    assert sensitivities(on_namespaces) == ((Sensitivity(key, value, is_on_namespaces=True),) if speaks else ())
