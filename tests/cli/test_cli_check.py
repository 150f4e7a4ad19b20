"""`netproof check` from end to end: verdicts, exit codes, streams and files."""

import json
import os
import subprocess
import sys

import pytest
import yaml
from published_schemas import follow
from typer.testing import CliRunner

from analyzer import analysis
from analyzer.cli.app import app
from analyzer.errors import InternalError

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
"""
DENY = """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
ANTREA = """
---
apiVersion: crd.antrea.io/v1beta1
kind: NetworkPolicy
metadata: {name: opens, namespace: shop}
spec: {priority: 5, appliedTo: [{podSelector: {}}], ingress: [{action: Allow}]}
"""
TYPO = """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: typo, namespace: shop}
spec: {podSelectr: {}}
"""
CLOSED_TO_INTERNET = "no internet can reach namespace shop"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "open.yaml").write_text(SHOP)
    (tmp_path / "closed.yaml").write_text(SHOP + DENY)
    (tmp_path / "antrea.yaml").write_text(SHOP + DENY + ANTREA)
    (tmp_path / "typo.yaml").write_text(SHOP + TYPO)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*words, **options):
    return CliRunner().invoke(app, ["check", *map(str, words)], **options)


def answer(*words):
    return json.loads(check(*words, "--format", "json").stdout)


# ------------------------------------------------------------------------------------------------ verdicts, exit codes
@pytest.mark.parametrize(
    ("file", "claim", "verdict", "code"),
    [
        ("closed.yaml", CLOSED_TO_INTERNET, "proved", 0),
        ("open.yaml", CLOSED_TO_INTERNET, "refuted", 1),
        ("antrea.yaml", CLOSED_TO_INTERNET, "unknown", 3),
        ("closed.yaml", "no pods(a,!a) can reach namespace shop", "vacuous", 3),
    ],
)
@pytest.mark.usefixtures("folder")
def test_exit_code_follows_the_verdict(file, claim, verdict, code):
    found = check(file, "-q", claim, "--format", "json")
    report = json.loads(found.stdout)
    assert (found.exit_code, report["verdict"], report["queries"][0]["verdict"]) == (code, verdict, verdict)
    assert found.stderr == ""
    follow(report, "check-2")


@pytest.mark.usefixtures("folder")
def test_the_worst_verdict_wins():
    claims = ("-q", CLOSED_TO_INTERNET, "-q", "no namespace shop can reach internet")
    assert check("open.yaml", *claims).exit_code == 1
    assert [query["id"] for query in answer("closed.yaml", *claims)["queries"]] == ["q1", "q2"]


@pytest.mark.usefixtures("folder")
def test_a_spent_budget_is_never_a_pass():
    found = check("closed.yaml", "-q", CLOSED_TO_INTERNET, "--budget", "1", "--format", "json")
    assert found.exit_code in (0, 3)
    assert found.exit_code == {"proved": 0, "unknown": 3}[json.loads(found.stdout)["verdict"]]


@pytest.mark.usefixtures("folder")
def test_without_a_question_the_baseline_is_asked():
    assert {query["pack"] for query in answer("open.yaml")["queries"]} == {"baseline"}


@pytest.mark.usefixtures("folder")
def test_a_refutation_is_told_in_sentences():
    found = check("open.yaml", "-q", CLOSED_TO_INTERNET)
    text = " ".join(found.stdout.split())
    assert "✗ refuted 1 query; 1 finding" in text
    assert "shows 8.8.8.8 → shop/web on TCP" in text
    assert "(live)" in text
    assert "Every pod that could be created; profile generic; " in text


@pytest.mark.usefixtures("folder")
def test_a_verbose_report_tells_each_verdict_and_all_that_it_stands_on():
    text = " ".join(check("open.yaml", "-q", CLOSED_TO_INTERNET, "-v").stdout.split())
    assert "live: workloads in these manifests are a witness" in text
    assert "no policy selects it" in text
    assert "covers every pod that could be created" in text
    told = " ".join(check("open.yaml", "-q", CLOSED_TO_INTERNET, "--assumptions").stdout.split())
    assert "covers every pod that could be created" in told
    assert "no policy selects it" not in told


@pytest.mark.usefixtures("folder")
def test_quiet_and_verbose():
    assert len(check("closed.yaml", "-q", CLOSED_TO_INTERNET, "--quiet").stdout.splitlines()) == 1
    assert "cost" in check("closed.yaml", "-q", CLOSED_TO_INTERNET, "--verbose").stdout
    assert "statistics" in answer("closed.yaml", "-q", CLOSED_TO_INTERNET, "--verbose")["queries"][0]


@pytest.mark.usefixtures("folder")
def test_same_input_same_bytes():
    first, second = (check("open.yaml", "--format", "json").stdout_bytes for _ in range(2))
    assert first == second


