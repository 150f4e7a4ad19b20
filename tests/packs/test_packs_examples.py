"""The examples: every planted leak is caught, nothing else is, and the fixed revisions are proved tight."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from analyzer import analysis, manifests, packs
from analyzer.cli.app import app
from analyzer.inputs.engines import profile_for
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.solving import CVC5

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(file.parent for file in (ROOT / "examples").glob("*/expected.yaml"))
SETTING = analysis.Setting(Universe.ANY, PROFILES["generic"], max_counterexamples=1)

# A comment of one line or two that ends in the queries that catch the leak, in brackets.
LEAK = re.compile(r"# LEAK: .*")
CAUGHT = re.compile(r"# LEAK: .*(?:\n *# )?\(([a-z0-9-]+(?:, [a-z0-9-]+)*)\)$", re.MULTILINE)


@cache
def expected(example):
    return yaml.safe_load((example / "expected.yaml").read_text(encoding="utf-8"))


def pack_of(name, parameters):
    found = packs.find(str(ROOT / name) if name.endswith(".npq") else name)
    known = {key for key, _ in found.parameters}
    return packs.find(
        str(ROOT / name) if name.endswith(".npq") else name, {k: v for k, v in parameters.items() if k in known}
    )


@cache
def verdicts(example, revision):
    asked = expected(example)
    wanted = [pack_of(name, asked["parameters"]) for name in asked["packs"]]
    loaded = manifests.load([str(example / revision)])
    setting = replace(SETTING, profile=profile_for(None, (), loaded.cluster))
    answer = analysis.check(loaded.cluster, wanted, setting=setting, second_solver=CVC5)
    assert answer.unmodelled == ()
    assert answer.cross_check is not None
    assert answer.cross_check.undecided == ()
    return {
        section.name: {verdict.query.id: verdict.status.value for verdict in section.verdicts}
        for section in answer.sections
    }


def leaks(example):
    """The queries that catch each leak planted in the leaky revision, by file."""
    for file in sorted((example / "leaky").rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        caught = CAUGHT.findall(text)
        assert len(caught) == len(LEAK.findall(text)), f"a leak in {file} does not say what catches it"
        for queries in caught:
            yield file, queries.split(", ")


def test_there_are_examples():
    names = ["calico-tiers", "cilium-saas", "eks-payments", "ml-platform", "multi-tenant"]
    assert [example.name for example in EXAMPLES] == names


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_fixed_is_proved(example):
    assert {
        id: status
        for section in verdicts(example, "fixed").values()
        for id, status in section.items()
        if status != "proved"
    } == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_leaky_is_refuted_as_expected(example):
    asked = expected(example)["leaky"]
    found = verdicts(example, "leaky")
    assert found.keys() == asked.keys()
    for pack, statuses in found.items():
        assert {id: status for id, status in statuses.items() if status != "proved"} == dict.fromkeys(
            asked[pack]["refuted"], "refuted"
        )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_each_leak_is_marked_and_caught(example):
    marked = {id for _, ids in leaks(example) for id in ids}
    refuted = {pack: set(answers["refuted"]) for pack, answers in expected(example)["leaky"].items()}
    # The baseline asks about every cluster: what it finds here are other views of the same leaks.
    assert marked == set().union(*(ids for pack, ids in refuted.items() if pack != "baseline"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_readme_names_each_query_that_catches_a_leak(example):
    text = (ROOT / "examples/README.md").read_text(encoding="utf-8")
    assert [id for _, ids in leaks(example) for id in ids if f"`{id}`" not in text] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_revisions_differ_in_policies_only(example):
    def others(revision):
        files = (file for file in (example / revision).rglob("*.yaml") if "policies" not in file.name)
        return {
            file.relative_to(example / revision): list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
            for file in files
        }

    assert others("leaky") == others("fixed")


def test_a_mesh_leaves_isolation_proved():
    """What is not modelled of it makes reachability unknown, and nothing else, and no further than it reaches: the
    ServiceEntry bears on its own port, the Sidecar on what leaves the pods of its namespace that it selects."""
    example = ROOT / "examples/ml-platform"
    loaded = manifests.load([str(example / "fixed"), str(example / "with-istio/fixed")])
    answer = analysis.check(loaded.cluster, [pack_of("ml-platform", {})], setting=SETTING)
    assert {thing.kind for thing in answer.unmodelled} == {"ServiceEntry", "Sidecar"}
    assert {verdict.query.id: verdict.status.value for verdict in answer.verdicts} == {
        id: "unknown" if id in ("feature-store-cut-off", "storage-cut-off") else "proved"
        for id in (verdict.query.id for verdict in answer.verdicts)
    }


# ------------------------------------------------------------------------------------------------ what the mesh lets in
MESH = ROOT / "examples/ml-platform/with-istio"
LETS_IN = {
    # request of requests.jsonl: leaky under the policies, leaky and fixed by the mesh alone
    "health": ("allowed", "allowed", "allowed"),
    "plaintext": ("allowed", "allowed", "denied"),
    "health-from-outside": ("denied", "allowed", "denied"),
    "health-from-front-end": ("denied", "allowed", "denied"),
    "metrics": ("denied", "denied", "allowed"),
    "health-on-metrics": ("allowed", "allowed", "denied"),
    "encoded-slashes": ("allowed", "allowed", "denied"),
    "get-v1": ("denied", "denied", "denied"),
    "v1-with-token": ("denied", "denied", "unknown"),
    "v2-with-token": ("denied", "denied", "allowed"),
    "v2-without-token": ("denied", "denied", "denied"),
    "v2-forged": ("denied", "denied", "denied"),
    "v2-other-audience": ("denied", "denied", "denied"),
    "past-the-limiter": ("denied", "denied", "unknown"),
}


def answers(revision, *options):
    """What `explain --batch` says of each request, and its notices."""
    asked = [str(ROOT / "examples/ml-platform/fixed"), str(MESH / revision), "--batch", str(MESH / "requests.jsonl")]
    found = CliRunner().invoke(app, ["explain", *asked, "--format", "json", *options])
    assert found.exit_code == 0, found.output
    lines = list(map(json.loads, found.stdout.splitlines()))
    notices = [notice for line in lines for notice in line.get("notices", ())]
    return {line["id"]: line["verdict"] for line in lines if "id" in line}, notices


def test_the_mesh_lets_in_what_the_reference_says():
    """Request by request what istiod and Envoy made of the same policies (istio.md 0.1)."""
    alone = ("--exclude", "*policies.yaml")
    leaky, notices = answers("leaky")
    assert leaky == {id: verdicts[0] for id, verdicts in LETS_IN.items()}
    assert answers("leaky", *alone)[0] == {id: verdicts[1] for id, verdicts in LETS_IN.items()}
    assert answers("fixed", *alone)[0] == {id: verdicts[2] for id, verdicts in LETS_IN.items()}
    refused = [notice for notice in notices if "Istio refuses it" in notice]
    assert {notice.split(": ")[1] for notice in refused} == {
        "ServiceEntry ml-serving/allowed-model-registries",
        "Sidecar ml-serving/model-loader-sidecar",
    }


@pytest.mark.parametrize(("answer", "expected"), [("allow", "allowed"), ("deny", "denied")])
def test_a_path_that_a_server_decodes_goes_past_the_limiter(tmp_path, answer, expected):
    """The proxy decodes slashes in the fixed revision, so that the limiter is asked; with Istio's default it is not."""
    found, _ = answers("fixed", "--knob", f"ext-authz={answer}")
    assert (found["past-the-limiter"], found["v1-with-token"]) == (expected, expected)
    assert found["v2-with-token"] == "allowed"
    text = (MESH / "fixed/mesh.yaml").read_text(encoding="utf-8")
    (tmp_path / "mesh.yaml").write_text(text.replace("DECODE_AND_MERGE_SLASHES", "BASE"), encoding="utf-8")
    found, _ = answers(tmp_path, "--knob", f"ext-authz={answer}")
    assert (found["past-the-limiter"], found["v1-with-token"]) == ("allowed", expected)


