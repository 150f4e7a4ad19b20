"""Pods of custom resources whose controllers nobody knows: any label that their template does not write may be there.

Keys that no manifest mentions are as open as others, wherever a question asks for them: each claim is held to all the
labels that the pod may have, played by hand.  So it is with every workload where knob labels-as-written says that
others may be there (`more`), or that what is written may be changed too (`false`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis import check, connectivity, difference
from analyzer.analysis.connectivity.exposure import exposure
from analyzer.analysis.revisions.inventory_difference import inventory_difference
from analyzer.inputs.explaining import explained
from analyzer.judging import Setting
from analyzer.language import parse_pack
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.profile import PROFILES, Profile
from analyzer.sets import ConnectionSet
from analyzer.verdicts import Status
from analyzer.verdicts.connectivity import MapEnd, MapRow

Labels = dict[str, str]

# Each selector with the labels under `tier` that meet it; None is absence.
SELECTORS: dict[str, Callable[[str | None], bool]] = {
    "tier=db": lambda value: value == "db",
    "tier!=db": lambda value: value != "db",
    "tier in (db,web)": lambda value: value in ("db", "web"),
    "tier notin (db,web)": lambda value: value not in ("db", "web"),
    "tier": lambda value: value is not None,
    "!tier": lambda value: value is None,
    "app=w": lambda value: True,
    "app=x": lambda value: False,
}
CONDITIONS = {
    'END.labels[tier] == "db"': SELECTORS["tier=db"],
    'END.labels[tier] != "db"': SELECTORS["tier!=db"],
    'END.labels[tier] in ("db", "web")': SELECTORS["tier in (db,web)"],
    "has END.labels[tier]": SELECTORS["tier"],
    "not has END.labels[tier]": SELECTORS["!tier"],
}
VALUES = (None, "db", "web", "another")

# The claim, given a selector; whether the pod is spoken of if it meets the selector, or if it does not.
PLACES = {
    "no (workload a/w and pods({})) can reach workload a/client": True,
    "no pods(app=w,{}) in namespace a can reach pods(app=client) within inventory": True,
    "no workload a/w except pods({}) can reach workload a/client": False,
    "no workload a/client can reach (workload a/w and pods({}))": True,
    "no workload a/w can reach workload a/client except pods({}) can reach anything": False,
    "every (workload a/w and pods({})) is isolated for egress": True,
    "no (workload a/w and $chosen) can reach workload a/client": True,
    "no (workload a/w and chosen) can reach workload a/client": True,
}


def cluster_of(folder: Path, kind: str, *policies: str) -> Cluster:
    api = {"CloneSet": "apps.kruise.io/v1alpha1", "RayService": "ray.io/v1", "ReplicaSet": "apps/v1"}[kind]
    text = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: a}}
---
apiVersion: v1
kind: Pod
metadata: {{name: client, namespace: a, labels: {{app: client}}}}
spec: {{containers: [{{name: c, image: i}}]}}
---
apiVersion: {api}
kind: {kind}
metadata: {{name: w, namespace: a}}
spec: {{template: {{metadata: {{labels: {{app: w}}}}, spec: {{containers: [{{name: c, image: i}}]}}}}}}
"""
    for number, spec in enumerate(policies):
        kind_ = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy"
        text += f"---\n{kind_}\nmetadata: {{name: p{number}, namespace: a}}\nspec: {spec}\n"
    path = folder / "m.yaml"
    path.write_text(text)
    return load([str(path)]).cluster


CLOSED = "{podSelector: {}, policyTypes: [Ingress, Egress]}"


def asked(cluster: Cluster, text: str, universe: Universe = Universe.ANY, labels_as_written: str = "true") -> Status:
    setting = Setting(universe, PROFILES["generic"].with_knob("labels-as-written", labels_as_written))
    pack = parse_pack(text, "pack.npq")
    return check(cluster, [pack], setting=setting).sections[0].verdicts[0].status


def claims() -> Iterator[tuple[str, list[bool]]]:
    """Each pack, and whether it speaks of the pod with each of the values."""
    for place, is_of_members in PLACES.items():
        for selector, meets in SELECTORS.items():
            spoken = [meets(value) is is_of_members for value in VALUES]
            if "$chosen" in place and "=" in selector and selector.count("=") == 1 and "!" not in selector:
                key, value = selector.split("=")
                text = f'param v = "{value}"\nassert x "x": ' + place.replace("$chosen", f"pods({key}=$v)")
            elif "$chosen" in place:
                continue
            elif "and chosen" in place:
                text = f'let chosen = pods({selector})\nassert x "x": ' + place
            else:
                text = 'assert x "x": ' + place.format(selector)
            yield text, spoken
    for condition, meets in CONDITIONS.items():
        for claim, end in (
            ("no workload a/w can reach workload a/client", "src"),
            ("no workload a/client can reach workload a/w", "dst"),
        ):
            yield f'assert x "x": {claim} where {condition.replace("END", end)}', [meets(value) for value in VALUES]


