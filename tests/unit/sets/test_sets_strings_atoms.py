"""Laws of atoms: disjoint, covering, each with a shortest witness, whatever the order and the way they are found."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.sets.strings import (
    NON_EMPTY,
    PRESENT,
    Atom,
    Pattern,
    TooManyAtomsError,
    atoms,
    contains,
    dns_pattern,
    exact,
    glob,
    prefix,
    regex,
    suffix,
    template,
)
from analyzer.sets.strings.closed_form import closed_form, is_closed
from analyzer.sets.strings.index import Index
from analyzer.sets.strings.joint import joint

LETTERS = "ab/"
SHORT = st.text(st.sampled_from(LETTERS), max_size=4)
STRINGS = st.text(st.sampled_from("abAB/.-x\né"), max_size=8)
SHORTER = ["".join(chars) for length in range(5) for chars in product("abAx/", repeat=length)]


def closed_patterns(ignores_case: st.SearchStrategy[bool]) -> st.SearchStrategy[Pattern]:
    made = st.builds(
        lambda make, text, fold: make(text, fold=fold), st.sampled_from((exact, prefix, suffix)), SHORT, ignores_case
    )
    return made | st.sampled_from((PRESENT, NON_EMPTY))


OTHERS = st.one_of(
    st.builds(lambda text, fold: contains(text, fold=fold), SHORT, st.booleans()),
    st.builds(glob, st.text(st.sampled_from("ab*"), max_size=5)),
    st.sampled_from(["/{*}", "/a/{*}", "/{**}", "/a/{**}", "/{*}/b"]).map(template),
    st.sampled_from(["*", "*.a", "**.a", "a*b", "a.b"]).map(dns_pattern),
    st.sampled_from(["a*b", "[^a]b", ".*a.*", "(a|b)+", "a.?", "/.*", "(?i)ab", "[^/]+", "(?s)a.*", "x{2,3}", ""]).map(
        regex
    ),
)
ANY = closed_patterns(st.booleans()) | OTHERS
LISTS = st.lists(ANY, max_size=5)
CLOSED_LISTS = st.booleans().flatmap(lambda fold: st.lists(closed_patterns(st.just(fold)), max_size=6))


@settings(max_examples=300)
@given(LISTS, st.lists(STRINGS, max_size=8))
def test_every_string_is_of_exactly_the_atom_that_says_what_its_patterns_say(
    patterns: list[Pattern], strings: list[str]
) -> None:
    found = atoms(patterns)
    assert len({atom.mask for atom in found.atoms[1:]}) == len(found.atoms) - 1
    for text in (None, *strings):
        atom = found.atoms[found.place(text)]
        assert [atom.matches(n) for n in range(len(found.patterns))] == [p.matches(text) for p in found.patterns]
    for pattern in patterns:
        wanted = {n for n, atom in enumerate(found.atoms) if pattern.matches(atom.witness)}
        assert found.matching(pattern) == wanted


@settings(max_examples=100)
@given(LISTS)
def test_a_witness_is_of_its_atom_and_none_is_shorter(patterns: list[Pattern]) -> None:
    found = atoms(patterns)
    assert found.atoms[0] == Atom(0, None)
    assert [found.place(atom.witness) for atom in found.atoms] == list(range(len(found.atoms)))
    length_of = {n: len(atom.witness) for n, atom in enumerate(found.atoms) if atom.witness is not None}
    assert all(length_of[found.place(text)] <= len(text) for text in SHORTER)


@settings(max_examples=300)
@given(CLOSED_LISTS)
def test_the_closed_form_is_what_a_search_finds(patterns: list[Pattern]) -> None:
    settled = tuple(dict.fromkeys(patterns))
    assert is_closed(settled)
    written = closed_form(settled, Index(settled), 10_000)
    searched = joint(settled, 10_000)
    assert written.keys() == searched.keys()
    assert {mask: len(text) for mask, text in written.items()} == {mask: len(text) for mask, text in searched.items()}


@given(st.lists(ANY, max_size=5).flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))))
def test_order_and_repetition_do_not_matter(drawn: tuple[list[Pattern], list[Pattern]]) -> None:
    one, other = drawn
    found, again = atoms(one), atoms([*other, *other])
    assert (found.patterns, found.atoms) == (again.patterns, again.atoms)


def test_what_is_known_of_the_attribute_is_one_more_pattern() -> None:
    path = regex(r"/[^?#\n]*")
    found = atoms([path, template("/v1/{*}"), prefix("/v1"), suffix("/health")])
    shown = [found.atoms[n].witness for n in sorted(found.matching(path))]
    assert shown == ["/", "/v1", "/v1/a", "/health", "/v1/health", "/v1a/health"]


def test_witnesses_are_readable() -> None:
    found = atoms([exact("GET"), exact("POST")])
    assert [atom.witness for atom in found.atoms] == [None, "", "GET", "POST"]
    found = atoms([NON_EMPTY, prefix("/api"), exact("/api"), suffix(".json")])
    assert [atom.witness for atom in found.atoms] == [None, "", "a", "/api", ".json", "/apia", "/api.json"]


# ------------------------------------------------------------------------------------------------ the bound
@pytest.mark.parametrize(
    "patterns",
    [
        [make(f"{n}-") for n in range(40) for make in (prefix, suffix)],
        [exact(f"/{n}") for n in range(1000)],
        [contains(f"<{n}>") for n in range(12)],
        [regex(f".*{char}.*") for char in "abcdefghijkl"],
    ],
    ids=["beginnings and ends", "words", "inner texts", "expressions"],
)
def test_more_atoms_than_allowed_are_refused_by_the_names_of_the_patterns(patterns: list[Pattern]) -> None:
    with pytest.raises(TooManyAtomsError) as refused:
        atoms(patterns, limit=1000)
    assert set(refused.value.patterns) == set(patterns)
    assert refused.value.limit == 1000
    assert "more than 1,000 strings are told apart by " in str(refused.value)


def test_the_bound_is_the_number_of_atoms() -> None:
    patterns = [prefix("a"), suffix("b"), exact("c")]
    assert len(atoms(patterns, limit=6).atoms) == 6
    with pytest.raises(TooManyAtomsError):
        atoms(patterns, limit=5)
    searched = [*patterns, contains("d")]
    most = len(atoms(searched).atoms)
    assert len(atoms(searched, limit=most).atoms) == most
    with pytest.raises(TooManyAtomsError):
        atoms(searched, limit=most - 1)


def test_an_automaton_of_too_many_states_ends_too() -> None:
    with pytest.raises(TooManyAtomsError, match="steps"):
        atoms([regex("(a|b)*a(a|b){30}")])
