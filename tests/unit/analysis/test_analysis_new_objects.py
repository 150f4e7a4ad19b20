"""A policy that is missing goes where it is read: a file more in a folder, the end of the file where one is named."""

from __future__ import annotations

import subprocess

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

TEXT = """apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: x, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: x, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""
QUERY = "assert apart: every pods in namespace shop is isolated for ingress, egress\n"
ENDS = {"with a line end": TEXT, "without": TEXT[:-1], "Windows": TEXT.replace("\n", "\r\n")}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("path", ["all.yaml", "."])
def test_the_patched_input_is_what_is_read(end, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "all.yaml").write_bytes(ENDS[end].encode())
    (tmp_path / "q.npq").write_text(QUERY)
    kept = "every workload shop/web can reach workload shop/db on tcp/5432"
    (tmp_path / "kept.npq").write_text(f"assert kept: {kept}\n")
    asked = ["check", path, "-p", "q.npq"]
    done = CliRunner().invoke(app, [*asked, "--patch", "fixes.patch"])
    assert done.exit_code == 1
    subprocess.run(["git", "apply", "fixes.patch"], check=True)
    assert CliRunner().invoke(app, [*asked, "-p", "kept.npq"]).exit_code == 0  # what goes on in the namespace goes on
    made = {it.name for it in tmp_path.iterdir()} - {"all.yaml", "q.npq", "kept.npq", "fixes.patch"}
    assert len(made) == (path == ".")


def test_annotations_name_files_from_the_root_of_the_repository(tmp_path, monkeypatch):
    folder = tmp_path / "deploy" / "k8s"
    folder.mkdir(parents=True)
    (folder / "all.yaml").write_text(TEXT)
    (folder / "q.npq").write_text(QUERY)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for here, path in ((tmp_path, "deploy/k8s"), (folder, "."), (folder.parent, "k8s"), (folder, str(folder))):
        monkeypatch.chdir(here)
        done = CliRunner().invoke(app, ["check", path, "-p", str(folder / "q.npq"), "--format", "github"])
        assert "file=deploy/k8s/all.yaml," in done.stdout
