"""What each form of the language means."""

from __future__ import annotations

import pytest

from analyzer.language import parse_pack, parse_query
from analyzer.model.claims import Claim, Excuse, Kind, Severity, Universe, is_equal, is_one_of, is_there
from analyzer.model.ends import ANYTHING, NODES, Spelt, external, meant, pods_in, pods_of_workload, without
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, both, either
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import (
    Direction,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Protocol,
)
from analyzer.model.source import Source
from analyzer.sets import INTERNET, METADATA_SERVICE, AddressSet

TCP, UDP, SCTP, OTHER = Protocol.TCP, Protocol.UDP, Protocol.SCTP, Protocol.OTHER
EVERYWHERE = NamespacesMatching(Selector.EVERYTHING)
PODS = pods_in(EVERYWHERE)
THE_INTERNET = external(INTERNET, "internet")


def named(name: str) -> pods_in:
    return pods_in(NamespaceNamed(name))


A, B, C, D = map(named, "abcd")
LETS = "".join(f"let {name} = namespace {name}\n" for name in "abcd")


def claim_of(claim: str, lets: str = LETS) -> Claim:
    return parse_pack(f"{lets}\nassert q: {claim}", "f").queries[0].claim


# ------------------------------------------------------------------------------------------------ sets
SETS: list[tuple[str, Formula]] = [
    ("pods", PODS),
    ("pods()", PODS),
    ("pods in namespace shop", named("shop")),
    ('pods in namespace "shop"', named("shop")),
    ("namespace internet", named("internet")),
    ("namespace 2021", named("2021")),
    ("namespaces(team=a)", pods_in(NamespacesMatching(Selector((Requirement("team", Operator.IN, frozenset("a")),))))),
    ("pods in namespaces()", PODS),
    ("workload shop/web.v2-1", pods_of_workload("shop", "web.v2-1")),
    ("internet", THE_INTERNET),
    ("external", external(AddressSet.FULL, "external")),
    ("metadata-service", external(METADATA_SERVICE, "metadata-service")),
    ("nodes", NODES),
    ("anything", ANYTHING),
    ("ips 10.0.0.1", meant(Spelt(AddressSet.of("10.0.0.1/32"), "ips 10.0.0.1"))),
    ("ips ::/0", meant(Spelt(AddressSet.of("::/0"), "ips ::/0"))),
    (
        "ips fe80::1, ::ffff:1.2.3.4",
        meant(Spelt(AddressSet.of("fe80::1", "::ffff:1.2.3.4"), "ips fe80::1, ::ffff:1.2.3.4")),
    ),
    (
        "ips 10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16",
        meant(
            Spelt(
                AddressSet.of("10.0.0.0/8") - AddressSet.of("10.1.0.0/16", "10.2.0.0/16"),
                "ips 10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16",
            )
        ),
    ),
    ("a", A),
    ("(a)", A),
    ("a or b and c", either((A, both((B, C))))),
    ("(a or b) and c", both((either((A, B)), C))),
    ("a and b and c", both((A, B, C))),
    ("a or b or c", either((A, B, C))),
    ("a except b", without(A, B)),
    ("a or b except c", without(either((A, B)), C)),
    ("a except b or c", without(A, either((B, C)))),
    ("a except b except c", without(A, either((B, C)))),
    ("a except (b except c)", without(A, without(B, C))),
    ("a or (b except c)", either((A, without(B, C)))),
]


@pytest.mark.parametrize(("text", "expected"), SETS)
def test_set_on_either_side(text: str, expected: Formula) -> None:
    assert claim_of(f"no {text} can reach pods").sources == expected
    assert claim_of(f"no pods can reach {text}").destinations == expected
    assert claim_of("no x can reach pods", f"{LETS}let x = {text}").sources == expected


def test_except_addresses_belongs_to_ips_and_except_a_set_does_not() -> None:
    tens = meant(Spelt(AddressSet.of("10.0.0.0/8") - AddressSet.of("10.1.0.0/16"), "ips 10.0.0.0/8 except 10.1.0.0/16"))
    assert claim_of("no pods can reach ips 10.0.0.0/8 except 10.1.0.0/16 except a").destinations == without(tens, A)
    both = claim_of("no pods can reach ips 10.0.0.0/8 except # comment\n 10.1.0.0/16 or a").destinations
    assert both == either((tens, A))


