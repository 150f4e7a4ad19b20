"""`check --cross-check`, `check --evidence` and `recheck` from end to end."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import z3
from published_schemas import follow
from typer.testing import CliRunner, Result

from analyzer.analysis.checking.check import check
from analyzer.cli.app import app
from analyzer.model.claims import Pack
from analyzer.model.cluster import Cluster
from analyzer.solving import Outcome, solve_script
from analyzer.solving import Result as Answered
from analyzer.verdicts import Answer

SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: main, ports: [{name: http, containerPort: 8080}]}]}
"""
POLICIES = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: http}]}]}
"""
PACK = """\
pack ours "Our own"
param app = "db"
assert no-db "Nobody reaches the database":
  no pods can reach pods(app=$app) in namespace shop
assert closed "Every pod is isolated":
  every namespace shop is isolated for ingress
assert web "The front is reachable":
  some pods can reach pods(app=web) in namespace shop
"""
CLAIM = "no internet can reach pods(app=web) in namespace shop"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    laid_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def laid_out(place: Path) -> None:
    (place / "in").mkdir()
    (place / "in" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (place / "in" / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    (place / "ours.npq").write_text(PACK, encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bundle that `bundle()` writes of these files."""
    with pytest.MonkeyPatch.context() as patched:
        laid_out(top := tmp_path_factory.mktemp("made"))
        patched.chdir(top)
        bundle()
        yield top / "bundle"


@pytest.fixture
def bundled(place: Path, made: Path) -> Path:
    """The place with that bundle in it."""
    shutil.copytree(made, place / "bundle")
    return place


def bundle(folder: str = "bundle", *more: str) -> Result:
    return run("check", "in", "-p", "ours.npq", "-q", CLAIM, "--evidence", folder, "--format", "json", *more)


def index(folder: str = "bundle") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "evidence.json").read_bytes())
    return found


