"""Regions that the same rules make are told together; of many, the first few and how many there are besides."""

import json

from typer.testing import CliRunner

from analyzer.cli.app import app

OLD = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: plain}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: plain}
spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]}
"""


def test_what_one_port_opens_is_shown_once(tmp_path, monkeypatch):
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(OLD.replace("port: 80", "port: 80, endPort: 81"))
    monkeypatch.setattr("analyzer.reports.diff_text._SHOWN_REGIONS", 2)
    run = ["diff", str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")]
    text = CliRunner().invoke(app, run).stdout
    regions = json.loads(CliRunner().invoke(app, [*run, "--format", "json"]).stdout)["changes"]
    heads = [line for line in text.splitlines() if line.startswith("+ any pod")]
    assert len(regions) > 2
    assert len(heads) == 2
    assert f"+ and {len(regions) - 2} more regions by the same rules; --format json lists them" in text
    assert text.count("shown by") == 1