def test_a_let_may_use_those_above_it() -> None:
    assert claim_of("no y can reach pods", "let x = namespace a\nlet y = x or nodes").sources == either((A, NODES))


def test_a_query_may_use_a_let_below_it() -> None:
    assert parse_pack("assert q: no x can reach pods\nlet x = namespace a", "f").queries[0].claim.sources == A


# ------------------------------------------------------------------------------------------------ selectors
def is_in(key: str, *values: str) -> Requirement:
    return Requirement(key, Operator.IN, frozenset(values))


def is_not_in(key: str, *values: str) -> Requirement:
    return Requirement(key, Operator.NOT_IN, frozenset(values))


SELECTORS: list[tuple[str, list[Requirement]]] = [
    ("", []),
    ("a=b", [is_in("a", "b")]),
    ("a==b", [is_in("a", "b")]),
    ("a = b", [is_in("a", "b")]),
    ("a!=b", [is_not_in("a", "b")]),
    ("a=", [is_in("a", "")]),
    ("a=,b", [is_in("a", ""), Requirement("b", Operator.EXISTS)]),
    ("a!=", [is_not_in("a", "")]),
    ('a=""', [is_in("a", "")]),
    ('"a"="b"', [is_in("a", "b")]),
    ("a in (x,y)", [is_in("a", "x", "y")]),
    ("a notin (x, y)", [is_not_in("a", "x", "y")]),
    ('a in ("")', [is_in("a", "")]),
    ("a", [Requirement("a", Operator.EXISTS)]),
    ("!a", [Requirement("a", Operator.DOES_NOT_EXIST)]),
    ("! a", [Requirement("a", Operator.DOES_NOT_EXIST)]),
    ("a=b,c!=d,e,!f", [is_in("a", "b"), is_not_in("c", "d"), Requirement("e", Operator.EXISTS),
                       Requirement("f", Operator.DOES_NOT_EXIST)]),
    ("app.kubernetes.io/name=web", [is_in("app.kubernetes.io/name", "web")]),
    ("Team=Team-A_1.x", [is_in("Team", "Team-A_1.x")]),
    ("version=1", [is_in("version", "1")]),
    ("version=1.2.3-rc.1", [is_in("version", "1.2.3-rc.1")]),
    ("in in (in)", [is_in("in", "in")]),
    ("notin notin (notin)", [is_not_in("notin", "notin")]),
    ("on=to,pods,!no", [is_in("on", "to"), Requirement("pods", Operator.EXISTS),
                        Requirement("no", Operator.DOES_NOT_EXIST)]),
    ("except=can,assert=let", [is_in("except", "can"), is_in("assert", "let")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SELECTORS)
def test_selector(text: str, expected: list[Requirement]) -> None:
    selector = Selector(tuple(expected))
    assert claim_of(f"no pods({text}) can reach nodes").sources == pods_in(EVERYWHERE, selector)
    by_namespace = claim_of(f"no pods({text}) in namespaces({text}) can reach nodes").sources
    assert by_namespace == pods_in(NamespacesMatching(selector), selector)


# ------------------------------------------------------------------------------------------------ claims
def test_kinds() -> None:
    assert claim_of("no a can reach b").kind is Kind.NO
    assert claim_of("every a can reach b").kind is Kind.EVERY
    assert claim_of("some a can reach b").kind is Kind.SOME
    only = claim_of("only a can reach b")
    assert (only.kind, only.sources, only.destinations) == (Kind.ONLY, A, B)
    reaches_only = claim_of("a can reach only b")
    assert (reaches_only.kind, reaches_only.sources, reaches_only.destinations) == (Kind.REACHES_ONLY, A, B)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ingress", (Direction.INGRESS,)),
        ("egress", (Direction.EGRESS,)),
        ("egress, ingress", (Direction.EGRESS, Direction.INGRESS)),
        ("ingress, ingress", (Direction.INGRESS,)),
    ],
)
def test_isolation(text: str, expected: tuple[Direction, ...]) -> None:
    claim = claim_of(f"every a except b is isolated for {text}")
    assert (claim.kind, claim.sources, claim.destinations, claim.directions) == (
        Kind.ISOLATED, without(A, B), None, expected,
    )  # fmt: skip


