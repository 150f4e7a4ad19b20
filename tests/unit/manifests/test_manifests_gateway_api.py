"""What a Gateway of the Gateway API, of Istio's class, and its routes let in at the pods that it makes (istio.md 8)."""

from __future__ import annotations

import pytest

from analyzer.analysis.explaining.between import between
from analyzer.inputs import chosen_profile, endpoints
from analyzer.inputs.requests import read_request
from analyzer.manifests import load
from analyzer.verdicts.explanation import Answer

LABEL = "gateway.networking.k8s.io/gateway-name"
BASE = """
{apiVersion: v1, kind: Namespace, metadata: {name: edge}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {open: to-all}}}
---
apiVersion: v1
kind: Pod
metadata: {name: gate-1, namespace: edge, labels: {LABELS}, annotations: {ANNOTATIONS}}
spec: {serviceAccountName: gate-istio, containers: [{name: istio-proxy}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: SERVICE, namespace: edge}
spec: {selector: {LABELS}, ports: [{name: http, port: 80, targetPort: TARGET}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: edge}
spec: {gatewayClassName: CLASS, listeners: [LISTENERS]MORE}
"""
ROUTE = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: KIND
metadata: {name: NAME, namespace: shop}
spec: {parentRefs: [PARENT], rules: [RULES]HOSTS}
"""
GRANT = """
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: let, namespace: NAMESPACE}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
  to: [{group: '', kind: Service}]