def recheck(*words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code and the checks by their subjects."""
    done = run("recheck", "bundle", "--format", "json", *words)
    report = json.loads(done.stdout)
    follow(report, "recheck-2")
    return done.exit_code, {check["subject"]: check for check in report["checks"]}


def contents(folder: str) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in Path(folder).rglob("*") if f.is_file()}


# ------------------------------------------------------------------------------------------------ a second solver
def test_cross_check_is_told(place: Path) -> None:
    done = run("check", "in", "-p", "ours.npq", "--cross-check", "cvc5", "--format", "json")
    report = json.loads(done.stdout)
    follow(report, "check-2")
    told = report["cross_check"]
    assert told["solver"] == "cvc5"
    assert told["confirmed"] == told["total"] > 5
    assert told["undecided"] == []
    text = run("check", "in", "-p", "ours.npq", "--cross-check", "cvc5").stdout
    count = told["confirmed"]
    assert f"cross-check: {count} of {count} answers confirmed by cvc5 {told['version']}" in text
    for form in ("markdown", "html"):
        shown = run("check", "in", "-p", "ours.npq", "--cross-check", "cvc5", "--format", form).stdout
        assert f"{count} of {count} answers confirmed by cvc5" in shown


def test_without_it_nothing_is_told(place: Path) -> None:
    assert "cross_check" not in json.loads(run("check", "in", "-p", "ours.npq", "--format", "json").stdout)


def test_what_is_not_confirmed_is_no_pass(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, Outcome(Answered.UNKNOWN))
    done = run("check", "in", "-q", "no pods can reach pods(app=db) in namespace shop", "--cross-check", "cvc5")
    assert done.exit_code == 3
    told = " ".join(done.stdout.split())
    assert "0 of 3 answers confirmed" in told
    assert "its budget was spent on q1" in told


def test_a_contradiction_is_an_internal_error_with_the_script(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(place))
    answering(monkeypatch, Outcome(Answered.SAT))
    done = run("check", "in", "-p", "ours.npq", "--cross-check", "cvc5")
    assert done.exit_code == 70
    (details,) = (word.strip(",:") for word in done.stderr.split() if "netproof-error-" in word)
    assert "(check-sat)" in Path(details).read_text(encoding="utf-8")
    assert "(check-sat)" not in done.stderr
    assert done.stdout == ""


def answering(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    monkeypatch.setattr("analyzer.solving.scripts._by_cvc5", lambda *_: outcome)


def test_without_the_extra_the_way_out_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.solving.scripts.find_spec", lambda _: None)
    done = run("check", "in", "--cross-check", "cvc5")
    assert done.exit_code == 2
    assert "pip install 'netproof[cvc5]'" in done.stderr


@pytest.mark.parametrize("more", [(), ("--cross-check", "cvc5")])
def test_a_tiny_budget_gives_unknown(place: Path, more: tuple[str, ...]) -> None:
    done = run("check", "in", "-p", "ours.npq", "--budget", "1", "--format", "json", *more)
    assert done.exit_code == 3
    assert {query["verdict"] for query in json.loads(done.stdout)["queries"]} == {"unknown"}


# ------------------------------------------------------------------------------------------------ writing a bundle
def test_a_bundle_holds_what_it_takes(place: Path) -> None:
    done = bundle()
    assert done.exit_code == 1
    found = index()
    follow(found, "evidence-2")
    printed = json.loads(done.stdout)  # causes and their fixes are proposals, which no bundle needs
    printed.pop("made_from")  # the index tells it
    for query in printed["queries"]:
        query["beyond"] = None  # what is listed for a baseline, which no bundle is
    assert json.loads(Path("bundle/report.json").read_bytes()) == {**printed, "causes": []}
    assert [it["file"] for it in found["manifests"]] == ["in/policies.yaml", "in/shop.yaml"]
    assert found["manifests"][1]["sha256"] == hashlib.sha256(SHOP.encode()).hexdigest()
    assert [query["verdict"] for query in found["queries"]] == ["proved", "refuted", "proved", "refuted"]
    assert Path("bundle", found["packs"][0]["path"]).read_text(encoding="utf-8") == PACK
    assert found["packs"][0]["parameters"] == {"app": "db"}
    assert found["versions"]["z3"] == z3.get_version_string()
    fingerprint = hashlib.sha256(Path("bundle/evidence.json").read_bytes()).hexdigest()
    assert f"fingerprint {fingerprint}" in done.stderr
    assert set(contents("bundle")) == {"bundle.txt", "evidence.json", *found["files"]}


def test_two_runs_differ_in_the_time_only(place: Path) -> None:
    bundle("one")
    bundle("two")
    one, two = contents("one"), contents("two")
    assert one.pop("bundle.txt").startswith(b"netproof/evidence/2\nwritten 20")
    del two["bundle.txt"]
    assert one == two


def test_any_solver_reads_the_scripts(bundled: Path) -> None:
    scripts = sorted(Path("bundle/queries").rglob("*.smt2"))
    assert len(scripts) > 10
    for script in scripts:
        solver = z3.Solver(ctx=z3.Context())
        solver.from_file(str(script))
        expected = script.read_text(encoding="utf-8").split("(set-info :status ")[1].split(")")[0]
        assert str(solver.check()) == expected


def test_an_old_bundle_is_replaced(bundled: Path) -> None:
    before = set(contents("bundle"))
    run("check", "in", "-q", CLAIM, "--evidence", "bundle")
    after = set(contents("bundle"))
    assert not [path for path in after if path.startswith("packs/")]
    assert before != after
    assert recheck("--manifests", "in")[0] == 0
    assert sorted(p.name for p in Path("bundle").iterdir()) == ["bundle.txt", "evidence.json", "queries", "report.json"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda d: (d / "mine.txt").write_text("mine"), "`mine.txt`, which belongs to no evidence bundle"),
        (lambda d: (d / "report.json").write_text("mine"), "`report.json`, which belongs to no evidence bundle"),
        (lambda d: (d / "bundle.txt").write_text("mine"), "`bundle.txt`, which belongs to no evidence bundle"),
        (lambda d: (d / "queries").symlink_to(d.parent / "in"), "`queries`, which belongs to no evidence bundle"),
    ],
)
def test_other_folders_are_left_alone(place: Path, make: Callable[[Path], object], said: str) -> None:
    folder = place / "bundle"
    folder.mkdir()
    make(folder)
    before = contents(".")
    done = bundle()
    assert done.exit_code == 2
    assert said in done.stderr
    assert contents(".") == before


def test_a_bundle_with_something_else_in_it_is_left_alone(bundled: Path) -> None:
    (bundled / "bundle" / "notes.md").write_text("mine", encoding="utf-8")
    before = contents("bundle")
    assert bundle().exit_code == 2
    assert contents("bundle") == before


@pytest.mark.parametrize(
    ("folder", "said"), [("ours.npq", "is no folder"), ("no/such", "create `no` first"), ("link", "is no folder")]
)
def test_places_where_no_bundle_can_be(place: Path, folder: str, said: str) -> None:
    os.symlink(place / "in", place / "link")
    done = bundle(folder)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(("folder", "code"), [("in/bundle", 2), ("in", 2), ("in/.evidence", 2), ("inside", 1)])
def test_a_bundle_does_not_become_input(place: Path, folder: str, code: int) -> None:
    done = bundle(folder)
    assert done.exit_code == code, done.stderr
    assert bundle(folder).exit_code == code
    assert (code == 2) == ("error: " in done.stderr)


def test_evidence_is_of_whole_input(place: Path) -> None:
    done = bundle("bundle", "--keep-going")
    assert done.exit_code == 2
    assert "leave out --keep-going" in done.stderr


def test_no_name_of_the_input_becomes_a_path_or_a_command(place: Path) -> None:
    strange = "\n(set-option :regular-output-channel out)\r\x1b[2J\u202e"
    os.rename("in/policies.yaml", f"in/policies{strange}.yaml")
    titled = PACK.replace("Our own", "../../../up").replace("Nobody", "../../x; (exit) \\n ")
    Path(f"ours{strange}.npq").write_text(titled, encoding="utf-8")
    before = set(contents("."))
    done = run("check", "in", "-p", f"ours{strange}.npq", "--evidence", "bundle")
    assert done.exit_code == 1
    assert {path for path in contents(".") if not path.startswith("bundle/")} == before
    for path in contents("bundle"):
        assert path.isascii()
        assert path.isprintable()
    code, checks = recheck("--manifests", "in", "--cross-check", "cvc5")
    assert code == 0, checks
    shown = run("recheck", "bundle", "--manifests", "ours.npq")
    assert not {"\x1b", "\r", "\u202e"} & set(shown.stdout + shown.stderr + done.stdout + done.stderr)


# ------------------------------------------------------------------------------------------------ checking it again
def test_a_bundle_by_itself_shows_that_its_scripts_answer_so(bundled: Path) -> None:
    code, checks = recheck()
    assert code == 3
    assert {subject: check["finding"] for subject, check in checks.items()} == {
        "files": "holds",
        "verdicts": "holds",
        "answers": "holds",
        "second solver": "not checked",
        "manifests": "not checked",
        "witnesses": "not checked",
        "questions": "undecided",
    }


def test_with_the_manifests_everything_is_checked(bundled: Path) -> None:
    (bundled / "in").rename(bundled / "moved")
    code, checks = recheck("--manifests", "moved", "--cross-check", "cvc5")
    assert code == 0
    assert {check["finding"] for check in checks.values()} == {"holds"}
    assert checks["witnesses"]["text"].startswith("2 of 2 witnesses")
    assert checks["questions"]["text"].startswith("4 of 4 verdicts come out of the manifests again")


def test_what_is_checked_and_what_is_not_is_told_in_words(bundled: Path) -> None:
    told = " ".join(run("recheck", "bundle").stdout.split())
    assert "✓ holds files: " in told
    assert "– not checked witnesses: to decide them again in the oracle takes the manifests" in told
    assert "? undecided questions: to derive them again takes the manifests: give --manifests" in told
    assert "? undecided 4 checks: nothing fails, but not everything could be decided" in told
    told = " ".join(run("recheck", "bundle", "--manifests", "in").stdout.split())
    assert "✓ holds 6 checks: everything that was checked holds" in told


def change(path: str, old: str, new: str) -> None:
    text = Path("bundle", path).read_text(encoding="utf-8")
    assert old in text
    Path("bundle", path).write_text(text.replace(old, new, 1), encoding="utf-8")


def rehash() -> None:
    """Make the index fit the files, as whoever forges a bundle would."""
    found = index()
    found["files"] = {path: hashlib.sha256(Path("bundle", path).read_bytes()).hexdigest() for path in found["files"]}
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")


SCRIPT = "queries/001-no-db/01-violation.smt2"


def test_a_changed_file_is_told(bundled: Path) -> None:
    change(SCRIPT, "(check-sat)", "\n(check-sat)")
    code, checks = recheck()
    assert code == 1
    assert checks["files"]["details"] == [f"{SCRIPT} was changed"]


def test_a_missing_file_and_a_strange_one_are_told(bundled: Path) -> None:
    Path("bundle", SCRIPT).unlink()
    Path("bundle/notes.txt").write_text("mine", encoding="utf-8")
    code, checks = recheck()
    assert code == 1
    assert checks["files"]["details"] == [f"{SCRIPT} is missing", "notes.txt has no hash in the index"]


def test_a_forged_script_does_not_answer_so(bundled: Path) -> None:
    change(SCRIPT, "(assert violation)", "(assert true)")
    rehash()
    code, checks = recheck("--cross-check", "cvc5", "--manifests", "in")
    assert code == 1
    assert checks["files"]["finding"] == "holds"
    assert checks["answers"]["details"] == [f"no-db: violation is not `unsat`: sat ({SCRIPT})"]
    assert checks["questions"]["details"] == [f"{SCRIPT} is not what they give"]


def test_a_script_for_another_question_is_found_out_by_the_manifests(bundled: Path) -> None:
    change(SCRIPT, "(assert violation)", "(assert false)")
    rehash()
    assert recheck()[0] == 3
    assert recheck("--manifests", "in")[0] == 1


def test_a_forged_verdict_has_no_ground(bundled: Path) -> None:
    for path in ("report.json", "evidence.json"):
        content = json.loads(Path("bundle", path).read_bytes())
        content["queries"][1]["verdict"] = "proved"
        Path("bundle", path).write_text(json.dumps(content), encoding="utf-8")
    rehash()
    code, checks = recheck()
    assert code == 1
    assert checks["verdicts"]["details"] == ["closed: no scripts make it proved"]


def test_an_index_that_differs_from_the_report_is_told(bundled: Path) -> None:
    change("evidence.json", '"verdict": "refuted"', '"verdict": "unknown"')
    code, checks = recheck()
    assert code == 1
    assert checks["verdicts"]["details"] == ["closed: it is refuted in the report and unknown in the index"]


def test_a_query_that_is_there_twice_is_told(bundled: Path) -> None:
    found = index()
    twin = {**found["queries"][1], "verdict": "unknown"}
    found["queries"].insert(0, twin)
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")
    code, checks = recheck()
    assert code == 1
    assert "closed: it stands in the index twice, and is unknown in one place only" in checks["verdicts"]["details"]


def test_a_forged_witness_does_not_replay(bundled: Path) -> None:
    found = index()
    (witness,) = found["queries"][3]["witnesses"]
    witness["port"] = 9999
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")
    code, checks = recheck("--manifests", "in")
    assert code == 1
    assert checks["witnesses"]["details"][0].startswith("q1: witness 1: the oracle finds")


@pytest.mark.parametrize(
    ("old", "new", "subject", "said"),
    [
        ("policies are enforced", "no policy is enforced", "questions", "the assumptions in the index are not"),
        ('"name": "ours"', '"name": "theirs"', "questions", "the packs in the index are not"),
        ("Nobody reaches the database", "Nobody reaches anything", "questions", "no-db: what the index says of it"),
        ("no connection violates the claim", "all is well", "questions", "no-db: what the index says of it"),
        (f'"bytes": {len(POLICIES)}', '"bytes": 1', "manifests", f"in/policies.yaml has {len(POLICIES)} bytes, not 1"),
    ],
)
def test_words_of_the_index_are_held_to_the_manifests(
    bundled: Path, old: str, new: str, subject: str, said: str
) -> None:
    change("evidence.json", old, new)
    code, checks = recheck("--manifests", "in")
    assert code == 1
    assert checks[subject]["details"][0].startswith(said)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value in a JSON value that holds no others, and every list and object, with its path; of what is in a list
    the first and the last, for its parts are of one kind."""
    yield path, value
    parts = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, inner in parts if isinstance(value, dict) else dict((*parts[:1], *parts[-1:])).items():
        yield from leaves(inner, (*path, key))


def forged(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return {"netproof/evidence/2": "netproof/evidence/1"}.get(value, f"{value}0")
        case list() | dict():
            return type(value)(list(value.items())[1:] if isinstance(value, dict) else value[1:])
        case _:
            return "forged"


def once_per_question() -> Callable[..., Answer]:
    """`check`, of which each question is asked once; a query's text is all that no `repr` holds."""
    answers: dict[str, Answer] = {}

    def asked(cluster: Cluster, packs: Sequence[Pack], *, progress: object, **how: Any) -> Answer:
        question = repr((cluster, packs, [query.text for pack in packs for query in pack.queries], sorted(how.items())))
        if question not in answers:
            answers[question] = check(cluster, packs, **how)
        return answers[question]

    return asked


# What asks and does not answer: a bundle that says it was asked so holds if the same comes out of being asked so.
_ASKED = ("budget", "max_counterexamples", "irrelevant", "strict_cidr", "pod_addresses")


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ((), {"schema", "versions", "options", "assumptions", "manifests", "packs", "queries", "files", "cross_check"}),
        (("--cross-check", "cvc5"), {"versions", "cross_check"}),
    ],
)
def test_no_field_of_the_index_can_be_forged(
    place: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], parts: set[str]
) -> None:
    """Each value of the index is changed, alone, and the files' hashes made to fit.

    What is put to a solver once is not put to it again: no script is changed, and most forgeries ask the same.
    """
    monkeypatch.setattr("analyzer.analysis.evidence.recheck.solve_script", cache(solve_script))
    monkeypatch.setattr("analyzer.analysis.evidence.rederiving.check", once_per_question())
    claim = ("check", "in", "-q", CLAIM, "-q", "every namespace shop is isolated for egress", "--evidence", "bundle")
    assert run(*claim, *more).exit_code == 1
    whole = index()
    assert run("recheck", "bundle", "--manifests", "in", *more).exit_code == 0
    for path, value in leaves(whole):
        if path and path[0] not in parts:
            assert more
            continue
        if value in ([], {}) or (path and path[0] == "options" and path[-1] in (*_ASKED, "rlimit", "seconds")):
            continue
        if path[:1] == ("manifests",) and path[-1] == "file":  # a name is what messages call a file by
            continue
        changed = json.loads(json.dumps(whole))
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        if path:
            inner[path[-1]] = forged(value)
        else:
            changed = forged(value)
        Path("bundle/evidence.json").write_text(json.dumps(changed), encoding="utf-8")
        done = run("recheck", "bundle", "--manifests", "in", *more)
        assert done.exit_code in (1, 2, 3), path
        assert "everything that was checked holds" not in done.stdout


