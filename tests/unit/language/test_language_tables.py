"""The tables beside the grammar are those of the grammar, and give the trees that Lark gives, with all places."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput

from analyzer.language import syntax, tables
from analyzer.language.automaton import Automaton
from analyzer.language.lark_parser import lark_parser, tables_of
from analyzer.language.text import cut
from analyzer.language.trees import Token, Tree
from analyzer.resources import grammar_tables, grammar_text

ROOT = Path(__file__).resolve().parents[3]
PACKS = sorted((ROOT / "queries").glob("*/pack.npq"))
AUTOMATON = Automaton(json.loads(grammar_tables()))

WORDS = [
    "pack", "param", "let", "assume", "assert", "@", "severity", "(", "high", ")", "every", "some", "only", "no", "can",
    "reach", "is", "isolated", "for", "ingress", ",", "egress", "has", "on", "tcp/80", "other", "where", "within",
    "any", "except", "or", "and", "not", "in", "notin", "pods", "namespace", "namespaces", "workload", "policies",
    "never", "tie", "newly", "ips", "10.0.0.0/8", "::/0", "2001:db8::1", "internet", "external", "metadata-service",
    "nodes", "anything", "src.namespace", "dst.labels", "[", "]", "team", "=", "==", "!=", "!", ":", "$x", "${x}",
    '"a"', '"b\\"c"', "a", "shop/web", "#", ";", "exceptional", "except10", "{",
]  # fmt: skip
FRAGMENTS = [
    "no pods can reach internet", "every a", "pods(x=y,!z, w in (a,b)) in namespace b", "where has src.labels[x]",
    "(internet or nodes)", "ips 10.0.0.0/8 except 10.1.0.0/16, $x", "let a =", 'assert b "t":', "can reach only",
    "on tcp/80, http", "except a can reach b", "within any", "where not not (src == dst or a.labels[in] in (in, on))",
    "ips ::/0 except # c\n 10.0.0.0/8", "ips $a except ips 10.0.0.0/8", '@severity(high)\n@control("a", b)',
]  # fmt: skip
texts = st.lists(st.sampled_from([*WORDS, *FRAGMENTS]), max_size=14).flatmap(
    lambda words: st.sampled_from([" ", "\n", " # no\n\t", "  "]).map(lambda between: between.join(words))
)


def plain(tree):
    """A tree of ours or of Lark's as nested tuples: types, texts and places."""
    if tree is None:
        return None
    if isinstance(tree, Token):
        return tree.type, str(tree), tree.line, tree.column, tree.start
    if isinstance(tree, lark.Token):
        return tree.type, str(tree), tree.line, tree.column, tree.start_pos
    inner = [plain(child) for child in tree.children]
    if isinstance(tree, Tree):
        return tree.data, tree.line, tree.column, tree.start, tree.end, inner
    at = tree.meta
    return str(tree.data), at.line, at.column, at.start_pos, at.end_pos, inner


def by_lark(text, start):
    try:
        return plain(lark_parser().parse(text, start=start))
    except UnexpectedInput:
        return None


def test_the_tables_are_those_of_the_grammar():
    """If this fails: python -m analyzer.language.tables grammar/query.tables.json"""
    kept = tables.kept_tables()
    assert kept is not None
    assert kept == json.loads(json.dumps(tables_of(grammar_text())))


def test_tables_of_another_grammar_are_not_used(monkeypatch):
    monkeypatch.setattr(tables, "grammar_text", lambda: grammar_text() + "\n// changed\n")
    assert tables.kept_tables() is None
    syntax._automaton.cache_clear()
    assert syntax.reserved_words() == AUTOMATON.keywords
    syntax._automaton.cache_clear()


@pytest.mark.parametrize("file", PACKS, ids=lambda file: file.parent.name)
def test_packs_read_as_lark_reads_them(file):
    passages, problems = cut(file.read_text(encoding="utf-8"), str(file))
    assert passages
    assert not problems
    for passage in passages:
        tree = AUTOMATON.parse(passage.text, "statement", 1)
        assert tree is not None
        assert plain(tree) == by_lark(passage.text, "statement")


@settings(max_examples=400, deadline=None)
@given(texts, st.sampled_from(["statement", "claim"]))
def test_any_text_reads_as_lark_reads_it(text, start):
    assert plain(AUTOMATON.parse(text, start, 1)) == by_lark(text, start)


def test_lines_count_from_where_the_statement_stands():
    tree = AUTOMATON.parse("no pods\n  can reach\n  internet", "claim", 7)
    assert tree is not None
    far = tree.children[1]
    assert isinstance(far, Tree)
    assert (tree.line, tree.column, far.line, far.column) == (7, 1, 9, 3)


def test_a_sound_query_does_without_lark():
    code = (
        "import sys; from analyzer.language import parse_query; parse_query('no pods can reach internet');"
        "print('lark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
