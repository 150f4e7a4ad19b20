"""How it behaves as a guest: in narrow and dumb terminals, in pipes, before what it may not read or write."""

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEAKY = str(ROOT / "examples/multi-tenant/leaky")
FIXED = str(ROOT / "examples/multi-tenant/fixed")
NETPROOF = [sys.executable, "-m", "analyzer"]
COMMANDS = {
    "check": ["check", "leaky", "-p", "tenant-isolation"],
    "check-verbose": ["check", "leaky", "-q", "no namespace team-a can reach namespace team-c", "--verbose"],
    "explain": ["explain", "leaky", "--from", "team-a/shop", "--to", "team-b/portal"],
    "map": ["map", "leaky", "-n", "team-b"],
    "diff": ["diff", "leaky", "fixed", "--universe", "inventory"],
    "packs": ["packs"],
    "show": ["packs", "show", "baseline"],
    "help": ["check", "--help"],
    "error": ["check", "leaky", "-q", "no pods can raech internet"],
}

BRIEF = ["check", "leaky", "-q", "no namespace team-a can reach namespace team-c"]
"""For what does not hang on how much is told."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The two revisions of an example by short names, so that no path is wider than a narrow terminal."""
    folder = tmp_path_factory.mktemp("place")
    for name, source in (("leaky", LEAKY), ("fixed", FIXED)):
        shutil.copytree(source, folder / name)
    return folder


def on_terminal(words, folder, columns=80, **environment):
    """All that a run writes to a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    around = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [*NETPROOF, *words],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**around, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
    )
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # the other side is closed at its end
        while block := os.read(ours, 65536):
            said += block
    os.close(ours)
    process.wait(timeout=60)
    return said.decode("utf-8")


def shown(said):
    """The lines that stand on the screen at the end: without colours, and without progress that was wiped."""
    without = re.sub(r"\x1b\[[0-9;]*m", "", said.replace("\r\n", "\n"))
    return [line.rpartition("\x1b[K")[2] for line in without.split("\n")]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("help", "error")])
def test_forty_columns_are_enough(name, place):
    """No line is wider but those of one word, and what is to be copied: code, file names with lines, commands.  Errors
    are left to the terminal to break, so that a message is one line in a log, and help is never narrower than 50."""
    lines = shown(on_terminal(COMMANDS[name], place, 40))
    assert len(lines) > 3
    for line in lines:
        copied = re.search(r"\d+ \||\.yaml:\d+|netproof |^\s*[-+] |^    ", line) or len(line.split()) <= 2
        assert len(line) <= 40 or copied, line


@pytest.mark.parametrize("name", COMMANDS)
def test_a_dumb_terminal_gets_text_and_nothing_else(name, place):
    assert "\x1b" not in on_terminal(COMMANDS[name], place, TERM="dumb")


def test_a_terminal_gets_colour_and_progress_unless_it_asks_for_none(place):
    words = BRIEF
    assert "\x1b[1" in on_terminal(words, place) or "\x1b[3" in on_terminal(words, place)
    assert not re.search(r"\x1b\[[0-9;]*m", on_terminal(words, place, NO_COLOR="1"))


def piped(words, folder, **options):
    options.setdefault("env", {**os.environ, "PYTHONPATH": str(ROOT)})
    return subprocess.run([*NETPROOF, *words], cwd=folder, capture_output=True, check=False, **options)


def test_a_pipe_gets_colour_only_where_it_is_forced(place):
    around = {**os.environ, "PYTHONPATH": str(ROOT)}
    around.pop("NO_COLOR", None)
    assert b"\x1b" not in piped(BRIEF, place, env=around).stdout
    assert b"\x1b[" in piped(BRIEF, place, env={**around, "FORCE_COLOR": "1"}).stdout
    assert b"\x1b" not in piped(BRIEF, place, env={**around, "FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


@pytest.mark.parametrize("words", [COMMANDS["map"], COMMANDS["check"], COMMANDS["show"], ["schema", "check"]])
def test_a_reader_that_has_enough_is_no_error(words, place):
    child = subprocess.Popen(
        [*NETPROOF, *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) in (0, 1)
    assert said == b""


# ------------------------------------------------------------------------------------------------ what it is given
@pytest.mark.parametrize("command", ["check", "map", "init"])
def test_an_empty_directory_is_an_error_with_a_way_out(command, tmp_path):
    done = piped([command, "."], tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: .: this directory holds no manifest\n    netproof reads files")
    assert done.stdout == b""


@pytest.mark.parametrize("data", [b"", b"\n", b"---\n", b"# nothing\n"])
def test_standard_input_without_a_manifest_is_an_error(data, tmp_path):
    done = piped(["check", "-"], tmp_path, input=data)
    assert done.returncode == 2
    assert b"<stdin>: holds no manifest" in done.stderr


@pytest.mark.parametrize("data", [b"\x00" * 2_000_000, bytes(range(256)) * 8000, b"\xff\xfe\x00", b"x" * 3_000_000])
def test_a_huge_file_of_anything_is_an_error_of_one_line(data, tmp_path):
    (tmp_path / "huge.yaml").write_bytes(data)
    done = piped(["check", "huge.yaml"], tmp_path)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert len(done.stderr) < 1000


def without_rights(words):
    """The words, run so that permissions bind: root may read everything otherwise."""
    if os.getuid() != 0:
        return words
    caps = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={caps}", f"--inh-caps={caps}", *words]


@pytest.mark.skipif(os.getuid() == 0 and shutil.which("setpriv") is None, reason="root reads everything")
@pytest.mark.parametrize("closed", ["team-b/policies.yaml", "team-b"])
@pytest.mark.parametrize("command", ["check", "map", "init"])
def test_what_may_not_be_read_is_an_error_and_never_passed_over(command, closed, tmp_path):
    shutil.copytree(FIXED, tmp_path / "k8s")
    (tmp_path / "k8s" / closed).chmod(0)
    words = without_rights([*NETPROOF, command, "k8s"])
    around = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env=around)
    (tmp_path / "k8s" / closed).chmod(0o755)
    assert done.returncode == 2
    assert f"error: k8s/{closed}: cannot be read: permission denied" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(os.getuid() == 0 and shutil.which("setpriv") is None, reason="root reads everything")
def test_what_may_not_be_read_is_open_where_it_is_to_keep_going(tmp_path):
    shutil.copytree(FIXED, tmp_path / "k8s")
    (tmp_path / "k8s/team-b/policies.yaml").chmod(0)
    words = without_rights([*NETPROOF, "check", "k8s", "-p", "tenant-isolation", "--keep-going", "--format", "json"])
    around = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env=around)
    assert done.returncode == 3
    assert json.loads(done.stdout)["verdict"] == "unknown"


def test_a_checkout_runs_by_name():
    root = Path(__file__).parents[2]
    words = (sys.executable, "-m", "analyzer", "-V")
    found = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.startswith("netproof ")
    # Without what it requires, as by a Python for which it is not installed.
    bare = subprocess.run([words[0], "-S", *words[1:]], cwd=root, capture_output=True, text=True, check=False)
    assert bare.returncode == 2
    assert "is not installed for this Python" in bare.stderr
    assert "pip install" in bare.stderr
    assert "Traceback" not in bare.stderr
