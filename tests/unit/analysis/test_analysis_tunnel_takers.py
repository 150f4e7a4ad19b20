"""Who takes the mesh's tunnel, and what goes past ztunnel, as the manifests of pods tell it (istio.md 2.2, 9): sidecars
with ISTIO_META_ENABLE_HBONE, pods whose inbound traffic is not captured, pods that istio-cni has not taken over, and
waypoints that no manifest holds."""

import pytest

from analyzer.analysis.checking.assumptions import stated_assumptions
from analyzer.judging import Setting, judge
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts.verdict import Status

SIDECAR = "istio-injection: enabled"
ONLY_TUNNEL = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [{port: 15008}]}]}
"""
STRICT = """---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: p, namespace: NAMESPACE}
spec: {mtls: {mode: STRICT}}
"""
DISABLED = STRICT.replace("STRICT", "DISABLE").replace("NAMESPACE", "shop")
MESH = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig:
      proxyMetadata: {VARIABLES}
"""
BY_MESH, NOT_BY_MESH = (MESH.replace("VARIABLES", it) for it in ('ISTIO_META_ENABLE_HBONE: "true"', 'A: "b"'))
ON, OFF = (f"proxy.istio.io/config: 'proxyMetadata: {{ISTIO_META_ENABLE_HBONE: \"{it}\"}}'" for it in ("true", "false"))
BYPASS = "ambient.istio.io/bypass-inbound-capture"
LIVE = "uid: u, creationTimestamp: '2024-01-01T00:00:00Z'"
TAKEN = "ambient.istio.io/redirection: enabled"
REFUTED, PROVED, UNKNOWN = Status.REFUTED, Status.PROVED, Status.UNKNOWN
PLAIN = "request.tls == plaintext"


def status(claim: str, text: str) -> tuple[Status, str]:
    found = judge(
        load(["-"], stdin=text.encode).cluster,
        parse_query(claim, "q"),
        (),
        Setting(Universe.INVENTORY, PROFILES["generic"]),
    )
    return found.status, " ".join((found.reason, *found.blame))


def manifests(labels: str, notes: str = "", more: str = "", name: str = "shop", live: str = "", env: str = "") -> str:
    containers = "[{name: c}]" if not env else f"[{{name: c}}, {{name: istio-proxy, env: [{env}]}}]"
    status = "status: {phase: Running, podIP: 10.0.0.9}\n" if live else ""
    return f"""
{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{labels}}}}}}}
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: web, labels: {{istio.io/dataplane-mode: ambient}}}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: api, namespace: {name}, labels: {{app: api}}, annotations: {{{notes}}}, {live}}}
spec: {{containers: {containers}}}
{status}---
{{apiVersion: v1, kind: Pod, metadata: {{name: front, namespace: web}}, spec: {{containers: [{{name: c}}]}}}}
{more}"""


@pytest.mark.parametrize(
    ("labels", "notes", "more", "env", "expected"),
    [
        (SIDECAR, ON, "", "", REFUTED),
        (SIDECAR, OFF, "", "", PROVED),
        (SIDECAR, OFF, BY_MESH, "", PROVED),
        (SIDECAR, "", BY_MESH, "", REFUTED),
        (SIDECAR, "", NOT_BY_MESH, "", PROVED),
        (SIDECAR, "", "", "", UNKNOWN),  # an ambient mesh of which nobody shows the configuration
        (SIDECAR, ON, NOT_BY_MESH, "", REFUTED),
        ("", ON, BY_MESH, "", PROVED),  # no proxy is there
        ("", "", NOT_BY_MESH, "{name: ISTIO_META_ENABLE_HBONE, value: 'true'}", REFUTED),
        ("", ON, BY_MESH, "{name: ISTIO_META_ENABLE_HBONE, value: 'false'}", PROVED),
        (SIDECAR, ON, DISABLED, "", UNKNOWN),  # what a sidecar makes of it there is not modelled
        (SIDECAR, f"{ON}, traffic.sidecar.istio.io/excludeInboundPorts: '8080'", "", "", UNKNOWN),
    ],
)
def test_sidecars_that_take_the_tunnel(labels: str, notes: str, more: str, env: str, expected: Status) -> None:
    text = manifests(labels, notes, ONLY_TUNNEL + more, env=env)
    pair = "workload web/front can reach workload shop/api on tcp/8080"
    assert status(f"no {pair}", text)[0] is expected
    assert status(f"no {pair} where {PLAIN}", text)[0] is PROVED
    some = {REFUTED: PROVED, PROVED: REFUTED, UNKNOWN: UNKNOWN}[expected]
    assert status(f"some {pair} where request.tls == mtls", text)[0] is some


