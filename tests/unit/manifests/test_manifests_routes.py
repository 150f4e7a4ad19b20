"""Ingresses and Gateway API routes: where they may lead (reference E1)."""

import pytest

from analyzer.model.cluster import Backend
from analyzer.model.policies import Protocol

INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  defaultBackend: {service: {name: errors, port: {number: 80}}}
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
      - {path: /files, pathType: Prefix, backend: {resource: {kind: Bucket, name: files}}}
  - host: other.example
"""


def route(kind="HTTPRoute", namespace="shop", backends="[{name: web, port: 80}]", parents="[{name: gate}]", more=""):
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: front, namespace: {namespace}}}
spec:
  parentRefs: {parents}
  rules: [{{backendRefs: {backends}{more}}}]
"""


def gateway(namespace, admits):
    routes = "" if admits is None else f", allowedRoutes: {{namespaces: {{from: {admits}}}}}"
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: gate, namespace: {namespace}}}
spec: {{listeners: [{{name: web, port: 80, protocol: HTTP{routes}}}]}}
"""


def grant(kind="HTTPRoute", origin="shop", to="{group: '', kind: Service}"):
    return f"""
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {{name: let, namespace: data}}
spec:
  from: [{{group: gateway.networking.k8s.io, kind: {kind}, namespace: {origin}}}]
  to: [{to}]
"""


def backends(loaded, text):
    return [b for r in loaded(text).cluster.routes for b in r.backends]


def test_an_ingress_leads_to_the_services_of_its_backends(loaded):
    cluster = loaded(INGRESS).cluster
    (found,) = cluster.routes
    assert found.id == "Ingress shop/front"
    assert found.backends == (Backend("shop", "errors", 80), Backend("shop", "web", "http"))
    assert found.hosts == ()
    assert cluster.irrelevant == ()
    assert cluster.unmodelled == ()


def test_hosts_are_kept_where_all_rules_have_one(loaded):
    (found,) = loaded(
        INGRESS.replace("  defaultBackend: {service: {name: errors, port: {number: 80}}}\n", "")
    ).cluster.routes
    assert found.hosts == ("shop.example", "other.example")


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"])
def test_gateway_routes_lead_to_their_backends(loaded, kind):
    (found,) = loaded(route(kind)).cluster.routes
    assert (found.kind, found.backends) == (kind, (Backend("shop", "web", 80),))
    assert found.protocol is (Protocol.UDP if kind == "UDPRoute" else Protocol.TCP)


def test_mirrors_count_and_other_kinds_and_weight_nought_do_not(loaded):
    mirror = ", filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 81}}}]"
    assert backends(loaded, route(more=mirror)) == [Backend("shop", "web", 80), Backend("shop", "copy", 81)]
    assert backends(loaded, route(backends="[{name: web, port: 80, weight: 0}]")) == []
    assert backends(loaded, route(backends="[{group: x.example, kind: Bucket, name: files}]")) == []


@pytest.mark.parametrize(
    ("granted", "leads"),
    [
        ("", False),
        (grant(), True),
        (grant(kind="GRPCRoute"), False),
        (grant(origin="other"), False),
        (grant(to="{group: '', kind: Service, name: db}"), True),
        (grant(to="{group: '', kind: Service, name: web}"), False),
        (grant(to="{group: '', kind: Secret}"), False),
    ],
)
def test_another_namespace_must_grant_it(loaded, granted, leads):
    found = loaded(route(backends="[{name: db, namespace: data, port: 5432}]") + granted).cluster
    assert [b for r in found.routes for b in r.backends] == ([Backend("data", "db", 5432)] if leads else [])
    assert any("no ReferenceGrant" in n.message for n in found.notices) is not leads


@pytest.mark.parametrize(
    ("parents", "more", "is_attached"),
    [
        ("[{name: gate}]", "", True),
        ("[]", "", False),
        ("[{kind: Service, group: '', name: web}]", "", False),
        ("[{name: gate, namespace: infra}]", gateway("infra", None), False),
        ("[{name: gate, namespace: infra}]", gateway("infra", "All"), True),
        ("[{name: gate, namespace: infra}]", gateway("infra", "Selector"), True),
        ("[{name: gate}]", gateway("shop", "Same"), True),
        ("[{name: gate}]", gateway("shop", "None"), False),
        ("[{name: gate, sectionName: tls}]", gateway("shop", "All"), False),
        ("[{name: gate, port: 80}]", gateway("shop", "All"), True),
    ],
)
def test_a_route_must_be_attached(loaded, parents, more, is_attached):
    found = loaded(route(parents=parents) + more).cluster
    assert bool(found.routes) is is_attached
    assert any("attached to no Gateway" in n.message for n in found.notices) is not is_attached


def test_faults_have_a_place(problems):
    text = INGRESS.replace("{name: http}", "{}") + "---" + route(backends="[{name: web}]").replace("front", "back")
    assert [problem.message for problem in problems(text)] == [
        "`spec.rules[0].http.paths[0].backend.service.port` must have a `name` or a `number`",
        "`spec.rules[0].backendRefs[0].port` is missing",
    ]


# ------------------------------------------------------------------------------------------------ OpenShift
def openshift(more="", to="{kind: Service, name: web}"):
    return f"""
apiVersion: route.openshift.io/v1
kind: Route
metadata: {{name: front, namespace: shop}}
spec: {{host: shop.example, to: {to}, tls: {{termination: edge}}, wildcardPolicy: None{more}}}
"""


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ("", None),
        (", port: {targetPort: 8080}", 8080),
        (', port: {targetPort: "8080"}', 8080),
        (", port: {targetPort: http}", "http"),
    ],
)
def test_a_route_of_openshift_names_the_port_of_pods_or_the_services_by_name(loaded, written, port):
    (found,) = loaded(openshift(written)).cluster.routes
    assert (found.id, found.hosts) == ("Route shop/front", ("shop.example",))
    assert found.backends == (Backend("shop", "web", port, is_of_pods=True),)


def test_alternate_backends_count_and_those_of_no_weight_do_not(loaded):
    more = ", alternateBackends: [{kind: Service, name: copy, weight: 20}, {kind: Service, name: gone, weight: 0}]"
    names = [b.service for b in backends(loaded, openshift(more, "{kind: Service, name: web, weight: 100}"))]
    assert names == ["web", "copy"]
    assert backends(loaded, openshift(to="{kind: Service, name: web, weight: 0}")) == []


@pytest.mark.parametrize(
    "to", ["{kind: Service}", "{kind: Service, name: web, weight: 300}", "{kind: Service, name: web, weight: a}"]
)
def test_a_route_of_openshift_that_the_server_refuses_is_an_error(problems, to):
    assert problems(openshift(to=to))
