"""Texts in which one object becomes another: in every style, and with no other byte changed."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analyzer.manifests.locating import Placed, _objects
from analyzer.manifests.text.rewriting import rewritten
from analyzer.manifests.text.writing import block_lines, flow_text


class _Flat(yaml.SafeDumper):
    """Without anchors."""

    def ignore_aliases(self, data):
        return True


def block(value):
    return "\n".join(block_lines(value)) + "\n"


STYLES = {
    "block": block,
    "block by another hand": lambda value: yaml.dump(value, Dumper=_Flat, sort_keys=False, indent=4),
    "flow": lambda value: flow_text(value) + "\n",
    "flow over lines": lambda value: yaml.dump(value, Dumper=_Flat, sort_keys=False, default_flow_style=True, width=20),
    "mixed": lambda value: yaml.dump(value, Dumper=_Flat, sort_keys=False, default_flow_style=None),
    "JSON": lambda value: json.dumps(value) + "\n",
    "JSON in lines": lambda value: json.dumps(value, indent=2) + "\n",
    "JSON with tabs": lambda value: json.dumps(value, indent="\t"),
    "JSON without spaces": lambda value: json.dumps(value, separators=(",", ":")),
    "Windows": lambda value: block(value).replace("\n", "\r\n"),
    "JSON in lines of Windows": lambda value: json.dumps(value, indent=4).replace("\n", "\r\n"),
}

words = st.sampled_from(["app", "web", "10.0.0.0/8", "true", "a b", "é: x", "'", "53"])
keys = st.sampled_from(["from", "ports", "podSelector", "a.b/c", "k8s:x"])
values = st.recursive(
    st.one_of(words, st.integers(0, 99), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=12,
)
objects = st.dictionaries(keys, values, min_size=1, max_size=4)


@st.composite
def changes(draw):
    """An object, and itself with one part of it changed, added or gone."""
    old = draw(objects)
    new = deepcopy(old)
    at = new
    for _ in range(draw(st.integers(0, 3))):
        inner = [it for it in (at.values() if isinstance(at, dict) else at) if isinstance(it, dict | list) and it]
        if not inner:
            break
        at = draw(st.sampled_from(inner))
    if isinstance(at, dict):
        match draw(st.sampled_from(["set", "add", "drop"])):
            case "set":
                at[draw(st.sampled_from(sorted(at)))] = draw(values)
            case "add":
                at["added"] = draw(values)
            case _:
                del at[draw(st.sampled_from(sorted(at)))]
    else:
        place = draw(st.integers(0, len(at) - 1))
        match draw(st.sampled_from(["set", "add", "drop"])):
            case "set":
                at[place] = draw(values)
            case "add":
                at.append(draw(values))
            case _:
                del at[place]
    return old, new or {"added": "web"}


def read(text):
    return [json.loads(json.dumps(it)) for it in _objects(text.encode())]


@pytest.mark.parametrize("style", STYLES)
@given(change=changes())
def test_the_text_says_what_it_should_or_is_left_alone(style, change):
    old, new = change
    text = STYLES[style](old)
    if read(text) != [old]:
        return  # libyaml's words for what kubectl reads in another way
    after = rewritten(text, 1, 1, old, new)
    if style.startswith(("flow", "JSON")) and style != "flow over lines":
        assert after is not None
    if after is not None:
        assert read(after) == [new], after


POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "db", "namespace": "shop"},
    "spec": {
        "podSelector": {},
        "ingress": [
            {"from": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"app": "web"}}}]},
            {"ports": [{"port": 53}]},
        ],
    },
}
OTHER = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def _joined(value):
    peers = value["spec"]["ingress"][0]["from"]
    peers[:] = [{**peers[0], **peers[1]}]


def _with_protocol(value):
    value["spec"]["ingress"][1]["ports"].append({"protocol": "UDP", "port": 53})


def _without_rule(value):
    del value["spec"]["ingress"][0]


def _with_types(value):
    value["spec"]["policyTypes"] = ["Ingress", "Egress"]


def _with_subject(value):
    value["spec"]["podSelector"] = {"matchLabels": {"app": "db"}}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("change", [_joined, _with_protocol, _without_rule, _with_types, _with_subject])
@pytest.mark.parametrize("how", ["alone", "among documents", "in a list"])
def test_a_policy_is_edited_in_every_style_wherever_it_stands(style, change, how):
    if how == "in a list":
        text = STYLES[style]({"apiVersion": "v1", "kind": "List", "items": [OTHER, POLICY, OTHER]})
    elif how == "among documents" and not style.startswith("JSON"):
        end = "\r\n" if style == "Windows" else "\n"
        parts = [STYLES[style](it) for it in (OTHER, POLICY, OTHER)]
        text = f"# one{end}" + f"---{end}".join(parts)
    else:
        text = STYLES[style](POLICY)
    roots = list(_objects(text.encode()))
    number = next(place for place, root in enumerate(roots) if root["kind"] == "NetworkPolicy")
    value = deepcopy(POLICY)
    change(value)
    found = Placed("p.yaml", text.split("\n"), roots[number], number).rewritten(value)
    assert found is not None
    after = "\n".join(found)
    assert read(after)[number] == value
    ending = "\r\n" if "Windows" in style else "\n"
    assert after.count("\n") == after.count(ending)
    head, tail = text.index("podSelector"), text.index("{") if how == "alone" and style == "JSON" else 0
    assert after[: min(head, tail or head)] == text[: min(head, tail or head)]


@pytest.mark.parametrize(
    ("text", "new", "after"),
    [
        ("a: {}  # why\nb: 1\n", {"a": {"p": "q"}, "b": 1}, "a:  # why\n  p: q\nb: 1\n"),
        ("a:\n  - p  # first\n  - q\n", {"a": ["p", "q", "r"]}, "a:\n  - p  # first\n  - q\n  - r\n"),
        ("a: [p, q]  # two\n", {"a": ["p"]}, "a: [p]  # two\n"),
        ("a: [p, q]\n", {"a": ["q"]}, "a: [q]\n"),
        ("a: {p: 1, q: 2}\n", {"a": {"q": 2, "r": 3}}, "a: {q: 2, r: 3}\n"),
        ("- {}\n", None, None),
        ("a: &p {b: 1}\nc: *p\n", {"a": {"b": 1}, "c": {"b": 2}}, None),
        ("a:\n- b: 1\n- c: 2\n", {"a": [{"b": 1, "c": 2}]}, "a:\n- b: 1\n  c: 2\n"),
        ("a: [{b: 1}, {c: 2}]\n", {"a": [{"b": 1, "c": 2}]}, "a: [{b: 1, c: 2}]\n"),
        ("a:\n- {b: 1}\n- {c: 2}\n", {"a": [{"b": 1, "c": 2}]}, "a:\n- {b: 1, c: 2}\n"),
    ],
)
def test_comments_and_the_rest_of_the_text_stay(text, new, after):
    old = read(text)[0] if new is not None else {}
    assert rewritten(text, 1, 1, old, new or {"a": 1}) == after
