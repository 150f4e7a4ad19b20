"""The normative examples that ask about requests and domains, each on a cluster where it is proved and on one where it
is refuted (design 2)."""

from dataclasses import replace

import pytest

from analyzer.analysis import CheckSession, Setting, check
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES

QUERIES = """
assert models-need-a-token "Nobody calls the models without a token of the ML audience":
  no anything can reach pods(app=inference-service) in namespace ml-serving on tcp/8080
    where request.path like "/v1/models/*" and not request.claims[aud] == "ml-inference-api"

assert health-is-open "Monitoring may probe the health endpoint":
  every namespace monitoring can reach pods(app=inference-service) on tcp/8080
    where request.method == "GET" and request.path == "/health"

assert encrypted "Nothing in plaintext reaches the serving namespace":
  no anything can reach namespace ml-serving where request.tls == plaintext

assert gateway-only "Only the ingress gateway's identity is let in":
  no anything can reach namespace ml-serving
    where request.identity != "cluster.local/ns/istio-system/sa/istio-ingressgateway"

assert registries-only "Model loaders reach only the model registries":
  pods(needs-model-access=true) can reach only domains huggingface.co, "*.huggingface.co" or dns on tcp/443, udp/53
"""
BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: ml-serving, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: inference, namespace: ml-serving}
spec:
  selector: {matchLabels: {app: inference-service}}
  template:
    metadata: {labels: {app: inference-service, needs-model-access: "true"}}
    spec: {containers: [{name: c, image: x}]}
---
apiVersion: v1
kind: Service
metadata: {name: inference, namespace: ml-serving}
spec: {selector: {app: inference-service}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-8080, namespace: ml-serving}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 8080, protocol: TCP}]}]}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: ml-serving}
spec: {jwtRules: [{issuer: "https://issuer.example", jwksUri: "https://issuer.example/jwks"}]}
"""
POLICY = """
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: ml-serving}
spec: {action: ALLOW, rules: RULES}
"""
STRICT = """
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: m, namespace: ml-serving}
spec: {mtls: {mode: STRICT}}
"""
HEALTH = "[{to: [{operation: {methods: [GET], paths: [/health]}}]}]"
MODELS = "[{to: [{operation: {paths: [/v1/models/*]}}], when: [{key: 'request.auth.claims[aud]', values: [AUD]}]}]"
GATEWAYS_OWN = "cluster.local/ns/istio-system/sa/istio-ingressgateway"
GATEWAY = f"[{{from: [{{source: {{principals: [{GATEWAYS_OWN}]}}}}]}}]"
EGRESS = """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: loaders, namespace: NAMESPACE}
spec:
  podSelector: {matchLabels: {needs-model-access: "true"}}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    ports: [{port: 53, protocol: UDP}]
  MORE
