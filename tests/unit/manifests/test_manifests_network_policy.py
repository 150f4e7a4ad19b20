"""NetworkPolicy as the API server reads it: reference A4 (defaulting), A5 and A6 (shapes), A14 (V1–V26)."""

from __future__ import annotations

import pytest

from analyzer.model.policies import (
    AddressPeer,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    PodPeer,
    Protocol,
)
from analyzer.sets import AddressSet

FRAME = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\n"
A_RULE = "[{from: [{podSelector: {}}]}]"
AN_EGRESS_RULE = "[{to: [{podSelector: {}}]}]"


def policy_with(spec: str) -> str:
    return f"{FRAME}spec: {spec}\n"


def selecting(selector: str) -> str:
    return policy_with(f"{{podSelector: {selector}}}")


def peering(peer: str) -> str:
    return policy_with(f"{{ingress: [{{from: [{peer}]}}]}}")


def porting(port: str) -> str:
    return policy_with(f"{{ingress: [{{ports: [{port}]}}]}}")


# ------------------------------------------------------------------------------------------------ A4
@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        ("{}", 0, None),
        ("null", 0, None),
        ("{policyTypes: [], ingress: [{}]}", 1, None),
        ("{policyTypes: null, egress: [{}]}", 0, 1),
        ("{egress: []}", 0, None),
        (f"{{ingress: [], egress: {AN_EGRESS_RULE}}}", 0, 1),
        (f"{{policyTypes: [Ingress], egress: {AN_EGRESS_RULE}}}", 0, None),
        (f"{{policyTypes: [Egress], ingress: {A_RULE}}}", None, 0),
        ("{policyTypes: [Egress]}", None, 0),
        ("{policyTypes: [Ingress, Egress]}", 0, 0),
        ("{policyTypes: [Egress, Ingress]}", 0, 0),
        ("{policyTypes: [Ingress, Ingress], ingress: [{}]}", 1, None),
        ("{podSelector: null, policyTypes: [Ingress]}", 0, None),
    ],
)
def test_policy_types_are_defaulted(loaded, spec, ingress, egress):
    (policy,) = loaded(policy_with(spec)).cluster.policies
    counts = [None if rules is None else len(rules) for rules in (policy.ingress, policy.egress)]
    assert counts == [ingress, egress]
    assert policy.subject == PodPeer(NamespaceNamed("a"))


def test_rules_without_effect_are_noted(loaded):
    found = loaded(policy_with("{policyTypes: [Egress], ingress: [{}]}")).cluster
    assert any("has no effect" in notice.message for notice in found.notices)


def test_the_namespace_defaults(loaded):
    (policy,) = loaded(FRAME.replace(", namespace: a", "")).cluster.policies
    assert policy.namespace == "default"


# ------------------------------------------------------------------------------------------------ A5, A6, A8, A9
@pytest.mark.parametrize("rule", ["{}", "null", "{from: []}", "{from: null, ports: null}", "{from: [], ports: []}"])
def test_a_rule_that_names_nothing_allows_everything(loaded, rule):
    found = loaded(policy_with(f"{{ingress: [{rule}]}}")).cluster
    (only,) = found.policies[0].ingress
    assert (only.peers, only.ports) == (None, None)
    assert any("null" in notice.message for notice in found.notices) == (rule == "null")


