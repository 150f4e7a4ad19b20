"""The namespaces of a question: standing, selection, names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_short import namespace

from analyzer.encoding.namespaces import FRESH_NAMESPACES, NamespaceTable, Standing, namespace_table
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Name, Role, labels
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Operator, Requirement, Selector
from analyzer.semantics.formulas import matches

CLUSTER = Cluster(
    (namespace("red", team="a"), namespace("blue", team="b", zone=""), namespace("said", is_declared=False))
)


def table(universe: Universe, *, open_labels: bool = False) -> NamespaceTable:
    return NamespaceTable(CLUSTER, universe, open_labels, ["later", "red"])


@pytest.mark.parametrize(
    ("universe", "open_labels", "standings"),
    [
        (Universe.ANY, False, ["known", "known", "mentioned", "future", *["future"] * FRESH_NAMESPACES]),
        (Universe.NAMESPACES, False, ["known", "known", "mentioned"]),
        (Universe.INVENTORY, False, ["known", "known", "known"]),
        (Universe.INVENTORY, True, ["known", "known", "mentioned"]),
    ],
)
def test_what_stands_how(universe: Universe, open_labels: bool, standings: list[str]) -> None:
    found = table(universe, open_labels=open_labels)
    assert [entry.standing.value for entry in found.entries] == standings
    assert found.none == len(found.entries)
    assert set().union(*(found.of(s) for s in Standing)) == found.every


def test_every_namespace_with_a_name_has_the_label_that_says_it() -> None:
    for entry in table(Universe.ANY).entries:
        assert entry.labels.get(NAMESPACE_NAME_LABEL) == entry.name


def test_a_key_that_no_namespace_has() -> None:
    known = table(Universe.ANY).of(Standing.KNOWN)
    for operator, values, expected in (
        (Operator.EXISTS, (), set()),
        (Operator.DOES_NOT_EXIST, (), known),
        (Operator.IN, ("a",), set()),
        (Operator.NOT_IN, ("a",), known),
    ):
        selector = Selector((Requirement("nobody-has", operator, frozenset(values)),))
        assert table(Universe.ANY).known_where(labels(selector, Role.SELF, Name.NAMESPACE_LABEL)) == expected


def test_questions_that_need_the_same_table_share_it() -> None:
    def asked(universe: Universe, *names: str, open_labels: bool = False) -> NamespaceTable:
        return namespace_table(CLUSTER, universe, open_labels, names)

    assert asked(Universe.ANY, "later", "red") is asked(Universe.ANY, "later") is not asked(Universe.ANY, "sometime")
    assert asked(Universe.INVENTORY, "later") is asked(Universe.INVENTORY)
    assert asked(Universe.INVENTORY, open_labels=True) is not asked(Universe.INVENTORY)
    assert asked(Universe.NAMESPACES, open_labels=True) is asked(Universe.NAMESPACES)


def test_codes_by_name() -> None:
    found = table(Universe.ANY)
    assert [found.code(name) for name in ("red", "said", "later", "nowhere")] == [0, 2, 3, None]


_VALUES = st.sampled_from(("", "a", "b", "red", "blue"))
_REQUIREMENTS = st.builds(
    lambda key, operator, values: Requirement(key, operator, values if "In" in operator.value else frozenset()),
    st.sampled_from(("team", "zone", NAMESPACE_NAME_LABEL)),
    st.sampled_from(Operator),
    st.frozensets(_VALUES, min_size=1),
)


@given(st.lists(_REQUIREMENTS, max_size=3))
def test_known_namespaces_are_selected_by_their_labels(requirements: list[Requirement]) -> None:
    selector = Selector(tuple(requirements))
    found = table(Universe.NAMESPACES)
    known = found.of(Standing.KNOWN)
    expected = {c for c in known if matches(selector, found.entries[c].labels)}
    assert found.known_where(labels(selector, Role.SELF, Name.NAMESPACE_LABEL)) == expected
