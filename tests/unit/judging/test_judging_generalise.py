"""Widening a witness to a region: what it finds, and how often it asks."""

import pytest

from analyzer.encoding import VIOLATION, Attribute, Question, encode, encode_pair
from analyzer.encoding.domains import Domain
from analyzer.errors import InternalError
from analyzer.judging.compare import ANYTHING_NEW
from analyzer.judging.generalise import generalise
from analyzer.judging.query_session import NOT_VIOLATION, QuerySession
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.formulas import Role
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
    session = QuerySession(encode(CLUSTER, Question(query.claim, (), Universe.ANY, PROFILES["generic"])), Budget())
    variables, scope = session.obligation.variables, session.obligation.scope
    namespace = variables[Role.SRC, Attribute.NAMESPACE]
    (team,) = variables.of(Role.SRC, Attribute.NEW_NAMESPACE_LABEL)
    new = session.is_value(namespace.symbol, scope.table.none - 1)
    found = session.check(VIOLATION, new)
    before = session.solver.checks
    box = generalise(session, found.values)
    assert team.domain is not None
    return box.get(team, team.every), team.domain, session.solver.checks - before


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


MOVING = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: mover, namespace: shop}
spec:
  hostNetwork: %s
  containers: [{name: c, image: c, ports: [{name: web, containerPort: 82}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}, policyTypes: [%s], egress: [{ports: [{port: web}]}]}
"""


def moving() -> tuple[QuerySession, dict[str, int]]:
    """A revision opens a namespace; one of its pods was on its node's network, hence open before.  With it, a pod that
    is not there, which names the very port `web`: what the pod that is there does at 82 alone."""
    before, after = (
        load(["-"], stdin=lambda told=told: (MOVING % told).encode()).cluster
        for told in (("true", "Ingress, Egress"), ("false", "Egress"))
    )
    obligation = encode_pair(before, after, Question(ANYTHING_NEW, (), Universe.ANY, PROFILES["generic"]))
    assert obligation is not None
    session = QuerySession(obligation, Budget())
    find = obligation.variables.find
    (named,) = (v for v in obligation.variables.of(Role.DST, Attribute.PORT_NAME) if v.which.protocol.value == "TCP")
    member, protocol = find(Role.DST, Attribute.MEMBER), find(Role.CONNECTION, Attribute.PROTOCOL)
    wanted = {named: 1, member: 0, protocol: 0, find(Role.CONNECTION, Attribute.PORT): 443}
    found = session.check(VIOLATION, *(session.is_value(v.symbol, value) for v, value in wanted.items()))
    return session, found.values


def test_no_region_reaches_a_pod_that_names_a_port_and_is_judged_otherwise():
    session, values = moving()
    box = generalise(session, values)
    assert session.is_impossible(NOT_VIOLATION, session.inside(box))
    port, member = (session.obligation.variables.find(*it) for it in ((Role.CONNECTION, Attribute.PORT), MEMBER))
    assert member in box or not contains(box[port], 82)


def test_a_region_that_is_not_proved_is_no_answer():
    """Should two values be taken for alike that are not: here a port at which the meaning does change."""
    session, values = moving()
    port = session.obligation.variables[Role.CONNECTION, Attribute.PORT]
    object.__setattr__(port, "boundaries", ())
    with pytest.raises(InternalError, match="does not violate"):
        generalise(session, values)


MEMBER = (Role.DST, Attribute.MEMBER)
