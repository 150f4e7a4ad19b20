"""`netproof packs` and `netproof schema`."""

import json

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from analyzer.cli.app import app


def run(*words):
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("words", [["packs"], ["packs", "list"]])
def test_list(words):
    found = run(*words)
    assert found.exit_code == 0
    assert "baseline" in found.stdout


def test_show():
    found = run("packs", "show", "baseline")
    assert found.exit_code == 0
    assert "claim" in found.stdout
    assert "severity" in found.stdout


def test_unknown_pack():
    found = run("packs", "show", "baselin")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "baseline" in found.stderr


@pytest.mark.parametrize("name", ["check", "check-2"])
def test_schema(name):
    found = run("schema", name)
    assert found.exit_code == 0
    Draft202012Validator.check_schema(json.loads(found.stdout))


def test_unknown_schema():
    found = run("schema", "chek")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "check-2" in found.stderr
