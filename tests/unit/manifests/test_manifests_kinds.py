"""Every document is modelled, irrelevant, unmodelled or refused: lists, versions, identities, unknown kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.manifests.kinds.irrelevant_kinds import BUILT_IN, IRRELEVANT_GROUPS, IRRELEVANT_KINDS
from analyzer.manifests.kinds.registry import MODELLED, MODELLED_GROUPS, kinds_in
from analyzer.manifests.kinds.retired_versions import RETIRED
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\n"


def thing(kind: str, api_version: str, namespace: str = "a") -> str:
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: {namespace}}}\n"


# ------------------------------------------------------------------------------------------------ lists
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("apiVersion: v1\nkind: List\nitems: []\n", 0),
        ("apiVersion: v1\nkind: PodList\nitems: null\n", 0),
        ("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems: [{metadata: {name: a}}]\n", 1),
        (
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items:"
            " [{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}]}\n",
            1,
        ),
        (
            "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicyList\n"
            "items: [{metadata: {name: a}, spec: {priority: 1, subject: {namespaces: {}}}}]\n",
            1,
        ),
    ],
)
def test_lists_are_unwrapped(loaded, text, count):
    assert len(loaded(text).cluster.policies) == count


def test_items_must_be_a_list(problems):
    (problem,) = problems("apiVersion: v1\nkind: List\nitems: {}\n")
    assert "must be a list" in problem.message


def test_bad_members_of_a_list_are_placed(problems):
    text = "apiVersion: v1\nkind: List\nitems:\n- 3\n- kind: Pod\n-\n  apiVersion: v1\n  kind: Pod\n"
    assert [problem.line for problem in problems(text)] == [4, 5, 7]


# ------------------------------------------------------------------------------------------------ versions
@pytest.mark.parametrize(("version", "kind"), sorted(RETIRED))
def test_retired_versions_are_refused_with_the_one_to_write(problems, version, kind):
    (problem,) = problems(thing(kind, version))
    assert problem.line == 1
    assert "no API server serves" in problem.message
    assert (RETIRED[version, kind] or "leave it out") in problem.hint


@pytest.mark.parametrize(
    ("kind", "api_version", "hint"),
    [
        ("NetworkPolcy", "networking.k8s.io/v1", "did you mean `NetworkPolicy`?"),
        ("NetworkPolicy", "v1", "write `apiVersion: networking.k8s.io/v1`"),
        ("Pod", "apps/v1", "write `apiVersion: v1`"),
        ("NetworkPolicy", "networking.k8s.io/v2", "write `networking.k8s.io/v1`"),
        ("Deployment", "apps/v2", "write `apps/v1`"),
        ("Pod", "v2", "write `v1`"),
        ("ConfigMap", "v2", "write `v1`"),
        ("ClusterRole", "rbac.authorization.k8s.io/v2", "write `rbac.authorization.k8s.io/v1`"),
        ("NetworkPolicy", "networking.k8s.io/v1/x", "group/version"),
        ("NetworkPolicy", "networking.k8s.io/", "group/version"),
    ],
)
def test_kinds_and_versions_that_do_not_go_together(problems, kind, api_version, hint):
    found = problems(thing(kind, api_version))
    assert any(hint in problem.hint for problem in found), found


# ------------------------------------------------------------------------------------------------ identities
def test_two_objects_of_one_identity(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("---\n" + POLICY)
    other = POLICY + "spec: {podSelector: {}, policyTypes: [Egress]}\n"
    (tmp_path / "b.yaml").write_text(other + "---\n" + POLICY.replace("namespace: a", "namespace: b"))
    with pytest.raises(ManifestError) as caught:
        load([str(tmp_path)])
    (problem,) = caught.value.problems
    assert problem.file.endswith("b.yaml")
    assert "`a/p`" in problem.message
    assert f"{tmp_path / 'a.yaml'}:2" in problem.message


@pytest.mark.parametrize(("kind", "api_version"), [("ConfigMap", "v1"), ("CiliumLocalRedirectPolicy", "cilium.io/v2")])
def test_two_objects_of_one_identity_that_are_not_modelled(problems, kind, api_version):
    one = thing(kind, api_version)
    assert problems(one + "---\n" + one) == ()
    (problem,) = problems(one + "---\n" + one + "data: {a: b}\n")
    assert problem.line == 5


def test_a_namespaced_kind_without_a_namespace_is_in_the_default_one(loaded):
    def namespace_of(kind: str, api_version: str) -> str | None:
        text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"
        return loaded(text).cluster.unmodelled[0].namespace

    assert namespace_of("EgressFirewall", "k8s.ovn.org/v1") == "default"
    assert namespace_of("Gizmo", "example.com/v1") is None


# ------------------------------------------------------------------------------------------------ classes of kinds
@pytest.mark.parametrize(
    ("kind", "api_version"),
    [
        ("ConfigMap", "v1"),
        ("Secret", "v1"),
        ("ClusterRole", "rbac.authorization.k8s.io/v1"),
        ("IngressClass", "networking.k8s.io/v1"),
        ("GatewayClass", "gateway.networking.k8s.io/v1"),
        ("HorizontalPodAutoscaler", "autoscaling/v2"),
        ("PodDisruptionBudget", "policy/v1"),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
        ("Certificate", "cert-manager.io/v1"),
        ("ServiceMonitor", "monitoring.coreos.com/v1"),
        ("Application", "argoproj.io/v1alpha1"),
    ],
)
def test_kinds_that_cannot_affect_traffic(loaded, kind, api_version):
    cluster = loaded(thing(kind, api_version)).cluster
    assert cluster.irrelevant == ((kind, 1),)
    assert cluster.unmodelled == ()
    assert [namespace.name for namespace in cluster.namespaces] == ["a"]


@pytest.mark.parametrize(
    ("kind", "api_version", "allows", "denies", "adds", "namespace"),
    [
        ("CiliumLocalRedirectPolicy", "cilium.io/v2", False, True, False, None),
        ("CiliumEgressGatewayPolicy", "cilium.io/v2", False, True, False, None),
        ("NetworkPolicy", "crd.projectcalico.org/v1", True, True, False, "a"),
        ("NetworkPolicy", "projectcalico.org/v3", True, True, False, "a"),
        ("GlobalNetworkPolicy", "projectcalico.org/v3", True, True, False, None),
        ("ClusterNetworkPolicy", "crd.antrea.io/v1beta1", True, True, False, None),
        ("EgressFirewall", "k8s.ovn.org/v1", False, True, False, "a"),
        ("AuthorizationPolicy", "security.istio.io/v1", False, True, False, "a"),
        ("NetworkAttachmentDefinition", "k8s.cni.cncf.io/v1", True, False, False, None),
        ("Rollout", "argoproj.io/v1alpha1", False, False, True, "a"),
        ("Service", "serving.knative.dev/v1", False, False, True, "a"),
        ("InferenceService", "serving.kserve.io/v1beta1", False, False, True, "a"),
        ("Kafka", "kafka.strimzi.io/v1beta2", False, False, True, "a"),
        ("Prometheus", "monitoring.coreos.com/v1", False, False, True, "a"),
        ("Grafana", "grafana.integreatly.org/v1beta1", False, False, True, "a"),
        ("CatalogSource", "operators.coreos.com/v1alpha1", False, False, True, "a"),
        ("Challenge", "acme.cert-manager.io/v1", False, False, True, "a"),
        ("ShareManager", "longhorn.io/v1beta2", False, False, True, "a"),
        ("Logging", "logging.banzaicloud.io/v1beta1", False, False, True, None),
        ("Gizmo", "example.com/v1", True, True, True, "a"),
    ],
)
def test_kinds_that_the_model_does_not_read(loaded, kind, api_version, allows, denies, adds, namespace):
    (entry,) = loaded(thing(kind, api_version)).cluster.unmodelled
    assert (entry.may_allow, entry.may_deny, entry.adds_pods) == (allows, denies, adds)
    assert entry.namespace == namespace
    assert entry.why
    assert entry.source.line == 1


@pytest.mark.parametrize(
    ("config", "denies"),
    [
        ("", False),
        ('{"type": "macvlan"}', False),
        ('{"plugins": [{"type": "bridge"}, {"type": "tuning"}]}', False),
        ('{"type": "ovn-k8s-cni-overlay", "topology": "layer3", "role": "primary"}', True),
        ('{"type": "ovn-k8s-cni-overlay", "topology": "layer3", "role": "secondary"}', False),
        ("{", True),
    ],
)
def test_a_network_more_opens_and_closes_nothing(loaded, config, denies):
    text = thing("NetworkAttachmentDefinition", "k8s.cni.cncf.io/v1") + f"spec: {{config: '{config}'}}\n"
    (entry,) = loaded(text).cluster.unmodelled
    assert (entry.may_allow, entry.may_deny, entry.may_isolate, entry.adds_pods) == (True, denies, False, False)


def test_a_policy_of_other_networks_changes_nothing_here(loaded):
    assert loaded(thing("MultiNetworkPolicy", "k8s.cni.cncf.io/v1beta1")).cluster.unmodelled == ()


def test_an_unknown_kind_can_be_declared_irrelevant(loaded):
    text = thing("Gizmo", "example.com/v1")
    assert "--irrelevant Gizmo.example.com" in loaded(text).cluster.unmodelled[0].why
    cluster = loaded(text, irrelevant=frozenset({"Gizmo.example.com"})).cluster
    assert (cluster.irrelevant, cluster.unmodelled) == ((("Gizmo", 1),), ())


@pytest.mark.parametrize("file", sorted(set(MODELLED.files.values())))
def test_each_file_reads_the_kinds_that_the_registry_says(file):
    assert {(it.kind, it.group) for it in kinds_in(file)} == {it for it, home in MODELLED.files.items() if home == file}


def test_groups_that_share_an_identity_may_hold_other_kinds():
    shared = {group for (_, group), kind in MODELLED.items() if kind.identity_group}
    assert frozenset(group for _, group in MODELLED) - shared == MODELLED_GROUPS


def test_no_kind_stands_in_two_classes():
    modelled = {f"{kind}.{group}" for kind, group in MODELLED}
    built_in = {f"{kind}.{group}" for group, kinds in BUILT_IN.items() for kind in kinds}
    assert not modelled & (built_in | IRRELEVANT_KINDS)
    assert {name for name in modelled & set(EFFECTS) if not EFFECTS[name].asks_requests} == set()
    assert not set(EFFECTS) & IRRELEVANT_KINDS
    assert not set(BUILT_IN) & IRRELEVANT_GROUPS


# ------------------------------------------------------------------------------------------------ keep_going
@pytest.mark.parametrize(
    ("text", "kind", "allows", "denies", "adds", "namespace"),
    [
        (POLICY + "spec: {podselector: {}}\n", "NetworkPolicy", True, True, False, "a"),
        (thing("Deployment", "apps/v1"), "Deployment", False, False, True, "a"),
        (thing("Namespace", "v1").replace("name: x", "name: X"), "Namespace", False, False, False, None),
        (thing("NetworkPolicy", "extensions/v1beta1"), "NetworkPolicy", True, True, True, None),
        ("a: [\n", "document", True, True, True, None),
        ("kind: Pod\n", "document", True, True, True, None),
    ],
)
def test_keep_going_turns_bad_objects_into_unmodelled_ones(loaded, text, kind, allows, denies, adds, namespace):
    good = POLICY.replace("name: p", "name: good")
    found = loaded(good + "---\n" + text, keep_going=True)
    assert [policy.name for policy in found.cluster.policies] == ["good"]
    assert found.problems
    (entry,) = found.cluster.unmodelled
    assert (entry.kind, entry.may_allow, entry.may_deny, entry.adds_pods) == (kind, allows, denies, adds)
    assert entry.namespace == namespace


def test_keep_going_with_a_missing_path(tmp_path: Path):
    (tmp_path / "p.yaml").write_text(POLICY)
    found = load([str(tmp_path / "p.yaml"), str(tmp_path / "q.yaml")], keep_going=True)
    assert len(found.problems) == 1
    assert len(found.cluster.policies) == 1
    (entry,) = found.cluster.unmodelled
    assert entry.may_allow
    assert entry.may_deny


def test_the_order_of_files_changes_nothing(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(POLICY.replace("name: p", f"name: {name}"))
    files = [str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]
    assert load(files).cluster == load(files[::-1]).cluster
