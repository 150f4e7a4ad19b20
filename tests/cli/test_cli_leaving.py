"""The process ends with its exit code and everything written, into files and pipes."""

import subprocess
import sys

import pytest

NETPROOF = [sys.executable, "-m", "analyzer"]


@pytest.mark.parametrize(
    ("words", "code"), [(["--version"], 0), (["check"], 2), (["schema", "check-2"], 0), (["no"], 2)]
)
def test_all_that_is_written_arrives(words, code, tmp_path):
    piped = subprocess.run([*NETPROOF, *words], capture_output=True, check=False)
    assert piped.returncode == code
    assert piped.stdout + piped.stderr
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        assert subprocess.run([*NETPROOF, *words], stdout=out, stderr=err, check=False).returncode == code
    assert (tmp_path / "out").read_bytes() == piped.stdout
    assert (tmp_path / "err").read_bytes() == piped.stderr


def test_a_reader_that_went_away_is_met_as_python_meets_it():
    """The same as where Python ends the process by itself."""
    found = []
    for start in (["-m", "analyzer"], ["-c", "from analyzer.cli.app import app; app(prog_name='netproof')"]):
        child = subprocess.Popen(
            [sys.executable, *start, "schema", "check-2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        found.append((child.stderr.read(), child.wait()))
        child.stderr.close()
    assert found[0] == found[1]
