"""Nothing is wider than the terminal but what cannot be broken: a path, a name, a command that is to be copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

LEAKY, FIXED = "examples/multi-tenant/leaky", "examples/multi-tenant/fixed"
COMMANDS = {
    "pack": ("check", LEAKY, "-p", "nope"),
    "query": ("check", LEAKY, "-q", f"no pods can reach {' or '.join(f'namespace n{n}' for n in range(40))} on port 1"),
    "form": ("check", LEAKY, "-q", "web cannot reach db on port 80"),
    "path": ("check", "nowhere/at/all", "-q", "no pods can reach nodes"),
    "ending": ("check", LEAKY, "-q", "no pods can reach nodes", "-o", "x.csv"),
    "profile": ("check", LEAKY, "--profile", "xyzzy"),
    "knob": ("check", LEAKY, "--knob", "xyzzy"),
    "universe": ("check", LEAKY, "--universe", "xyzzy"),
    "end": ("explain", LEAKY, "--from", "xyz/zy", "--to", "{app: web}"),
    "map": ("map", LEAKY, "--from", "pods(app=web)"),
    "waivers": ("check", LEAKY, "--waivers", "nowhere.toml"),
    "diff": ("diff", LEAKY),
    "kubectl": ("check", "examples", "-q", "no pods can reach nodes"),
    "answer": ("check", LEAKY, "-p", "tenant-isolation"),
    "all of it": ("check", LEAKY, "-p", "tenant-isolation", "-v"),
    "difference": ("diff", LEAKY, FIXED),
    "table": ("diff", LEAKY, FIXED, "--universe", "inventory", "--assumptions"),
    "connections": ("map", LEAKY),
    "exposure": ("map", FIXED, "--exposure"),
    "explanation": ("explain", LEAKY, "--from", "team-a/shop", "--to", "team-b/portal"),
    "packs": ("packs", "list"),
    "a pack": ("packs", "show", "tenant-isolation"),
}
PIECE = re.compile(r"(?:`[^`]*`|[^ `])+|`[^`]*$")


@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("answered_once")
def test_no_line_is_wider_than_the_terminal(command: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    found = CliRunner().invoke(app, list(COMMANDS[command]))
    assert found.exit_code != 70, found.output
    for line in found.output.splitlines():
        pieces = PIECE.findall(line)  # of few, the first are a label
        assert len(line) <= columns or len(pieces) <= 3 or line.startswith(("    netproof ", "Usage: ")), line


def test_where_nobody_says_how_wide_a_message_is_one_line() -> None:
    found = CliRunner().invoke(app, ["check", LEAKY, "-p", "nope"])
    assert [line[:13] for line in found.output.splitlines()] == ["error: no pac", "    the built", "1 error; noth"]


@pytest.mark.parametrize("columns", [40, 57, 80])
def test_what_is_to_be_copied_is_in_one_piece(columns: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    file = tmp_path / "own.npq"
    found = CliRunner().invoke(app, ["init", LEAKY, "-o", str(file)])
    assert f"`netproof check {LEAKY} -p {file}`" in found.output