@pytest.mark.parametrize(
    ("peer", "namespaces", "pods"),
    [
        ("{podSelector: {}}", NamespaceNamed("a"), ""),
        ("{podSelector: {matchLabels: {x: ''}}}", NamespaceNamed("a"), "x="),
        ("{namespaceSelector: {}}", "", ""),
        ("{namespaceSelector: {matchLabels: {t: b}}, podSelector: {matchLabels: {r: ''}}}", "t=b", "r="),
        (
            "{podSelector: {matchExpressions: [{key: k, operator: NotIn, values: [b, a, b]}]}}",
            NamespaceNamed("a"),
            "k notin (a,b)",
        ),
        ("{podSelector: {matchExpressions: [{key: k, operator: Exists}]}}", NamespaceNamed("a"), "k"),
        (
            "{podSelector: {matchExpressions: [{key: k, operator: DoesNotExist, values: []}]}}",
            NamespaceNamed("a"),
            "!k",
        ),
    ],
)
def test_selector_peers(loaded, peer, namespaces, pods):
    (policy,) = loaded(peering(peer)).cluster.policies
    (found,) = policy.ingress[0].peers
    assert isinstance(found, PodPeer)
    if isinstance(namespaces, str):
        assert isinstance(found.namespaces, NamespacesMatching)
        assert str(found.namespaces.selector) == namespaces
    else:
        assert found.namespaces == namespaces
    assert str(found.pods) == pods


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("{}", NumberedPorts(Protocol.TCP)),
        ("null", NumberedPorts(Protocol.TCP)),
        ("{protocol: UDP}", NumberedPorts(Protocol.UDP)),
        ("{port: null, protocol: SCTP}", NumberedPorts(Protocol.SCTP)),
        ("{port: 80}", NumberedPorts(Protocol.TCP, 80)),
        ("{port: 80.0}", NumberedPorts(Protocol.TCP, 80)),
        ("{port: 0x50}", NumberedPorts(Protocol.TCP, 80)),
        ("{port: 0120}", NumberedPorts(Protocol.TCP, 80)),
        ("{port: 8000, endPort: 8010}", NumberedPorts(Protocol.TCP, 8000, 8010)),
        ("{port: 8000, endPort: 8000}", NumberedPorts(Protocol.TCP, 8000, 8000)),
        ("{port: http}", NamedPort("http", Protocol.TCP)),
        ("{port: 8k, protocol: UDP}", NamedPort("8k", Protocol.UDP)),
    ],
)
def test_ports(loaded, port, expected):
    (policy,) = loaded(porting(port)).cluster.policies
    assert policy.ingress[0].ports == (expected,)


def test_blocks(loaded):
    text = peering(
        "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.1.0.0/24]}}, {ipBlock: {cidr: '::/0', except: null}}"
    )
    (policy,) = loaded(text).cluster.policies
    four, six = policy.ingress[0].peers
    assert isinstance(four, AddressPeer)
    assert four.addresses == AddressSet.of("10.0.0.0/8") - AddressSet.of("10.1.0.0/16")
    assert four.text == "10.0.0.0/8 except 10.1.0.0/16, 10.1.0.0/24"
    assert four.matches_cluster is None
    assert six.addresses == AddressSet.of("::/0")


@pytest.mark.parametrize(
    ("cidr", "means"),
    [
        ("10.0.0.7/24", "10.0.0.0/24"),
        ("010.00.0.0/8", "10.0.0.0/8"),
        ("10.0.0.0/08", "10.0.0.0/8"),
        ("'::ffff:10.1.0.0/112'", "10.1.0.0/16"),
        ("'::ffff:10.1.0.0/64'", "::/64"),
        ("'2001:db8::1/32'", "2001:db8::/32"),
    ],
)
def test_odd_cidrs_are_read_with_a_notice_or_refused(loaded, problems, cidr, means):
    text = peering(f"{{ipBlock: {{cidr: {cidr}}}}}")
    stored = text.replace("metadata: {", "metadata: {resourceVersion: '7', ")
    for found in (loaded(text, strict_cidr=False).cluster, loaded(stored).cluster):
        assert found.policies[0].ingress[0].peers[0].addresses == AddressSet.of(means)
        assert len(found.notices) == 1
    (problem,) = problems(text)
    assert means in problem.hint
    assert "--no-strict-cidr" in problem.hint


@pytest.mark.parametrize(
    ("cidr", "taken", "is_taken"),
    [
        ("::ffff:0:0/96", "8.0.0.0/8", False),
        ("::ffff:10.0.0.0/104", "10.1.0.0/16", False),
        ("::ffff:10.0.0.0/104", "::ffff:10.1.0.0/112", True),
        ("10.0.0.0/8", "::ffff:10.1.0.0/112", True),
        ("10.0.0.0/8", "::ffff:11.0.0.0/112", False),
    ],
)
def test_an_except_is_longer_than_its_cidr_as_both_are_written(problems, cidr, taken, is_taken):
    text = peering(f"{{ipBlock: {{cidr: '{cidr}', except: ['{taken}']}}}}")
    assert (problems(text, strict_cidr=False) == ()) is is_taken


