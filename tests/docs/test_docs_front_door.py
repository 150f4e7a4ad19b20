"""What stands around the code: changelog, release, templates, and how long README takes to read."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from analyzer import __version__
from analyzer.cli.formats import CONFIGURATION_SCHEMA
from analyzer.reports.schema import schema_names

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------ README
def test_a_newcomer_reads_it_in_two_minutes():
    """As far as the pages to go on to: 250 words a minute, what is between fences looked at, not read."""
    begin = text("README.md").partition("## Two commands")[0]
    prose = re.sub(r"```.*?```|<!--.*?-->", "", begin, flags=re.DOTALL)
    assert len(prose.split()) < 600
    assert begin.count("$ netproof") == 1


def test_it_begins_with_how_to_install_it():
    first = re.search(r"```\n(.*?)```", text("README.md"), re.DOTALL)
    assert first is not None
    assert re.match(r"pipx install .*\nuvx ", first[1])
    assert text("README.md")[: first.start()].count("\n") < 8


# ------------------------------------------------------------------------------------------------ versions
def test_the_changelog_is_kept():
    versions = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d{2}-\d{2}))?$", text("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == ("Unreleased", "")
    assert all(date for _, date in versions[1:])
    assert len(re.findall(r"^## ", text("CHANGELOG.md"), re.MULTILINE)) == len(versions)


def test_the_page_on_versions_names_every_schema():
    (said,) = re.findall(r"^The numbers now: (.+?)\(\[json", text("docs/versions.md"), re.DOTALL | re.MULTILINE)
    named = {name.replace("/", "-") for name in re.findall(r"`([\w-]+(?:/\d+|-\d+))`", said)}
    assert named == {*schema_names(), CONFIGURATION_SCHEMA}


def test_a_release_needs_the_tag_of_its_version_and_a_section_of_the_changelog():
    faults = runpy.run_path(str(ROOT / ".ci/tag.py"))["faults"]
    changelog = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2030-01-31\n"
    assert faults("v1.2.0", "1.2.0", changelog) == []
    assert len(faults("1.2.0", "1.2.0", changelog)) == 1
    assert len(faults("v1.2.1", "1.2.0", changelog)) == 1
    assert len(faults("v1.2.1", "1.2.1", changelog)) == 1
    assert len(faults("v1.2.0", "1.2.0", changelog.replace(" - 2030-01-31", ""))) == 1
    done = subprocess.run([sys.executable, ROOT / ".ci/tag.py", "v0.0.0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"the version of the source {__version__}" in done.stderr


def test_the_lowest_dependencies_are_those_of_the_project():
    done = subprocess.run([sys.executable, ROOT / ".ci/lowest.py"], capture_output=True, text=True, check=True)
    found = dict(line.split("==") for line in done.stdout.split())
    assert set(found) == {re.match(r"[\w-]+", name)[0] for name in PROJECT["dependencies"]}
    for text_of in PROJECT["dependencies"]:
        name, low = re.match(r"([\w-]+)>=([\d.]+)", text_of).groups()
        assert found[name] == f"{low}.*"


# ------------------------------------------------------------------------------------------------ workflows
@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_run_what_is_there(file):
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert read["permissions"] == {"contents": "read"}, "more rights belong to the job that needs them"
    for name, job in read["jobs"].items():
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file()
            continue
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step), name
            run = step.get("run", "")
            assert "${{" not in run, "what comes from outside goes through the environment"
            for path in re.findall(r"(?:^|\s)(\.ci/\S+|examples/\S+|Containerfile)", run):
                assert (ROOT / path).exists(), path
            for target in re.findall(r"\bmake (\w+)", run):
                assert re.search(rf"^{target}:", text("Makefile"), re.MULTILINE), target
            for option in re.findall(r"-e '\.\[(\w+)\]'", run):
                assert option in PROJECT["optional-dependencies"]
        needed = job.get("needs", [])
        assert set([needed] if isinstance(needed, str) else needed) <= set(read["jobs"])


def test_every_python_that_is_supported_is_tested():
    checks = yaml.safe_load(text(".github/workflows/checks.yml"))
    versions = checks["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert f"Python {versions[0]} to {versions[-1]}" in text("docs/versions.md")


def test_nothing_is_published_before_it_was_checked():
    release = yaml.safe_load(text(".github/workflows/release.yml"))["jobs"]
    assert release["checks"] == {"uses": "./.github/workflows/checks.yml"}
    assert release["build"]["needs"] == "checks"
    for job in ("publish", "container", "pages"):
        assert release[job]["needs"] == "build"
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert not re.search(r"secrets\.(?!GITHUB_TOKEN)", text(".github/workflows/release.yml"))


def test_where_it_is_kept_is_told_in_one_place():
    """The workflows take it from their context; who uses the action or the hooks reads what to write."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    files = [ROOT / name for name in listed] or list(ROOT.rglob("*.y*ml"))
    named = {
        str(path.relative_to(ROOT))
        for path in files
        if path.is_file() and re.search(rb"\bOWNER\b[/.]", path.read_bytes()) and path != Path(__file__).resolve()
    }
    assert named == {
        "docs/integrations.md",
        "examples/gated-repo/.github/workflows/network-policy.yml",
        "examples/gated-repo/.pre-commit-config.yaml",
    }
    assert "`OWNER/netproof`" in text("docs/integrations.md").partition("```")[0]


# ------------------------------------------------------------------------------------------------ templates
@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_issue_forms_are_well_formed(file):
    """As https://docs.github.com/en/communities describes the syntax of issue forms."""
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert set(read) <= {"name", "description", "title", "labels", "body"}
    assert {"name", "description", "body"} <= set(read)
    ids = [part["id"] for part in read["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 0
    for part in read["body"]:
        assert part["type"] in {"markdown", "textarea", "input", "dropdown", "checkboxes"}
        assert "value" in part["attributes"] if part["type"] == "markdown" else "label" in part["attributes"]
        assert set(part.get("validations", {})) <= {"required"}


def test_a_false_proved_is_reported_in_confidence():
    assert "Report a vulnerability" in text("SECURITY.md")
    assert yaml.safe_load(text(".github/ISSUE_TEMPLATE/config.yml")) == {"blank_issues_enabled": False}
    assert "SECURITY.md" in text(".github/ISSUE_TEMPLATE/wrong-answer.yml")
    for name in re.findall(r"`([\w./]+/|[A-Z]+\.md)`", text(".github/PULL_REQUEST_TEMPLATE.md")):
        assert (ROOT / name).exists(), name
