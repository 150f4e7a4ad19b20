"""Dumps of a live cluster, in YAML and in JSON: nothing counted twice, and the fast reading of JSON changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analyzer.manifests import load
from analyzer.manifests.text.json_text import read_json
from analyzer.manifests.text.nodes import Mapping, Sequence
from analyzer.manifests.text.yaml_text import read_yaml
from analyzer.model.cluster import Cluster
from analyzer.model.source import NOWHERE
from analyzer.sets import AddressSet

DUMP = Path(__file__).parent / "live_dump.yaml"


def test_a_live_dump():
    found = load([str(DUMP)])
    cluster = found.cluster
    assert found.problems == ()
    assert cluster.unmodelled == ()
    (status,) = cluster.notices
    assert status.message == "`status` is ignored: a NetworkPolicy has none since Kubernetes 1.28"
    assert cluster.irrelevant == ()
    assert [(n.name, n.is_declared) for n in cluster.namespaces] == [("kube-system", False), ("shop", True)]
    proxy, template, running, front = cluster.workloads
    assert (template.id, template.ips, template.nodes) == ("shop/front[Deployment]", (), ())
    assert (running.owner, dict(running.labels)) == (template.owner, dict(front.labels))
    assert (front.owner, front.service_account, front.nodes) == ("shop/front[Deployment]", "front", ("worker-1",))
    assert list(map(str, front.ips)) == ["10.244.1.7", "10.244.1.8"]
    assert dict(front.labels) == {"app": "front", "pod-template-hash": "5d4f8"}
    assert [port.number for port in front.ports] == [8080]
    assert (proxy.id, proxy.host_network, proxy.is_single) == ("kube-system/kube-proxy-worker-1[Pod]", True, True)
    assert list(map(str, proxy.ips)) == ["172.18.0.3"]
    assert cluster.nodes[0].pod_addresses == AddressSet.of("10.244.1.0/24")
    (policy,) = cluster.policies
    assert policy.ingress is not None
    assert DUMP.read_text().splitlines()[policy.ingress[0].source.line - 1].strip() == "- {}"


def test_the_same_dump_in_json_is_the_same_cluster(tmp_path: Path):
    value = yaml.safe_load(DUMP.read_text())
    (tmp_path / "list.json").write_text(json.dumps(value, indent=2))
    (tmp_path / "stream.json").write_text("\n".join(json.dumps(item) for item in value["items"]))
    clusters = [load([str(path)]).cluster for path in (DUMP, tmp_path / "list.json", tmp_path / "stream.json")]
    shapes = [_without_places(cluster) for cluster in clusters]
    assert shapes[0] == shapes[1] == shapes[2]


def _without_places(cluster: Cluster) -> list[Any]:
    things = [*cluster.namespaces, *cluster.workloads, *cluster.nodes, *cluster.services]
    return [replace(thing, source=NOWHERE) for thing in things] + [policy.id for policy in cluster.policies]


def test_problems_in_a_json_list_have_their_own_line(problems):
    pods = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"a": 1}}} for name in "ab"]
    text = json.dumps({"items": pods, "kind": "List", "apiVersion": "v1"}, indent=1)
    lines = [text.splitlines()[problem.line - 1].strip() for problem in problems(text)]
    assert lines == ['"a": 1', '"a": 1']
    assert len({problem.line for problem in problems(text)}) == 2


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ('{"kind": "Pod", "kind": "Pod"}', "stands twice"),
        ('{"a": NaN}', "no `apiVersion`"),
        ('{"a": ' + "[" * 2000 + "]" * 2000 + "}", "nested more than"),
        ('{"a": ' + "1" * 5000 + "}", "no `apiVersion`"),
        ('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\\ud800"}}', "metadata.name"),
        ('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": ' + "1" * 500 + "}}", "metadata.name"),
        ('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 1.' + "1" * 500 + "}}", "metadata.name"),
    ],
)
def test_what_is_odd_in_a_json_list_is_still_found(problems, item, says):
    text = '{"apiVersion": "v1", "kind": "List",\n"items": [\n' + item + '\n, "kind: "]}'
    assert any(says in problem.message and problem.line == 3 for problem in problems(text))


@pytest.mark.parametrize(
    ("item", "line", "says"),
    [
        ('"kind": {},\n"metadata": {"name": "a"}', 2, "`kind` must be text"),
        ('"kind": 0,\n"metadata": {"name": "a"}', 2, "`kind` must be text"),
        ('"metadata": {"name": "a"},\n"apiVersion": false', 3, "`apiVersion` must be text"),
        ('"metadata": {"name": "a"},\n"apiVersion": "v 1"', 3, "names no version"),
    ],
)
def test_members_of_a_typed_json_list_say_what_they_are_or_nothing(problems, item, line, says):
    found = problems('{"apiVersion": "v1", "kind": "PodList", "items": [{\n' + item + "}]}")
    assert any(says in problem.message and problem.line == line for problem in found)


# ------------------------------------------------------------------------------------------------ laws
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc:- {}\"'", max_size=4), inner, max_size=3),
    max_leaves=12,
)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, Sequence) else value


@given(VALUES, st.sampled_from([None, 1, 4]))
def test_json_reads_back_what_was_written(value, indent):
    for written in (value, {"items": [{"a": value}, value]}):
        (tree,) = read_json(json.dumps(written, indent=indent))
        assert not tree.faults
        assert _plain(tree.value) == written


@given(VALUES)
def test_yaml_reads_back_what_was_written(value):
    text = yaml.safe_dump(value, default_style='"')  # quoted: PyYAML does not quote all that kubectl resolves
    (tree,) = read_yaml(text.encode())
    assert not tree.faults
    assert _plain(tree.value) == value


@given(st.binary(max_size=60) | st.text("{}[]:,&*a<-\n \"'|!#%?", max_size=40).map(str.encode))
def test_no_bytes_crash_the_reading(data):
    load(["-"], stdin=lambda: data, keep_going=True)
