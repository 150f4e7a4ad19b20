"""Services' own addresses, and the endpoints that lead on from them (reference A13.4, 0.2)."""

from __future__ import annotations

import json

import pytest

from analyzer.model.cluster import EndpointPort
from analyzer.model.policies import Protocol

MANAGED = ", endpointslice.kubernetes.io/managed-by: "
CONTROLLER = f"{MANAGED}endpointslice-controller.k8s.io"


def balanced(*ingress: dict[str, str]) -> object:
    return {"loadBalancer": {"ingress": ingress}}


def service(spec: object, status: object = None) -> str:
    written = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "a"}, "spec": spec}
    return json.dumps(written | ({"status": status} if status else {}))


def ips(*addresses: object) -> list[str]:
    return [str(address) for address in addresses]


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({"clusterIP": "10.96.0.1"}, None, ["10.96.0.1"]),
        ({"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "fd00::1"]}, None, ["10.96.0.1", "fd00::1"]),
        ({"externalIPs": ["203.0.113.7"]}, None, ["203.0.113.7"]),
        ({"clusterIP": "", "clusterIPs": []}, None, []),
        ({"clusterIP": "None", "clusterIPs": ["None"], "externalIPs": ["203.0.113.7"]}, None, []),
        ({"type": "ExternalName", "externalName": "db.example.org", "externalIPs": ["203.0.113.7"]}, None, []),
        ({"type": "LoadBalancer"}, balanced({"ip": "198.51.100.1"}), ["198.51.100.1"]),
        ({"type": "LoadBalancer"}, balanced({"ip": "198.51.100.1", "ipMode": "VIP"}), ["198.51.100.1"]),
        ({"type": "LoadBalancer"}, balanced({"ip": "198.51.100.1", "ipMode": "Proxy"}), []),
        ({"type": "LoadBalancer"}, balanced({"hostname": "lb.example.org"}), []),
        ({"type": "LoadBalancer"}, {"loadBalancer": {}}, []),
    ],
)
def test_the_addresses_of_a_service(loaded, spec, status, expected):
    (found,) = loaded(service(spec, status)).cluster.services
    assert ips(*found.addresses) == expected


def test_an_external_name_is_kept(loaded):
    (found,) = loaded(service({"type": "ExternalName", "externalName": "db.example.org"})).cluster.services
    assert found.external_name == "db.example.org"


@pytest.mark.parametrize("spec", [{"clusterIP": "10.96.0"}, {"externalIPs": ["none"]}, {"clusterIPs": ["300.1.1.1"]}])
def test_no_address_at_all(problems, spec):
    assert all("which is no address" in problem.message for problem in problems(service(spec)))
    assert problems(service(spec))


SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s-1, namespace: a, labels: {kubernetes.io/service-name: s LABELS}}
addressType: TYPE
ports:
- {name: web, port: 8080}
- {port: 53, protocol: UDP}
- {name: any}
endpoints:
- {addresses: [10.0.0.1], conditions: {ready: false}}
- {addresses: [10.0.0.1, 10.0.0.2]}
"""
ENDPOINTS = """
apiVersion: v1
kind: Endpoints
metadata: {name: s, namespace: a}
subsets:
- addresses: [{ip: 10.0.0.1}]
  notReadyAddresses: [{ip: 10.0.0.2}]
  ports: [{name: web, port: 8080}]
- addresses: [{ip: 10.0.0.3}]
"""


def endpoint_slice(kind: str = "IPv4", labels: str = "") -> str:
    return SLICE.replace("TYPE", kind).replace(" LABELS", labels)


def test_an_endpoint_slice(loaded):
    (found,) = loaded(endpoint_slice()).cluster.endpoints
    assert (found.namespace, found.service, found.is_derived) == ("a", "s", False)
    assert ips(*found.addresses) == ["10.0.0.1", "10.0.0.2"]
    assert found.ports == (
        EndpointPort("web", 8080, Protocol.TCP),
        EndpointPort("", 53, Protocol.UDP),
        EndpointPort("any", None, Protocol.TCP),
    )


def test_names_lead_nowhere(loaded):
    text = endpoint_slice("FQDN").replace("10.0.0.1, 10.0.0.2", "db.example.org").replace("10.0.0.1", "a.example.org")
    (found,) = loaded(text).cluster.endpoints
    assert found.addresses == ()


def test_an_endpoint_slice_of_no_service_is_of_no_service(loaded):
    assert loaded(endpoint_slice().replace("kubernetes.io/service-name", "app")).cluster.endpoints == ()


def test_the_subsets_of_an_endpoints_object(loaded):
    first, second = loaded(ENDPOINTS).cluster.endpoints
    assert (ips(*first.addresses), ips(*second.addresses)) == (["10.0.0.1", "10.0.0.2"], ["10.0.0.3"])
    assert (len(first.ports), second.ports) == (1, ())


@pytest.mark.parametrize(
    ("selector", "text", "counts"),
    [
        ({}, endpoint_slice(), True),
        ({}, ENDPOINTS, True),
        ({}, endpoint_slice(labels=CONTROLLER), True),
        ({"app": "x"}, endpoint_slice(), True),
        ({"app": "x"}, endpoint_slice(labels=f"{MANAGED}mine.example.org"), True),
        ({"app": "x"}, endpoint_slice(labels=CONTROLLER), False),
        ({"app": "x"}, ENDPOINTS, False),
    ],
)
def test_what_counts_beside_the_pods_of_a_selector(loaded, selector, text, counts):
    cluster = loaded(f"{service({'selector': selector, 'ports': [{'port': 80}]})}\n---\n{text}").cluster
    assert bool(cluster.written_endpoints(cluster.services[0])) is counts


@pytest.mark.parametrize(
    ("old", "new"), [("addressType: IPv4\n", ""), ("IPv4", "IPv5"), ("[10.0.0.1]", "[x]"), ("8080", "80800")]
)
def test_what_the_server_would_refuse(problems, old, new):
    assert problems(endpoint_slice().replace(old, new))
