"""What a strict API server refuses besides the rules of policies: nulls, numbers that JSON lacks, frames, markers."""

from __future__ import annotations

import json

import pytest

from analyzer.model.policies import Protocol

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: m, ports: [%s]}]\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {a: b}, %s}\n"
ADMIN = (
    "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p}\n"
    "spec:\n  priority: 1\n  subject: {namespaces: %s}\n"
)

LABELS = [
    POLICY + "spec: {podSelector: {matchLabels: {team: %s}}}\n",
    POLICY + "spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: %s}}}]}]}\n",
    POLICY + "spec: {podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {team: %s}}}]}]}\n",
    POLICY.replace("name: p", "name: p, labels: {team: %s}") + "spec: {podSelector: {}}\n",
    ADMIN % "{matchLabels: {team: %s}}",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {team: %s}}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {team: %s}}\nspec: {containers: [{name: m}]}\n",
    "apiVersion: v1\nkind: Node\nmetadata: {name: p, labels: {team: %s}}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {team: %s}}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
    "spec: {template: {metadata: {labels: {team: %s}}, spec: {containers: [{name: m}]}}}\n",
]


@pytest.mark.parametrize("null", ["", "~", "null", "Null"])
@pytest.mark.parametrize("text", LABELS)
def test_a_null_label_value_is_refused_with_a_way_out(problems, text, null):
    assert problems(text % "''") == ()
    (problem,) = problems(text % null)
    assert "team` is null" in problem.message
    assert problem.line
    assert '""' in problem.hint
    assert "remove the key" in problem.hint


def test_a_null_annotation_is_the_empty_text(problems):
    assert problems(POLICY.replace("name: p", "name: p, annotations: {a: null}")) == ()


# ------------------------------------------------------------------------------------------------ numbers
YAML_NUMBERS = [".inf", ".Inf", ".INF", "+.inf", "-.inf", "-.INF", ".nan", ".NaN", ".NAN"]
PLACES = ["a: %s", "a: {b: %s}", "a: [%s]", "a:\n- %s", "- a: %s", "a: !!float %s", "? x\n: %s"]


@pytest.mark.parametrize("number", YAML_NUMBERS)
@pytest.mark.parametrize("place", PLACES)
def test_numbers_that_json_lacks_are_refused_in_yaml(problems, place, number):
    indented = "".join(f"  {line}\n" for line in (place % number).split("\n"))
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n{indented}"
    (problem,) = problems(text)
    assert number in problem.message
    assert problem.line >= 5


@pytest.mark.parametrize("number", YAML_NUMBERS)
def test_their_names_are_keys_and_quoted_text(problems, number):
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{'a': '{number}', {number}: b}}\n"
    assert problems(text) == ()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("place", ['{"a": %s}', '{"a": [1, %s]}', '{"a": {"b": %s, "c": 1}}'])
@pytest.mark.parametrize("is_listed", [True, False])
def test_numbers_that_json_lacks_are_refused_in_json(problems, place, number, is_listed):
    one = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"},\n "data": %s}' % (place % number)
    text = f'{{"apiVersion": "v1", "kind": "List", "items": [{one}]}}' if is_listed else one
    (problem,) = problems(text)
    assert f"`{number}` is no number in JSON" in problem.message
    assert problem.line == 2
    quoted = text.replace(number, json.dumps(number))
    assert problems(quoted) == ()


def test_great_numbers_are_text_in_yaml(loaded):
    text = POLICY + "spec: {podSelector: {matchLabels: {a: 1e999}}}\n"
    (policy,) = loaded(text).cluster.policies
    assert str(policy.subject.pods) == "a=1e999"


# ------------------------------------------------------------------------------------------------ the frame
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"--- {{apiVersion: v1, kind: ConfigMap}}\n---\n{POLICY}", "behind `---`"),
        (f"{POLICY}---a: b\n", "behind `---`"),
        (f"{POLICY}----\n", "behind `---`"),
        (f"%YAML 1.2\n---\n{POLICY}", "a directive"),
        (f"%TAG ! tag:example.com,2000:\n---\n{POLICY}", "a directive"),
        ("apiVersion: core/v1\nkind: Namespace\nmetadata: {name: ns}\n", "has no kind `Namespace`"),
        ("apiVersion: nosuch/v1\nkind: Thing\nmetadata: {name: ns}\n", "has no kind `Thing`"),
        (POLICY.replace("networking.k8s.io", "projectcalico.org") + "spec: {podSelector: {}}\n", "`podSelector`"),
        (POLICY + "status: {}\n", "unknown field `status`"),
        (POLICY.replace("name: p", "name: p, creationTimestamp: 5"), "`metadata.creationTimestamp` must be text"),
        (POLICY.replace("name: p", "name: p, creationTimestamp: now"), "is no time"),
        (POLICY.replace("name: p", "name: p, deletionGracePeriodSeconds: x"), "must be a whole number"),
        (POLICY.replace("name: p", "name: p, finalizers: [a]"), "no finalizer of Kubernetes"),
        (POLICY.replace("name: p", "name: p, finalizers: [a/b/c]"), "a finalizer must not have"),
        (POLICY.replace("name: p", "name: p, ownerReferences: [{kind: A}]"), "apiVersion` is missing"),
        (POLICY.replace("name: p", "name: p, clusterName: a"), "unknown field `clusterName`"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\nstatus: {x: 1}\n", "unknown field `x` in `status`"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: ns, x: 1}\n", "unknown field `x` in `metadata`"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\nspec: {finalizers: [x]}\n", "no finalizer"),
    ],
)
def test_what_stands_around_the_rules_is_checked_too(problems, text, says):
    found = problems(text)
    assert any(says in problem.message for problem in found)
    assert all(problem.line for problem in found)


@pytest.mark.parametrize(
    "text",
    [
        POLICY + "---   # the next one\n---\t\n---\r\n",
        POLICY.replace("name: p", "name: p, creationTimestamp: null, finalizers: [a/b, orphan]"),
        POLICY.replace("name: p", "name: p, creationTimestamp: '2026-01-31T12:00:00Z', generation: -1"),
        POLICY.replace("name: p", "name: p, uid: u, clusterName: a") + "status: {conditions: []}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\nspec: {finalizers: [kubernetes]}\nstatus: {phase: A}\n",
    ],
)
def test_and_the_neighbours_pass(problems, text):
    assert problems(text) == ()


# ------------------------------------------------------------------------------------------------ empty texts
@pytest.mark.parametrize("protocol", ["''", '""'])
def test_an_empty_protocol_of_a_container_is_tcp(loaded, protocol):
    (workload,) = loaded(POD % f"{{containerPort: 80, protocol: {protocol}}}").cluster.workloads
    assert [port.protocol for port in workload.ports] == [Protocol.TCP]


def test_empty_texts_of_a_service_are_defaulted(loaded):
    text = SERVICE % "type: '', ports: [{port: 80, protocol: '', targetPort: ''}]"
    (service,) = loaded(text).cluster.services
    assert [(port.port, port.target, port.protocol) for port in service.ports] == [(80, 80, Protocol.TCP)]
    assert not service.reached_from_outside


def test_an_empty_protocol_of_a_policy_is_refused(problems):
    (problem,) = problems(POLICY + "spec: {podSelector: {}, ingress: [{ports: [{protocol: '', port: 80}]}]}\n")
    assert "protocol` is ``" in problem.message
