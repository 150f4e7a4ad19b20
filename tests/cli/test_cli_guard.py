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


@pytest.fixture
def written(tmp_path, monkeypatch):
    """What the files with details hold."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return lambda: "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("netproof-error-*.txt"))


def test_a_disagreement_is_a_defect_with_its_bundle_in_a_file(capsys, written, tmp_path):
    witness = "the oracle denies the witness Pod(" + "namespace='a', " * 400 + ")"
    code, text = ending(InternalError(witness, "formula: (assert x)\n" * 1000), capsys)
    assert code == ExitCode.INTERNAL == 70
    assert text.startswith("netproof: internal error: the oracle denies the witness")
    assert "defect in netproof" in text
    assert text.count("\n") == 3
    assert max(map(len, text.splitlines())) < 130 + len(str(tmp_path))
    assert witness in written()
    assert "formula: (assert x)\n" * 1000 in written()
    assert "Traceback" in written()
    assert str(tmp_path) in text


def test_where_no_file_can_be_written_the_way_on_is_another(capsys, monkeypatch):
    monkeypatch.delenv("NETPROOF_DEBUG", raising=False)
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    code, text = ending(InternalError("it disagrees", "formula"), capsys)
    assert code == 70
    assert "NETPROOF_DEBUG=1" in text
    assert "formula" not in text
    monkeypatch.setenv("NETPROOF_DEBUG", "1")
    assert "formula" in ending(InternalError("it disagrees", "formula"), capsys)[1]


@pytest.mark.parametrize("error", [ZeroDivisionError("division by zero"), SolverError("z3 is missing")])
@pytest.mark.usefixtures("written")
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
