"""What engines read otherwise than it is written, kind by kind (calico-cilium.md 0.5, 1.11, 2.14; reference 0.2)."""

from __future__ import annotations

from itertools import product

import pytest

from analyzer.analysis import Setting, check
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES

PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {env: prod}}
---
apiVersion: v1
kind: Namespace
metadata: {name: b, labels: {env: dev}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{name: pg, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: b, labels: {app: web, pod-template-hash: x1}}
spec: {nodeName: n2, containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}
---
apiVersion: v1
kind: Node
metadata: {name: n2, labels: {edge: 'yes'}}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
"""
PODS_REACH = "no workload b/web can reach workload a/db on tcp/80"
OUTSIDE_REACHES = "no ips 203.0.113.9 can reach workload a/db on tcp/80"
ISOLATED = "every workload a/db is isolated for ingress"


def policy(spec, name="np"):
    head = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    return f"{head}metadata: {{name: {name}, namespace: a}}\nspec: {spec}\n"


def admin(kind, priority, action, name="p", peers="[{namespaces: {}}]", tier="Admin", more=""):
    version = "v1alpha2" if kind == "ClusterNetworkPolicy" else "v1alpha1"
    name = "default" if kind.startswith("Baseline") else name
    action = "Allow" if version == "v1alpha1" and action == "Accept" else action
    order = "" if kind.startswith("Baseline") else f"priority: {priority}, "
    order += f"tier: {tier}, " if version == "v1alpha2" else ""
    rules = f"[{{name: r, action: {action}, from: {peers}{more}}}]"
    return (
        f"---\napiVersion: policy.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec: {{{order}subject: {{namespaces: {{}}}}, ingress: {rules}}}\n"
    )


def verdict(tmp_path, text, claim, profile, *knobs):
    (tmp_path / "m.yaml").write_text(PODS + text)
    engine = PROFILES[profile]
    for knob, value in knobs:
        engine = engine.with_knob(knob, value)
    cluster = load([str(tmp_path / "m.yaml")]).cluster
    packs = [Pack("p", "", (parse_query(claim, "q"),))]
    (found,) = check(cluster, packs, setting=Setting(Universe.INVENTORY, engine)).verdicts
    return found.status.value


CNP, ANP, BANP = "ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"
TWO_SCALES = admin(ANP, 1, "Deny") + admin(CNP, 2, "Accept")


# ------------------------------------------------------------------------------------------------ two scales
READ_BOTH = sorted(
    name
    for name, profile in PROFILES.items()
    if profile.enforces and profile.engine not in ("aws-vpc-cni", "azure", "calico", "cilium", "kube-router")
)


@pytest.mark.parametrize("profile", READ_BOTH)
@pytest.mark.parametrize("priorities", [(1, 2), (2, 1), (1, 1)])
@pytest.mark.parametrize("actions", [("Deny", "Accept"), ("Accept", "Deny"), ("Pass", "Deny"), ("Deny", "Deny")])
def test_two_scales_are_open_where_their_order_matters(tmp_path, profile, priorities, actions):
    text = admin(ANP, priorities[0], actions[0]) + admin(CNP, priorities[1], actions[1])
    differ = len(set(actions)) == 2
    assert verdict(tmp_path, text, PODS_REACH, profile) == ("unknown" if differ else "proved")
    assert verdict(tmp_path, text, "policies never tie", profile) == ("unknown" if differ else "proved")


@pytest.mark.parametrize(("first", "second"), list(product((ANP, CNP), repeat=2)))
@pytest.mark.parametrize("actions", list(product(("Deny", "Accept", "Pass"), repeat=3)))
def test_only_policies_of_one_scale_are_known_to_tie(tmp_path, first, second, actions):
    """Two policies of one priority, beside one of the other scale that matches the same."""
    kinds = (first, first, second)
    text = "".join(admin(k, 7, a, name=f"p{n}") for n, (k, a) in enumerate(zip(kinds, actions, strict=True)))
    tie = len(set(actions if first == second else actions[:2])) > 1
    expected = "refuted" if tie else "unknown" if len(set(actions)) > 1 else "proved"
    assert verdict(tmp_path, text, "policies never tie", "generic") == expected


def test_two_scales_of_the_baseline_tier(tmp_path):
    text = admin(BANP, 0, "Deny") + admin(CNP, 5, "Accept", tier="Baseline")
    assert verdict(tmp_path, text, PODS_REACH, "generic") == "unknown"


@pytest.mark.parametrize(
    ("profile", "knobs", "expected"),
    [
        ("calico", (), "unknown"),  # of 3.33, which does not read the one that denies
        ("calico", (("calico-version", "3.31"),), "unknown"),  # which does not read the other
        ("cilium", (), "unknown"),
    ],
)
def test_kinds_that_an_engine_does_not_read_are_not_modelled(tmp_path, profile, knobs, expected):
    assert verdict(tmp_path, TWO_SCALES, PODS_REACH, profile, *knobs) == expected


# ------------------------------------------------------------------------------------------------ equal priorities
@pytest.mark.parametrize(("first", "expected"), [("Accept", "refuted"), ("Deny", "proved")])
def test_calico_takes_the_first_by_name(tmp_path, first, expected):
    other = {"Accept": "Deny", "Deny": "Accept"}[first]
    text = admin(CNP, 5, other, "zz") + admin(CNP, 5, first, "aa")
    assert verdict(tmp_path, text, PODS_REACH, "calico") == expected
    assert verdict(tmp_path, text, PODS_REACH, "generic") == "unknown"


@pytest.mark.parametrize("names", [("aa", "zz"), ("zz", "aa")])
def test_cilium_denies_first_at_one_place(tmp_path, names):
    text = admin(CNP, 5, "Accept", names[0]) + admin(CNP, 5, "Deny", names[1])
    assert verdict(tmp_path, text, PODS_REACH, "cilium") == "proved"


# ------------------------------------------------------------------------------------------------ Cilium
SHUT = policy("{podSelector: {}, policyTypes: [Ingress]}")


def test_a_baseline_accept_opens_isolation(tmp_path):
    text = SHUT + admin(CNP, 5, "Accept", tier="Baseline")
    for profile, expected in (("cilium", "refuted"), ("generic", "proved"), ("calico", "proved")):
        assert verdict(tmp_path, text, PODS_REACH, profile) == expected
        assert verdict(tmp_path, text, OUTSIDE_REACHES, profile) == "proved"
        assert verdict(tmp_path, text, ISOLATED, profile) == "proved"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_rules_that_policy_types_do_not_list(tmp_path, direction):
    listed, peer = ("Egress", "from") if direction == "ingress" else ("Ingress", "to")
    text = policy(f"{{podSelector: {{}}, policyTypes: [{listed}], {direction}: [{{{peer}: [{{podSelector: {{}}}}]}}]}}")
    claim = PODS_REACH if direction == "ingress" else "no workload a/db can reach workload b/web on tcp/80"
    assert verdict(tmp_path, text, claim, "cilium") == "proved"
    assert verdict(tmp_path, text, claim, "calico") == "refuted"


@pytest.mark.parametrize(
    ("key", "is_filtered"),
    [
        ("pod-template-hash", True),
        ("controller-revision-hash", True),
        ("statefulset.kubernetes.io/pod-name", True),
        ("apps.kubernetes.io/pod-index", True),
        ("batch.kubernetes.io/controller-uid", True),
        ("topology.kubernetes.io/zone", True),
        ("batch.kubernetes.io/job-name", False),
        ("app.kubernetes.io/name", False),
        ("app", False),
    ],
)
@pytest.mark.parametrize("operator", ["Exists", "DoesNotExist"])
def test_labels_that_no_identity_holds(tmp_path, key, is_filtered, operator):
    selector = f"{{matchExpressions: [{{key: {key}, operator: {operator}}}]}}"
    text = policy(f"{{podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{}}, podSelector: {selector}}}]}}]}}")
    text += f"""---
apiVersion: v1
kind: Pod
metadata: {{name: one, namespace: b, labels: {{{key}: x}}}}
spec: {{containers: [{{name: c, image: i}}]}}
"""
    has_it = not is_filtered
    expected = "refuted" if has_it == (operator == "Exists") else "proved"
    assert verdict(tmp_path, text, "no workload b/one can reach workload a/db on tcp/80", "cilium") == expected


@pytest.mark.parametrize(
    ("knobs", "pods", "outside", "nodes"),
    [
        ((), "proved", "proved", "proved"),
        ((("policy-default-local-cluster", "false"),), "refuted", "refuted", "refuted"),
        ((("enable-node-selector-labels", "true"),), "proved", "proved", "refuted"),
    ],
)
def test_namespaces_that_are_told_only_by_what_they_are_not(tmp_path, knobs, pods, outside, nodes):
    peer = "{namespaceSelector: {matchExpressions: [{key: env, operator: NotIn, values: [dev]}]}}"
    text = policy(f"{{podSelector: {{}}, ingress: [{{from: [{peer}]}}]}}")
    claims = (PODS_REACH, OUTSIDE_REACHES, "no nodes can reach workload a/db on tcp/80")
    assert [verdict(tmp_path, text, claim, "cilium", *knobs) for claim in claims] == [pods, outside, nodes]


@pytest.mark.parametrize(
    ("mode", "cidr", "expected"),
    [("", "192.168.0.0/16", "proved"), ("nodes", "192.168.0.0/16", "refuted"), ("nodes", "0.0.0.0/0", "proved")],
)
def test_address_ranges_mean_nodes_in_one_mode(tmp_path, mode, cidr, expected):
    text = policy(f"{{podSelector: {{}}, ingress: [{{from: [{{ipBlock: {{cidr: {cidr}}}}}]}}]}}")
    claim = "no nodes can reach workload a/db on tcp/80"
    assert verdict(tmp_path, text, claim, "cilium", ("policy-cidr-match-mode", mode)) == expected


@pytest.mark.parametrize(
    ("mode", "reach", "isolated"),
    [("default", "refuted", "refuted"), ("always", "proved", "proved"), ("never", "refuted", "refuted")],
)
def test_enforcement_modes(tmp_path, mode, reach, isolated):
    knob = ("enable-policy", mode)
    assert verdict(tmp_path, "", PODS_REACH, "cilium", knob) == reach
    assert verdict(tmp_path, "", ISOLATED, "cilium", knob) == isolated
    assert verdict(tmp_path, SHUT, PODS_REACH, "cilium", knob) == ("refuted" if mode == "never" else "proved")


# ------------------------------------------------------------------------------------------------ Calico
@pytest.mark.parametrize(("action", "expected"), [("Deny", "proved"), ("Accept", "refuted")])
def test_a_rule_that_calico_cannot_convert(tmp_path, action, expected):
    rule = f"[{{name: r, action: {action}, to: [{{domainNames: [example.com]}}]}}]"
    text = (
        "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\n"
        f"spec: {{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, egress: {rule}}}\n"
    )
    assert verdict(tmp_path, text, "no workload a/db can reach workload b/web on tcp/80", "calico") == expected


# ------------------------------------------------------------------------------------------------ kindnet
def test_a_policy_of_the_other_direction_may_switch_baseline_off(tmp_path):
    other = policy("{podSelector: {}, policyTypes: [Egress], egress: [{}]}")
    for baseline in (admin(BANP, 0, "Deny"), admin(CNP, 5, "Deny", tier="Baseline")):
        assert verdict(tmp_path, baseline, PODS_REACH, "kindnet") == "proved"
        assert verdict(tmp_path, baseline + other, PODS_REACH, "kindnet") == "unknown"
        assert verdict(tmp_path, baseline + other, PODS_REACH, "generic") == "proved"
        assert verdict(tmp_path, baseline + other, "policies never tie", "kindnet") == "proved"
        both = policy("{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}")
        assert verdict(tmp_path, baseline + both, PODS_REACH, "kindnet") == "proved"


@pytest.mark.parametrize(("kind", "ports"), [(ANP, "[{namedPort: pg}]"), (CNP, None)])
def test_port_names_of_the_first_version(tmp_path, kind, ports):
    more = f", ports: {ports}" if ports else ", protocols: [{destinationNamedPort: pg}]"
    text = admin(kind, 1, "Deny", more=more)
    assert verdict(tmp_path, text, PODS_REACH, "kindnet") == ("unknown" if kind == ANP else "refuted")
    assert verdict(tmp_path, text, PODS_REACH, "generic") == "refuted"
