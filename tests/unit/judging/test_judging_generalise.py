"""Widening a witness to a region: what it finds, and how often it asks."""

import pytest

from analyzer.encoding import VIOLATION, Attribute, Question, Role, encode
from analyzer.encoding.domains import Domain
from analyzer.judging.generalise import generalise
from analyzer.judging.inquiry import Inquiry
from analyzer.language import parse_pack
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.profile import PROFILES
from analyzer.sets.intervals import Intervals, contains
from analyzer.solving import Budget

TEAMS = tuple(f"t{number}" for number in range(120))
CLUSTER = Cluster((Namespace("shop", Labels({NAMESPACE_NAME_LABEL: "shop", "team": "t0"}), True),))


def widened(selector: str) -> tuple[Intervals, Domain, int]:
    """What the region of a witness in a namespace to come says of that namespace's team; the questions that took."""
    claim = f"no pods in namespaces({selector}) can reach pods"
    (query,) = parse_pack(f"assert it:\n  {claim}\n", "it.npq").queries
    inquiry = Inquiry(encode(CLUSTER, Question(query.claim, (), Universe.ANY, PROFILES["generic"])), Budget())
    variables, scope = inquiry.obligation.variables, inquiry.obligation.scope
    namespace = variables[Role.SRC, Attribute.NAMESPACE]
    (team,) = variables.of(Role.SRC, Attribute.NEW_NAMESPACE_LABEL)
    new = inquiry.is_value(namespace.symbol, scope.table.none - 1)
    found = inquiry.check(VIOLATION, new)
    before = inquiry.session.checks
    box = generalise(inquiry, found.values)
    assert team.domain is not None
    return box.get(team, team.every), team.domain, inquiry.session.checks - before


@pytest.mark.parametrize("wanted", [("t3", "t7"), ("t119",), TEAMS[50:70]])
def test_a_few_values_of_many_are_all_found(wanted: tuple[str, ...]):
    told, domain, asked = widened(f"team in ({', '.join(TEAMS)}), team in ({', '.join(wanted)})")
    assert {value for value, code in domain.codes.items() if contains(told, code)} == set(wanted)
    assert asked < 80


def test_what_says_nothing_of_an_example_is_not_asked_for_one_by_one():
    """The label of a namespace to come, where pods of one that is there violate too: any value goes with those."""
    told, domain, asked = widened(f"team in ({', '.join(TEAMS)}), team in (t0, t7)")
    assert contains(told, domain.code("t0"))
    assert asked < 160


def test_many_values_of_many_are_not_asked_for_one_by_one():
    told, domain, asked = widened(f"team in ({', '.join(TEAMS)})")
    assert all(contains(told, code) for code in domain.codes.values())
    assert not contains(told, domain.code(None))
    assert asked < 80