@pytest.mark.usefixtures("folder")
def test_universe_profile_and_knobs_reach_the_answer():
    words = ("closed.yaml", "-q", CLOSED_TO_INTERNET, "--universe", "inventory", "--pod-cidr", "10.0.0.0/16")
    report = answer(*words, "--profile", "cilium", "--knob", "enforce-endport=false")
    assert report["universe"] == "inventory"
    assert report["profile"]["name"] == "cilium"
    assert report["profile"]["knobs"]["enforce-endport"] == "false"
    assert any("10.0.0.0/16" in assumption["text"] for assumption in report["assumptions"])


@pytest.mark.usefixtures("folder")
def test_a_profile_that_enforces_nothing_refutes():
    assert check("closed.yaml", "-q", CLOSED_TO_INTERNET, "--profile", "none").exit_code == 1


# ------------------------------------------------------------------------------------------------ input
@pytest.mark.usefixtures("folder")
def test_standard_input():
    assert check("-", "-q", CLOSED_TO_INTERNET, input=SHOP + DENY).exit_code == 0


def test_a_query_file_with_parameters(folder):
    (folder / "mine.npq").write_text(
        'pack mine "Mine"\nparam who = "nobody"\nassert closed "Closed":\n  no internet can reach namespace $who\n'
    )
    report = answer("open.yaml", "-p", "mine.npq", "--set", "who=shop")
    assert [(query["pack"], query["id"], query["verdict"]) for query in report["queries"]] == [
        ("mine", "closed", "refuted")
    ]


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (["nowhere.yaml"], ["nowhere.yaml"]),
        (["empty"], ["empty: ", "holds no manifest"]),
        (["typo.yaml"], ["typo.yaml:", "podSelectr", "podSelector"]),
        (["open.yaml", "-p", "baselin"], ["`baselin`", "baseline"]),
        (["open.yaml", "-q", "no internet can raech namespace shop"], ["raech", ":1:17"]),
        (["open.yaml", "--set", "colour=red"], ["no pack given has a parameter `colour`"]),
        (["open.yaml", "--set", "colour"], ["`colour` after --set is not NAME=VALUE"]),
        (["open.yaml", "--profile", "calicoo"], ["unknown profile `calicoo`", "`calico`"]),
        (["open.yaml", "--universe", "inventroy"], ["unknown universe `inventroy`", "`inventory`"]),
        (["open.yaml", "--knob", "enforce-endprt=true"], ["`enforce-endprt`", "`enforce-endport`"]),
        (["open.yaml", "--pod-cidr", "10.0.0.0/40"], ["`10.0.0.0/40` in --pod-cidr is no CIDR"]),
        (["open.yaml", "--format", "xml"], ["xml", "json"]),
        (["open.yaml", "--frmat", "json"], ["--frmat", "--format"]),
        (["open.yaml", "--max-counterexamples", "0"], ["--max-counterexamples"]),
        (["open.yaml", "--budget", "lots"], ["--budget"]),
        (["open.yaml", "-o", "empty"], ["`empty` is a directory"]),
        (["open.yaml", "-o", "no/report"], ["the folder of `no/report` does not exist"]),
        (["open.yaml", "--yaml", "-"], ["--yaml -"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bad_input_is_exit_2_with_a_way_out(words, messages):
    for form in ([], ["--format", "json"] if "--format" not in words else []):
        found = check(*words, *form)
        assert found.exit_code == 2
        assert found.stdout == ""
        for message in messages:
            assert message in found.stderr
        assert "Traceback" not in found.stderr


@pytest.mark.usefixtures("folder")
def test_everything_wrong_is_told_at_once():
    found = check("typo.yaml", "nowhere.yaml", "-p", "baselin", "-q", "no nonsense", "-q", "gibberish")
    for message in ("podSelectr", "nowhere.yaml", "baselin", "-q number 1:1:", "-q number 2:1:"):
        assert message in found.stderr


@pytest.mark.usefixtures("folder")
def test_keep_going_answers_unknown_and_repeats_the_errors():
    found = check("typo.yaml", "-q", CLOSED_TO_INTERNET, "--keep-going", "--format", "json")
    assert found.exit_code == 3
    assert json.loads(found.stdout)["verdict"] == "unknown"
    assert "podSelectr" in found.stderr


# ------------------------------------------------------------------------------------------------ output
def test_output_goes_to_the_file_and_nothing_to_stdout(folder):
    found = check("open.yaml", "-q", CLOSED_TO_INTERNET, "--format", "json", "-o", "report.json")
    assert (found.exit_code, found.stdout) == (1, "")
    assert json.loads((folder / "report.json").read_text())["verdict"] == "refuted"


def test_counterexamples_as_manifests(folder):
    found = check("open.yaml", "-q", "no pods in namespace later can reach internet", "--yaml", "witness.yaml")
    assert found.exit_code == 1
    documents = [document for document in yaml.safe_load_all((folder / "witness.yaml").read_text()) if document]
    assert [document["kind"] for document in documents] == ["Namespace", "Pod"]
    assert documents[1]["metadata"]["namespace"] == "later"


@pytest.mark.usefixtures("folder")
def test_manifests_on_stdout_with_the_report_elsewhere():
    found = check("open.yaml", "-q", "no pods in namespace later can reach internet", "--yaml", "-", "-o", "report")
    assert [document["kind"] for document in yaml.safe_load_all(found.stdout) if document] == ["Namespace", "Pod"]


@pytest.mark.usefixtures("folder")
def test_a_witness_applied_is_a_live_witness():
    claim = "no pods in namespace later can reach internet"
    assert answer("open.yaml", "-q", claim)["queries"][0]["live"] is False
    check("open.yaml", "-q", claim, "--yaml", "witness.yaml")
    assert answer("open.yaml", "witness.yaml", "-q", claim)["queries"][0]["live"] is True


# ------------------------------------------------------------------------------------------------ how a run ends early
@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (InternalError("the oracle disagrees", "bundle text"), 70, "the oracle disagrees"),
        (RecursionError("too deep"), 70, "defect in netproof"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_early_ends(error, code, message, monkeypatch):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr(analysis, "check", fails)
    found = check("open.yaml", "-q", CLOSED_TO_INTERNET)
    assert (found.exit_code, found.stdout) == (code, "")
    assert message in found.stderr
    assert "Traceback" not in found.stderr


def process(*words, cwd, **options):
    command = [sys.executable, "-m", "analyzer", "check", *words]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.fixture
def environment():
    """For a process of its own, started outside the checkout."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return {**os.environ, "PYTHONPATH": root}


def test_a_reader_that_hangs_up_is_no_error(folder, environment):
    with process("open.yaml", "-q", CLOSED_TO_INTERNET, cwd=folder, env=environment) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 1


@pytest.mark.parametrize(
    ("redirection", "message"),
    [(">/dev/full", "standard output cannot be written"), (">&-", "standard output is closed"), ("- <&-", "manifest")],
)
def test_closed_and_full_streams_are_no_defect(redirection, message, folder, environment):
    command = f"exec {sys.executable} -m analyzer check open.yaml -q '{CLOSED_TO_INTERNET}' {redirection}"
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("variables", "words"), [({"NO_COLOR": "1"}, []), ({}, ["--color", "never"]), ({}, [])])
def test_pipes_get_no_colour_and_no_progress(variables, words, folder, environment):
    with process(
        "open.yaml", "-q", CLOSED_TO_INTERNET, *words, cwd=folder, env={**environment, **variables}
    ) as running:
        out, err = running.communicate()
    assert b"\x1b" not in out
    assert err == b""


@pytest.mark.parametrize(("file", "code"), [("open.yaml", 1), ("nowhere.yaml", 2)])
def test_a_closed_stderr_leaves_stdout_to_the_report(file, code, folder, environment):
    command = f"exec {sys.executable} -m analyzer check {file} -q '{CLOSED_TO_INTERNET}' 2>&-"
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True)
    assert done.returncode == code
    assert (b"refuted" in done.stdout) == (code == 1)
    assert b"error" not in done.stdout


def test_colour_on_demand(folder, environment):
    with process("open.yaml", "-q", CLOSED_TO_INTERNET, "--color", "always", cwd=folder, env=environment) as running:
        assert b"\x1b[1;31m" in running.communicate()[0]


def test_a_stream_without_the_marks_gets_ascii(folder, environment):
    latin = {**environment, "PYTHONIOENCODING": "ascii"}
    with process("open.yaml", "-q", CLOSED_TO_INTERNET, cwd=folder, env=latin) as running:
        out, err = running.communicate()
    assert out.isascii()
    assert b"x refuted" in out
    assert err == b""


@pytest.mark.parametrize(
    ("claim", "note"),
    [
        ("no namespace shp can reach internet", "no manifest mentions; is `shop` meant?"),
        ("no namespace billing can reach internet", "no manifest mentions"),
        ("no workload shop/webb can reach internet", "no manifest declares; is `web` meant?"),
    ],
)
def test_a_name_that_nothing_has_is_told_with_the_nearest(tmp_path, claim, note):
    (tmp_path / "shop.yaml").write_text(SHOP)
    found = CliRunner().invoke(app, ["check", str(tmp_path), "-q", claim, "--format", "json"])
    told = [notice["message"] for query in json.loads(found.stdout)["queries"] for notice in query["notices"]]
    assert [text for text in told if text.endswith(note)]
