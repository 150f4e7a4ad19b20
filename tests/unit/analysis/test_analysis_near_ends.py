"""A claim that says nothing of the near end of a connection forbids it with no far end."""

from ipaddress import ip_address
from itertools import product

import pytest

from analyzer.analysis.findings.permitting import _may_forbid, with_far
from analyzer.language import parse_query
from analyzer.model.endpoints import Connection, External, Pod
from analyzer.model.labels import Labels
from analyzer.model.policies import Direction, Protocol
from analyzer.model.profile import PROFILES
from analyzer.semantics import is_in_scope

CLAIMS = (
    "no namespace a can reach namespace b",
    "no pods(app=web) can reach pods(app=web) on tcp/80",
    "no internet can reach namespaces(team=x)",
    "no namespace a can reach anything where src.namespace != dst.namespace",
    "only namespace a can reach namespace b",
    "namespace a can reach only namespace b",
)
ENDS = (
    External(ip_address("8.8.8.8")),
    *(
        Pod(namespace=name, namespace_labels=Labels(team), labels=Labels(app), ip=ip_address("10.0.0.1"))
        for name, team, app in product("ab", ({}, {"team": "x"}), ({}, {"app": "web"}))
    ),
)


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("direction", Direction)
def test_what_says_nothing_of_the_near_end_forbids_nothing(claim, direction):
    asked, told = parse_query(claim, "q").claim, set()
    for src, dst, port in product(ENDS, ENDS, (80, 22)):
        connection = Connection(src, dst, Protocol.TCP, port)
        is_told = _may_forbid((asked, connection), direction)
        told.add(is_told)
        far = (with_far(connection, end, direction) for end in ENDS)
        assert is_told or not any(is_in_scope(asked, it, PROFILES["generic"]) for it in far)
    if claim == CLAIMS[0]:
        assert told == {True, False}