# ------------------------------------------------------------------------------------------------ A14
REFUSED = [
    ("V1", FRAME.replace("name: p", "name: My_Policy"), "My_Policy"),
    ("V1", FRAME.replace("name: p", "name: -a"), "-a"),
    ("V1", FRAME.replace("name: p", "name: ''"), "must not be empty"),
    ("V1", FRAME.replace("name: p, ", ""), "no `metadata.name`"),
    ("V1", FRAME.replace("name: p", "name: " + "a" * 254), "longer than 253"),
    ("V2", FRAME.replace("namespace: a", "namespace: A"), "metadata.namespace"),
    ("V2", FRAME.replace("namespace: a", "namespace: a.b"), "metadata.namespace"),
    ("V3", selecting("{matchLabels: {a/b/c: x}}"), "more than one `/`"),
    ("V3", selecting("{matchLabels: {/x: x}}"), "nothing before"),
    ("V3", selecting("{matchLabels: {x/: x}}"), "nothing after"),
    ("V3", selecting("{matchLabels: {-x: x}}"), "label key"),
    ("V3", selecting("{matchLabels: {'': x}}"), "label key must not be empty"),
    ("V3", selecting("{matchLabels: {" + "k" * 64 + ": x}}"), "longer than 63"),
    ("V3", selecting("{matchExpressions: [{key: a b, operator: Exists}]}"), "label key"),
    ("V4", selecting("{matchLabels: {a: -x}}"), "label value"),
    ("V4", selecting("{matchLabels: {a: x/y}}"), "label value"),
    ("V4", selecting("{matchLabels: {a: " + "v" * 64 + "}}"), "longer than 63"),
    ("V5", selecting("{matchLabels: {a: x y}}"), "label value"),
    ("V5", selecting("{matchExpressions: [{key: a, operator: In, values: [x y]}]}"), "label value"),
    ("V6", selecting("{matchExpressions: [{key: a, operator: In, values: []}]}"), "at least one value"),
    ("V6", selecting("{matchExpressions: [{key: a, operator: NotIn}]}"), "at least one value"),
    ("V6", selecting("{matchExpressions: [{key: a, operator: Exists, values: [x]}]}"), "left out"),
    ("V7", selecting("{matchExpressions: [{key: a, operator: in, values: [x]}]}"), "must be `In`"),
    ("V7", selecting("{matchExpressions: [{key: a, operator: Gt, values: ['1']}]}"), "`Gt`"),
    ("V7", selecting("{matchExpressions: [{key: a}]}"), "operator` is missing"),
    ("V7", selecting("{matchExpressions: [{operator: Exists}]}"), "key` is missing"),
    ("V8", porting("{protocol: tcp}"), "must be `TCP`"),
    ("V8", porting("{protocol: ICMP}"), "`ICMP`"),
    ("V8", porting("{protocol: ''}"), "protocol"),
    ("V9", porting("{port: 0}"), "between 1 and 65535"),
    ("V9", porting("{port: -1}"), "between 1 and 65535"),
    ("V9", porting("{port: 65536}"), "between 1 and 65535"),
    ("V10", porting("{port: '80'}"), "holds no letter"),
    ("V10", porting("{port: HTTP}"), "no port name"),
    ("V10", porting("{port: a--b}"), "two `-`"),
    ("V10", porting("{port: -a}"), "no port name"),
    ("V10", porting("{port: abcdefghijklmnop}"), "longer than 15"),
    ("V10", porting("{port: ''}"), "is empty"),
    ("V11", porting("{endPort: 90}"), "needs `port`"),
    ("V12", porting("{port: http, endPort: 90}"), "numeric `port`"),
    ("V13", porting("{port: 90, endPort: 80}"), "less than `port`"),
    ("V14", porting("{port: 90, endPort: 65536}"), "between 1 and 65535"),
    ("V14", porting("{port: 90, endPort: 0}"), "between 1 and 65535"),
    ("V15", peering("{}"), "must set `podSelector`"),
    ("V15", peering("null"), "must set `podSelector`"),
    ("V15", peering("{podSelector: null}"), "must set `podSelector`"),
    ("V16", peering("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}"), "beside a selector"),
    ("V17", peering("{ipBlock: {}}"), "cidr` is missing"),
    ("V17", peering("{ipBlock: {cidr: 10.0.0.0}}"), "no mask"),
    ("V17", peering("{ipBlock: {cidr: 10.0.0.0/33}}"), "at most 32"),
    ("V17", peering("{ipBlock: {cidr: ''}}"), "no CIDR"),
    ("V17", peering("{ipBlock: {cidr: '::/129'}}"), "at most 128"),
    ("V17", peering("{ipBlock: {cidr: 10.0.0.0/}}"), "number of bits"),
    ("V17", peering("{ipBlock: {cidr: 10.0.0.0/255.0.0.0}}"), "number of bits"),
    ("V17", peering("{ipBlock: {cidr: 'fe80::1%eth0/64'}}"), "no CIDR"),
    ("V18", peering("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.1.1]}}"), "no mask"),
    ("V19", peering("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}"), "strictly inside"),
    ("V19", peering("{ipBlock: {cidr: 10.0.0.0/8, except: [0.0.0.0/0]}}"), "strictly inside"),
    ("V19", peering("{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}"), "strictly inside"),
    ("V19", peering("{ipBlock: {cidr: 0.0.0.0/0, except: ['a000::/16']}}"), "strictly inside"),
    ("V20", policy_with("{policyTypes: [Ingress, Egress, Both]}"), "at most 2"),
    ("V21", policy_with("{policyTypes: [ingress]}"), "only `Ingress` and `Egress`"),
    ("V22", porting("{port: 80.5}"), "whole number"),
    ("V22", porting("{port: true}"), "whole number"),
    ("V22", policy_with("{ingress: [{ports: {}}]}"), "must be a list"),
    ("V22", selecting("[]"), "must be a mapping"),
    ("V22", selecting("{matchLabels: {a: 1}}"), "must be text"),
    ("V22", selecting("{matchLabels: {a: yes}}"), "must be text"),
    ("V22", policy_with("{ingress: [3]}"), "must be a mapping"),
    ("V22", policy_with("{policyTypes: Ingress}"), "must be a list"),
    ("V22", FRAME + "spec: []\n", "must be a mapping"),
    ("V24", policy_with("{podselector: {}}"), "unknown field `podselector`"),
    ("V24", porting("{port: 80, endport: 90}"), "unknown field `endport`"),
    ("V24", peering("{podSelector: {app: x}}"), "unknown field `app`"),
    ("V24", FRAME.replace("name: p", "name: p, nmae: q"), "unknown field `nmae`"),
    ("V24", FRAME + "specs: {}\n", "unknown field `specs`"),
    ("V24", FRAME + "spec: {}\nspec: {}\n", "stands twice"),
    ("V25", FRAME.replace("name: p", "name: p, annotations: {x: " + "a" * 262144 + "}"), "256 KiB"),
    ("V25", FRAME.replace("name: p", "name: p, annotations: {a b: x}"), "annotation key"),
    ("V25", FRAME.replace("name: p", "name: p, labels: {a: 'b c'}"), "label value"),
    ("V26", FRAME.replace("networking.k8s.io/v1", "extensions/v1beta1"), "no API server serves"),
    ("V26", FRAME.replace("networking.k8s.io/v1", "networking.k8s.io/v2"), "`networking.k8s.io/v2`"),
]