PORTS = [
    ("tcp/80", (NumberedPorts(TCP, 80),)),
    ("udp/53", (NumberedPorts(UDP, 53),)),
    ("sctp/1", (NumberedPorts(SCTP, 1),)),
    ("TCP/65535", (NumberedPorts(TCP, 65535),)),
    ("tcp/9000-9100", (NumberedPorts(TCP, 9000, 9100),)),
    ("tcp/80-80", (NumberedPorts(TCP, 80),)),
    ("tcp/http-admin", (NamedPort("http-admin", TCP),)),
    ("udp/8a", (NamedPort("8a", UDP),)),
    ("tcp", (NumberedPorts(TCP),)),
    ("other", (NumberedPorts(OTHER),)),
    ("any", (NumberedPorts(TCP), NumberedPorts(UDP), NumberedPorts(SCTP), NumberedPorts(OTHER))),
    ("tcp/80, tcp/80,udp", (NumberedPorts(TCP, 80), NumberedPorts(UDP))),
]


@pytest.mark.parametrize(("text", "expected"), PORTS)
def test_ports(text: str, expected: object) -> None:
    assert claim_of(f"no a can reach b on {text}").ports == expected
    assert claim_of(f"no a can reach b except c can reach d on {text}").excuses == (Excuse(C, D, expected),)


def test_without_on_a_claim_speaks_of_tcp_udp_and_sctp() -> None:
    assert claim_of("no a can reach b").ports == (NumberedPorts(TCP), NumberedPorts(UDP), NumberedPorts(SCTP))


TAILS = [
    ("no a can reach b except c", without(B, C), ()),
    ("no a can reach b except c except d", without(B, either((C, D))), ()),
    ("no a can reach b except c can reach d", B, (Excuse(C, D),)),
    ("no a can reach b except c except d can reach a", without(B, C), (Excuse(D, A),)),
    ("no a can reach b except c can reach d except a", B, (Excuse(C, without(D, A)),)),
    ("no a can reach b except (c except d) can reach a", B, (Excuse(without(C, D), A),)),
    ("no a can reach b except c can reach d except d can reach c", B, (Excuse(C, D), Excuse(D, C))),
    ("no a can reach b except c can reach d on udp except d can reach c", B,
     (Excuse(C, D, (NumberedPorts(UDP),)), Excuse(D, C))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "destinations", "excuses"), TAILS)
def test_except_takes_away_or_excuses(text: str, destinations: Formula, excuses: tuple[Excuse, ...]) -> None:
    claim = claim_of(text)
    assert (claim.destinations, claim.excuses) == (destinations, excuses)


def test_modifiers_in_any_order() -> None:
    modifiers = ["on tcp/80", "where src.namespace == dst.namespace", "within inventory"]
    first, *others = (
        parse_query(f"no pods can reach nodes {x} {y} {z}")
        for x in modifiers
        for y in modifiers
        for z in modifiers
        if len({x, y, z}) == 3
    )
    assert len(others) == 5
    assert all((other.claim, other.universe) == (first.claim, first.universe) for other in others)
    assert first.universe is Universe.INVENTORY


def test_on_belongs_to_the_excuse_that_it_directly_follows() -> None:
    claim = claim_of("no a can reach b on tcp/80 except c can reach d on udp/53 within any")
    assert claim.ports == (NumberedPorts(TCP, 80),)
    assert claim.excuses == (Excuse(C, D, (NumberedPorts(UDP, 53),)),)
    claim = claim_of("no a can reach b except c can reach d where has src.labels[x] on tcp/80")
    assert claim.ports == (NumberedPorts(TCP, 80),)
    assert claim.excuses == (Excuse(C, D),)


def test_a_bare_claim() -> None:
    query = parse_query(" no pods(a=b)\n  can reach   internet # why\n within namespaces", "q7")
    assert (query.id, query.title, query.universe) == ("q7", "", Universe.NAMESPACES)
    assert query.text == "no pods(a=b) can reach internet within namespaces"
    assert query.source == Source("-q", 1)


# ------------------------------------------------------------------------------------------------ conditions
SRC_NS, DST_NS = Attribute(Role.SRC, Name.NAMESPACE), Attribute(Role.DST, Name.NAMESPACE)
SRC_SA = Attribute(Role.SRC, Name.SERVICE_ACCOUNT)


def src_label(key: str) -> Attribute:
    return Attribute(Role.SRC, Name.LABEL, key)


def dst_ns_label(key: str) -> Attribute:
    return Attribute(Role.DST, Name.NAMESPACE_LABEL, key)


