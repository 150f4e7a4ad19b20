"""How far objects reach that the model does not read: kinds by claims, and what of their own text narrows them."""

from __future__ import annotations

import pytest

from analyzer.analysis import Setting, check
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS, GROUP_EFFECTS
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES

BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a, labels: {app: x}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: w, namespace: b, labels: {app: w}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut, namespace: b}
spec: {podSelector: {matchLabels: {app: shut}}, policyTypes: [Ingress]}
"""
INTO_A = "every namespace b can reach namespace a on tcp/80"
UDP_INTO_A = "every namespace b can reach namespace a on udp/53"
OUT_OF_A = "every namespace a can reach metadata-service on tcp/80"
ELSEWHERE = "every pods(app=w) in namespace b can reach internet on tcp/80"
SHUT = "no anything can reach pods(app=shut) in namespace b"
ISOLATED_IN = "every pods in namespace a is isolated for ingress"
ISOLATED_OUT = "every pods in namespace a is isolated for egress"
CLAIMS = (INTO_A, UDP_INTO_A, OUT_OF_A, ELSEWHERE, SHUT, ISOLATED_IN, ISOLATED_OUT)
AS_MODELLED = dict(zip(CLAIMS, ("proved", "proved", "proved", "proved", "proved", "refuted", "refuted"), strict=True))


def verdicts(tmp_path, thing, universe=Universe.ANY, claims=CLAIMS):
    (tmp_path / "m.yaml").write_text(f"{BASE}---\n{thing}")
    queries = tuple(parse_query(claim, f"q{i}") for i, claim in enumerate(claims))
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    report = check(cluster, [Pack("p", "", queries)], setting=Setting(universe, PROFILES["generic"]))
    return {v.query.text: v for v in report.verdicts}, cluster


def unknown(tmp_path, thing, **more):
    """The claims that the object makes unknown; every other keeps its verdict."""
    found, _ = verdicts(tmp_path, thing, **more)
    changed = {claim for claim in CLAIMS if found[claim].status.value != AS_MODELLED[claim]}
    assert {found[claim].status.value for claim in changed} <= {"unknown"}
    return changed


def thing(kind, group, spec="{}", namespace="a", more=""):
    where = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: t{where}}}\nspec: {spec}\n{more}"


ROUTE = "http: [{route: [{destination: {host: web}}]}]"
MESH_WIDE = {INTO_A, OUT_OF_A, ELSEWHERE}
REQUESTS, BOTH_WAYS = {INTO_A}, {INTO_A, OUT_OF_A}
POLICY = {INTO_A, UDP_INTO_A, OUT_OF_A, ISOLATED_IN, ISOLATED_OUT}
INGRESS, EGRESS = {INTO_A, UDP_INTO_A, ISOLATED_IN}, {OUT_OF_A, ISOLATED_OUT}
EVERYWHERE = {*POLICY, ELSEWHERE, SHUT}
ISTIO, CALICO, CILIUM = "security.istio.io/v1", "projectcalico.org/v3", "cilium.io/v2"


@pytest.mark.parametrize(
    ("kind", "version", "spec", "expected"),
    [
        ("Sidecar", "networking.istio.io/v1", "{egress: [{hosts: ['./*']}]}", {OUT_OF_A}),
        ("Sidecar", "networking.istio.io/v1", "{ingress: [{port: {number: 80, protocol: HTTP}}]}", BOTH_WAYS),
        ("EnvoyFilter", "networking.istio.io/v1alpha3", "{}", BOTH_WAYS),
        ("ServiceEntry", "networking.istio.io/v1", "{hosts: [h]}", {OUT_OF_A, INTO_A, ELSEWHERE}),
        ("ServiceEntry", "networking.istio.io/v1", "{hosts: [h], exportTo: ['.']}", {OUT_OF_A}),
        ("VirtualService", "networking.istio.io/v1", f"{{hosts: [web], {ROUTE}}}", REQUESTS),
        ("VirtualService", "networking.istio.io/v1", f"{{hosts: [web.a.svc.cluster.local], {ROUTE}}}", REQUESTS),
        ("VirtualService", "networking.istio.io/v1", f"{{hosts: [web.b.svc.cluster.local], {ROUTE}}}", MESH_WIDE),
        ("VirtualService", "networking.istio.io/v1", f"{{hosts: ['*.example'], {ROUTE}}}", MESH_WIDE),
        ("VirtualService", "networking.istio.io/v1", f"{{hosts: ['*'], {ROUTE}}}", set()),  # which istiod refuses
        ("VirtualService", "networking.istio.io/v1", f"{{hosts: [shop.example], {ROUTE}}}", MESH_WIDE),
        ("Sidecar", "networking.istio.io/v1", "{}", set()),
        ("VirtualService", "networking.istio.io/v1", "{hosts: [web]}", set()),
        (
            "VirtualService",
            "networking.istio.io/v1",
            f"{{hosts: [s.e], gateways: [g], {ROUTE}}}",
            REQUESTS,
        ),
        (
            "VirtualService",
            "networking.istio.io/v1",
            f"{{hosts: [s.e], gateways: [g, mesh], {ROUTE}}}",
            MESH_WIDE,
        ),
        ("DestinationRule", "networking.istio.io/v1", "{host: web}", REQUESTS),
        ("DestinationRule", "networking.istio.io/v1", "{host: api.example.com}", MESH_WIDE),
        ("Server", "policy.linkerd.io/v1beta3", "{}", REQUESTS),
        ("EgressFirewall", "k8s.ovn.org/v1", "{}", {OUT_OF_A}),
        ("NetworkPolicy", CALICO, "{}", INGRESS),
        ("NetworkPolicy", CALICO, "{types: [Ingress, Egress]}", POLICY),
        ("NetworkPolicy", CALICO, "{types: [Ingress]}", INGRESS),
        ("NetworkPolicy", "crd.projectcalico.org/v1", "{types: [Egress]}", EGRESS),
        ("GlobalNetworkPolicy", CALICO, "{types: [Ingress, Egress]}", EVERYWHERE),
        ("StagedNetworkPolicy", CALICO, "{}", set()),
        ("CiliumNetworkPolicy", CILIUM, "{endpointSelector: {}, ingress: [{}]}", INGRESS),
        ("CiliumNetworkPolicy", CILIUM, "{endpointSelector: {}, egressDeny: [{}]}", EGRESS),
        ("CiliumNetworkPolicy", CILIUM, "{endpointSelector: {}, ingress: [{}], egress: [{}]}", POLICY),
        ("CiliumClusterwideNetworkPolicy", CILIUM, "{endpointSelector: {}, ingress: [{}], egress: [{}]}", EVERYWHERE),
        ("Gizmo", "example.com/v1", "{}", POLICY),
    ],
)
def test_each_kind_reaches_as_far_as_it_does(tmp_path, kind, version, spec, expected):
    # Egress of b's pods into a counts where callers are refused too.
    assert unknown(tmp_path, thing(kind, version, spec)) == expected


def test_every_kind_that_isolates_leaves_claims_of_isolation_open(tmp_path):
    kinds = [tuple(name.split(".", 1)) for name, effect in EFFECTS.items() if effect.may_isolate]
    kinds += [("Gizmo", group) for group, effect in GROUP_EFFECTS.items() if effect.may_isolate]
    assert len(kinds) > 15
    for kind, group in kinds:
        found, _ = verdicts(tmp_path, thing(kind, f"{group}/v1"), claims=(ISOLATED_IN, ISOLATED_OUT))
        assert [v.status.value for v in found.values()] == ["unknown"] * 2, (kind, group)
        assert all("may isolate" in blame for v in found.values() for blame in v.blame)


def test_what_cannot_isolate_leaves_them_refuted(tmp_path):
    for name, effect in EFFECTS.items():
        if not effect.may_isolate and not effect.changes_pods:
            kind, group = name.split(".", 1)
            found, _ = verdicts(tmp_path, thing(kind, f"{group}/v1"), claims=(ISOLATED_IN,))
            assert [(v.status.value, v.live) for v in found.values()] == [("refuted", True)], name


# ------------------------------------------------------------------------------------------------ the root namespace
MESH = """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultConfig: {}
    rootNamespace: ROOT
