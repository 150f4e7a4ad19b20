"""What a baseline or a waiver knows of requests: the same ones stay excused, others between the same ends are told."""

import json
from datetime import date

import pytest
from published_schemas import follow

from analyzer import analysis
from analyzer.analysis import Excuses
from analyzer.errors import InputError
from analyzer.inputs.waivers import read_waivers
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.reports.check_json import render_json
from analyzer.reports.check_json_reading import read_baseline
from analyzer.verdicts.verdict import Status

TODAY = date(2026, 11, 21)
CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: web, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: shop, labels: {app: api}}, spec: {containers: [{name: c}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: web}
spec: {serviceAccountName: front, containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: back, namespace: web}
spec: {serviceAccountName: back, containers: [{name: c}]}
"""
STRICT = """---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: m, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: r, namespace: shop}
spec: {jwtRules: [{issuer: 'https://one', jwks: '{"keys": []}'}, {issuer: 'https://two', jwks: '{"keys": []}'}]}
"""
PERMISSIVE = """---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: other, namespace: shop}
spec: {mtls: {mode: PERMISSIVE}}
"""


def istio(*rules):
    return f"""{STRICT}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: shop}}
spec: {{rules: [{", ".join(rules)}]}}
"""


def cilium(*rules):
    return f"""---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  endpointSelector: {{}}
  ingress:
    - toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{", ".join(rules)}]}}}}]
"""


def calico(*rules):
    found = ", ".join(f"{{action: Allow, protocol: TCP, http: {rule}}}" for rule in rules)
    return f"""---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {{name: p, namespace: shop}}
