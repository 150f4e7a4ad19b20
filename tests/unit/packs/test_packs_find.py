"""Packs are found by name, file and folder; what is wrong with them is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.errors import PackError, Problem, QueryError
from analyzer.packs import PackInfo, builtin, catalogue, find

QUERY = "assert q: no pods can reach nodes\n"
BASICS = (
    f'@description("D")\npack basics "Basics"\nparam ns = shop\nassert in-ns: no namespace $ns can reach nodes\n{QUERY}'
)


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of built-in packs with two of them."""
    root = tmp_path / "queries"
    for name, text in [("basics", BASICS), ("tenants", f"pack tenants\n{QUERY}")]:
        (root / name).mkdir(parents=True)
        (root / name / "pack.npq").write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "packs_dir", lambda: root)
    catalogue._builtin_folders.cache_clear()
    yield root
    catalogue._builtin_folders.cache_clear()


def problem_of(name: str | Path) -> Problem:
    with pytest.raises(PackError) as caught:
        find(str(name))
    (problem,) = caught.value.problems
    return problem


def test_the_built_in_packs_by_name(queries: Path) -> None:
    assert builtin() == (PackInfo("basics", "Basics", "D", 2), PackInfo("tenants", "", "", 1))


def test_a_built_in_pack_has_the_same_place_everywhere(queries: Path) -> None:
    pack = find("basics")
    assert pack.source.file == "<built-in>/basics/pack.npq"
    assert [query.id for query in pack.queries] == ["in-ns", "q"]


def test_parameters_are_handed_on(queries: Path) -> None:
    assert find("basics", {"ns": "x"}).parameters == (("ns", "x"),)
    with pytest.raises(QueryError, match="no parameter `nss`"):
        find("basics", {"nss": "x"})


def test_a_file_and_a_folder(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "pack.npq").write_text(QUERY, encoding="utf-8")
    assert find(str(own)).name == "own"
    assert find(f"{own}/").source.file == f"{own}/pack.npq"
    assert find(str(own / "pack.npq")).name == "own"


def test_without_a_folder_of_packs_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "packs_dir", lambda: tmp_path / "nowhere")
    catalogue._builtin_folders.cache_clear()
    assert builtin() == ()
    assert "there are no built-in packs" in problem_of("basics").hint
    catalogue._builtin_folders.cache_clear()


def test_an_unknown_name(queries: Path) -> None:
    problem = problem_of("basic")
    assert problem.message == "no pack is called `basic`, and no file"
    assert problem.hint == "did you mean `basics`? the built-in packs are `basics`, `tenants`; or give a .npq file"


@pytest.mark.parametrize("name", ["no/such", "such.npq", "x" * 5000 + ".npq", "a\x00.npq"])
def test_a_path_that_is_not_there(queries: Path, name: str) -> None:
    assert problem_of(name).message == "no such query file or pack folder"


def test_a_folder_without_a_pack(tmp_path: Path) -> None:
    assert "holds no `pack.npq`" in problem_of(tmp_path).message


def test_a_manifest_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: Pod", encoding="utf-8")
    problem = problem_of(tmp_path / "a.yaml")
    assert (problem.message, problem.hint) == ("a manifest is no query file", "give manifests without -p")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.npq").write_bytes(b"# ok\n# \xff")
    problem = problem_of(tmp_path / "a.npq")
    assert (problem.line, problem.message) == (2, "this file is not UTF-8 text")


def test_what_does_not_belong_into_a_pack(queries: Path) -> None:
    folder = queries / "basics"
    for place in [
        "README.md",
        ".hidden",
        "old.npq",
        "cases/qq/holds",
        "cases/q/holds",
        "cases/q/violated",
        "cases/q/ok",
    ]:
        (folder / place).mkdir(parents=True)
    (folder / "cases" / "in-ns").write_text("no folder", encoding="utf-8")
    with pytest.raises(PackError) as caught:
        find("basics")
    assert [problem.file for problem in caught.value.problems] == [
        "<built-in>/basics/cases/in-ns",
        "<built-in>/basics/cases/q/ok",
        "<built-in>/basics/cases/qq",
        "<built-in>/basics/old.npq",
    ]
    assert caught.value.problems[2].hint == "did you mean `q`?"


def test_the_packs_that_are_shipped_are_found_under_their_names() -> None:
    for info in builtin():
        assert find(info.name).name == info.name
