"""`netproof map --format html`: from manifests to the page, with the rules and where they stand."""

import json
import re

from typer.testing import CliRunner

from analyzer.cli.app import app

CLUSTER = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
"""


def data_of(path):
    """What the page embeds."""
    page = path.read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(data)


def test_the_page_names_the_rules_that_permit(tmp_path):
    (tmp_path / "all.yaml").write_text(CLUSTER)
    done = CliRunner().invoke(app, ["map", str(tmp_path), "--format", "html", "-o", str(tmp_path / "map.html")])
    assert done.exit_code == 0, done.output
    (rule,) = data_of(tmp_path / "map.html")["rules"]
    assert rule == {
        "kind": "NetworkPolicy",
        "name": "shop/db",
        "direction": "ingress",
        "rule": "1",
        "file": str(tmp_path / "all.yaml"),
        "line": 18,
    }


INGRESS = """
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
"""


def test_the_ingress_controller_is_a_source(tmp_path):
    (tmp_path / "all.yaml").write_text(CLUSTER + INGRESS)
    done = CliRunner().invoke(app, ["map", str(tmp_path), "--format", "html", "-o", str(tmp_path / "map.html")])
    assert done.exit_code == 0, done.output
    data = data_of(tmp_path / "map.html")
    assert data["classes"][-1]["ends"] == [["{ingress-controller}", -1]]
    (route,) = data["routes"]
    assert (route["name"], route["to"]) == ("Ingress shop/front", "shop/web[Pod]")
    assert data["connections"][route["connections"]]["TCP"] == [[8080, 8080]]
    last = len(data["classes"]) - 1
    assert [data["sets"][row[1]] for row in data["rows"] if data["sets"][row[0]] == [last, last]]


def test_a_large_map_is_no_matter(tmp_path):
    (tmp_path / "all.yaml").write_text(CLUSTER)
    done = CliRunner().invoke(app, ["map", str(tmp_path), "--format", "html", "--max-pairs", "1"])
    assert done.exit_code == 0, done.output
