import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from published_schemas import follow
from report_samples import DENIAL, EVERYTHING, LATENT, LIVE, OPEN_POD, PROVED, REFUTED, answer, verdict

from analyzer.model.formulas import Role
from analyzer.reports.check_json import render_json
from analyzer.reports.region_json import constraints, read_region
from analyzer.reports.schema import schema_names, schema_text
from analyzer.sets import ValueSet
from analyzer.verdicts.regions import KEYED, Attribute, Constraint
from analyzer.verdicts.verdict import Statistics, Status

SCHEMA = Draft202012Validator(json.loads(schema_text("check-2")))
KIND = {"role": "src", "attribute": "kind", "set": {"in": ["pod"]}}
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
    follow(report(SHAPES[shape], with_statistics=with_statistics), "check-2")


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
    assert {"role": "connection", "attribute": "port", "set": {"in": [[443, 443], [8000, 8999]]}} in first["region"]
    assert {"role": "src", "attribute": "labels[app]", "set": {"in": ["api", "web"]}} in first["region"]
    assert {"role": "src", "attribute": "labels[app]", "set": {"notin": ["db", None]}} in second["region"]
    assert second["src"]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    egress, ingress = second["stages"]
    assert (ingress["stage"], ingress["verdict"], ingress["tier"]) == ("ingress", "allowed", "NetworkPolicy")
    assert ingress["rules"] == [
        {
            "kind": "NetworkPolicy",
            "namespace": "shop",
            "name": "web",
            "rule": 2,
            "direction": "ingress",
            "file": "shop.yaml",
            "line": 19,
        }
    ]
    assert (egress["stage"], egress["verdict"], egress["rules"]) == ("egress", "allowed", [])
    assert egress["reason"] == "no policy selects it"
    assert [stage["verdict"] for stage in first["stages"]] == ["allowed", "none"]


def test_an_isolation_shows_the_pod_and_no_destination():
    (found,) = report(answer(replace(REFUTED, counterexamples=(OPEN_POD,))))["queries"]
    (example,) = found["counterexamples"]
    assert example["src"]["workload"] == "shop/web[Deployment]"
    assert (example["dst"], example["port"], example["protocol"], example["allowed"]) == (None,) * 4
    assert {it["role"] for it in example["region"]} == {"src"}


def test_a_protocol_without_ports_has_no_port():
    (found,) = report(answer(replace(REFUTED, counterexamples=(DENIAL,))))["queries"]
    (example,) = found["counterexamples"]
    assert (example["protocol"], example["port"]) == ("other", None)
    assert {"role": "connection", "attribute": "protocol", "set": {"in": ["other"]}} in example["region"]
    assert example["src"] == {"kind": "node", "name": None, "ip": "10.9.9.9"}
    assert example["stages"][1]["rules"][0]["rule"] is None


def test_a_label_set_is_never_confused_with_its_complement():
    for values in (ValueSet.NONE, ValueSet.ANY, ValueSet.ABSENT, ValueSet.PRESENT):
        asked = Constraint(Role.SRC, Attribute.LABEL, values, "k")
        (text,) = constraints((asked,))
        assert text["set"] == {"notin" if values.is_complement else "in": list(values.values)}
        assert read_region([KIND, text]).src.labels == (("k", values),)


@pytest.mark.parametrize("region", [LIVE.region, LATENT.region, DENIAL.region, OPEN_POD.region])
def test_regions_are_read_as_they_were_written(region):
    assert read_region(json.loads(json.dumps(constraints(region.constraints)))) == region


PORT = {"role": "connection", "attribute": "port", "set": {"in": [[80, 80]]}}
NO_REGIONS = {
    "of no kind": [],
    "a destination of no kind": [KIND, {"role": "dst", "attribute": "labels[a]", "set": {"in": ["b"]}}],
    "a foreign attribute": [KIND, {"role": "src", "attribute": "colour", "set": {"in": ["red"]}}],
    "of an end, said of the connection": [KIND, {"role": "connection", "attribute": "kind", "set": {"in": ["pod"]}}],
    "of the connection, said of an end": [KIND, {**PORT, "role": "src"}],
    "no key": [KIND, {"role": "src", "attribute": "labels", "set": {"in": ["a"]}}],
    "a key too many": [{**KIND, "attribute": "kind[a]"}],
    "twice": [KIND, KIND],
    "two sets": [{**KIND, "set": {"in": ["pod"], "notin": []}}],
    "a set of another word": [{**KIND, "set": {"is": ["pod"]}}],
    "a number": [{**KIND, "set": {"in": [7]}}],
    "an address that is none": [KIND, {"role": "src", "attribute": "address", "set": {"in": ["300.0.0.0/8"]}}],
}


@pytest.mark.parametrize("listed", NO_REGIONS.values(), ids=NO_REGIONS)
def test_what_is_no_region_is_refused(listed):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_region(listed)


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
    assert "check-2" in schema_names()
    with pytest.raises(KeyError):
        schema_text("../check-2")


def test_the_page_tells_every_attribute():
    page = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    cells = {cell.strip("` ") for row in rows for cell in row.split(",")}
    assert {cell.partition("[")[0] for cell in cells} == {attribute.value for attribute in Attribute}
    assert {cell.partition("[")[0] for cell in cells if "[" in cell} == {attribute.value for attribute in KEYED}
