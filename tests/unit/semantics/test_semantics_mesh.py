"""The mesh's word on single requests: the table of scenarios of the reference (istio.md 14), and what it leaves out."""

import pytest

from analyzer.analysis.explaining.between import between
from analyzer.inputs import chosen_profile, endpoints
from analyzer.inputs.requests import read_request
from analyzer.manifests import load
from analyzer.model.profile import PROFILES
from analyzer.semantics.requests import canonical_path
from analyzer.verdicts.explanation import Answer

BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: foo, labels: {LABELS}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: bar, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: dev, labels: {istio-injection: enabled}}}
---
apiVersion: v1
kind: Pod
metadata: {name: srv, namespace: foo, labels: {app: srv, POD}, annotations: {ANNOTATIONS}}
spec: {hostNetwork: HOST, serviceAccountName: srv, containers: [{name: app}]}
status: {podIP: 10.0.0.10}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: dev}, spec: {serviceAccountName: a, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: bar}, spec: {serviceAccountName: b, containers: [{name: c}]}}
---
apiVersion: v1
kind: Service
metadata: {name: srv, namespace: foo}
spec:
  selector: {app: srv}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: tcp, port: 9000}
  - {name: auto, port: 7000}
"""
INJECTED, AMBIENT = "istio-injection: enabled", "istio.io/dataplane-mode: ambient"
N, B = "cluster.local/ns/dev/sa/a", "cluster.local/ns/bar/sa/b"
RAW = {"raw": "tcp"}
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'MESH'}
"""
ISSUER = "RequestAuthentication foo ra {jwtRules: [{issuer: https://iss.io}]}"
TOKEN = {"token": {"issuer": "https://iss.io", "subject": "u", "claims": {"aud": ["x", "ml"], "scope": "read write"}}}


