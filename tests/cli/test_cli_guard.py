"""Every way a command can end has its exit code and its words."""

import pytest
import typer

from analyzer.cli.exit_codes import ExitCode
from analyzer.cli.guard import guarded
from analyzer.errors import InternalError, ManifestError, Problem, SolverError, UsageError


def ending(error, capsys):
    @guarded
    def command():
        raise error

    with pytest.raises(typer.Exit) as caught:
        command()
    captured = capsys.readouterr()
    assert captured.out == ""
    return caught.value.exit_code, captured.err


def test_a_command_that_returns_returns():
    assert guarded(lambda x: x + 1)(1) == 2


def test_a_wanted_exit_passes(capsys):
    assert ending(typer.Exit(3), capsys) == (3, "")


def test_bad_input_tells_every_problem_with_its_hint(capsys):
    problems = [
        Problem("b.yaml", 3, 5, "unknown field `prot`", "did you mean `ports`?"),
        Problem("a.yaml", 1, 0, "this is no YAML"),
    ]
    code, text = ending(ManifestError(problems), capsys)
    assert code == ExitCode.BAD_INPUT == 2
    assert text == (
        "error: a.yaml:1: this is no YAML\n"
        "error: b.yaml:3:5: unknown field `prot`\n"
        "    did you mean `ports`?\n"
        "2 errors; nothing was checked\n"
    )


def test_names_in_messages_cannot_command_the_terminal(capsys):
    _, text = ending(UsageError("unknown `\x1b[2J`", "try\x07"), capsys)
    assert "\x1b" not in text
    assert "\x07" not in text


def test_ctrl_c_is_one_line(capsys):
    assert ending(KeyboardInterrupt(), capsys) == (130, "netproof: interrupted\n")


def test_a_disagreement_is_a_defect_with_its_bundle(capsys):
    code, text = ending(InternalError("the oracle denies the witness", "formula: (assert x)"), capsys)
    assert code == ExitCode.INTERNAL == 70
    assert "the oracle denies the witness" in text
    assert "defect in netproof" in text
    assert "formula: (assert x)" in text


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), SolverError("z3 is missing")])
def test_the_unexpected_is_a_defect_without_a_traceback(error, capsys, monkeypatch):
    monkeypatch.delenv("NETPROOF_DEBUG", raising=False)
    code, text = ending(error, capsys)
    assert code == 70
    assert str(error) in text
    assert "report" in text
    assert "Traceback" not in text


def test_debug_shows_where_it_happened(capsys, monkeypatch):
    monkeypatch.setenv("NETPROOF_DEBUG", "1")
    _, text = ending(ZeroDivisionError("division by zero"), capsys)
    assert "Traceback" in text
