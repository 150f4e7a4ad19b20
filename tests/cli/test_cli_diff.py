"""`netproof diff` from end to end: answers, exit codes, formats, git revisions."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from published_schemas import follow, sets_of
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.solving import Outcome, Result

EXAMPLES = Path("tests/examples/revisions")
OLD, NEW = str(EXAMPLES / "old"), str(EXAMPLES / "new")
ANTREA = """
apiVersion: crd.antrea.io/v1beta1
kind: NetworkPolicy
metadata: {name: odd, namespace: tenant-b}
spec: {ingress: [{action: Allow, from: [{podSelector: {matchLabels: {role: ROLE}}}]}]}
"""


def run(*words, given=None):
    return CliRunner().invoke(app, ["diff", *map(str, words)], input=given)


def report(*words):
    done = run(*words, "--format", "json")
    found = json.loads(done.stdout)
    follow(found, "diff-2")
    return done.exit_code, found


def folder(path, *texts):
    path.mkdir()
    for number, text in enumerate(texts):
        (path / f"{number}.yaml").write_text(text)
    return path


# ------------------------------------------------------------------------------------------------ the answer
def test_alike_for_the_pods_of_today_is_not_equivalent():
    code, found = report(OLD, NEW)
    assert (code, found["relation"], found["equivalent"]) == (1, "more permissive", False)
    (change,) = found["changes"]
    assert change["change"] == "added"
    assert change["live"] is False
    assert sets_of(change["src"])["labels[role]"] == {"in": ["batch"]}
    assert sets_of(change["dst"])["namespace"] == {"in": ["tenant-b"]}
    assert change["before"]["TCP"] == []
    assert change["after"]["TCP"] == [[1, 65535]]
    assert (change["old"]["allowed"], change["new"]["allowed"]) == (False, True)
    assert change["new"]["stages"][1]["rules"][0]["name"] == "own"
    assert found["new_access"]["complete"]
    assert found["lost_access"]["complete"]


def test_in_the_inventory_it_is_equivalent():
    code, found = report(OLD, NEW, "--universe", "inventory")
    assert (code, found["relation"], found["changes"]) == (0, "equivalent", [])


def test_swapped_it_is_less():
    assert report(NEW, OLD)[1]["relation"] == "less permissive"


@pytest.mark.parametrize(("fail_on", "code"), [("change", 1), ("new-access", 1), ("lost-access", 0), ("queries", 0)])
def test_what_makes_it_fail(fail_on, code):
    assert run(OLD, NEW, "--fail-on", fail_on).exit_code == code


def test_a_cap_is_told(tmp_path):
    policy = Path(NEW, "cluster.yaml").read_text().replace("role: batch", "role: ROLE")
    new = folder(tmp_path / "new", policy.replace("podSelector: {matchLabels: {role: ROLE}}", "podSelector: {}"))
    done = run(OLD, new, "--max-changes", "1", "--quiet")
    shown = done.stdout.count("shown by")
    assert shown == 1
    code, found = report(OLD, new, "--max-changes", "1")
    assert code == 1
    assert found["new_access"]["capped"] is ("--max-changes" in done.stdout)


# ------------------------------------------------------------------------------------------------ what is open
def test_an_unmodelled_object_that_both_hold_is_no_change(tmp_path):
    old, new = (folder(tmp_path / n, Path(OLD, "cluster.yaml").read_text(), ANTREA) for n in ("old", "new"))
    assert report(old, new)[1]["relation"] == "equivalent"


def test_an_unmodelled_object_that_changed_is_unknown_and_named(tmp_path):
    text = Path(OLD, "cluster.yaml").read_text()
    old = folder(tmp_path / "old", text, ANTREA)
    new = folder(tmp_path / "new", text, ANTREA.replace("ROLE", "batch"))
    code, found = report(old, new)
    assert (code, found["relation"]) == (3, "unknown")
    assert any("NetworkPolicy tenant-b/odd" in text for text in found["new_access"]["blame"])


# ------------------------------------------------------------------------------------------------ one side only
def test_what_only_one_side_holds_is_told(tmp_path):
    text = Path(OLD, "cluster.yaml").read_text()
    more = "apiVersion: v1\nkind: Namespace\nmetadata: {name: tenant-c}\n---\n" + ANTREA.replace(
        "apiVersion: crd.antrea.io/v1beta1\nkind: NetworkPolicy", "apiVersion: v1\nkind: Pod"
    ).replace(
        "spec: {ingress: [{action: Allow, from: [{podSelector: {matchLabels: {role: ROLE}}}]}]}",
        "spec: {containers: [{name: main, image: x}]}",
    )
    old, new = folder(tmp_path / "old", text), folder(tmp_path / "new", text, more)
    code, found = report(old, new)
    assert (code, found["relation"]) == (0, "equivalent")
    told = " ".join(found["one_sided"])
    assert "`tenant-c`" in told
    assert "`tenant-b/odd[Pod]`" in told


# ------------------------------------------------------------------------------------------------ queries
def test_queries_about_what_is_new(tmp_path):
    pack = tmp_path / "rules.npq"
    pack.write_text(
        "assert nothing-new: no anything can newly reach namespace tenant-b\n"
        "assert no-internet: no pods in namespace tenant-b can newly reach internet\n"
        "assert closed: no namespace tenant-a can reach namespace tenant-b\n"
    )
    code, found = report(OLD, NEW, "-p", pack, "--fail-on", "queries")
    assert code == 1
    assert [(q["before"], q["after"]) for q in found["queries"]] == [
        (None, "refuted"),
        (None, "proved"),
        ("proved", "refuted"),
    ]
    (change,) = found["queries"][0]["changes"]
    assert sets_of(change["src"])["labels[role]"] == {"in": ["batch"]}
    text = run(OLD, NEW, "-p", pack).stdout
    assert "proved → refuted" in text
    done = CliRunner().invoke(app, ["check", NEW, "-p", str(pack)])
    assert done.exit_code == 2
    assert "netproof diff OLD NEW" in done.stderr


# ------------------------------------------------------------------------------------------------ formats
def test_text_shows_the_rules_of_both_sides():
    text = run(OLD, NEW, "--quiet").stdout
    assert text.startswith("New access\n")
    assert "latent" in text
    assert "NetworkPolicy tenant-b/default-deny" in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("universe", ["any", "namespaces", "inventory"])
def test_a_page_tells_each_change_that_json_lists(universe):
    code, found = report(OLD, NEW, "--universe", universe)
    done = run(OLD, NEW, "--universe", universe, "--format", "html")
    page = done.stdout
    told = page.count("<article>") if universe != "inventory" else page.count("<tr><td class=wraps>added")
    assert (done.exit_code, told) == (code, len(found["changes"]))
    assert f">{found['relation']}</span>" in page
    assert "</html>" in page
    assert "<script" not in page


def test_a_page_escapes_what_the_input_holds(tmp_path):
    new = folder(tmp_path / "<img src=x>|new", Path(NEW, "cluster.yaml").read_text())
    page = run(OLD, new, "--format", "html").stdout
    assert "more permissive</span>" in page
    assert "<img" not in page
    assert "&lt;img src=x&gt;|new" in page


def test_markdown_escapes_what_the_input_holds(tmp_path):
    new = folder(tmp_path / "<img src=x>|new", Path(NEW, "cluster.yaml").read_text())
    text = run(OLD, new, "--format", "markdown").stdout
    assert "### Network access: more permissive" in text
    assert "<img" not in text.replace("\\<", "")
    assert "\\<img src=x\\>\\|new" in text


def test_the_table_of_the_inventory(tmp_path):
    policy = Path(NEW, "cluster.yaml").read_text().replace("{role: batch}", "{app: web}")
    new = folder(tmp_path / "new", policy)
    code, found = report(OLD, new, "--universe", "inventory")
    assert code == 1
    (row,) = found["changes"]
    assert (row["change"], row["src"], row["dst"]) == ("added", "tenant-a/web[Deployment]", "tenant-b/api[Deployment]")
    assert row["after"]["TCP"] == [[1, 65535]]
    text = run(OLD, new, "--universe", "inventory", "--quiet").stdout
    assert "nothing → every port" in text
    assert "| added | tenant-a/web" in run(OLD, new, "--universe", "inventory", "--format", "markdown").stdout
    page = run(OLD, new, "--universe", "inventory", "--format", "html").stdout
    assert "<td class=wraps>added</td><td class=wraps>tenant-a/web" in page


# ------------------------------------------------------------------------------------------------ inputs
def test_both_sides_are_needed():
    assert run(OLD).exit_code == 2
    assert run("-", "-").exit_code == 2


def test_errors_of_both_sides_come_at_once(tmp_path):
    done = run(tmp_path / "a", tmp_path / "b")
    assert done.exit_code == 2
    assert "2 errors" in done.stderr


def test_one_side_may_be_standard_input():
    assert run(OLD, "-", given=Path(OLD, "cluster.yaml").read_text()).exit_code == 0


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*words):
        names = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *names, *words], check=True, capture_output=True, env=environment)

    return git


def test_two_git_revisions(repository, tmp_path, request):
    root = request.config.rootpath
    repository("init", "-q")
    for name in ("old", "new"):
        (tmp_path / "k8s").mkdir(exist_ok=True)
        (tmp_path / "k8s" / "cluster.yaml").write_text((root / EXAMPLES / name / "cluster.yaml").read_text())
        (tmp_path / "k8s" / ".hidden.yaml").write_text("no: manifest")
        (tmp_path / "k8s" / "loud.YAML").write_text("no: manifest")
        repository("add", ".")
        repository("commit", "-q", "-m", name)
    (tmp_path / "k8s" / "cluster.yaml").write_text("not what is compared")
    done = run("--git", "HEAD~1..HEAD", "--format", "json", "--", "k8s")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["relation"]) == (1, "more permissive")
    assert found["changes"][0]["old"]["stages"][1]["rules"][0]["file"] == "HEAD~1:k8s/cluster.yaml"
    assert run("--git", "HEAD..HEAD", "--", "k8s/").exit_code == 0
    assert run("--git", "HEAD..HEAD", "--", "k8s/cluster.yaml").exit_code == 0
    for bad in ("HEAD..nowhere", "HEAD", "--output=x..HEAD", "HEAD....HEAD"):
        assert run("--git", bad, "--", "k8s").exit_code == 2
    assert run("--git", "HEAD..HEAD", "--", "elsewhere").exit_code == 2
    kept = [notice["files"] for notice in found["notices"] if "files" in notice]
    assert kept == [[f"{rev}:k8s/{name}"] for rev in ("HEAD~1", "HEAD") for name in ("loud.YAML", ".hidden.yaml")]
    brief = run("--git", "HEAD~1..HEAD", "--quiet", "--", "k8s").stdout
    assert "HEAD:k8s/loud.YAML" in brief
    assert "HEAD:k8s/.hidden.yaml" in brief


def test_from_the_merge_base(repository, tmp_path):
    """What main gained meanwhile is no doing of the branch."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny", "namespace": "a"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}

    def commit(name, content):
        (tmp_path / name).write_text(json.dumps(content))
        repository("add", ".")
        repository("commit", "-q", "-m", name)

    repository("init", "-q", "-b", "main")
    commit("ns.json", namespace)
    repository("checkout", "-q", "-b", "work")
    commit("note.json", {**namespace, "metadata": {"name": "b"}})
    repository("checkout", "-q", "main")
    commit("deny.json", policy)
    assert run("--git", "main...work", "--fail-on", "new-access").exit_code == 0
    assert run("--git", "main..work", "--fail-on", "new-access").exit_code == 1
    repository("checkout", "-q", "--orphan", "apart")
    commit("other.json", namespace)
    done = run("--git", "main...apart")
    assert done.exit_code == 2
    assert "no commit in common" in done.stderr
    assert "fetch" in done.stderr


