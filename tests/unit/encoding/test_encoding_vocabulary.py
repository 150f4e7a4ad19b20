"""What policies and a question mention: a name or value that is overlooked is one that no end could have."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from evaluators import EVERYTHING, question
from in_short import namespace

from analyzer.encoding.domains import Attr
from analyzer.encoding.scope import scope_of
from analyzer.encoding.vocabulary import mentioned_names
from analyzer.model.claims import (
    AllOf,
    AnyOf,
    Anything,
    Assumption,
    Attribute,
    Both,
    Condition,
    Either,
    Equal,
    Excuse,
    Has,
    Minus,
    NotThat,
    OneOf,
    PodsIn,
    Role,
    SetExpr,
    Term,
    Universe,
    WorkloadNamed,
)
from analyzer.model.cluster import Cluster, Node, Service, ServicePort, Workload
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
ANYTHING = Anything()


def has(key: str, *values: str) -> Selector:
    return Selector((Requirement(key, Operator.IN if values else Operator.EXISTS, frozenset(values)),))


def term(attribute: Attribute, key: str = "", role: Role = Role.SRC) -> Term:
    return Term(role, attribute, key)


NAME, ACCOUNT, IN = term(Attribute.NAMESPACE), term(Attribute.SERVICE_ACCOUNT), term(Attribute.LABEL, "in")
APP, TEAM = term(Attribute.LABEL, "app"), term(Attribute.NAMESPACE_LABEL, "team")


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
    where: Condition | None = None, members: SetExpr = ANYTHING, assumptions: tuple[Assumption, ...] = ()
) -> set[str]:
    claim = replace(EVERYTHING, sources=members, where=where)
    return set(mentioned_names(CLUSTER, replace(question(claim, GENERIC), assumptions=assumptions)))


def test_names_of_namespaces_are_found_wherever_they_are_mentioned() -> None:
    assert mentioned() == {"by-policy"}
    members = (
        PodsIn(NamespaceNamed("as-set")),
        WorkloadNamed("of-workload", "w"),
        PodsIn(NamespacesMatching(has(NAMESPACE_NAME_LABEL, "by-label"))),
        PodsIn(NamespacesMatching(has("team", "no-name"))),
    )
    assert mentioned(members=Either(members)) == {"by-policy", "as-set", "of-workload", "by-label"}
    nested = Both((Minus(PodsIn(NamespaceNamed("base")), PodsIn(NamespaceNamed("taken"))), Either(members[:1])))
    assert mentioned(members=nested) == {"by-policy", "base", "taken", "as-set"}
    excuse = Excuse(PodsIn(NamespaceNamed("excused-from")), PodsIn(NamespaceNamed("excused-to")))
    excused = replace(EVERYTHING, destinations=PodsIn(NamespaceNamed("towards")), excuses=(excuse,))
    assert mentioned_names(CLUSTER, question(excused, GENERIC)) == {
        "by-policy",
        "towards",
        "excused-from",
        "excused-to",
    }
    label = term(Attribute.NAMESPACE_LABEL, NAMESPACE_NAME_LABEL)
    where = AllOf(
        (Equal(NAME, "x"), NotThat(OneOf(label, frozenset(("y", "z")))), Has(NAME), AnyOf((Equal(APP, "no"),)))
    )
    assert mentioned(where) == {"by-policy", "x", "y", "z"}
    own = term(Attribute.NAMESPACE, role=Role.SELF)
    given = Assumption("given", "", PodsIn(NamespaceNamed("of-members")), Equal(own, "of-condition"))
    assert mentioned(assumptions=(given,)) == {"by-policy", "of-members", "of-condition"}


def test_values_that_are_compared_with_names_may_be_names() -> None:
    by_object = {"on-a", "on-w", "on-n"}
    by_selector = {"by-service", "as-subject", "as-source", "as-node", "of-namespace"}
    compared = {"by-policy", *by_object, *by_selector}
    assert mentioned(Equal(NAME, IN)) == compared
    assert mentioned(Equal(IN, NAME)) == compared
    assert mentioned(AllOf((Equal(NAME, IN), Equal(IN, "stated"), Equal(APP, "of-app")))) == {*compared, "stated"}
    asked = PodsIn(NamespacesMatching(has("in", "of-set")), has("in", "of-pods"))
    assert mentioned(Equal(NAME, IN), asked) == {*compared, "of-set", "of-pods"}
    assert mentioned(Equal(NAME, ACCOUNT)) == {"by-policy", "default", "worker"}
    assert mentioned(AllOf((Equal(NAME, ACCOUNT), Equal(ACCOUNT, IN)))) == {*compared, "default", "worker"}
    assert mentioned(AllOf((Equal(NAME, ACCOUNT), Equal(APP, IN)))) == {"by-policy", "default", "worker"}


def domains(
    where: Condition | None, universe: Universe = Universe.ANY, members=None
) -> dict[Attr, tuple[set[str], int]]:
    cluster = replace(CLUSTER, services=(), policies=CLUSTER.policies if members is None else ())
    claim = replace(EVERYTHING, where=where, sources=members or Anything())
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
    sets = PodsIn(
        NamespacesMatching(both), Selector((*has(NAMESPACE_NAME_LABEL, "p").requirements, *has("app").requirements))
    )
    assert domains(None, members=sets) == {
        NS_TEAM: ({"x"}, 1),
        Attr("pod", NAMESPACE_NAME_LABEL): ({"p"}, 1),
        POD_APP: (set(), 1),
    }


def test_domains_hold_what_conditions_mention() -> None:
    nobody = PodsIn(NamespaceNamed("a"))
    other = replace(NAME, role=Role.DST)
    for where, expected in (
        (Equal(APP, "x"), {POD_APP: ({"x"}, 1)}),
        (OneOf(TEAM, frozenset(("x", "y"))), {NS_TEAM: ({"x", "y"}, 1)}),
        (Has(IN), {POD_IN: (set(), 1)}),
        (Equal(ACCOUNT, "x"), {SA: ({"x", "default"}, 1)}),
        (AllOf((Has(NAME), Equal(NAME, "a"), Equal(NAME, other))), {}),
        (Equal(TEAM, replace(TEAM, role=Role.DST)), {NS_TEAM: ({"a-team"}, 2)}),
    ):
        assert domains(where, members=nobody) == expected, where


def test_attributes_that_are_compared_share_their_values_and_those_of_objects() -> None:
    nobody = PodsIn(NamespaceNamed("a"))
    names = {"a", "said", "on-w", "on-n", "on-a"}
    for where, attrs, values in (
        (Equal(NAME, IN), (CALLED, POD_IN), names),
        (Equal(IN, APP), (POD_IN, POD_APP), {"on-w", "on-n", "w"}),
        (Equal(ACCOUNT, APP), (SA, POD_APP), {"default", "worker", "w"}),
        (Equal(TEAM, APP), (NS_TEAM, POD_APP), {"a-team", "w"}),
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
        excuses=(Excuse(Anything(), Anything(), (NamedPort("excused", tcp),)), Excuse(Anything(), Anything())),
    )
    found = scope_of(cluster, question(claim, replace(GENERIC, named_port_scope=containers))).port_names
    assert found == (
        *(("any", protocol, containers) for protocol in (sctp, tcp, udp)),
        ("asked", udp, containers),
        ("excused", tcp, containers),
        ("web", tcp, containers),
        ("web", tcp, sidecars),  # by the Service
    )
