"""`netproof explain` from end to end: the answer, the rules, the words, bad input."""

import json
from pathlib import Path

import pytest
from published_schemas import follow
from test_cli_map import CLUSTER
from typer.testing import CliRunner

from analyzer.cli.app import app

ADMIN = """
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 5
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  ingress:
  - name: no-jobs
    action: Deny
    from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: job}}}}]
"""


@pytest.fixture(autouse=True)
def cluster(tmp_path, monkeypatch):
    (tmp_path / "all.yaml").write_text(CLUSTER + ADMIN)
    monkeypatch.chdir(tmp_path)


def run(source, destination, *words):
    return CliRunner().invoke(app, ["explain", "all.yaml", "--from", source, "--to", destination, *words])


def told(*words):
    found = run(*words)
    assert found.exit_code == 0, found.output
    return " ".join(found.stdout.split())


def answer(*words):
    report = json.loads(run(*words, "--format", "json").stdout)
    follow(report, "explain-2")
    return report


def test_what_is_allowed_and_by_which_rule():
    found = answer("shop/web", "shop/db", "--on", "tcp/5432")
    assert found["allowed"]["TCP"] == [[5432, 5432]] == found["certain"]["TCP"][0:1]
    egress, ingress = found["stages"]
    (rule,) = ingress["rules"]
    assert (rule["name"], rule["rule"], rule["line"]) == (
        "db",
        1,
        CLUSTER.splitlines().index("  - from: [{podSelector: {matchLabels: {app: web}}}]") + 1,
    )
    assert (egress["stage"], egress["verdict"], egress["reason"]) == ("egress", "allowed", "no policy selects it")


def test_without_ports_it_tells_the_set():
    assert answer("shop/web", "shop/db")["allowed"] == {"TCP": [[5432, 5432]], "UDP": [], "SCTP": [], "other": False}
    assert "allowed: TCP 5432. denied: all else" in told("shop/web", "shop/db")


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (("shop/web", "shop/db", "--on", "tcp/80"), "rule 1 does not match: port 80 is outside 5432"),
        (("shop/web", "shop/db", "--on", "udp/80"), "rule 1 does not match: UDP is not TCP"),
        (("other/lone", "shop/db"), "rule 1 does not match: it is in namespace other, not shop"),
        (("8.8.8.8", "shop/db"), "rule 1 does not match: 8.8.8.8 is no pod"),
        (("shop/db", "198.51.100.200"), "198.51.100.200 is outside 198.51.100.0/24 except 198.51.100.128/25"),
        (("pods(tier=x) in namespace shop", "shop/db"), "rule 1 does not match: label app is absent"),
        (("pods(app=job) in namespace shop", "shop/web"), "rule 1 `no-jobs` denies every port"),
        (("shop/web", "other/lone"), "AdminNetworkPolicy guard does not select it: namespace other lacks"),
        (("shop/web", "shop/db"), "rule 1 `no-jobs` does not match: label app is web, not job"),
        (("shop/db", "other/lone"), "its address is not known, so whether it lies in 198.51.100.0/24"),
        (("shop/db", "198.51.100.0/24"), "rule 1 may allow TCP 443: 198.51.100.0/24 is partly outside"),
    ],
)
def test_why(words, phrase):
    assert phrase in told(*words, "--pod-cidr", "198.51.100.0/24")


def test_a_pod_that_is_not_there_yet_is_described():
    text = told("pods(app in (web,api), tier) in namespaces(kubernetes.io/metadata.name=shop)", "shop/db")
    assert "a new pod in namespace shop with app=api, tier=x" in text
    assert "took namespace shop" in text


@pytest.mark.parametrize(
    ("source", "destination", "complaint"),
    [
        ("8.8.8.8", "9.9.9.9", "neither end is a pod"),
        ("shop/wbe", "shop/db", "did you mean `shop/web`?"),
        ("pods(app=x) or pods(app=y)", "shop/db", "is nothing that one end can stand for"),
        ("pds(app=x)", "shop/db", "--from:1"),
        ("other/lone", "other/lone", "both ends are the same pod"),
    ],
)
def test_bad_ends(source, destination, complaint):
    found = run(source, destination)
    assert found.exit_code == 2
    assert complaint in found.stderr
    assert "Traceback" not in found.output


def test_quiet_keeps_what_decides():
    text = run("shop/web", "shop/db", "--quiet").stdout
    assert "rule 1 allows TCP 5432" in text
    assert "does not" not in text


@pytest.mark.parametrize(
    ("end", "hint"),
    [
        ("service:shop/front", "write `service shop/front`"),
        ("service/front", "write `service NAMESPACE/front`"),
        ("svc:shop/front", "write `service shop/front`"),
        ("pod:shop/web", "write `shop/web`"),
        ("deployment/web", "write `NAMESPACE/web`"),
        ("workload:shop/web", "write `shop/web`"),
        ("ns:shop", "write `namespace shop`"),
        ("namespace/shop", "write `namespace shop`"),
        ("shop/front", "it is a Service: write `service shop/front`"),
    ],
)
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_ends_as_other_tools_write_them_get_the_form_that_is_meant(tmp_path, end, hint, option):
    manifests = tmp_path / "m.yaml"
    manifests.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {a: b}}\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop}\n"
        "spec: {selector: {a: b}, ports: [{port: 80}]}\n"
    )
    other = "--to" if option == "--from" else "--from"
    done = CliRunner().invoke(app, ["explain", str(manifests), option, end, other, "1.1.1.1"])
    assert done.exit_code == 2
    assert hint in done.stderr


# ------------------------------------------------------------------------------------------------ ends misplaced
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["team-a/shop", "team-b/portal"], "did you mean `--from team-a/shop --to team-b/portal`?"),
        (["team-b/portal", "--from", "team-a/shop"], "did you mean `--to team-b/portal`?"),
        (["--from", "team-a/shop"], "name both ends, or a file of questions: --batch FILE"),
        (["--from", "team-c/portal", "--to", "team-a/shop"], "did you mean `team-b/portal`?"),  # in another namespace
        (["--from", "team-a/shp", "--to", "team-a/shop"], "did you mean `team-a/shop`?"),
        (["--from", "team-a/zzz", "--to", "team-a/shop"], "known are `team-a/"),  # those of its namespace
    ],
)
def test_ends_that_are_misplaced_or_misspelt_are_found(words, hint):
    leaky = str(Path(__file__).resolve().parents[2] / "examples/multi-tenant/leaky")
    done = CliRunner().invoke(app, ["explain", leaky, *words])
    assert done.exit_code == 2
    assert hint in done.stderr
