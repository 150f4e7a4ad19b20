"""Whatever bytes a manifest holds: a cluster or a ManifestError with places, and soon.

Bytes at random, valid manifests with bytes changed, valid manifests with nodes changed, and known attacks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from evaluators import EVERYTHING, question
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.encoding import encode
from analyzer.errors import ManifestError, Problem
from analyzer.manifests import load
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES

ROOT = Path(__file__).resolve().parents[2]
FUZZ = settings(deadline=None, suppress_health_check=list(HealthCheck))
MOST_SECONDS = 5.0  # of the processor; a manifest of this size takes a hundredth of one


def seeds() -> Iterator[bytes]:
    """Valid manifests of every modelled kind."""
    for path in sorted((ROOT / "tests" / "conformance").glob("*/manifests.yaml"))[::6]:
        yield path.read_bytes()
    yield (ROOT / "tests" / "conformance" / "base.yaml").read_bytes()
    for path in sorted((ROOT / "tests" / "unit" / "manifests").glob("*.yaml")):
        yield path.read_bytes()


SEEDS = tuple(text for text in seeds() if len(text) < 20_000)
DOCUMENTS = tuple(d for text in SEEDS for d in yaml.load_all(text, yaml.BaseLoader) if isinstance(d, dict))


class _AsKubectlReads(yaml.SafeDumper):
    """Quotes `y` and `n` too: to Kubernetes' reader they are booleans, to PyYAML's writer texts."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if text in tuple("yYnN") else None)


_AsKubectlReads.add_representer(str, _text)


def survives(text: bytes) -> bool:
    """Whether it could be read; anything but a cluster or a ManifestError with places goes through."""
    started = time.process_time()
    found = read(text)
    assert time.process_time() - started < MOST_SECONDS
    assert isinstance(found, Cluster) or (found and not any("\n" in problem.message for problem in found))
    return isinstance(found, Cluster)


def read(text: bytes) -> Cluster | tuple[Problem, ...]:
    """What it says, encoded too, or what is wrong with it."""
    try:
        cluster = load(["-"], stdin=lambda: text).cluster
    except ManifestError as error:
        return tuple(error.problems)
    encode(cluster, question(EVERYTHING, PROFILES["generic"]))
    return cluster