# ------------------------------------------------------------------------------------------------ a second solver
def test_cross_check_is_told(tmp_path):
    pack = tmp_path / "ours.npq"
    pack.write_text("assert kept: no pods in namespace tenant-a can reach pods in namespace tenant-b\n")
    code, found = report(OLD, NEW, "-p", pack, "--cross-check", "cvc5")
    told = found["cross_check"]
    assert code == 1
    assert told["confirmed"] == told["total"] > 10
    assert told["undecided"] == []
    for form in ("text", "markdown"):
        shown = run(OLD, NEW, "-p", pack, "--cross-check", "cvc5", "--format", form).stdout
        assert f"cross-check: {told['total']} of {told['total']} answers confirmed by cvc5" in shown
    assert "cross_check" not in report(OLD, NEW)[1]


def test_what_a_second_solver_does_not_confirm_is_no_pass(tmp_path, monkeypatch):
    monkeypatch.setattr("analyzer.solving.scripts._by_cvc5", lambda *_: Outcome(Result.UNKNOWN))
    done = run(NEW, OLD, "--fail-on", "new-access", "--cross-check", "cvc5")
    assert done.exit_code == 3
    assert "its budget was spent on new access and lost access" in " ".join(done.stdout.split())


def test_a_contradiction_is_an_internal_error_with_the_script(monkeypatch):
    monkeypatch.setattr("analyzer.solving.scripts._by_cvc5", lambda *_: Outcome(Result.SAT))
    done = run(OLD, NEW, "--cross-check", "cvc5")
    assert done.exit_code == 70
    kept = Path(re.search(r"(\S+\.txt)", done.stderr)[1])
    assert "(check-sat)" in kept.read_text()
    assert done.stdout == ""


