"""A policy that Cilium's agent refuses is the cause of what it was to open or to close (calico-cilium.md 0.5)."""

from __future__ import annotations

import pytest

from analyzer import analysis
from analyzer.analysis.findings import NoTexts, findings_of
from analyzer.inputs.excuses import asked
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts.findings import Fault

CLUSTER = """\
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: m, image: x}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {containers: [{name: m, image: x}]}
---
"""
CLOSED = """\
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: closed}
spec: {endpointSelector: {}, WAY: [{}]}
---
"""
ON_HTTP = "toPorts: [{ports: [{port: '80'}], rules: {http: [{method: GET}]}}]"
TWO_KINDS = {
    "ingress": "fromEntities: [all], fromCIDR: [10.0.0.0/8]",
    "egress": "toEntities: [all], toCIDR: [10.0.0.0/8]",
}
REACHES = """\
pack q "Q"
assert reaches "Web reaches the database":
  every pods(app=web) in namespace a can reach pods(app=db) in namespace a on tcp/80 within namespaces
"""
ISOLATED = """\
pack q "Q"
assert isolated "Databases are isolated":
  no pods in namespace a except pods(app=db) in namespace a can reach pods(app=db) in namespace a within namespaces
"""


def findings(folder, text: str, query: str):
    (folder / "manifests.yaml").write_text(CLUSTER + text)
    (folder / "q.npq").write_text(query)
    cluster = load([str(folder / "manifests.yaml")]).cluster
    setting = analysis.Setting(Universe.ANY, PROFILES["cilium"])
    answer = analysis.check(cluster, asked([str(folder / "q.npq")], (), (), ()), setting=setting)
    return findings_of(answer, cluster, setting, NoTexts())


def policy(kind: str, app: str, way: str, entry: str, *, among: str = "") -> str:
    named = "name: p" if kind == "CiliumClusterwideNetworkPolicy" else "name: p, namespace: a"
    one = f"{{endpointSelector: {{matchLabels: {{app: {app}}}}}, {way}: [{{{entry}}}]}}"
    spec = f"specs: [{one}{among}]" if among else f"spec: {one}"
    return f"apiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {{{named}}}\n{spec}\n"


KINDS = ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
VALID = ", {endpointSelector: {matchLabels: {app: other}}, ingress: [{}]}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("among", ["", VALID])
@pytest.mark.parametrize("way", ["ingress", "egress"])
@pytest.mark.parametrize("is_of_http", [True, False])
def test_what_was_to_let_something_through_is_named(tmp_path, kind, among, way, is_of_http):
    app = "db" if way == "ingress" else "web"
    refused = policy(kind, app, way, ON_HTTP if is_of_http else TWO_KINDS[way], among=among)
    (found,) = findings(tmp_path, CLOSED.replace("WAY", way) + refused, REACHES)
    assert found.fault is Fault.MISSES
    assert found.policy.id == (f"{kind} a/p" if kind == KINDS[0] else f"{kind} p")
    assert found.summary.startswith("has no effect, for Cilium's agent refuses it: ")
    assert found.fix.edit is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_to_close_is_named(tmp_path, kind):
    (found,) = findings(tmp_path, policy(kind, "db", "ingress", TWO_KINDS["ingress"]), ISOLATED)
    assert found.fault is Fault.OPEN
    assert found.summary.startswith("has no effect, for Cilium's agent refuses it: ")


@pytest.mark.parametrize(
    "refused",
    [
        policy(KINDS[0], "web", "ingress", TWO_KINDS["ingress"]),
        policy(KINDS[0], "db", "egress", TWO_KINDS["egress"]),
        policy(KINDS[0], "db", "ingress", "fromEntities: [host]"),
    ],
)
def test_one_for_other_pods_or_another_direction_or_that_counts_is_not(tmp_path, refused):
    (found,) = findings(tmp_path, CLOSED.replace("WAY", "ingress") + refused, REACHES)
    assert "has no effect" not in found.summary