# ------------------------------------------------------------------------------------------------ bytes
@settings(FUZZ, max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(text: bytes) -> None:
    survives(text)


MARKS = b"{ [ - : \t &a *a <<: !!python/object:os.system !!binary |\n --- ... %YAML \0 \xff\xfe \xef\xbb\xbf null ~"
WORDS = b"yes 0x1F 1_000 .nan 2001-01-01 1:30 ? ' \" # = \\ {{ ----- \xe2\x80\xa8"
BREAKS = (b"\n---\n", b"\n...\n", b"%YAML 9\n", b"\r", b" ", b"\n  ")
SNIPPETS = st.sampled_from((*MARKS.split(b" "), *WORDS.split(b" "), *BREAKS))


@st.composite
def damaged(draw: DrawFn, texts: tuple[bytes, ...] = SEEDS) -> bytes:
    """A manifest with pieces put in, taken out, doubled or exchanged."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(text))), draw(st.sampled_from((0, 0, 1, 3, 20)))
        piece = draw(SNIPPETS | st.binary(max_size=4) | st.just(text[at : at + length]))
        text = text[:at] + piece + text[at + length :]
    return text


@settings(FUZZ, max_examples=250)
@given(damaged())
def test_damaged_yaml(text: bytes) -> None:
    survives(text)


@settings(FUZZ, max_examples=150)
@given(damaged(tuple(json.dumps(document, indent=i % 3).encode() for i, document in enumerate(DOCUMENTS))))
def test_damaged_json(text: bytes) -> None:
    survives(text)


# ------------------------------------------------------------------------------------------------ nodes
ODD_WORDS = (
    " ",
    "*",
    "a" * 300,
    "a\nb",
    "\x1b[31m",
    "é",
    "10.0.0.0/8",
    "::/0",
    "1e9",
    "-",
    "In",
    "Allow",
    "Ingress",
    "a/b/c",
)
ODD_VALUES = (None, True, False, 0, -1, 1, 65536, 10**30, 1.5, float("inf"), "", [], {}, [None], [[]], [{}], {"": ""})
ODD_SHAPES = ({"a": None}, {"matchLabels": {"a": 1}}, ["TCP", "TCP"], {"x": {"y": {"z": []}}}, {"kind": "List"})
ODD = st.sampled_from((*ODD_WORDS, *ODD_VALUES, *ODD_SHAPES))


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, key))


def changed(node: Any, path: tuple[Any, ...], change: Callable[[Any, Any], Any]) -> Any:
    """A copy in which `change(holder, key)` was made on the holder of the last key."""
    copy = dict(node) if isinstance(node, dict) else list(node)
    if len(path) == 1:
        change(copy, path[0])
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], change)
    return copy


@st.composite
def mutants(draw: DrawFn) -> list[Any]:
    """One to three documents, with nodes replaced by odd ones, dropped, doubled, renamed or taken from another."""
    documents = draw(st.lists(st.sampled_from(DOCUMENTS), min_size=1, max_size=3))
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(documents) - 1))
        paths = [path for path in places(documents[index]) if path]
        if not paths:
            continue
        path, odd, name = draw(st.sampled_from(paths)), draw(ODD), draw(st.sampled_from(("", "Spec", "from", "a")))
        how = draw(st.sampled_from(("replace", "drop", "double", "rename", "graft")))
        donor = draw(st.sampled_from(DOCUMENTS))

        def change(holder: Any, key: Any, how: str = how, odd: Any = odd, name: str = name, donor: Any = donor) -> None:
            if how == "drop":
                del holder[key]
            elif how == "double" and isinstance(holder, list):
                holder.append(holder[key])
            elif how == "rename" and isinstance(holder, dict):
                holder[name] = holder.pop(key)
            else:
                holder[key] = donor.get("spec", donor) if how == "graft" else odd

        documents[index] = changed(documents[index], path, change)
    return documents


@settings(FUZZ, max_examples=300)
@given(mutants(), st.booleans())
def test_mutated_documents(documents: list[Any], as_list: bool) -> None:
    if as_list:
        survives(json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}).encode())
    else:
        survives(yaml.safe_dump_all(documents, allow_unicode=True).encode())


@settings(FUZZ, max_examples=100)
@given(mutants())
@example([{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": float("inf")}}])
@example([{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": float("-inf")}}])
@example([{"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": [float("nan")]}}])
@example([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"a": float("inf")}}}])
def test_yaml_and_json_are_read_alike(documents: list[Any]) -> None:
    in_json = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}).encode()
    listed = {"apiVersion": "v1", "kind": "List", "items": documents}
    in_yaml = yaml.dump(listed, Dumper=_AsKubectlReads, allow_unicode=True).encode()
    assert survives(in_json) == survives(in_yaml)


# ------------------------------------------------------------------------------------------------ known attacks
POLICY = b"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: "
DOUBLING = b"".join(b"a%d: &a%d [*a%d, *a%d, *a%d]\n" % (n, n, n - 1, n - 1, n - 1) for n in range(1, 40))
ATTACKS = {
    "brackets": b"[" * 100_000,
    "json brackets": b'{"a":' * 100_000,
    "deep flow": POLICY + b"{a: " * 3_000 + b"}" * 3_000,
    "deep block": b"".join(b" " * n + b"a:\n" for n in range(1_500)),
    "deep list": b"- " * 50_000,
    "laughs": b"a0: &a0 [x, x, x]\n" + DOUBLING,
    "laughs by merging": b"a0: &a0 {x: 1}\n" + DOUBLING.replace(b"[", b"{<<: [").replace(b"]", b"]}"),
    "an alias of itself": b"a: &a [*a]\n",
    "a merge of itself": b"a: &a {<<: *a}\n",
    "no such alias": b"a: *nobody\n",
    "many anchors": b"".join(b"- &a%d x\n" % n for n in range(20_000)),
    "many documents": b"---\n" * 20_000,
    "a long number": POLICY + b"{ingress: [{ports: [{port: " + b"9" * 100_000 + b"}]}]}",
    "a long json number": b'{"kind": ' + b"9" * 100_000 + b"}",
    "a long exponent": POLICY + b"{ingress: [{ports: [{port: 80, endPort: 1e999999999}]}]}",
    "a long sexagesimal": POLICY + b"{ingress: [{ports: [{port: 1" + b":59" * 30_000 + b"}]}]}",
    "a long octal": POLICY + b"{ingress: [{ports: [{port: 0" + b"7" * 100_000 + b"}]}]}",
    "a long word": POLICY + b"{podSelector: {matchLabels: {a: " + b"x" * 500_000 + b"}}}",
    "a long key": POLICY + b"{" + b"x" * 5_000 + b": 1}",
    "many keys": POLICY + b"{" + b", ".join(b"k%d: 1" % n for n in range(5_000)) + b"}",
    "one key many times": POLICY + b"{" + b", ".join(b"k: 1" for _ in range(5_000)) + b"}",
    "a list for a key": b"? [a, b]\n: c\n",
    "a mapping for a key": b"{? {a: b} : c}\n",
    "python objects": b"!!python/object/apply:os.system ['true']\n",
    "tags": b"!<tag:yaml.org,2002:set> {a, b}\n",
    "binary": POLICY + b"!!binary aGVsbG8=\n",
    "an odd date": POLICY + b"{podSelector: 2001-99-99}\n",
    "utf-16": "kind: Pod\n".encode("utf-16"),
    "utf-32": "kind: Pod\n".encode("utf-32"),
    "half a surrogate": b'{"kind": "\\ud800"}',
    "a zero byte": b"kind: P\0od\n",
    "carriage returns": b"kind: Pod\r" * 1_000,
    "an endless string": b'kind: "Pod\n' * 1_000,
    "percent": b"%YAML 1.1\n%YAML 1.2\n---\nkind: Pod\n",
    "lists in lists": b'{"apiVersion":"v1","kind":"List","items":[' * 300 + b"]}" * 300,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_known_attacks(name: str) -> None:
    assert not survives(ATTACKS[name]), "it is read as if nothing were wrong"