def test_the_table_of_the_inventory_gives_a_second_solver_nothing_to_confirm():
    done = run(OLD, NEW, "--universe", "inventory", "--cross-check", "cvc5")
    assert done.exit_code == 2
    assert "--cross-check has nothing to confirm" in done.stderr


# ------------------------------------------------------------------------------------------------ routes
BEHIND_ROUTES = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}, {containerPort: 9090}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: 8080}, {name: more, port: 90, targetPort: 9090}]}
"""
CLOSED = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""


def route(port):
    return f"""---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: front, namespace: shop}}
spec: {{defaultBackend: {{service: {{name: web, port: {{number: {port}}}}}}}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        (route(80), route(80), []),
        ("", route(80), [("added", [], [[8080, 8080]])]),
        (route(80), "", [("removed", [[8080, 8080]], [])]),
        (route(80), route(90), [("changed", [[8080, 8080]], [[9090, 9090]])]),
        (CLOSED, CLOSED + route(80), []),
    ],
)
def test_flows_from_the_ingress_controller_are_rows_of_the_inventory(old, new, expected, tmp_path):
    for name, more in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(BEHIND_ROUTES + more)
    code, found = report(str(tmp_path / "old"), str(tmp_path / "new"), "--universe", "inventory")
    rows = [row for row in found["changes"] if row["src"] == "{ingress-controller}"]
    assert [(row["change"], row["before"]["TCP"], row["after"]["TCP"]) for row in rows] == expected
    assert {row["dst"] for row in rows} <= {"shop/web[Deployment]"}
    assert (code, found["equivalent"], found["changes"]) == (1 if expected else 0, not expected, rows)


@pytest.mark.parametrize("universe", ["any", "namespaces", "inventory"])
def test_what_a_comparison_stands_on_is_one_line_or_all_of_it(universe):
    brief = run(OLD, NEW, "--universe", universe).stdout
    assert re.search(r"; profile generic; \d assumptions: --assumptions", " ".join(brief.split()))
    assert "policies-complete" not in brief
    told = run(OLD, NEW, "--universe", universe, "--assumptions").stdout
    assert "policies-complete" in told
    assert "profile    policies are enforced as profile generic does" in told
    assert brief.splitlines()[-1] == told.splitlines()[-1]  # what it comes to
    quiet = run(OLD, NEW, "--universe", universe, "--quiet").stdout
    assert "profile" not in quiet
