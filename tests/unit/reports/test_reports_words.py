from dataclasses import replace
from ipaddress import ip_address

import pytest
from report_samples import DENIAL, LATENT, LATER, LIVE, WEB, none_of, of, on, one_rule, region, whole

from analyzer.model.endpoints import External, Host
from analyzer.model.formulas import Role
from analyzer.model.labels import Labels
from analyzer.reports import region_words, words
from analyzer.reports.region_json import constraints, read_region
from analyzer.sets import INTERNET, AddressSet, PortSet, TextSet, ValueSet, other_protocols
from analyzer.sets.strings import glob
from analyzer.verdicts.regions import NEW_NAMESPACE, Attribute, Constraint


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (list("abcdef"), "a, b, c, d, e and f"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
    ],
)
def test_lists(items, expected):
    assert words.listed(items) == expected


@pytest.mark.parametrize(
    ("count", "noun", "expected"),
    [(1, "query", "1 query"), (2, "query", "2 queries"), (0, "check", "0 checks"), (2000, "check", "2,000 checks")],
)
def test_plurals(count, noun, expected):
    assert words.plural(count, noun) == expected


@pytest.mark.parametrize(
    ("count", "nouns", "expected"),
    [
        (1, "policies", "1 policy"),
        (1, "files", "1 file"),
        (2, "policies", "2 policies"),
        (2, "irrelevant", "2 irrelevant"),
    ],
)
def test_counts(count, nouns, expected):
    assert words.counted(count, nouns) == expected


def test_a_workload_is_called_by_its_id():
    assert words.flow(LIVE.connection, LIVE.new_namespaces) == "shop/web[Deployment] → 8.8.8.8 on TCP 443"


def test_a_pod_not_there_yet_is_described_in_full():
    assert words.end(LATER, frozenset({LATER.namespace})) == (
        "a pod in a new namespace ns-1 (team=a) with app=web, service account robot, declaring TCP 8080 named http"
    )
    assert words.end(replace(WEB, workload=None, host_network=True)) == (
        "a pod in namespace shop with app=web, on the host network"
    )
    assert words.end(replace(WEB, workload=None, labels=Labels({}))) == "a pod in namespace shop without labels"


def test_nodes_and_protocols_without_ports():
    assert words.end(Host("n1", Labels({}), ip_address("10.0.0.9"))) == "node n1"
    assert words.end(Host(None, Labels({}), ip_address("10.0.0.9"))) == "a node at 10.0.0.9"
    assert words.end(External(ip_address("2001:db8::1"))) == "2001:db8::1"
    assert words.flow(DENIAL.connection).endswith("on a protocol without ports")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (ValueSet.of(["a"]), "k=a"),
        (ValueSet.of(["b", "a"]), "k in (a, b)"),
        (ValueSet.of([None]), "no label k"),
        (ValueSet.of([None, "a"]), "k in (a) or absent"),
        (ValueSet.PRESENT, "any k"),
        (ValueSet.ANY, "any k or none"),
        (~ValueSet.of(["a"]), "k not a"),
        (~ValueSet.of([None, "a", "b"]), "k set, but not to a or b"),
    ],
)
def test_label_constraints_keep_absent_and_present_apart(values, expected):
    assert words.label("k", values) == expected


@pytest.mark.parametrize(
    ("these", "expected"),
    [
        (INTERNET, "any internet address"),
        (AddressSet(INTERNET.v4, ()), "any IPv4 internet address"),
        (AddressSet.FULL, "any address outside the cluster"),
        (AddressSet.of("10.1.0.0/16", "10.9.9.9/32", "2001:db8::/32"), "10.1.0.0/16, 10.9.9.9 or 2001:db8::/32"),
        (
            AddressSet.of(*(f"10.{i}.0.0/24" for i in range(9))),
            "10.0.0.0/24, 10.1.0.0/24, 10.2.0.0/24, 10.3.0.0/24, 10.4.0.0/24 and 4 more",
        ),
    ],
)
def test_addresses(these, expected):
    assert words.addresses(these) == expected


def test_regions():
    assert region_words.region(LIVE.region) == (
        "any pod in namespace shop with app in (api, web) → any internet address, on TCP 443, 8000–8999"
    )
    assert region_words.region(LATENT.region) == (
        "any pod in namespace shop or one not created yet with app set, but not to db → any pod in any "
        "namespace, whose namespace has team=a, on any UDP port"
    )
    both = region(*LIVE.region.at(Role.SRC), *LIVE.region.at(Role.DST), on(443), of("connection", "family", "IPv4"))
    told = region_words.region(region(*both.constraints, of("connection", "protocol", "TCP", "UDP")))
    assert told.endswith(", on TCP or UDP 443, over IPv4 only")
    assert region_words.region(DENIAL.region) == "any node → shop/web[Deployment], on protocols without ports"


