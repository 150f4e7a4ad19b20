"""The table of two revisions' workloads against rules of thumb: ipBlocks in pieces, and pods of one workload."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.analysis import inventory_difference
from analyzer.judging import Setting
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES
from analyzer.verdicts.difference import InventoryDifference, Relation

KINDS = ("Deployment", "Pod")


def cluster_of(folder: Path, kind: str, specs: list[dict]) -> Cluster:
    """One workload, a/w, of which no address is known, and these policies."""
    meta = {"name": "w", "namespace": "a"}
    pod = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    if kind == "Pod":
        workload = {"apiVersion": "v1", "kind": kind, **pod, "metadata": {**meta, "labels": {"app": "w"}}}
    else:
        chosen = {"selector": {"matchLabels": {"app": "w"}}, "template": pod}
        workload = {"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": chosen}
    documents: list[dict] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}, workload]
    for number, spec in enumerate(specs):
        meta = {"name": f"p{number}", "namespace": "a"}
        documents.append(
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}
        )
    path = folder / "m.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return load([str(path)]).cluster


def compared(old: Cluster, new: Cluster) -> InventoryDifference:
    return inventory_difference(old, new, setting=Setting(Universe.INVENTORY, PROFILES["generic"]))


@st.composite
def pieces(draw: DrawFn, whole: IPv4Network, depth: int = 3) -> list[IPv4Network]:
    """The block in halves, some of these again in halves, and so on."""
    if not depth or not draw(st.booleans()):
        return [whole]
    return [piece for half in whole.subnets() for piece in draw(pieces(half, depth - 1))]


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_block_in_pieces_is_the_block_wherever_pods_are(tmp_path_factory, data: st.DataObject) -> None:
    whole = ip_network(data.draw(st.sampled_from(("0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8", "172.0.0.0/6"))))
    direction, end = data.draw(st.sampled_from((("ingress", "from"), ("egress", "to"))))
    kind = data.draw(st.sampled_from(KINDS))
    sides = []
    for blocks in ([whole], data.draw(pieces(whole))):
        rule = {end: [{"ipBlock": {"cidr": str(block)}} for block in blocks]}
        spec = {"podSelector": {}, "policyTypes": [direction.capitalize()], direction: [rule]}
        sides.append(cluster_of(tmp_path_factory.mktemp("m"), kind, [spec]))
    for old, new in (sides, reversed(sides)):
        found = compared(old, new)
        assert (found.relation, found.reason) == (Relation.EQUIVALENT, "")


RULES: dict[str, tuple[list[dict], bool]] = {
    "none": ([], False),
    "all": ([{}], True),
    "own": ([{"PEERS": [{"podSelector": {"matchLabels": {"app": "w"}}}]}], True),
    "others": ([{"PEERS": [{"podSelector": {"matchLabels": {"app": "x"}}}]}], False),
    "not own": ([{"PEERS": [{"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn",
                                                                    "values": ["w"]}]}}]}], False),
    "namespaces": ([{"PEERS": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}}]}], True),
}  # fmt: skip


@st.composite
def policies(draw: DrawFn) -> tuple[list[dict], bool]:
    """Policies, and whether they let the pods of the workload connect to each other."""
    specs, is_open = [], True
    for direction, end in (("ingress", "from"), ("egress", "to")):
        if draw(st.booleans()):
            rules, lets = RULES[draw(st.sampled_from(sorted(RULES)))]
            named = [{end: rule["PEERS"]} if rule else {} for rule in rules]
            specs.append({"podSelector": {}, "policyTypes": [direction.capitalize()], direction: named})
            is_open &= lets
    return specs, is_open


@settings(max_examples=25, deadline=None)
@given(policies(), policies(), st.sampled_from(KINDS))
def test_the_table_tells_what_pods_of_one_workload_gain_and_lose(
    tmp_path_factory, before: tuple[list[dict], bool], after: tuple[list[dict], bool], kind: str
) -> None:
    old, new = (cluster_of(tmp_path_factory.mktemp("m"), kind, specs) for specs, _ in (before, after))
    found = compared(old, new)
    told = [(end, bool(change.gained), bool(change.lost)) for end, change in found.own_pods()]
    has_changed = before[1] != after[1] and kind != "Pod"  # of which there is one
    assert told == ([(f"a/w[{kind}]", after[1], before[1])] if has_changed else [])
    assert not any(src == dst for src, dst, _ in found.pairs())
    if has_changed:
        assert found.has_gained if after[1] else found.has_lost
