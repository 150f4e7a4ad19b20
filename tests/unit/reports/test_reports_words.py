from dataclasses import replace
from ipaddress import ip_address

import pytest
from report_samples import DENIAL, LATENT, LATER, LIVE, WEB, one_rule, whole

from analyzer.model.endpoints import External, Host
from analyzer.model.labels import Labels
from analyzer.model.policies import Protocol
from analyzer.reports import words
from analyzer.sets import INTERNET, AddressSet, PortSet, ValueSet
from analyzer.verdicts.verdict import EndRegion, Region


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
    assert words.region(LIVE.region) == (
        "any pod in namespace shop with app in (api, web) → any internet address, on TCP 443, 8000–8999"
    )
    assert words.region(LATENT.region) == (
        "any pod in namespace shop or one not created yet with app set, but not to db → any pod in any "
        "namespace, whose namespace has team=a, on any UDP port"
    )
    both = replace(LIVE.region, protocols=(Protocol.TCP, Protocol.UDP), facts=("over IPv4 only",))
    assert words.region(both).endswith(", on TCP or UDP 443, 8000–8999, over IPv4 only")
    assert words.region(DENIAL.region) == "any node → shop/web[Deployment], on protocols without ports"


def test_labels_of_namespaces_that_exist_and_of_those_to_come():
    a, b = ((("team", ValueSet.of([value])),) for value in "ab")
    assert words.end_region(EndRegion("pod", None, (), a)).endswith(", whose namespace, if it exists, has team=a")
    assert words.end_region(EndRegion("pod", None, (), a, b)).endswith(
        ", whose namespace, if it exists, has team=a and, if it is not created yet, has team=b"
    )
    assert words.end_region(EndRegion("pod", None, (), a, a)).endswith(", whose namespace has team=a")


def test_regions_say_every_constraint():
    src = EndRegion("pod", ("a", "b"), addresses=AddressSet.of("10.0.0.0/8"), facts=("its address is known",))
    dst = EndRegion("node", addresses=AddressSet.of("10.1.1.1/32"))
    text = words.region(Region(src, dst, (Protocol.TCP,), PortSet.of(1), ("not on one node",)))
    assert text == (
        "any pod in namespaces a or b, at 10.0.0.0/8, its address is known → any node at 10.1.1.1, on TCP 1, "
        "not on one node"
    )


def test_rules_are_counted_from_one_and_have_a_place():
    assert words.rule(one_rule("web", 14)) == "ingress rule 2 of NetworkPolicy shop/web (shop.yaml:19)"
    assert words.rule(whole("deny", 3)) == "NetworkPolicy shop/deny (shop.yaml:3)"