def source(*constraints):
    return region_words.end_region(region(of("src", "kind", "pod"), *constraints).src)


def test_labels_of_namespaces_that_exist_and_of_those_to_come():
    there = of("src", "existing_namespace.labels", "a", key="team")
    new = of("src", "new_namespace.labels", "b", key="team")
    assert source(there).endswith(", whose namespace, if it exists, has team=a")
    assert source(there, new).endswith(
        ", whose namespace, if it exists, has team=a and, if it is not created yet, has team=b"
    )
    assert source(of("src", "namespace.labels", "a", key="team")).endswith(", whose namespace has team=a")


POD, NODE = of("src", "kind", "pod"), of("src", "kind", "node")
TO = (of("dst", "kind", "external"), of("connection", "protocol", "TCP"))
TOLD = [
    ((POD,), "any pod in any namespace"),
    ((of("src", "kind", "external"),), "any address outside the cluster"),
    ((NODE,), "any node"),
    ((POD, of("src", "namespace", "a", "b")), "any pod in namespaces a or b"),
    ((POD, of("src", "namespace", NEW_NAMESPACE)), "any pod in a namespace not created yet"),
    ((POD, of("src", "labels", "x", key="app")), "any pod in any namespace with app=x"),
    ((NODE, of("src", "labels", "x", key="zone")), "any node with zone=x"),
    ((POD, of("src", "service_account", "robot")), "any pod in any namespace, service account robot"),
    ((POD, none_of("src", "service_account", "robot")), "any pod in any namespace, service account not robot"),
    (
        (POD, Constraint(Role.SRC, Attribute.ADDRESS, AddressSet.of("10.0.0.0/8"))),
        "any pod in any namespace, at 10.0.0.0/8",
    ),
    ((NODE, Constraint(Role.SRC, Attribute.ADDRESS, AddressSet.of("10.1.1.1/32"))), "any node at 10.1.1.1"),
    ((POD, of("src", "workload", "a/x[Pod]", "a/y[Pod]")), "a/x[Pod], and likewise a/y[Pod]"),
    ((POD, none_of("src", "workload", "a/x")), "any pod in any namespace, not of workload a/x"),
    ((NODE, of("src", "node", "n1")), "node n1"),
    ((NODE, none_of("src", "node", "n1", "n2")), "any node but n1 or n2"),
    ((POD, of("src", "host_network", "false")), "any pod in any namespace, not on its node's network"),
    ((POD, of("src", "host_network", "true")), "any pod in any namespace, on its node's network"),
]


@pytest.mark.parametrize(("constraints", "expected"), TOLD, ids=[text for _, text in TOLD])
def test_each_attribute_of_an_end_is_told(constraints, expected):
    assert region_words.end_region(region(*constraints).src) == expected
    assert region_words.region(region(*constraints, *TO)).startswith(f"{expected} → any address")


OF_CONNECTIONS = [
    ((), ", on any port and protocols without ports"),
    ((of("connection", "protocol", "TCP", "UDP", "SCTP"),), ", on any port"),
    ((of("connection", "protocol", "TCP", "UDP", "SCTP"), on(80)), ", on TCP, UDP or SCTP 80"),
    ((of("connection", "family", "IPv6"),), ", over IPv6 only"),
    (
        (
            of("connection", "service", "a/s"),
            Constraint(Role.CONNECTION, Attribute.SERVICE_ADDRESS, AddressSet.of("10.96.0.9")),
            Constraint(Role.CONNECTION, Attribute.SERVICE_PORT, PortSet.of(80)),
        ),
        ", asked for as a/s at 10.96.0.9, port 80",
    ),
    (
        (of("connection", "protocol", "other"), Constraint(Role.CONNECTION, Attribute.OTHER, other_protocols.icmp(8))),
        ", on ICMP type 8",
    ),
    (
        (
            of("connection", "protocol", "TCP", "other"),
            Constraint(Role.CONNECTION, Attribute.OTHER, other_protocols.protocol(47)),
        ),
        ", on any TCP port and IP protocol 47",
    ),
    ((of("connection", "claim", "where"),), ", as far as the query's `where` holds"),
    ((of("connection", "claim", "not permitted"),), ", as far as the query does not permit it"),
    ((of("dst", "port_name", "true", key="tcp/http"),), "declares this port as `http` (TCP), on any port"),
    (
        (of("dst", "service_port_name", "false", key="udp/dns"),),
        "does not declare this port to Services as `dns` (UDP), on any port",
    ),
]


