"""Words fit what the user wrote: the file's own syntax, the option that was meant, nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from analyzer.cli.app import app


def pod(name: str, namespace: str) -> dict[str, object]:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "c"}]}}


PEERS = [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"app": "web"}}}]
SPEC = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": PEERS}]}
OBJECTS = [
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": SPEC,
    },
    *({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "blog")),
    pod("web", "blog"),
    pod("wob", "blog"),
    pod("db", "shop"),
]
FILES = {
    "m.yaml": yaml.safe_dump_all(OBJECTS),
    "m.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": OBJECTS}, indent=1),
}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("name", FILES)
def test_a_peer_too_many_is_told_in_the_words_of_the_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name])
    found = run("check", str(tmp_path), "-q", "no pods except pods(app=web) can reach namespace shop")
    told = " ".join(found.stdout.split())
    assert "for `podSelector` has" in told
    assert ("dash" in told) is (name == "m.yaml")
    assert ("braces" in told) is (name == "m.json")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no-tokns", "did you mean `no-tokens`?"),
        ("no_tokens", "did you mean `no-tokens`?"),
        ("tokens", "did you mean `tokens=true|false`?"),
        ("labels-as-writen", "did you mean `labels-as-written=true|more|false`?"),
        ("xyz", "write --knob NAME=VALUE"),
        ("=true", "write --knob NAME=VALUE"),
        ("tokns=false", "did you mean `tokens`?"),
    ],
)
@pytest.mark.parametrize("option", ["--assume", "--knob"])
def test_a_misspelt_assumption_has_its_nearest(option: str, written: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(FILES["m.yaml"])
    found = run("check", str(tmp_path), "-q", "no pods can reach nodes", option, written)
    assert found.exit_code == 2
    assert written.partition("=")[0] in found.output
    assert meant in found.output


@pytest.mark.parametrize("name", ["text", "markdown", "html", "junit"])
def test_what_an_unknown_answer_hangs_on_is_told_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(FILES["m.yaml"])
    found = run("check", str(tmp_path), "-q", "no namespace blog can reach apiserver", "--format", name)
    assert found.exit_code == 3
    assert " ".join(found.stdout.split()).count("where the API server is") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "links", "-q", "no pods can reach nodes"), "`--exclude 'links/dangling.yaml'`"),
        (("check", "chart", "-q", "no pods can reach nodes"), "it holds a Helm chart: use --render"),
        (("check", "list.yaml", "-q", "no pods can reach nodes"), "an object begins with `apiVersion` and `kind`"),
        (("check", "empty.yaml", "-q", "no pods can reach nodes"), "it is empty, or comments alone"),
        (("explain", "m.yaml", "--from", "blog/web", "--to", "8.8.8.8", "--on", "80"), "write tcp/80"),
        (("explain", "m.yaml", "--from", "blog/web", "--to", "999.1.1.1"), "it looks like an address"),
        (("map", "m.yaml", "--from", "web"), "did you mean `blog/web`?"),
        (("map", "m.yaml", "--from", "pods(app=web)"), "a map is narrowed to namespaces"),
        (("fmt", "own.nqp"), "did you mean `own.npq`?"),
        (("fleet", "nope.toml"), "name a TOML file"),
        (("watch", "nope"), "name files or directories that are"),
    ],
)
def test_bad_input_has_a_way_out(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("links", "chart/templates"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "links/dangling.yaml").symlink_to("nowhere")
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: x\nversion: 1.0.0\n")
    (tmp_path / "chart/values.yaml").write_text("replicas: 1\n")
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "own.npq").write_text("assert q: no pods can reach nodes\n")
    (tmp_path / "m.yaml").write_text(FILES["m.yaml"])
    found = run(*words)
    assert found.exit_code == 2
    assert told in found.output
