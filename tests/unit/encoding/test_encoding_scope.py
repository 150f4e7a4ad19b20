"""The slice of a question: what its ends can be, and the policies and objects that can matter to them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from evaluators import EVERYTHING, question

from analyzer.encoding import pod_addresses
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.encoding.scope import Scope, scope_of
from analyzer.model.claims import Assumption, Claim, Kind, Universe, is_there
from analyzer.model.cluster import (
    Cluster,
    EndpointPort,
    Endpoints,
    Namespace,
    Node,
    Service,
    ServicePort,
    Unmodelled,
    Workload,
)
from analyzer.model.ends import ANYTHING, NODES, external, pods_in, pods_of_workload, without
from analyzer.model.formulas import Attribute, Formula, Name, Role, both, either
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.pipeline import Stage
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    Peer,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import NOWHERE
from analyzer.sets import DEFAULT_POD_ADDRESSES, AddressSet

GENERIC = PROFILES["generic"]
EVERY_KIND = {POD, EXTERNAL, HOST}
TEAM = NamespacesMatching(Selector((Requirement("team", Operator.EXISTS),)))
LABELS = {"a": {"team": "x"}, "b": {}, "c": {}, "said": {}}
NAMESPACES = tuple(Namespace(n, Labels({**ls, NAMESPACE_NAME_LABEL: n}), n != "said") for n, ls in LABELS.items())
BLOCK = AddressSet.of("203.0.113.0/24")


def rule(*peers: Peer) -> Rule:
    return Rule(Action.ACCEPT, peers or None, None, 0, NOWHERE)


def network_policy(where: str, *directions: Direction) -> Policy:
    sides = {d.value: () if d in directions else None for d in Direction}
    subject = PodPeer(NamespaceNamed(where))
    return Policy("NetworkPolicy", where, where, Tier.NETWORK_POLICY, subject, **sides, source=NOWHERE)


def admin(name: str, subject: NamespacesMatching, *directions: Direction) -> Policy:
    sides = {d.value: (rule(),) if d in directions else () for d in Direction}
    return Policy("AdminNetworkPolicy", None, name, Tier.ADMIN, PodPeer(subject), **sides, source=NOWHERE)


POLICIES = (
    *(network_policy(name, *Direction) for name in LABELS),
    admin("teams", TEAM, *Direction),
    admin("all out", NamespacesMatching(Selector.EVERYTHING), Direction.EGRESS),
)
CLUSTER = Cluster(NAMESPACES, policies=POLICIES)


def names_in(stage: Stage) -> list[str]:
    return [entry.policy.name for tier in stage.tiers for entry in tier.entries if entry.policy is not None]


def in_namespace(name: str) -> Formula:
    return pods_in(NamespaceNamed(name))


def claimed(kind: Kind, sources: Formula, destinations: Formula | None) -> Claim:
    directions = tuple(Direction) if kind is Kind.ISOLATED else ()
    return Claim(kind, sources, destinations, EVERYTHING.ports, directions=directions)


ALL, NONE = "a b c said", ""
IN_A, IN_B = in_namespace("a"), in_namespace("b")
OUT_OF_A, INTO_B = "teams, all out, a", "b"
EVERYWHERE_OUT, EVERYWHERE_IN = "all out, teams, a, b, c, said", "teams, a, b, c, said"


@pytest.mark.parametrize(
    ("claim", "src", "dst", "egress", "ingress"),
    [
        (claimed(Kind.NO, IN_A, IN_B), "a", "b", OUT_OF_A, INTO_B),
        (claimed(Kind.EVERY, IN_B, IN_A), "b", "a", "all out, b", "teams, a"),
        (claimed(Kind.ONLY, IN_A, IN_B), ALL, "b", EVERYWHERE_OUT, INTO_B),
        (claimed(Kind.REACHES_ONLY, IN_A, IN_B), "a", ALL, OUT_OF_A, EVERYWHERE_IN),
        (claimed(Kind.ISOLATED, IN_A, None), "a", NONE, OUT_OF_A, "teams, a"),
        (claimed(Kind.NO, NODES, IN_B), NONE, "b", NONE, INTO_B),
        (claimed(Kind.NO, IN_A, external(BLOCK, "")), "a", NONE, OUT_OF_A, NONE),
        (claimed(Kind.NO, pods_of_workload("a", "w"), ANYTHING), "a", ALL, OUT_OF_A, EVERYWHERE_IN),
        (claimed(Kind.NO, both((IN_A, ANYTHING)), IN_B), "a", "b", OUT_OF_A, INTO_B),
        (claimed(Kind.NO, both((either((IN_A, IN_B)), without(IN_A, IN_B))), IN_B), "a", "b", OUT_OF_A, INTO_B),
        (claimed(Kind.NO, both((either((IN_A, NODES)), either((IN_B, NODES)))), IN_B), NONE, "b", "", INTO_B),
        (claimed(Kind.NO, both((either((IN_A, NODES)), NODES)), IN_B), NONE, "b", NONE, INTO_B),
    ],
)
def test_slices(claim: Claim, src: str, dst: str, egress: str, ingress: str) -> None:
    scope = scope_of(CLUSTER, question(claim, GENERIC, Universe.NAMESPACES))
    names = [entry.name or "" for entry in scope.table.entries]
    assert [" ".join(names[c] for c in sorted(end.namespaces)) for end in (scope.src, scope.dst)] == [src, dst]
    found = [", ".join(names_in(stage)) for stage in (scope.egress, scope.ingress)]
    assert [sorted(text.split(", ")) for text in found] == [sorted(text.split(", ")) for text in (egress, ingress)]


def test_without_a_slice_everything_counts() -> None:
    for claim in (claimed(Kind.NO, IN_A, IN_B), claimed(Kind.ISOLATED, NODES, None)):
        scope = scope_of(CLUSTER, question(claim, GENERIC, is_sliced=False))
        is_of_one = claim.kind is Kind.ISOLATED
        assert scope.src.namespaces == scope.table.every
        assert scope.src.kinds == ({POD} if is_of_one else EVERY_KIND)
        assert scope.dst.kinds == (set() if is_of_one else EVERY_KIND)
        assert set(names_in(scope.egress)) == {"all out", "teams", *LABELS}
        assert set(names_in(scope.ingress)) == {"teams", *LABELS}


@pytest.mark.parametrize(
    ("members", "kinds"),
    [
        (ANYTHING, EVERY_KIND),
        (IN_A, {POD}),
        (pods_of_workload("nowhere", "w"), set()),
        (NODES, {HOST}),
        (external(BLOCK, ""), {EXTERNAL}),
        (either((IN_A, NODES)), {POD, HOST}),
        (both((ANYTHING, NODES)), {HOST}),
        (without(either((NODES, external(BLOCK, ""))), NODES), {EXTERNAL}),
    ],
)
def test_what_an_end_can_be(members: Formula, kinds: set[str]) -> None:
    scope = scope_of(CLUSTER, question(claimed(Kind.NO, members, members), GENERIC, Universe.NAMESPACES))
    assert scope.src == scope.dst
    assert scope.src.kinds == kinds
    assert bool(scope.src.namespaces) is (POD in kinds)
    is_named = members == pods_of_workload("nowhere", "w")  # in a namespace that may be created
    isolated = scope_of(CLUSTER, question(claimed(Kind.ISOLATED, members, None), GENERIC))
    assert isolated.src.kinds == ({POD} if is_named else kinds & {POD})


def test_assumptions_are_of_pods() -> None:
    given = Assumption("given", "", IN_A, is_there(Attribute(Role.SELF, Name.LABEL, "k")))
    for sources, is_asked in ((NODES, False), (IN_A, True)):
        asked = replace(question(claimed(Kind.NO, sources, external(BLOCK, "")), GENERIC), assumptions=(given,))
        assert scope_of(CLUSTER, asked).assumptions == ((given,) if is_asked else ())


def fronts(scope: Scope) -> list[str]:
    """The Services that may hide a source."""
    return [disguise.id for disguise in scope.ingress.disguises if disguise.source is not None]


def test_objects_that_may_bear_on_an_end_count() -> None:
    def odd(where: str | None, *, allows: bool = False, denies: bool = False) -> Unmodelled:
        return Unmodelled("Odd", "v1", where, f"{where} {allows} {denies}", allows, denies, False, NOWHERE)

    def service(where: str, selector: Selector | None = Selector.EVERYTHING, **how: bool) -> Service:
        return Service(where, "s", selector, (ServicePort(80, 80, Protocol.TCP),), **how)

    hiding = {"reached_from_outside": True, "preserves_client": False}
    bearing = (odd("a", allows=True), odd("b", denies=True), odd(None, allows=True, denies=True))
    cluster = replace(
        CLUSTER,
        unmodelled=(*bearing, odd("a"), odd("c", allows=True), odd(None)),
        services=(
            service("b", **hiding),
            service("b", None, **hiding),
            service("b", reached_from_outside=False, preserves_client=False),
            service("b", reached_from_outside=True, preserves_client=True),
            service("a", **hiding),
        ),
    )
    scope = scope_of(cluster, question(claimed(Kind.NO, IN_A, IN_B), GENERIC))
    assert [[doubt.thing for doubt in stage.doubts] for stage in (scope.egress, scope.ingress)] == [
        [bearing[0], bearing[2]],
        [bearing[1], bearing[2]],
    ]
    for sources in (ANYTHING, external(BLOCK, ""), IN_A):
        assert fronts(scope_of(cluster, question(claimed(Kind.NO, sources, IN_B), GENERIC))) == ["b/s"]
    assert not fronts(scope_of(cluster, question(claimed(Kind.NO, IN_B, external(BLOCK, "")), GENERIC)))
    written = Endpoints("b", "s", (ip_address("10.0.0.1"),), (EndpointPort("", 80, Protocol.TCP),))
    led = replace(cluster, services=cluster.services[1:2], endpoints=(written,))
    for destinations in (IN_A, IN_B):
        scope = scope_of(led, question(claimed(Kind.NO, IN_A, destinations), GENERIC))
        assert fronts(scope) == ["b/s"]
        assert scope.needs_addresses


def test_addresses_count_where_something_speaks_of_them() -> None:
    def needs(claim: Claim, *peers: Peer, workloads: tuple[Workload, ...] = ()) -> bool:
        policies = (replace(network_policy("a"), ingress=(rule(*peers),)),)
        cluster = Cluster(NAMESPACES, workloads, policies=policies if peers else ())
        return scope_of(cluster, question(claim, GENERIC)).needs_addresses

    assert not needs(EVERYTHING)
    assert not needs(EVERYTHING, PodPeer(TEAM))
    assert needs(EVERYTHING, AddressPeer(BLOCK, ""))
    assert not needs(EVERYTHING, NodePeer(Selector.EVERYTHING))  # of whatever kind is on a node, wherever it is
    assert needs(claimed(Kind.NO, IN_A, external(BLOCK, "")))
    strangers = tuple(Workload("Pod", "a", ip, Labels(), ips=(ip_address(ip),)) for ip in ("10.0.0.1", "fd00::1"))
    assert needs(EVERYTHING, workloads=strangers)
    assert not needs(EVERYTHING, workloads=strangers[:1])


PRIVATE4 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]


def test_where_pods_addresses_lie() -> None:
    """As given, else in the nodes' podCIDRs if these hold those known, else in private ranges."""
    known = Workload("Pod", "a", "w", Labels(), ips=(ip_address("10.1.0.9"),))
    nodes = tuple(Node(cidr, Labels(), (), AddressSet.of(cidr)) for cidr in ("10.1.0.0/24", "10.2.0.0/24"))
    cluster = Cluster(NAMESPACES, (known,), nodes)
    single = AddressSet.singles(known.ips)
    assert pod_addresses(cluster, None) == AddressSet.of("10.1.0.0/24", "10.2.0.0/24")
    assert pod_addresses(cluster, BLOCK) == BLOCK | single
    assert pod_addresses(replace(cluster, nodes=()), None) == DEFAULT_POD_ADDRESSES | single
    asked = replace(question(EVERYTHING, GENERIC), pod_addresses=BLOCK)
    assert scope_of(cluster, asked).pod_addresses == BLOCK | single


