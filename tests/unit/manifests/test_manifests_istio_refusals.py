"""Objects that Istio's admission refuses: they have no effect, a notice says so, and nothing hangs on them."""

import pytest

from analyzer.manifests import load
from analyzer.model.mesh import InboundScope, IngressGateway, VirtualService

SIDECAR = {
    "egress: [{hosts: [./allowed-model-registries]}]": "short name",
    "egress: [{hosts: [registries.example]}]": "NAMESPACE/HOST",
    "egress: [{hosts: [/a.b]}]": "empty part",
    "egress: [{hosts: [a.b/c.d]}]": "no namespace",
    "egress: [{hosts: ['*/*x.example']}]": "whole label",
    "egress: [{hosts: ['*/a_b.example']}]": "names no host",
    "egress: [{hosts: ['*/*.10']}]": "names no host",
    "egress: [{hosts: []}]": "names no host",
    "egress: [{hosts: ['*/*']}, {port: {number: 80, protocol: HTTP}, hosts: ['*/*']}]": "not the last",
    "workloadSelector: {labels: {app: a}}": "says nothing",
    "workloadSelector: {labels: {app: '*'}}, egress: [{hosts: ['*/*']}]": "no wildcard",
    "ingress: [{defaultEndpoint: 127.0.0.1:80}]": "without `port`",
}
ENTRY = {
    "hosts: ['*.a.example'], resolution: DNS": "no name server resolves",
    "hosts: ['*.a.example'], resolution: DNS_ROUND_ROBIN": "no name server resolves",
    "hosts: ['*']": "alone is no host",
    "hosts: []": "names no host",
    "hosts: [a_b.example]": "is no host",
    "hosts: [a.example], workloadSelector: {labels: {a: b}}, endpoints: [{address: 10.0.0.1}]": "beside",
    "hosts: [a.example], endpoints: [{address: 10.0.0.1}]": "resolution NONE",
    "hosts: [a.example], addresses: [10.0.0.0/8], resolution: DNS": "a range of addresses",
    "hosts: [a.example], ports: [{number: 80, name: a}, {number: 80, name: b}]": "two ports",
    "hosts: [a.example], ports: [{number: 80, name: a}, {number: 81, name: a}]": "two ports",
    "hosts: [a.example], ports: [{number: 80}]": "no name of a port",
    "hosts: [a.example], resolution: DYNAMIC_DNS": "is no wildcard",
    "hosts: ['*.a.example'], resolution: DYNAMIC_DNS, ports: [{number: 80, name: t, protocol: TCP}]": "protocols",
    "hosts: ['*.a.example'], resolution: DYNAMIC_DNS, addresses: [10.0.0.1]": "do not go with",
}
GATEWAY = {
    "servers: []": "no server",
    "servers: [{hosts: [], port: {number: 80, name: h, protocol: HTTP}}]": "names no host",
    "servers: [{hosts: ['*'], port: {number: 443, name: s, protocol: HTTPS}}]": "without `tls`",
    "servers: [{hosts: ['*'], port: {number: 80, name: h, protocol: HTTP}, tls: {mode: SIMPLE}}]": "with `tls`",
    "servers: [{hosts: ['*'], port: {number: 80, name: h, protocol: FOO}}]": "no protocol",
    "servers: [{hosts: [short], port: {number: 80, name: h, protocol: HTTP}}]": "short name",
    "servers: [{hosts: ['*']}]": "without `port`",
}
ROUTES = {
    "hosts: [a.example]": "no route",
    "hosts: [a_b.example], http: [{route: [{destination: {host: s}}]}]": "no host",
    "hosts: [a.example], http: [{}]": "leads nowhere",
    "hosts: [a.example], http: [{redirect: {uri: /x}, route: [{destination: {host: s}}]}]": "as well",
}
TAKEN = {
    "Gateway": ["servers: [{hosts: ['./*'], port: {number: 80, name: h, protocol: HTTP}, tls: {httpsRedirect: true}}]"],
    "VirtualService": ["hosts: ['*'], gateways: [g], http: [{directResponse: {status: 403}}]"],
    "Sidecar": [
        "egress: [{hosts: [istio-system/*, ./a.example, '*/*.b.example', '~foo/*', '~*/c.d.']}]",
        "outboundTrafficPolicy: {}",
        "workloadSelector: {}, ingress: [{port: {number: 80, protocol: HTTP}}]",
        "egress: [{port: {number: 80, protocol: HTTP}, hosts: ['*/*']}, {hosts: ['*/*']}]",
    ],
    "ServiceEntry": [
        "hosts: [a.example, '*.b.example']",
        "hosts: ['*.b.example'], resolution: DNS, endpoints: [{address: a.example}]",
        "hosts: [a.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]",
        "hosts: ['*.a.example'], resolution: DYNAMIC_DNS, ports: [{number: 443, name: t, protocol: TLS}]",
        "hosts: [a.example], workloadSelector: {labels: {app: a}}, resolution: STATIC",
        "hosts: [singleword]",
    ],
}
REFUSED = {"Sidecar": SIDECAR, "ServiceEntry": ENTRY, "Gateway": GATEWAY, "VirtualService": ROUTES}


def read(tmp_path, kind, spec):
    api = "apiVersion: networking.istio.io/v1"
    (tmp_path / "m.yaml").write_text(
        f"{api}\nkind: {kind}\nmetadata: {{name: x, namespace: foo}}\nspec: {{{spec}}}\n---\n"
        "{apiVersion: v1, kind: Namespace, metadata: {name: foo}}\n"
    )
    loaded = load([str(tmp_path / "m.yaml")])
    return loaded.cluster, [notice.message for notice in loaded.cluster.notices]


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [(kind, *pair) for kind, specs in REFUSED.items() for pair in specs.items()],
)
def test_what_admission_refuses_has_no_effect(tmp_path, kind, spec, said):
    cluster, notices = read(tmp_path, kind, spec)
    assert any(f"{kind} foo/x: Istio refuses it" in notice and said in notice for notice in notices), notices
    assert cluster.unmodelled == ()
    assert [it for of in (InboundScope, IngressGateway, VirtualService) for it in cluster.mesh.of(of)] == []


@pytest.mark.parametrize(("kind", "spec"), [(kind, spec) for kind, specs in TAKEN.items() for spec in specs])
def test_what_admission_takes_is_not_refused(tmp_path, kind, spec):
    cluster, notices = read(tmp_path, kind, spec)
    assert not any("refuses" in notice for notice in notices), notices
    assert [thing.kind for thing in cluster.unmodelled] == [kind] * (kind != "Gateway")
