"""One report of many sources: the same whoever does the work, whatever dies, and wherever a run was interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.errors import InputError
from analyzer.fleet import running
from analyzer.fleet.journal import Journal
from analyzer.fleet.orders import Order, Source, order_of
from analyzer.fleet.running import run
from analyzer.reports.fleet_json import render_fleet_json
from analyzer.reports.schema import schema_text
from analyzer.verdicts import Status
from analyzer.verdicts.fleet import Cell, Row, Trend, trends_of

QUERIES = (
    "no pods in namespace a can reach pods in namespace b",
    "some pods in namespace a can reach pods in namespace b",
)
CLOSED = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: b}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
"""
PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: b}
---
"""


def sources(folder: Path, count: int = 6) -> tuple[Source, ...]:
    """Every third is closed, and one cannot be read."""
    found = []
    for number in range(count):
        place = folder / f"c{number}"
        place.mkdir()
        text = PODS + (CLOSED if number % 3 == 0 else "") + ("kind: Pod\n" if number == 4 else "")
        (place / "all.yaml").write_text(text)
        found.append(Source(f"c{number}", (str(place),)))
    return tuple(found)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(sources(tmp_path), queries=QUERIES)


def report(
    order: Order, jobs: int = 1, scheduler: str | None = None, journal: Path | None = None, progress: Any = None
) -> Any:
    return json.loads(render_fleet_json(run(order, Journal(journal, order), jobs, scheduler, progress)))


def test_each_source_is_a_row_and_what_cannot_be_read_is_unknown(order: Order) -> None:
    found = report(order)
    assert [row["source"] for row in found["sources"]] == [source.name for source in order.sources]
    marks = [[it["verdict"] for it in row["queries"]] for row in found["sources"]]
    closed, opened, unread = ["proved", "refuted"], ["refuted", "proved"], ["unknown", "unknown"]
    assert marks == [closed, opened, opened, closed, unread, opened]
    assert "apiVersion" in found["sources"][4]["error"]
    assert found["verdict"] == "refuted"


def test_processes_give_the_report_that_one_gives(order: Order) -> None:
    assert report(order, jobs=2) == report(order)


def test_a_run_that_was_interrupted_goes_on(order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, asked = tmp_path / "journal", list[int]()
    answered = running.answered

    def stopping(order: Order, number: int) -> Row:
        if number == 3 and len(asked) == 3:
            raise KeyboardInterrupt
        asked.append(number)
        return answered(order, number)

    monkeypatch.setattr(running, "answered", stopping)
    with pytest.raises(KeyboardInterrupt):
        report(order, journal=journal)
    with journal.open("a") as file:
        file.write('{"order": "cut')
        file.write("\n")
    asked.append(-1)
    found = report(order, journal=journal)
    assert asked == [0, 1, 2, -1, 3, 4, 5]
    assert not journal.exists()
    assert found == report(order)


def test_rows_of_other_questions_do_not_count(order: Order, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    other = Order(order.sources, queries=QUERIES[:1])
    Journal(journal, other).note(Row("c0", (Cell("query/q1", Status.PROVED, None, ""),)))
    assert Journal(journal, order).known() == {}
    assert list(Journal(journal, other).known()) == ["c0"]


def test_a_killed_worker_loses_nothing(order: Order) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `fleet` is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp://"
    ) as cluster:
        killed: list[int] = []

        def kill(name: str, done: int, total: int) -> None:
            """Once the first row is there."""
            process = next(iter(cluster.workers.values())).process
            if not killed and process is not None and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)

        found = report(order, scheduler=cluster.scheduler_address, progress=kill)
    assert killed
    assert found == report(order)


def test_without_a_scheduler_the_way_out_is_told(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"netproof\[fleet\]"):
        report(order, scheduler="tcp://127.0.0.1:1")


# ------------------------------------------------------------------------------------------------ orders
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("packs = [", "is no TOML"),
        ("", r"lists no \[\[source\]\]"),
        ("[[source]]\npaths = ['x']", "source 1 has no `name`"),
        ("[[source]]\nname = 'x'", "needs either `paths`"),
        ("[[source]]\nname = 'x'\ncontext = 'c'\npaths = ['p']", "needs either `paths`"),
        ("[[source]]\nname = 'x'\ncontext = 'c'\ngit = 'HEAD'", "both `git` and `context`"),
        ("[[source]]\nname = 'x'\npaths = 1", "is no list of texts"),
        ("[[source]]\nname = 'x'\npaths = ['p']\nodd = 1", "unknown key `odd` in source 1"),
        ("odd = 1\n[[source]]\nname = 'x'\npaths = ['p']", "unknown key `odd`"),
        ("[[source]]\nname = 'x'\npaths = ['p']\n" * 2, "two sources are called `x`"),
    ],
)
def test_what_is_wrong_with_the_list_is_told(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        order_of(file)


def test_sources_are_directories_revisions_and_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "all.yaml").write_text(PODS + CLOSED)
    for words in (["init", "-q"], ["add", "."], [*settings, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    (tmp_path / "k8s" / "all.yaml").write_text(PODS)
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    listed = "namespaces ns v1 false Namespace\nnetworkpolicies netpol networking.k8s.io/v1 true NetworkPolicy"
    kubectl.write_text(
        f'#!/bin/sh\ncase "$*" in\n*api-resources*) echo "{listed}";;\n*apiservices*) exit 1;;\n'
        '*) echo \'{"apiVersion": "v1", "kind": "List", "items": '
        '[{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "b"}}]}\';;\nesac\n'
    )
    kubectl.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{kubectl.parent}{os.pathsep}{os.environ['PATH']}")
    file = tmp_path / "fleet.toml"
    file.write_text(
        f"queries = ['{QUERIES[0]}']\n[[source]]\nname = 'now'\npaths = ['k8s']\n"
        "[[source]]\nname = 'then'\ngit = 'HEAD'\npaths = ['k8s']\n[[source]]\nname = 'live'\ncontext = 'prod'\n"
    )
    found = report(order_of(file))
    assert [row["queries"][0]["verdict"] for row in found["sources"]] == ["refuted", "proved", "refuted"]
    assert [row["error"] for row in found["sources"]] == [None] * 3


# ------------------------------------------------------------------------------------------------ command and trends
def test_trends_tell_what_is_worse_better_and_gone() -> None:
    def row(name: str, *statuses: Status) -> Row:
        return Row(name, tuple(Cell(f"p/q{i}", status, None, "") for i, status in enumerate(statuses)))

    before = (row("a", Status.PROVED, Status.REFUTED), row("gone", Status.PROVED))
    after = (row("a", Status.REFUTED, Status.PROVED), row("new", Status.UNKNOWN))
    assert trends_of(before, after) == (
        Trend("a", "p/q0", Status.PROVED, Status.REFUTED),
        Trend("a", "p/q1", Status.REFUTED, Status.PROVED),
        Trend("new", "p/q0", None, Status.UNKNOWN),
        Trend("gone", "p/q0", Status.PROVED, None),
    )
    assert [trend.is_worse for trend in trends_of(before, after)] == [True, False, True, False]


def test_the_command_reports_in_each_format_and_compares(order: Order, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    tables = "".join(f"[[source]]\nname = '{it.name}'\npaths = ['{it.paths[0]}']\n" for it in order.sources)
    file.write_text(f"queries = {json.dumps(list(QUERIES))}\n{tables}")
    earlier, words = tmp_path / "earlier.json", ["fleet", str(file), "--jobs", "1"]
    found = CliRunner().invoke(app, [*words, "--format", "json", "-o", str(earlier)])
    assert found.exit_code == 1, found.output
    (tmp_path / "c0" / "all.yaml").write_text(PODS)
    text = CliRunner().invoke(app, [*words, "--since", str(earlier)])
    assert text.exit_code == 1
    assert "worse: c0: command line/q1: proved → refuted" in text.output
    assert "better: c0: command line/q2: refuted → proved" in text.output
    told = json.loads(CliRunner().invoke(app, [*words, "--since", str(earlier), "--format", "json"]).output)
    jsonschema.validate(told, json.loads(schema_text("fleet-1")))
    page = CliRunner().invoke(app, [*words, "--format", "html"])
    assert page.output.startswith("<!DOCTYPE html>")
    assert page.output.count("<tr>") == 7
    assert CliRunner().invoke(app, [*words, "--since", str(file)]).exit_code == 2


def test_directories_are_sources_as_a_list_of_them_is(order: Order, tmp_path: Path) -> None:
    places = [source.paths[0] for source in order.sources]
    asked = [word for text in QUERIES for word in ("-q", text)]
    written = CliRunner().invoke(app, ["fleet", *places, *asked, "--format", "json", "--jobs", "1"])
    assert written.exit_code == 1, written.output
    named = replace(order, sources=tuple(replace(source, name=source.paths[0]) for source in order.sources))
    assert json.loads(written.stdout) == report(named)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("c0", "gone", "lost"), ("gone: does not exist", "lost: does not exist")),
        (("c0", "c1", "c0"), ("c0: is named twice",)),
        (("c0", "fleet.toml"), ("beside other sources",)),
    ],
)
def test_what_is_wrong_with_directories_is_told(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], said: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["fleet", *given])
    assert found.exit_code == 2
    assert all(text in found.output for text in said), found.output


def test_questions_of_the_command_are_asked_beside_those_of_the_list(order: Order, tmp_path: Path) -> None:
    listed = tmp_path / "fleet.toml"
    places = ("".join(f'[[source]]\nname="{it.name}"\npaths=["{it.paths[0]}"]\n') for it in order.sources[:2])
    listed.write_text(f'queries = ["{QUERIES[0]}"]\n' + "".join(places))
    found = CliRunner().invoke(app, ["fleet", str(listed), "-q", QUERIES[1], "--format", "json", "--jobs", "1"])
    assert json.loads(found.stdout) == report(replace(order, sources=order.sources[:2]))
