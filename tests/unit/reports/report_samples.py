"""Answers built by hand, for tests of what reports print."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import ip_address

from analyzer.model.claims import Claim, Excuse, Kind, Query, Severity, Universe
from analyzer.model.cluster import ContainerPort, Unmodelled
from analyzer.model.endpoints import Connection, External, Host, Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import Role
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    Action,
    Direction,
    NamespaceNamed,
    NumberedPorts,
    PodPeer,
    Policy,
    Protocol,
    Rule,
    RuleRef,
    Tier,
)
from analyzer.model.profile import PROFILES
from analyzer.model.source import Notice, Source
from analyzer.semantics.decision import Decision, Ruling, StageVerdict
from analyzer.sets import INTERNET, PortSet, ValueSet
from analyzer.verdicts.findings import Broken, Edit, Fault, Finding, Fix, Spot
from analyzer.verdicts.regions import NEW_NAMESPACE, Attribute, Constraint, Region
from analyzer.verdicts.verdict import (
    Answer,
    Counterexample,
    Section,
    StatedAssumption,
    Statistics,
    Status,
    Verdict,
    Waived,
)
from analyzer.verdicts.waivers import Waiver

ALL_PORTS = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)


def query(id: str, title: str = "", **changes: object) -> Query:
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, ALL_PORTS)
    base = Query(id, title, claim, f"no anything can reach {id}", source=Source("rules.npq", 7))
    return replace(base, **changes)


def policy(name: str, line: int, namespace: str = "shop") -> Policy:
    rule = Rule(Action.ACCEPT, None, None, 1, Source("shop.yaml", line + 5))
    subject = PodPeer(NamespaceNamed(namespace))
    return Policy(
        "NetworkPolicy", namespace, name, Tier.NETWORK_POLICY, subject, (rule,), None, Source("shop.yaml", line)
    )


def whole(name: str, line: int) -> RuleRef:
    return RuleRef(policy(name, line), Direction.INGRESS)


def one_rule(name: str, line: int) -> RuleRef:
    found = policy(name, line)
    return RuleRef(found, Direction.INGRESS, found.ingress[0])


def pod(namespace: str = "shop", workload: str | None = None, **labels: str) -> Pod:
    return Pod(
        namespace,
        Labels({NAMESPACE_NAME_LABEL: namespace, "team": "a"}),
        Labels(labels),
        ip_address("10.0.0.1"),
        workload=workload,
    )


WEB = pod(workload="shop/web[Deployment]", app="web")
LATER = replace(pod("ns-1", app="web"), service_account="robot", ports=(ContainerPort("http", 8080, Protocol.TCP),))
OPEN_EGRESS = Ruling("egress", StageVerdict.ALLOWED, None, (), "no policy selects it")
OUTSIDE = Ruling("ingress", StageVerdict.NONE, None, (), "no policy applies outside the cluster")
BY_RULE = Ruling(
    "ingress",
    StageVerdict.ALLOWED,
    Tier.NETWORK_POLICY,
    (one_rule("web", 14),),
    "allowed by rule 2 of NetworkPolicy shop/web",
)
DENIED = Ruling(
    "ingress",
    StageVerdict.DENIED,
    Tier.NETWORK_POLICY,
    (whole("deny", 3),),
    "NetworkPolicy shop/deny isolates it and no rule allows this",
)


def of(role: str, attribute: str, *values: str | None, key: str = "") -> Constraint:
    """`of("src", "labels", "web", key="app")`: the constraint that it is one of these."""
    return Constraint(Role(role), Attribute(attribute), ValueSet.of(values), key)


def none_of(role: str, attribute: str, *values: str | None, key: str = "") -> Constraint:
    return Constraint(Role(role), Attribute(attribute), ~ValueSet.of(values), key)


def on(*ports: tuple[int, int] | int) -> Constraint:
    return Constraint(Role.CONNECTION, Attribute.PORT, PortSet.of(*ports))


def region(*constraints: Constraint) -> Region:
    return Region.of(constraints)


LIVE = Counterexample(
    Connection(WEB, External(ip_address("8.8.8.8")), Protocol.TCP, 443),
    None,
    Decision((OPEN_EGRESS, OUTSIDE)),
    (),
    region(
        of("src", "kind", "pod"),
        of("src", "namespace", "shop"),
        of("src", "labels", "web", "api", key="app"),
        of("dst", "kind", "external"),
        Constraint(Role.DST, Attribute.ADDRESS, INTERNET),
        of("connection", "protocol", "TCP"),
        on((8000, 8999), 443),
    ),
    True,
)
LATENT = Counterexample(
    Connection(LATER, replace(WEB, workload=None), Protocol.UDP, 53),
    None,
    Decision((OPEN_EGRESS, BY_RULE)),
    (),
    region(
        of("src", "kind", "pod"),
        of("src", "namespace", "shop", NEW_NAMESPACE),
        none_of("src", "labels", None, "db", key="app"),
        of("dst", "kind", "pod"),
        of("dst", "namespace.labels", "a", key="team"),
        of("connection", "protocol", "UDP"),
    ),
    False,
    (),
    frozenset({LATER.namespace}),
)
UNSURE = replace(LIVE, live=None, depends_on=("the address of shop/web[Deployment]",))
DENIAL = Counterexample(
    Connection(Host(None, Labels({}), ip_address("10.9.9.9")), WEB, Protocol.OTHER, None),
    None,
    Decision((OPEN_EGRESS, DENIED)),
    (),
    region(
        of("src", "kind", "node"),
        of("dst", "kind", "pod"),
        of("dst", "namespace", "shop"),
        of("dst", "workload", "shop/web[Deployment]"),
        of("connection", "protocol", "other"),
    ),
    True,
)
OPEN_POD = Counterexample(
    None,
    WEB,
    None,
    (DENIED, OPEN_EGRESS),
    region(of("src", "kind", "pod"), of("src", "namespace", "shop")),
    True,
)


def verdict(id: str, status: Status, **changes: object) -> Verdict:
    found = changes.pop("query", None) or query(id, f"Title of {id}")
    return replace(Verdict(found, status, Universe.ANY, ""), **changes)


PROVED = verdict("dns-works", Status.PROVED, rests_on=(whole("deny", 3), whole("dns", 30)), is_minimal=True)
REFUTED = verdict(
    "internet-egress",
    Status.REFUTED,
    query=query(
        "internet-egress",
        "No pod can reach the internet",
        severity=Severity.CRITICAL,
        remediation="Add a default-deny egress policy.",
        controls=("PCI-DSS 1.4.4",),
    ),
    live=True,
    counterexamples=(LIVE, LATENT),
    is_complete=False,
    statistics=Statistics(0.5, 1234, 3, 9),
)
UNKNOWN = verdict(
    "db-closed",
    Status.UNKNOWN,
    reason="an unmodelled object could change this answer",
    blame=("CiliumNetworkPolicy shop/x",),
)
VACUOUS = verdict(
    "ghosts",
    Status.VACUOUS,
    reason="`tenant-z` can have no member",
    notices=(Notice(Source("rules.npq", 2), "nothing mentions namespace `tenant-z`"),),
)


def answer(*verdicts: Verdict, **changes: object) -> Answer:
    base = Answer(
        (Section("tenants", "Tenants are apart", verdicts),),
        Universe.ANY,
        PROFILES["generic"],
        (
            StatedAssumption("profile", "policies are enforced as generic does", "profile", "--profile, --knob"),
            StatedAssumption("pod-addresses", "pods have addresses in 10.0.0.0/8", "assumed", "--pod-cidr"),
            StatedAssumption("no-host-network", "namespace shop enforces Pod Security baseline", "fact"),
        ),
        (
            Unmodelled(
                "CiliumNetworkPolicy",
                "cilium.io/v2",
                "shop",
                "x",
                True,
                True,
                False,
                Source("c.yaml", 1),
                "not modelled yet",
            ),
        ),
        (Notice(Source("shop.yaml", 9), "the CIDR has host bits set"),),
        (("namespaces", 1), ("policies", 12), ("irrelevant", 3), ("unmodelled", 0)),
    )
    return replace(base, **changes)


EVERYTHING = answer(PROVED, REFUTED, UNKNOWN, VACUOUS)


# ------------------------------------------------------------------------------------------------ waivers, baseline
WAIVER = Waiver(
    "tenants/old-billing",
    "the old billing job moves out in January",
    "team-billing",
    date(2026, 12, 31),
    Excuse(ANYTHING, ANYTHING),
    "from workload shop/billing to namespace ledger on tcp/5432",
    Source("waivers.toml", 3),
)
EXPIRED = replace(WAIVER, query="tenants/internet-egress", expires=date(2026, 1, 31), source=Source("waivers.toml", 12))
WAIVED = verdict(
    "old-billing", Status.REFUTED, counterexamples=(DENIAL,), live=True, waivers=(WAIVER,), is_excused=True
)
KNOWN = verdict("legacy", Status.UNKNOWN, reason="it is not known", baseline=Status.UNKNOWN, is_excused=True)
WITH_EXCUSES = answer(
    PROVED,
    REFUTED,
    UNKNOWN,
    VACUOUS,
    WAIVED,
    KNOWN,
    waivers=((WAIVER, Waived.USED), (EXPIRED, Waived.EXPIRED)),
    baseline="before.json",
)
GUILTY = "        - namespaceSelector: {}  # of `everybody`"
FINDING = Finding(
    Fault.ALLOWS,
    "lets in every pod of every namespace",
    Spot(Source("k8s/shop.yaml", 19), 11, 21, GUILTY),
    one_rule("web", 14),
    Connection(LATER, WEB, Protocol.TCP, 8080),
    "",
    True,
    (Broken("tenants", REFUTED.query), Broken("tenants", query("apart", "Tenants are apart"))),
    Fix(
        "name the namespace", Edit("k8s/shop.yaml", 19, (GUILTY,), ("        - podSelector: {}",), ("    - from:",), ())
    ),
    other=one_rule("out", 30),
    new_namespaces=frozenset({LATER.namespace}),
)
OPENING = Finding(
    Fault.OPEN,
    "no NetworkPolicy isolates the pods of shop for egress",
    Spot(Source("k8s/shop.yaml", 2)),
    None,
    None,
    "shop/web[Deployment]",
    None,
    (Broken("tenants", REFUTED.query),),
    Fix("add a NetworkPolicy", Edit("k8s/deny.yaml", 1, (), ("kind: NetworkPolicy",), is_new=True)),
)
WITH_FINDINGS = replace(WITH_EXCUSES, findings=(FINDING, OPENING))
