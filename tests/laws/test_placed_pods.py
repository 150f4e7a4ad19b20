"""Zones of pods whose nodes are chosen: verdicts against a scheduler played by hand.

Nodes, nodeSelectors and required affinities are drawn; a few lines here decide which nodes take the pod, as
kube-scheduler does, and a pod has its node's zone.  Where no Node is declared, or there may be others, every node that
could be is tried; which of them are there nobody knows, so that a pod refutes, and is live only if each of them does.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.analysis import check
from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES
from analyzer.verdicts import Status

ZONE = "topology.kubernetes.io/zone"
ZONES = (None, "z1", "z2", "z3", "elsewhere")  # one that nothing mentions among them
DISKS = (None, "ssd", "elsewhere")
GENERATIONS = (None, "3", "7")
Condition = tuple[str, str, tuple[str, ...]]


def meets(condition: Condition, name: str, labels: dict[str, str]) -> bool:
    key, operator, values = condition
    value = name if key == "metadata.name" else labels.get(key)
    if operator in ("Gt", "Lt"):
        return value is not None and (int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0]))
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[operator]


def labelled(*values: str | None) -> dict[str, str]:
    """The labels of a node with this zone, disk and generation."""
    return {key: value for key, value in zip((ZONE, "disk", "generation"), values, strict=True) if value is not None}


def takes(name: str, labels: dict[str, str], selector: dict[str, str], terms: list[list[Condition]] | None) -> bool:
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    return terms is None or any(term and all(meets(c, name, labels) for c in term) for term in terms)


@st.composite
def conditions(draw: DrawFn) -> Condition:
    key = draw(st.sampled_from((ZONE, ZONE, "disk", "generation", "metadata.name")))
    if key == "metadata.name":
        return key, draw(st.sampled_from(("In", "NotIn"))), (draw(st.sampled_from(("n0", "n1"))),)
    if key == "generation":
        return key, draw(st.sampled_from(("Gt", "Lt"))), (draw(st.sampled_from(("5", "9"))),)
    operator = draw(st.sampled_from(("In", "In", "NotIn", "Exists", "DoesNotExist")))
    values = st.lists(st.sampled_from(("z1", "z2", "z3") if key == ZONE else ("ssd",)), min_size=1, unique=True)
    return key, operator, tuple(draw(values)) if operator in ("In", "NotIn") else ()


def written(term: list[Condition]) -> dict:
    fields: dict[str, list] = {}
    for key, operator, values in term:
        one = {"key": key, "operator": operator} | ({"values": list(values)} if values else {})
        fields.setdefault("matchFields" if key == "metadata.name" else "matchExpressions", []).append(one)
    return fields


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_pod_has_the_zone_of_a_node_that_takes_it(tmp_path_factory, data: st.DataObject) -> None:
    nodes = data.draw(st.lists(st.tuples(*map(st.sampled_from, (ZONES, DISKS, GENERATIONS))), max_size=3))
    labels = [labelled(*node) for node in nodes]
    selector = data.draw(st.sampled_from(({}, {}, {ZONE: "z1"}, {"disk": "ssd"})))
    terms = data.draw(st.none() | st.lists(st.lists(conditions(), max_size=2), min_size=1, max_size=2))
    closed = data.draw(st.lists(st.sampled_from(("z1", "z2", "z3")), unique=True, min_size=1))
    operator = data.draw(st.sampled_from(("In", "NotIn")))
    are_all = data.draw(st.booleans())

    spec: dict = {"containers": [{"name": "c", "image": "i"}]} | ({"nodeSelector": selector} if selector else {})
    if terms is not None:
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(map(written, terms))}}
        spec["affinity"] = {"nodeAffinity": required}
    template = {"metadata": {"labels": {"app": "w"}}, "spec": spec}
    chosen = {"matchExpressions": [{"key": ZONE, "operator": operator, "values": closed}]}
    meta = {"namespace": "a"}
    documents = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "w"} | meta,
         "spec": {"template": template}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"} | meta,
         "spec": {"podSelector": chosen, "policyTypes": ["Egress"]}},
        *({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{i}", "labels": its}}
          for i, its in enumerate(labels)),
    ]  # fmt: skip
    path: Path = tmp_path_factory.mktemp("m") / "m.yaml"
    path.write_text(yaml.safe_dump_all(documents))

    there = [(f"n{i}", its) for i, its in enumerate(labels)]
    zones = {its.get(ZONE) for name, its in there if takes(name, its, selector, terms)}
    is_certain = bool(zones) and are_all
    if not is_certain:
        could = product(("n0", "n1", "other"), ZONES, DISKS, GENERATIONS)
        zones = {
            zone
            for name, zone, disk, generation in could
            if takes(name, labelled(zone, disk, generation), selector, terms)
        }
    if not zones:
        return  # no node can ever take it: nothing is to be said of such a pod
    is_open = [(zone in closed) is (operator == "NotIn") for zone in sorted(zones, key=str)]
    profile = PROFILES["generic"].with_knob("nodes-complete", str(are_all).lower())
    query = parse_query("no workload a/w can reach internet")
    found = check(load([str(path)]).cluster, [Pack("q", "", (query,))], setting=Setting(Universe.ANY, profile))
    verdict = found.sections[0].verdicts[0]
    assert verdict.status is (Status.REFUTED if any(is_open) else Status.PROVED)
    if any(is_open):
        assert verdict.live is (True if is_certain or all(is_open) else None)
