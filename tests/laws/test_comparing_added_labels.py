"""What controllers add to labels, compared in a `where` with what the other end, or the pod itself, has as text.

Nobody knows the hash that a controller works out; it may be the text compared with, if that could be a hash, and may be
any other.  So a claim of the pods that have it hangs on it, and so does one of those that have not.
"""

from __future__ import annotations

import pytest

import analyzer

UID = "0b3c1b1e-7d0f-4a63-9d83-51f1b7a2a6c1"
ADDED = {
    ("Deployment", "pod-template-hash"): ("5d4f7c9b6", "aeiou"),
    ("DaemonSet", "controller-revision-hash"): ("5d4f7c9b6", "aeiou"),
    ("StatefulSet", "controller-revision-hash"): ("w-5d4f7c9b6", "v-5d4f7c9b6"),
    ("Job", "batch.kubernetes.io/controller-uid"): (UID, "no-uid"),
}
COMPARED = {
    "dst.labels[k]": lambda text: ({"k": text}, "default", "default"),
    "dst.service_account": lambda text: ({}, text, "default"),
    "src.service_account": lambda text: ({}, "default", text),
}
CASES = [
    (kind, key, text, could_be, compared)
    for (kind, key), texts in ADDED.items()
    for text, could_be in zip(texts, (True, False), strict=False)
    for compared in COMPARED
]


def _manifests(kind: str, labels: dict[str, str], account: str, own_account: str) -> list[dict]:
    pod = {"containers": [{"name": "c", "image": "i"}], "serviceAccountName": own_account}
    spec: dict = {"template": {"metadata": {"labels": {"app": "w"}}, "spec": pod}}
    if kind == "Job":
        pod["restartPolicy"] = "Never"
    else:
        spec["selector"] = {"matchLabels": {"app": "w"}}
    other = {"containers": [{"name": "c", "image": "i"}], "serviceAccountName": account}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
        {
            "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
            "kind": kind,
            "metadata": {"name": "w", "namespace": "a"},
            "spec": spec,
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "a", "labels": labels},
            "spec": other,
        },
    ]


@pytest.mark.parametrize(("kind", "key", "text", "could_be", "compared"), CASES)
@pytest.mark.parametrize("universe", ["any", "inventory"])
def test_a_label_that_nobody_knows_may_be_the_text_compared_with(
    kind: str, key: str, text: str, could_be: bool, compared: str, universe: str
) -> None:
    manifests = analyzer.load(objects=_manifests(kind, *COMPARED[compared](text)))
    for operator, expected in (
        ("=", "unknown" if could_be else "vacuous"),
        ("!=", "unknown" if could_be else "refuted"),
    ):
        query = f"no workload a/w can reach workload a/p where src.labels[{key}] {operator} {compared}"
        assert analyzer.check(manifests, query, universe=universe).status.value == expected, query
