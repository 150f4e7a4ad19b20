"""Reports reach their destination whole, or the user hears of it before anything is computed."""

import os
import stat
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from analyzer.cli import output
from analyzer.cli.app import app
from analyzer.cli.formats import CheckFormat, DiffFormat, Format, MapFormat
from analyzer.cli.options import Color
from analyzer.errors import UsageError


class Terminal:
    encoding = "utf-8"

    def __init__(self, is_terminal):
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal


@pytest.fixture(autouse=True)
def _no_color_wishes(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("color", "is_terminal", "environment", "expected"),
    [
        (Color.AUTO, True, {}, True),
        (Color.AUTO, False, {}, False),
        (Color.AUTO, True, {"NO_COLOR": "1"}, False),
        (Color.AUTO, True, {"NO_COLOR": ""}, True),
        (Color.AUTO, True, {"TERM": "dumb"}, False),
        (Color.ALWAYS, False, {"NO_COLOR": "1"}, True),
        (Color.NEVER, True, {}, False),
        (Color.AUTO, False, {"FORCE_COLOR": "1"}, True),
        (Color.AUTO, False, {"FORCE_COLOR": ""}, False),
        (Color.AUTO, False, {"FORCE_COLOR": "0"}, False),
        (Color.AUTO, True, {"FORCE_COLOR": "0"}, True),
        (Color.AUTO, False, {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        (Color.AUTO, True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (Color.NEVER, True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(color, is_terminal, environment, expected, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", Terminal(is_terminal))
    assert output.terminal_style(color, None).color is expected


def test_width_is_the_terminals_or_as_the_environment_says_and_80_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "66")
    monkeypatch.setattr("sys.stdout", Terminal(True))
    assert output.terminal_style(Color.AUTO, None).width == 66
    assert output.terminal_style(Color.AUTO, tmp_path / "f").width == 80
    monkeypatch.setattr("sys.stdout", Terminal(False))
    assert output.terminal_style(Color.AUTO, None).width == 66
    monkeypatch.delenv("COLUMNS")
    assert output.terminal_style(Color.AUTO, None).width == 80


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path):
    file = tmp_path / "report"
    output.write(b"one", file)
    assert file.read_bytes() == b"one"
    file.chmod(0o640)
    output.write(b"two", file)
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    output.write(b"x", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"x"


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    file = tmp_path / "report"
    output.write(b"old", file)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UsageError, match="No space left"):
        output.write(b"new", file)
    assert file.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]


def test_a_device_is_written_in_place():
    output.write(b"x", output.yaml_path("/dev/null"))


def test_bad_destinations_are_told_first(tmp_path):
    with pytest.raises(UsageError, match="is a directory"):
        output.check_destinations(tmp_path, None)
    with pytest.raises(UsageError, match="does not exist"):
        output.check_destinations(tmp_path / "no" / "file", None)
    with pytest.raises(UsageError, match="is a directory"):
        output.check_destinations(None, str(tmp_path))
    with pytest.raises(UsageError, match="mix"):
        output.check_destinations(None, "-")
    output.check_destinations(tmp_path / "report", "-")
    assert output.yaml_path("-") is None


def run(*words):
    return CliRunner().invoke(app, list(words))


FORMATS = {"check": CheckFormat, "map": MapFormat, "diff": DiffFormat, "explain": Format}
SAID = {
    "check": ["check", "m"], "map": ["map", "m"], "diff": ["diff", "m", "n"],
    "explain": ["explain", "m", "--from", "a/b", "--to", "c/d"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "name"), [(command, it.value) for command, formats in FORMATS.items() for it in formats]
)
def test_a_format_is_no_file(command, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    found = run(*SAID[command], "-o", name)
    assert found.exit_code == 2
    assert f"did you mean `--format {name}`?" in found.output
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("command", FORMATS)
@pytest.mark.parametrize("name", ["yaml", "wide"])
def test_a_format_of_other_commands_is_none_either(command, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = run(*SAID[command], "-o", name)
    assert found.exit_code == 2
    assert f"`{name}` is a format" in found.output
    assert ", ".join(it.value for it in FORMATS[command]) in found.output


def test_a_file_may_be_called_like_a_format(tmp_path, monkeypatch):
    """By its whole path, as the message says."""
    output.check_destinations(tmp_path / "json", None, CheckFormat)
    output.check_destinations(tmp_path / "text", None, MapFormat)


@pytest.mark.parametrize("words", [*SAID.values(), ["packs"], ["schema", "check"], ["init", "m"], ["config"]])
def test_a_closed_standard_output_is_no_defect(words, tmp_path):
    (tmp_path / "m").mkdir()
    program = f"import sys; sys.stdout.close(); sys.stdout = None; sys.argv[1:] = {words!r}\n"
    program += "from analyzer.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": os.getcwd()}
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("option", ["-o", "--yaml", "--patch"])
def test_nothing_is_written_over_a_manifest_that_was_read(option, tmp_path):
    manifest = tmp_path / "m.yaml"
    manifest.write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", encoding="utf-8")
    before = manifest.read_bytes()
    found = CliRunner().invoke(
        app, ["check", str(tmp_path), "-q", "no internet can reach namespace a", option, str(manifest)]
    )
    assert (found.exit_code, manifest.read_bytes()) == (2, before)
    assert "is one of the manifests that were read" in " ".join(found.output.split())


ENDINGS = {
    "json": ("x.json", "X.JSON"),
    "sarif": ("x.sarif", "x.sarif.json"),
    "junit": ("x.xml",),
    "markdown": ("x.md", "x.markdown"),
    "html": ("x.html", "x.htm"),
    "csv": ("x.csv",),
    "dot": ("x.dot", "x.gv"),
    "mermaid": ("x.mmd",),
    "svg": ("x.svg",),
    "text": ("x.txt", "x.log", "x"),
}
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: a}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
spec: {containers: [{name: c, image: i}]}
"""
ASKED = {
    "check": ("check", "m", "-q", "no pods can reach nodes"),
    "diff": ("diff", "m", "m"),
    "map": ("map", "m"),
    "explain": ("explain", "m", "--from", "a/p", "--to", "8.8.8.8"),
}


@pytest.fixture
def manifests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "m.yaml").write_text(POLICY)
    return tmp_path


@pytest.mark.parametrize("command", ASKED)
@pytest.mark.parametrize(("name", "file"), [(name, file) for name, files in ENDINGS.items() for file in files])
@pytest.mark.usefixtures("answered_once")
def test_the_ending_of_a_file_says_which_report_is_meant(command, name, file, manifests):
    own = [it.value for it in FORMATS[command]]
    found = run(*ASKED[command], "-o", file)
    if name not in own:
        assert found.exit_code == 2
        assert f"({', '.join(own)})" in " ".join(found.output.split())
        assert not (manifests / file).exists()
        found = run(*ASKED[command], "-o", file, "--format", "text")
        name = "text"
    assert found.exit_code != 2, found.output
    run(*ASKED[command], "--format", name, "-o", "other")
    assert (manifests / file).read_bytes() == (manifests / "other").read_bytes()


def test_a_format_that_is_named_goes_before_the_ending(manifests):
    run(*ASKED["check"], "-o", "x.json", "--format", "markdown")
    assert (manifests / "x.json").read_text().startswith("###")


@pytest.mark.parametrize(("file", "begins"), [("x.json", "{"), ("x.md", "#"), ("x.csv", "✗"), ("x.txt", "✗")])
def test_so_it_is_with_a_file_of_the_configuration(file, begins, manifests):
    (manifests / "netproof.toml").write_text(
        f'manifests = ["m"]\nqueries = ["no pods can reach internet"]\noutput = "{file}"\n'
    )
    assert run("check").exit_code == 1
    assert (manifests / file).read_text().startswith(begins)
