"""Reading line by line gives what reading event by event gives: values, places, faults, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.manifests.text import documents
from analyzer.manifests.text.block_yaml import is_plain, read_block
from analyzer.manifests.text.documents import read_documents
from analyzer.manifests.text.nodes import Mapping, Sequence
from analyzer.manifests.text.scalars import PlainScalars
from analyzer.manifests.text.yaml_text import read_yaml
from benchmarks.clusters.text import yaml_documents
from benchmarks.generate import STYLES, Order, make

ROOT = Path(__file__).resolve().parents[3]
CORPUS = sorted(
    path for folder in ("examples", "tests", "queries") for path in (ROOT / folder).rglob("*.y*ml") if path.is_file()
)

KEYS = [
    "a",
    "b",
    "kind",
    "k8s.io/x-y",
    "y",
    "on",
    "null",
    "010",
    "1e3",
    '"q"',
    "'q'",
    "<<",
    "? k",
    "a b",
    "~",
    "-k",
    "é",
]
VALUES = [
    "x", "x y", "-x", "--flag=a:b", "yes", "no", "010", "0o10", "1e3", "1_000", "0x1F", ".5", "-1", "1.0",
    "12:30:45", "2001-12-14", "2001-12-14 10:00:00", "~", "null", "", "{}", "[]", "{a: b}", "[a, b]", "{a: b",
    '"x"', "'x'", '"a: b # c"', "'it''s'", '"\\n"', '"open', "a: b", "a:", "a#b", "a # c", "# c", "# c: d", "&n x",
    "*n", "!!str 1", "|", "|-", "|+", ">", "|2", "- x", "-", "?", "%x", "@x", "`x`", "a, b", "{{ .x }}", "::1",
    "fe80::", "2001:db8::1/64", "x\ttab", "\tx", "a\\b", "$x", "/p/q", "é", "\u0085", "\u2028", "\ufeff", "\x07",
    "...", "---", "=", "<<", "x  ", "|  ", "| # c", "{} # c", "[] x", "'a' b", "  x",
]  # fmt: skip
FLOWS = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ", ", ",", ": ", ":", "a", "b", "80", "yes", '"c, d"', '""', "x/y", " ", "-", "'e'", "#"]
    ),
    max_size=14,
).map("".join)
FLOW_TREES = st.recursive(
    st.sampled_from(["a", "b", "80", "yes", '"c: d"', "10.0.0.0/8", "null"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(["a", "b", '"c"', "on", "1"]), inner, max_size=3).map(
            lambda items: f"{{{','.join(f' {key}: {value}' for key, value in items.items())} }}"
        ),
    ),
    max_leaves=8,
)
LINES = st.one_of(
    st.builds(lambda key, gap, value: f"{key}:{gap}{value}", st.sampled_from(KEYS), st.sampled_from([" ", "  ", ""]),
              st.sampled_from(VALUES)),
    st.builds(lambda key, value: f"{key}: {value}", st.sampled_from("abc"), st.sampled_from(["", "x", "|", "{}"])),
    st.builds(lambda value: f"- {value}", st.sampled_from(VALUES)),
    st.builds(lambda key, value: f"- {key}: {value}", st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.sampled_from(["---", "--- # c", "--- x", "...", "# c", "", "   ", "text", "-", "- - x", "%YAML 1.1", "--- |"]),
)  # fmt: skip
INDENTED = st.builds(lambda width, line: " " * width + line, st.sampled_from([0, 0, 2, 2, 2, 4, 4, 6, 1, 3]), LINES)
TEXTS = st.builds(
    lambda lines, ending, last: ending.join(lines) + last,
    st.lists(INDENTED, max_size=12),
    st.sampled_from(["\n", "\n", "\n", "\n", "\r\n", "\r"]),
    st.sampled_from(["", "\n", "\n\n"]),
)

SIMPLE = st.sampled_from(["x", "x y", "80", "yes", "'q'", '"q: #"', "{}", "[]", "a:b", "1e3", "", "-x", "~"])
TREES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "c", "d/e"]), inner, min_size=1, max_size=3),
    ),
    max_leaves=12,
)


def written(tree, indent, is_set_in):
    """Block YAML, lists under a key set in or not; the first line without its indent."""
    pad = " " * indent
    if isinstance(tree, dict):
        found = []
        for key, value in tree.items():
            if isinstance(value, str):
                found.append(f"{key}: {value}".rstrip())
                continue
            deeper = indent + (2 if isinstance(value, dict) or is_set_in else 0)
            found.append(f"{key}:\n{' ' * deeper}{written(value, deeper, is_set_in)}")
        return f"\n{pad}".join(found)
    if isinstance(tree, list):
        return f"\n{pad}".join("- " + written(item, indent + 2, is_set_in) for item in tree)
    return tree or "''"


def plain(value):
    """A value with its type and all places."""
    if isinstance(value, Mapping):
        return "map", value.place, value.key_places, [(key, plain(inner)) for key, inner in value.items()]
    if isinstance(value, Sequence):
        return "list", value.place, value.item_places, [plain(inner) for inner in value]
    return type(value).__name__, repr(value)


def trees(found):
    return [(plain(tree.value), tree.place, tree.faults, tree.is_broken) for tree in found]


def check(data):
    assert trees(read_documents(data)) == trees(read_yaml(data))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: str(path.relative_to(ROOT)))
def test_corpus(path):
    check(path.read_bytes())


@settings(max_examples=1500, deadline=None)
@given(TEXTS)
def test_any_text(text):
    check(text.encode())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), TREES, min_size=1), min_size=1, max_size=3),
    st.booleans(),
)
def test_plain_trees_are_not_handed_over(found, is_set_in):
    parts = [written(tree, 0, is_set_in) + "\n" for tree in found]
    for part in parts:
        if "- - " not in part and "- [" not in part and "- {" not in part:
            assert read_block(part.encode(), PlainScalars(), 1) is not None, part
    check("---\n".join(["", *parts]).encode())


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(["a: ", "- ", "a:  ", "a:\n- "]),
    st.one_of(FLOWS.map("[{}]".format), FLOWS.map("{{{}}}".format), FLOW_TREES),
)
def test_flow_collections(before, flow):
    check(f"{before}{flow}\n".encode())
    check(f"{before}{flow} # c\n---\n".encode())


def test_simple_flow_collections_are_not_handed_over():
    text = 'a: {b: [c, 80, {"d e": f}], g: {}}\nh:\n- [x]\n- {i: ""}\n'
    assert read_block(text.encode(), PlainScalars(), 1) is not None


@pytest.mark.parametrize("style", STYLES)
def test_generated_clusters_are_read_line_by_line(style, monkeypatch):
    text = yaml_documents(make(Order(style, pods=30, policies=40)).objects()).encode()
    check(text)
    monkeypatch.delattr(documents, "_part")
    assert len(list(read_documents(text[len("---\n") :]))) > 50


TEXT_BLOCKS = [
    "- \na: |\n  - x\n\n", "a: |\n  x\n     \n", "a: |\n  x\n     \n\n  y\n",
    "a: |\n  x\n  y\n", "a: |-\n  x\n\n\nb: c\n", "a: |\n  x\n\n\n", "a: |\n    x\n  y\n", "a: |\n\n  x\n",
    "a: |\n  x\n   \n", "a: |\n  x\n    y\n z\n", "a: |\nb: c\n", "a: |\n  # no comment\nb: c\n", "a:\n- |\n  x\n",
    "a:\n- b: |\n    x\n  c: d\n", "a: |\n  x", "a: |\n  x\n---\nb: c\n", "a: |-\n  {{ x }}: y\n# c\nb: c\n",
    "a: |  \n  x\n", "a: | # c\n  x\n", "a:\n  b: |\n   x\n\n   y\n  c: d\n", "a: |\n  x\n # c\nb: c\n",
    "a: |\n   \n  x\n", "a: |\n  x\n       \n  y\n", "a: |\n  x\n  # c", "a: |-\n  x\n     # c: d", "a: |\n  x\n# c",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXT_BLOCKS)
def test_text_blocks(text):
    check(text.encode())


ODD_TEXTS = [
    "a: b\n---\nc: [\n---\nd: e\n", "a: b\n---\nc: 'x\n---\ny'\n", "%YAML 1.1\n---\na: b\n",
    "a: b\n%YAML 1.1\n---\nc: d\n", "a: &x b\n---\nc: *x\n", "a: b\n...\nc: d\n", "---\n---\na: b\n",
    "# c\n---\na: b\n---\n", "", "\n", "---", "---\n", "a: b\r\nc: d\r\n---\r\ne: f\r\n", "a: b\rc: d\n---\ne: f\n",
    "a: \x07\n---\nb: c\n", "a: b\n---\nc: \x07\n---\nd: e\n", "a: b\n--- \nc: d\n", "a: b\n---x: y\n",
    "a: b\n---\tx\n", "a: é\n---\nb: c\n---\nd: d\nd: e\n", "a: 1\na: 2\n---\nb: c\n", "a: b\n  c: d\n",
    "a:\n  b: c\n d: e\n", "a:\n    b: c\n  d: e\n", "  a: b\nc: d\n", "  a: b\n  c: d\n", "- a\n- b\n",
    "a:\n- b\n - c\n", "a: b\n- c\n", "a:\n  - b\n  c: d\n", "a:\n- b: c\n  - d\n", "x\n", "{a: b}\n---\nc: d\n",
    "a: b\n---\n  - x\n - y\n---\nc: d\n", "a: {{ x }}\n---\nb: c\n", "a: b\n\ufeff---\nc: d\n",
    "a: b\n---\n\ufeffc: d\n",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_texts_that_are_handed_over_in_part(text):
    check(text.encode())


def test_nesting_too_deep_for_reading_line_by_line():
    for depth in (99, 101, 255, 257):
        check("".join(" " * n + "a:\n" for n in range(depth)).encode())


def test_plain_is_printable_ascii():
    assert is_plain(b"a: b ~\n")
    assert not any(is_plain(f"a{char}b".encode()) for char in "\t\r\x00\x7f\x1fé")
