"""What comparisons say of two revisions that differ in what a mesh lets in."""

import pytest

import analyzer
from analyzer.verdicts.difference import Relation

CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: shop, labels: {app: api}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: front, namespace: web}, spec: {containers: [{name: c}]}}
"""
POLICY = """---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: shop}}
spec: {{rules: [{rules}]}}
"""
STRICT = """---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: m, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""
ENTRY = """---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: e, namespace: web}
spec: {hosts: [a.example], ports: [{number: 443, name: https, protocol: HTTPS}], resolution: DNS}
"""
CONFIG = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "pathNormalization: {normalization: MERGE_SLASHES}"}
"""


def rule(methods="GET", path="/api/*", more=""):
    return f"{{to: [{{operation: {{methods: [{methods}], paths: ['{path}']}}}}]{more}}}"


def policy(*rules, name="p"):
    return POLICY.format(name=name, rules=", ".join(rules))


def forwarded(*blocks):
    when = "when: [{key: 'request.headers[x-forwarded-for]', values: [203.0.113.7]}]"
    return policy(*(f"{{from: [{{source: {{remoteIpBlocks: ['{block}']}}}}], {when}}}" for block in blocks))


CHANGES = {
    "a method more": (policy(rule()), policy(rule("GET, POST")), Relation.MORE),
    "a path less": (policy(rule(), rule(path="/b")), policy(rule()), Relation.LESS),
    "another path": (policy(rule()), policy(rule(path="/b")), Relation.INCOMPARABLE),
    "a prefix that holds the path": (policy(rule(path="/a")), policy(rule(path="/a"), rule(path="/a*")), Relation.MORE),
    "rules in another order": (policy(rule(), rule(path="/b")), policy(rule(path="/b"), rule()), Relation.EQUIVALENT),
    "a policy for each rule": (
        policy(rule(), rule(path="/b")),
        policy(rule(), name="p") + policy(rule(path="/b"), name="q"),
        Relation.EQUIVALENT,
    ),
    "a rule inside another": (
        policy(rule(path="/a*")),
        policy(rule(path="/a*"), rule(path="/a/b")),
        Relation.EQUIVALENT,
    ),
    "mutual TLS a must": ("", STRICT, Relation.LESS),
    "mutual TLS a must where an identity is": (
        policy(rule(more=", from: [{source: {namespaces: [web]}}]")),
        policy(rule(more=", from: [{source: {namespaces: [web]}}]")) + STRICT,
        Relation.EQUIVALENT,
    ),
}


@pytest.mark.parametrize("universe", ["any", "inventory"])
@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_requests_are_compared(old, new, expected, universe):
    found = analyzer.diff(*(analyzer.load(objects=CLUSTER + it) for it in (old, new)), universe=universe)
    assert found.relation is expected


def test_a_change_has_a_request_for_a_witness():
    old, new = (analyzer.load(objects=CLUSTER + policy(rule(it))) for it in ("GET", "GET, POST"))
    changes = analyzer.diff(old, new).difference.gained.changes
    assert changes
    for change in changes:
        assert (change.connection.request.method, change.connection.request.path) == ("POST", "/api/")
        assert {"method", "path"} <= {it.name for it in change.region.request}
        assert not change.before.allowed
        assert change.after.allowed


OPEN = {
    "paths made normal in two ways": (policy(rule()), policy(rule("GET, POST")) + CONFIG, "normalize paths"),
    "what hangs together": (
        forwarded("203.0.113.0/24"),
        forwarded("198.51.100.0/24", "203.0.113.0/24"),
        "hangs together",
    ),
    "what a mesh makes of what goes out": ("", ENTRY, "not modelled"),
}


@pytest.mark.parametrize(("old", "new", "reason"), OPEN.values(), ids=OPEN)
def test_what_cannot_be_compared_is_unknown(old, new, reason):
    found = analyzer.diff(*(analyzer.load(objects=CLUSTER + it) for it in (old, new)))
    assert found.relation is Relation.UNKNOWN
    assert reason in " ".join(shift.reason for shift in (found.difference.gained, found.difference.lost))


def test_requests_of_pods_at_unknown_addresses_are_not_called_equal():
    def old_or_new(block):
        who = f"{{source: {{namespaces: [web], ipBlocks: ['{block}']}}}}"
        return policy("{to: [{operation: {paths: [/health]}}]}", rule(more=f", from: [{who}]"))

    sides = (analyzer.load(objects=CLUSTER + old_or_new(it)) for it in ("10.1.0.0/16", "10.2.0.0/16"))
    assert analyzer.diff(*sides, universe="inventory").relation is Relation.UNKNOWN