def document(text):
    """`AuthorizationPolicy foo p {spec}`, or `ConfigMap mesh configuration`."""
    kind, rest = text.split(" ", 1)
    if kind == "ConfigMap":
        return CONFIG.replace("MESH", rest)
    namespace, name, spec = rest.split(" ", 2)
    group = "security.istio.io" if "." not in kind else kind.partition(".")[2]
    return (
        f"apiVersion: {group}/{'v1' if group == 'security.istio.io' else 'v1alpha3'}\nkind: {kind.partition('.')[0]}\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


def asked(tmp_path, policies, request=None, *, labels=INJECTED, pod="", notes="", host="false", knobs=(), **where):
    base = BASE.replace("LABELS", labels).replace("POD", pod).replace("ANNOTATIONS", notes).replace("HOST", host)
    documents = [base, *map(document, policies)]
    (tmp_path / "m.yaml").write_text("---\n".join(documents))
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    profile = chosen_profile("generic", knobs)
    return at(cluster, where.get("src", "10.1.2.3"), "foo/srv", where.get("on", "tcp/8080"), request, profile)


def at(cluster, source, destination, on, request, profile=PROFILES["generic"]):
    src, dst = (endpoints.one_end(text, "`from`", cluster) for text in (source, destination))
    words, ports = (src.words, dst.words), endpoints.ports([on], True)
    found = between(cluster, profile, src.end, dst.end, words, asked=ports, request=request and read_request(request))
    return Answer.of(1, on, found)


def get(path="/", **more):
    found = {"method": "GET", "path": path, "host": "srv.foo", "http": 2, **more}
    return {**found, "tls": "mtls"} if "identity" in found else found


def allow(*rules, namespace="foo", selector=""):
    return f"AuthorizationPolicy {namespace} a {{{selector} rules: [{', '.join(rules)}]}}"


def deny(*rules, namespace="foo"):
    return f"AuthorizationPolicy {namespace} d {{action: DENY, rules: [{', '.join(rules)}]}}"


def custom(provider, *rules):
    return f"AuthorizationPolicy foo c {{action: CUSTOM, provider: {{name: {provider}}}, rules: [{', '.join(rules)}]}}"


def source(text):
    return f"{{from: [{{source: {{{text}}}}}]}}"


def operation(*texts):
    return f"{{to: [{', '.join(f'{{operation: {{{text}}}}}' for text in texts)}]}}"


PROVIDERS = "ConfigMap extensionProviders: [{name: e, envoyExtAuthzHttp: {service: a.b, port: 1}}]"
SCENARIOS = {
    1: ([], get(), "A"),
    2: ([allow()], get(), "D"),
    3: ([allow("{}")], get(), "A"),
    4: ([deny("{}"), allow("{}")], get(), "D"),
    5: ([allow(namespace="istio-system")], get(), "D"),
    6: ([allow(namespace="bar")], get(), "A"),
    7: ([allow(namespace="istio-system", selector="selector: {matchLabels: {app: other}},")], get(), "A"),
    8: ([allow(namespace="istio-system", selector="selector: {matchLabels: {app: srv}},")], get(), "D"),
    9: ([allow(), "AuthorizationPolicy foo b {rules: [{to: [{operation: {methods: [GET]}}]}]}"], get(), "A"),
    10: ([deny(operation("methods: [POST]"))], get(), "A"),
    11: (["AuthorizationPolicy foo u {action: AUDIT, rules: [{}]}"], get(), "A"),
    14: ([custom("e", "{}"), allow("{}")], get(), "D"),
    15: ([custom("e", operation('paths: ["/x*"]'))], get("/y"), "A"),
    18: (
        [allow("{from: [{source: {namespaces: [dev]}}], to: [{operation: {ports: ['8080']}}]}")],
        get(identity=N),
        "A",
    ),
    19: ([allow("{from: [{source: {namespaces: [dev]}}], to: [{operation: {ports: ['80']}}]}")], get(identity=N), "D"),
    21: ([allow("{from: [{source: {namespaces: [x]}}, {source: {ipBlocks: [10.0.0.0/8]}}]}")], get(), "A"),
    22: ([allow(source("namespaces: [dev], ipBlocks: [11.0.0.0/8]"))], get(identity=N), "D"),
    23: ([allow(source(f"principals: [{N}]"))], get(), "D"),
    24: ([allow(source(f"principals: [{N}]"))], get(identity=N), "A"),
    25: ([allow(source("notNamespaces: [dev]"))], get(), "A"),
    26: ([allow(source('notNamespaces: [dev], namespaces: ["*"]'))], get(), "D"),
    27: ([deny(source("namespaces: [dev]"))], get(), "A"),
    28: ([deny(source("namespaces: [dev]"), source('notNamespaces: ["*"]'))], get(), "D"),
    29: ([allow(source("principals: [cluster.local/ns/*/sa/a]"))], get(identity=N), "D"),
    30: ([allow(source('principals: ["*/sa/a"]'))], get(identity=N), "A"),
    31: ([allow(source("principals: [cluster.local/ns/dev/*]"))], get(identity=N), "A"),
    32: ([allow(source('namespaces: ["*a"]'))], get(identity=B), "A"),
    34: ([allow(source('namespaces: ["b*r"]'))], get(identity=B), "A"),
    36: ([allow(source("serviceAccounts: [dev/a]"))], get(identity=N), "A"),
    37: ([allow(source("serviceAccounts: [a]"))], get(identity=N), "D"),
    39: ([allow(operation("hosts: [API.Example.com]"))], get(host="api.example.COM"), "A"),
    40: ([allow(operation("hosts: [api.example.com]"))], get(host="api.example.com:8080"), "D"),
    41: ([allow(operation("notHosts: [api.example.com]"))], get(host="api.example.com:8080"), "A"),
    42: ([allow(operation("methods: [get]"))], get(), "D"),
    43: ([allow(operation('methods: ["*"]'))], get(method="PURGE"), "A"),
    44: ([allow(operation("paths: [/info*]"))], get("/information"), "A"),
    45: ([allow(operation("paths: [/info/*]"))], get("/info"), "D"),
    46: ([allow(operation('paths: ["/service/*health"]'))], get("/service/123health"), "D"),
    47: ([allow(operation('paths: ["/service/*health"]'))], get("/service/*health"), "A"),
    48: ([allow(operation('paths: ["/foo/{*}"]'))], get("/foo/bar"), "A"),
    49: ([allow(operation('paths: ["/foo/{*}"]'))], get("/foo/bar/baz"), "D"),
    50: ([allow(operation('paths: ["/foo/{**}/"]'))], get("/foo//"), "A"),
    51: ([allow(operation('paths: ["/foo/{**}/"]'))], get("/foo/bar"), "D"),
    53: ([allow("{when: [{key: 'request.headers[X-Env]', notValues: [prod]}]}")], get(), "A"),
    54: ([allow("{when: [{key: 'request.headers[X-Env]', values: ['*']}]}")], get(), "D"),
    55: ([ISSUER, allow(source('requestPrincipals: ["*"]'))], get(), "D"),
    56: ([ISSUER, allow(source('requestPrincipals: ["https://iss.io/*"]'))], get(**TOKEN), "A"),
    57: ([ISSUER, deny(source('notRequestPrincipals: ["*"]'))], get(), "D"),
    58: ([ISSUER, allow("{when: [{key: 'request.auth.claims[aud]', values: [ml]}]}")], get(**TOKEN), "A"),
    74: ([allow(source('notPrincipals: ["*"]'))], get(), "A"),
    75: ([allow(source('principals: ["*"]'))], get(), "D"),
    96: (["PeerAuthentication istio-system p {mtls: {mode: STRICT}}"], get(), "D"),
    97: (
        [
            "PeerAuthentication istio-system p {mtls: {mode: STRICT}}",
            "PeerAuthentication foo p {mtls: {mode: PERMISSIVE}}",
        ],
        get(),
        "A",
    ),
    100: (
        ["PeerAuthentication istio-system p {selector: {matchLabels: {app: srv}}, mtls: {mode: STRICT}}"],
        get(),
        "A",
    ),
    104: ([ISSUER], get(), "A"),
    105: ([ISSUER, allow("{}")], get(token="forged"), "D"),
    131: (["ConfigMap trustDomain: corp", allow(source("principals: [cluster.local/ns/dev/sa/*]"))], "corp", "A"),
    132: (["ConfigMap trustDomain: corp", allow(source("principals: [cluster.local/ns/dev/*]"))], "corp", "D"),
}
OVER_TCP = {
    17: ([PROVIDERS, custom("e", "{}")], "A"),
    59: ([allow(operation("methods: [GET], ports: ['9000']"))], "D"),
    60: ([allow(operation("methods: [GET]", "ports: ['9000']"))], "D"),
    61: ([deny(operation("methods: [GET]", "ports: ['9']"))], "D"),
    62: ([deny(operation("methods: [GET]"))], "D"),
    63: ([deny(operation("methods: [GET], ports: ['9001']"))], "A"),
    64: ([deny(operation("notPaths: [/ok]"))], "D"),
    65: (
        [
            allow(operation("methods: [GET]")),
            "AuthorizationPolicy foo b {rules: [{to: [{operation: {ports: ['9000']}}]}]}",
        ],
        "A",
    ),
    66: ([deny(source('namespaces: [dev], requestPrincipals: ["*"]'))], "D"),
}
IN_ZTUNNEL = {
    33: ([allow(source('namespaces: ["*a"]'))], "D"),
    35: ([allow(source('namespaces: ["b*r"]'))], "D"),
    67: ([deny(operation("methods: [POST]"))], "A"),
    68: ([deny(operation("methods: [POST], ports: ['8080']"))], "D"),
    69: ([deny("{from: [{source: {namespaces: [dev]}}], to: [{operation: {methods: [POST]}}]}")], "A"),
    70: ([allow(operation("methods: [GET]"))], "D"),
    71: ([custom("e", "{}")], "A"),
    72: ([deny("{}")], "D"),
}
WORDS = {"A": "allowed", "D": "denied", "U": "unknown"}


@pytest.mark.parametrize("number", SCENARIOS)
def test_a_scenario_of_the_reference(number, tmp_path):
    policies, request, expected = SCENARIOS[number]
    request = get(identity="corp/ns/dev/sa/a") if request == "corp" else request
    assert asked(tmp_path, policies, request).outcome.value == WORDS[expected]


@pytest.mark.parametrize("number", OVER_TCP)
def test_a_scenario_on_a_port_for_bytes(number, tmp_path):
    policies, expected = OVER_TCP[number]
    found = asked(tmp_path, policies, {**RAW, "identity": N}, on="tcp/9000", src="dev/a", knobs=["ext-authz=deny"])
    assert found.outcome.value == WORDS[expected]


@pytest.mark.parametrize("number", IN_ZTUNNEL)
def test_a_scenario_in_ambient(number, tmp_path):
    policies, expected = IN_ZTUNNEL[number]
    identity = B if number in (33, 35) else N
    assert asked(tmp_path, policies, get(identity=identity), labels=AMBIENT).outcome.value == WORDS[expected]


@pytest.mark.parametrize("identity", ["cluster.local/vm/x", "cluster.local/ns/dev/sa/a/more", "cluster.local"])
def test_ztunnel_takes_an_identity_that_is_none_of_a_service_account_for_none(tmp_path, identity):
    strict = "PeerAuthentication foo m {mtls: {mode: STRICT}}"
    for policies, expected in (([strict], "denied"), ([allow(source('principals: ["*"]'))], "denied"), ([], "allowed")):
        found = asked(tmp_path, policies, get(identity=identity), labels=AMBIENT)
        assert found.outcome.value == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("topology.istio.io/network", "U"), ("kubernetes.io/hostname", "U"), ("topology.kubernetes.io/other", "A")],
)
def test_which_pods_have_a_label_that_istio_adds_is_open(tmp_path, key, expected):
    found = asked(tmp_path, [allow(selector=f"selector: {{matchLabels: {{{key}: net}}}},")], get())
    assert found.outcome.value == WORDS[expected]


