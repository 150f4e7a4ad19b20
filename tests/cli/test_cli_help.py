"""`--help` teaches, tells the exit codes, and costs nothing."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from analyzer import __version__
from analyzer.cli.app import app
from analyzer.cli.exit_codes import MEANING, ExitCode, exit_table
from analyzer.cli.kubectl import program
from analyzer.cli.panels import FEW, PANELS, panelled_name

HEAVY = ("z3", "lark", "yaml", "rich", "pygments")


def run(*words):
    return CliRunner().invoke(app, list(words))


def test_the_table_has_every_code():
    assert set(MEANING) == set(ExitCode)
    assert {word for word in exit_table().split() if word.isdigit()} == {str(int(code)) for code in ExitCode}


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["-h"], ["check", "-h"]])
def test_help_has_the_exit_codes(words):
    found = run(*words)
    assert found.exit_code == 0
    for line in exit_table().splitlines():
        assert line.strip() in found.stdout


def test_help_of_check_has_examples_and_every_option():
    text = run("check", "--help").stdout
    assert "Examples:" in text
    for option in [
        "--pack",
        "--query",
        "--set",
        "--universe",
        "--profile",
        "--knob",
        "--pod-cidr",
        "--keep-going",
        "--irrelevant",
        "--strict-cidr",
        "--format",
        "--output",
        "--yaml",
        "--max-counterexamples",
        "--budget",
        "--quiet",
        "--verbose",
        "--color",
    ]:
        assert option in text


@pytest.mark.parametrize("words", [[], ["check"]])
def test_no_words_are_a_call_for_help(words):
    found = run(*words)
    assert found.exit_code == 2
    assert "Usage:" in found.output


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(flag):
    assert run(flag).stdout == f"netproof {__version__}\n"


def test_the_plugin_of_kubectl_has_one_too():
    assert CliRunner().invoke(program, ["-V"]).stdout == f"netproof {__version__}\n"


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (["help"], "Usage: netproof [OPTIONS] COMMAND", 0),
        (["help", "map"], "Usage: netproof map ", 0),
        (["help", "packs"], "Usage: netproof packs ", 0),
        (["version"], f"netproof {__version__}", 0),
        (["help", "nothing"], "No such command 'nothing'", 2),
        (["chek", "x"], "Did you mean 'check'", 2),
        (["examples/"], "did you mean `netproof check examples/`?", 2),
        (["k8s/shop.yaml", "-v"], "did you mean `netproof check k8s/shop.yaml -v`?", 2),
        (["README.md"], "did you mean `netproof check README.md`?", 2),
        (["-"], "did you mean `netproof check -`?", 2),
    ],
)
def test_what_people_type_first(words, says, code):
    found = run(*words)
    assert found.exit_code == code
    assert says in found.output


def imported(words):
    """Which of the heavy modules a run imports."""
    program = (
        "import sys, runpy\n"
        f"sys.argv = ['netproof', *{words!r}]\n"
        "try:\n"
        "    runpy.run_module('analyzer', run_name='__main__')\n"
        "finally:\n"
        f"    print(*[m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words):
    assert imported(words) == set()


def test_packs_need_no_solver():
    assert imported(["packs"]) <= {"lark"}


COMMANDS = [
    "check", "diff", "map", "explain", "recheck", "init", "watch", "fmt", "lsp", "packs", "config", "schema",
]  # fmt: skip


def described(words, width):
    """The help of netproof, or of one of its commands, in a terminal of that width."""
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    return command.get_help(typer.Context(command, info_name="netproof", terminal_width=width))


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)])
def test_help_fits_narrow_terminals(words):
    """At 80 columns every line; at 60 every line but the commands that examples show, which are to be copied whole."""
    for width in (60, 80):
        text = described(words, width)
        long = [line for line in text.splitlines() if len(line) > width]
        assert [line for line in long if width == 80 or "netproof " not in line] == []


def test_the_list_of_commands_is_not_cut_short():
    text = described([], 60)
    assert "..." not in text.partition("Commands:")[2]
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []


# ------------------------------------------------------------------------------------------------ panels
def every_command():
    """The commands of netproof and of the plugin of kubectl, with those below `packs`."""
    found = {"kubectl netproof": typer.main.get_command(program)}
    for name, command in typer.main.get_command(app).commands.items():
        found |= {f"{name} {below}": it for below, it in getattr(command, "commands", {}).items()} or {name: command}
    return found


@pytest.mark.parametrize("name", every_command())
def test_every_option_stands_in_one_panel(name):
    options = [it for it in every_command()[name].params if it.param_type_name == "option"]
    for option in options:
        panels = [panel for panel, names in PANELS.items() if panelled_name(option) in names]
        assert len(panels) == 1, f"{name}: {option.opts}"


@pytest.mark.parametrize("name", every_command())
def test_every_option_is_told_once_and_under_its_panel(name):
    command = every_command()[name]
    context = typer.Context(command, info_name=name, terminal_width=100)
    text = command.get_help(context)
    options = [it for it in command.get_params(context) if it.param_type_name == "option"]
    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert ("Options:" in headings) is (len(options) <= FEW)
    panel, told = "", {}
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            panel = line.removesuffix(":")
        elif line.startswith("  -"):
            told.setdefault(panel, []).append(line)
    assert sum(map(len, told.values())) == len(options)
    for option in options:
        (of,) = [panel for panel, names in PANELS.items() if panelled_name(option) in names]
        heading = of if len(options) > FEW else "Options"
        assert any(panelled_name(option) in line for line in told[heading]), option.opts
