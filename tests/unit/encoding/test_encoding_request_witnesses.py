"""Words, beginnings and ends of texts need no search: what is written down is what a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.encoding import request_domains
from analyzer.encoding.request_domains import _texts, _without_search, witnesses
from analyzer.model.formulas import Name
from analyzer.model.knobs import USUAL_ATOMS
from analyzer.model.mesh import MeshConfig, Normalization
from analyzer.sets.strings import NON_EMPTY, PRESENT, Pattern, exact, prefix, suffix, template

TEXTS = ("/", "/v1/", "/v1/x", "/a.b", "/admin", "/./", "..", "/..", "%2e", "/a//b", "GET", "CONNECT", "POST", "a", "")
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}
PATTERNS = st.one_of(
    st.builds(lambda make, text: make(text), st.sampled_from([exact, prefix, suffix]), st.sampled_from(TEXTS)),
    st.sampled_from([PRESENT, NON_EMPTY, template("/v1/{*}")]),
)


def sorts(texts: Sequence[str], patterns: Sequence[Pattern]) -> set[tuple[bool, ...]]:
    return {tuple(pattern.matches(text) for pattern in patterns) for text in texts}


@settings(max_examples=150, **SLOW)
@given(
    st.lists(PATTERNS, max_size=5, unique=True),
    st.sampled_from([Name.PATH, Name.METHOD, Name.HEADER, Name.HOST, Name.SNI, Name.PARAMETER]),
    st.sampled_from(list(Normalization)),
)
def test_what_is_written_down_is_what_a_search_finds(
    patterns: list[Pattern], name: Name, normalization: Normalization
) -> None:
    possible, plain = _texts(name, MeshConfig(normalization=normalization), is_target=False)
    found = list(witnesses(patterns, possible, plain, (), USUAL_ATOMS))
    with patch.object(request_domains, "_without_search", lambda *_: None):
        searched = list(witnesses(patterns, possible, plain, (), USUAL_ATOMS))
    assert sorts(found, patterns) == sorts(searched, patterns)
    assert all(pattern.matches(text) is wanted for text in found for pattern, wanted in possible)


@pytest.mark.parametrize(
    ("name", "patterns", "is_written"),
    [
        (Name.PATH, [prefix("/v1/"), exact("/health"), suffix("/x")], True),
        (Name.PATH, [exact("/a/../b")], False),  # no path is so once it is normalized
        (Name.PATH, [template("/v1/{*}")], False),
        (Name.METHOD, [exact("GET"), exact("POST")], True),
        (Name.METHOD, [exact("CONNECT")], True),
        (Name.METHOD, [exact("G T")], False),
    ],
)
def test_the_short_cut_is_taken_where_every_text_can_be(name: Name, patterns: list[Pattern], is_written: bool) -> None:
    possible, plain = _texts(name, MeshConfig(), is_target=False)
    assert (_without_search(patterns, possible, plain, USUAL_ATOMS) is not None) is is_written
