"""What reports that are kept say they were made from: versions, revision, hashes, packs with their parameters."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {tenant: shop}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "k8s").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / "k8s" / name).write_text(SHOP.replace("name: shop", f"name: shop-{name[0]}"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(form, *more):
    asked = ["-p", "tenant-isolation", "--set", "tenant=tenant", "--set", "ops=operators"]
    return CliRunner().invoke(app, ["check", "k8s", *asked, "--format", form, *more]).stdout


def made_from():
    found = json.loads(report("json"))
    follow(found, "check-2")
    return found["made_from"]


def git(*words):
    told = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com", *words]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()


def test_files_are_told_with_their_hashes_and_one_for_all():
    found = made_from()
    names = ["k8s/a.yaml", "k8s/b.yaml"]
    assert [(it["file"], it["size"], it["sha256"]) for it in found["manifests"]] == [
        (name, len(data), hashlib.sha256(data).hexdigest()) for name in names for data in [Path(name).read_bytes()]
    ]
    lines = "".join(f"{it['sha256']}  {it['file']}\n" for it in found["manifests"])
    assert found["sha256"] == hashlib.sha256("".join(sorted(lines.splitlines(keepends=True))).encode()).hexdigest()


def test_packs_are_told_with_every_parameter_in_force():
    (pack,) = made_from()["packs"]
    assert pack["name"] == "tenant-isolation"
    assert pack["parameters"]["ops"] == "operators"
    assert pack["parameters"]["tenant"] == "tenant"
    assert "admin-ports" in pack["parameters"]  # by default


def test_the_revision_and_whether_the_manifests_are_it():
    assert made_from()["revision"] is None
    git("init", "-q")
    git("add", "k8s")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD")
    Path("elsewhere.txt").write_text("not among the manifests")
    assert (made_from()["revision"], made_from()["changed"]) == (commit, False)
    Path("k8s/c.yaml").write_text(SHOP)
    assert (made_from()["revision"], made_from()["changed"]) == (commit, True)


def test_standard_input_has_a_hash_and_no_revision():
    asked = ["-q", "no internet can reach namespace shop", "--format", "json"]
    done = CliRunner().invoke(app, ["check", "-", *asked], SHOP)
    found = json.loads(done.stdout)["made_from"]
    assert [it["sha256"] for it in found["manifests"]] == [hashlib.sha256(SHOP.encode()).hexdigest()]
    assert found["revision"] is None


@pytest.mark.parametrize("form", ["json", "html", "markdown", "junit", "sarif"])
def test_every_record_tells_it(form):
    found, text = made_from(), report(form)
    assert found["sha256"] in text
    assert found["packs"][0]["sha256"] in text
    assert found["versions"]["netproof"] in text
    assert "operators" in text
    assert "admin-ports" in text


@pytest.mark.parametrize("form", ["text", "concise", "github"])
def test_what_is_read_on_the_spot_does_not(form):
    assert made_from()["sha256"] not in report(form)


def test_no_place_of_sarif_or_github_is_a_file_that_is_not_the_users():
    """A built-in pack is none: unknown and vacuous queries stand at manifests."""
    run = json.loads(report("sarif"))["runs"][0]
    places = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        for place in (*result["locations"], *result["relatedLocations"])
    ]
    assert places
    assert {Path(place).exists() for place in places} == {True}
    assert "pack.npq" not in report("github")