@pytest.mark.parametrize(
    ("cidrs", "known", "expected"),
    [
        (["10.1.0.0/24"], ["10.1.0.9"], ["10.1.0.0/24"]),
        (["10.1.0.0/24"], ["10.2.0.9"], PRIVATE4),
        (["10.1.0.0/24"], ["10.1.0.9", "10.2.0.9"], PRIVATE4),
        (["10.1.0.0/24", "fd00:1::/64"], ["10.1.0.9", "fd00:1::9"], ["10.1.0.0/24", "fd00:1::/64"]),
        (["10.1.0.0/24", "fd00:1::/64"], ["10.1.0.9", "fd00:2::9"], ["10.1.0.0/24", "fc00::/7"]),
        (["10.1.0.0/24"], ["fd00:2::9"], ["10.1.0.0/24", "fc00::/7"]),
        (["192.0.2.0/24"], ["10.2.0.9"], ["192.0.2.0/24", *PRIVATE4]),
        ([], ["10.2.0.9"], [*PRIVATE4, "fc00::/7"]),
    ],
)
def test_pod_cidrs_are_no_bound_where_a_pod_lies_elsewhere(cidrs, known, expected) -> None:
    pods = Workload("Deployment", "a", "w", Labels(), ips=tuple(map(ip_address, known)))
    nodes = tuple(Node(cidr, Labels(), (), AddressSet.of(cidr)) for cidr in cidrs)
    assert pod_addresses(Cluster(NAMESPACES, (pods,), nodes), None) == AddressSet.of(*expected, *known)


