"""The layer contracts of pyproject.toml, and what they cannot say."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from analyzer.cli.app import app
from analyzer.encoding import Attribute

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "analyzer").rglob("*.py"))
EVASIVE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "support"}
COMMAND_LINES, FILE_LINES = 80, 400


def test_layers_are_kept():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_a_file_that_grows_long_is_two():
    assert [path.name for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) >= FILE_LINES] == []


def test_no_module_has_a_name_that_says_nothing():
    found = [path for path in MODULES if {path.stem, *path.relative_to(ROOT).parts} & EVASIVE]
    assert not found


def commands():
    """The files of `analyzer/cli` that hold the commands, called like these."""
    group = typer.main.get_command(app)
    return [ROOT / f"analyzer/cli/{name}.py" for name in group.commands]


@pytest.mark.parametrize("file", commands(), ids=lambda file: file.stem)
def test_commands_are_short(file):
    assert len(file.read_text().splitlines()) < COMMAND_LINES


def test_commands_are_found():
    assert {"check", "packs", "schema"} <= {file.stem for file in commands()}


def test_nothing_imports_the_app_but_entry_points():
    found = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if "analyzer.cli.app" in path.read_text() and path.name != "app.py"
    ]
    assert sorted(found) == ["analyzer/__main__.py", "analyzer/cli/kubectl.py"]


def test_frozen_dataclasses_are_made_the_fast_way():
    """The standard library's decorator takes half a millisecond for each, before anything is done."""
    found = [
        path.relative_to(ROOT)
        for path in MODULES
        if path.parent.name != "records"
        and "@dataclass(frozen=True" in (text := path.read_text(encoding="utf-8"))
        and "from analyzer.records import dataclass" not in text
    ]
    assert not found


TABLE = ROOT / "analyzer/encoding/variables.py"
NAMELESS = sorted(
    path
    for room in ("analyzer", "tests/unit/judging", "tests/laws")
    for path in (ROOT / room).rglob("*.py")
    if path != TABLE
)
_PARTS = "|".join(attribute.value[0] for attribute in Attribute)
_SYMBOL = re.compile(rf"[sd]?\.({_PARTS})(\.|\.?\d+)?|[sd]\.|v6|proto|thr")


def strings(path: Path) -> set[str]:
    """The texts written in a module, the pieces of formatted ones too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_only_the_table_of_variables_knows_the_names_of_symbols():
    found = {path.relative_to(ROOT).as_posix(): sorted(filter(_SYMBOL.fullmatch, strings(path))) for path in NAMELESS}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("name", ["s.nl.0", ".u4", "d.p.", "d.w", ".ns", "v6", "s."])
def test_names_of_symbols_are_recognised(name: str):
    assert _SYMBOL.fullmatch(name)