CLAIMS = list(claims())


@pytest.mark.parametrize("kind", ["CloneSet", "RayService"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_labels_that_only_a_question_asks_for_are_open(tmp_path_factory, kind: str, data: st.DataObject) -> None:
    text, spoken = data.draw(st.sampled_from(CLAIMS))
    universe = data.draw(st.sampled_from((Universe.ANY, Universe.INVENTORY)))
    cluster = cluster_of(tmp_path_factory.mktemp("m"), kind)
    expected = Status.REFUTED if all(spoken) else Status.UNKNOWN if any(spoken) else Status.VACUOUS
    assert asked(cluster, text, universe) is expected, text


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_labels_are_open_where_more_may_be_there_than_is_written(tmp_path_factory, data: st.DataObject) -> None:
    text, spoken = data.draw(st.sampled_from(CLAIMS))
    universe = data.draw(st.sampled_from((Universe.ANY, Universe.INVENTORY)))
    cluster = cluster_of(tmp_path_factory.mktemp("m"), "ReplicaSet")
    expected = Status.REFUTED if all(spoken) else Status.UNKNOWN if any(spoken) else Status.VACUOUS
    assert asked(cluster, text, universe, "more") is expected, text
    as_it_is = Status.REFUTED if spoken[VALUES.index(None)] else Status.VACUOUS
    assert asked(cluster, text, universe) is as_it_is, text


@pytest.mark.parametrize(
    ("selector", "as_written", "more", "changed"),
    [
        ("app=w", Status.REFUTED, Status.REFUTED, Status.UNKNOWN),
        ("app=x", Status.VACUOUS, Status.VACUOUS, Status.UNKNOWN),
        ("app", Status.REFUTED, Status.REFUTED, Status.UNKNOWN),
        ("tier=db", Status.VACUOUS, Status.UNKNOWN, Status.UNKNOWN),
        ("app=w,tier!=db", Status.REFUTED, Status.UNKNOWN, Status.UNKNOWN),
        ("app in (w,x),app!=x", Status.REFUTED, Status.REFUTED, Status.UNKNOWN),
    ],
)
def test_labels_that_are_written_may_be_changed_too(
    tmp_path: Path, selector: str, as_written: Status, more: Status, changed: Status
) -> None:
    cluster = cluster_of(tmp_path, "ReplicaSet")
    text = f'assert x "x": no (workload a/w and pods({selector})) can reach anything'
    found = [asked(cluster, text, labels_as_written=value) for value in ("true", "more", "false")]
    assert found == [as_written, more, changed]
    closed = cluster_of(tmp_path, "ReplicaSet", CLOSED)
    assert asked(closed, 'assert x "x": no workload a/w can reach anything', labels_as_written="false") is Status.PROVED


ONLY = "{podSelector: {matchExpressions: [{key: tier, operator: OP}]}, policyTypes: [Egress, Ingress]}"


@pytest.mark.parametrize("operator", ["Exists", "DoesNotExist"])
def test_maps_and_explanations_know_that_others_may_be_there(tmp_path: Path, operator: str) -> None:
    """A ReplicaSet with labels besides those written is what a CloneSet is, wherever it is asked about."""
    profile = PROFILES["generic"].with_knob("labels-as-written", "more")
    told = []
    for kind, engine in (("ReplicaSet", profile), ("CloneSet", PROFILES["generic"])):
        cluster = cluster_of(tmp_path, kind, ONLY.replace("OP", operator))
        client = next(w for w in cluster.workloads if w.name == "client")  # of it, too, more may be unknown
        live = replace(client, ips=(ip_address("10.0.0.9"),))
        cluster = replace(cluster, workloads=tuple(live if w is client else w for w in cluster.workloads))
        rows = {(end_name(a), end_name(b), row.allowed, row.certain) for a, b, row in mapped(cluster, engine)}
        ports = ConnectionSet.PORTS
        why = explained(cluster, engine, "a/w", "192.0.2.1", ports, is_everything=True)
        report = exposure(cluster, setting=Setting(Universe.ANY, engine), most=20)
        exposed = [(e.direction, [w.name for w in e.workloads], e.is_isolated) for e in report.exposures]
        told.append((rows, why.allowed, why.certain, exposed))
    assert told[0] == told[1]
    _, allowed, certain, exposed = told[0]
    assert (allowed, certain) == (ConnectionSet.PORTS, ConnectionSet.EMPTY)
    assert [is_isolated for _, names, is_isolated in exposed if "w" in names] == [None, None]


def mapped(cluster: Cluster, profile: Profile) -> Iterator[tuple[MapEnd, MapEnd, MapRow]]:
    return connectivity(cluster, profile).pairs()


def end_name(end: MapEnd) -> str:
    return end.name if isinstance(end, Workload) else str(end)


def test_what_runs_has_the_labels_that_the_cluster_shows(tmp_path: Path) -> None:
    cluster = cluster_of(tmp_path, "ReplicaSet")
    workloads = tuple(replace(w, ips=(ip_address("10.0.0.9"),)) if w.name == "w" else w for w in cluster.workloads)
    text = 'assert x "x": no (workload a/w and pods(tier=db)) can reach anything'
    assert asked(replace(cluster, workloads=workloads), text, labels_as_written="more") is Status.VACUOUS


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_what_is_closed_to_all_labels_is_proved(tmp_path_factory, data: st.DataObject) -> None:
    text, _ = data.draw(st.sampled_from([claim for claim in CLAIMS if any(claim[1])]))
    cluster = cluster_of(tmp_path_factory.mktemp("m"), "CloneSet", CLOSED)
    assert asked(cluster, text) is Status.PROVED, text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("some (workload a/w and pods(tier=db)) can reach workload a/client", Status.UNKNOWN),
        ("some workload a/w can reach workload a/client", Status.PROVED),
        ("every (workload a/w and pods(tier=db)) can reach workload a/client", Status.PROVED),
        # each pod may have labels of its own
        ("no workload a/w can reach workload a/w where src.labels[tier] != dst.labels[tier]", Status.UNKNOWN),
        ("no workload a/w can reach workload a/w where src.labels[tier] == dst.labels[tier]", Status.UNKNOWN),
        ("no workload a/w can reach workload a/client where src.labels[tier] == dst.labels[tier]", Status.UNKNOWN),
        ("no workload a/w can reach workload a/client where src.labels[app] == dst.labels[app]", Status.VACUOUS),
        ("no (workload a/client and pods(tier=db)) can reach workload a/w", Status.VACUOUS),
    ],
)
def test_claims_that_compare_or_want_labels(tmp_path: Path, text: str, expected: Status) -> None:
    assert asked(cluster_of(tmp_path, "CloneSet"), f'assert x "x": {text}') is expected