@pytest.mark.parametrize(
    ("labels", "pod", "notes", "expected"),
    [
        pytest.param(INJECTED, "", "", "D", id="76"),
        pytest.param(INJECTED, "sidecar.istio.io/inject: 'false'", "", "A", id="77"),
        pytest.param(INJECTED, "", "sidecar.istio.io/inject: 'false'", "A", id="78"),
        pytest.param(INJECTED, "sidecar.istio.io/inject: 'true'", "sidecar.istio.io/inject: 'false'", "D", id="79"),
        pytest.param("", "sidecar.istio.io/inject: 'true'", "", "D", id="80"),
        pytest.param("", "", "sidecar.istio.io/inject: 'true'", "A", id="81"),
        pytest.param("istio-injection: disabled", "sidecar.istio.io/inject: 'true'", "", "A", id="82"),
        pytest.param("istio.io/rev: canary", "", "", "U", id="84, if it is installed"),
        pytest.param("istio-injection: disabled, istio.io/rev: default", "", "", "A", id="85"),
        pytest.param(
            INJECTED, "", "sidecar.istio.io/inject: 'no'", "U", id="78, a word that releases read differently"
        ),
        pytest.param(INJECTED, "sidecar.istio.io/inject: 'False'", "", "U", id="77, a word of that kind"),
        pytest.param(
            INJECTED, "", "sidecar.istio.io/inject: 'On'", "D", id="78, a word that all releases take for yes"
        ),
        pytest.param(INJECTED, "sidecar.istio.io/inject: ''", "", "D", id="77, no word"),
        pytest.param(AMBIENT, "istio.io/dataplane-mode: none", "", "A", id="86"),
        pytest.param("", "istio.io/dataplane-mode: ambient", "", "D", id="87"),
        pytest.param("", "", "sidecar.istio.io/status: ''", "D", id="89"),
        pytest.param(INJECTED, "", "traffic.sidecar.istio.io/excludeInboundPorts: '8080'", "A", id="90"),
        pytest.param(INJECTED, "", "traffic.sidecar.istio.io/excludeInboundPorts: '9090'", "D", id="90, another port"),
        pytest.param(INJECTED, "", "traffic.sidecar.istio.io/includeInboundPorts: ''", "A", id="91"),
        pytest.param(
            INJECTED,
            "",
            "traffic.sidecar.istio.io/includeInboundPorts: '8080', "
            "traffic.sidecar.istio.io/excludeInboundPorts: '8080'",
            "D",
            id="92",
        ),
    ],
)
def test_which_pods_have_a_proxy_and_which_ports_it_sees(tmp_path, labels, pod, notes, expected):
    found = asked(tmp_path, [allow()], get(), labels=labels, pod=pod, notes=notes)
    assert found.outcome.value == WORDS[expected]


