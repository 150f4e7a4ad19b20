"""The normative examples of the language: they parse, and mean what their titles say."""

from __future__ import annotations

import pytest

from analyzer.language import parse_pack
from analyzer.model.claims import Assumption, Claim, Kind, Query, Severity, is_equal
from analyzer.model.ends import Spelt, external, pods_in
from analyzer.model.formulas import Attribute, Member, Name, Not, Role
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import (
    Direction,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Protocol,
)
from analyzer.model.source import Notice, Source
from analyzer.sets import INTERNET

TEXT = """\
pack tenant-isolation "Tenants cannot reach one another"

param tenant = "tenant"                       # netproof check … --set tenant=team

let tenant-a = pods in namespaces(tenant=a)
let tenant-b = namespace tenant-b             # all pods in the namespace of that name
let dns      = pods(k8s-app=kube-dns) in namespace kube-system
let corp     = ips 10.20.0.0/16, 2001:db8::/32 except 10.20.9.0/24

assume labels-pinned "Admission pins every pod's team label to its namespace's":
  every pods in namespaces(team) has labels[team] == namespace.labels[team]

@severity(critical) @control("PCI-DSS 1.4.4") @remediation("Add a default-deny policy to each tenant.")
assert a-cannot-reach-b "No tenant-a pod can reach tenant-b":
  no tenant-a can reach tenant-b

assert pii-no-internet "PII pods have no internet egress":
  no pods(data-classification=pii) can reach internet

assert no-open-admin "Nothing outside ops reaches the admin ports":
  only namespace ops can reach pods(tier in (api,db),!legacy) on tcp/9000-9100, tcp/http-admin

assert dns-works "Tenant pods can resolve names":
  every tenant-a can reach dns on udp/53, tcp/53

assert tenants-apart "No tenant reaches another tenant, whoever they are":
  no pods in namespaces($tenant) can reach pods in namespaces($tenant)
    where src.namespace.labels[$tenant] != dst.namespace.labels[$tenant]

assert pii-stays "PII pods talk only to their own namespace":
  pods(data-classification=pii) can reach only pods where src.namespace == dst.namespace

assert guarded "Every tenant pod is isolated both ways":
  every pods in namespaces($tenant) is isolated for ingress, egress

assert reachable "The shop front is reachable from outside":
  some internet can reach pods(app=front) in namespace shop on tcp/443
"""

EVERYWHERE = NamespacesMatching(Selector.EVERYTHING)
ALL_PORTS = (NumberedPorts(Protocol.TCP), NumberedPorts(Protocol.UDP), NumberedPorts(Protocol.SCTP))
THE_INTERNET = external(INTERNET, "internet")


def equals(key: str, *values: str) -> Requirement:
    return Requirement(key, Operator.IN, frozenset(values))


def exists(key: str) -> Selector:
    return Selector((Requirement(key, Operator.EXISTS),))


PII = pods_in(EVERYWHERE, Selector((equals("data-classification", "pii"),)))
TENANT_A = pods_in(NamespacesMatching(Selector((equals("tenant", "a"),))))
TENANTS = pods_in(NamespacesMatching(exists("tenant")))
DNS = pods_in(NamespaceNamed("kube-system"), Selector((equals("k8s-app", "kube-dns"),)))
ADMIN = pods_in(EVERYWHERE, Selector((equals("tier", "api", "db"), Requirement("legacy", Operator.DOES_NOT_EXIST))))
ADMIN_PORTS = (NumberedPorts(Protocol.TCP, 9000, 9100), NamedPort("http-admin", Protocol.TCP))
DNS_PORTS = (NumberedPorts(Protocol.UDP, 53), NumberedPorts(Protocol.TCP, 53))
SHOP_FRONT = pods_in(NamespaceNamed("shop"), Selector((equals("app", "front"),)))


def namespace_label(role: Role, key: str = "tenant") -> Attribute:
    return Attribute(role, Name.NAMESPACE_LABEL, key)


OTHER_TENANT = Not(is_equal(namespace_label(Role.SRC), namespace_label(Role.DST)))
OWN_NAMESPACE = is_equal(Attribute(Role.SRC, Name.NAMESPACE), Attribute(Role.DST, Name.NAMESPACE))

