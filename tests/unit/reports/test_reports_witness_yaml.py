import re
from dataclasses import replace

import pytest
import yaml
from report_samples import DENIAL, LATENT, LATER, LIVE, OPEN_POD, PROVED, REFUTED, answer, query

from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Namespace
from analyzer.model.formulas import Role
from analyzer.model.labels import Labels
from analyzer.model.policies import Protocol
from analyzer.reports.witness_yaml import witness_yaml
from analyzer.sets import AddressSet
from analyzer.verdicts.regions import Attribute, Constraint, Region

CLUSTER = Cluster(namespaces=(Namespace("shop", Labels({}), True), Namespace("mentioned", Labels({}), False)))


def witness(*examples, id="internet-egress"):
    found = replace(REFUTED, counterexamples=examples, query=query(id))
    text = witness_yaml(answer(found), CLUSTER).decode()
    return text, [document for document in yaml.safe_load_all(text) if document]


def test_a_pod_not_there_yet_comes_with_its_namespace_labels_account_and_ports():
    text, documents = witness(LATENT)
    namespace, source, destination = documents
    assert namespace == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "ns-1", "labels": {"team": "a"}},
    }
    assert source["metadata"] == {"name": "netproof-internet-egress-1", "namespace": "ns-1", "labels": {"app": "web"}}
    assert source["spec"] == {
        "serviceAccountName": "robot",
        "containers": [
            {
                "name": "main",
                "image": "registry.k8s.io/pause:3.10",
                "ports": [{"containerPort": 8080, "name": "http"}],
            }
        ],
    }
    assert destination["metadata"]["namespace"] == "shop"
    assert "serviceAccountName" not in destination["spec"]
    assert "# source of internet-egress 1" in text
    assert "#   internet-egress 1: a pod in a new namespace ns-1" in text


@pytest.mark.parametrize("example", [LIVE, DENIAL, OPEN_POD])
def test_workloads_that_are_there_are_named_in_comments_only(example):
    text, documents = witness(example)
    assert documents == []
    assert "shop/web[Deployment]" in text
    assert "nothing to apply" in text


def test_nothing_refuted_is_a_comment():
    text = witness_yaml(answer(PROVED), CLUSTER).decode()
    assert all(line.startswith("#") for line in text.splitlines())


def test_one_pod_in_two_witnesses_is_written_once():
    _, documents = witness(LATENT, LATENT)
    assert [document["kind"] for document in documents] == ["Namespace", "Pod", "Pod"]


def test_ports_go_to_the_container_that_declares_them():
    ports = (
        ContainerPort("dns", 53, Protocol.UDP, ContainerKind.SIDECAR),
        ContainerPort("", 8080, Protocol.TCP),
        ContainerPort("setup", 1, Protocol.TCP, ContainerKind.INIT),
    )
    connection = replace(LATENT.connection, src=replace(LATER, ports=ports, host_network=True))
    _, (_, pod, _) = witness(replace(LATENT, connection=connection))
    assert pod["spec"]["hostNetwork"] is True
    assert pod["spec"]["containers"][0]["ports"] == [{"containerPort": 8080}]
    sidecar, init = pod["spec"]["initContainers"]
    assert sidecar["restartPolicy"] == "Always"
    assert sidecar["ports"] == [{"containerPort": 53, "name": "dns", "protocol": "UDP"}]
    assert "restartPolicy" not in init


def test_a_witness_that_needs_an_address_says_so():
    asked = Constraint(Role.SRC, Attribute.ADDRESS, AddressSet.of("10.1.0.0/16"))
    region = Region.of((*LATENT.region.constraints, asked))
    text, _ = witness(replace(LATENT, region=region))
    assert "it shows only while the pod has an address in 10.1.0.0/16" in text


@pytest.mark.parametrize("id", ["Über_Allow.All", "x" * 200, "---", "q1"])
def test_names_are_dns_labels_and_unique(id):
    _, (_, source, destination) = witness(LATENT, id=id)
    names = [source["metadata"]["name"], destination["metadata"]["name"]]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for name in names)


@pytest.mark.parametrize("value", ["true", "1e3", "no", "", "0x10", "2024-01-01", "~"])
def test_label_values_stay_strings(value):
    connection = replace(LATENT.connection, src=replace(LATER, labels=Labels({"k": value})))
    _, (_, pod, _) = witness(replace(LATENT, connection=connection))
    assert pod["metadata"]["labels"] == {"k": value}


def test_comments_cannot_be_broken_out_of():
    text, documents = witness(LATENT, id="x\nkind: Secret")
    assert "\nkind: Secret" not in text
    assert len(documents) == 3
