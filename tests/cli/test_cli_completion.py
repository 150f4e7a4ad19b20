"""What shells complete, and that the scripts for it can be had."""

import subprocess
import sys

import pytest

from analyzer.cli import completing
from analyzer.cli.formats import CheckFormat
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.packs import builtin

COMPLETE = "import sys; from analyzer.cli.app import main; sys.argv[0] = 'netproof'; main()"


def completed(line, shell="bash"):
    """What the shell is told for the last word of a command line."""
    words = line.split(" ")
    environment = {
        "_NETPROOF_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
    }
    done = subprocess.run([sys.executable, "-c", COMPLETE], env=environment, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("netproof che", ["check"]),
        ("netproof check m -p base", ["baseline"]),
        ("netproof diff a b --pack guard", ["guard-rails"]),
        ("netproof packs show ten", ["tenant-isolation"]),
        ("netproof check m --profile ca", ["calico"]),
        ("netproof check m --universe in", ["inventory"]),
        ("netproof check m --format s", ["sarif"]),
        ("netproof map m --format me", ["mermaid"]),
        ("netproof check m --knob enforces", ["enforces=true", "enforces=false"]),
        ("netproof schema check", ["check-2"]),
        ("netproof check m -p some/file", []),
    ],
)
def test_names_are_completed(line, words):
    assert completed(line) == words


def test_everything_that_an_option_takes_is_offered():
    assert completing.packs() == [pack.name for pack in builtin()]
    assert completing.profiles() == list(PROFILES)
    assert completing.universes() == [universe.value for universe in Universe]
    assert completing.check_formats() == [member.value for member in CheckFormat]
    for text in completing.knobs():
        name, _, value = text.partition("=")
        assert PROFILES["generic"].with_knob(name, value).knobs()[name] == value


def test_the_script_is_installed(tmp_path):
    environment = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "PATH": "/usr/bin:/bin"}
    words = [sys.executable, "-c", COMPLETE, "--install-completion", "bash"]
    subprocess.run(words, env=environment, capture_output=True, check=True)
    (script,) = tmp_path.glob(".bash_completions/*")
    assert "_NETPROOF_COMPLETE" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_can_be_had(shell):
    environment = {"_NETPROOF_COMPLETE": f"source_{shell}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", COMPLETE], env=environment, capture_output=True, text=True)
    assert "_NETPROOF_COMPLETE" in done.stdout