def test_a_pod_on_its_nodes_network_has_no_proxy(tmp_path):
    assert asked(tmp_path, [allow()], get(), host="true").outcome.value == "allowed"


@pytest.mark.parametrize("on", ["udp/53", "tcp/15008", "tcp/15020", "tcp/15021", "tcp/15090", "tcp/22"])
def test_what_is_never_mediated(tmp_path, on):
    assert asked(tmp_path, [allow()], get(), on=on).outcome.value == "allowed"


def test_modes_by_port_need_the_port_of_the_container(tmp_path):
    policies = [
        "PeerAuthentication foo wide {mtls: {mode: STRICT}}",
        "PeerAuthentication foo w {selector: {matchLabels: {app: srv}}, portLevelMtls: {8080: {mode: DISABLE}}}",
    ]
    assert asked(tmp_path, policies, get()).outcome.value == "allowed"
    assert asked(tmp_path, policies, RAW, on="tcp/9000").outcome.value == "denied"
    only_n = [*policies, allow(source(f"principals: [{N}]"))]
    assert asked(tmp_path, only_n, get(identity=N), src="dev/a").outcome.value == "denied"


def test_of_two_policies_whose_age_nobody_knows_either_may_count(tmp_path):
    policies = [
        f"PeerAuthentication foo {name} {{mtls: {{mode: {mode}}}}}"
        for name, mode in (("a", "STRICT"), ("b", "DISABLE"))
    ]
    found = asked(tmp_path, policies, get())
    assert found.outcome.value == "unknown"
    assert any("which is older" in note for note in found.notes)


