"""A bare name in a query in error is guessed to be what the manifests call so."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import QueryError
from analyzer.inputs import asked_of_read
from analyzer.language import parse_query
from analyzer.manifests import Loaded, load

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{labels}}}}}
spec: {{containers: [{{name: c, image: i}}]}}
---
"""


BOTH = "namespaces(kubernetes.io/metadata.name in (blog, shop))"


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    pods = (("web-1", "shop", "app: web, tier: front"), ("db", "shop", "k8s-app: db, app.kubernetes.io/name: db"))
    pods = (*pods, ("cache", "shop", "kind: memory"), ("cache", "blog", "kind: memory"), ("blog", "shop", "app: blog"))
    text = "".join(POD.format(name=name, namespace=namespace, labels=labels) for name, namespace, labels in pods)
    (tmp_path / "pods.yaml").write_text(text)
    return load([str(tmp_path)])


@pytest.mark.parametrize(
    ("written", "forms"),
    [
        ("web cannot reach db", ("no pods(app=web) can reach pods(app.kubernetes.io/name=db)",)),
        ("only front can reach db", ("only pods(tier=front) can reach pods(app.kubernetes.io/name=db)",)),
        ("web -> blog", ("some pods(app=web) can reach namespace blog",)),  # a namespace comes before a label
        ("web cannot reach memory", ("no pods(app=web) can reach pods(kind=memory)",)),
        (
            "cache cannot reach db",
            ("no (workload blog/cache or workload shop/cache) can reach pods(app.kubernetes.io/name=db)",),
        ),
        ("queue cannot reach web", ("no namespace queue can reach pods(app=web)",)),  # nothing is called so
        ("namespace web cannot reach db", ("no namespace web can reach pods(app.kubernetes.io/name=db)",)),
        (
            "no namespace s* can reach db",
            ("no pods in namespaces(kubernetes.io/metadata.name in (shop)) can reach pods(app.kubernetes.io/name=db)",),
        ),
        ("no namespace *o* can ping web", (f"no pods in {BOTH} can reach pods(app=web) on icmp/8, icmpv6/128",)),
        ("no pods in namespace *o* can reach internet", (f"no pods in {BOTH} can reach internet",)),
        ("no namespace x-* can reach internet", ()),  # nothing is called so
        ("pods in web cannot reach db", ("no pods in namespace web can reach pods(app.kubernetes.io/name=db)",)),
    ],
)
def test_forms_name_what_the_manifests_have(written: str, forms: tuple[str, ...], loaded: Loaded) -> None:
    with pytest.raises(QueryError) as caught:
        asked_of_read(lambda: parse_query(written), lambda: loaded)
    found = caught.value.problems[0].forms
    for form in found:
        parse_query(form)
    assert found == forms


def test_what_is_wrong_with_both_is_told(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no set is called `web`") as caught:
        asked_of_read(lambda: parse_query("no web can reach db"), lambda: load([str(tmp_path)]))
    assert str(tmp_path) in str(caught.value)


def test_a_question_without_fault_is_given_with_what_was_read(loaded: Loaded) -> None:
    query, found = asked_of_read(lambda: parse_query("no pods can reach nodes"), lambda: loaded)
    assert (query.text, found) == ("no pods can reach nodes", loaded)
