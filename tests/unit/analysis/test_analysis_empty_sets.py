"""What is told of a set that no end is in, by its own words."""

import pytest

from analyzer.analysis.notices.empty_sets import empty_sets
from analyzer.language import parse_query


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ("pods(app=api) and pods(app=web)", "no pod has two values of `app`, api and web"),
        ("pods(app=api,app=web)", "no pod has two values of `app`, api and web"),
        ("pods(app in (a,b)) and pods(app in (c,d))", "no pod has two values of `app`, a and b and c and d"),
        ("pods(app=x) in namespace a and namespace b", "no pod is in two namespaces, a and b"),
        ("pods in namespaces(t=a) and pods in namespaces(t=b)", "no namespace has two values of `t`, a and b"),
        ("nodes or (pods(app=api) and pods(app=web))", "no pod has two values of `app`, api and web"),
    ],
)
def test_a_set_that_nothing_is_in_is_told(sets, told):
    for claim in (f"only {sets} can reach nodes", f"no nodes can reach ({sets}) on tcp/80"):
        (notice,) = empty_sets(parse_query(claim))
        assert told in notice.message
        assert "`or`" in notice.message
        assert notice.is_kept


@pytest.mark.parametrize(
    "sets",
    [
        "pods(app=api) or pods(app=web)",
        "pods(app=api) and pods(tier=web)",
        "pods(app in (a,b)) and pods(app in (b,c))",
        "pods(app=api) and pods(app!=web)",
        "pods(app) and pods(app=web)",
        "pods(app=web) and namespace a",
        "pods in namespaces(app=a) and pods(app=b)",
        "pods(app=a) except pods(app=b)",
    ],
)
def test_other_sets_are_not(sets):
    assert not list(empty_sets(parse_query(f"only ({sets}) can reach nodes")))