PROXY_CONFIG = """---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: NAME, namespace: NAMESPACE}
spec: {SELECTORenvironmentVariables: {ISTIO_META_ENABLE_HBONE: "VALUE"}}
"""


def proxy_config(value: str, namespace: str = "shop", selector: str = "", name: str = "p") -> str:
    text = PROXY_CONFIG.replace("VALUE", value).replace("NAMESPACE", namespace).replace("NAME", name)
    return text.replace("SELECTOR", f"selector: {{{selector}}}, " if selector else "")


ITS, OTHERS = "matchLabels: {app: api}", "matchLabels: {app: db}"
IN_ROOT = "istio-system"


@pytest.mark.parametrize(
    ("notes", "more", "env", "expected"),
    [
        ("", proxy_config("true"), "", REFUTED),
        ("", proxy_config("false") + BY_MESH, "", PROVED),
        ("", proxy_config("true", IN_ROOT) + NOT_BY_MESH, "", REFUTED),
        ("", proxy_config("true", IN_ROOT) + proxy_config("false"), "", PROVED),  # its namespace goes first
        ("", proxy_config("false", IN_ROOT) + proxy_config("true"), "", REFUTED),
        ("", proxy_config("true", "web") + NOT_BY_MESH, "", PROVED),  # another namespace's
        (OFF, proxy_config("true"), "", PROVED),  # the pod's annotation goes first
        (OFF, proxy_config("true", "shop", ITS), "", REFUTED),  # but not before one that selects the pod
        (ON, proxy_config("false", "shop", ITS), "", PROVED),
        (ON, proxy_config("false", "shop", OTHERS), "", REFUTED),
        ("", proxy_config("true", "shop", OTHERS) + NOT_BY_MESH, "", PROVED),
        ("", proxy_config("true", "shop", ITS) + proxy_config("false", "shop", OTHERS, "q"), "", REFUTED),
        ("", proxy_config("true", "shop", ITS) + proxy_config("false", "shop", ITS, "q"), "", UNKNOWN),
        ("", proxy_config("true") + proxy_config("false", name="q"), "", UNKNOWN),
        ("", proxy_config("true", "shop", "matchLabels: {}") + NOT_BY_MESH, "", UNKNOWN),
        ("", proxy_config("true", IN_ROOT, ITS) + NOT_BY_MESH, "", PROVED),  # of the root's own pods
        ("", proxy_config("true"), "{name: ISTIO_META_ENABLE_HBONE, value: 'false'}", PROVED),
    ],
)
def test_what_proxy_configs_say_of_the_tunnel(notes: str, more: str, env: str, expected: Status) -> None:
    text = manifests(SIDECAR, notes, ONLY_TUNNEL + more, env=env)
    assert status("no workload web/front can reach workload shop/api on tcp/8080", text)[0] is expected


def test_what_other_variables_of_a_proxy_config_do_is_not_modelled() -> None:
    more = proxy_config("true").replace("{ISTIO", "{ISTIO_META_OTHER: a, ISTIO")
    found, why = status(
        "no workload web/front can reach workload shop/api on tcp/8080", manifests(SIDECAR, "", ONLY_TUNNEL + more)
    )
    assert found is UNKNOWN
    assert "ProxyConfig shop/p" in why


@pytest.mark.parametrize(
    ("labels", "notes", "env", "expected"),
    [
        (SIDECAR, ON, "", UNKNOWN),  # istiod may be told nothing of ambient
        (SIDECAR, "", "{name: ISTIO_META_ENABLE_HBONE, value: 'true'}", UNKNOWN),
        (SIDECAR, OFF, "", PROVED),
        (SIDECAR, ON, "{name: ISTIO_META_ENABLE_HBONE, value: 'false'}", PROVED),
        (SIDECAR, "", "", PROVED),
        ("", ON, "", PROVED),  # no proxy is there
    ],
)
def test_sidecars_that_take_the_tunnel_where_no_object_is_of_a_mesh(
    labels: str, notes: str, env: str, expected: Status
) -> None:
    text = manifests(labels, notes, ONLY_TUNNEL, env=env).replace("istio.io/dataplane-mode: ambient", SIDECAR)
    claim = "no workload web/front can reach workload shop/api on tcp/8080"
    assert status(claim, text)[0] is expected