@pytest.mark.parametrize("version", ["0.0.9", "99.0"])
def test_another_version_excuses_no_verdict_and_no_script(bundled: Path, version: str) -> None:
    change(SCRIPT, "(assert violation)", "(assert false)")
    rehash()
    found = index()
    found["versions"]["netproof"] = version
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")
    code, checks = recheck("--manifests", "in")
    assert code == 3
    assert f"{SCRIPT} is not what they give" in checks["questions"]["details"]
    found["queries"][1]["verdict"] = "proved"
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")
    code, checks = recheck("--manifests", "in")
    assert code == 1
    assert checks["questions"]["details"][0] == "closed: proved was recorded, and now it is refuted"


def test_a_query_left_out_of_the_index_is_told(bundled: Path) -> None:
    found = index()
    del found["queries"][1]
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")
    code, checks = recheck("--manifests", "in")
    assert code == 1
    assert checks["questions"]["details"][0] == "closed: nothing was recorded, and now it is refuted"


def test_a_budget_spent_now_accuses_nobody(bundled: Path) -> None:
    found = index()
    found["options"]["budget"]["rlimit"] = 1
    Path("bundle/evidence.json").write_text(json.dumps(found), encoding="utf-8")
    code, checks = recheck("--manifests", "in")
    assert code == 3
    assert "now it is unknown (the budget of 1 solver units is spent)" in checks["questions"]["details"][0]


