"""`netproof fmt` writes the usual layout, and `--check` tells without writing."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from analyzer.cli.app import app

UGLY = "assert  q:no   pods can reach internet\n"
NEAT = "assert q: no pods can reach internet\n"


def run(*words: str, given: str | None = None):
    return CliRunner().invoke(app, ["fmt", *words], input=given)


def test_files_are_laid_out(tmp_path: Path) -> None:
    (tmp_path / "a.npq").write_text(UGLY)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.npq").write_text(NEAT)
    found = run(str(tmp_path))
    assert found.exit_code == 0
    assert found.stdout.splitlines() == [f"laid out {tmp_path / 'a.npq'}", "2 files, 1 changed"]
    assert (tmp_path / "a.npq").read_text() == NEAT


def test_check_writes_nothing_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.npq").write_text(UGLY)
    found = run("--check", str(tmp_path))
    assert found.exit_code == 1
    assert found.stdout.splitlines()[0] == f"would lay out {tmp_path / 'a.npq'}"
    assert (tmp_path / "a.npq").read_text() == UGLY
    assert run("--check", str(tmp_path / "a.npq")).exit_code == 1
    run(str(tmp_path))
    assert run("--check", str(tmp_path)).exit_code == 0


def test_standard_input_goes_to_standard_output() -> None:
    found = run("-", given=UGLY)
    assert (found.exit_code, found.stdout) == (0, NEAT)


def test_a_file_in_error_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.npq").write_text("assert q: no pods can raech internet\n")
    (tmp_path / "b.npq").write_text(UGLY)
    found = run(str(tmp_path))
    assert found.exit_code == 2
    assert "no pods can raech internet\n" in found.stderr
    assert (tmp_path / "b.npq").read_text() == UGLY


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "none.npq")):
        assert run(name).exit_code == 2
    (tmp_path / "c.npq").write_bytes(b"\xff")
    assert "is no text in UTF-8" in run(str(tmp_path)).stderr


def test_lines_end_as_they_did(tmp_path: Path) -> None:
    (tmp_path / "a.npq").write_bytes(UGLY.replace("\n", "\r\n").encode())
    assert run(str(tmp_path)).stdout.splitlines()[-1] == "1 file, 1 changed"
    assert (tmp_path / "a.npq").read_bytes() == NEAT.replace("\n", "\r\n").encode()
    assert run("--check", str(tmp_path)).exit_code == 0