def test_nobody_comes_half_inside() -> None:
    """Below the mesh one way has to be open at both ends."""
    egress = ONLY_TUNNEL.replace("shop", "web").replace("Ingress", "Egress").replace("ingress", "egress")
    pair = "workload web/front can reach workload shop/api on tcp/8080"
    for port, expected in (("8080", PROVED), ("15008", REFUTED)):
        text = manifests(SIDECAR, ON, ONLY_TUNNEL + egress.replace("15008", port))
        assert status(f"no {pair}", text)[0] is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("'true'", REFUTED), ("'1'", REFUTED), ("T", REFUTED), ("'false'", PROVED), ("'yes'", PROVED), ("'TrUe'", PROVED)],
)
def test_pods_whose_inbound_traffic_is_not_captured(value: str, expected: Status) -> None:
    text = manifests("istio.io/dataplane-mode: ambient", f"{BYPASS}: {value}", STRICT.replace("NAMESPACE", "shop"))
    for src in ("workload web/front", "internet"):
        claim = f"no {src} can reach workload shop/api on tcp/8080 where {PLAIN}"
        assert status(claim, text)[0] is expected
    denying = (
        "---\n{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: a, namespace: shop}}\n"
    )
    for tls, its in (("plaintext", expected), ("mtls", PROVED)):  # the tunnel's own port leads to ztunnel
        claim = f"no workload web/front can reach workload shop/api on tcp/8080 where request.tls == {tls}"
        assert status(claim, text + denying)[0] is its


AMBIENT = "istio.io/dataplane-mode: ambient"


@pytest.mark.parametrize(
    ("labels", "notes", "live", "name", "expected"),
    [
        (AMBIENT, "", "", "shop", PROVED),  # istio-cni takes over what is to come
        (AMBIENT, TAKEN, LIVE, "shop", PROVED),
        (AMBIENT, "", LIVE, "shop", UNKNOWN),
        (AMBIENT, "ambient.istio.io/redirection: pending", LIVE, "shop", UNKNOWN),
        ("", TAKEN, LIVE, "shop", PROVED),
        ("", TAKEN, "", "shop", REFUTED),  # which nobody but istio-cni writes
        ("", "", LIVE, "shop", REFUTED),
        (AMBIENT, "", "", "kube-system", UNKNOWN),
        (AMBIENT, "", "", "istio-system", UNKNOWN),
        (AMBIENT, TAKEN, LIVE, "kube-system", PROVED),
        (SIDECAR, "", "", "kube-system", REFUTED),
    ],
)
def test_pods_that_istio_cni_has_not_taken_over(
    labels: str, notes: str, live: str, name: str, expected: Status
) -> None:
    text = manifests(labels, notes, STRICT.replace("NAMESPACE", name), name, live)
    found, why = status(f"no workload web/front can reach workload {name}/api on tcp/8080 where {PLAIN}", text)
    assert found is expected
    assert found is not UNKNOWN or "ztunnel takes over pods" in why


CNI = """---
{apiVersion: v1, kind: ConfigMap, metadata: {name: istio-cni-config, namespace: istio-system}, data: {DATA}}
"""
CHARTS = "AMBIENT_ENABLED: 'true', EXCLUDE_NAMESPACES: '%s'"
OLD = """cni_network_config: '{"ambient_enabled": true, "kubernetes": {"exclude_namespaces": [%s]}}'"""
USUAL = (
    "[{podSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}}, "
    "{podSelector: {matchExpressions: [{key: istio.io/dataplane-mode, operator: NotIn, values: [none]}]}, "
    "namespaceSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}}]"
)
SELECTOR = "AMBIENT_ENABLED: 'true', AMBIENT_ENABLEMENT_SELECTOR: '%s'"


