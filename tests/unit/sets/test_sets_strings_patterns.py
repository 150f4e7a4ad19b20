"""Patterns of each dialect: what they match, and their one form."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sets.strings import (
    NON_EMPTY,
    PRESENT,
    Pattern,
    PatternError,
    UntranslatableError,
    before_query,
    contains,
    dns_pattern,
    exact,
    glob,
    prefix,
    regex,
    suffix,
    template,
)

TEXTS = st.text(st.sampled_from("abAB-./é"), max_size=6)
PLAIN = {
    exact: str.__eq__,
    prefix: str.startswith,
    suffix: str.endswith,
    contains: str.__contains__,
}


@given(st.sampled_from(list(PLAIN)), TEXTS, TEXTS, st.booleans())
def test_plain_patterns_match_as_pythons_methods_do(make, said: str, text: str, ignores_case: bool) -> None:
    seen, wanted = (text.translate(LOWER), said.translate(LOWER)) if ignores_case else (text, said)
    assert make(said, fold=ignores_case).matches(text) == PLAIN[make](seen, wanted)


LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@given(st.text(st.sampled_from("ab*/"), max_size=6), TEXTS)
def test_a_star_of_a_glob_is_any_text(said: str, text: str) -> None:
    wanted = re.compile(".*".join(map(re.escape, said.split("*"))), re.DOTALL)
    assert glob(said).matches(text) == bool(wanted.fullmatch(text))


TARGETS = st.text(st.sampled_from("aA/?.b-"), max_size=8)
OF_PATHS = st.one_of(
    st.builds(lambda make, text, folds: make(text, fold=folds), st.sampled_from(list(PLAIN)), TARGETS, st.booleans()),
    st.text(st.sampled_from("aA*/?."), max_size=6).map(glob),
    st.sampled_from((PRESENT, NON_EMPTY, template("/a/{*}"), template("/{*}/b"), template("/a/{**}"))),
)


@given(OF_PATHS, TARGETS)
def test_a_pattern_of_what_stands_before_the_query(pattern: Pattern, text: str) -> None:
    assert before_query(pattern).matches(text) == pattern.matches(text.partition("?")[0])


def test_no_regular_expression_is_cut_at_the_query() -> None:
    with pytest.raises(UntranslatableError):
        before_query(regex("a+"))


def test_an_absent_attribute_matches_nothing() -> None:
    made = (
        PRESENT,
        NON_EMPTY,
        exact(""),
        regex(".*"),
        template("/{**}"),
        dns_pattern("*"),
        glob("a*b*"),
        contains("a"),
    )
    assert not any(pattern.matches(None) for pattern in made)
    assert PRESENT.matches("")
    assert not NON_EMPTY.matches("")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (prefix(""), PRESENT),
        (suffix(""), PRESENT),
        (contains(""), PRESENT),
        (glob("*"), PRESENT),
        (glob("**"), PRESENT),
        (glob("a*"), prefix("a")),
        (glob("*a"), suffix("a")),
        (glob("a**b"), glob("a*b")),
        (template("/a/b"), exact("/a/b")),
        (exact("10.0.0.1", fold=True), exact("10.0.0.1")),
        (exact("A.example", fold=True), exact("a.EXAMPLE", fold=True)),
        (dns_pattern("A.example."), exact("a.example", fold=True)),
    ],
)
def test_what_is_said_in_two_ways_is_one_pattern(one: Pattern, other: Pattern) -> None:
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    ("said", "matched", "others"),
    [  # istio.md 5.7, and what Envoy answered (0.1)
        ("/foo/{*}", ["/foo/bar", "/foo/a*b", "/foo/a=b", "/foo/%2f"], ["/foo/", "/foo/bar/baz", "/foo/a|b", "/foo"]),
        ("/foo/{**}", ["/foo/", "/foo/bar/baz"], ["/foo", "/foo/a{b"]),
        ("/foo/{**}/", ["/foo//", "/foo/a/"], ["/foo/bar"]),
        ("/{*}/x/{**}", ["/a/x/", "/a/x/y/z"], ["//x/", "/a/b/x/"]),
    ],
)
def test_templates(said: str, matched: list[str], others: list[str]) -> None:
    assert [text for text in (*matched, *others) if template(said).matches(text)] == matched


@pytest.mark.parametrize("said", ["{*}/x", "/a{*}", "/{**}/{*}", "/{**}/{**}", "/a/*", "/{x}", "/a b", "/{*}{*}", ""])
def test_templates_that_are_refused(said: str) -> None:
    with pytest.raises(PatternError):
        template(said)


@pytest.mark.parametrize(
    ("said", "matched", "others"),
    [  # Cilium's matchPattern
        ("*", ["a", "a.b.example", ""], ["a..b", "a b"]),
        ("*.example.com", ["a.example.com", "A.Example.com", ".example.com"], ["a.b.example.com", "example.com"]),
        ("**.example.com", ["a.example.com", "a.b.example.com"], ["example.com", ".example.com"]),
        ("a*b.io", ["ab.io", "a-x-b.io"], ["a.b.io"]),
        ("**x.io", ["ax.io", "x.io"], ["a.x.io"]),
    ],
)
def test_patterns_of_names(said: str, matched: list[str], others: list[str]) -> None:
    assert [text for text in (*matched, *others) if dns_pattern(said).matches(text)] == matched


def test_a_pattern_says_itself() -> None:
    assert str(prefix("/v1")) == "begins with `/v1`"
    assert str(exact("A.example", fold=True)) == "is `a.example` in any case"
    assert str(PRESENT) == "is present"
