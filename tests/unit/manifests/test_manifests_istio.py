"""Istio's kinds as istiod's admission reads them: each fault comes with its object and its line."""

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.model.mesh import AuthorizationPolicy, MeshConfig, Normalization

FRAME = "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p, namespace: foo{more}}}\nspec: {spec}\n"
SECURITY = "security.istio.io/v1"


def read(tmp_path, kind, spec, version=SECURITY, more=""):
    (tmp_path / "m.yaml").write_text(FRAME.format(kind=kind, spec=spec, version=version, more=more))
    return load([str(tmp_path / "m.yaml")]).cluster


def rule(text):
    return f"{{rules: [{text}]}}"


def source(text):
    return rule(f"{{from: [{{source: {text}}}]}}")


def operation(text):
    return rule(f"{{to: [{{operation: {text}}}]}}")


def when(text):
    return rule(f"{{when: [{text}]}}")


REFUSED = {
    "AuthorizationPolicy": [
        ("{action: Deny}", "but must be"),
        ("{action: DENY}", "never does anything"),
        ("{action: DENY, rules: []}", "never does anything"),
        ("{action: CUSTOM, provider: {name: e}}", "never does anything"),
        ("{action: CUSTOM, rules: [{}]}", "must name a provider"),
        ("{provider: {name: e}}", "only CUSTOM has one"),
        ("{rule: []}", "unknown field `rule`"),
        (rule("null"), "holds nothing"),
        (rule("{from: [{}]}"), "has no `source`"),
        (rule("{to: [{}]}"), "has no `operation`"),
        (rule("{to: [null]}"), "has no `operation`"),
        (source("{}"), "says nothing"),
        (operation("{}"), "says nothing"),
        (operation("{path: [/a]}"), "unknown field `path`"),
        (source('{namespaces: [""]}'), "is empty"),
        (source("{ipBlocks: [10.0.0.0/40]}"), "is no CIDR"),
        (source("{notRemoteIpBlocks: [ten]}"), "is no address"),
        (source("{serviceAccounts: [a/b/c]}"), "is neither"),
        (source('{serviceAccounts: ["a*"]}'), "holds a wildcard"),
        (source("{serviceAccounts: [a], notPrincipals: [b]}"), "beside namespaces or principals"),
        (source("{trustDomains: [a/b]}"), "holds a slash"),
        (source('{trustDomains: ["a*b"]}'), "does not stand at one end"),
        (operation("{ports: ['70000']}"), "is no port"),
        (operation("{ports: [80-90]}"), "is no port"),
        (operation("{ports: [80]}"), "must be text"),
        (operation("{paths: ['/a{*}']}"), "template"),
        (operation("{paths: ['/{**}/{*}']}"), "template"),
        (operation("{paths: ['{*}/a']}"), "begins with"),
        (operation("{notPaths: ['/a/{x}']}"), "beyond a path template"),
        (when("{key: source.ip}"), "neither `values` nor"),
        (when("{values: [a]}"), "has no key"),
        (when("{key: source.name, values: [a]}"), "is no attribute"),
        (when("{key: request.headers, values: [a]}"), "of the form"),
        (when("{key: 'request.headers[]', values: [a]}"), "of the form"),
        (when("{key: source.ip, notValues: [a]}"), "is no address"),
        ("{selector: {matchLabels: {app: 's*'}}}", "takes no wildcard"),
        ("{selector: {}, targetRefs: [{kind: Service, group: '', name: s}]}", "only one of them"),
        ("{targetRefs: [{kind: Pod, group: '', name: s}]}", "but must be"),
        ("{targetRefs: [{kind: Service, group: '', name: s, namespace: b}]}", "must not be set"),
        ("{action: CUSTOM, provider: {name: e}, rules: [{from: [{source: {principals: [a]}}]}]}", "with action CUSTOM"),
        (
            "{action: CUSTOM, provider: {name: e}, rules: [{when: [{key: request.auth.audiences, values: [a]}]}]}",
            "with action CUSTOM",
        ),
    ],
    "PeerAuthentication": [
        ("{mtls: {mode: strict}}", "but must be"),
        ("{portLevelMtls: {80: {mode: STRICT}}}", "needs a selector"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {}}", "names no port"),
        ("{selector: {matchLabels: {a: b}}, portLevelMtls: {0: {mode: STRICT}}}", "is no port"),
    ],
    "RequestAuthentication": [
        ("{jwtRules: [{}]}", "neither `issuer` nor `jwksUri`"),
        ("{jwtRules: [{issuer: i, jwks: '{', audiences: ['']}]}", "no JSON Web Key Set"),
        ("{jwtRules: [{issuer: i, jwksUri: 'ftp://x'}]}", "http://"),
        ("{jwtRules: [{issuer: i, fromHeaders: [{prefix: x}]}]}", "is missing"),
        ("{jwtRules: [{issuer: i, outputClaimToHeaders: [{claim: a, header: 'x y'}]}]}", "no name of a header"),
    ],
}


