"""`netproof map --exposure` from end to end: who beyond the manifests, formats, caps, bad options."""

import json

import pytest
from published_schemas import follow, sets_of
from typer.testing import CliRunner

from analyzer.cli.app import app

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db, image: db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  - from: [{namespaceSelector: {matchLabels: {team: ops}}}]
    ports: [{port: 9000}]
  egress:
  - to: [{ipBlock: {cidr: 198.51.100.0/24}}]
    ports: [{port: 443}]
"""


@pytest.fixture(autouse=True)
def cluster(tmp_path, monkeypatch):
    (tmp_path / "all.yaml").write_text(CLUSTER)
    monkeypatch.chdir(tmp_path)


def run(*words, code=0):
    result = CliRunner().invoke(app, ["map", "all.yaml", "--exposure", *words])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def report(*words):
    found = json.loads(run("--format", "json", *words).stdout)
    follow(found, "exposure-2")
    return found


def regions(found, direction, workload):
    (one,) = (e for e in found["exposures"] if e["direction"] == direction and workload in e["workloads"])
    assert one["complete"]
    return one["regions"]


def test_pods_not_there_yet_and_addresses():
    found = report()
    db = regions(found, "ingress", "shop/db[Pod]")
    peers = [(sets_of(r["peer"]), r["allowed"]["TCP"]) for r in db]
    assert [(p["namespace"], on) for p, on in peers if "labels[app]" in p] == [({"in": ["shop"]}, [[5432, 5432]])]
    later = [r for r in db if "namespace.labels[team]" in sets_of(r["peer"])]
    assert [sets_of(r["peer"])["namespace.labels[team]"] for r in later] == [{"in": ["ops"]}]
    assert [r["allowed"]["TCP"] for r in later] == [[[9000, 9000]]]
    assert len(db) == 2
    (out,) = (r for r in regions(found, "egress", "shop/db[Pod]") if sets_of(r["peer"])["kind"] == {"in": ["external"]})
    assert sets_of(out["peer"])["address"] == {"in": ["198.51.100.0/24"]}


def test_everyone_where_nothing_isolates():
    found = report()
    assert found["not_isolated"] == {"ingress": ["shop/web[Pod]"], "egress": ["shop/web[Pod]"]}
    web = regions(found, "ingress", "shop/web[Pod]")
    assert {kind for r in web for kind in sets_of(r["peer"])["kind"]["in"] if r["allowed"]["TCP"] == [[1, 65535]]} == {
        "pod",
        "external",
    }


def test_a_cap_is_told():
    found = report("--max-regions", "1")
    (one,) = (e for e in found["exposures"] if e["direction"] == "ingress" and "shop/db[Pod]" in e["workloads"])
    assert (one["capped"], one["complete"], len(one["regions"])) == (True, False, 1)
    assert "only 1 region was asked for" in " ".join(run("--max-regions", "1").stdout.split())


def test_text_and_markdown_tell_the_same():
    text, table = " ".join(run().stdout.split()), run("--format", "markdown").stdout
    for part in ("any pod in namespace shop with app=web", "198.51.100.0/24"):
        assert part in text
        assert part in table
    assert "no policy isolates 1 workload for ingress: shop/web[Pod]" in text


def test_a_namespace_narrows_it():
    assert report("--namespace", "shop")["exposures"]
    assert "is no namespace" in run("--namespace", "shp", code=2).stderr


@pytest.mark.parametrize("words", [("--from", "shop/web"), ("--nodes",), ("--format", "dot"), ("--on", "tcp/80")])
def test_options_that_do_not_go_together_are_refused(words):
    assert "--exposure" in run(*words, code=2).stderr