X, Y, Z = is_there(src_label("x")), is_there(src_label("y")), is_there(src_label("z"))
CONDITIONS: list[tuple[str, Formula]] = [
    ("src.namespace == dst.namespace", is_equal(SRC_NS, DST_NS)),
    ("src.namespace = dst.namespace", is_equal(SRC_NS, DST_NS)),
    ("src.namespace != dst.namespace", Not(is_equal(SRC_NS, DST_NS))),
    ('src.namespace == "shop"', is_equal(SRC_NS, "shop")),
    ("src.namespace == shop", is_equal(SRC_NS, "shop")),
    ('src.namespace == "dst"', is_equal(SRC_NS, "dst")),
    ('"shop" == src.namespace', is_equal(SRC_NS, "shop")),
    ("src.labels[k8s.io/x] == V_1.x", is_equal(src_label("k8s.io/x"), "V_1.x")),
    ('src.labels["in"] == in', is_equal(src_label("in"), "in")),
    ("src.labels[not] == or", is_equal(src_label("not"), "or")),
    ('src.labels[x] == ""', is_equal(src_label("x"), "")),
    ("src.labels[x] == dst.namespace.labels[y]", is_equal(src_label("x"), dst_ns_label("y"))),
    ("src.service_account == sa.x", is_equal(SRC_SA, "sa.x")),
    ('src.namespace in ("x", y)', is_one_of(SRC_NS, frozenset("xy"))),
    ("src.namespace not in (x)", Not(is_one_of(SRC_NS, frozenset("x")))),
    ("src.namespace notin (x)", Not(is_one_of(SRC_NS, frozenset("x")))),
    ("has src.labels[x]", X),
    ("src.labels has x", X),
    ("src has x", X),
    ("dst.namespace.labels has y", is_there(dst_ns_label("y"))),
    ("has src.namespace", is_there(SRC_NS)),
    ("not has src.labels[x]", Not(X)),
    ("not not has src.labels[x]", X),
    ("not (has src.labels[x])", Not(X)),
    ("src has x or src has y and src has z", either((X, both((Y, Z))))),
    ("(src has x or src has y) and src has z", both((either((X, Y)), Z))),
    ("not src has x and src has y", both((Not(X), Y))),
    ("not src.namespace == shop", Not(is_equal(SRC_NS, "shop"))),
]


@pytest.mark.parametrize(("text", "expected"), CONDITIONS)
def test_condition(text: str, expected: Formula) -> None:
    assert parse_query(f"no pods can reach pods where {text}").claim.where == expected
    assert parse_query(f"no pods can reach pods where {text} on tcp").claim.where == expected


def own(attribute: Name, key: str = "") -> Attribute:
    return Attribute(Role.SELF, attribute, key)


TEAM = own(Name.LABEL, "team")
ASSUMED: list[tuple[str, Formula]] = [
    ("labels[team] == namespace.labels[team]", is_equal(TEAM, own(Name.NAMESPACE_LABEL, "team"))),
    ("labels[team] == namespace", is_equal(TEAM, own(Name.NAMESPACE))),
    ('labels[team] == "namespace"', is_equal(TEAM, "namespace")),
    ("labels[team] in (a, b)", is_one_of(TEAM, frozenset("ab"))),
    ("service_account != default", Not(is_equal(own(Name.SERVICE_ACCOUNT), "default"))),
    ("has team", is_there(TEAM)),
    ("team", is_there(TEAM)),
    ("labels[team]", is_there(TEAM)),
    ("has labels[team]", is_there(TEAM)),
    ("has namespace.labels[team]", is_there(own(Name.NAMESPACE_LABEL, "team"))),
    ("namespace.labels has team", is_there(own(Name.NAMESPACE_LABEL, "team"))),
    ("not has team or labels[team] == a", either((Not(is_there(TEAM)), is_equal(TEAM, "a")))),
]


@pytest.mark.parametrize(("text", "expected"), ASSUMED)
def test_assumption(text: str, expected: Formula) -> None:
    pack = parse_pack(f"assume x: every pods has {text}\nassert q: no pods can reach nodes", "f")
    (assumption,) = pack.assumptions
    assert (assumption.members, assumption.condition) == (PODS, expected)


