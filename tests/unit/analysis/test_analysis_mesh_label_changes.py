"""Two revisions of which a namespace's label alone differs: whether the mesh has a proxy there."""

from itertools import permutations

import pytest

import analyzer as netproof

TEXT = """
apiVersion: v1
kind: Namespace
metadata: {{name: b, labels: {{{labels}}}}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: a}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: strict, namespace: b}}
spec: {{mtls: {{mode: STRICT}}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: two, namespace: b}}
spec: {{rules: [{{to: [{{operation: {{ports: ["8080"]}}}}]}}]}}
"""
LABELS = {"sidecar": "istio-injection: enabled", "ambient": "istio.io/dataplane-mode: ambient", "none": "team: x"}
CLAIM = "no namespace a can reach namespace b on tcp/9090"


@pytest.mark.parametrize(("before", "after"), [*permutations(LABELS, 2)])
def test_what_a_proxy_kept_out_is_newly_let_in(before, after, tmp_path):
    revisions = []
    for name in (before, after):
        (tmp_path / f"{name}.yaml").write_text(TEXT.format(labels=LABELS[name]))
        revisions.append(netproof.load(tmp_path / f"{name}.yaml"))
    proved = [netproof.check(it, CLAIM, universe="namespaces").is_proved for it in revisions]
    found = netproof.diff(*revisions, universe="namespaces")
    assert not (found.is_equivalent and "none" in (before, after))
    assert not (found.relation.value == "equivalent" and proved == [True, False])
