"""The data is found wherever the package lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.resources import grammar_text, locator, packs_dir


def test_the_grammar_of_the_checkout() -> None:
    assert "statement:" in grammar_text()


def test_packs_lie_beside_the_grammar() -> None:
    assert packs_dir().name == "queries"


def test_a_wheels_own_data_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grammar").mkdir()
    monkeypatch.setattr(locator, "_BUNDLED", tmp_path)
    assert "statement:" in grammar_text()  # a folder without the file is what an uninstall may leave behind
    (tmp_path / "grammar" / "query.lark").write_text("bundled", encoding="utf-8")
    assert grammar_text() == "bundled"
    assert packs_dir() == tmp_path / "queries"
