"""Two revisions over one set of namespaces: whose labels a namespace has on which side, and whose members there are."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from in_short import namespace

from analyzer.encoding import align, members_of
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.labels import Labels
from analyzer.model.source import Source
from analyzer.sets import AddressSet


def test_a_namespace_declared_in_both_has_on_each_side_the_labels_written_there() -> None:
    sides = [Cluster((namespace("a", team=team),)) for team in ("old", "new")]
    assert [side.namespace_by_name["a"].labels["team"] for side in align(*sides)] == ["old", "new"]


def test_a_namespace_merely_mentioned_on_one_side_is_so_on_both() -> None:
    mentioned = namespace("a", is_declared=False)
    for sides in ((Cluster((mentioned,)), Cluster()), (Cluster(), Cluster((mentioned,)))):
        assert [side.namespaces for side in align(*sides)] == [(mentioned,)] * 2


def test_members_of_both_sides_are_there_and_those_alike_once() -> None:
    """Where a file says it makes no difference; what it says does."""
    node = Node("n", Labels(), (ip_address("10.9.0.1"),), AddressSet.EMPTY, Source("old.yaml", 1))
    workload = Workload("Deployment", "a", "w", Labels({"k": "v"}), source=Source("old.yaml", 2))
    before = Cluster((namespace("a"),), (workload,), (node,))
    moved = [replace(thing, source=Source("new.yaml", 3)) for thing in (workload, node)]
    other = [replace(thing, labels=Labels({"k": "w"})) for thing in moved]
    after = Cluster((namespace("a"), namespace("b")), (moved[0], other[0]), (moved[1], other[1]))
    members = members_of(before, after)
    assert members.namespaces == after.namespaces
    assert [w.labels.get("k") for w in members.workloads] == ["v", "w"]
    assert [n.labels.get("k") for n in members.nodes] == [None, "w"]


def test_members_are_those_of_the_revisions_asked_about_each_time() -> None:
    """One revision compared with two others, and with the first of them again."""
    after, *others = (Cluster((namespace("a"),), (Workload("Deployment", "a", name, Labels()),)) for name in "xyz")
    for before in (*others, others[0]):
        found = members_of(before, after)
        assert [w.name for w in found.workloads] == [before.workloads[0].name, "x"]


def test_what_is_aligned_already_stays_as_it_is() -> None:
    sides = align(Cluster((namespace("a"), namespace("b"))), Cluster((namespace("b"), namespace("a"))))
    again = align(*sides)
    assert again[0] is sides[0]
    assert again[1] is sides[1]
