"""AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy (reference B and C)."""

from __future__ import annotations

import pytest

from analyzer.model.policies import (
    Action,
    AddressPeer,
    DomainPeer,
    NamedPort,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    PodPeer,
    Protocol,
    Tier,
    UnknownPeer,
)
from analyzer.sets import AddressSet, PortSet

GROUP = "apiVersion: policy.networking.k8s.io/"
SUBJECT = "subject: {namespaces: {}}"
FROM = "from: [{namespaces: {}}]"
TO = "to: [{namespaces: {}}]"


def admin(spec: str, name: str = "p") -> str:
    return f"{GROUP}v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def baseline(spec: str, name: str = "default") -> str:
    return f"{GROUP}v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def cluster(spec: str, name: str = "p") -> str:
    return f"{GROUP}v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def admin_ingress(rule: str) -> str:
    return admin(f"{{priority: 5, {SUBJECT}, ingress: [{rule}]}}")


def admin_egress(rule: str) -> str:
    return admin(f"{{priority: 5, {SUBJECT}, egress: [{rule}]}}")


def admin_port(port: str) -> str:
    return admin_ingress(f"{{action: Allow, {FROM}, ports: [{port}]}}")


def cluster_ingress(rule: str) -> str:
    return cluster(f"{{tier: Admin, priority: 5, {SUBJECT}, ingress: [{rule}]}}")


def cluster_egress(rule: str) -> str:
    return cluster(f"{{tier: Admin, priority: 5, {SUBJECT}, egress: [{rule}]}}")


def cluster_port(port: str) -> str:
    return cluster_ingress(f"{{action: Accept, {FROM}, protocols: [{port}]}}")


# ------------------------------------------------------------------------------------------------ what they mean
def test_an_admin_policy(loaded):
    text = admin(
        "{priority: 0, subject: {pods: {namespaceSelector: {matchLabels: {t: a}}, podSelector: {}}},"
        " ingress: [{name: first, action: Allow,"
        " from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {r: b}}}}]}],"
        " egress: [{action: Deny, to: [{networks: [0.0.0.0/0, '::/0']}]},"
        " {action: Pass, to: [{nodes: {matchLabels: {x: z}}}], ports: [{portNumber: {port: 53, protocol: UDP}}]}]}"
    )
    (policy,) = loaded(text).cluster.policies
    assert (policy.tier, policy.priority, policy.namespace) == (Tier.ADMIN, 0, None)
    assert str(policy.subject.namespaces.selector) == "t=a"
    (ingress,) = policy.ingress
    assert (ingress.action, ingress.word, ingress.name, ingress.ports) == (Action.ACCEPT, "Allow", "first", None)
    deny, pass_ = policy.egress
    assert deny.peers == (AddressPeer(AddressSet.FULL, "0.0.0.0/0, ::/0", matches_cluster=True),)
    assert (pass_.action, pass_.index) == (Action.PASS, 1)
    assert isinstance(pass_.peers[0], NodePeer)
    assert pass_.ports == (NumberedPorts(Protocol.UDP, 53),)


def test_directions_that_are_not_written_are_left_alone(loaded):
    (policy,) = loaded(admin(f"{{priority: 5, {SUBJECT}, ingress: []}}")).cluster.policies
    assert (policy.ingress, policy.egress) == ((), None)


def test_a_baseline_policy(loaded):
    (policy,) = loaded(baseline(f"{{{SUBJECT}, ingress: [{{action: Deny, {FROM}}}]}}")).cluster.policies
    assert (policy.tier, policy.priority) == (Tier.BASELINE, 0)


def test_a_cluster_policy(loaded):
    text = cluster(
        "{tier: Baseline, priority: 7, subject: {pods: {podSelector: {matchLabels: {a: b}}}},"
        " ingress: [{action: Accept, from: [{pods: {podSelector: {}}}], protocols: ["
        "{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 65535}}}},"
        " {destinationNamedPort: web}]}]}"
    )
    (policy,) = loaded(text).cluster.policies
    assert (policy.tier, policy.priority) == (Tier.BASELINE, 7)
    assert isinstance(policy.subject, PodPeer)
    assert isinstance(policy.subject.namespaces, NamespacesMatching)
    assert str(policy.subject.namespaces.selector) == ""
    assert policy.ingress[0].ports == (
        NumberedPorts(Protocol.TCP, 80),
        NumberedPorts(Protocol.UDP, 1, 65535),
        NamedPort("web", None),
    )


