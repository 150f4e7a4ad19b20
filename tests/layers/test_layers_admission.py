"""What istiod's admission takes and refuses of drawn objects, one a line of `istio-admission.jsonl`: none that it takes
is refused, and of what it refuses all that is said to be (analyzer/manifests/kinds/istio/refusals.py)."""

import json
from pathlib import Path

import yaml

from analyzer.manifests import load

OBJECTS = [json.loads(line) for line in (Path(__file__).parent / "istio-admission.jsonl").read_text().splitlines()]
READ_AS_TAKEN = {  # what is left out of what admission refuses
    "VirtualService": (
        "SNI host",
        "header name",
        "exportTo",
        "JWT claim",
        "domain name",
        "regexp",
        "tag value",
        "subset",
    ),
    "Gateway": ("for unix domain socket", "MUTUAL TLS requires"),
}


def document(number, found):
    group = "security" if found["kind"].endswith(("Authentication", "Policy")) else "networking"
    name = "a.b" if "." in found["name"] else "a"
    metadata = {"name": f"{name}{number}", "namespace": "foo", "annotations": found.get("annotations", {})}
    return {"apiVersion": f"{group}.istio.io/v1", "kind": found["kind"], "metadata": metadata, "spec": found["spec"]}


def test_admission_refuses_the_same(tmp_path):
    documents = [document(number, found) for number, found in enumerate(OBJECTS)]
    (tmp_path / "m.yaml").write_text(yaml.safe_dump_all(documents, allow_unicode=True))
    loaded = load([str(tmp_path / "m.yaml")], keep_going=True)
    said = [problem.message for problem in loaded.problems]
    said += [notice.message for notice in loaded.cluster.notices if "Istio refuses it" in notice.message]
    refused = {message.partition(": ")[0] for message in said}
    for found, it in zip(OBJECTS, documents, strict=True):
        is_refused = f"{it['kind']} foo/{it['metadata']['name']}" in refused
        left_out = READ_AS_TAKEN.get(found["kind"], ())
        if found["refused"] and not is_refused:
            assert left_out is None or any(text in found["refused"] for text in left_out), found
        assert found["refused"] or not is_refused, (found, [m for m in said if it["metadata"]["name"] in m])


def test_both_are_drawn_of_every_kind():
    drawn = {(found["kind"], bool(found["refused"])) for found in OBJECTS}
    kinds = {"AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"}
    kinds |= {"Sidecar", "ServiceEntry", "Gateway", "VirtualService"}
    assert drawn == {(kind, is_refused) for kind in kinds for is_refused in (True, False)}
