"""`netproof map` from end to end: formats, focus, limits, bad input."""

import csv
import io
import json

import pytest
from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db}]}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, namespace: other, labels: {app: lone}}
spec: {containers: [{name: lone, image: lone}]}
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
  egress:
  - to: [{ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.128/25]}}]
    ports: [{port: 443}]
"""


@pytest.fixture(autouse=True)
def cluster(tmp_path, monkeypatch):
    (tmp_path / "all.yaml").write_text(CLUSTER)
    monkeypatch.chdir(tmp_path)


def run(*words):
    return CliRunner().invoke(app, ["map", "all.yaml", *map(str, words)])


def table(*words):
    """By source and destination, the ports of TCP."""
    found = run("--format", "json", "--profile", "cilium", *words)
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    follow(report, "map-2")
    return {(row["src"], row["dst"]): row["allowed"]["TCP"] for row in report["connections"] if row["allowed"]["TCP"]}


WEB, DB, LONE = "shop/web[Deployment]", "shop/db[Deployment]", "other/lone[Pod]"
BLOCK = "198.51.100.0-198.51.100.127"
ALL = [[1, 65535]]


def test_pairs_of_workloads():
    found = table()
    inside = {pair: ports for pair, ports in found.items() if all("[" in end for end in pair)}
    assert inside == {(WEB, DB): [[5432, 5432]], (WEB, LONE): ALL, (LONE, WEB): ALL}


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec: {clusterIP: 10.96.0.9, selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}
"""


@pytest.mark.parametrize("end", ["service shop/store", "10.96.0.9", "10.96.0.9/32"])
def test_a_service_is_what_it_leads_to(end, tmp_path):
    (tmp_path / "service.yaml").write_text(SERVICE)
    assert set(table("service.yaml", "--to", end)) == {(WEB, DB)}
    assert {src for src, _ in table("service.yaml", "--from", end)} == {DB}


def test_a_service_that_is_not_there_is_no_end():
    found = run("--to", "service shop/nothing")
    assert found.exit_code == 2
    assert "is no Service of these manifests" in found.output


def test_outside_is_split_where_a_policy_tells_addresses_apart():
    found = table()
    outside = {dst for src, dst in found if src == WEB and "[" not in dst}
    assert outside == {
        "0.0.0.0-198.51.99.255",
        BLOCK,
        "198.51.100.128-255.255.255.255",
        "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    }
    assert {dst: ports for (src, dst), ports in found.items() if src == DB} == {BLOCK: [[443, 443]]}


def test_what_is_certain_is_told_where_it_is_less():
    """Under the generic profile the web pods' addresses may lie in the block."""
    report = json.loads(run("--format", "json", "--pod-cidr", "198.51.100.0/24", "--from", "shop/db").stdout)
    (row,) = [row for row in report["connections"] if row["dst"] == WEB]
    assert row["allowed"]["TCP"] == [[443, 443]]
    assert row["certain"]["TCP"] == []


@pytest.mark.parametrize(
    ("words", "pairs"),
    [
        (["--from", "shop/web", "--to", "shop/db"], {(WEB, DB)}),
        (["--from", WEB, "--to", "other"], {(WEB, LONE)}),
        (
            ["--from", "shop", "--to", "198.51.100.1"],
            {(DB, "198.51.100.1-198.51.100.1"), (WEB, "198.51.100.1-198.51.100.1")},
        ),
        (["--on", "tcp/5432", "--to", "shop/db"], {(WEB, DB)}),
        (["--on", "udp", "--to", "shop/db"], set()),
        (["--from", "shop/web", "--namespace", "other"], {(WEB, LONE)}),
    ],
)
def test_focus(words, pairs):
    assert set(table(*words)) == pairs


def test_text():
    text = run("--profile", "cilium").stdout
    assert "TCP 5432 → shop/db[Deployment]" in text
    assert "TCP 443 → 198.51.100.0/25" in text
    assert max(map(len, text.splitlines())) <= 80


def test_protocols_without_ports_are_for_those_who_ask():
    assert "protocols without ports →" not in run("--to", "shop/db").stdout
    assert "protocols without ports →" in run("--to", "shop/db", "--on", "any").stdout


def test_groups():
    report = json.loads(run("--format", "json", "--grouped").stdout)
    follow(report, "map-2")
    members = {group["id"]: set(group["members"]) for group in report["groups"]}
    sets = {
        one["id"]: {m for g in one["groups"] for m in members[g]}
        | {
            m
            for g, found in members.items()
            if "all_workload_groups_except" in one and g not in one["all_workload_groups_except"]
            for m in found
            if "[" in m
        }
        for one in report["sets"]
    }
    grouped = {
        (src, dst, json.dumps(row["allowed"]))
        for row in report["group_connections"]
        for src in sets[row["src"]]
        for dst in sets[row["dst"]]
        if src != dst
    }
    pairs = json.loads(run("--format", "json", "--pairs").stdout)["connections"]
    assert grouped == {(row["src"], row["dst"], json.dumps(row["allowed"])) for row in pairs}


def test_large_maps_are_grouped_or_refused():
    assert json.loads(run("--format", "json", "--max-pairs", 3).stdout)["form"] == "groups"
    found = run("--format", "csv", "--max-pairs", 3)
    assert found.exit_code == 2
    assert "too many for csv" in found.stderr


def test_csv_is_a_table():
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv", "--profile", "cilium").stdout)))
    (row,) = [row for row in rows if (row["src"], row["dst"]) == (WEB, DB)]
    assert (row["TCP"], row["UDP"], row["certain TCP"]) == ("5432", "", "5432")


def test_pictures_and_markdown():
    assert '-> n0 [label="TCP 5432"]' in run("--format", "dot", "--profile", "cilium").stdout.replace("n1", "n0")
    assert '|"TCP 5432"|' in run("--format", "mermaid", "--profile", "cilium").stdout
    assert r"| shop/web\[Deployment\] | shop/db\[Deployment\] | TCP 5432 |" in run("--format", "markdown").stdout


def test_a_still_picture():
    found = run("--format", "svg", "--profile", "cilium")
    assert found.exit_code == 0
    assert f"<title>{WEB} → {DB}: TCP 5432</title>" in found.stdout
    refused = run("--format", "svg", "--max-pairs", 3)
    assert refused.exit_code == 2
    assert "too many for svg" in refused.stderr


def test_every_wrong_end_is_told():
    found = run("--from", "shop/wbe", "--to", "shopp", "--namespace", "nowhere")
    assert found.exit_code == 2
    assert "did you mean `shop/web`?" in found.stderr
    assert "did you mean `shop`?" in found.stderr
    assert "`nowhere` after --namespace" in found.stderr
    assert "3 errors" in found.stderr


@pytest.mark.parametrize("ports", ["tcp/0", "tcp/90-80", "tpc/80", "other/80", "80", "tcp/65536"])
def test_wrong_ports(ports):
    found = run("--on", ports)
    assert found.exit_code == 2
    assert f"`{ports}` after --on" in found.stderr


def test_grouped_is_for_json():
    assert run("--grouped").exit_code == 2


@pytest.mark.parametrize("form", ["text", "json", "html", "csv", "markdown", "dot", "mermaid", "svg"])
def test_what_is_left_out_is_told_in_every_format(tmp_path, form):
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
    (tmp_path / "ns.yaml").write_text(namespace)
    (tmp_path / "DENY.YAML").write_text(namespace)
    done = CliRunner().invoke(app, ["map", str(tmp_path), "--format", form, "--quiet"])
    assert done.exit_code == 0, done.stderr
    assert "DENY.YAML" in "".join(done.output.split())
