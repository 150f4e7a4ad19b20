"""`{ingress-controller}` in `netproof map`: edges behind routes, who the controller is, what policies keep from it."""

import csv
import io
import json

import pytest
from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app


def pod(name, ports="[]", namespace="shop"):
    return f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}
spec: {{containers: [{{name: main, image: i, ports: {ports}}}]}}
"""


def service(name, ports):
    return f"""---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{selector: {{app: {name}}}, ports: {ports}}}
"""


CLUSTER = (
    """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: edge}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  rules:
  - http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: www}}}}
      - {path: /db, pathType: Prefix, backend: {service: {name: db, port: {number: 5432}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: shop}
spec:
  parentRefs: [{name: gate}]
  hostnames: [api.example]
  rules: [{backendRefs: [{name: open, port: 80}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}]
    ports: [{port: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
"""
    + pod("web", "[{name: http, containerPort: 8080}]")
    + pod("db")
    + pod("open")
    + pod("proxy", namespace="edge")
    + service("web", "[{name: www, port: 80, targetPort: http}, {name: dns, port: 80, protocol: UDP}]")
    + service("db", "[{port: 5432}]")
    + service("open", "[{port: 80, targetPort: 9000}]")
)


@pytest.fixture(autouse=True)
def cluster(tmp_path, monkeypatch):
    (tmp_path / "all.yaml").write_text(CLUSTER)
    monkeypatch.chdir(tmp_path)


def run(*words, code=0):
    result = CliRunner().invoke(app, ["map", "all.yaml", *words])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def report(*words):
    found = json.loads(run("--format", "json", *words).stdout)
    follow(found, "map-2")
    return found


def edges(found):
    return {
        e["dst"]: (e["allowed"]["TCP"], e.get("certain", e["allowed"])["TCP"], [r["name"] for r in e["routes"]])
        for e in found.get("ingress", [])
    }


WEB, DB, OPEN = "shop/web[Pod]", "shop/db[Pod]", "shop/open[Pod]"


def test_any_pod_may_be_the_controller():
    found = report()
    assert edges(found) == {
        OPEN: ([[9000, 9000]], [[9000, 9000]], ["api"]),
        WEB: ([[8080, 8080]], [], ["front"]),
    }
    assert found["ingress_controllers"] == []
    assert {"id": "{ingress-controller}", "kind": "ingress-controller"} in found["endpoints"]
    assert not [c for c in found["connections"] if "{" in c["src"] + c["dst"]]


def test_a_named_controller_is_judged_itself():
    found = report("--ingress-controller", "edge/proxy")
    assert edges(found)[WEB] == ([[8080, 8080]], [[8080, 8080]], ["front"])
    assert found["ingress_controllers"] == ["edge/proxy[Pod]"]
    assert WEB not in edges(report("--ingress-controller", "shop/open"))
    two = edges(report("--ingress-controller", "edge/proxy", "--ingress-controller", "shop/db"))
    assert two[WEB] == ([[8080, 8080]], [], ["front"])


def test_what_policies_keep_from_the_controller_gets_a_notice():
    messages = [notice["message"] for notice in report()["notices"]]
    assert any("Ingress shop/front leads to shop/db[Pod] on TCP 5432, which policies keep" in m for m in messages)


def test_an_egress_policy_of_the_controller_counts(tmp_path):
    closed = (
        CLUSTER
        + """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: edge}
spec: {podSelector: {}, policyTypes: [Egress]}
"""
    )
    (tmp_path / "all.yaml").write_text(closed)
    assert edges(report("--ingress-controller", "edge/proxy")) == {}
    assert edges(report()) == {OPEN: ([[9000, 9000]], [], ["api"])}


def test_a_focus_narrows_it():
    assert set(edges(report("--to", "shop/web"))) == {WEB}
    assert set(edges(report("--on", "tcp/9000"))) == {OPEN}
    assert edges(report("--from", "edge/proxy")) == {}
    assert edges(report("--namespace", "edge")) == {}


def test_every_format_shows_it():
    text = " ".join(run().stdout.split())
    assert "{ingress-controller} TCP 9000 → shop/open[Pod], for HTTPRoute shop/api" in text
    assert "may be: TCP 8080 → shop/web[Pod], for Ingress shop/front" in text
    rows = list(csv.reader(io.StringIO(run("--format", "csv").stdout)))
    assert ["{ingress-controller}", WEB, "8080", "", "", "no", "", "", "", "no"] in rows
    for name in ("markdown", "dot", "mermaid"):
        assert "ingress-controller" in run("--format", name).stdout
    assert "ingress" in report("--grouped")


def test_an_unknown_controller_is_refused():
    message = run("--ingress-controller", "edge/prox", code=2).stderr
    assert "no workload of these manifests" in message
    assert "edge/proxy" in message


def test_routes_do_not_change_what_is_checked():
    question = "no pods in namespace edge can reach workload shop/db"
    result = CliRunner().invoke(app, ["check", "all.yaml", "-q", question])
    assert result.exit_code == 0, result.output


# ------------------------------------------------------------------------------------------------ OpenShift
def openshift(port=""):
    return f"""---
apiVersion: route.openshift.io/v1
kind: Route
metadata: {{name: portal, namespace: shop}}
spec: {{host: shop.example, to: {{kind: Service, name: two}}{port}}}
"""


TWO = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    + pod("two", "[{name: http, containerPort: 8080}, {name: admin, containerPort: 9000}]")
    + service("two", "[{name: www, port: 80, targetPort: http}, {name: ops, port: 9000, targetPort: 9000}]")
)


@pytest.mark.parametrize(
    ("port", "opened"),
    [
        ("", [[8080, 8080], [9000, 9000]]),  # the router takes every endpoint
        (", port: {targetPort: 8080}", [[8080, 8080]]),  # the pods' port,
        (', port: {targetPort: "8080"}', [[8080, 8080]]),
        (", port: {targetPort: www}", [[8080, 8080]]),  # or the Service's by name,
        (", port: {targetPort: http}", None),  # not the pods' by name,
        (", port: {targetPort: 80}", None),  # nor the Service's by number
    ],
)
def test_a_route_of_openshift_leads_to_pods(tmp_path, port, opened):
    (tmp_path / "all.yaml").write_text(TWO + openshift(port))
    assert edges(report()) == ({} if opened is None else {"shop/two[Pod]": (opened, opened, ["portal"])})


def test_a_route_of_openshift_is_in_the_comparison_of_inventories(tmp_path):
    (tmp_path / "old.yaml").write_text(TWO)
    (tmp_path / "new.yaml").write_text(TWO + openshift())
    sides = [str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")]
    done = CliRunner().invoke(app, ["diff", *sides, "--universe", "inventory", "--format", "json"])
    (row,) = json.loads(done.stdout)["changes"]
    assert (row["change"], row["src"], row["dst"]) == ("added", "{ingress-controller}", "shop/two[Pod]")


# ------------------------------------------------------------------------------------------------ two revisions
def compared(*options, code=1):
    """The rows from the controller in the comparison of `all.yaml` with `new.yaml`, with what was and what is."""
    sides = ["all.yaml", "new.yaml", "--universe", "inventory", "--format", "json"]
    done = CliRunner().invoke(app, ["diff", *sides, *options])
    assert done.exit_code == code, done.output
    rows = [row for row in json.loads(done.stdout)["changes"] if row["src"] == "{ingress-controller}"]
    return {row["dst"]: (row["change"], row["before"]["TCP"], row["after"]["TCP"]) for row in rows}


CLOSED = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: edge}
spec: {podSelector: {}, policyTypes: [Egress]}
"""


@pytest.mark.parametrize(
    ("controllers", "rows"),
    [
        ((), {WEB: ("removed", [[8080, 8080]], [])}),  # any pod may be the controller; WEB lets in those of edge alone
        (("edge/proxy",), {OPEN: ("removed", [[9000, 9000]], []), WEB: ("removed", [[8080, 8080]], [])}),
        (("shop/open",), {}),
        (("edge/proxy", "shop/open"), {WEB: ("removed", [[8080, 8080]], [])}),
    ],
)
def test_named_controllers_are_compared(tmp_path, controllers, rows):
    (tmp_path / "new.yaml").write_text((tmp_path / "all.yaml").read_text() + CLOSED)
    options = [text for name in controllers for text in ("--ingress-controller", name)]
    found = compared(*options)
    assert {dst: row for dst, row in found.items() if row[1] != row[2]} == rows


def test_a_controller_of_one_revision_alone_serves_nothing_in_the_other(tmp_path):
    text = (tmp_path / "all.yaml").read_text()
    (tmp_path / "new.yaml").write_text(text + pod("late", namespace="edge"))
    assert {row[0] for row in compared("--ingress-controller", "edge/late").values()} == {"added"}


def test_controllers_are_for_the_inventory(tmp_path):
    (tmp_path / "new.yaml").write_text((tmp_path / "all.yaml").read_text())
    done = CliRunner().invoke(app, ["diff", "all.yaml", "new.yaml", "--ingress-controller", "edge/proxy"])
    assert done.exit_code == 2
    assert "add --universe inventory" in done.stderr
    sides = ["diff", "all.yaml", "new.yaml", "--universe", "inventory", "--ingress-controller", "edge/prox"]
    done = CliRunner().invoke(app, sides)
    assert done.exit_code == 2
    assert "edge/proxy" in done.stderr
