"""A witness of an index is read back as it was written, whatever is known of its pods."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from ipaddress import ip_address

import pytest
from published_schemas import follow

from analyzer.analysis.evidence.bundle_reading import parse_bundle
from analyzer.analysis.evidence.bundling import bundled
from analyzer.judging import Setting
from analyzer.model.added_labels import Unwritten
from analyzer.model.claims import Kind, Universe
from analyzer.model.cluster import ContainerPort
from analyzer.model.endpoints import Connection, External, Pod
from analyzer.model.labels import Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.reports.evidence_json import render_evidence
from analyzer.verdicts import Answer
from analyzer.verdicts.bundle import QueryRecord

PLAIN = Pod("shop", Labels({"kubernetes.io/metadata.name": "shop"}), Labels({}), ip_address("10.0.0.5"))
OTHER = {
    "namespace": "web",
    "namespace_labels": Labels({"kubernetes.io/metadata.name": "shop", "team": "a"}),
    "labels": Labels({"app": "db"}),
    "ip": ip_address("10.0.0.6"),
    "service_account": "runner",
    "ports": (ContainerPort("http", 80, Protocol.TCP),),
    "host_network": True,
    "workload": "shop/db[Pod]",
    "unknown": (Unwritten(frozenset({"app"})),),
    "maker": "Rollout shop/db",
    "annotations": Labels({"sidecar.istio.io/inject": "false"}),
    "node": "n1",
    "nodes": "n1,",
    "node_groups": "sg-1",
}


@pytest.mark.parametrize("name", [it.name for it in fields(Pod)])
def test_each_attribute_of_a_pod_reads_back(name: str) -> None:
    pod = replace(PLAIN, **{name: OTHER[name]})
    assert pod != PLAIN
    witness = Connection(External(ip_address("8.8.8.8")), pod, Protocol.TCP, 80)
    setting = Setting(Universe.ANY, PROFILES["generic"], keeps_steps=True)
    empty = bundled(Answer((), Universe.ANY, PROFILES["generic"], (), (), ()), setting, b"{}", (), [], lambda *_: None)
    record = QueryRecord("", "q", "Q", "no pods can reach pods", Kind.NO, "any", "refuted", (), (witness,))
    written = render_evidence(replace(empty, queries=(record,)))
    follow(json.loads(written), "evidence-2")
    assert parse_bundle(written).queries[0].witnesses == (witness,)