"""
ALL = "allowedRoutes: {namespaces: {from: All}}"
PLAIN = f"{{name: web, port: 80, protocol: HTTP, {ALL}}}"
TO_WEB = "backendRefs: [{name: web, port: 80}]"


def gateway(listeners=PLAIN, more="", *, name="gate-istio", target=80, class_name="istio", labels="", notes=""):
    text = BASE.replace("LABELS", labels or f"{LABEL}: gate").replace("ANNOTATIONS", notes).replace("SERVICE", name)
    return (
        text.replace("TARGET", str(target))
        .replace("CLASS", class_name)
        .replace("LISTENERS", listeners)
        .replace("MORE", more and f", {more}")
    )


def route(rules=f"{{{TO_WEB}}}", hosts="", *, kind="HTTPRoute", parent="{name: gate, namespace: edge}", name="front"):
    text = ROUTE.replace("KIND", kind).replace("RULES", rules).replace("PARENT", parent).replace("NAME", name)
    return text.replace("HOSTS", hosts and f", hostnames: [{hosts}]")


def matching(match, then=TO_WEB):
    return f"{{matches: [{match}], {then}}}"


def asked(tmp_path, text, request, on="tcp/80"):
    (tmp_path / "m.yaml").write_text(text)
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    src, dst = (endpoints.one_end(t, "`from`", cluster) for t in ("203.0.113.7", "edge/gate-1"))
    usual = {"tls": "plaintext", "method": "GET", "path": "/", "host": "shop.example"}
    found = between(
        cluster,
        chosen_profile("generic", []),
        src.end,
        dst.end,
        (src.words, dst.words),
        asked=endpoints.ports([on], True),
        request=read_request(usual | request),
    )
    return Answer.of(1, on, found).outcome.value


PATHS = f"{{path: {{type: TYPE, value: {'VALUE'}}}}}"


@pytest.mark.parametrize(
    ("kind", "value", "passing", "refused"),
    [
        ("PathPrefix", "/a", ["/a", "/a/", "/a/b", "/a?x=1"], ["/ab", "/", "/A"]),
        ("PathPrefix", "/a/", ["/a", "/a/b"], ["/ab"]),
        ("PathPrefix", "/", ["/", "/a"], []),
        ("Exact", "/a", ["/a", "/a?x"], ["/a/", "/"]),
        ("RegularExpression", "'/a/[^/]+'", ["/a/b"], ["/a/b/c", "/a"]),
    ],
)
def test_paths_of_a_route(tmp_path, kind, value, passing, refused):
    text = gateway() + route(matching(PATHS.replace("TYPE", kind).replace("VALUE", value)))
    for paths, expected in ((passing, "allowed"), (refused, "denied")):
        for path in paths:
            assert asked(tmp_path, text, {"path": path}) == expected, path


@pytest.mark.parametrize(
    ("rules", "request_", "expected"),
    [
        (matching("{method: POST}"), {"method": "POST"}, "allowed"),
        (matching("{method: POST}"), {}, "denied"),
        (matching("{headers: [{name: X-Env, value: prod}]}"), {"headers": [["x-env", "prod"]]}, "allowed"),
        (matching("{headers: [{name: X-Env, value: prod}]}"), {}, "denied"),
        (matching("{queryParams: [{name: x, value: '1'}]}"), {}, "unknown"),
        ("{backendRefs: [{name: web, port: 80, weight: 0}]}", {}, "denied"),
        ("{backendRefs: []}", {}, "denied"),
        ("{filters: [{type: RequestRedirect, requestRedirect: {}}]}", {}, "denied"),
        ("{filters: [{type: ExtensionRef}], backendRefs: [{name: web, port: 80}]}", {}, "unknown"),
        ("{backendRefs: [{name: absent, port: 80}]}", {}, "unknown"),
        ("{backendRefs: [{name: web, port: 80, kind: Hostname, group: networking.istio.io}]}", {}, "unknown"),
        ("{backendRefs: [{name: gate-istio, namespace: edge, port: 80}]}", {}, "denied"),  # no ReferenceGrant
    ],
)
def test_rules_of_a_route(tmp_path, rules, request_, expected):
    assert asked(tmp_path, gateway() + route(rules), request_) == expected


@pytest.mark.parametrize(("namespace", "expected"), [("edge", "allowed"), ("shop", "denied")])
def test_a_backend_elsewhere_needs_a_grant_there(tmp_path, namespace, expected):
    rules = "{backendRefs: [{name: gate-istio, namespace: edge, port: 80}]}"
    text = gateway() + route(rules) + GRANT.replace("NAMESPACE", namespace)
    assert asked(tmp_path, text, {}) == expected


def test_of_rules_that_match_the_closest_counts_whatever_their_order(tmp_path):
    redirect = "filters: [{type: RequestRedirect, requestRedirect: {}}]"
    exact, longer = "{path: {type: Exact, value: /a}}", "{path: {type: PathPrefix, value: /a/b}}"
    rules = [
        f"{{{TO_WEB}}}",
        matching(exact, redirect),
        matching(longer, redirect),
        matching("{method: PUT}", redirect),
    ]
    for order in (rules, rules[::-1]):
        text = gateway() + route(", ".join(order))
        found = {it: asked(tmp_path, text, {"path": it}) for it in ("/a", "/a/b", "/a/c")}
        assert found == {"/a": "denied", "/a/b": "denied", "/a/c": "allowed"}
        assert asked(tmp_path, text, {"method": "PUT", "path": "/x"}) == "denied"


@pytest.mark.parametrize("created", ["", ", creationTimestamp: '2024-01-0NT00:00:00Z'"])
def test_of_routes_alike_the_older_counts(tmp_path, created):
    redirect = route("{filters: [{type: RequestRedirect, requestRedirect: {}}]}", name="b")
    text = gateway()
    for number, each in enumerate([redirect, route(name="a")], 1):
        text += each.replace(", namespace: shop}", f", namespace: shop{created.replace('N', str(number))}}}", 1)
    assert asked(tmp_path, text, {}) == ("denied" if created else "unknown")


@pytest.mark.parametrize(
    ("listener", "hosts", "host", "expected"),
    [
        ("", "", "x.org", "allowed"),
        ("", "shop.example", "shop.example", "allowed"),
        ("", "shop.example", "SHOP.example:80", "allowed"),
        ("", "shop.example", "x.org", "denied"),
        ("'*.example'", "", "shop.example", "allowed"),
        ("'*.example'", "", "example", "denied"),
        ("'*.example'", "'*.org'", "shop.example", "denied"),
        ("shop.example", "'*.example'", "shop.example", "allowed"),
        ("shop.example", "'*.example'", "other.example", "denied"),
    ],
)
def test_hosts_are_those_of_the_listener_and_of_the_route(tmp_path, listener, hosts, host, expected):
    own = f"{{name: web, port: 80, protocol: HTTP, {ALL}{listener and f', hostname: {listener}'}}}"
    assert asked(tmp_path, gateway(own) + route(hosts=hosts), {"host": host}) == expected


def test_a_closer_listener_takes_what_it_names(tmp_path):
    listeners = (
        f"{PLAIN}, {{name: own, port: 80, protocol: HTTP, hostname: shop.example}}"  # which admits its own alone
    )
    text = gateway(listeners) + route(hosts="shop.example")
    assert asked(tmp_path, text, {}) == "denied"
    assert asked(tmp_path, gateway(listeners) + route(), {"host": "x.org"}) == "allowed"


@pytest.mark.parametrize(
    ("admits", "expected"),
    [
        ("from: Same", "denied"),
        ("from: None", "denied"),
        ("from: Selector, selector: {matchLabels: {open: to-all}}", "allowed"),
        ("from: Selector, selector: {matchExpressions: [{key: open, operator: NotIn, values: [to-all]}]}", "denied"),
    ],
)
def test_listeners_admit_routes_by_namespace(tmp_path, admits, expected):
    own = f"{{name: web, port: 80, protocol: HTTP, allowedRoutes: {{namespaces: {{{admits}}}}}}}"
    assert asked(tmp_path, gateway(own) + route(), {}) == expected
    unlabelled = gateway(own).replace(
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {open: to-all}}}\n---\n", ""
    )
    is_open = "Selector" in admits
    assert asked(tmp_path, unlabelled + route(), {}) == ("unknown" if is_open else expected)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("{name: gate, namespace: edge, sectionName: web}", "allowed"),
        ("{name: gate, namespace: edge, sectionName: other}", "denied"),
        ("{name: gate, namespace: edge, port: 81}", "denied"),
        ("{name: gate}", "denied"),
        ("{name: web, kind: Service, group: ''}", "denied"),
    ],
)
def test_routes_are_for_the_listener_that_they_name(tmp_path, parent, expected):
    assert asked(tmp_path, gateway() + route(parent=parent), {}) == expected


@pytest.mark.parametrize(
    ("kinds", "kind", "path", "expected"),
    [
        ("HTTPRoute", "HTTPRoute", "/", "allowed"),
        ("GRPCRoute", "HTTPRoute", "/", "denied"),
        ("GRPCRoute", "GRPCRoute", "/a.b/C", "allowed"),
        ("GRPCRoute", "GRPCRoute", "/a.b/D", "denied"),
    ],
)
def test_listeners_take_kinds_of_routes(tmp_path, kinds, kind, path, expected):
    taken = f"allowedRoutes: {{kinds: [{{kind: {kinds}}}], namespaces: {{from: All}}}}"
    own = f"{{name: web, port: 80, protocol: HTTP, {taken}}}"
    rules = matching("{method: {service: a.b, method: C}}") if kind == "GRPCRoute" else f"{{{TO_WEB}}}"
    assert asked(tmp_path, gateway(own) + route(rules, kind=kind), {"path": path, "method": "POST"}) == expected


@pytest.mark.parametrize(
    ("listener", "request_", "expected"),
    [
        ("port: 80, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}", {"sni": "shop.example"}, "allowed"),
        ("port: 80, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}", {}, "denied"),
        ("port: 80, protocol: HTTPS, hostname: shop.example, tls: {}", {"sni": "shop.example"}, "allowed"),
        ("port: 80, protocol: HTTPS, hostname: shop.example, tls: {}", {"sni": "x.org"}, "denied"),
        ("port: 80, protocol: HTTPS, hostname: '*.example', tls: {}", {"sni": "shop.example"}, "allowed"),
        ("port: 80, protocol: HTTPS, tls: {options: {gateway.istio.io/tls-terminate-mode: MUTUAL}}", {}, "unknown"),
        ("port: 80, protocol: TLS, tls: {mode: Passthrough}", {"sni": "shop.example"}, "unknown"),
        ("port: 80, protocol: TCP", {}, "unknown"),
    ],
)
def test_what_listeners_make_of_tls(tmp_path, listener, request_, expected):
    assert asked(tmp_path, gateway(f"{{name: web, {listener}, {ALL}}}") + route(), request_) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: c}}", "unknown"),
        ("allowedListeners: {namespaces: {from: All}}", "unknown"),
        ("tls: {frontend: {default: {}}}", "unknown"),
        ("infrastructure: {labels: {a: b}}", "denied"),
        ("addresses: [{value: 192.0.2.1}]", "denied"),
    ],
)
def test_a_gateway_that_is_not_read_as_a_whole_is_open(tmp_path, more, expected):
    assert asked(tmp_path, gateway(more=more), {}) == expected


def test_another_class_is_open(tmp_path):
    assert asked(tmp_path, gateway(class_name="other") + route(), {}) == "unknown"


@pytest.mark.parametrize(("target", "on", "expected"), [(8080, "tcp/8080", "denied"), (8080, "tcp/80", "allowed")])
def test_listeners_are_where_the_service_leads(tmp_path, target, on, expected):
    """Without routes nothing gets on; at a port without a listener no proxy says anything."""
    assert asked(tmp_path, gateway(target=target), {}, on) == expected


def test_a_service_that_is_not_there_has_the_ports_of_the_listeners(tmp_path):
    assert asked(tmp_path, gateway(name="another"), {}) == "denied"
    assert asked(tmp_path, gateway(name="another") + route(), {}) == "allowed"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ingress", "denied"),
        ("ingress.edge.svc.cluster.local", "denied"),
        ("ingress.shop.svc.cluster.local", "allowed"),
        ("gone", "allowed"),
    ],
)
def test_a_gateway_may_stand_before_a_service(tmp_path, address, expected):
    """Where it is none of its namespace, or not there, the pods have no listener."""
    more = f"addresses: [{{type: Hostname, value: {address}}}]"
    notes = "inject.istio.io/templates: gateway"
    text = gateway(more=more, name="ingress", labels="app: gate", notes=notes)
    assert asked(tmp_path, text, {}) == expected
    assert asked(tmp_path, text + route(), {}) == "allowed"


def test_a_gateway_of_istio_listens_at_its_own_port_whatever_services_of_others_say(tmp_path):
    text = gateway(class_name="other", labels="app: gate", name="another", notes="inject.istio.io/templates: gateway")
    text = (
        text.replace("selector: {app: gate}", "selector: {app: nobody}")
        + """
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g, namespace: edge}
spec: {selector: {app: gate}, servers: [{port: {number: 80, name: h, protocol: HTTP}, hosts: ['*']}]}
"""
    )
    assert asked(tmp_path, text, {}) == "denied"
    assert asked(tmp_path, text.replace("number: 80", "number: 81"), {}) == "allowed"  # nothing listens there