def test_assumptions_ask_for_labels_too(tmp_path: Path) -> None:
    cluster = cluster_of(tmp_path, "CloneSet")
    assume = 'assume all "all": every pods(app=w) has labels[tier] == "db"\n'
    claim = "no (workload a/w and pods({})) can reach workload a/client"
    assert asked(cluster, f'{assume}assert x "x": {claim.format("tier=web")}') is Status.VACUOUS
    assert asked(cluster, f'{assume}assert x "x": {claim.format("tier=db")}') in (Status.REFUTED, Status.UNKNOWN)


def test_comparisons_of_revisions_ask_for_labels_too(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old, new = cluster_of(tmp_path / "old", "CloneSet", CLOSED), cluster_of(tmp_path / "new", "CloneSet")
    pack = parse_pack('assert x "x": no (workload a/w and pods(tier=db)) can newly reach workload a/client', "pack.npq")
    setting = Setting(Universe.ANY, PROFILES["generic"])
    found = difference(old, new, [pack], setting=setting, max_changes=3)
    assert found.queries[0].after.status is Status.UNKNOWN


def test_the_inventory_of_a_revision_asks_for_labels_of_the_other(tmp_path: Path) -> None:
    """Only the new policy mentions the label: whether it lets the pod in, nobody knows."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    only = "{podSelector: {matchLabels: {app: client}}, ingress: [{from: [{podSelector: {matchLabels: {X}}}]}]}"
    old = cluster_of(tmp_path / "old", "CloneSet", only.replace("X", "app: w"))
    new = cluster_of(tmp_path / "new", "CloneSet", only.replace("X", "app: w, tier: db"))
    found = inventory_difference(old, new, setting=Setting(Universe.INVENTORY, PROFILES["generic"]))
    assert found.changes or found.reason
