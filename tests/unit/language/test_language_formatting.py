"""The usual layout keeps what a file says, and is what it makes of itself."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import QueryError
from analyzer.language import parse_pack
from analyzer.language.formatting import formatted
from analyzer.language.syntax import Syntax, parse
from analyzer.language.text import cut
from analyzer.language.trees import Token, Tree

ROOT = Path(__file__).resolve().parents[3]
PACKS = sorted((ROOT / "queries").glob("*/pack.npq"))
TEXTS = [path.read_text(encoding="utf-8") for path in PACKS]
COMMENT = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|(#[^\n]*)')

UGLY = """\
pack   x    "t"


let  a=pods( app = web ,!b,c  notin(d,e) )   in   namespace  shop   # why
@severity( high )   @control("x","y") assert q:no a   can reach internet on tcp/80,udp/53 where not(has src.labels[ y])
# about r
assert r "T" :
     every  a can reach   # mid
   dns on udp/53
       within inventory
let c = ips 10.0.0.0/8 ,2001:db8::/32 except   10.1.0.0/16
"""
NEAT = """\
pack x "t"

let a = pods(app=web, !b, c notin (d, e)) in namespace shop  # why
@severity(high)
@control("x", "y")
assert q: no a can reach internet on tcp/80, udp/53 where not (has src.labels[y])
# about r
assert r "T":
  every a can reach  # mid
    dns on udp/53
    within inventory
let c = ips 10.0.0.0/8, 2001:db8::/32 except 10.1.0.0/16
"""


def said(text: str) -> list[object]:
    """The trees of the statements, without places, annotations with what they are about."""
    trees = (parse(passage, "statement", "f") for passage in cut(text, "f")[0])
    flat = [plain(part) for tree in trees if isinstance(tree, Tree) for part in tree.children]
    return [*flat, [found[1] for found in COMMENT.finditer(text) if found[1]]]


def plain(tree: Syntax | Token | None) -> object:
    if isinstance(tree, Tree):
        return tree.data, [plain(child) for child in tree.children]
    return tree and str(tree)


def test_the_usual_layout() -> None:
    assert formatted(UGLY, "f") == NEAT


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.parent.name)
def test_the_built_in_packs_are_laid_out_as_usual(path: Path) -> None:
    assert formatted(path.read_text(encoding="utf-8"), str(path)) == path.read_text(encoding="utf-8")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_layout_changes_no_meaning_and_is_settled(data: st.DataObject) -> None:
    """Blanks are drawn anew between the words and signs of statements of the packs."""
    text = data.draw(st.sampled_from([UGLY, *TEXTS]))
    statements = [p.text for p in cut(text, "f")[0]]
    chosen = data.draw(st.lists(st.sampled_from(statements), min_size=1, max_size=4))
    drawn = "\n".join(_with_other_blanks(statement, data) for statement in chosen)
    try:
        first = formatted(drawn, "f")
    except QueryError:
        return  # a blank where the language has no place for one
    assert said(first) == [*said(drawn)[:-1], [note.rstrip() for note in said(drawn)[-1]]]
    assert formatted(first, "f") == first
    assert not any(line != line.rstrip() for line in first.split("\n"))


def _with_other_blanks(statement: str, data: st.DataObject) -> str:
    pieces = re.findall(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*\n?|[ \t]+|\n|[^\s"#]+', statement)
    blanks = st.sampled_from([" ", "  ", "\t", "   "])
    return "".join(data.draw(blanks) if piece.strip(" \t") == "" and i else piece for i, piece in enumerate(pieces))


def test_a_pack_stays_the_same_pack() -> None:
    for path in PACKS:
        text = path.read_text(encoding="utf-8")
        other = re.sub(r"(?<=\S) (?=\S)(?=[^\"\n]*\n)", "  ", text)
        before, after = (parse_pack(it, str(path)) for it in (text, formatted(other, "f")))
        assert [replace(q, source=None, text="") for q in before.queries] == [
            replace(q, source=None, text="") for q in after.queries
        ]
        assert before.assumptions == after.assumptions or len(before.assumptions) == len(after.assumptions)


def test_a_file_in_error_is_refused_with_its_errors() -> None:
    with pytest.raises(QueryError) as caught:
        formatted("let a = pods in\nassert q: no a can raech internet", "f")
    assert [problem.line for problem in caught.value.problems] == [1, 2]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "\n\n# one\n\n\n\n# two\n"])
def test_files_without_statements(text: str) -> None:
    assert formatted(formatted(text, "f"), "f") == formatted(text, "f")
    assert "\n\n\n" not in formatted(text, "f")