@pytest.mark.parametrize(
    ("port", "expected", "notices"),
    [
        ("{portNumber: {port: 80}}", PortSet.of(80), 0),
        ("{portRange: {start: 8000, end: 8080}}", PortSet.of((8000, 8080)), 0),
        ("{portRange: {start: 80, end: 80}}", PortSet.of(80), 0),
        ("{portRange: {start: 90, end: 80}}", PortSet.EMPTY, 1),
        ("{portNumber: {port: 80, protocol: tcp}}", PortSet.EMPTY, 1),
        ("{portNumber: {port: 80, protocol: ''}}", PortSet.EMPTY, 1),
        ("{portRange: {start: 1, end: 2, protocol: ICMP}}", PortSet.EMPTY, 1),
    ],
)
def test_admin_ports_that_match_nothing_stay_in_the_rule(loaded, port, expected, notices):
    found = loaded(admin_port(port)).cluster
    (only,) = found.policies[0].ingress[0].ports
    assert only.ports == expected
    assert not only.is_range or expected == PortSet.of((8000, 8080))
    assert len(found.notices) == notices


@pytest.mark.parametrize("text", [admin_ingress, cluster_ingress])
def test_a_peer_of_a_newer_api_is_kept_as_unknown(loaded, text):
    stored = text("{action: Deny, from: [{identities: {}}]}").replace("metadata: {", "metadata: {uid: 6d1f, ")
    found = loaded(stored).cluster
    assert found.policies[0].ingress[0].peers == (UnknownPeer("identities"),)
    assert any("does not know" in notice.message for notice in found.notices)


@pytest.mark.parametrize(("cidr", "means"), [("010.0.0.0/8", "10.0.0.0/8"), ("'::ffff:10.0.0.0/104'", "10.0.0.0/8")])
def test_odd_networks_are_refused_in_a_file_and_read_where_they_are_stored(loaded, problems, cidr, means):
    text = admin_egress(f"{{action: Deny, to: [{{networks: [{cidr}]}}]}}")
    (problem,) = problems(text)
    assert means in problem.hint
    found = loaded(text.replace("metadata: {", "metadata: {uid: 6d1f, ")).cluster
    assert found.policies[0].egress[0].peers[0].addresses == AddressSet.of(means)
    assert len(found.notices) == 1


def test_domain_names(loaded):
    text = admin_egress("{action: Allow, to: [{domainNames: ['*.k.io', example.com.]}]}")
    found = loaded(text).cluster
    assert found.policies[0].egress[0].peers == (DomainPeer(("*.k.io", "example.com.")),)
    assert found.notices == ()
    denied = loaded(text.replace("Allow", "Deny")).cluster
    assert any("Allow rules only" in notice.message for notice in denied.notices)


def test_networks_with_a_named_port_are_noted_in_stored_cluster_policies(loaded, problems):
    text = cluster_egress("{action: Accept, to: [{networks: [10.0.0.0/8]}], protocols: [{destinationNamedPort: web}]}")
    (problem,) = problems(text)
    assert "cannot stand in a rule with `networks` peers" in problem.message
    assert len(loaded(text.replace("metadata: {", "metadata: {uid: 6d1f, ")).cluster.notices) == 1


