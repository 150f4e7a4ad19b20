"""Each question of the Python API is the command's, with its options and its report."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import analyzer
from analyzer.cli import app as cli
from analyzer.cli.check import check as check_command
from analyzer.cli.diff import diff as diff_command
from analyzer.cli.explain import explain as explain_command
from analyzer.cli.map import map_ as map_command
from analyzer.errors import InputError, QueryError, UsageError
from analyzer.verdicts import Status

ROOT = Path(__file__).resolve().parents[3]
SHOP = str(ROOT / "examples/gated-repo/k8s")
QUERIES = [
    "no internet can reach namespace shop",
    "some workload shop/web can reach workload shop/orders",
    "pods(app=orders) in namespace shop can reach only pods in namespace kube-system",
]
# What a command needs and a function does not: where reports go, how they look, and how manifests are read, which
# `load` is told.
OF_COMMANDS = {
    "format_",
    "file",
    "yaml",
    "quiet",
    "verbose",
    "color",
    "evidence",
    "fail_on",
    "git",
    "staged",
    "batch",
} | {
    "patch",
    "assumptions",
}
OF_LOAD = {"manifests", "paths", "keep_going", "irrelevant", "strict_cidr", "exclude", "render"}
RENAMED = {"query": "queries", "parameters": "set", "sources": "source", "destinations": "destination"}
OF_OTHER_REPORTS = {"exposure", "max_regions", "grouped", "max_pairs"}


def run(*words):
    found = CliRunner().invoke(cli.app, list(words))
    assert found.exit_code in (0, 1, 3), found.output
    return found.stdout


@pytest.mark.parametrize(
    ("function", "command"),
    [
        (analyzer.check, check_command),
        (analyzer.diff, diff_command),
        (analyzer.explain, explain_command),
        (analyzer.connectivity, map_command),
    ],
)
def test_the_options_are_those_of_the_command(function, command):
    options = set(inspect.signature(command).parameters) - OF_COMMANDS - OF_LOAD - OF_OTHER_REPORTS
    wanted = {RENAMED.get(name, name) for name in options}
    own = set(inspect.signature(function).parameters) - {"manifests", "old", "new"}
    assert own == wanted
    assert set(inspect.signature(analyzer.load).parameters) - {"objects"} == OF_LOAD - {"manifests"}


@pytest.mark.parametrize("universe", ["any", "namespaces", "inventory"])
def test_check_reports_what_the_command_reports(universe):
    result = analyzer.check(analyzer.load(SHOP), *QUERIES, universe=universe, knob={"enforce-endport": False})
    asked = [word for text in QUERIES for word in ("-q", text)]
    command = run("check", SHOP, *asked, "--universe", universe, "--knob", "enforce-endport=false", "--format", "json")
    told = json.loads(command)
    assert told.pop("made_from")  # what the command read it from
    assert json.loads(result.render("json")) == told
    assert [verdict.query.id for verdict in result.verdicts] == ["q1", "q2", "q3"]
    assert result["q2"].status is Status.PROVED
    with pytest.raises(KeyError):
        result["q4"]


def test_a_pack_is_asked_by_name_by_path_and_as_it_is():
    from analyzer.packs import find

    file = ROOT / "examples/gated-repo/queries/shop.npq"
    by_path = analyzer.check(SHOP, pack=file)
    assert by_path.answer == analyzer.check(SHOP, pack=find(str(file))).answer
    assert len(analyzer.check(SHOP).verdicts) == len(analyzer.check(SHOP, pack="baseline").verdicts)


def test_explain_reports_what_the_command_reports():
    result = analyzer.explain(SHOP, "shop/web", "shop/orders", on="tcp/8080")
    command = run("explain", SHOP, "--from", "shop/web", "--to", "shop/orders", "--on", "tcp/8080", "--format", "json")
    assert json.loads(result.render("json")) == json.loads(command)
    assert str(analyzer.explain(SHOP, "shop/web", "shop/orders")).startswith("shop/web")


def test_connectivity_reports_what_the_command_reports():
    result = analyzer.connectivity(SHOP, namespace="shop", on=["tcp", "udp/53"])
    command = run("map", SHOP, "-n", "shop", "--on", "tcp,udp/53", "--format", "json")
    assert json.loads(result.render("json")) == json.loads(command)
    assert len(list(result)) == len(result) > 0


def test_diff_reports_what_the_command_reports(tmp_path):
    new = analyzer.load(SHOP).changed(removed="NetworkPolicy shop/web-to-orders")
    (tmp_path / "old").mkdir()
    for file in Path(SHOP).glob("*.yaml"):
        documents = file.read_text().split("---\n")
        kept = [text for text in documents if "name: web-to-orders" not in text]
        (tmp_path / "old" / file.name).write_text("---\n".join(kept))
    command = json.loads(run("diff", SHOP, str(tmp_path / "old"), "--format", "json"))
    result = json.loads(analyzer.diff(SHOP, new).render("json"))
    assert (result["equivalent"], len(result["changes"])) == (command["equivalent"], len(command["changes"]))


@pytest.mark.parametrize(
    "result",
    [
        lambda: analyzer.load(SHOP),
        lambda: analyzer.check(SHOP, *QUERIES),
        lambda: analyzer.diff(SHOP, SHOP),
        lambda: analyzer.explain(SHOP, "shop/web", "shop/orders"),
        lambda: analyzer.connectivity(SHOP, namespace="shop"),
    ],
)
def test_every_result_shows_itself_in_a_notebook(result):
    cell = result()._repr_html_()
    assert cell.startswith("<pre")
    assert cell.endswith("</pre>")
    assert cell.count("<span") == cell.count("</span>")


def test_nothing_in_a_manifest_is_markup_in_a_notebook():
    labels = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "annotations": {"x": "<script>"}}}
    cell = analyzer.check(analyzer.load(objects=labels), "no pods(x=y) in namespace a can reach namespace b")
    assert "<script" not in cell._repr_html_()
    from analyzer.reports.notebook import render_cell

    assert "<b>" not in render_cell("<b>\x1b[1mx\x1b[0m & \x1b[32my")
    assert render_cell("<b>\x1b[1mx\x1b[0m & \x1b[32my").count("</span>") == 2


def test_what_is_wrong_with_a_question_is_an_error_of_ours():
    with pytest.raises(QueryError):
        analyzer.check(SHOP, "no internet kann reach namespace shop")
    with pytest.raises(InputError) as caught:
        analyzer.check(SHOP, universe="every", profile="calicoo", pod_cidr="10.0.0.0/33", max_counterexamples=0)
    assert len(caught.value.problems) == 4
    with pytest.raises(UsageError, match="`shop/nothing` after `source` is no workload"):
        analyzer.explain(SHOP, "shop/nothing", "shop/web")
    with pytest.raises(UsageError, match="unknown format `htlm`"):
        analyzer.check(SHOP, *QUERIES).render("htlm")
