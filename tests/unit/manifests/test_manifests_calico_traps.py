"""What people fall into with Calico's policies is a notice at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.manifests import load

WEB = """\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {containers: [{name: c, image: i}]}
---
"""
API = "apiVersion: projectcalico.org/v3\n"
SETS = (
    API
    + "kind: NetworkSet\nmetadata: {name: partners, namespace: a, labels: {app: web}}\n"
    + "spec: {nets: [203.0.113.0/24]}\n---\n"
    + API
    + "kind: GlobalNetworkSet\nmetadata: {name: feed, labels: {app: web}}\nspec: {nets: [198.51.100.0/24]}\n---\n"
)


def policy(spec: str, name: str = "p", namespace: str = "a") -> str:
    where = f", namespace: {namespace}" if namespace else ""
    kind = "NetworkPolicy" if namespace else "GlobalNetworkPolicy"
    return f"{API}kind: {kind}\nmetadata: {{name: {name}{where}}}\nspec: {{{spec}}}\n---\n"


def rule(source: str) -> str:
    return f"selector: all(), types: [Ingress], ingress: [{{action: Allow, source: {{{source}}}}}]"


DENY, ALLOW = "ingress: [{action: Deny}]", "ingress: [{action: Allow}]"
TOLD = [
    (WEB + SETS + policy(rule("selector: app == 'web'")), "the addresses of NetworkSet a/partners besides"),
    (
        WEB + SETS + policy(rule("namespaceSelector: env != 'prod', selector: app == 'web'")),
        "GlobalNetworkSet feed besides",
    ),
    (policy(rule("notNets: ['fd00::/8']")), "matches no IPv4 traffic"),
    (policy(rule("notNets: [10.0.0.0/8]")), "matches no IPv6 traffic"),
    (policy(f"order: 5, {DENY}", "one") + policy(f"order: 5, {ALLOW}", "two"), "have order 5 both"),
    (policy(DENY, "one") + policy(ALLOW, "two", ""), "have no order both"),
    (policy("ingress: [{action: Pass}]"), "passes on in tier default, behind which no policy stands"),
]
NOT_TOLD = [
    WEB + SETS + policy(rule("namespaceSelector: has(projectcalico.org/name), selector: app == 'db'")),
    WEB + SETS + policy(rule("namespaceSelector: global(), selector: app == 'web'")),
    policy(rule("notNets: [10.0.0.0/8]").replace("action: Allow", "action: Allow, ipVersion: 4")),
    policy(rule("nets: [10.0.0.0/8], notNets: [10.1.0.0/16]")),
    policy(f"order: 5, {DENY}", "one") + policy(f"order: 6, {ALLOW}", "two"),
    policy(f"order: 5, {ALLOW}", "one") + policy(f"order: 5, {ALLOW}", "two"),
    policy(f"order: 5, {DENY}", "one") + policy(f"order: 5, {ALLOW}", "two", "b"),
    policy(f"order: 5, {DENY}", "one") + policy("order: 5, egress: [{action: Allow}]", "two"),
]
SIGNS = ("besides", "traffic", "both", "behind which")


def notices(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    (tmp_path / "all.yaml").write_text(text.removesuffix("---\n"))
    found = load([str(tmp_path)]).cluster.notices
    return [(it.source.line, it.message) for it in found if any(sign in it.message for sign in SIGNS)]


@pytest.mark.parametrize(("text", "words"), TOLD)
def test_a_trap_is_told_at_its_line(tmp_path: Path, text: str, words: str) -> None:
    ((line, message),) = [each for each in notices(tmp_path, text) if words in each[1]]
    assert line > 0
    assert "Calico" in message


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_is_no_trap_is_not_told(tmp_path: Path, text: str) -> None:
    assert notices(tmp_path, text) == []
