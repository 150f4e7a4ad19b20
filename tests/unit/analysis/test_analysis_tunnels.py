"""What ztunnel takes in mutual TLS comes on its own port, which is all that NetworkPolicies see of it (istio.md 9)."""

import pytest

from analyzer import analysis
from analyzer.analysis.explaining.between import between
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, ContainerPort
from analyzer.model.endpoints import Pod
from analyzer.model.mesh import TUNNEL_PORT
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.requests import MTLS, PLAINTEXT, Request
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.explanation import Outcome
from analyzer.verdicts.regions import Attribute
from analyzer.verdicts.verdict import Status

GENERIC, TCP = PROFILES["generic"], Protocol.TCP
CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {istio.io/dataplane-mode: ambient}}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: front, namespace: web}, spec: {containers: [{name: c}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [PORTS]}]}
"""
BY_NUMBER, BY_NAME, TUNNEL = "{port: 8080}", "{port: http}", "{port: 15008}"
ONLY_8443 = """---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {ports: ["8443"]}}]}]}
"""
STRICT = """---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: p, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""
HTTP = "{name: http, containerPort: 8080}"
PAIR = "workload web/front can reach workload shop/api on"


def cluster(ports: str, more: str = "", calling: str = "") -> Cluster:
    text = CLUSTER.replace("PORTS", ports).replace(HTTP, calling or HTTP)
    return load(["-"], stdin=lambda: (text + more).encode()).cluster


@pytest.mark.parametrize("kind", ["no", "some", "every"])
@pytest.mark.parametrize(
    ("ports", "more", "port", "tls", "passes"),
    [
        (TUNNEL, "", 8080, "", True),  # whatever the client asks for stands inside
        (TUNNEL, "", 9999, "mtls", True),
        (TUNNEL, "", 8080, "plaintext", False),
        (BY_NUMBER, "", 8080, "plaintext", True),
        (BY_NUMBER, "", 8080, "mtls", False),
        (BY_NAME, "", 8080, "mtls", False),
        (BY_NAME, "", 8080, "", True),
        (f"{BY_NUMBER}, {TUNNEL}", "", 8080, "mtls", True),
        (TUNNEL, ONLY_8443, 8443, "", True),  # only what ztunnel asks tells ports apart
        (TUNNEL, ONLY_8443, 8080, "", False),
        (BY_NUMBER, STRICT, 8080, "", False),
        (TUNNEL, STRICT, 8080, "", True),
    ],
)
def test_policies_see_the_tunnel(kind: str, ports: str, more: str, port: int, tls: str, passes: bool) -> None:
    where = f" where request.tls == {tls}" if tls else ""
    query = parse_query(f"{kind} {PAIR} tcp/{port}{where}", "q")
    found = judge(cluster(ports, more), query, (), Setting(Universe.INVENTORY, GENERIC))
    assert found.status is (Status.PROVED if passes is (kind != "no") else Status.REFUTED)


CALLED = "{name: hbone, containerPort: 15008}"


@pytest.mark.parametrize("universe", [Universe.INVENTORY, Universe.ANY])
@pytest.mark.parametrize(
    ("named", "kind", "asked", "status"),
    [
        ("15008", "no", "tcp/9999", Status.REFUTED),  # the name of the tunnel's port opens all of them
        ("15008", "every", "tcp/9999", Status.PROVED),
        ("15008", "some", "tcp/9999 where request.tls == mtls", Status.PROVED),
        ("15008", "no", "tcp/9999 where request.tls == plaintext", Status.PROVED),
        ("9999", "no", "tcp/9999 where request.tls == mtls", Status.PROVED),
        ("9999", "no", "tcp/9999", Status.REFUTED),
        ("15008, protocol: UDP", "no", "tcp/9999", Status.PROVED),
    ],
)
def test_the_tunnels_port_may_have_a_name(
    named: str, kind: str, asked: str, status: Status, universe: Universe
) -> None:
    there = cluster("{port: hbone}", calling=CALLED.replace("15008", named))
    query = parse_query(f"{kind} {PAIR} {asked}", "q")
    assert judge(there, query, (), Setting(universe, GENERIC)).status is status


def test_pods_to_come_may_give_it_the_name() -> None:
    """None that exists does."""
    members = "pods(istio.io/dataplane-mode=ambient) in namespace shop"
    query = parse_query(f"no namespace web can reach {members} on tcp/9999 where request.tls == mtls", "q")
    there = cluster("{port: http}")
    assert judge(there, query, (), Setting(Universe.INVENTORY, GENERIC)).status is Status.VACUOUS
    found = judge(there, query, (), Setting(Universe.ANY, GENERIC))
    assert found.status is Status.REFUTED
    shown = [(it, it.connection.dst) for it in found.counterexamples if it.connection is not None]
    named = [it for it, dst in shown if isinstance(dst, Pod) and ContainerPort("http", TUNNEL_PORT, TCP) in dst.ports]
    assert named  # beside those that have a sidecar
    assert all(one.attribute is Attribute.REQUESTS for it in named for one in it.region.request[-1:])  # excuses nothing


@pytest.mark.parametrize(
    ("ports", "tls", "outcome"),
    [
        (TUNNEL, MTLS, Outcome.ALLOWED),
        (TUNNEL, PLAINTEXT, Outcome.DENIED),
        (BY_NUMBER, MTLS, Outcome.DENIED),
        (BY_NUMBER, PLAINTEXT, Outcome.ALLOWED),
    ],
)
@pytest.mark.parametrize("profile", ["generic", "calico", "cilium", "ovn-kubernetes"])
def test_single_requests_are_explained_so(ports: str, tls: str, outcome: Outcome, profile: str) -> None:
    there = cluster(ports)
    (src,) = (it for it in there.workloads if it.name == "front")
    (dst,) = (it for it in there.workloads if it.name == "api")
    asked = ConnectionSet(tcp=PortSet.of(8080))
    request = Request(method="GET", host="h", tls=tls)
    words = ("it", "that")
    assert between(there, PROFILES[profile], src, dst, words, asked=asked, request=request).outcome is outcome
    assert (
        between(there, PROFILES[profile], src, dst, words, asked=asked).outcome is Outcome.ALLOWED
    )  # one way or other


@pytest.mark.parametrize(
    ("ports", "more", "may", "must"),
    [
        (TUNNEL, ONLY_8443, {8443}, {8443}),
        (BY_NUMBER, ONLY_8443, set(), set()),
        (BY_NUMBER, ONLY_8443.replace("8443", "8080"), set(), set()),  # in mutual TLS alone, for which nothing is open
        (BY_NUMBER, "", {8080}, {8080}),
        (BY_NAME, "", {8080}, {8080}),
    ],
)
def test_maps_tell_what_may_come_by_it(ports: str, more: str, may: set[int], must: set[int]) -> None:
    found = analysis.connectivity(cluster(ports, more), GENERIC)
    ids = [getattr(end, "id", "") for end in found.ends]
    src, dst = ids.index("web/front[Pod]"), ids.index("shop/api[Pod]")
    place = {end: number for number, members in enumerate(found.classes) for end in members}
    rows = [row for row in found.rows if row.src >> place[src] & 1 and row.dst >> place[dst] & 1]
    for asked in (8080, 8443, 9999):
        assert any(asked in row.allowed.tcp for row in rows) is (asked in may)
        assert any(asked in row.certain.tcp for row in rows) is (asked in must)
