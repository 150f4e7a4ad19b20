"""Notices about policies: each slip is told once, and none of what is right."""

from pathlib import Path

import pytest

from analyzer.analysis.notices.policy_notices import policy_notices
from analyzer.manifests import load

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: mon, labels: {team: ops}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus, namespace: mon}
spec:
  selector: {matchLabels: {app: prometheus}}
  template:
    metadata: {labels: {app: prometheus}}
    spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.7.7, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: NAME, namespace: shop}
spec: SPEC
"""
RIGHT = (
    ("web", "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}"),
    ("web", "{podSelector: {matchLabels: {pod-template-hash: x}}, policyTypes: [Ingress]}"),
    ("web", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}"),
    ("web", "{podSelector: {}, ingress: [{ports: [{port: http}]}]}"),
    ("allow-nothing-in-and-all-out", "{podSelector: {}, policyTypes: [Ingress, Egress], egress: [{}]}"),
    ("deny-all", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
    ("web", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.96.0.0/12}}]}]}"),
    ("web", "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [api]}]}, policyTypes: [Ingress]}"),
)
WRONG = (
    (
        "web",
        "{podSelector: {matchLabels: {app: wbe}}, policyTypes: [Ingress]}",
        "selects no pod: none of its namespace has app=wbe; is app=web meant?",
    ),
    (
        "web",
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: prometheus}}}]}]}",
        "peer 1 of ingress rule 1 of NetworkPolicy shop/web matches no pod: none of shop has app=prometheus",
    ),
    (
        "web",
        "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {name: mon}}}]}]}",
        "peer 1 of ingress rule 1 of NetworkPolicy shop/web matches no pod: no namespace has name=mon",
    ),
    (
        "web",
        "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: "
        "{matchLabels: {app: promtheus}}}]}]}",
        "none of its namespaces has app=promtheus; is app=prometheus meant?",
    ),
    (
        "web",
        "{podSelector: {}, ingress: [{ports: [{port: htp}]}]}",
        "ingress rule 1 of NetworkPolicy shop/web names port `htp`, which no pod there has; is `http` meant?",
    ),
    (
        "Allow-web",
        "{podSelector: {}, policyTypes: [Ingress, Egress]}",
        "is called after allowing and has no rule: it denies all ingress and egress",
    ),
    (
        "web",
        "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.96.7.7/32}}]}]}",
        "egress rule 1 of NetworkPolicy shop/web names 10.96.7.7, an address of Service shop/web",
    ),
)


def told(tmp_path, name, spec):
    file = tmp_path / "m.yaml"
    file.write_text(CLUSTER.replace("NAME", name.lower()).replace("SPEC", spec))
    return [notice.message for notice in policy_notices(load([str(file)], stdin=bytes).cluster)]


@pytest.mark.parametrize(("name", "spec"), RIGHT)
def test_what_is_right_is_not_told(tmp_path, name, spec):
    assert told(tmp_path, name, spec) == []


@pytest.mark.parametrize(("name", "spec", "text"), WRONG)
def test_a_slip_is_told_once(tmp_path, name, spec, text):
    (message,) = told(tmp_path, name, spec)
    assert text in message


@pytest.mark.parametrize("example", ["multi-tenant", "ml-platform"])
def test_the_fixed_examples_have_none_and_the_leaky_ones_have_some(example):
    def of(revision):
        return policy_notices(load([str(EXAMPLES / example / revision)], stdin=bytes).cluster)

    assert of("fixed") == ()
    assert len(of("leaky")) >= 2


MAKERS = (
    ("monitoring.coreos.com/v1", "Prometheus"),
    ("monitoring.coreos.com/v1", "Alertmanager"),
    ("example.dev/v1", "Thing"),
)


@pytest.mark.parametrize(("version", "kind"), MAKERS)
@pytest.mark.parametrize(("name", "spec", "text"), WRONG[:5])
def test_pods_that_an_operator_makes_may_be_those_that_are_meant(tmp_path, version, kind, name, spec, text):
    """Of a namespace with an object that makes pods nothing is told that these may meet."""
    own, other = (
        f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: x, namespace: {namespace}}}\n"
        for namespace in ("shop", "elsewhere")
    )
    file = tmp_path / "m.yaml"
    for more, told_still in ((own, "no namespace has" in text), (other, "its namespaces" not in text)):
        file.write_text(CLUSTER.replace("NAME", name.lower()).replace("SPEC", spec) + more)
        found = policy_notices(load([str(file)], stdin=bytes).cluster)
        assert bool(found) is told_still