CLAIMS = {
    "a-cannot-reach-b": Claim(Kind.NO, TENANT_A, pods_in(NamespaceNamed("tenant-b")), ALL_PORTS),
    "pii-no-internet": Claim(Kind.NO, PII, THE_INTERNET, ALL_PORTS),
    "no-open-admin": Claim(Kind.ONLY, pods_in(NamespaceNamed("ops")), ADMIN, ADMIN_PORTS),
    "dns-works": Claim(Kind.EVERY, TENANT_A, DNS, DNS_PORTS),
    "tenants-apart": Claim(Kind.NO, TENANTS, TENANTS, ALL_PORTS, where=OTHER_TENANT),
    "pii-stays": Claim(Kind.REACHES_ONLY, PII, pods_in(EVERYWHERE), ALL_PORTS, where=OWN_NAMESPACE),
    "guarded": Claim(Kind.ISOLATED, TENANTS, None, ALL_PORTS, directions=(Direction.INGRESS, Direction.EGRESS)),
    "reachable": Claim(Kind.SOME, THE_INTERNET, SHOP_FRONT, (NumberedPorts(Protocol.TCP, 443),)),
}


@pytest.mark.parametrize("id", CLAIMS)
def test_claim(id: str) -> None:
    (query,) = (query for query in parse_pack(TEXT, "t.npq").queries if query.id == id)
    assert query.claim == CLAIMS[id]


def test_there_are_no_other_claims() -> None:
    assert [query.id for query in parse_pack(TEXT, "t.npq").queries] == list(CLAIMS)


def test_what_stands_around_a_claim() -> None:
    assert parse_pack(TEXT, "t.npq").queries[0] == Query(
        id="a-cannot-reach-b",
        title="No tenant-a pod can reach tenant-b",
        claim=CLAIMS["a-cannot-reach-b"],
        text="no tenant-a can reach tenant-b",
        severity=Severity.CRITICAL,
        controls=("PCI-DSS 1.4.4",),
        remediation="Add a default-deny policy to each tenant.",
        source=Source("t.npq", 14),
    )


def test_text_is_on_one_line_as_written() -> None:
    query = parse_pack(TEXT, "t.npq").queries[4]
    assert query.text == (
        "no pods in namespaces($tenant) can reach pods in namespaces($tenant)"
        " where src.namespace.labels[$tenant] != dst.namespace.labels[$tenant]"
    )


def test_the_assumption() -> None:
    pinned = is_equal(Attribute(Role.SELF, Name.LABEL, "team"), Attribute(Role.SELF, Name.NAMESPACE_LABEL, "team"))
    title = "Admission pins every pod's team label to its namespace's"
    members = pods_in(NamespacesMatching(exists("team")))
    assert parse_pack(TEXT, "t.npq").assumptions == (
        Assumption("labels-pinned", title, members, pinned, Source("t.npq", 10)),
    )


def test_pack_line_parameters_and_notices() -> None:
    pack = parse_pack(TEXT, "t.npq")
    assert (pack.name, pack.title) == ("tenant-isolation", "Tenants cannot reach one another")
    assert pack.parameters == (("tenant", "tenant"),)
    assert pack.notices == (Notice(Source("t.npq", 8), "the set `corp` is not used"),)


def test_a_parameter_given_replaces_the_files_value() -> None:
    pack = parse_pack(TEXT, "t.npq", {"tenant": "team"})
    assert pack.parameters == (("tenant", "team"),)
    assert pack.queries[4].claim.sources == pods_in(NamespacesMatching(exists("team")))


def test_corp_is_addresses_less_others() -> None:
    pack = parse_pack(TEXT + "\nassert x: no corp can reach pods", "t.npq")
    (query,) = (query for query in pack.queries if query.id == "x")
    corp = query.claim.sources
    assert isinstance(corp, Member)
    assert isinstance(corp.ends, Spelt)
    assert corp.ends.text == "ips 10.20.0.0/16, 2001:db8::/32 except 10.20.9.0/24"
    assert str(corp.ends.addresses) == (
        "10.20.0.0/21, 10.20.8.0/24, 10.20.10.0/23, 10.20.12.0/22, 10.20.16.0/20, 10.20.32.0/19, "
        "10.20.64.0/18, 10.20.128.0/17, 2001:db8::/32"
    )
