"""RE2's syntax: refused, read and matched as RE2 itself does."""

from __future__ import annotations

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.sets.strings import Form, PatternError, UntranslatableError, exact, regex

QUIET = re2.Options()
QUIET.log_errors = False
PIECES = (
    "a", "b", "c", "ab", ".", r"\.", "[ab]", "[^a]", "[a-c]", "[^]", "[]a]", "[a-b-c]", r"[\d-z]", "[[:alpha:]]",
    "[[:^digit:]]", "[[:foo:]]", r"[\w.]", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", "*", "+", "?", "*?", "+?",
    "??", "{2}", "{1,2}", "{0,}", "{,2}", "{2,1}", "{1001}", "{", "}", "(", ")", "(?:", "(?i)", "(?i:", "(?-i)",
    "(?s)", "(?m)", "(?U)", "(?P<n>", "(?<n>", "(?=", "(?!", "(?x)", "(?P=n)", "(?P>", "(?<=", "(?#", ")", "|", "^",
    "$", r"\A", r"\z", r"\Z", r"\b", r"\B", r"\C", r"\1", r"\01", r"\12", r"\x41", r"\x{61}", r"\x{110000}", r"\x4",
    r"\n", r"\t", r"\_", r"\-", r"\/", r"\e", r"\é", r"\Q.b\E", r"\Q", r"\E", "k", "K", "s", "é", "/", "-", "]",
    "[", "[z-a]", r"[a-\d]", "[:alpha:]", r"\pL", r"\p{Greek}", "(?i-s:", "(?)", "(?", "(a|b)", "(a|)", "(^a|b)",
    "(a$|b)",
)  # fmt: skip
TEXTS = st.text(st.sampled_from("abcAkKs\u212a\u017f01.\n-/é{},2 _]["), max_size=6)


def is_taken(text: str) -> bool:
    try:
        re2.compile(text, QUIET)
    except re2.error:
        return False
    return True


@settings(max_examples=1500)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.lists(TEXTS, min_size=5, max_size=5))
@example("a**", [])
@example("(?P<n>(a|b)", [])
@example("a(?i)*", [])
@example("(?i)*", [])
@example("(?i)k[^s]", ["\u212aa", "kS", "Kk", "k\u017f"])
@example("(?:^)*a", ["a"])
@example("(a{100}){11}", [])
def test_every_pattern_is_taken_and_matched_as_re2_does(text: str, strings: list[str]) -> None:
    try:
        found = regex(text)
    except UntranslatableError:
        return
    except PatternError:
        assert not is_taken(text)
        return
    assert is_taken(text)
    for string in strings:
        assert found.matches(string) == bool(re2.fullmatch(text, string, QUIET)), string


@settings(max_examples=400)
@given(
    st.lists(
        st.sampled_from(
            ["a", "b", "c", ".", "[ab]", "[^a]", "(a|b)", "(?:ab)*", "c?", "a+", "b{2}", "[a-c]{1,2}", "(?i:A)", "(|c)"]
        ),
        max_size=8,
    )
)
def test_plain_patterns_are_all_understood(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = regex(text)
    for string in ("", "a", "ab", "abab", "cc", "abcabc", "bbb", "\n", "A"):
        assert found.matches(string) == bool(re2.fullmatch(text, string, QUIET)), string


@pytest.mark.parametrize("text", [r"a(?=b)", r"(?!a)", r"(?<=a)b", r"(a)\1", r"(?P<n>a)(?P=n)", "a*+", "(?>a)", r"\Z"])
def test_what_re2_lacks_is_refused(text: str) -> None:
    with pytest.raises(PatternError):
        regex(text)


@pytest.mark.parametrize(
    "text", [r"\bfoo", r"\pL", r"\C", "(?i)é", "a*^b", "(a{0,1000}){1}" * 30, "(" * 200 + ")" * 200]
)
def test_what_is_not_understood_is_said(text: str) -> None:
    with pytest.raises(UntranslatableError):
        regex(text)


def test_edges_at_the_ends_change_nothing_and_plain_characters_are_exact() -> None:
    assert regex(r"^/health\.json$") == exact("/health.json")
    assert regex("a.c").form is Form.REGEX


def test_many_states_are_no_hurdle_to_matching() -> None:
    found = regex("(a|b)*a(a|b){200}")
    assert found.matches("a" + "b" * 200)
    assert not found.matches("b" * 500)