@pytest.mark.parametrize(("constraints", "expected"), OF_CONNECTIONS, ids=[text for _, text in OF_CONNECTIONS])
def test_each_attribute_of_a_connection_is_told(constraints, expected):
    told = region_words.region(region(POD, of("dst", "kind", "pod"), *constraints))
    assert told.startswith("any pod in any namespace → any pod in any namespace")
    assert expected in told


def test_protocols_without_ports_are_read_again():
    numbers = other_protocols.icmp(8) | other_protocols.icmp(3, 4) | other_protocols.protocol(47)
    whole = region(POD, of("dst", "kind", "pod"), Constraint(Role.CONNECTION, Attribute.OTHER, numbers))
    told = constraints(whole.constraints)
    assert {"role": "connection", "attribute": "other", "set": {"in": ["icmp/3/4", "icmp/8", "protocol/47"]}} in told
    assert read_region(told) == whole
    with pytest.raises(ValueError, match="icmp/255"):
        read_region([*told[:-1], {"role": "connection", "attribute": "other", "set": {"in": ["icmp/255"]}}])


def asked(attribute: str, *alternatives: dict[str, bool], key: str = "", **more: bool) -> Constraint:
    """Texts by the patterns that they meet or do not: `{"/a*": True}`."""
    signed = tuple(tuple((glob(text), wanted) for text, wanted in it.items()) for it in alternatives)
    return Constraint(Role.REQUEST, Attribute(attribute), TextSet(signed, **more), key)


OF_REQUESTS = [
    (of("request", "tls", "plaintext"), "in plaintext"),
    (of("request", "http", "false"), "asked by bytes that are no HTTP"),
    (of("request", "token", "true"), "with a valid token"),
    (asked("method", {"GET": True}, {"POST": True}), "where the method is `GET` or is `POST`"),
    (asked("path", {"/a/*": True, "/a/b": False}), "where the path begins with `/a/` and is not `/a/b`"),
    (asked("host", {"a.b": False}, has_absent=True), "where the host is not `a.b` or is not there"),
    (asked("headers", {"1": True}, key="x"), "with a header x that is `1`"),
    (asked("headers", {"1": False}, key="te", has_absent=True), "with a header te that is not `1` or without any"),
    (asked("headers", key="x", has_absent=True), "without a header x"),
    (asked("headers", {"/a*": True}, key=":path"), "where the path with its query begins with `/a`"),
    (of("request", "requests", "some"), "for some requests"),
    (asked("parameters", {"1": True}, key="q", is_complement=True), "without a parameter q that is `1`"),
    (asked("cookies", {}, key="c"), "with a cookie c that is there"),
    (asked("sni", {"*.b": True}), "where the server name ends with `.b`"),
    (asked("identity", {"td/ns/a/sa/b": True}), "where the identity is `td/ns/a/sa/b`"),
    (asked("dns", {"a.b": True}), "where the name asked for is `a.b`"),
    (asked("token.issuer", {"https://i": True}), "where the token's issuer is `https://i`"),
    (asked("token.subject", {"s": True}), "where the token's subject is `s`"),
    (asked("token.place", has_absent=True), "with the token in `Authorization: Bearer`"),
    (asked("token.place", {"elsewhere": True}), "with the token in another place"),
    (asked("claims", {"a": True}, key="aud"), "with a claim aud that is `a`"),
    (asked("claims.words", {"a": True}, key="scope"), "with a word of claim scope that is `a`"),
    (
        Constraint(Role.REQUEST, Attribute.REMOTE_IP, AddressSet.of("203.0.113.0/24")),
        "for a client at 203.0.113.0/24",
    ),
]


@pytest.mark.parametrize(("constraint", "expected"), OF_REQUESTS, ids=[text for _, text in OF_REQUESTS])
def test_each_attribute_of_a_request_is_told_and_read_again(constraint, expected):
    whole = region(POD, of("dst", "kind", "pod"), constraint)
    assert region_words.region(whole).endswith(f", {expected}")
    assert read_region(constraints(whole.constraints)) == whole


def test_every_attribute_is_told():
    told = {it.attribute for constraints, _ in (*TOLD, *OF_CONNECTIONS) for it in (*constraints, *TO)}
    told |= {it.attribute for it, _ in OF_REQUESTS}
    labels = {Attribute.NAMESPACE_LABEL, Attribute.EXISTING_NAMESPACE_LABEL, Attribute.NEW_NAMESPACE_LABEL}
    assert told | labels == set(Attribute)


def test_rules_are_counted_from_one_and_have_a_place():
    assert words.rule(one_rule("web", 14)) == "ingress rule 2 of NetworkPolicy shop/web (shop.yaml:19)"
    assert words.rule(whole("deny", 3)) == "NetworkPolicy shop/deny (shop.yaml:3)"