@pytest.mark.parametrize(
    ("kind", "spec", "message"), [(kind, *case) for kind, cases in REFUSED.items() for case in cases]
)
def test_what_admission_refuses_is_an_error_with_its_object_and_line(tmp_path, kind, spec, message):
    with pytest.raises(ManifestError) as error:
        read(tmp_path, kind, spec)
    assert any(message in problem.message for problem in error.value.problems)
    assert all(f"{kind} foo/p" in problem.message for problem in error.value.problems)
    assert all(problem.line >= 3 for problem in error.value.problems)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("AuthorizationPolicy", "yes"), ("PeerAuthentication", "true"), ("RequestAuthentication", "true")],
)
def test_a_dry_run_is_of_an_authorization_policy_and_true_or_false(tmp_path, kind, value):
    with pytest.raises(ManifestError):
        read(tmp_path, kind, "{}", more=f', annotations: {{istio.io/dry-run: "{value}"}}')


@pytest.mark.parametrize(
    "spec",
    [
        "{}",
        "{rules: []}",
        "{selector: {}}",
        rule("{}"),
        rule("{from: [], to: [], when: []}"),
        source("{namespaces: [], notNamespaces: [a]}"),
        operation("{ports: ['0'], hosts: ['*.a', 'b:*'], paths: ['/a/{*}/b/{**}', '*']}"),
        when("{key: 'request.auth.claims[a][b]', values: [x]}"),
        "{action: DENY, rules: [{}]}",
        "{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: g}]}",
    ],
)
@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_what_admission_takes_is_read_and_stays_unmodelled_to_other_questions(tmp_path, spec, version):
    cluster = read(tmp_path, "AuthorizationPolicy", spec, f"security.istio.io/{version}")
    (policy,) = cluster.mesh.objects
    assert isinstance(policy, AuthorizationPolicy)
    assert [thing.kind for thing in cluster.unmodelled] == ["AuthorizationPolicy"]


def test_the_configuration_of_the_mesh_is_read_off_its_config_map(tmp_path):
    text = """
rootNamespace: config
trustDomain: corp
trustDomainAliases: [old, older]
pathNormalization: {normalization: MERGE_SLASHES}
extensionProviders:
- {name: a, envoyExtAuthzHttp: {service: s, port: 80}}
- {name: b, envoyExtAuthzGrpc: {service: s, port: 80}}
- {name: c, envoyExtAuthzHttp: {service: s}}
- {name: d, opentelemetry: {service: s, port: 80}}
defaultConfig: {gatewayTopology: {numTrustedProxies: 2}}
"""
    indented = text.replace("\n", "\n    ")
    (tmp_path / "m.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-x, namespace: istio-system}\n"
        f"data:\n  mesh: |{indented}\n"
    )
    mesh = load([str(tmp_path / "m.yaml")]).cluster.mesh
    assert mesh.revisions == {"x"}
    providers = (("a", False), ("b", True))
    wanted = MeshConfig(
        "config",
        "corp",
        ("old", "older"),
        Normalization.MERGE_SLASHES,
        providers,
        2,
        takes_tunnel=False,  # a configuration that is read and silent says no
        source=mesh.config.source,
    )
    assert mesh.config == wanted
