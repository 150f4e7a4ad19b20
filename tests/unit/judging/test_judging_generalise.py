"""Widening a witness to a region: how it is asked."""

from analyzer.encoding import Question, encode
from analyzer.encoding.domains import ABSENT, Attr
from analyzer.judging import generalise
from analyzer.judging.inquiry import Inquiry
from analyzer.language import parse_pack
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.profile import PROFILES
from analyzer.solving import Budget

TEAMS = ", ".join(f"t{number}" for number in range(120))
CLUSTER = Cluster((Namespace("shop", Labels({NAMESPACE_NAME_LABEL: "shop", "team": "t0"}), True),))


def inquiry(sources: str) -> Inquiry:
    (query,) = parse_pack(f"assert it:\n  no pods in namespaces({sources}) can reach pods\n", "it.npq").queries
    return Inquiry(encode(CLUSTER, Question(query.claim, (), Universe.ANY, PROFILES["generic"])), Budget())


def violating(asked: Inquiry, symbol: str, **box: tuple[tuple[int, int], ...]) -> list[tuple[int, int]] | None:
    atoms = list(generalise.atoms_of(asked.obligation, symbol))[1:]
    assert len(atoms) > 96
    found = generalise._violating(asked, {f"s.{key}": value for key, value in box.items()}, symbol, atoms)
    assert asked.session.checks < 40
    return found


def test_a_few_values_of_many_are_all_found():
    asked = inquiry(f"team in ({TEAMS}), team in (t3, t7)")
    codes = asked.obligation.scope.domains[Attr("ns", "team")].codes
    found = violating(asked, "s.fl.0", ns=((1, 2),))
    assert found is not None
    assert sorted(found) == sorted((codes[value], codes[value]) for value in ("t3", "t7"))


def test_many_values_of_many_are_not_looked_for_one_by_one():
    assert violating(inquiry(f"team in ({TEAMS})"), "s.fl.0", ns=((1, 2),)) is None


def test_what_says_nothing_of_the_connection_is_not_looked_for():
    """The label of a namespace to come, of pods of one that is there: any value goes with any example."""
    asked = inquiry(f"team in ({TEAMS})")
    asked = asked.given(asked.is_value("s.fl.0", ABSENT))  # as a solver is free to take it
    assert violating(asked, "s.fl.0", ns=((0, 0),)) is None