@pytest.mark.parametrize(
    ("knob", "expected"), [("ext-authz=allow", "allowed"), ("ext-authz=deny", "denied"), ("ext-authz=open", "unknown")]
)
def test_what_an_authorizer_answers(tmp_path, knob, expected):
    assert asked(tmp_path, [PROVIDERS, custom("e", "{}")], get(), knobs=[knob]).outcome.value == expected


@pytest.mark.parametrize(
    ("key", "value", "request_", "expected"),
    [
        ("request.headers[:method]", "GET", {}, "allowed"),
        ("request.headers[:path]", "/?q=1", {"path": "/?q=1"}, "allowed"),
        ("request.headers[host]", "SRV.foo", {}, "denied"),
        ("request.headers[X-A]", "2", {"headers": [["x-a", "1"], ["X-a", "2"]]}, "allowed"),
        ("request.headers[authorization]", "*", {"token": "forged"}, "allowed"),
        ("request.headers[authorization]", "Basic*", {"token": "forged"}, "denied"),
        ("request.auth.claims[scope]", "write", TOKEN, "denied"),
        ("source.trustDomain", "cluster.*", {"identity": N}, "allowed"),
        ("source.trustDomain", "*.org", {"identity": N}, "denied"),
        ("remote.ip", "9.9.9.9", {"headers": [["X-Forwarded-For", "1.1.1.1, 9.9.9.9"]]}, "allowed"),
        ("destination.ip", "10.0.0.0/24", {}, "allowed"),
        ("connection.sni", "a.*", {"identity": N, "sni": "A.b"}, "allowed"),
        ("experimental.envoy.filters.network.x[y]", "z", {}, "unknown"),
    ],
)
def test_a_condition(tmp_path, key, value, request_, expected):
    found = asked(tmp_path, [allow(f"{{when: [{{key: '{key}', values: ['{value}']}}]}}")], get(**request_))
    assert found.outcome.value == expected


@pytest.mark.parametrize(
    ("sent", "seen"),
    [  # what Envoy passed on
        ("/%2%66", "/%252f"),
        ("/%%32f", "/%252f"),
        ("/%%32%66", "/%252f"),
        ("/%%366", "/%2566"),
        ("/%%41b", "/%25Ab"),
        ("/%%%32%66", "/%%252f"),
        ("/%e%32", "/%25e2"),
        ("/%%41", "/%A"),
        ("/%%32/x", "/%2/x"),
        ("/%2%67", "/%2g"),
        ("/%", "/%"),
        ("/%zz", "/%zz"),
        ("/%25%32%66", "/%252f"),
        ("/%252f", "/%252f"),
    ],
)
def test_unescaping_makes_no_escapes(sent, seen):
    assert canonical_path(sent) == seen