@pytest.mark.parametrize(("row", "text", "says"), REFUSED, ids=[f"{r[0]}-{i}" for i, r in enumerate(REFUSED)])
def test_what_the_api_server_refuses_is_refused(problems, row, text, says):
    found = problems(text)
    assert any(says in problem.message for problem in found), (row, found)
    assert all(problem.line for problem in found)


ACCEPTED = [
    FRAME.replace("name: p", "name: allow.http-1"),
    FRAME.replace("name: p", "generateName: p-"),
    FRAME.replace("name: p", "name: p, annotations: {Example.com/A: x}, managedFields: [{manager: b}]"),
    FRAME.replace("name: p", "name: p, uid: u") + "status: {anything: 1}\n",
    FRAME + "status: null\n",
    selecting("{matchLabels: {example.com/A_b.c: A.b_c, b: ''}}"),
    selecting("{matchLabels: {a: x}, matchExpressions: [{key: a, operator: DoesNotExist}]}"),
    selecting("{matchLabels: null, matchExpressions: null}"),
    porting("{port: 1}, {port: 65535}, {port: 80, endPort: 80}"),
    peering("{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9, 10.0.0.0/10]}}"),
    peering("{ipBlock: {cidr: 0.0.0.0/0}, podSelector: null}"),
    policy_with("{ingress: null, egress: null}"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_the_neighbours_of_what_is_refused_are_accepted(problems, text):
    assert problems(text) == ()


def test_all_problems_of_a_policy_come_at_once_with_their_places(problems):
    text = FRAME + (
        "spec:\n"
        "  podselector: {}\n"
        "  ingress:\n"
        "  - from:\n"
        "    - ipBlock:\n"
        "        cidr: 10.0.0.0\n"
        "    ports:\n"
        "    - port: 53\n"
        "      endPort: 50\n"
    )
    places = [(problem.line, problem.column) for problem in problems(text)]
    assert places == [(5, 3), (9, 9), (12, 7)]


def test_unknown_fields_name_the_nearest_one(problems):
    (problem,) = problems(policy_with("{podselector: {}}"))
    assert problem.hint == "did you mean `podSelector`?"
    (problem,) = problems(peering("{podSelector: {app: x}}"))
    assert "matchLabels: {app: x}" in problem.hint
    (problem,) = problems(policy_with(f"{{egress: {A_RULE}}}"))
    assert "`to`" in problem.hint