# ------------------------------------------------------------------------------------------------ parameters
def test_parameters_stand_for_names_keys_values_addresses_and_ports() -> None:
    pack = parse_pack(
        """
        param ns = shop
        param key = "k8s.io/team"
        param value = "Team-A"
        param range = "10.0.0.0/8, 192.168.0.0/16"
        param port = "8080"
        param ports = "tcp/80, udp/53"
        param some = "a,b"
        assert q: no pods($key=$value,x in ($some)) in namespace ${ns}-eu can reach
          ips $range except $range on tcp/$port, $ports where src.labels[$key] != $value
        assert r: no workload $ns/web can reach pods
        """,
        "f",
    )
    claim = pack.queries[0].claim
    labels = Selector((is_in("k8s.io/team", "Team-A"), is_in("x", "a", "b")))
    assert claim.sources == pods_in(NamespaceNamed("shop-eu"), labels)
    text = "ips 10.0.0.0/8, 192.168.0.0/16 except 10.0.0.0/8, 192.168.0.0/16"
    assert claim.destinations == meant(Spelt(AddressSet.EMPTY, text))
    assert claim.ports == (NumberedPorts(TCP, 8080), NumberedPorts(TCP, 80), NumberedPorts(UDP, 53))
    assert claim.where == Not(is_equal(src_label("k8s.io/team"), "Team-A"))
    assert pack.queries[1].claim.sources == pods_of_workload("shop", "web")
    assert pack.notices == ()


# ------------------------------------------------------------------------------------------------ files
def test_a_pack_without_a_name_is_called_after_its_file_or_folder() -> None:
    text = "assert q: no pods can reach nodes"
    assert parse_pack(text, "some/where/egress.npq").name == "egress"
    assert parse_pack(text, "some/where/pack.npq").name == "where"
    assert parse_pack(f"pack own\n{text}", "some/where/pack.npq").name == "own"


def test_annotations() -> None:
    pack = parse_pack(
        """
        @description("About the pack.")
        pack p "T"
        @severity(low)
        @control("A 1") @control("B 2")
        @description("Why \\"it\\" matters.")
        assert q: no pods can reach nodes
        assert r: no pods can reach nodes
        """,
        "f",
    )
    first, second = pack.queries
    assert (first.severity, first.controls, first.description) == (
        Severity.LOW, ("A 1", "B 2"), 'Why "it" matters.',
    )  # fmt: skip
    assert (second.severity, second.controls, second.description) == (Severity.MEDIUM, (), "")
    assert pack.description == "About the pack."


def test_a_pack_says_what_it_shows_and_what_not() -> None:
    pack = parse_pack(
        """
        @shows("One.") @does-not-show("Two.", "Three, too.")
        @shows("Four.")
        pack p
        assert q: no pods can reach nodes
        """,
        "f",
    )
    assert (pack.shows, pack.does_not_show) == (("One.", "Four."), ("Two.", "Three, too."))


@pytest.mark.parametrize(
    "text",
    [
        "\ufefflet a = pods\nassert q: no a can reach nodes",
        "let a = pods\r\nassert q: no a can reach nodes\r\n",
        "let a = pods\rassert q: no a can reach nodes",
        "\tlet a\t=\tpods\n\tassert q:\tno a\n\tcan reach nodes",
        "# “quotes” — and more\nlet a = pods # é\nassert q: no a can reach nodes",
        "let a = pods\nassert\nq\n:\nno\na\ncan\nreach\nnodes",
    ],
)
def test_line_ends_tabs_comments_and_byte_order_marks(text: str) -> None:
    (query,) = parse_pack(text, "f").queries
    assert (query.text, query.claim.sources) == ("no a can reach nodes", PODS)


def test_titles_may_hold_any_text() -> None:
    (query,) = parse_pack('assert q "Ünïcode – “quoted” # $x": no pods can reach nodes', "f").queries
    assert query.title == "Ünïcode – “quoted” # $x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("let a = pods", "the set `a` is not used"),
        ("param a = b", "the parameter `a` is not used"),
        ("let a = ips 10.1.2.3/8", "`10.1.2.3/8` is read as `10.0.0.0/8`, the range that it lies in"),
        ("let a = ips 10.0.0.0/8 except 11.0.0.0/8", "`except 11.0.0.0/8` takes nothing away from `ips 10.0.0.0/8`"),
    ],
)
def test_notices(text: str, message: str) -> None:
    notices = parse_pack(f"{text}\nassert q: no pods can reach nodes", "f").notices
    assert message in [notice.message for notice in notices]
    assert {notice.source for notice in notices} == {Source("f", 1)}