@pytest.mark.parametrize(
    ("labels", "notes", "live", "told", "expected"),
    [
        (AMBIENT, "", "", CHARTS % "kube-system", PROVED),
        (AMBIENT, "", "", CHARTS % "kube-system,shop", UNKNOWN),
        (AMBIENT, "", "", CHARTS.replace("EXCLUDE_", "EXCLUDED_") % "shop", UNKNOWN),
        (AMBIENT, TAKEN, LIVE, CHARTS % "shop", PROVED),
        (AMBIENT, "", "", OLD % '"kube-system"', PROVED),
        (AMBIENT, "", "", OLD % '"kube-system", "shop"', UNKNOWN),
        (AMBIENT, "", "", "EXCLUDE_NAMESPACES: ''", UNKNOWN),  # whether ambient is on it does not say
        (AMBIENT, "", "", "AMBIENT_ENABLED: 'false'", REFUTED),
        (AMBIENT, TAKEN, LIVE, "AMBIENT_ENABLED: 'false'", PROVED),
        (AMBIENT, "", "", SELECTOR % USUAL, PROVED),
        (AMBIENT, "", "", SELECTOR % "[{podSelector: {matchLabels: {mesh: mine}}}]", UNKNOWN),
        ("team: mine", "", "", SELECTOR % "[{namespaceSelector: {matchLabels: {team: mine}}}]", UNKNOWN),
        (AMBIENT, "", "", SELECTOR % "[{", UNKNOWN),
        (SIDECAR, "", "", CHARTS % "kube-system", PROVED),
        (SIDECAR, "", "", CHARTS % "kube-system,shop", UNKNOWN),
        (SIDECAR, "sidecar.istio.io/status: '{}'", LIVE, CHARTS % "shop", UNKNOWN),
        (SIDECAR, "", "", "AMBIENT_ENABLED: 'false', EXCLUDE_NAMESPACES: kube-system", PROVED),
        ("", "", "", CHARTS % "shop", REFUTED),
    ],
)
def test_what_istio_cni_is_told(labels: str, notes: str, live: str, told: str, expected: Status) -> None:
    more = STRICT.replace("NAMESPACE", "shop") + CNI.replace("DATA", told)
    text = manifests(labels, notes, more, live=live)
    found, why = status(f"no workload web/front can reach workload shop/api on tcp/8080 where {PLAIN}", text)
    assert found is expected
    assert found is not UNKNOWN or "istio-cni" in why


def test_where_nobody_tells_what_istio_cni_passes_over_that_is_assumed() -> None:
    by_node = "---\n{apiVersion: v1, kind: Pod, metadata: {name: istio-cni-node-x}, spec: {containers: [{name: c}]}}\n"
    plain = manifests(SIDECAR).replace(AMBIENT, "a: b") + STRICT.replace("NAMESPACE", "shop")
    for text, is_assumed in (
        (manifests(AMBIENT), True),
        (plain, False),
        (plain + by_node, True),
        (plain + by_node + CNI.replace("DATA", CHARTS % "shop"), False),
    ):
        setting = Setting(Universe.INVENTORY, PROFILES["generic"])
        found = stated_assumptions(load(["-"], stdin=text.encode).cluster, (), setting)
        assert ("istio-cni" in {it.name for it in found}) is is_assumed


BY_WAYPOINT_ALONE = """---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/wp]}}]}]}
"""
ELSEWHERE = "istio.io/use-waypoint-namespace: infra"


@pytest.mark.parametrize(
    ("labels", "expected", "named"),
    [
        (f"{AMBIENT}, istio.io/use-waypoint: wp", UNKNOWN, "waypoint shop/wp (which no manifest holds)"),
        (f"{AMBIENT}, istio.io/use-waypoint: wp, {ELSEWHERE}", UNKNOWN, "waypoint infra/wp (which no manifest holds)"),
        (f"{AMBIENT}, istio.io/use-waypoint: none", PROVED, ""),
        (AMBIENT, PROVED, ""),
    ],
)
def test_waypoints_that_no_manifest_holds(labels: str, expected: Status, named: str) -> None:
    text = manifests(labels, "", BY_WAYPOINT_ALONE)
    found, why = status("no workload web/front can reach workload shop/api on tcp/8080", text)
    assert found is expected
    assert named in why
    assert status(f"no workload web/front can reach workload shop/api on tcp/8080 where {PLAIN}", text)[0] is PROVED
    back = "every workload shop/api can reach workload web/front on tcp/80 where request.tls == mtls"
    assert status(back, text)[0] is PROVED  # a waypoint decides on nothing that is not behind it
