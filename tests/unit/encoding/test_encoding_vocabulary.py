"""What policies and a question mention: a name or value that is overlooked is one that no end could have."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from evaluators import EVERYTHING, question
from in_short import namespace

from analyzer.encoding.domains import Attr
from analyzer.encoding.scope import scope_of
from analyzer.encoding.vocabulary import mentioned_names
from analyzer.model.claims import Assumption, Excuse, Universe, is_equal, is_one_of, is_there
from analyzer.model.cluster import Cluster, Node, Service, ServicePort, Workload
from analyzer.model.ends import ANYTHING, pods_in, pods_of_workload, without
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, both, either
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import (
    Action,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.sets import AddressSet

GENERIC = PROFILES["generic"]
ANYTHING = ANYTHING


def has(key: str, *values: str) -> Selector:
    return Selector((Requirement(key, Operator.IN if values else Operator.EXISTS, frozenset(values)),))


def term(attribute: Name, key: str = "", role: Role = Role.SRC) -> Attribute:
    return Attribute(role, attribute, key)


NAME, ACCOUNT, IN = term(Name.NAMESPACE), term(Name.SERVICE_ACCOUNT), term(Name.LABEL, "in")
APP, TEAM = term(Name.LABEL, "app"), term(Name.NAMESPACE_LABEL, "team")


def policy(
    subject: Selector,
    *,
    into: tuple[Peer, ...] = (),
    out: tuple[Peer, ...] = (),
    ports: tuple[Ports, ...] | None = None,
) -> Policy:
    ingress, egress = ((Rule(Action.ACCEPT, peers or None, ports, 0, NOWHERE),) for peers in (into, out))
    chosen = PodPeer(NamespaceNamed("a"), subject)
    return Policy("NetworkPolicy", "a", "p", Tier.NETWORK_POLICY, chosen, ingress, egress, NOWHERE)


def peer(pods: Selector, namespaces: Selector = Selector.EVERYTHING) -> PodPeer:
    return PodPeer(NamespacesMatching(namespaces), pods)


# Each value of `in` says where it stands.
CLUSTER = Cluster(
    (namespace("a", team="a-team", **{"in": "on-a"}), namespace("said", is_declared=False)),
    (Workload("Deployment", "a", "w", Labels({"in": "on-w", "app": "w"}), service_account="worker"),),
    (Node("n", Labels({"in": "on-n"}), (ip_address("192.168.0.1"),), AddressSet.EMPTY),),
    (Service("a", "s", has("in", "by-service"), (ServicePort(80, "web", Protocol.TCP),), True, False),),
    (
        policy(
            has("in", "as-subject"),
            into=(peer(has("in", "as-source")), NodePeer(has("in", "as-node"))),
            out=(peer(has("app", "of-app"), has("in", "of-namespace")),),
        ),
        policy(
            Selector.EVERYTHING, into=(peer(Selector.EVERYTHING, has(NAMESPACE_NAME_LABEL, "by-policy", "Not_A_Name")),)
        ),
    ),
)


def mentioned(
    where: Formula | None = None, members: Formula = ANYTHING, assumptions: tuple[Assumption, ...] = ()
) -> set[str]:
    claim = replace(EVERYTHING, sources=members, where=where)
    return set(mentioned_names(CLUSTER, replace(question(claim, GENERIC), assumptions=assumptions)))


def test_names_of_namespaces_are_found_wherever_they_are_mentioned() -> None:
    assert mentioned() == {"by-policy"}
    members = (
        pods_in(NamespaceNamed("as-set")),
        pods_of_workload("of-workload", "w"),
        pods_in(NamespacesMatching(has(NAMESPACE_NAME_LABEL, "by-label"))),
        pods_in(NamespacesMatching(has("team", "no-name"))),
    )
    assert mentioned(members=either(members)) == {"by-policy", "as-set", "of-workload", "by-label"}
    nested = both((without(pods_in(NamespaceNamed("base")), pods_in(NamespaceNamed("taken"))), either(members[:1])))
    assert mentioned(members=nested) == {"by-policy", "base", "taken", "as-set"}
    excuse = Excuse(pods_in(NamespaceNamed("excused-from")), pods_in(NamespaceNamed("excused-to")))
    excused = replace(EVERYTHING, destinations=pods_in(NamespaceNamed("towards")), excuses=(excuse,))
    assert mentioned_names(CLUSTER, question(excused, GENERIC)) == {
        "by-policy",
        "towards",
        "excused-from",
        "excused-to",
    }
    label = term(Name.NAMESPACE_LABEL, NAMESPACE_NAME_LABEL)
    where = both(
        (
            is_equal(NAME, "x"),
            Not(is_one_of(label, frozenset(("y", "z")))),
            is_there(NAME),
            either((is_equal(APP, "no"),)),
        )
    )
    assert mentioned(where) == {"by-policy", "x", "y", "z"}
    own = term(Name.NAMESPACE, role=Role.SELF)
    given = Assumption("given", "", pods_in(NamespaceNamed("of-members")), is_equal(own, "of-condition"))
    assert mentioned(assumptions=(given,)) == {"by-policy", "of-members", "of-condition"}


def test_values_that_are_compared_with_names_may_be_names() -> None:
    by_object = {"on-a", "on-w", "on-n"}
    by_selector = {"by-service", "as-subject", "as-source", "as-node", "of-namespace"}
    compared = {"by-policy", *by_object, *by_selector}
    assert mentioned(is_equal(NAME, IN)) == compared
    assert mentioned(is_equal(IN, NAME)) == compared
    assert mentioned(both((is_equal(NAME, IN), is_equal(IN, "stated"), is_equal(APP, "of-app")))) == {
        *compared,
        "stated",
    }
    asked = pods_in(NamespacesMatching(has("in", "of-set")), has("in", "of-pods"))
    assert mentioned(is_equal(NAME, IN), asked) == {*compared, "of-set", "of-pods"}
    assert mentioned(is_equal(NAME, ACCOUNT)) == {"by-policy", "default", "worker"}
    assert mentioned(both((is_equal(NAME, ACCOUNT), is_equal(ACCOUNT, IN)))) == {*compared, "default", "worker"}
    assert mentioned(both((is_equal(NAME, ACCOUNT), is_equal(APP, IN)))) == {"by-policy", "default", "worker"}


def domains(where: Formula | None, universe: Universe = Universe.ANY, members=None) -> dict[Attr, tuple[set[str], int]]:
    cluster = replace(CLUSTER, services=(), policies=CLUSTER.policies if members is None else ())
    claim = replace(EVERYTHING, where=where, sources=members or ANYTHING)
    found = scope_of(cluster, question(claim, GENERIC, universe)).domains
    return {attr: (set(domain.values), domain.fresh) for attr, domain in found.items()}


POD_IN, POD_APP, NS_IN, NS_TEAM = Attr("pod", "in"), Attr("pod", "app"), Attr("ns", "in"), Attr("ns", "team")
SA, CALLED = Attr("sa"), Attr("name")


def test_domains_hold_what_selectors_mention() -> None:
    pods = {POD_IN: ({"as-subject", "as-source", "as-node"}, 1), POD_APP: ({"of-app"}, 1)}
    assert domains(None) == {**pods, NS_IN: ({"of-namespace"}, 1)}
    closed = replace(CLUSTER, namespaces=CLUSTER.namespaces[:1])
    assert set(scope_of(closed, question(EVERYTHING, GENERIC, Universe.INVENTORY)).domains) == set(pods)
    behind = replace(CLUSTER, policies=())
    assert scope_of(behind, question(EVERYTHING, GENERIC)).domains[POD_IN].values == ("by-service",)
    both = Selector((*has(NAMESPACE_NAME_LABEL, "b").requirements, *has("team", "x").requirements))
    sets = pods_in(
        NamespacesMatching(both), Selector((*has(NAMESPACE_NAME_LABEL, "p").requirements, *has("app").requirements))
    )
    assert domains(None, members=sets) == {
        NS_TEAM: ({"x"}, 1),
        Attr("pod", NAMESPACE_NAME_LABEL): ({"p"}, 1),
        POD_APP: (set(), 1),
    }


def test_domains_hold_what_conditions_mention() -> None:
    nobody = pods_in(NamespaceNamed("a"))
    other = replace(NAME, role=Role.DST)
    for where, expected in (
        (is_equal(APP, "x"), {POD_APP: ({"x"}, 1)}),
        (is_one_of(TEAM, frozenset(("x", "y"))), {NS_TEAM: ({"x", "y"}, 1)}),
        (is_there(IN), {POD_IN: (set(), 1)}),
        (is_equal(ACCOUNT, "x"), {SA: ({"x", "default"}, 1)}),
        (both((is_there(NAME), is_equal(NAME, "a"), is_equal(NAME, other))), {}),
        (is_equal(TEAM, replace(TEAM, role=Role.DST)), {NS_TEAM: ({"a-team"}, 2)}),
    ):
        assert domains(where, members=nobody) == expected, where


def test_attributes_that_are_compared_share_their_values_and_those_of_objects() -> None:
    nobody = pods_in(NamespaceNamed("a"))
    names = {"a", "said", "on-w", "on-n", "on-a"}
    for where, attrs, values in (
        (is_equal(NAME, IN), (CALLED, POD_IN), names),
        (is_equal(IN, APP), (POD_IN, POD_APP), {"on-w", "on-n", "w"}),
        (is_equal(ACCOUNT, APP), (SA, POD_APP), {"default", "worker", "w"}),
        (is_equal(TEAM, APP), (NS_TEAM, POD_APP), {"a-team", "w"}),
    ):
        assert domains(where, members=nobody) == dict.fromkeys(attrs, (values, 4)), where


def test_port_names_are_those_that_something_asks_for() -> None:
    tcp, udp, sctp = Protocol.TCP, Protocol.UDP, Protocol.SCTP
    sidecars, containers = NamedPortScope.SIDECARS, NamedPortScope.CONTAINERS
    asking = policy(Selector.EVERYTHING, ports=(NamedPort("web", tcp), NamedPort("any", None), NumberedPorts(tcp, 80)))
    cluster = replace(CLUSTER, policies=(asking,))
    claim = replace(
        EVERYTHING,
        ports=(NamedPort("asked", udp),),
        excuses=(Excuse(ANYTHING, ANYTHING, (NamedPort("excused", tcp),)), Excuse(ANYTHING, ANYTHING)),
    )
    found = scope_of(cluster, question(claim, replace(GENERIC, named_port_scope=containers))).port_names
    assert found == (
        *(("any", protocol, containers) for protocol in (sctp, tcp, udp)),
        ("asked", udp, containers),
        ("excused", tcp, containers),
        ("web", tcp, containers),
        ("web", tcp, sidecars),  # by the Service
    )