"""


@pytest.mark.parametrize(
    ("namespace", "more", "expected"),
    [
        ("istio-system", "", {INTO_A}),
        ("b", "", set()),
        ("b", MESH.replace("ROOT", "b"), {INTO_A}),
        ("b", MESH.replace("ROOT", "'b'"), {INTO_A}),
        ("istio-system", MESH.replace("ROOT", "b"), set()),
    ],
)
def test_the_root_namespace_reaches_everywhere(tmp_path, namespace, more, expected):
    """What denies every request there is refutes what says that pods are reached, for those that get a proxy."""
    found, _ = verdicts(tmp_path, thing("AuthorizationPolicy", ISTIO, namespace=namespace, more=more))
    assert {claim for claim in CLAIMS if found[claim].status.value != AS_MODELLED[claim]} == expected
    assert {found[claim].status.value for claim in expected} <= {"refuted"}


@pytest.mark.parametrize(
    ("kind", "spec"), [("PeerAuthentication", "{mtls: {mode: STRICT}}"), ("RequestAuthentication", "{}")]
)
def test_what_pods_can_meet_keeps_nobody_out(tmp_path, kind, spec):
    assert unknown(tmp_path, thing(kind, ISTIO, spec)) == set()


# ------------------------------------------------------------------------------------------------ mutations
GATEKEEPER = "mutations.gatekeeper.sh/v1"
HOOKS = """apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: t}
webhooks:
- rules: [{apiGroups: [GROUP], apiVersions: ['*'], operations: [CREATE], resources: [RESOURCE]}]
"""


def kyverno(rule, kind="ClusterPolicy"):
    return thing(kind, "kyverno.io/v1", f"{{rules: [{{name: r, {rule}}}]}}", namespace="")


CHANGES = {
    "Assign of hostNetwork": thing("Assign", GATEKEEPER, "{location: spec.hostNetwork}", ""),
    "Assign of labels": thing("Assign", GATEKEEPER, "{location: spec.template.metadata.labels.a}", ""),
    "AssignMetadata": thing("AssignMetadata", GATEKEEPER, "{location: metadata.labels.team}", ""),
    "ModifySet of ports": thing("ModifySet", GATEKEEPER, "{location: 'spec.containers[name: *].ports'}", ""),
    "webhook": HOOKS.replace("GROUP", "''").replace("RESOURCE", "pods"),
    "webhook for all": HOOKS.replace("GROUP", "'*'").replace("RESOURCE", "'*/*'"),
    "webhook for Deployments": HOOKS.replace("GROUP", "apps").replace("RESOURCE", "deployments"),
    "policy": thing("MutatingAdmissionPolicy", "admissionregistration.k8s.io/v1beta1", "{}", ""),
    "Kyverno": kyverno("mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}"),
    "Kyverno of hostNetwork": kyverno("mutate: {patchStrategicMerge: {spec: {hostNetwork: true}}}"),
    "Kyverno MutatingPolicy": thing("MutatingPolicy", "policies.kyverno.io/v1", "{}", ""),
}
HARMLESS = {
    "AssignImage": thing("AssignImage", GATEKEEPER, "{}", ""),
    "Assign of a pull policy": thing(
        "Assign", GATEKEEPER, "{location: 'spec.containers[name: *].imagePullPolicy'}", ""
    ),
    "webhook for Ingresses": HOOKS.replace("GROUP", "networking.k8s.io").replace("RESOURCE", "ingresses"),
    "webhook for certificates": HOOKS.replace("GROUP", "cert-manager.io").replace("RESOURCE", "'*'"),
    "Kyverno that only verifies": kyverno("validate: {message: m}"),
}
NAMED = "no internet can reach workload a/x"
WIDE = "no internet can reach pods(app=shut) in namespace b"


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_pods_leaves_open_what_is_said_of_declared_pods(tmp_path, what):
    found, cluster = verdicts(tmp_path, CHANGES[what], claims=(NAMED, WIDE, INTO_A))
    sets = what.endswith("hostNetwork")
    assert found[NAMED].status.value == "unknown"
    assert found[WIDE].status.value == ("unknown" if sets else "proved")
    assert all("at admission" in v.reason for v in found.values() if v.status.value == "unknown")
    assert sum("at admission" in notice.message for notice in cluster.notices) == 1
    for claim in CLAIMS:
        inventory, _ = verdicts(tmp_path, CHANGES[what], universe=Universe.INVENTORY, claims=(claim,))
        assert inventory[claim].status.value in ("unknown", "vacuous"), claim


@pytest.mark.parametrize("what", HARMLESS)
def test_what_changes_nothing_that_policies_see(tmp_path, what):
    found, cluster = verdicts(tmp_path, HARMLESS[what], claims=(NAMED, WIDE))
    assert (found[NAMED].status.value, found[WIDE].status.value) == ("refuted", "proved")
    assert cluster.unmodelled == ()


def test_a_witness_that_may_change_is_not_called_live(tmp_path):
    claim = "no internet can reach namespace a"
    found, _ = verdicts(tmp_path, CHANGES["webhook"], claims=(claim,))
    assert (found[claim].status.value, found[claim].live) == ("refuted", None)
    assert all(example.live is not True for example in found[claim].counterexamples)


def test_several_are_told_once(tmp_path):
    text = "---\n".join((CHANGES["webhook"], CHANGES["AssignMetadata"], CHANGES["Kyverno"]))
    _, cluster = verdicts(tmp_path, text, claims=(NAMED,))
    (notice,) = (notice for notice in cluster.notices if "at admission" in notice.message)
    assert all(kind in notice.message for kind in ("MutatingWebhookConfiguration", "AssignMetadata", "ClusterPolicy"))
