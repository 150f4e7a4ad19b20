"""Pointed at a repository, netproof reads what is there and tells what it does not read."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer import load
from analyzer.cli.app import app
from analyzer.cli.complaints import ALL_ERRORS, MOST_ONE_BY_ONE, grouped
from analyzer.errors import Problem

CLAIM = "no internet can reach namespace shop"


def run(*words: str):
    return CliRunner().invoke(app, list(words))


def check(*words: str):
    return run("check", *words, "-q", CLAIM)


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def deployment(name: str = "web", label: str = "web") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {label}}}}}\n  template:\n    metadata: {{labels: {{app: {label}}}}}\n"
        "    spec: {containers: [{name: c, image: x}]}\n"
    )


def policy(name: str = "closed") -> str:
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\n"
        "spec: {podSelector: {}, policyTypes: [Ingress]}\n"
    )


def kustomization(*resources: str, kind: str = "Kustomization") -> str:
    return f"apiVersion: kustomize.config.k8s.io/v1\nkind: {kind}\nresources: {json.dumps(resources)}\n"


# ------------------------------------------------------------------------------------------------ rendering
PRINTS = '#!/bin/sh\nfor folder; do :; done\necho "$0 $*" >> "$CALLS"\ncat "$folder/rendered.txt"\n'


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """helm and kustomize that print what `rendered.txt` in the folder holds; the file that they note each call in."""
    for name in ("helm", "kustomize"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(PRINTS)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def calls(file: Path) -> list[str]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [re.sub(r"\S*/(\w+) (?:.*/)?(\S+)", r"\1 \2", f"{line.split()[0]} {line.split()[-1]}") for line in lines]


def endpoints(root: Path) -> set[str]:
    found = run("map", str(root), "--render", "--format", "json")
    return {end["id"] for end in json.loads(found.stdout)["endpoints"]}


def test_charts_and_kustomizations_are_rendered_and_stand_for_their_files(tmp_path: Path, programs: Path) -> None:
    root = written(
        tmp_path / "repo",
        {
            "base/kustomization.yaml": kustomization("web.yaml"),
            "base/web.yaml": deployment("raw"),
            "prod/kustomization.yaml": kustomization("../base"),
            "prod/rendered.txt": deployment(),
            "prod/unlisted.yaml": deployment("unlisted"),
            "part/kustomization.yaml": kustomization(kind="Component"),
            "chart/Chart.yaml": "name: chart\nversion: 1.0.0\n",
            "chart/values.yaml": "replicas: 1\n",
            "chart/templates/policy.yaml": "kind: NetworkPolicy\n{{ if .x }}\n",
            "chart/charts/sub/Chart.yaml": "name: sub\nversion: 1.0.0\n",
            "chart/rendered.txt": policy(),
            "plain.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
        },
    )
    found = run("check", str(root), "--render", "-q", CLAIM, "--format", "json")
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    files = {path for notice in report["notices"] for path in notice.get("files", ())}
    told = ("prod/(kustomize build)", "chart/(helm template)", "prod/unlisted.yaml", "part/kustomization.yaml")
    assert files == {f"{root}/{name}" for name in told}
    assert sorted(calls(programs)) == ["helm chart", "kustomize prod"]
    assert {name for name in endpoints(root) if "Deployment" in name} == {"shop/web[Deployment]"}


def test_python_renders_as_the_command_does(tmp_path: Path, programs: Path) -> None:
    root = written(
        tmp_path / "repo", {"a/kustomization.yaml": kustomization(), "a/rendered.txt": deployment(), "p.yaml": policy()}
    )
    found = load(root, render=True).cluster
    assert [workload.id for workload in found.workloads] == ["shop/web[Deployment]"]
    assert [notice.message for notice in found.notices] == [f"rendered and read: {root}/a/(kustomize build)"]


def test_a_base_that_is_named_itself_is_rendered(tmp_path: Path, programs: Path) -> None:
    root = written(
        tmp_path / "repo",
        {
            "base/kustomization.yaml": kustomization("web.yaml"),
            "base/web.yaml": deployment("raw"),
            "base/rendered.txt": deployment() + "---\n" + policy(),
        },
    )
    assert check(str(root / "base"), "--render").exit_code == 0
    assert calls(programs) == ["kustomize base"]


def test_what_no_kustomization_takes_in_is_read_as_it_stands(tmp_path: Path, programs: Path) -> None:
    """A component that nobody uses, and two kustomizations that take in each other, are never rendered."""
    root = written(
        tmp_path / "repo",
        {
            "part/kustomization.yaml": kustomization("part.yaml", kind="Component"),
            "part/part.yaml": deployment("part"),
            "one/kustomization.yaml": kustomization("../other", "one.yaml"),
            "one/one.yaml": deployment("one"),
            "other/kustomization.yaml": kustomization("../one", "other.yaml"),
            "other/other.yaml": deployment("other"),
        },
    )
    assert endpoints(root) >= {f"shop/{name}[Deployment]" for name in ("part", "one", "other")}
    assert not programs.exists()


def test_without_the_option_nothing_is_run(tmp_path: Path, programs: Path) -> None:
    root = written(tmp_path / "repo", {"kustomization.yaml": kustomization("web.yaml"), "web.yaml": deployment()})
    assert check(str(root)).exit_code == 1
    assert not programs.exists()


def test_what_a_program_refuses_to_render_is_an_error(tmp_path: Path, programs: Path) -> None:
    root = written(tmp_path / "repo", {"a/kustomization.yaml": kustomization(), "web.yaml": deployment()})
    found = check(str(root), "--render")
    assert found.exit_code == 2
    assert f"error: {root / 'a'}: `kustomize build {root / 'a'}` failed: " in found.stderr
    assert "No such file" in found.stderr


def test_a_program_that_is_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    root = written(tmp_path / "repo", {"c/Chart.yaml": "name: c\n", "k/kustomization.yaml": kustomization()})
    found = check(str(root), "--render")
    assert found.exit_code == 2
    assert "--render needs `helm`, which is not installed" in found.stderr
    assert "--render needs `kubectl`, which is not installed" in found.stderr
    assert found.stderr.splitlines()[-1] == "2 errors; nothing was checked"


def test_rendering_goes_with_files_alone(tmp_path: Path, programs: Path) -> None:
    root = written(tmp_path / "repo", {"web.yaml": deployment()})
    assert "of files that can be read again" in check(str(root), "--render", "--evidence", str(tmp_path / "e")).stderr
    assert "--render works on files" in run("diff", "--git", "HEAD", "--render", "--", str(root)).stderr


# ------------------------------------------------------------------------------------------------ overlays
def test_overlays_are_told_apart_with_a_path_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(
        tmp_path,
        {f"clusters/{name}/{file}.yaml": deployment(file, name) for name in ("dev", "prod", "test") for file in "abc"}
        | {"clusters/prod/kustomization.yaml": kustomization(), "policy.yaml": policy()},
    )
    found = check(".")
    assert found.exit_code == 2
    assert found.stderr.splitlines() == [
        "error: ./clusters: `dev`, `prod` and `test` hold 3 objects that are not the same in each, as overlays do: "
        "Deployment shop/a, Deployment shop/b and Deployment shop/c",
        "    check one of them at a time: `./clusters/dev`, `./clusters/prod --render` or `./clusters/test`; "
        "or leave the others out, as with `--exclude './clusters/dev/' --exclude './clusters/test/'`",
        "1 error; nothing was checked",
    ]
    assert check("clusters/dev", "policy.yaml").exit_code == 0
    assert check(".", "--exclude", "./clusters/test/", "--exclude", "./clusters/dev/").exit_code == 0


def test_two_objects_of_one_name_in_one_directory_are_no_overlays(tmp_path: Path) -> None:
    written(tmp_path, {"a.yaml": deployment("web", "a"), "b.yaml": deployment("web", "b")})
    assert "stands in the manifests twice" in check(str(tmp_path)).stderr


def test_with_keep_going_overlays_are_told_and_what_they_change_is_unknown(tmp_path: Path) -> None:
    written(tmp_path, {f"{name}/p.yaml": policy().replace("[Ingress]", types) for name, types in
                       (("dev", "[Ingress]"), ("prod", "[Egress]"))} | {"web.yaml": deployment()})  # fmt: skip
    found = check(str(tmp_path), "--keep-going")
    assert "as overlays do: NetworkPolicy shop/closed" in found.stderr
    assert found.exit_code in (0, 3)


# ------------------------------------------------------------------------------------------------ many errors
def test_many_errors_are_grouped_and_every_one_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(
        tmp_path,
        {f"old/{i}.yaml": deployment(f"w{i}").replace("apps/v1", "extensions/v1beta1") for i in range(30)}
        | {f"new/{i}.yaml": deployment(f"v{i}").replace("shop", "Shop") for i in range(5)},
    )
    found = check(str(tmp_path))
    lines = found.stderr.splitlines()
    assert found.exit_code == 2
    assert len(lines) < 12
    assert lines[-1] == "35 errors; nothing was checked"
    assert sum(line.startswith("error:") for line in lines) + sum(map(_more, lines)) == 35
    assert f"30 of them lie below {tmp_path}/old: `--exclude '{tmp_path}/old/'` leaves it out" in lines
    monkeypatch.setenv(ALL_ERRORS, "1")
    assert sum(line.startswith("error:") for line in check(str(tmp_path)).stderr.splitlines()) == 35


def _more(line: str) -> int:
    found = re.match(r"\s*and (\d+) more", line)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("count", [1, 5, MOST_ONE_BY_ONE, MOST_ONE_BY_ONE + 1, 60, 400])
@pytest.mark.parametrize("kinds", [1, 3, 40])
def test_no_error_is_lost_in_its_group(count: int, kinds: int) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    problems = [Problem(f"d{i % 7}/f{i}", i + 1, 1, f"`x{i}` is {letters[i % kinds]}") for i in range(count)]
    lines = list(grouped(problems))
    assert sum(line.startswith("error:") for line in lines) + sum(map(_more, lines)) == count
    if count > MOST_ONE_BY_ONE:
        assert len(lines) <= 2 * MOST_ONE_BY_ONE + 4


# ------------------------------------------------------------------------------------------------ what is read
def test_nothing_is_left_out_for_being_in_gitignore(tmp_path: Path) -> None:
    root = written(tmp_path, {".gitignore": "ignored.yaml\n", "ignored.yaml": policy(), "web.yaml": deployment()})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert check(str(root)).exit_code == 0


def test_what_tells_kustomize_how_to_make_objects_is_no_object(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        {
            "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\n"
            "transformers: [labels.yaml]\ngenerators: [made.yaml]\nreplacements: [{path: put.yaml}]\n",
            "labels.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: x}\n",
            "made.yaml": "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: x}\n",
            "put.yaml": "source: {kind: ConfigMap}\n",
            "web.yaml": deployment(),
        },
    )
    report = json.loads(run("check", str(root), "-q", CLAIM, "--format", "json").stdout)
    (notice,) = [notice for notice in report["notices"] if "files" in notice]
    assert {Path(file).name for file in notice["files"]} == {
        "kustomization.yaml",
        "labels.yaml",
        "made.yaml",
        "put.yaml",
    }


def test_variables_that_nobody_filled_in_are_told_of(tmp_path: Path) -> None:
    root = written(tmp_path, {"web.yaml": deployment("'${NAME}'")})
    assert "netproof fills in no variables" in check(str(root)).stderr


# ------------------------------------------------------------------------------------------------ the working tree
@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a closed namespace in its one commit, and the current directory in it."""
    root = written(
        tmp_path / "repo", {"k8s/web.yaml": deployment(), "k8s/p.yaml": policy(), ".gitignore": "*.tmp.yaml\n"}
    )
    monkeypatch.chdir(root)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "m"]):
        subprocess.run(["git", *words], check=True)
    return root


