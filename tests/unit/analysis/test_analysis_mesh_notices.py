"""What is said of the mesh's objects that do nothing, or not what they seem to; and of sound ones nothing."""

import pytest

from analyzer.analysis.notices.mesh_notices import mesh_notices
from analyzer.manifests import load

CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: foo, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: bare}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: amb, labels: {istio.io/dataplane-mode: ambient}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    pathNormalization: {normalization: MERGE_SLASHES}
    trustDomainAliases: [old.td]
    extensionProviders: [{name: known, envoyExtAuthzHttp: {service: a.b, port: 1}}]
"""
POD = """---
apiVersion: v1
kind: Pod
metadata: {name: srv, namespace: NS, labels: {app: srv}}
spec: {containers: [{name: c, ports: [{containerPort: 8080}, {containerPort: 9000}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: srv, namespace: NS}
spec: {selector: {app: srv}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000}]}
"""
WAYPOINT = """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: wp, namespace: amb}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
"""
STRICT = ("PeerAuthentication", "foo", "mtls: {mode: STRICT}")
TOKENS = ("RequestAuthentication", "foo", "jwtRules: [{issuer: i}]")
HTTP = "ports: ['8080']"


def told(tmp_path, *objects):
    texts = [CLUSTER, *(POD.replace("NS", name) for name in ("foo", "bare", "amb")), WAYPOINT]
    for number, (kind, namespace, spec) in enumerate(objects):
        head = f"apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{name: o{number}, namespace: {namespace}}}"
        texts.append(f"---\n{head}\nspec: {{{spec}}}\n")
    (tmp_path / "m.yaml").write_text("".join(texts))
    return [notice.message for notice in mesh_notices(load([str(tmp_path / "m.yaml")]).cluster)]


def allow(rules, namespace="foo", before=""):
    return "AuthorizationPolicy", namespace, f"{before} rules: [{rules}]"


def deny(rules, namespace="foo"):
    return allow(rules, namespace, "action: DENY,")


def source(text):
    return f"{{from: [{{source: {{{text}}}}}], to: [{{operation: {{{HTTP}}}}}]}}"


def operation(text):
    return f"{{to: [{{operation: {{{text}}}}}]}}"


def when(key, value):
    return f"{{when: [{{key: '{key}', values: ['{value}']}}], to: [{{operation: {{{HTTP}}}}}]}}"


ODD = [
    ([allow("{}", before="selector: {matchLabels: {app: none}},")], "selects no declared workload"),
    ([allow("{}", "bare")], "no proxy of the mesh stands before bare/srv"),
    ([("PeerAuthentication", "bare", "mtls: {mode: STRICT}")], "no proxy of the mesh"),
    ([("PeerAuthentication", "istio-system", "selector: {matchLabels: {app: srv}}, mtls: {}")], "is ignored"),
    (
        [("PeerAuthentication", "foo", "selector: {matchLabels: {app: srv}}, portLevelMtls: {80: {mode: STRICT}}")],
        "names port 80, which is the port of Service foo/srv; foo/srv[Pod] has 8080",
    ),
    ([TOKENS], "asks nobody for a token"),
    ([allow("{}", before="action: CUSTOM, provider: {name: lost},")], "which the mesh's configuration does not have"),
    ([allow("{}", before="targetRefs: [{group: '', kind: Service, name: lost}],")], "which no manifest declares"),
    (
        [allow("{}", "amb", "targetRefs: [{group: '', kind: Service, name: srv}],")],
        "go past that call the pods by their addresses",
    ),
    ([allow(source("namespaces: [a]")), allow("{}", "istio-system")], "restricts nothing for foo/srv[Pod]"),
    ([allow(source("notNamespaces: [dev]"))], "lets plaintext in at foo/srv[Pod]"),
    ([allow(when("source.namespace", "a"), "amb"), allow(source("notPrincipals: ['*']"), "amb")], "lets plaintext in"),
    ([deny(source("namespaces: [dev]"))], "is evaded at foo/srv[Pod] in plaintext"),
    ([allow(source("requestPrincipals: ['*']"))], "no RequestAuthentication is for foo/srv[Pod]"),
    ([allow(when("request.auth.claims[aud]", "a"))], "no RequestAuthentication is for"),
    ([allow(operation("methods: [GET]"))], "never applies at TCP port 9000 of foo/srv"),
    ([deny(operation("paths: [/a]"))], "it denies whatever its other fields match there"),
    (
        [allow(operation("paths: [/a]"), before="action: CUSTOM, provider: {name: known},")],
        "an authorizer over HTTP is not asked there",
    ),
    ([allow(operation("methods: [GET]"), "amb")], "which ztunnel does not see: it never applies to amb/srv"),
    ([deny(operation("methods: [POST]"), "amb")], "which ztunnel does not see: it never applies to amb/srv"),
    ([allow("{}", "amb", "action: AUDIT,")], "ztunnel knows no AUDIT"),
    ([allow(operation("ports: ['80']"))], "names port 80, which is the port of Service foo/srv; foo/srv[Pod] has 8080"),
]
PATTERNS = {
    "principals: ['spiffe://cluster.local/ns/a/sa/b']": "without `spiffe://`",
    "principals: [a/b]": "of the form TRUST-DOMAIN",
    "principals: [corp/ns/a/sa/b]": "`corp` is no trust domain",
    "principals: ['corp/*']": "`corp` is no trust domain",
    "principals: ['cluster.local/ns/*/sa/b']": "a star that stands at neither end",
    "namespaces: ['te*a']": "identities hold `/sa/`",
    "namespaces: [Dev]": "lower case",
    "trustDomains: [corp]": "no trust domain of this mesh",
    "requestPrincipals: ['https://*']": "it means the issuer `https:/`",
    "requestPrincipals: [issuer]": "names no subject",
}
OPERATIONS = {
    "hosts: ['a.example/x']": "no host has a slash",
    "hosts: ['*.example:*']": "the port is part",
    "methods: [get]": "methods are in capitals",
    "paths: [admin]": "paths begin with `/`",
    "paths: ['/a?b=c']": "the query is cut off",
    "paths: [/a/../b]": "`/b` is what is meant",
    "paths: [/a//b]": "`/a/b` is what is meant",
    "paths: ['/a//*']": "`/a/*` is what is meant",
    "paths: ['/%61']": "`/a` is what is meant",
    "paths: [/a/*/b]": "a star that stands at neither end",
    "ports: ['0']": "no connection is to port 0",
}
SOUND = [
    [],
    [STRICT, allow(source("namespaces: [dev], notNamespaces: [sys]"))],
    [STRICT, allow(source("notNamespaces: [dev]"))],
    [STRICT, deny(source("namespaces: [dev]"))],
    [allow(source("notNamespaces: [dev], namespaces: ['*']"))],
    [deny(source("notPrincipals: ['*']"))],
    [TOKENS, allow(source("requestPrincipals: ['https://i/*', '*']"))],
    [allow(operation(f"methods: [GET], {HTTP}"))],
    [deny(operation(f"paths: [/a, '/a*', '*b', '*', '/a/{{*}}', '/a/.*', '/a/%2F*'], {HTTP}"))],
    [allow(source("principals: [cluster.local/ns/a/sa/b, old.td/ns/a/sa/b, '*/sa/b', 'old.td/*', '*', 'cl*']"))],
    [allow(operation("hosts: [A.example, '*.example', 'a.example:8080'], ports: ['8080']"))],
    [allow("{}"), allow("{}", before="action: CUSTOM, provider: {name: known},")],
    [allow(operation("ports: ['9000']"), "amb"), deny(operation("methods: [GET], ports: ['8080']"), "amb")],
    [
        allow(source("principals: [cluster.local/ns/amb/sa/wp]"), "amb"),
        allow("{}", "amb", "targetRefs: [{group: '', kind: Service, name: srv}],"),
    ],
    [allow("{}", "elsewhere")],
]


@pytest.mark.parametrize(("objects", "said"), ODD)
def test_an_object_that_is_not_what_it_seems(tmp_path, objects, said):
    found = told(tmp_path, *objects)
    assert len([text for text in found if said in text]) == 1, found


@pytest.mark.parametrize(("text", "said"), [*PATTERNS.items(), *OPERATIONS.items()])
def test_a_pattern_that_never_matches_or_means_something_else(tmp_path, text, said):
    rule = source(text) if text in PATTERNS else operation(text if "ports" in text else f"{text}, {HTTP}")
    found = told(tmp_path, STRICT, TOKENS, allow(rule), allow(source("requestPrincipals: ['*']")))
    assert [said in text for text in found] == [True], found


@pytest.mark.parametrize("objects", SOUND)
def test_of_a_sound_object_nothing_is_said(tmp_path, objects):
    assert told(tmp_path, *objects) == []


def test_capitals_in_the_name_of_a_server_never_match(tmp_path):
    assert "lower case" in told(tmp_path, allow(when("connection.sni", "API.example")))[0]
