"""Documents that a real kube-apiserver (1.36, strict validation) judged: netproof takes what it takes, and no more.

A line of documents.jsonl holds `id`, `kind` (np NetworkPolicy, anp, banp, cnp ClusterNetworkPolicy, ns, yaml: odd YAML
around a NetworkPolicy; pod, dep, …), `text`, what the `server` said (accepts or refuses) with its `message`, and
`either` where refusing more than kubectl does is netproof's choice.  Of other kinds than policies and Namespaces
netproof validates only what it reads, so there it may take more, and never less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import load

HERE = Path(__file__).parent
JUDGED = ("np", "anp", "banp", "cnp", "ns", "yaml")
# kubectl was run for the namespace `default`, and refused to send an object of another; the API takes it.
OF_ANOTHER_NAMESPACE = "0049-np-metadata.namespace=_nowhere_"


@cache
def rows() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in (HERE / "documents.jsonl").read_text(encoding="utf-8").splitlines())


def of_kind(kind: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The documents of a kind, each with what netproof says of it."""
    for row in rows():
        if row["kind"] == kind and row["id"] != OF_ANOTHER_NAMESPACE:
            data = row["text"].encode("utf-8", "surrogatepass")
            try:
                load(["-"], stdin=lambda data=data: data)
                yield row, "accepts"
            except ManifestError:
                yield row, "refuses"


@pytest.mark.parametrize("kind", JUDGED)
def test_policies_and_namespaces_are_taken_as_the_server_takes_them(kind: str) -> None:
    found = list(of_kind(kind))
    assert len(found) > 10
    wrong = [
        f"{row['id']}: netproof {said}, the server {row['server']}: {row['message']}"
        for row, said in found
        if said != row["server"] and not (row.get("either") and said == "refuses")
    ]
    assert not wrong


@pytest.mark.parametrize("kind", sorted({row["kind"] for row in rows()} - {*JUDGED}))
def test_of_other_kinds_nothing_is_refused_that_the_server_takes(kind: str) -> None:
    found = list(of_kind(kind))
    assert found
    assert not [row["id"] for row, said in found if said == "refuses" and row["server"] == "accepts"]


HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector: {}\n"
BAD = {
    "an endPort below its port, and a CIDR without a mask": (
        HEAD + "  ingress:\n  - from: [{ipBlock: {cidr: 10.0.0.1}}]\n    ports: [{port: 90, endPort: 80}]\n",
        ("no mask", "endPort"),
    ),
    "a field that an ipBlock has not": (
        HEAD + "  ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, include: [10.0.0.0/8]}}]}]\n",
        ("unknown field `include`",),
    ),
    "a label key whose prefix is in capitals": (
        HEAD.replace("{}", "{matchLabels: {Example.Com/tier: db}}"),
        ("Example.Com",),
    ),
    "an except of the other family": (
        HEAD + "  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: ['2001:db8::/64']}}]}]\n",
        ("strictly inside",),
    ),
    "a peer whose only selector is null": (
        HEAD + "  ingress: [{from: [{podSelector: null}]}]\n",
        ("must set `podSelector`",),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_every_error_of_a_document_is_told_at_once(name: str) -> None:
    text, says = BAD[name]
    with pytest.raises(ManifestError) as raised:
        load(["-"], stdin=text.encode)
    assert len(raised.value.problems) == len(says)
    for fragment in says:
        assert any(fragment in problem.message for problem in raised.value.problems)


def test_a_null_pod_selector_selects_every_pod() -> None:
    (policy,) = load(["-"], stdin=HEAD.replace("{}", "null").encode).cluster.policies
    assert not policy.subject.pods.requirements
