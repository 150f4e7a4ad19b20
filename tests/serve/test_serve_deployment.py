"""The chart and the kustomization ask for what netproof reads, and for no more."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("kubernetes", reason="the extra `serve` is not installed")

from analyzer.manifests.sources.kubectl import wanted_kinds
from analyzer.serve.resources import SETTINGS

FOLDER = Path(__file__).resolve().parents[2] / "integrations" / "kubernetes"


def rules(text: str) -> list[dict[str, Any]]:
    role: dict[str, Any] = next(yaml.safe_load_all(text))
    found: list[dict[str, Any]] = role["rules"]
    return found


def plural(kind: str) -> str:
    name = kind.lower()
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


@pytest.mark.parametrize("file", ["kustomize/rbac.yaml", "chart/templates/rbac.yaml"])
def test_the_role_lists_and_watches_what_is_read_and_nothing_else(file: str) -> None:
    text = (FOLDER / file).read_text().replace("{{ .Release.Namespace }}", "netproof")
    whole = [rule for rule in rules(text) if "resourceNames" not in rule]
    granted = {(name, group) for rule in whole for group in rule["apiGroups"] for name in rule["resources"]}
    assert granted == {(plural(kind), group) for kind, group in wanted_kinds()}
    [single] = [rule for rule in rules(text) if "resourceNames" in rule]
    assert (single["apiGroups"], single["resources"]) == ([""], ["configmaps"])
    assert single["resourceNames"] == sorted(each.only for each in SETTINGS)
    assert {verb for rule in rules(text) for verb in rule["verbs"]} == {"list", "watch"}


def test_the_kustomization_names_every_file_beside_it() -> None:
    folder = FOLDER / "kustomize"
    named = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(named) == sorted(p.name for p in folder.glob("*.yaml") if p.name != "kustomization.yaml")
    for name in named:
        assert all(thing["kind"] for thing in yaml.safe_load_all((folder / name).read_text()))


@pytest.mark.skipif(shutil.which("helm") is None, reason="no helm on the path to render the chart")
def test_the_chart_renders() -> None:
    command = ["helm", "template", "netproof", str(FOLDER / "chart"), "--namespace", "gate"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kinds = {thing["kind"] for thing in yaml.safe_load_all(done.stdout) if thing}
    assert {"ClusterRole", "Deployment", "Service", "ValidatingWebhookConfiguration"} <= kinds