@pytest.mark.parametrize(
    ("name", "value", "headers", "expected"),
    [
        ("user-agent", "a,b", [["user-agent", "a"], ["User-Agent", "b"]], "allowed"),
        ("user-agent", "a", [["user-agent", "a"], ["user-agent", "b"]], "denied"),
        ("x-any", "a", [["x-any", "a"], ["x-any", "b"]], "allowed"),
        ("x-any", "a,b", [["x-any", "a"], ["x-any", "b"]], "denied"),
        ("host", "srv.foo,other", [["host", "other"]], "allowed"),
        ("cookie", "a; b", [["cookie", "a"], ["cookie", "b"]], "allowed"),
        ("x-request-id", "*", [], "allowed"),
        ("x-request-id", "a", [], "unknown"),
        ("x-request-id", "a", [["x-request-id", "a"]], "allowed"),
        ("x-forwarded-proto", "http", [], "allowed"),
        ("x-forwarded-proto", "https", [], "denied"),
        ("x-forwarded-client-cert", "*", [["x-forwarded-client-cert", "a"]], "denied"),
        ("te", "trailers", [["te", "trailers"]], "unknown"),
        ("te", "*", [], "denied"),
    ],
)
def test_what_policies_see_of_a_header(tmp_path, name, value, headers, expected):
    rule = f"{{when: [{{key: 'request.headers[{name}]', values: ['{value}']}}]}}"
    request = get(headers=headers, http=1 if name == "host" else 2)
    assert asked(tmp_path, [allow(rule)], request).outcome.value == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x-forwarded-client-cert", "*", "allowed"),
        ("x-forwarded-client-cert", "a", "unknown"),
        ("x-forwarded-proto", "https", "allowed"),
        ("x-forwarded-proto", "http", "denied"),
    ],
)
def test_what_a_proxy_writes_where_the_client_has_shown_its_certificate(tmp_path, name, value, expected):
    rule = f"{{when: [{{key: 'request.headers[{name}]', values: ['{value}']}}]}}"
    assert asked(tmp_path, [allow(rule)], get(identity=N)).outcome.value == expected


@pytest.mark.parametrize(
    ("key", "value", "claims", "expected"),
    [
        ("scope", "write", {"scope": "read write"}, "allowed"),
        ("scope", "read write", {"scope": "read write"}, "denied"),
        ("team", "a b", {"team": "a b"}, "allowed"),
        ("team", "*", {"team": []}, "denied"),
        ("team", "*", {"team": [""]}, "denied"),
        ("team", "*", {"team": 1}, "denied"),
        ("a][b", "c", {"a": {"b": ["c"]}}, "allowed"),
        ("a][b", "c", {"a": "c"}, "denied"),
    ],
)
def test_a_claim(tmp_path, key, value, claims, expected):
    rule = f"{{when: [{{key: 'request.auth.claims[{key}]', values: ['{value}']}}]}}"
    token = {"issuer": "https://iss.io", "subject": "u", "claims": claims}
    assert asked(tmp_path, [ISSUER, allow(rule)], get(token=token)).outcome.value == expected


@pytest.mark.parametrize(
    ("rule", "request_", "expected"),
    [
        ("{issuer: i, audiences: [api]}", {"token": {"issuer": "i", "claims": {"aud": "https://api/"}}}, "allowed"),
        ("{issuer: i, audiences: [api]}", {"token": {"issuer": "i", "claims": {"aud": "b"}}}, "denied"),
        ("{issuer: i}", {"token": {"issuer": "j"}}, "denied"),
        ("{issuer: i}", {"headers": [["Authorization", "Basic eA=="]]}, "allowed"),
        ("{issuer: i}", {"headers": [["Authorization", "Bearer x"]]}, "denied"),
        ("{issuer: i}", {"path": "/?access_token=x"}, "denied"),
        ("{issuer: i, fromHeaders: [{name: X-T}]}", {"token": "forged"}, "allowed"),
        ("{issuer: i, fromHeaders: [{name: X-T}]}", {"headers": [["x-t", "x"]]}, "denied"),
        ("{issuer: i, fromCookies: [t]}", {"headers": [["cookie", "a=b; t=x"]]}, "denied"),
    ],
)
def test_a_token_is_looked_for_and_held_to_its_rule(tmp_path, rule, request_, expected):
    found = asked(tmp_path, [f"RequestAuthentication foo r {{jwtRules: [{rule}]}}"], get(**request_))
    assert found.outcome.value == expected


PLACES = [
    ("", "bearer elsewhere"),
    ("fromHeaders: [{name: X-T}]", "elsewhere"),
    ("fromHeaders: [{name: X-T, prefix: 'Tok '}]", "elsewhere"),
    ("fromHeaders: [{name: Authorization, prefix: 'Bearer '}]", "bearer"),
    ("fromHeaders: [{name: Authorization}]", "elsewhere"),
    ("fromHeaders: [{name: Authorization, prefix: 'Bearer '}, {name: X-T}]", "bearer elsewhere"),
    ("fromParams: [t]", "elsewhere"),
    ("fromCookies: [t]", "elsewhere"),
    ("fromHeaders: [{name: X-T}], fromCookies: [t]", "elsewhere"),
]


