"""`netproof check --waivers FILE --baseline FILE --today DATE` from end to end."""

import json

import pytest
from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""
PACK = """
pack own "Own queries"
assert closed "The shop is closed": no internet can reach namespace shop on tcp
assert up "The shop is up": some internet can reach namespace shop
assert guarded "The shop is guarded": every namespace shop is isolated for ingress
"""
WAIVER = """
[[waiver]]
query = "own/closed"
reason = "the launch is on Monday"
owner = "team-shop"
expires = 2026-12-31
from = "internet"
to = "namespace shop"
on = "tcp/443"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "own.npq").write_text(PACK)
    (tmp_path / "waivers.toml").write_text(WAIVER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*words):
    return CliRunner().invoke(app, ["check", "shop.yaml", "-p", "own.npq", "--today", "2026-11-21", *words])


def test_a_waiver_of_a_part_leaves_the_rest_refuted(folder):
    found = check("--waivers", "waivers.toml", "-v")
    assert found.exit_code == 1
    told = " ".join(found.stdout.split())
    assert "waived from internet to namespace shop on tcp/443: the launch is on Monday; team-shop, until" in told
    assert "what is shown lies outside the waivers" in told
    assert "on TCP 443 is allowed" not in told


def test_waivers_of_everything_let_the_run_pass(folder):
    text = WAIVER.replace('on = "tcp/443"', "") + WAIVER.replace("own/closed", "own/guarded").replace(
        'from = "internet"\nto = "namespace shop"\non = "tcp/443"', 'from = "namespace shop"'
    )
    (folder / "waivers.toml").write_text(text)
    found = check("--waivers", "waivers.toml", "--format", "json=out.json", "--format", "text")
    assert found.exit_code == 0, found.stdout
    assert "~ waived   3 queries: 2 waived, 1 proved" in found.stdout
    report = json.loads((folder / "out.json").read_text())
    follow(report, "check-2")
    assert report["verdict"] == "proved"
    assert [(w["query"], w["line"], w["standing"]) for w in report["waivers"]] == [
        ("own/closed", 2, "used"),
        ("own/guarded", 11, "used"),
    ]
    assert [(q["verdict"], q["excused"]) for q in report["queries"]] == [
        ("refuted", True),
        ("proved", False),
        ("refuted", True),
    ]


def test_an_expired_waiver_hides_nothing_and_is_told_of(folder):
    found = check("--waivers", "waivers.toml", "--today", "2027-01-01")
    assert found.exit_code == 1
    assert "waivers.toml:2: the waiver of `own/closed` expired on 2026-12-31" in " ".join(found.stdout.split())


def shortened(folder):
    """The baseline as it is where the search ended early."""
    content = json.loads((folder / "before.json").read_text())
    for query in content["queries"]:
        query.update(counterexamples=query["counterexamples"][:1], beyond=None, complete=False)
    (folder / "before.json").write_text(json.dumps(content))


def test_unchanged_input_is_known_whatever_the_baseline_lists(folder):
    check("--format", "json=before.json")
    shortened(folder)
    (folder / "shop.yaml").rename(folder / "moved.yaml")
    found = CliRunner().invoke(app, ["check", "moved.yaml", "-p", "own.npq", "--baseline", "before.json"])
    assert (found.exit_code, "~ known    3 queries: 2 known, 1 proved" in found.stdout) == (0, True)


@pytest.mark.parametrize(
    "words",
    [
        ["--universe", "namespaces"],
        ["--profile", "calico"],
        ["--knob", "nodes-complete=false"],
        ["--pod-cidr", "10.1.0.0/16"],
        ["--set", "port=443"],
        [],
    ],
    ids=" ".join,
)
def test_a_run_of_anything_else_says_that_the_baseline_does_not_list_all(folder, words):
    pack = PACK.replace('queries"', 'queries"\nparam port = "80"')
    pack = pack.replace("can reach namespace shop on tcp", "can reach anything on tcp/$port, udp/53")
    (folder / "own.npq").write_text(pack)
    check("--format", "json=before.json", "--max-counterexamples", "1")
    shortened(folder)
    if not words:
        (folder / "shop.yaml").write_text(SHOP + "---" + SHOP.replace("shop", "other"))
    found = check("--baseline", "before.json", "--quiet", *words)
    assert found.exit_code == 1
    if words != ["--universe", "namespaces"]:  # there it was asked otherwise, and is not known at all
        assert "does not list all that violated it then" in " ".join(found.stdout.split())


def test_a_baseline_fails_on_what_is_worse_only(folder):
    check("--format", "json=before.json", "--max-counterexamples", "100")
    found = check("--baseline", "before.json")
    assert (found.exit_code, "~ known    3 queries: 2 known, 1 proved" in found.stdout) == (0, True)
    (folder / "shop.yaml").write_text(SHOP + "---" + SHOP.replace("shop", "other"))
    pack = PACK.replace("can reach namespace shop on tcp", "can reach namespace shop or namespace other on tcp")
    (folder / "own.npq").write_text(pack)
    found = check("--baseline", "before.json")
    assert (found.exit_code, "breaks  closed" in found.stdout) == (1, True)


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (("own/closed", "own/close"), ["waivers.toml:2: no query is called `own/close`", "did you mean `own/closed`?"]),
        (("own/closed", "own/up"), ["waivers.toml:2: `own/up` asks for a connection that is allowed"]),
        (("own/closed", "own/guarded"), ["waivers.toml:2: `own/guarded` speaks of pods, not of connections"]),
        (("owner", "owners"), ["waivers.toml:5:1: a waiver has no key `owners`", "has no `owner`"]),
        (("2026-12-31", '"soon"'), ["waivers.toml:6:1: `expires` is a date"]),
        (("2026-12-31", "2026-12-31T00:00:00"), ["waivers.toml:6:1: `expires` is a date"]),
        (("2026-12-31", "2026-13-31"), ["waivers.toml:6:", "this is no TOML"]),
        (('"internet"', '"internat"'), ["waivers.toml:7:1: `from`: no set is called `internat`"]),
        (('"namespace shop"', '"namespace shop within any"'), ["waivers.toml:8:1: `to` holds more than a region"]),
        (('"namespace shop"', '"namespace shop on tcp/1"'), ["waivers.toml:8:1: `to` holds more than a set"]),
        (("tcp/443", "tcp/http/x"), ["waivers.toml:9:1: `on`: "]),
        (('"team-shop"', "7"), ["waivers.toml:5:1: `owner` is a text in quotes"]),
        (("[[waiver]]", "[[waivers]]"), ["a waiver file has no key `waivers`"]),
    ],
)
def test_mistakes_in_a_waiver_file_are_told_with_their_place(folder, change, messages):
    (folder / "waivers.toml").write_text(WAIVER.replace(*change))
    found = check("--waivers", "waivers.toml")
    assert found.exit_code == 2
    for message in messages:
        assert message in found.stderr


def test_files_and_dates_that_make_no_sense_are_told_at_once(folder):
    (folder / "broken.json").write_text('{"schema": \n')
    found = check("--waivers", "none.toml", "--baseline", "broken.json", "--today", "Friday")
    assert found.exit_code == 2
    assert "`none.toml` cannot be read: no such file" in found.stderr
    assert "broken.json:2:1: this is no JSON" in found.stderr
    assert "`Friday` after --today is no date" in found.stderr


@pytest.mark.parametrize(
    "text", ["[]", '{"schema": "netproof/map/2"}', '{"schema": "netproof/check/2", "queries": [1]}']
)
def test_a_baseline_is_a_report_of_check(folder, text):
    (folder / "before.json").write_text(text)
    found = check("--baseline", "before.json")
    assert found.exit_code == 2
    assert "before.json: this " in found.stderr
    assert "--format json=FILE" in found.stderr


def test_evidence_is_not_of_excuses(folder):
    found = check("--waivers", "waivers.toml", "--evidence", "bundle")
    assert found.exit_code == 2
    assert "leave out --waivers and --baseline, or --evidence" in found.stderr
    assert not (folder / "bundle").exists()


# ------------------------------------------------------------------------------------------------ regions of a report
def told_regions(folder, query):
    check("--format", "json=out.json", "--max-counterexamples", "50")
    report = json.loads((folder / "out.json").read_text())
    (found,) = (q for q in report["queries"] if q["id"] == query)
    assert found["complete"]
    return [example["region"] for example in found["counterexamples"]]


def as_waiver(query, region):
    return f"""
