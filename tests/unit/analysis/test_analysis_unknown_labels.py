"""Labels of a query that no manifest has are told of, with the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import analysis
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.packs import builtin_names, find

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: c, image: x}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  podSelector: {matchLabels: {app: proxy}}
  ingress: [{from: [{namespaceSelector: {matchLabels: {zone: dmz}}, podSelector: {matchLabels: {role: client}}}]}]
"""

# the claim, and of each notice the label with what is nearest
CASES = [
    ("no pods(app=wbe) can reach internet", ["app=wbe; app=web"]),
    ("no pods(tire=front) can reach internet", ["tire; tier"]),
    ("no pods(app!=wbe,!tire) can reach internet", ["app=wbe; app=web", "tire; tier"]),
    ("no pods(app in (web, completely-other)) can reach internet", ["app=completely-other"]),
    ("no namespaces(teem=a) can reach internet", ["teem; team"]),
    ("no pods in namespaces(team=x) can reach internet", ["team=x"]),
    ("no pods can reach pods where src.labels[tier] == frnt", ["tier=frnt; tier=front"]),
    ("no pods can reach pods where src.namespace.labels[team] in (a, b)", ["team=b"]),
    ("no pods can reach pods except pods(nope=1) can reach pods", ["nope"]),
    # what the manifests have, what policies ask for, what controllers and servers set
    ("no pods(app=web,tier) can reach pods(app=proxy,role=client)", []),
    ("no namespaces(team=a) can reach namespaces(zone=dmz)", []),
    ("no namespaces(kubernetes.io/metadata.name=other) can reach pods", []),
    ("no pods(statefulset.kubernetes.io/pod-name=web-0) can reach pods", []),
    ("no pods(app=) can reach pods", []),
]


@pytest.mark.parametrize(("claim", "expected"), CASES)
def test_labels_that_no_manifest_has(claim: str, expected: list[str], tmp_path: Path) -> None:
    assert told(claim, "q.npq", tmp_path) == expected


@pytest.mark.parametrize("name", builtin_names())
def test_a_built_in_pack_is_told_of_near_labels_only(name: str, tmp_path: Path) -> None:
    claim = "no pods(tire=front,nope=1) can reach internet"
    file = find(name).queries[0].source.file
    assert told(claim, file, tmp_path) == ["tire; tier"]
    assert told(claim, "queries/own/pack.npq", tmp_path) == ["tire; tier", "nope"]  # a pack of the user's own


def told(claim: str, file: str, folder: Path) -> list[str]:
    (folder / "m.yaml").write_text(MANIFESTS, encoding="utf-8")
    cluster = load([str(folder / "m.yaml")]).cluster
    pack = parse_pack(f"assert q: {claim}", file)
    setting = analysis.Setting(Universe.INVENTORY, PROFILES["generic"], None)
    (section,) = analysis.check(cluster, [pack], setting=setting).sections
    found = [notice.message for notice in section.verdicts[0].notices if "labelled" in notice.message]
    return [message.split("`")[3] + (f"; {message.split('`')[5]}" if "is `" in message else "") for message in found]