@pytest.mark.parametrize(("places", "taken"), PLACES)
def test_a_token_counts_in_each_place_where_its_rule_looks(tmp_path, places, taken):
    policies = [allow(source("requestPrincipals: ['*']"))]
    policies.append(f"RequestAuthentication foo r {{jwtRules: [{{issuer: i, {places}}}]}}")
    for place in ("bearer", "elsewhere"):
        token = {"issuer": "i", "subject": "s", "place": place}
        expected = "allowed" if place in taken.split() else "denied"
        assert asked(tmp_path, policies, get(token=token)).outcome.value == expected, place
    other = {"issuer": "j", "subject": "s", "place": "elsewhere"}
    assert asked(tmp_path, policies, get(token=other)).outcome.value == "denied"
    assert asked(tmp_path, policies).outcome.value == "allowed"


@pytest.mark.parametrize(
    ("rule", "place", "header", "expected"),
    [
        ("fromHeaders: [{name: X-T}]", "elsewhere", "X-T", "denied"),
        ("fromHeaders: [{name: X-T}]", "elsewhere", "Authorization", "denied"),
        ("fromHeaders: [{name: X-T}], forwardOriginalToken: true", "elsewhere", "X-T", "allowed"),
        ("fromHeaders: [{name: X-T}], forwardOriginalToken: true", "elsewhere", "Authorization", "denied"),
        ("fromHeaders: [{name: X-T}]", "bearer", "Authorization", "allowed"),
        ("forwardOriginalToken: true", "bearer", "Authorization", "allowed"),
        ("forwardOriginalToken: true", "elsewhere", "Authorization", "denied"),
        ("fromHeaders: [{name: X-T}, {name: X-U}], forwardOriginalToken: true", "elsewhere", "X-T", "unknown"),
        ("fromCookies: [t], forwardOriginalToken: true", "elsewhere", "Cookie", "unknown"),
    ],
)
def test_policies_see_a_token_in_the_header_where_it_is(tmp_path, rule, place, header, expected):
    policies = [
        f"AuthorizationPolicy foo a {{rules: [{{when: [{{key: 'request.headers[{header}]', values: ['*']}}]}}]}}"
    ]
    policies.append(f"RequestAuthentication foo r {{jwtRules: [{{issuer: i, {rule}}}]}}")
    token = {"issuer": "i", "subject": "s", "place": place}
    assert asked(tmp_path, policies, get(token=token)).outcome.value == expected


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([allow()], "no request gets through"),
        ([allow(operation("paths: [/a/*], methods: [POST]"))], "some request gets through: POST /a/"),
        ([deny(operation("notPaths: [/only]"))], "some request gets through: GET /only"),
        ([ISSUER, allow(source('requestPrincipals: ["*/u"]'))], "with a token of https://iss.io"),
        ([allow(source(f"principals: [{N}]"))], "with mutual TLS"),
        (
            [allow("{when: [{key: 'request.headers[x]', values: [a]}, {key: 'request.headers[x]', values: [b]}]}")],
            "with x: ",
        ),
    ],
)
def test_without_a_request_the_question_is_whether_some_is_let_in(tmp_path, policies, expected):
    found = asked(tmp_path, policies, src="dev/a")
    assert expected in " ".join((found.reason, *found.notes))
    assert found.outcome.value == ("denied" if expected.startswith("no ") else "allowed")


@pytest.mark.parametrize("kind", ["EnvoyFilter.networking.istio.io", "WasmPlugin.extensions.istio.io"])
def test_what_reaches_into_proxies_may_undo_a_denial(tmp_path, kind):
    here, there = (f"{kind} {namespace} f {{}}" for namespace in ("foo", "bar"))
    assert asked(tmp_path, [allow(), there], get()).outcome.value == "denied"
    assert asked(tmp_path, [allow(), here], get()).outcome.value == "unknown"