@pytest.mark.parametrize("given", [None, AddressSet.of("192.168.0.0/16")])
def test_no_pod_that_is_to_come_has_the_address_of_a_node(given) -> None:
    nodes = (Node("n", Labels(), (ip_address("192.168.0.1"),), AddressSet.EMPTY),)
    agent = Workload("Pod", "a", "agent", Labels(), ips=(ip_address("192.168.0.2"),), host_network=True)
    found = pod_addresses(Cluster(NAMESPACES, (agent,), nodes), given)
    assert not found & AddressSet.of("192.168.0.0/30") - AddressSet.of("192.168.0.0/32", "192.168.0.3/32")
    assert AddressSet.of("192.168.0.4/30") <= found
    lent = Workload("Pod", "a", "lent", Labels(), ips=nodes[0].ips)
    assert ip_address("192.168.0.1") in pod_addresses(Cluster(NAMESPACES, (lent,), nodes), given), "it is known to"


@pytest.mark.parametrize("given", [None, AddressSet.of("10.96.0.0/16")])
def test_no_pod_and_nothing_outside_has_the_address_of_a_service(given) -> None:
    service = Service("a", "s", None, (), False, False, addresses=tuple(map(ip_address, ("10.96.0.1", "8.8.8.8"))))
    cluster = Cluster(NAMESPACES, services=(service,))
    asked = replace(question(EVERYTHING, GENERIC), pod_addresses=given)
    scope = scope_of(cluster, asked)
    assert ip_address("10.96.0.1") not in scope.pod_addresses
    assert ip_address("10.96.0.2") in scope.pod_addresses
    assert all(ip in scope.taken for ip in service.addresses)
    nodes = (Node("n", Labels(), service.addresses, AddressSet.EMPTY),)
    assert not replace(cluster, nodes=nodes).service_addresses, "a node has lent its address"


def test_labels_nobody_knows_stay_so_in_the_inventory_if_asked_for() -> None:
    asked = question(EVERYTHING, GENERIC, Universe.INVENTORY)
    for open_labels in (False, True):
        table = scope_of(CLUSTER, replace(asked, open_labels=open_labels)).table
        assert bool(table.of(Standing.MENTIONED)) is open_labels
