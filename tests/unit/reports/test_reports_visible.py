"""What comes from manifests must not command the terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reports.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred", "\\e[31mred"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("bell\x07 csi\x9b", "bell\\x07 csi\\x9b"),
        ("override\u202e", "override\\u202e"),
        ("separator\u2028", "separator\\u2028"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("Grüße → 東京", "Grüße → 東京"),
    ],
)
def test_escapes(text, expected):
    assert visible(text) == expected


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert not {unicodedata.category(c) for c in visible(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_printable_ascii_is_left_alone(text):
    assert visible(text) == text