GATEWAY = """
apiVersion: v1
kind: Pod
metadata: {name: gw, namespace: bar, labels: {istio: gw}, annotations: {NOTES}}
spec: {containers: [{name: istio-proxy}]}
status: {podIP: 10.0.0.20}
---
apiVersion: v1
kind: Service
metadata: {name: gw, namespace: bar}
spec: {selector: {istio: gw}, ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g, namespace: bar}
spec:
  selector: {istio: gw}
  servers:
  - {port: {number: 80, name: h, protocol: HTTP}, hosts: ["foo/*.shop.example", "*/a.example"]}
  - {port: {number: 443, name: s, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: c}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v, namespace: foo}
spec:
  gateways: [bar/g]
  hosts: ["*.shop.example", a.example]
  http:
  - {match: [{uri: {exact: /moved}}], redirect: {uri: /new}}
  - match: [{uri: {prefix: /api}, method: {exact: GET}}, {headers: {x-env: {exact: dev}}}]
    route: [{destination: {host: s}}]
  - {match: [{queryParams: {q: {exact: "1"}}}], route: [{destination: {host: s}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: w, namespace: bar}
spec: {gateways: [g], hosts: [b.shop.example], http: [{route: [{destination: {host: s}}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: d, namespace: bar}
spec: {action: DENY, rules: [{from: [{source: {remoteIpBlocks: [192.0.2.0/24]}}]}]}
"""


@pytest.mark.parametrize(
    ("request_", "on", "expected"),
    [
        (get("/api/x", host="q.shop.example"), "tcp/8080", "A"),
        (get("/api/x", host="Q.shop.example:8080"), "tcp/8080", "A"),
        (get("/api/x", host="a.example", method="POST"), "tcp/8080", "U"),
        (get("/", host="a.example", headers=[["X-Env", "dev"]]), "tcp/8080", "A"),
        (get("/", host="a.example"), "tcp/8080", "U"),
        (get("/moved", host="a.example"), "tcp/8080", "D"),
        (get("/api", host="shop.example"), "tcp/8080", "D"),
        (get("/", host="b.shop.example"), "tcp/8080", "U"),
        (get("/api", host="q.shop.example"), "tcp/443", "D"),
        (get("/api", host="q.shop.example", sni="q.shop.example"), "tcp/443", "A"),
        (RAW, "tcp/8080", "D"),
        (get("/api", host="a.example", headers=[["x-forwarded-for", "192.0.2.7"]]), "tcp/8080", "A"),
    ],
)
def test_what_a_gateway_lets_in(tmp_path, request_, on, expected):
    assert at_gateway(tmp_path, request_, on) == WORDS[expected]


def test_a_gateway_believes_as_many_proxies_as_it_is_told_to(tmp_path):
    notes = 'proxy.istio.io/config: \'{"gatewayTopology": {"numTrustedProxies": 2}}\''
    for header, expected in (
        ("192.0.2.7, 1.1.1.1", "denied"),
        ("1.1.1.1, 192.0.2.7", "allowed"),
        ("192.0.2.7", "allowed"),
    ):
        request = get("/api", host="a.example", headers=[["x-forwarded-for", header]])
        assert at_gateway(tmp_path, request, "tcp/8080", notes) == expected


def at_gateway(tmp_path, request, on, notes=""):
    (tmp_path / "g.yaml").write_text(GATEWAY.replace("NOTES", notes))
    cluster = load([str(tmp_path / "g.yaml")]).cluster
    return at(cluster, "203.0.113.7", "bar/gw", on, request).outcome.value


# ------------------------------------------------------------------------------------------------ no common family
SIX = """
apiVersion: v1
kind: Pod
metadata: {name: six, namespace: dev}
spec: {nodeName: host, containers: [{name: c}]}
status: {podIP: "fd00::9"}
---
{apiVersion: v1, kind: Node, metadata: {name: host}, status: {addresses: [{type: InternalIP, address: "fd01::1"}]}}
"""


@pytest.mark.parametrize("request_", [None, get(), RAW])
@pytest.mark.parametrize("source", ["2600::1", "2600::/64", "dev/six", "node:host"])
@pytest.mark.parametrize("profile", ["generic", "calico"])
def test_ends_without_a_common_address_family_do_not_meet(tmp_path, profile, source, request_):
    base = BASE.replace("LABELS", INJECTED).replace(", POD", "").replace("ANNOTATIONS", "").replace("HOST", "false")
    policy = (
        "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: g}\nspec: {selector: all()}\n"
    )
    documents = [base, SIX, document(allow("{}")), *([policy] if profile == "calico" else [])]
    (tmp_path / "m.yaml").write_text("---\n".join(documents))
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    assert at(cluster, source, "foo/srv", "tcp/8080", request_, PROFILES[profile]).outcome.value == "denied"
