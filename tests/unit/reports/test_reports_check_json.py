import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from report_samples import DENIAL, EVERYTHING, LATENT, LIVE, OPEN_POD, PROVED, REFUTED, answer, verdict

from analyzer.reports.check_json import render_json
from analyzer.reports.schema import schema_names, schema_text
from analyzer.sets import ValueSet
from analyzer.verdicts.verdict import Statistics, Status

SCHEMA = Draft202012Validator(json.loads(schema_text("check-1")))
SHAPES = {
    "everything": EVERYTHING,
    "nothing asked": answer(),
    "denial": answer(replace(REFUTED, counterexamples=(DENIAL,))),
    "isolation": answer(replace(REFUTED, counterexamples=(OPEN_POD,))),
    "refuted some": answer(verdict("up", Status.REFUTED)),
}


def report(of=EVERYTHING, **options):
    return json.loads(render_json(of, **options))


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("with_statistics", [False, True])
def test_reports_keep_to_the_schema(shape, with_statistics):
    SCHEMA.validate(report(SHAPES[shape], with_statistics=with_statistics))


def objects(schema):
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_schema_is_strict():
    for part in objects(SCHEMA.schema):
        if "properties" in part and part.get("type") in ("object", ["object", "null"]):
            assert part["additionalProperties"] is False, part
            assert set(part.get("required", ())) <= set(part["properties"])


def test_the_contract_of_a_refuted_query():
    (found,) = report(answer(REFUTED))["queries"]
    assert (found["id"], found["severity"], found["verdict"], found["live"]) == (
        "internet-egress",
        "critical",
        "refuted",
        True,
    )
    first, second = found["counterexamples"]
    assert first["src"] == {
        "kind": "pod",
        "namespace": "shop",
        "namespace_labels": {"kubernetes.io/metadata.name": "shop", "team": "a"},
        "labels": {"app": "web"},
        "workload": "shop/web[Deployment]",
        "ip": "10.0.0.1",
        "service_account": "default",
        "host_network": False,
        "ports": [],
    }
    assert first["dst"] == {"kind": "external", "ip": "8.8.8.8"}
    assert (first["protocol"], first["port"], first["allowed"]) == ("TCP", 443, True)
    assert first["region"]["ports"] == [[443, 443], [8000, 8999]]
    assert first["region"]["src"]["labels"] == {"app": {"in": ["api", "web"]}}
    assert second["region"]["src"]["labels"] == {"app": {"notin": ["db", None]}}
    assert second["src"]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert second["ingress"] == [
        {
            "kind": "NetworkPolicy",
            "namespace": "shop",
            "name": "web",
            "rule": 1,
            "direction": "ingress",
            "file": "shop.yaml",
            "line": 19,
        }
    ]
    assert second["egress"] == []
    assert second["egress_side"]["reason"] == "no policy selects it"


def test_an_isolation_shows_the_pod_and_no_destination():
    (found,) = report(answer(replace(REFUTED, counterexamples=(OPEN_POD,))))["queries"]
    (example,) = found["counterexamples"]
    assert example["src"]["workload"] == "shop/web[Deployment]"
    assert (example["dst"], example["port"], example["protocol"], example["allowed"]) == (None,) * 4
    assert example["region"]["dst"] is None


def test_a_protocol_without_ports_has_no_port():
    (found,) = report(answer(replace(REFUTED, counterexamples=(DENIAL,))))["queries"]
    (example,) = found["counterexamples"]
    assert (example["protocol"], example["port"], example["region"]["ports"]) == ("other", None, None)
    assert example["src"] == {"kind": "node", "name": None, "ip": "10.9.9.9"}
    assert example["ingress"][0]["rule"] is None


def test_a_label_set_is_never_confused_with_its_complement():
    for values in (ValueSet.NONE, ValueSet.ANY, ValueSet.ABSENT, ValueSet.PRESENT):
        region = replace(LIVE.region, src=replace(LIVE.region.src, labels=(("k", values),)))
        found = report(answer(replace(REFUTED, counterexamples=(replace(LIVE, region=region),))))
        (text,) = found["queries"][0]["counterexamples"][0]["region"]["src"]["labels"]["k"].items()
        assert text == ("notin" if values.is_complement else "in", list(values.values))


def test_the_summary_is_the_worst_verdict():
    assert report()["verdict"] == "refuted"
    assert report(answer(PROVED))["verdict"] == "proved"


def test_same_answer_same_bytes_whatever_it_cost():
    slow = replace(REFUTED, statistics=Statistics(9.9, 77, 3, 1))
    assert render_json(answer(REFUTED)) == render_json(answer(slow))
    assert "statistics" not in report(answer(slow))["queries"][0]
    assert report(answer(slow), with_statistics=True)["queries"][0]["statistics"]["rlimit"] == 77


def test_the_report_is_ascii_and_ends_its_line():
    found = render_json(answer(replace(REFUTED, counterexamples=(LATENT,), reason="\x9b東")))
    assert found.isascii()
    assert found.endswith(b"}\n")


def test_schemas_are_found_by_name():
    assert "check-1" in schema_names()
    with pytest.raises(KeyError):
        schema_text("../check-1")