# ------------------------------------------------------------------------------------------------ what is refused
MANY = "[" + ", ".join(["{action: Deny, from: [{namespaces: {}}]}"] * 101) + "]"
TWENTY_SIX = "[" + ", ".join(["{action: Deny, from: [{namespaces: {}}]}"] * 26) + "]"
NETWORKS = ", ".join(f"10.{n}.0.0/16" for n in range(26))
REFUSED = [
    (admin(f"{{{SUBJECT}}}"), "priority` is missing"),
    (admin(f"{{priority: 1001, {SUBJECT}}}"), "between 0 and 1000"),
    (admin(f"{{priority: -1, {SUBJECT}}}"), "between 0 and 1000"),
    (admin("{priority: 1}"), "subject` is missing"),
    (admin("null"), "`spec` is missing"),
    (admin("{priority: 1, subject: {}}"), "must set one of"),
    (admin("{priority: 1, subject: {namespaces: {}, pods: {namespaceSelector: {}, podSelector: {}}}}"), "only one of"),
    (admin("{priority: 1, subject: {pods: {podSelector: {}}}}"), "namespaceSelector` is missing"),
    (admin("{priority: 1, subject: {pods: {namespaceSelector: {}}}}"), "podSelector` is missing"),
    (admin(f"{{priority: 1, {SUBJECT}, ingress: {MANY}}}"), "at most 100"),
    (admin_ingress("{action: Accept, from: [{namespaces: {}}]}"), "must be `Allow`"),
    (admin_ingress("{from: [{namespaces: {}}]}"), "action` is missing"),
    (admin_ingress("{action: Deny}"), "from` is missing"),
    (admin_ingress("{action: Deny, from: []}"), "at least one"),
    (admin_ingress("{action: Deny, from: [{}]}"), "must set one of"),
    (admin_ingress("{action: Deny, from: [{namespace: {}}]}"), "unknown field `namespace`"),
    (admin_ingress("{action: Deny, from: [{networks: [10.0.0.0/8]}]}"), "no peer here"),
    (admin_ingress("{action: Deny, from: [{namespaces: {sameLabels: [a]}}]}"), "old version"),
    (admin_ingress("{action: Deny, from: [{namespaces: {namespaceSelector: {}}}]}"), "old version"),
    (admin_ingress(f"{{action: Deny, name: {'n' * 101}, {FROM}}}"), "longer than 100"),
    (admin_ingress(f"{{action: Deny, {FROM}, ports: []}}"), "at least one"),
    (admin_ingress(f"{{action: Deny, {FROM}, protocols: []}}"), "unknown field `protocols`"),
    (admin_port("{}"), "exactly one of"),
    (admin_port("{portNumber: {port: 80}, portRange: {start: 1, end: 2}}"), "exactly one of"),
    (admin_port("{portNumber: {}}"), "port` is missing"),
    (admin_port("{portNumber: {port: 0}}"), "between 1 and 65535"),
    (admin_port("{portRange: {start: 1}}"), "end` is missing"),
    (admin_egress(f"{{action: Deny, to: [{{networks: [{NETWORKS}]}}]}}"), "at most 25"),
    (admin_egress("{action: Deny, to: [{networks: [10.0.0.0]}]}"), "no mask"),
    (admin_egress("{action: Deny, to: [{networks: [010.0.0.0/8]}]}"), "leading zeros"),
    (admin_egress("{action: Deny, to: [{networks: ['::ffff:10.0.0.0/104']}]}"), "IPv4-mapped"),
    (admin_egress("{action: Deny, to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]}"), "repeats"),
    (admin_egress("{action: Allow, to: [{domainNames: [no domain]}]}"), "no domain name"),
    (admin_egress("{action: Deny, to: [{networks: [10.0.0.0/8]}], ports: [{namedPort: web}]}"), "cannot stand"),
    (baseline(f"{{{SUBJECT}}}", name="other"), "must be `default`"),
    (baseline(f"{{{SUBJECT}, priority: 1}}"), "unknown field `priority`"),
    (baseline(f"{{{SUBJECT}, ingress: [{{action: Pass, {FROM}}}]}}"), "must be `Allow` or `Deny`"),
    (baseline(f"{{{SUBJECT}, egress: [{{action: Deny, to: [{{domainNames: [a.b]}}]}}]}}"), "no peer here"),
    (cluster(f"{{priority: 1, {SUBJECT}}}"), "tier` is missing"),
    (cluster(f"{{tier: admin, priority: 1, {SUBJECT}}}"), "must be `Admin`"),
    (cluster(f"{{tier: Admin, priority: 1, {SUBJECT}, ingress: {TWENTY_SIX}}}"), "at most 25"),
    (cluster_ingress(f"{{action: Allow, {FROM}}}"), "must be `Accept`"),
    (cluster_ingress(f"{{action: Deny, {FROM}, ports: []}}"), "unknown field `ports`"),
    (cluster_ingress(f"{{action: Deny, {FROM}, protocols: []}}"), "at least one"),
    (cluster_port("{tcp: {}}"), "must set `destinationPort`"),
    (cluster_port("{tcp: {destinationPort: {number: 1}}, udp: {destinationPort: {number: 1}}}"), "exactly one of"),
    (cluster_port("{tcp: {destinationPort: {number: 1, range: {start: 1, end: 2}}}}"), "exactly one of"),
    (cluster_port("{tcp: {destinationPort: {range: {start: 80, end: 80}}}}"), "less than `end`"),
    (cluster_port("{tcp: {destinationPort: {number: 65536}}}"), "between 1 and 65535"),
    (cluster_egress("{action: Deny, to: [{nodes: {}}], protocols: [{destinationNamedPort: a}]}"), "cannot stand"),
    (cluster(f"{{tier: Admin, priority: 1, {SUBJECT}}}").replace("v1alpha2", "v1alpha1"), "v1alpha1"),
]


@pytest.mark.parametrize(("text", "says"), REFUSED, ids=range(len(REFUSED)))
def test_what_the_api_server_refuses_is_refused(problems, text, says):
    found = problems(text)
    assert any(says in problem.message for problem in found), found


ACCEPTED = [
    admin(f"{{priority: 1000, {SUBJECT}}}"),
    admin_egress("{action: Deny, to: [{networks: [10.0.0.7/24]}]}"),
    admin_port("{namedPort: web}"),
    baseline(f"{{{SUBJECT}, egress: [{{action: Allow, {TO}}}]}}"),
    cluster(f"{{tier: Admin, priority: 1, {SUBJECT}, ingress: {TWENTY_SIX.replace('[', '[', 1)}}}").replace(
        "{action: Deny, from: [{namespaces: {}}]}, ", "", 1
    ),
    cluster_egress("{action: Pass, to: [{nodes: {}}]}"),
]


@pytest.mark.parametrize("text", ACCEPTED, ids=range(len(ACCEPTED)))
def test_their_neighbours_are_accepted(problems, text):
    assert problems(text) == ()
