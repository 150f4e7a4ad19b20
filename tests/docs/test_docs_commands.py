"""Every command line of the documentation runs, ends with the exit code it is said to, and prints what is shown."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from pages import PROGRAMS, Command, Saved, blocks, steps
from typer.testing import CliRunner

from analyzer.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    *sorted(str(path.relative_to(ROOT)) for folder in ("docs", "examples") for path in (ROOT / folder).rglob("*.md")),
]
# Each command that does not run here, and why.
NOT_RUN = {
    "make demo": "installs into a fresh environment from the network; `.ci/run` runs it",
    "make test": "runs this test",
    "netproof --install-completion": "looks for the shell that runs it; test_cli_completion.py names one",
    "netproof mcp": "waits for an assistant; tests/assistants is one",
    "netproof serve --context prod -p tenant-isolation": "follows a cluster; tests/serve does it with one",
    "netproof serve -p rules.npq --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key": "never ends, as above",
    "netproof watch k8s/ -p tenant-isolation --set tenant=team": "never ends; test_cli_watch.py runs it",
}
FEWEST = 70  # commands in all: fewer mean that they are no longer found
_OPERATOR = re.compile(r"[|&;<>()]+")
_MENTIONED = re.compile(
    r"(?:^|[\s$|&])netproof (?:check|diff|map|explain|recheck|init|config|packs|schema|serve|mcp|fleet|watch)\b"
)
_INLINE = re.compile(r"`netproof ([^`]+)`")


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def commands_of(page):
    return [step for step in steps(text_of(page)) if isinstance(step, Command)]


# ------------------------------------------------------------------------------------------------ running
@pytest.mark.parametrize("page", PAGES)
def test_every_command_does_what_the_page_says(page, place):
    wrong = []
    for step in steps(text_of(page)):
        if isinstance(step, Saved):
            Path(step.path).parent.mkdir(parents=True, exist_ok=True)
            Path(step.path).write_text(step.text, encoding="utf-8")
        elif step.text.startswith("cd "):
            os.chdir(step.text.removeprefix("cd "))
        elif step.text.partition(" #")[0].strip() not in NOT_RUN:
            with contextlib.chdir(step.folder or "."):
                code, printed = ran(step.text)
            is_shown = step.screen is None or shows(step.screen, printed)
            if code != step.exit_code or not is_shown:
                wrong.append(f"{page}:{step.line}: {step.text}\nends with {code}\n{printed}")
    assert not wrong, "\n\n".join(wrong)


def ran(line):
    """The exit code and all that is printed; in this process unless the line needs a shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    if line.startswith("netproof ") and not any(_OPERATOR.fullmatch(word) for word in lexer):
        found = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
        return found.exit_code, found.output
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def shows(screen, printed):
    """Whether that is on the screen; a line `…` stands for any lines, none too."""
    parts = [re.escape(part.strip("\n")) for part in re.split(r"^…\n", screen, flags=re.MULTILINE)]
    return re.fullmatch(r"\n*(?:.*\n)*?\n*".join(parts) + r"\n?", printed.strip("\n") + "\n") is not None


# ------------------------------------------------------------------------------------------------ none is missed
@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_found(page):
    """What reads like a command in a block is one that the other test runs."""
    known = {line for command in commands_of(page) for line in command.lines}
    missed = [
        f"{page}:{number}: {line}"
        for block in blocks(text_of(page))
        for number, line in enumerate(block.lines, block.line)
        if _MENTIONED.search(line.partition("#")[0]) and number not in known and block.language not in ("toml", "npq")
    ]
    assert missed == []
    assert re.findall(r"^ {4,}netproof .*", text_of(page), re.MULTILINE) == [], "put commands between fences"


def test_there_are_as_many_commands_as_there_were():
    assert sum(len(commands_of(page)) for page in PAGES) >= FEWEST


def test_nothing_is_exempt_that_no_page_says():
    said = {command.text.partition(" #")[0].strip() for page in PAGES for command in commands_of(page)}
    assert set(NOT_RUN) <= said


@pytest.mark.parametrize("page", PAGES)
def test_commands_within_a_sentence_exist(page):
    for text in _INLINE.findall(text_of(page)):
        name, *words = text.split()
        words = [word for word in words if word.startswith("--") and word != "--"]
        described = CliRunner().invoke(app, [name, "--help"])
        assert described.exit_code == 0 or name.startswith("-"), f"{page}: {text}"
        assert [word for word in words if word not in described.output] == [], f"{page}: {text}"


@pytest.mark.parametrize("page", PAGES)
def test_files_to_save_are_named_to_the_reader(page):
    text = text_of(page)
    for step in steps(text):
        if isinstance(step, Saved):
            assert f"`{step.path}`" in text or f"# {step.path}" in step.text, f"{page}:{step.line}: {step.path}"


# ------------------------------------------------------------------------------------------------ the finding itself
def test_commands_screens_and_files_are_told_apart():
    page = (
        "<!-- in: d; exits: 1, 0 -->\n```\n$ netproof check a \\\n    -q x\nno\n…\n$ cat f\nyes\n```\n"
        "<!-- file: f -->\n```yaml\n- netproof check\n```\n```\nshop/db\n```\n```yaml\n  - netproof map x\n```\n"
    )
    assert steps(page) == [
        Command(3, "netproof check a -q x", 1, "no\n…\n", 2, "d"),
        Command(7, "cat f", 0, "yes\n", 1, "d"),
        Saved(12, "f", "- netproof check\n"),
        Command(18, "netproof map x", 0, None),
    ]
    assert "netproof" in PROGRAMS


def test_a_screen_may_leave_lines_out():
    assert shows("a\n…\nd\n", "a\nb\nc\nd\n")
    assert shows("a\n…\n", "a\n")
    assert not shows("a\n…\nd\n", "a\nb\n")
    assert not shows("a\n", "a\nb\n")
