"""What is changed in manifests is as if the files had been edited: drawn over objects of every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

import analyzer
from analyzer.errors import InputError, ManifestError, UsageError
from analyzer.model.editing import object_name


def policy(name, namespace="shop", **spec):
    meta = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta,
        "spec": {"podSelector": {}, **spec},
    }


def pod(name, namespace="shop", **labels):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }


def namespace(name, **labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


OBJECTS = {
    "Namespace shop": namespace("shop", team="shop"),
    "NetworkPolicy shop/closed": policy("closed"),
    "NetworkPolicy edge/open": policy("open", "edge", ingress=[{}]),
    "Pod shop/web": pod("web", app="web"),
    "Pod lone/only": pod("only", "lone"),
    "Node n1": {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "n1"},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}]},
    },
    "Service shop/web": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    },
    "ConfigMap istio-system/istio": {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": "rootNamespace: mesh-root\n"},
    },
    "AuthorizationPolicy mesh-root/deny": {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "deny", "namespace": "mesh-root"},
        "spec": {},
    },
    "Widget shop/odd": {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "odd", "namespace": "shop"},
        "spec": {"replicas": 2},
    },
}
CHANGED = {
    "Namespace shop": namespace("shop", team="another"),
    "NetworkPolicy shop/closed": policy("closed", egress=[{}]),
    "Pod shop/web": pod("web", app="another"),
    "Widget shop/odd": {**OBJECTS["Widget shop/odd"], "spec": {"replicas": 3}},
}


@pytest.fixture
def written(tmp_path):
    """Two files with everything in them."""

    def write(objects, folder):
        folder = tmp_path / folder
        folder.mkdir()
        names = sorted(objects)
        for number, share in enumerate((names[::2], names[1::2])):
            text = yaml.safe_dump_all([objects[name] for name in share])
            (folder / f"{number}.yaml").write_text(text)
        return analyzer.load(folder)

    return write


def facts(manifests):
    """The cluster, wherever its objects stand."""

    def placeless(thing):
        return replace(thing, source=None)

    cluster = manifests.cluster
    return (
        [placeless(n) for n in cluster.namespaces],
        [placeless(w) for w in cluster.workloads],
        [replace(p, source=None, ingress=bool(p.ingress), egress=bool(p.egress)) for p in cluster.policies],
        [placeless(n) for n in cluster.nodes],
        [placeless(s) for s in cluster.services],
        sorted((u.id, u.digest) for u in cluster.unmodelled),
        cluster.irrelevant,
    )


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_an_object_taken_out_leaves_what_the_others_say(name, written):
    whole = written(OBJECTS, "whole")
    rest = written({key: value for key, value in OBJECTS.items() if key != name}, "rest")
    before = facts(whole)
    assert facts(whole.changed(removed=name)) == facts(rest)
    assert facts(whole) == before


@pytest.mark.parametrize("name", sorted(CHANGED))
@pytest.mark.parametrize("form", [lambda thing: thing, yaml.safe_dump])
def test_an_object_put_in_takes_the_place_of_its_like(name, form, written):
    whole = written(OBJECTS, "whole")
    edited = written({**OBJECTS, name: CHANGED[name]}, "edited")
    assert facts(whole.changed(put=form(CHANGED[name]))) == facts(edited)


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_an_object_put_in_can_be_taken_out_again(name, written):
    rest = written({key: value for key, value in OBJECTS.items() if key != name}, "rest")
    there = rest.changed(put=OBJECTS[name])
    assert facts(there) == facts(written(OBJECTS, "whole"))
    assert facts(there.changed(removed=name)) == facts(rest)


def test_objects_of_the_model_are_put_in_by_name(written):
    whole = written(OBJECTS, "whole")
    other = written({**OBJECTS, **CHANGED}, "other").cluster
    for thing in (*other.policies, *other.workloads, *other.namespaces, *other.services, *other.nodes):
        found = whole.changed(put=thing)
        everything = (*found.cluster.policies, *found.cluster.workloads, *found.cluster.namespaces)
        everything += (*found.cluster.services, *found.cluster.nodes)
        assert thing in everything
        assert [object_name(it) for it in everything].count(object_name(thing)) == 1
        assert found.changed(removed=object_name(thing)).cluster == whole.cluster


def test_a_name_that_no_object_has_is_refused_with_the_nearest(written):
    whole = written(OBJECTS, "whole")
    with pytest.raises(InputError) as caught:
        whole.changed(removed=["NetworkPolicy shop/close", "Pod nowhere"])
    first, second = sorted(caught.value.problems)
    assert (first.message, first.hint) == (
        "no object of the manifests is called `NetworkPolicy shop/close`",
        "did you mean `NetworkPolicy shop/closed`?",
    )
    assert "Pod nowhere" in second.message


def test_everything_wrong_with_objects_is_told_with_their_number():
    wrong = policy("a", podSelector=None, oddField=1)
    with pytest.raises(ManifestError) as caught:
        analyzer.load(objects=[policy("fine"), wrong, "kind: [", {"kind": "Pod"}])
    assert {problem.file for problem in caught.value.problems} == {"object 2", "object 3", "object 4"}
    with pytest.raises(UsageError, match="nothing to load"):
        analyzer.load()
    with pytest.raises(UsageError, match="object 1 is a int"):
        analyzer.load(objects=[1])
    with pytest.raises(UsageError, match="object 1 is no manifest"):
        analyzer.load(objects=[{"a": {1, 2}}])


def test_what_is_skipped_is_told_and_stays_unknown():
    found = analyzer.load(objects=[policy("fine"), policy("bad", oddField=1)], keep_going=True)
    assert len(found.problems) == 1
    assert "skipped: object 2" in str(found)
    mended = found.changed(put=policy("new"))
    assert [p.name for p in mended.cluster.policies] == ["fine", "new"]
    assert mended.problems == found.problems
