"""What is remembered of a cluster is what would be worked out afresh, whichever of its parts is another."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis.checking.premises import breaches_of
from analyzer.analysis.notices.service_ports import service_port_slips
from analyzer.encoding.namespaces import namespace_table
from analyzer.encoding.slices import StageIndex, index_of
from analyzer.encoding.vocabulary import asked_in_pipeline
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.leading import node_ways, ways
from analyzer.model.memory import Memory, Together, remembered, remembered_property
from analyzer.model.profile import PROFILES
from analyzer.model.reading import pipeline_of
from analyzer.packs import find

ROOT = Path(__file__).resolve().parents[3]
OLD = load([str(ROOT / "examples/ml-platform/leaky")]).cluster
NEW = load([str(ROOT / "examples/gated-repo/k8s")]).cluster
PARTS = [field.name for field in fields(Cluster) if field.name != "memory"]
PROPERTIES = [name for name, value in vars(Cluster).items() if isinstance(value, remembered_property)]
ASSUMED = find("tenant-isolation", {}).assumptions
VALUES = {
    **{name: lambda cluster, name=name: getattr(cluster, name) for name in PROPERTIES},
    "ways": ways,
    "node_ways": node_ways,
    "breaches": lambda cluster: breaches_of(cluster, ASSUMED),
    "namespace_table": lambda cluster: namespace_table(cluster, Universe.ANY, False, {"shop"}).entries,
    "pipeline": lambda cluster: pipeline_of(PROFILES["generic"], cluster),
    "asked_in_pipeline": lambda cluster: asked_in_pipeline(cluster, PROFILES["generic"]),
    "service_port_slips": service_port_slips,
    "index": lambda cluster: [indexed(it) for it in index_of(cluster, PROFILES["generic"])],
}


def indexed(index: StageIndex) -> list[object]:
    """Which entries are where."""
    return [index.place(number) for number in range(sum(len(tier.entries) for tier in index.stage.tiers))]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", VALUES)
def test_another_part_makes_no_stale_value(name, part):
    value = VALUES[name]
    try:
        value(OLD)
        mixed = replace(OLD, **{part: getattr(NEW, part)})
        afresh = value(replace(mixed, memory=Memory()))
    except KeyError:  # workloads of namespaces that are not there
        return
    assert value(mixed) == afresh
    assert value(OLD) == value(replace(OLD, memory=Memory()))


def test_what_reads_nothing_of_a_part_is_the_same_object():
    other = replace(OLD, policies=OLD.policies[1:])
    assert other.workloads_by_namespace is OLD.workloads_by_namespace
    assert other.policies_by_tier is not OLD.policies_by_tier
    assert replace(OLD).policies_by_tier is OLD.policies_by_tier
    assert len(PROPERTIES) > 15


def test_what_is_read_by_way_of_another_value_counts():
    @remembered
    def names(cluster):
        return tuple(cluster.namespace_by_name)

    @remembered
    def count(cluster, factor):
        return len(names(cluster)) * factor

    assert count(OLD, 2) == 2 * len(OLD.namespaces)
    assert count(replace(OLD, namespaces=OLD.namespaces[1:]), 2) == count(OLD, 2) - 2
    assert count(OLD, 3) == 3 * len(OLD.namespaces)


def test_a_value_that_keeps_hold_of_the_cluster_is_found_out():
    later = OLD.recall("later", lambda cluster: lambda: cluster.policies)
    with pytest.raises(AssertionError, match="policies is read after"):
        later()


def test_room_for_the_whole_cluster_hangs_on_every_part():
    OLD.readings["x"] = 1
    assert OLD.recall("room", lambda cluster: cluster.readings.get("x")) == 1
    assert replace(OLD, policies=OLD.policies[1:]).recall("room", lambda cluster: cluster.readings.get("x")) is None


def test_a_memory_is_bounded_and_stays_in_its_process():
    for number in range(20):
        _ = replace(OLD, policies=OLD.policies[number:]).policies_by_tier
    assert max(len(kept) for kept in OLD.memory._kept.values()) <= 4
    assert not pickle.loads(pickle.dumps(OLD.memory))._kept
    assert pickle.loads(pickle.dumps(OLD)) == OLD


@given(st.lists(st.lists(st.integers(0, 7)), max_size=6))
def test_what_objects_say_together_is_what_they_say_afresh(states):
    objects = [{number, number // 2, -number} for number in range(8)]
    together = Together(lambda thing: thing)
    for state in states:
        those = [objects[number] for number in state]
        said = {id(thing): thing for thing in those}.values()
        assert together.of(those) == Counter(word for thing in said for word in thing)