def diff(*words: str):
    return run("diff", "--git", "HEAD", *words)


def test_a_revision_is_compared_with_the_working_tree(repository: Path) -> None:
    assert diff("--", "k8s").exit_code == 0
    (repository / "k8s" / "p.yaml").unlink()
    assert diff("--fail-on", "new-access", "--", "k8s").exit_code == 1
    assert run("diff", "--git", "HEAD..HEAD", "--", "k8s").exit_code == 0


def test_files_that_git_ignores_or_does_not_know_are_of_the_working_tree(repository: Path) -> None:
    written(repository, {"k8s/new.yaml": policy("egress").replace("[Ingress]", "[Egress]")})
    assert diff("--", "k8s").exit_code == 1
    (repository / "k8s" / "new.yaml").rename(repository / "k8s" / "new.tmp.yaml")
    assert diff("--fail-on", "lost-access", "--", "k8s").exit_code == 1


def test_a_path_that_is_gone_is_empty(repository: Path) -> None:
    for file in (repository / "k8s").iterdir():
        file.unlink()
    (repository / "k8s").rmdir()
    found = diff("--universe", "inventory", "--", "k8s")
    assert found.exit_code == 1, found.output
    assert diff("--", "nowhere").exit_code == 2


# ------------------------------------------------------------------------------------------------ the way on
def spoken(folder, *words):
    """What the program says in the folder, as one would type it."""
    program = Path(sys.executable).with_name("netproof")
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=False)


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n"
ROOTS = {
    "a file of something else": ({"app.yaml": "shop", "skaffold.yaml": "-"}, ["--exclude", "./skaffold.yaml"]),
    "files of one name": (
        {"app.yaml": "shop", "a/values.yaml": "_", "b/values.yaml": "_", "c/values.yaml": "_"},
        ["--exclude", "values.yaml"],
    ),
    "overlays": ({"prod/app.yaml": "shop", "dev/app.yaml": "shop, labels: {env: dev}"}, ["--exclude", "./dev/"]),
    "overlays and a file": (
        {"base/x.yaml": "_", "prod/app.yaml": "shop", "dev/app.yaml": "shop, labels: {env: dev}"},
        ["--exclude", "./base/x.yaml", "--exclude", "./dev/"],
    ),
    "a blank in a name": ({"app.yaml": "shop", "my file.yaml": "_"}, ["--exclude", "./my file.yaml"]),
}


@pytest.mark.parametrize("root", ROOTS)
def test_the_first_line_is_a_command_that_goes_on(tmp_path, root):
    files, options = ROOTS[root]
    for name, named in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(NAMESPACE.format(named))
    done = spoken(tmp_path, "check", ".", "-q", "no internet can reach namespace shop")
    assert done.returncode == 2
    first, command, *_ = done.stderr.splitlines()
    assert first == "to go on without what is wrong below:"
    assert shlex.split(command)[1:] == ["check", ".", "-q", "no internet can reach namespace shop", *options]
    assert spoken(tmp_path, *shlex.split(command)[1:]).returncode in (0, 1, 3)


@pytest.mark.parametrize("words", [["app.yaml"], ["."], ["check", "nowhere"]])
def test_no_command_is_told_that_would_not_go_on(tmp_path, words):
    (tmp_path / "app.yaml").write_text(NAMESPACE.format("_"))
    done = spoken(tmp_path, "check", *words)
    assert done.returncode == 2
    assert "to go on" not in done.stderr
