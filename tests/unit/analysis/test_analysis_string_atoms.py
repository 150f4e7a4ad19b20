"""Knob string-atoms: within it answers are exact, beyond it unknown, and the reason names the patterns."""

from __future__ import annotations

import re

import pytest

import analyzer as netproof
from analyzer.errors import InputError
from analyzer.model.profile import PROFILES

PODS = """\
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a, labels: {app: x}}
spec: {containers: [{name: main, image: x}]}
---
"""
WORDS = [f"part{number}" for number in range(12)]
PATHS = f"""\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: a}}
spec: {{rules: [{{to: [{{operation: {{paths: {[f"/{word}/*" for word in WORDS]}}}}}]}}]}}
"""
HEADERS = f"""\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: a}}
spec: {{rules: [{{when: [{{key: "request.headers[x-word]", values: {[f"{word}*" for word in WORDS]}}}]}}]}}
"""
SELECTORS = "---\n".join(
    f"""\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: p{number}, namespace: a}}
spec: {{selector: "app contains '{word}'", types: [Ingress], ingress: [{{action: Deny}}]}}
"""
    for number, word in enumerate(WORDS[:5])
)
WHAT = {"paths": "the request's path", "headers": "the request's headers", "labels": "label `app`"}
OF_POLICIES = {"paths": PATHS, "headers": HEADERS, "labels": SELECTORS}
BROAD = "no anything can reach pods in namespace a on tcp/8080"
NARROW = " or ".join(f'request.path like "/{word}/*"' for word in WORDS)


@pytest.mark.parametrize("of", OF_POLICIES)
def test_beyond_the_bound_the_answer_is_unknown_and_names_patterns_of_policies(of):
    manifests = netproof.load(objects=PODS + OF_POLICIES[of])
    assert netproof.check(manifests, BROAD).status.value == "refuted"
    beyond = netproof.check(manifests, BROAD, knob={"string-atoms": "6"})["q1"]
    assert beyond.status.value == "unknown"
    told = f"more than 6 strings for {WHAT[of]} are told apart by (begins with|contains) `/?part0"
    assert re.match(told, beyond.reason)


def test_beyond_the_bound_the_answer_is_unknown_and_names_patterns_of_the_question():
    claim = f"no anything can reach pods in namespace a on tcp/8080 where {NARROW}"
    found = {
        bound: netproof.check(netproof.load(objects=PODS), claim, knob={"string-atoms": bound})["q1"]
        for bound in ("5", "1000")
    }
    assert {bound: verdict.status.value for bound, verdict in found.items()} == {"5": "unknown", "1000": "refuted"}
    told = "more than 5 strings for the request's path are told apart by begins with `/part0/`"
    assert found["5"].reason.startswith(told)


def test_comparisons_and_exposure_say_so_too():
    closed = netproof.load(objects=PODS + SELECTORS)
    found = netproof.diff(netproof.load(objects=PODS), closed, profile="calico", knob={"string-atoms": "6"})
    assert "more than 6 strings for label `app` are told apart by " in str(found)


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "123456789"])
def test_what_is_no_bound_is_refused(value):
    with pytest.raises(InputError, match="string-atoms takes a whole number"):
        netproof.check(netproof.load(objects=PODS), BROAD, knob={"string-atoms": value})


def test_the_bound_is_told_where_it_is_set():
    assert PROFILES["generic"].most_atoms == 10_000
    assert "string-atoms" not in PROFILES["generic"].knobs()
    assert PROFILES["generic"].with_knob("string-atoms", "20").knobs()["string-atoms"] == "20"
