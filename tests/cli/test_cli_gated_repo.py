"""examples/gated-repo: one command runs the gate, and each oversight that its page names makes it fail."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from analyzer.cli.app import app

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/gated-repo"


def run(*words):
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    shutil.copytree(EXAMPLE, tmp_path / "repo", ignore=shutil.ignore_patterns("netproof.sarif", "netproof.xml"))
    (tmp_path / "repo/.git").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


def test_one_command_runs_the_gate(repository):
    found = run("check", "-v")
    assert found.exit_code == 0, found.output
    assert json.loads((repository / "netproof.sarif").read_text())["version"] == "2.1.0"
    assert (repository / "netproof.xml").read_text().startswith("<?xml")
    asked = {pack: f"{pack}: " in found.stdout for pack in ("tenant-isolation", "cis-kubernetes", "shop")}
    assert all(asked.values()), asked
    assert "waived   team-reaches-internet" in found.stdout


def test_the_gate_is_told(repository):
    text = run("config").stdout
    assert "tenant-isolation, cis-kubernetes, queries/shop.npq" in text
    assert "netproof.toml:3)" in text
    assert "calico (netproof.toml:4)" in text


def refuted():
    found = run("check", "--format", "json", "--max-counterexamples", "1")
    assert found.exit_code == 1, found.output
    return {it["id"] for it in json.loads(found.stdout)["queries"] if it["verdict"] == "refuted" and not it["excused"]}


def test_a_dash_too_many(repository):
    file = repository / "k8s/policies-shop.yaml"
    policies = list(yaml.safe_load_all(file.read_text()))
    (orders,) = (policy for policy in policies if policy["metadata"]["name"] == "orders")
    orders["spec"]["ingress"][0]["from"].append({"namespaceSelector": {}})
    file.write_text(yaml.safe_dump_all(policies))
    assert "orders-reached-by-others" in refuted()


def test_the_next_team_is_open(repository):
    (repository / "k8s/policies-cluster.yaml").unlink()
    assert refuted() == {"new-tenant-open"}


def test_nothing_works(repository):
    file = repository / "k8s/policies-blog.yaml"
    policies = [policy for policy in yaml.safe_load_all(file.read_text()) if policy["metadata"]["name"] != "dns"]
    file.write_text(yaml.safe_dump_all(policies))
    assert refuted() == {"tenant-dns-cut-off"}


def test_more_than_what_is_waived(repository):
    file = repository / "k8s/policies-blog.yaml"
    policies = list(yaml.safe_load_all(file.read_text()))
    (feeds,) = (policy for policy in policies if policy["metadata"]["name"] == "feeds")
    del feeds["spec"]["egress"][0]["ports"]
    file.write_text(yaml.safe_dump_all(policies))
    assert refuted() == {"team-reaches-internet"}


def test_the_page_names_the_files_and_queries_there_are():
    page = (EXAMPLE / "README.md").read_text()
    for name in re.findall(r"`([\w./-]+(?:\.(?:toml|npq|yml|yaml)|/))`", page):
        assert (EXAMPLE / name).exists(), name