def test_each_leak_of_the_mesh_names_a_request_that_shows_it():
    """A request that the revisions answer differently, or a notice of an object that Istio refuses."""
    text = (MESH / "leaky/mesh.yaml").read_text(encoding="utf-8")
    shown = {id for ids in CAUGHT.findall(text) for id in ids.split(", ")}
    assert shown <= LETS_IN.keys()
    assert all(LETS_IN[id][1] != LETS_IN[id][2] for id in shown)
    assert len(LEAK.findall(text)) == len(CAUGHT.findall(text)) + text.count("Istio refuses")


@pytest.mark.parametrize(
    ("revision", "refuted"),
    [("leaky", {"plaintext-reaches-inference", "health-by-prefix", "health-beyond-its-port"}), ("fixed", set())],
)
def test_what_the_mesh_is_to_refuse_of_every_request(revision, refuted):
    loaded = manifests.load([str(ROOT / "examples/ml-platform/fixed"), str(MESH / revision)])
    wanted = pack_of("examples/ml-platform/with-istio/checks.npq", {})
    answer = analysis.check(loaded.cluster, [wanted], setting=SETTING, second_solver=CVC5)
    assert {verdict.query.id: verdict.status.value for verdict in answer.verdicts} == {
        query.id: "refuted" if query.id in refuted else "proved" for query in wanted.queries
    }