def test_other_manifests_are_told(bundled: Path) -> None:
    Path("in/policies.yaml").write_text(POLICIES.replace("http", "https"), encoding="utf-8")
    code, checks = recheck("--manifests", "in")
    assert code == 1
    assert checks["manifests"]["details"] == [
        "in/policies.yaml as it was read is not among them",
        "in/policies.yaml was not read then",
    ]
    assert checks["witnesses"]["finding"] == "not checked"


def test_a_spent_budget_is_undecided(bundled: Path) -> None:
    code, checks = recheck("--budget", "1")
    assert code == 3
    assert checks["answers"]["finding"] == "undecided"


def test_what_was_not_decided_then_is_told(place: Path) -> None:
    bundle("bundle", "--budget", "1")
    code, checks = recheck()
    assert code == 3
    assert "was not decided and now is" in checks["answers"]["details"][0]


def test_a_script_that_is_more_than_a_question_is_not_run(bundled: Path) -> None:
    change(SCRIPT, "(set-logic QF_BV)", "(set-option :regular-output-channel out)\n(set-logic QF_BV)")
    rehash()
    code, checks = recheck("--cross-check", "cvc5")
    assert code == 1
    assert "it holds the command `set-option`" in checks["answers"]["details"][0]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"netproof/evidence/2"', '"netproof/evidence/9"', "`schema` is not `netproof/evidence/2`"),
        (
            '"netproof/evidence/2"',
            '"netproof/evidence/1"',
            "write the bundle anew with `netproof check … --evidence DIR`",
        ),
        ('"path": "packs/', '"path": "../packs/', "`packs[0].path` is no place in a bundle"),
        ('"path": "queries/', '"path": "/queries/', "`queries[0].steps[0].path` is no place in a bundle"),
        ('"kind": "no"', '"kind": "nothing"', "`queries[0].kind` cannot be `nothing`"),
        ('"strict_cidr": true', '"strict_cidr": 1', "`options.strict_cidr` is neither true nor false"),
        ('"strict_cidr"', '"lax_cidr"', "`options.strict_cidr` is missing"),
        ('"rlimit": ', '"rlimit": 0.', "`options.budget.rlimit` is no whole number"),
        ('"queries": [', '"queries": 1, "x": [', "`queries` is no list"),
        ("{", "[", "evidence.json: is not JSON"),
    ],
)
def test_an_index_written_by_hand_is_read_with_distrust(bundled: Path, old: str, new: str, said: str) -> None:
    change("evidence.json", old, new)
    done = run("recheck", "bundle")
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(("folder", "said"), [("in", "is no evidence bundle"), ("ours.npq", "is no folder")])
def test_what_is_no_bundle(place: Path, folder: str, said: str) -> None:
    done = run("recheck", folder)
    assert done.exit_code == 2
    assert said in done.stderr


def test_links_in_a_bundle_are_not_followed(bundled: Path) -> None:
    Path("bundle", SCRIPT).unlink()
    Path("bundle", SCRIPT).symlink_to(bundled / "ours.npq")
    code, checks = recheck()
    assert code == 1
    assert checks["files"]["details"] == [f"{SCRIPT} is missing"]
