"""The configuration file: found, read, put in force, told; what is wrong with it is told with its place."""

import inspect
import json
import tomllib

import jsonschema
import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.cli.configuration.applying import configurable
from analyzer.cli.configuration.keys import CHECK, tables_of

CLOSED = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
"""
QUERIES = """\
pack own
param place = "shop"
assert closed: no internet can reach namespace $place
"""
GATE = """\
manifests = ["k8s/"]
packs = ["own.npq"]
universe = "namespaces"

[parameters]
place = "shop"
"""


def run(*words):
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository with manifests, queries and a folder below, and without configuration yet."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s/policies.yaml").write_text(CLOSED)
    (tmp_path / "own.npq").write_text(QUERIES)
    (tmp_path / "below/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, text, name="netproof.toml"):
    (folder / name).write_text(text)
    return folder


def told(*words):
    """What `netproof config` says: each key with its value and where that comes from."""
    found = run("config", *words)
    assert found.exit_code == 0, found.output
    rows = (line.split(maxsplit=1) for line in found.stdout.splitlines()[1:])
    return {key: tuple(rest.removesuffix(")").rsplit(" (", 1)) for key, rest in rows}


# ------------------------------------------------------------------------------------------------ running the gate
def test_check_without_arguments_runs_the_gate(folder):
    write(folder, GATE)
    found = run("check", "-v")
    assert found.exit_code == 0
    assert "closed" in found.stdout
    assert "k8s/policies.yaml" in found.stdout


def test_the_gate_runs_from_a_folder_below(folder, monkeypatch):
    write(folder, GATE)
    monkeypatch.chdir(folder / "below/deep")
    found = run("check", "-v")
    assert found.exit_code == 0
    assert "../../k8s/policies.yaml" in found.stdout


def test_a_project_file_with_a_table_counts(folder):
    table = GATE.replace("[parameters]", "[tool.netproof.parameters]")
    write(folder, f"[tool.other]\nmanifests = 1\n[tool.netproof]\n{table}", "pyproject.toml")
    assert run("check").exit_code == 0
    assert told()["universe"] == ("namespaces", "pyproject.toml:6")


def test_a_project_file_without_a_table_is_passed_over(folder, monkeypatch):
    write(folder, GATE)
    write(folder / "below", "[project]\nname = 'x'\n", "pyproject.toml")
    write(folder / "below/deep", "this is no TOML", "pyproject.toml")
    monkeypatch.chdir(folder / "below/deep")
    assert told()["universe"] == ("namespaces", "../../netproof.toml:3")


def test_own_file_goes_before_the_project_file(folder):
    write(folder, 'universe = "inventory"')
    write(folder, '[tool.netproof]\nuniverse = "namespaces"', "pyproject.toml")
    assert told()["universe"] == ("inventory", "netproof.toml:1")


def test_nothing_outside_the_repository_is_read(folder, monkeypatch):
    write(folder, GATE)
    (folder / "below/.git").write_text("gitdir: elsewhere")
    monkeypatch.chdir(folder / "below/deep")
    assert told()["universe"] == ("any", "default")


def test_no_config_reads_none(folder):
    write(folder, "this is no TOML")
    assert run("check", "--no-config", "k8s", "-q", "no internet can reach namespace shop").exit_code == 0


def test_config_names_another_file(folder):
    write(folder / "below", 'manifests = ["../k8s"]\nqueries = ["no internet can reach namespace shop"]', "other.toml")
    assert run("check", "--config", "below/other.toml").exit_code == 0
    assert "there is no configuration file `none.toml`" in run("check", "--config", "none.toml").output
    assert "contradict" in run("check", "--config", "below/other.toml", "--no-config").output


@pytest.mark.parametrize("command", ["check", "map"])
def test_without_manifests_there_is_help_or_an_error(folder, command):
    assert run(command).exit_code == 2
    assert "Usage:" in run(command).stdout
    found = run(command, "--no-config")
    assert found.exit_code == 2
    assert "no manifests are given" in found.output


def test_a_folder_that_is_gone_has_no_configuration(folder, monkeypatch):
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    found = run("check", str(folder / "k8s"), "-q", "no internet can reach namespace shop")
    assert found.exit_code == 0, found.output


def test_a_folder_of_that_name_is_no_configuration(folder):
    (folder / "netproof.toml").mkdir()
    assert told()["universe"] == ("any", "default")


# ------------------------------------------------------------------------------------------------ what is in force
def test_flags_win(folder):
    write(folder, 'universe = "inventory"\nprofile = "calico"\n[knobs]\nenforces = true')
    found = told("check", "--universe", "any", "--knob", "enforces=false")
    assert found["universe"] == ("any", "flag")
    assert found["profile"] == ("calico", "netproof.toml:2")
    assert found["knobs"] == ("enforces=true, enforces=false", "flag, netproof.toml:3")
    assert found["budget"] == ("not set", "default")


def test_other_questions_put_those_of_the_file_aside(folder):
    write(folder, 'waivers = "waivers.toml"\n' + GATE)
    assert told()["waivers"] == ("waivers.toml", "netproof.toml:1")
    assert told("check", "--evidence", "e")["waivers"] == ("not set", "default")
    found = told("check", "-q", "no pods can reach internet")
    assert found["waivers"] == ("not set", "default")
    assert found["packs"] == found["parameters"] == ("not set", "default")
    assert told("check", "--set", "place=x")["parameters"] == ("place=shop, place=x", "flag, netproof.toml:6")


def test_what_is_true_of_the_cluster_holds_for_every_command(folder):
    write(folder, GATE + '[diff]\nfail-on = "new-access"\nuniverse = "inventory"\n[map]\nformat = "csv"\n')
    assert told("map")["manifests"] == ("k8s/", "netproof.toml:1")
    assert told("map")["format"] == ("csv", "netproof.toml:11")
    assert told("diff", "a", "b")["universe"] == ("inventory", "netproof.toml:9")
    assert told("diff", "a", "b")["fail-on"] == ("new-access", "netproof.toml:8")
    assert told("diff", "a", "b")["packs"] == ("not set", "default")
    assert told("explain", "--from", "a/b", "--to", "c/d")["manifests"] == ("k8s/", "netproof.toml:1")


def test_watch_asks_what_check_asks(folder):
    write(folder, GATE)
    assert told("watch")["packs"] == ("own.npq", "netproof.toml:2")
    assert told("watch")["parameters"] == ("place=shop", "netproof.toml:5")


def test_built_in_packs_go_by_name_and_files_by_path(folder, monkeypatch):
    write(folder, 'packs = ["baseline", "own.npq", "below"]')
    monkeypatch.chdir(folder / "below")
    assert told()["packs"] == ("baseline, ../own.npq, .", "../netproof.toml:1")


def test_config_has_help_of_its_own():
    assert "Show what is in force" in run("config", "--help").stdout
    assert "Prove or refute queries" in run("config", "check", "--help").stdout


def test_config_of_an_unknown_command(folder):
    found = run("config", "packs")
    assert found.exit_code == 2
    assert "takes nothing from a configuration file" in found.output


# ------------------------------------------------------------------------------------------------ errors
def test_every_error_comes_at_once_with_its_place(folder):
    write(
        folder,
        "\n".join(
            [
                'manifest = ["k8s"]',  # 1
                "packs = 'own.npq'",
                "max-counterexamples = 0",
                'keep-going = "yes"',
                'queries = ["no pods can reach internet",',
                "  3]",
                'profile = "calcio"',  # 7
                'pod-cidrs = ["10.0.0.0"]',
                'reports = ["text", "srif=out.sarif"]',
                "[knobs]",
                "ipblock-matches-pod = true",  # 11
                "[map]",
                'format = "cvs"',
                "[diff]",
                'fail-onn = "change"',
                "[maps]",
            ]
        ),
    )
    found = run("check")
    assert found.exit_code == 2
    for expected in [
        "netproof.toml:1:1: a configuration has no key `manifest`\n    did you mean `manifests`?",
        "netproof.toml:2:1: `packs` takes a list of texts",
        "netproof.toml:3:1: `0` is too small for `max-counterexamples`",
        "netproof.toml:4:1: `keep-going` takes true or false, and this is a text",
        "netproof.toml:6:3: `queries` takes texts, and this is a number",
        "netproof.toml:7:1: unknown profile `calcio`\n    did you mean `calico`?",
        "netproof.toml:8:1: `10.0.0.0` in --pod-cidr is no CIDR",
        "netproof.toml:9:1: unknown format `srif`\n    did you mean `sarif`?",
        "netproof.toml:10:1: unknown knob `ipblock-matches-pod`\n    did you mean `ipblock-matches-pods`?",
        "netproof.toml:13:1: `cvs` is no value of `format`\n    did you mean `csv`?",
        "netproof.toml:15:1: [diff] has no key `fail-onn`\n    did you mean `fail-on`?",
        "netproof.toml:16:1: a configuration has no key `maps`\n    did you mean `map`?",
        "12 errors; nothing was checked",
    ]:
        assert expected in found.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a = 1\nb = [", "netproof.toml: this is no TOML: invalid value (at end of document)"),
        (b"a = 1\na = 2\n", "netproof.toml:2:6: this is no TOML: cannot overwrite a value"),
        (b"a = 1\n# \xff\n", "netproof.toml:2: this file is not UTF-8 text"),
        (b"a = " + b"[" * 100_000, "netproof.toml: is nested too deeply"),
        (b"#" * 1_000_001, "netproof.toml: is larger than 1,000,000 bytes"),
        (b"map = 1\n", "netproof.toml:1:1: `map` is a table"),
    ],
)
def test_broken_files(folder, text, message):
    (folder / "netproof.toml").write_bytes(text)
    found = run("check", "k8s")
    assert found.exit_code == 2
    assert message in found.output


# ------------------------------------------------------------------------------------------------ keys and schema
def test_every_option_has_a_key():
    """Nothing that a command can be told is out of a configuration file's reach, but for the ends of a comparison."""
    for command, keys in tables_of(configurable()).items():
        parameters = set(inspect.signature(configurable()[command]).parameters)
        assert parameters - {key.parameter for key in keys.values()} <= {"paths"}, command


def test_the_schema_accepts_what_netproof_accepts(folder):
    schema = json.loads(run("schema", "config-1").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(tomllib.loads(GATE + '[diff]\nfail-on = "change"\n'))
    for wrong in ["manifest = []", "packs = 'x'", "[diff]\nfail-on = 'x'", "[map]\npacks = []", "keep-going = 1"]:
        assert not validator.is_valid(tomllib.loads(wrong)), wrong


def test_schema_has_every_key():
    schema = json.loads(run("schema", "config").stdout)
    tables = tables_of(configurable())
    assert schema["properties"].keys() == tables[CHECK].keys() | tables.keys() - {CHECK}
    assert all(key["description"] for key in schema["properties"].values() if "properties" not in key)
