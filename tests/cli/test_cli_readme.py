"""README shows what netproof prints, and states the exit codes that it uses."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.cli.exit_codes import ExitCode

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_screen_is_what_the_command_prints(monkeypatch):
    (block,) = re.findall(r"```\n\$ netproof (.*?)\n```", README, re.DOTALL)
    command, _, screen = block.partition("\n\n")
    monkeypatch.chdir(ROOT)
    found = CliRunner().invoke(app, shlex.split(command.replace("\\\n", " ")), env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert found.stdout.strip() == screen.strip()


def test_the_exit_codes_are_those_in_use():
    table = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", README, re.MULTILINE))
    assert {int(code) for code in table} == {int(code) for code in ExitCode}


def test_the_number_of_conformance_cases_is_not_overstated():
    (claimed,) = re.findall(r"on (\d+) conformance cases", README)
    folders = [f for f in (ROOT / "tests" / "conformance").iterdir() if (f / "decisions.yaml").is_file()]
    assert int(claimed) <= len(folders)