[[waiver]]
query = "own/{query}"
reason = "the launch is on Monday"
owner = "team-shop"
expires = 2026-12-31
region = '''{json.dumps(region)}'''
"""


@pytest.mark.parametrize("query", ["closed", "guarded"])
def test_a_region_is_copied_from_the_report_into_a_waiver(folder, query):
    regions = told_regions(folder, query)
    text = 'schema = "netproof/waivers/2"\n' + "".join(as_waiver(query, region) for region in regions)
    (folder / "waivers.toml").write_text(text)
    found = check("--waivers", "waivers.toml", "--format", "json")
    report = json.loads(found.stdout)
    follow(report, "check-2")
    assert {q["id"]: q["excused"] for q in report["queries"]}[query]
    assert {waiver["standing"] for waiver in report["waivers"]} == {"used"}
    assert "any pod in namespace shop" in report["waivers"][0]["region"]


def test_a_part_of_a_region_leaves_the_rest_refuted(folder):
    (region,) = told_regions(folder, "closed")
    part = [it for it in region if it["attribute"] != "port"]
    part.append({"role": "connection", "attribute": "port", "set": {"in": [[443, 443]]}})
    (folder / "waivers.toml").write_text(as_waiver("closed", part))
    found = check("--waivers", "waivers.toml", "--format", "json")
    (query,) = (q for q in json.loads(found.stdout)["queries"] if q["id"] == "closed")
    assert (query["excused"], len(query["waivers"])) == (False, 1)
    assert {example["port"] for example in query["counterexamples"]}.isdisjoint({443})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("region = ", 'from = "internet"\nregion = '), "a waiver has one region"),
        (('"role": "src"', '"role": "sauce"'), "is no list of constraints: 'sauce' is not a valid Role"),
        (('"kind"', '"colour"'), "is no list of constraints: there is no attribute `colour`"),
        (('"attribute": "kind", ', ""), "is no list of constraints: 'attribute' is missing"),
        (("[{", "{"), "is no list of constraints"),
    ],
)
def test_what_is_no_region_is_told(folder, change, said):
    (region,) = told_regions(folder, "guarded")
    (folder / "waivers.toml").write_text(as_waiver("guarded", region).replace(*change))
    found = check("--waivers", "waivers.toml")
    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())


# ------------------------------------------------------------------------------------------------ version 1
def test_a_waiver_file_of_version_1_is_refused(folder):
    (folder / "waivers.toml").write_text('schema = "netproof/waivers/1"\n' + WAIVER)
    found = check("--waivers", "waivers.toml")
    assert found.exit_code == 2
    told = " ".join(found.stderr.split())
    assert "this file is of schema `netproof/waivers/1`, and this netproof reads `netproof/waivers/2`" in told
    assert "netproof check … --format json" in told


def test_a_baseline_of_version_1_is_refused_with_the_command_that_makes_it_anew(folder):
    check("--format", "json=before.json")
    text = (folder / "before.json").read_text().replace("netproof/check/2", "netproof/check/1")
    (folder / "before.json").write_text(text)
    found = check("--baseline", "before.json")
    assert found.exit_code == 2
    told = " ".join(found.stderr.split())
    assert "this report is of schema `netproof/check/1`, and this netproof reads `netproof/check/2`" in told
    assert "netproof check … --format json=FILE" in told
