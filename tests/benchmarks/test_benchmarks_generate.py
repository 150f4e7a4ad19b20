"""The generator of clusters: every planted mistake is found, and the same queries hold where none is planted."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from analyzer import analysis
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.labels import Operator
from analyzer.model.profile import PROFILES
from benchmarks.clusters.multi_tenant import TENANTS_APART
from benchmarks.clusters.text import json_list, yaml_documents
from benchmarks.generate import MICROSERVICES, MULTI_TENANT, STYLES, Order, make

SETTING = analysis.Setting(Universe.ANY, PROFILES["generic"], max_counterexamples=1)
ORDERS = {
    MULTI_TENANT: Order(MULTI_TENANT, pods=120, policies=100, namespaces=16, leaks=6),
    MICROSERVICES: Order(MICROSERVICES, pods=60, policies=60, namespaces=9, leaks=5),
}


def verdicts(order, texts, folder):
    made = make(order)
    made.write(folder)
    cluster = load([str(folder / "manifests")]).cluster
    queries = tuple(parse_query(text, f"q{number}") for number, text in enumerate(texts))
    answer = analysis.check(cluster, [Pack("asked", "", queries)], setting=SETTING)
    return {verdict.query.id: verdict.status.value for verdict in answer.sections[0].verdicts}


@pytest.mark.parametrize("style", STYLES)
def test_every_kind_of_leak_is_planted_and_found(style, tmp_path):
    leaks = make(ORDERS[style]).leaks
    assert sorted(leak.kind for leak in leaks) == sorted(STYLES[style].LEAKS)
    texts = [leak.query for leak in leaks]
    found = verdicts(ORDERS[style], texts, tmp_path)
    assert {texts[int(name[1:])]: verdict for name, verdict in found.items()} == dict.fromkeys(texts, "refuted")
    assert [entry["query"] for entry in json.loads((tmp_path / "leaks.json").read_text())] == texts


@pytest.mark.parametrize("style", STYLES)
def test_without_leaks_the_same_queries_hold(style, tmp_path):
    texts = [leak.query for leak in make(ORDERS[style]).leaks]
    if style == MULTI_TENANT:
        texts.append(TENANTS_APART)
    found = verdicts(replace(ORDERS[style], leaks=0), texts, tmp_path)
    assert set(found.values()) == {"proved"}


def test_tenants_are_not_apart_where_one_leaks_to_another(tmp_path):
    assert set(verdicts(ORDERS[MULTI_TENANT], [TENANTS_APART], tmp_path).values()) == {"refuted"}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_order_makes_the_same_cluster(style, seed):
    order = replace(ORDERS[style], seed=seed)
    assert list(make(order).objects()) == list(make(order).objects())
    assert make(order).leaks == make(order).leaks


def test_another_seed_plants_elsewhere():
    assert len({make(replace(ORDERS[MULTI_TENANT], seed=seed)).leaks for seed in range(5)}) > 1


@pytest.mark.parametrize("style", STYLES)
def test_the_counts_are_those_ordered(style):
    order = Order(style, pods=500, policies=333, namespaces=30)
    kinds = [one["kind"] for one in make(order).objects()]
    assert kinds.count("Namespace") == 30
    assert kinds.count("Deployment") == 500
    assert sum("NetworkPolicy" in kind for kind in kinds) == 333


@pytest.mark.parametrize("style", STYLES)
def test_both_forms_hold_the_same_cluster(style, tmp_path):
    made = make(ORDERS[style])
    made.write(tmp_path / "yaml")
    made.write(tmp_path / "list", "list")
    read = [load([str(tmp_path / form / "manifests")]).cluster for form in ("yaml", "list")]
    names = [[(w.id, w.labels, w.ports) for w in cluster.workloads] for cluster in read]
    assert names[0] == names[1]
    assert [(p.name, p.subject) for p in read[0].policies] == [(p.name, p.subject) for p in read[1].policies]
    assert all(not cluster.unmodelled for cluster in read)


def test_every_operator_and_named_ports_and_exceptions_occur(tmp_path):
    for style, order in ORDERS.items():
        make(order).write(tmp_path / style)
        cluster = load([str(tmp_path / style / "manifests")]).cluster
        text = repr(cluster.policies)
        assert all(repr(operator) in text for operator in Operator), style
        assert "NamedPort(" in text, style
        assert re.search(r"excepts=\([^)]", text), style


def test_the_text_reads_back_as_the_objects():
    odd = {"a": ["yes", "010", "1e3", "", "on: x", "- y", "a b", "#c", None, True, 1.5, {}, [], "ok:v1"], "b": "x\ny\n"}
    assert list(yaml.safe_load_all(yaml_documents([{"k": odd}, {"l": {"m": [odd]}}]))) == [
        {"k": odd},
        {"l": {"m": [odd]}},
    ]
    one = {"kind": "ConfigMap", "metadata": {"name": "x"}}
    assert json.loads("".join(json_list([one, one])))["items"][1]["metadata"]["name"] == "x"


def test_what_is_written_is_small_enough_to_be_made_anew(tmp_path: Path):
    make(Order(pods=10, policies=8)).write(tmp_path)
    assert len(list((tmp_path / "manifests").iterdir())) == 7