"""


def policy(rules):
    return POLICY.replace("RULES", rules)


def loaders(more=""):
    return "".join(
        EGRESS.replace("NAMESPACE", name).replace("MORE", more) for name in ("ml-serving", "monitoring", "kube-system")
    )


MINE = MODELS.replace("AUD", "ml-inference-api")
CASES = [
    ("models-need-a-token", policy(MINE), "proved"),
    ("models-need-a-token", policy(MODELS.replace("AUD", "'*'")), "refuted"),
    ("models-need-a-token", policy("[{to: [{operation: {paths: [/v2/*]}}]}]"), "proved"),
    ("models-need-a-token", "", "refuted"),
    ("health-is-open", policy(HEALTH), "proved"),
    ("health-is-open", policy(HEALTH.replace("GET", "HEAD")), "refuted"),
    ("health-is-open", policy(MINE), "refuted"),
    ("health-is-open", STRICT, "proved"),
    ("encrypted", STRICT, "proved"),
    ("encrypted", policy(GATEWAY), "proved"),
    ("encrypted", "", "refuted"),
    ("encrypted", policy("[{from: [{source: {notPrincipals: [a]}}]}]"), "refuted"),
    ("gateway-only", policy(GATEWAY), "proved"),
    ("gateway-only", STRICT, "refuted"),
    ("gateway-only", policy(GATEWAY.replace(GATEWAYS_OWN, "'*gateway'")), "refuted"),
    ("registries-only", loaders(), "proved"),
    ("registries-only", loaders("- {to: [{namespaceSelector: {}}], ports: [{port: 443, protocol: TCP}]}"), "refuted"),
    ("registries-only", "", "refuted"),
]  # fmt: skip


def verdict(tmp_path, name, more):
    (tmp_path / "m.yaml").write_text(BASE + more)
    pack = parse_pack(QUERIES, "q.npq")
    (query,) = (it for it in pack.queries if it.id == name)
    universe = Universe.NAMESPACES if name == "registries-only" else Universe.ANY
    setting = Setting(universe, PROFILES["generic"])
    answer = check(load([str(tmp_path / "m.yaml")]).cluster, [replace(pack, queries=(query,))], setting=setting)
    return answer.verdicts[0]


@pytest.mark.parametrize(("name", "more", "status"), CASES)
def test_a_normative_example_is_decided(tmp_path, name, more, status):
    found = verdict(tmp_path, name, more)
    assert found.status.value == status, found.reason
    if status == "refuted" and name != "registries-only":
        assert found.counterexamples[0].connection.request is not None


def test_a_proof_says_that_it_rests_on_the_mesh_alone(tmp_path):
    found = verdict(tmp_path, "models-need-a-token", policy(MINE))
    assert found.reason.endswith(
        "it rests on the mesh alone: a pod without a sidecar, or plaintext under PERMISSIVE, is not covered"
    )


def test_an_answer_that_hangs_on_tokens_says_so(tmp_path):
    (tmp_path / "m.yaml").write_text(BASE + policy(MINE))
    pack = parse_pack('assert q: no anything can reach namespace ml-serving where request.path like "/v1/*"', "q")
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    for tokens, status in (("true", "refuted"), ("false", "proved")):
        setting = Setting(Universe.ANY, PROFILES["generic"].with_knob("tokens", tokens))
        (found,) = check(cluster, [pack], setting=setting).verdicts
        assert found.status.value == status
        assert ("--assume no-tokens" in found.reason) is (status == "refuted")


def test_pods_that_are_created_later_may_opt_out_by_a_knob(tmp_path):
    (tmp_path / "m.yaml").write_text(BASE + policy(GATEWAY))
    pack = parse_pack("assert q: no namespace monitoring can reach namespace ml-serving", "q")
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    for opt_out, status in (("false", "proved"), ("true", "refuted")):
        setting = Setting(Universe.ANY, PROFILES["generic"].with_knob("mesh-opt-out", opt_out))
        (found,) = check(cluster, [pack], setting=setting).verdicts
        assert found.status.value == status


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("name: http, port: 80", "name: tcp, port: 80"),  # what a port speaks
        ("paths: [/health]", "paths: [/other]"),
        ("trustDomain: one", "trustDomain: cluster.local"),
    ],
)
def test_a_session_asks_again_what_a_mesh_changes(tmp_path, was, now):
    own = GATEWAYS_OWN.replace("istio-system/sa/istio-ingressgateway", "monitoring/sa/default")
    rules = HEALTH.replace("}]}]", f"}}]}}, {{from: [{{source: {{principals: [{own}]}}}}]}}]")
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
    text = f"{BASE}{policy(rules)}{config}data: {{mesh: 'trustDomain: one'}}\n"
    assert was in text
    clusters = []
    for number, content in enumerate((text, text.replace(was, now))):
        (tmp_path / f"{number}.yaml").write_text(content)
        clusters.append(load([str(tmp_path / f"{number}.yaml")]).cluster)
    pack = parse_pack(
        'assert q: some namespace monitoring can reach namespace ml-serving where request.path == "/health"\n'
        'assert r: no namespace monitoring can reach namespace ml-serving where request.path == "/z"',
        "q",
    )
    setting = Setting(Universe.ANY, PROFILES["generic"])
    session = CheckSession(clusters[0], [pack], setting=setting)
    again = session.update(clusters[1])
    fresh = check(clusters[1], [pack], setting=setting)
    assert [it.status for it in again.verdicts] == [it.status for it in fresh.verdicts]
    assert session.asked


_SIDECAR = """---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: own, namespace: monitoring}
spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ["./*"]}]}
"""
_ENTRY = """---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: hub, namespace: monitoring}
spec: {hosts: [hub.example], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
"""


@pytest.mark.parametrize("thing", [_SIDECAR, _ENTRY])
@pytest.mark.parametrize(
    ("claim", "as_it_is", "enforced"),
    [
        ("no namespace monitoring can reach internet on tcp/443", "refuted", "unknown"),
        ("no namespace monitoring can reach internet on udp/443", "refuted", "refuted"),
        ("namespace monitoring can reach only namespace ml-serving on tcp/443", "refuted", "unknown"),
        ("no namespace monitoring can reach namespace ml-serving", "proved", "proved"),
        ("no internet can reach namespace monitoring", "refuted", "refuted"),
    ],
)
def test_what_goes_out_of_a_mesh_binds_nobody_unless_a_knob_says_so(tmp_path, thing, claim, as_it_is, enforced):
    (tmp_path / "m.yaml").write_text(BASE + policy(GATEWAY) + thing)
    pack = parse_pack(f"assert q: {claim}", "q")
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    for value, status in (("open", as_it_is), ("enforced", enforced)):
        setting = Setting(Universe.NAMESPACES, PROFILES["generic"].with_knob("mesh-egress", value))
        answer = check(cluster, [pack], setting=setting)
        (found,) = answer.verdicts
        assert found.status.value == status, found.reason
        assert any(it.name == "mesh-egress" for it in answer.assumptions)
        if found.status.value == "unknown":
            kind = "Sidecar" if thing is _SIDECAR else "ServiceEntry"
            assert any(kind in text for text in found.blame)


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        ("some namespace monitoring can reach namespace shop on tcp/8080", "proved"),
        ("every namespace monitoring can reach namespace shop on tcp/8080", "proved"),
        ("some namespace monitoring can reach namespace shop on tcp/443", "unknown"),
        ("some namespace monitoring can reach namespace shop on tcp/400-500", "proved"),
        ("every namespace monitoring can reach namespace shop on tcp/443, tcp/8080", "unknown"),
        ("some namespace monitoring can reach service shop/web", "unknown"),
        ("some namespace monitoring can reach namespace shop on udp/443", "proved"),
    ],
)
def test_a_service_entry_bears_on_what_is_sent_to_its_ports(tmp_path, claim, status):
    """A client that goes by a Service dials the Service's port."""
    service = """---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{port: 443, targetPort: 8080}]}
"""
    (tmp_path / "m.yaml").write_text(BASE + service + _ENTRY)
    pack = parse_pack(f"assert q: {claim}", "q")
    setting = Setting(Universe.NAMESPACES, PROFILES["generic"])
    (found,) = check(load([str(tmp_path / "m.yaml")]).cluster, [pack], setting=setting).verdicts
    assert found.status.value == status, found.reason
