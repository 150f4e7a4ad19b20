"""What is open to live pods and to what their template makes is told apart, though a dump be all on one line."""

import json

import pytest

from analyzer.analysis import exposure
from analyzer.judging import Setting
from analyzer.manifests import load
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES

ADDED = {
    "Deployment": {"pod-template-hash": "5d9f8b7c6"},
    "DaemonSet": {"controller-revision-hash": "5d9f8b7c6", "pod-template-generation": "1"},
    "StatefulSet": {"statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0"},
}
CONTAINERS = {"containers": [{"name": "c"}]}


def dump(kind, key, value, *, has_address):
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": "db", "uid": "u", "controller": True}
    template = {"metadata": {"labels": {"app": "db"}}, "spec": CONTAINERS}
    live = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "db-0",
            "namespace": "a",
            "labels": {"app": "db", **ADDED[kind]},
            "ownerReferences": [owner],
        },
        "spec": {**CONTAINERS, "nodeName": "n1"},
        "status": {"podIP": "10.1.0.5"} if has_address else {},
    }
    policies = [
        {"name": "closed", "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
        {"name": "open", "spec": {"podSelector": {"matchLabels": {key: value}}, "ingress": [{}]}},
    ]
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
            {
                "apiVersion": "apps/v1",
                "kind": kind,
                "metadata": {"name": "db", "namespace": "a"},
                "spec": {"selector": {"matchLabels": {"app": "db"}}, "serviceName": "db", "template": template}
                if kind == "StatefulSet"
                else {"selector": {"matchLabels": {"app": "db"}}, "template": template},
            },
            live,
            *(
                {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "NetworkPolicy",
                    "metadata": {"name": policy["name"], "namespace": "a"},
                    "spec": policy["spec"],
                }
                for policy in policies
            ),
        ],
    }


def told(path, text):
    path.write_text(text)
    found = exposure(load([str(path)]).cluster, setting=Setting(Universe.ANY, PROFILES["generic"]), most=5)
    return [
        ([w.id for w in it.workloads], it.direction, [opening.region for opening in it.openings], it.reason, it.blame)
        for it in found.exposures
    ]


CASES = [(kind, key, value) for kind, added in ADDED.items() for key, value in (*added.items(), ("app", "db"))]


@pytest.mark.parametrize("has_address", [True, False])
@pytest.mark.parametrize(("kind", "key", "value"), CASES)
def test_lines_do_not_tell_pods_apart(tmp_path, kind, key, value, has_address):
    objects = dump(kind, key, value, has_address=has_address)
    assert told(tmp_path / "m.json", json.dumps(objects)) == told(tmp_path / "m.json", json.dumps(objects, indent=1))
