"""Finite domains of label values."""

from __future__ import annotations

from analyzer.encoding.domains import ABSENT, Attr, DomainBuilder

TEAM, APP, ZONE, NAME = Attr("pod", "team"), Attr("pod", "app"), Attr("ns", "zone"), Attr("name")


def test_codes_and_values_are_inverse() -> None:
    builder = DomainBuilder()
    builder.mention(TEAM, ["b", "a"])
    builder.mention(TEAM, ["a", ""])
    domain = builder.freeze()[TEAM]
    assert domain.values == ("", "a", "b")
    assert domain.code(None) == ABSENT
    assert len({domain.code(v) for v in (None, "", "a", "b", "unheard of")}) == domain.size == 5
    for code in range(domain.size):
        assert domain.code(domain.value(code)) == code
    assert 2**domain.width >= domain.size


def test_a_fresh_value_is_none_that_is_mentioned() -> None:
    builder = DomainBuilder()
    builder.mention(TEAM, ["other", "x-other"])
    domain = builder.freeze()[TEAM]
    assert domain.value(domain.size - 1) == "x-x-other"
    assert domain.is_fresh(domain.size - 1)


def test_what_is_compared_shares_a_domain_with_a_value_for_each_end() -> None:
    builder = DomainBuilder()
    builder.mention(TEAM, ["a"])
    builder.mention(ZONE, ["z"])
    builder.mention(APP, ["w"])
    builder.compare(TEAM, ZONE)
    builder.compare(ZONE, NAME)
    domains = builder.freeze()
    assert domains[TEAM] is domains[ZONE] is domains[NAME]
    assert domains[TEAM].values == ("a", "z")
    assert domains[TEAM].fresh == 6
    assert domains[APP].fresh == 1
    assert builder.compared == {TEAM, ZONE, NAME}
    assert builder.alike(NAME) == {TEAM, ZONE, NAME}
    assert builder.alike(APP) == {APP}
    assert not builder.alike(Attr("sa"))
    fresh = [domains[TEAM].value(code) for code in range(domains[TEAM].size) if domains[TEAM].is_fresh(code)]
    assert len(set(fresh)) == 6


def test_every_comparison_counts() -> None:
    builder = DomainBuilder()
    builder.compare(TEAM, ZONE)
    builder.compare(APP, NAME)
    assert builder.compared == {TEAM, ZONE, APP, NAME}
    assert builder.alike(TEAM) == {TEAM, ZONE}
    assert builder.alike(APP) == {APP, NAME}
    assert {domain.fresh for domain in builder.freeze().values()} == {4}
