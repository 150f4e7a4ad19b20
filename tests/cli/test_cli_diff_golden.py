"""`netproof diff` byte for byte: a policy against its cluster-wide rewrite, and a pair of live dumps.

To write the files anew after a change that is meant: NETPROOF_UPDATE_GOLDEN=1 python -m pytest -n 0 THIS_FILE
"""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

FOLDER = Path(__file__).parent / "golden_diffs"
SUFFIXES = {"text": "txt", "json": "json", "markdown": "md"}
RUNS = [
    (folder, pair, universe, form)
    for folder, pair in (("rewritten", ("old.yaml", "new.yaml")), ("dumps", ("old.json", "new.json")))
    for universe in ("any", "inventory")
    for form in SUFFIXES
]


def golden(folder, universe, form):
    return FOLDER / folder / f"{universe}.{SUFFIXES[form]}"


@pytest.mark.parametrize(("folder", "pair", "universe", "form"), RUNS)
def test_the_comparison_is_as_it_was(folder, pair, universe, form, monkeypatch):
    monkeypatch.chdir(FOLDER / folder)
    done = CliRunner().invoke(app, ["diff", *pair, "--universe", universe, "--format", form])
    file = golden(folder, universe, form)
    if os.environ.get("NETPROOF_UPDATE_GOLDEN"):
        file.write_text(done.stdout, encoding="utf-8")
    assert done.stdout == file.read_text(encoding="utf-8")
    assert done.exit_code == (0 if "✓ equivalent" in golden(folder, universe, "text").read_text("utf-8") else 1)


def test_every_golden_file_is_of_a_run():
    found = {file for file in FOLDER.glob("*/*") if file.stem not in ("old", "new")}
    assert found == {golden(folder, universe, form) for folder, _, universe, form in RUNS}
