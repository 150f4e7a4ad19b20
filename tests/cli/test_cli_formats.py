"""`netproof check --format FORMAT[=FILE]`: several reports of one run, and mistakes found before any work."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.cli.destinations import Destination, destinations
from analyzer.errors import InputError

SHOP = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: web}]}
"""
CLAIM = "no internet can reach namespace shop"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*words):
    return CliRunner().invoke(app, ["check", "shop.yaml", "-q", CLAIM, *words])


def complaints(formats, file=None, yaml=None):
    with pytest.raises(InputError) as caught:
        destinations(formats, file, yaml)
    return [problem.message for problem in caught.value.problems]


def test_several_reports_of_one_run(folder):
    formats = [f"--format={name}=out.{name}" for name in ("json", "sarif", "junit", "markdown", "html")]
    found = check(*formats, "--format", "text")
    assert found.exit_code == 1
    assert "✗ refuted  1 query" in found.stdout
    assert json.loads((folder / "out.json").read_text())["verdict"] == "refuted"
    (result,) = json.loads((folder / "out.sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop.yaml"
    assert "<failure" in (folder / "out.junit").read_text()
    assert "<details>" in (folder / "out.markdown").read_text()
    assert (folder / "out.html").read_text().startswith("<!DOCTYPE html>")


def test_without_a_report_for_standard_output_nothing_is_printed(folder):
    found = check("--format", "sarif=out.sarif")
    assert (found.exit_code, found.stdout) == (1, "")


def test_output_is_for_the_one_without_a_file(folder):
    found = check("--format", "json", "--format", "junit=out.xml", "-o", "out.json")
    assert (found.exit_code, found.stdout) == (1, "")
    assert json.loads((folder / "out.json").read_text())["verdict"] == "refuted"


def test_text_is_what_there_is_unless_something_else_is_asked_for():
    assert destinations((), None) == (Destination("text", None),)
    assert destinations(("json=-",), None) == (Destination("json", None),)


def test_all_mistakes_are_told_at_once(folder):
    found = complaints(["sarf", "json", "text", "html=nowhere/x.html", "junit="])
    assert set(found) == {
        "unknown format `sarf`",
        "`json` and `text` cannot both go to standard output",
        "the folder of `nowhere/x.html` does not exist",
        "`--format junit=` names no file",
    }


def test_no_two_reports_in_one_file(folder):
    assert complaints(["json=a", "sarif=a"]) == ["two reports would go to `a`"]
    assert complaints(["json=a"], yaml="a") == ["two reports would go to `a`"]
    assert complaints(["json=a", "text"], Path("a")) == ["two reports would go to `a`"]


def test_output_with_nothing_to_go_there(folder):
    assert complaints(["json=a"], Path("b")) == ["no report is left to write to `b`: each format has a file"]


def test_a_place_that_cannot_be_written_stops_the_run_before_anything_is_written(folder):
    found = check("--format", "json=out.json", "--format", "sarif=nowhere/out.sarif")
    assert found.exit_code == 2
    assert "create `nowhere` first" in found.stderr
    assert not (folder / "out.json").exists()


def test_the_nearest_format_is_named(folder):
    assert "did you mean `sarif`?" in check("--format", "sarf").stderr


@pytest.mark.parametrize("name", ["x.foo", "out.report.yaml", "a.pdf", "b.sarf", "c.yml"])
@pytest.mark.parametrize("command", ["check", "map", "diff"])
def test_an_ending_that_says_no_format_is_refused_with_those_there_are(command, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, [command, "m.yaml", *(["n.yaml"] if command == "diff" else []), "-o", name])
    assert found.exit_code == 2
    told = " ".join(found.output.split())
    assert f"the ending of `-o {name}` says no format: name one with --format (text, json" in told
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["report", "report.txt", "r.log", "tmp.Xy12345678", "2026-01-01.2", "there.foo"])
def test_a_name_without_such_an_ending_holds_text(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    (tmp_path / "there.foo").write_text("")
    found = CliRunner().invoke(app, ["check", "m.yaml", "-q", "no pods can reach internet", "-o", name])
    assert found.exit_code == 1
    assert "refuted" in (tmp_path / name).read_text()