spec: {{types: [Ingress], ingress: [{found}]}}
"""


def operation(text):
    return f"{{to: [{{operation: {{ports: ['80'], {text}}}}}]}}"


def when(key, text):
    return f"{{to: [{{operation: {{ports: ['80']}}}}], when: [{{key: '{key}', values: ['{text}']}}]}}"


def source(text):
    return f"{{from: [{{source: {{{text}}}}}], to: [{{operation: {{ports: ['80']}}}}]}}"


MESH = {
    "method": (operation("methods: [GET]"), operation("methods: [POST]")),
    "path": (operation("paths: [/health]"), operation("paths: ['/admin*']")),
    "path of the same method": (
        operation("methods: [GET], paths: [/health]"),
        operation("methods: [GET], paths: [/admin]"),
    ),
    "method and path": (
        operation("methods: [GET], paths: [/health]"),
        operation("methods: [POST], paths: [/admin]"),
    ),
    "a wider path": (operation("paths: [/health]"), operation("paths: ['/health*']")),
    "host": (operation("hosts: [a.example]"), operation("hosts: [b.example]")),
    "header": (when("request.headers[x-role]", "user"), when("request.headers[x-role]", "admin*")),
    "another header": (when("request.headers[x-role]", "user"), when("request.headers[x-team]", "user")),
    "identity": (
        source("principals: [cluster.local/ns/web/sa/front]"),
        source("principals: [cluster.local/ns/web/sa/back]"),
    ),
    "identity of a method": (
        f"{source('principals: [cluster.local/ns/web/sa/front]')[:-1].partition(', to:')[0]},"
        " to: [{operation: {ports: ['80'], methods: [GET]}}]}",
        f"{source('principals: [cluster.local/ns/web/sa/front]')[:-1].partition(', to:')[0]},"
        " to: [{operation: {ports: ['80'], methods: [PUT]}}]}",
    ),
    "token": (
        source("requestPrincipals: ['https://one/u']"),
        source("requestPrincipals: ['https://two/u']"),
    ),
    "claim of a token": (when("request.auth.claims[group]", "dev"), when("request.auth.claims[group]", "ops")),
    "no token": (source("requestPrincipals: ['*']"), source("notRequestPrincipals: ['*']")),
}
HTTP = {
    "method": ("{method: GET}", "{method: POST}"),
    "path": ("{path: '/health'}", "{path: '/admin/.*'}"),
    "query": ("{path: '/health'}", "{path: '/health[?].*'}"),
    "method and path": ("{method: GET, path: '/health'}", "{method: POST, path: '/admin'}"),
    "host": ("{host: 'a[.]example'}", "{host: 'b[.]example'}"),
    "header": ("{headers: ['X-Role: user']}", "{headers: ['X-Role: admin']}"),
}
OF_CALICO = {
    "method": ("{methods: [GET]}", "{methods: [POST]}"),
    "path": ("{paths: [{exact: /health}]}", "{paths: [{prefix: /admin}]}"),
    "a wider path": ("{paths: [{exact: /health}]}", "{paths: [{prefix: /health}]}"),
    "method and path": (
        "{methods: [GET], paths: [{exact: /health}]}",
        "{methods: [POST], paths: [{exact: /admin}]}",
    ),
}
CASES = [
    *(pytest.param("istio", istio, *pair, id=f"Istio-{name}") for name, pair in MESH.items()),
    *(pytest.param("cilium", cilium, *pair, id=f"Cilium-{name}") for name, pair in HTTP.items()),
    *(pytest.param("calico", calico, *pair, id=f"Calico-{name}") for name, pair in OF_CALICO.items()),
]
CLAIMS = {
    "no": "no namespace web can reach namespace shop on tcp/80",
    "only": "only namespace shop can reach namespace shop on tcp/80",
    "can reach only": "namespace web can reach only namespace web on tcp/80",
}


def answered(tmp_path, profile, policies, claim=CLAIMS["no"], waivers=(), baseline=None, *, most=50):
    """`most`: counterexamples; 50 are all there are."""
    file = tmp_path / "m.yaml"
    file.write_text(CLUSTER + policies)
    cluster = load([str(file)]).cluster
    pack = parse_pack(f'assert q "Q":\n  {claim}\n', "p.npq")
    setting = analysis.Setting(Universe.INVENTORY, profile, None, analysis.Budget(), most)
    return analysis.check(cluster, (pack,), setting=setting, excuses=Excuses(tuple(waivers), TODAY, baseline))


def profile_of(name):
    if name == "calico":
        return PROFILES[name].with_knob("application-layer-policy", "true")
    return PROFILES["generic" if name == "istio" else name]


def known_of(tmp_path, answer, way):
    """What was found as a baseline, or as one waiver for each of its regions."""
    report = render_json(answer)
    follow(json.loads(report), "check-2")
    if way == "baseline":
        return {"baseline": read_baseline(report, "before.json")}
    regions = [it["region"] for it in json.loads(report)["queries"][0]["counterexamples"]]
    (tmp_path / "w.toml").write_text(
        "".join(
            "[[waiver]]\nquery = 'p/q'\nreason = 'why'\nowner = 'who'\nexpires = 2026-12-31\n"
            f"region = '''{json.dumps(region)}'''\n"
            for region in regions
        )
    )
    return {"waivers": read_waivers(str(tmp_path / "w.toml"))}


@pytest.mark.parametrize("way", ["baseline", "waiver"])
@pytest.mark.parametrize(("profile", "policy", "before", "after"), CASES)
def test_another_request_between_the_same_ends_is_told(tmp_path, profile, policy, before, after, way):
    its = profile_of(profile)
    found = answered(tmp_path, its, policy(before))
    assert found.status is Status.REFUTED
    assert found.verdicts[0].is_complete
    excuses = known_of(tmp_path, found, way)
    assert answered(tmp_path, its, policy(before), **excuses).status is Status.PROVED
    for later in (policy(after), policy(before, after)):
        (verdict,) = answered(tmp_path, its, later, **excuses, most=1).verdicts
        assert (verdict.status, verdict.is_excused) == (Status.REFUTED, False)
        assert verdict.counterexamples[0].connection.request is not None


@pytest.mark.parametrize("way", ["baseline", "waiver"])
@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("profile", ["istio", "cilium"])
def test_fewer_requests_stay_excused_and_all_requests_do_not(tmp_path, profile, claim, way):
    its, policy = profile_of(profile), istio if profile == "istio" else cilium
    get, post = MESH["method"] if profile == "istio" else HTTP["method"]
    excuses = known_of(tmp_path, answered(tmp_path, its, policy(get, post), CLAIMS[claim]), way)
    assert answered(tmp_path, its, policy(get), CLAIMS[claim], **excuses).status is Status.PROVED
    assert answered(tmp_path, its, "", CLAIMS[claim], **excuses).status is Status.REFUTED


def test_what_nobody_knows_of_other_requests_is_not_excused(tmp_path):
    """Which of two modes counts hangs on which object is older, so that plaintext may get in."""
    its, (get, post) = profile_of("istio"), MESH["method"]
    known = known_of(tmp_path, answered(tmp_path, its, istio(get, post)), "baseline")
    (verdict,) = answered(tmp_path, its, istio(get) + PERMISSIVE, **known).verdicts
    assert (verdict.status, verdict.is_excused) == (Status.UNKNOWN, False)
    assert verdict.blame


def test_what_breaks_a_claim_by_any_request_tells_none(tmp_path):
    (verdict,) = answered(tmp_path, profile_of("istio"), "").verdicts
    assert verdict.counterexamples
    assert not any(example.region.request for example in verdict.counterexamples)


# ------------------------------------------------------------------------------------------------ untold requests
def untold(report):
    """The report as if nobody had told which requests they are."""
    content = json.loads(report)
    for query in content["queries"]:
        for example in query["counterexamples"]:
            ends = [it for it in example["region"] if it["role"] != "request"]
            example["region"] = [*ends, {"role": "request", "attribute": "requests", "set": {"in": ["some"]}}]
    return json.dumps(content)


@pytest.mark.parametrize("later", ["{methods: [GET]}", "{methods: [POST]}", None])
def test_requests_that_nobody_tells_are_excused_by_no_baseline(tmp_path, later):
    """The baseline says so, and what excuses every request."""
    its = profile_of("calico")
    found = answered(tmp_path, its, calico("{methods: [GET]}"))
    assert found.status is Status.REFUTED
    known = {"baseline": read_baseline(untold(render_json(found)), "before.json")}
    answer = answered(tmp_path, its, "" if later is None else calico(later), **known)
    (verdict,) = answer.verdicts
    assert (verdict.status, verdict.is_excused, answer.status) == (Status.REFUTED, False, Status.REFUTED)
    assert any("which is not told; a waiver with `from`, `to` and `on`" in it.message for it in verdict.notices)


def test_a_waiver_of_requests_that_nobody_tells_is_refused(tmp_path):
    found = answered(tmp_path, profile_of("calico"), calico("{methods: [GET]}"))
    region = json.loads(untold(render_json(found)))["queries"][0]["counterexamples"][0]["region"]
    (tmp_path / "w.toml").write_text(
        "[[waiver]]\nquery = 'p/q'\nreason = 'why'\nowner = 'who'\nexpires = 2026-12-31\n"
        f"region = '''{json.dumps(region)}'''\n"
    )
    with pytest.raises(InputError) as caught:
        read_waivers(str(tmp_path / "w.toml"))
    assert "does not tell which" in caught.value.problems[0].message
    assert "which excuse every request" in caught.value.problems[0].hint


@pytest.mark.parametrize("lacks", ["the marker", "the marker and the assumption", "nothing"])
def test_regions_of_a_report_that_did_not_tell_requests_yet_excuse_none(tmp_path, lacks):
    """Whatever it was that got through: it may have been `GET /health` alone."""
    its, (get, _) = profile_of("istio"), MESH["method"]
    found = answered(tmp_path, its, istio(get))
    content = json.loads(render_json(found))
    for example in content["queries"][0]["counterexamples"]:
        example["region"] = [it for it in example["region"] if it["role"] != "request"]
    if lacks != "nothing":
        del content["known"]["requests"]
    if lacks.endswith("assumption"):
        content["assumptions"] = []
    baseline = read_baseline(json.dumps(content), "before.json")
    (verdict,) = answered(tmp_path, its, "", baseline=baseline).verdicts
    assert verdict.is_excused is (lacks == "nothing")
    told = any("which is not told; a waiver with `from`, `to` and `on`" in it.message for it in verdict.notices)
    assert told is (lacks != "nothing")
