"""Which files are read, on disk and in a revision, against kubectl's walk stated once more."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.manifests.sources.excluding import Excluding
from analyzer.manifests.sources.files import chosen_files
from analyzer.manifests.sources.git import check_submodules, manifests_in
from analyzer.model.source import Why

NAMES = (
    "a.yaml",
    ".b.yml",
    "c.json",
    ".yaml",
    "D.YAML",
    "e.Yml",
    "f.txt",
    "yaml",
    "g.yaml.bak",
    "h.yaml",
    "i",
    "j.tfstate",
)
ENDINGS = (".json", ".yaml", ".yml", ".tfstate")  # kubectl takes the first three, Terraform writes the last


def walked(root):
    """(files, left out) as filepath.Walk and ignoreFile of cli-runtime have it: lstat, so no link is a directory."""
    files, left_out = [], []
    for folder, folders, names in os.walk(root, followlinks=False):
        for name in (*names, *(name for name in folders if os.path.islink(os.path.join(folder, name)))):
            path = os.path.join(folder, name)
            is_folder = os.path.isdir(path)
            extension = name[name.rfind(".") :] if "." in name else ""
            if extension in ENDINGS:
                files.append(path)
            elif is_folder or extension.lower() in ENDINGS:
                left_out.append(path)
    return sorted(files), sorted(left_out)


def namespace(name):
    return json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


@st.composite
def trees(draw):
    """Files by path, links by path with the path they lead to; a link to a folder is called like none of a manifest."""
    folders = ["", *draw(st.lists(st.sampled_from(["x", ".y", "x/z"]), max_size=3, unique=True))]
    files = draw(st.lists(st.tuples(st.sampled_from(folders), st.sampled_from(NAMES)), min_size=1, unique=True))
    paths = ["/".join(filter(None, file)) for file in files]
    links = {}
    for number in range(draw(st.integers(0, 3))):
        target = draw(st.sampled_from([*paths, *folders]))
        ending = draw(st.sampled_from(["", ".yaml", ".YAML", ".txt"] if target in paths else ["", ".d"]))
        links["/".join(filter(None, [draw(st.sampled_from(folders)), f"link{number}{ending}"]))] = target
    return paths, links


def planted(root, tree):
    paths, links = tree
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(namespace(f"n{number}"))
    for path, target in links.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if target not in paths:
            (root / target).mkdir(parents=True, exist_ok=True)
            (root / target / "kept").write_text("git holds no empty folder")
        (root / path).symlink_to(os.path.relpath(root / target, (root / path).parent))


def git(root, *words):
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *names, *words], check=True, capture_output=True, env=environment, cwd=root)


@given(trees())
@settings(max_examples=60, deadline=None)
def test_files_are_chosen_as_kubectl_chooses_them(tmp_path_factory, tree):
    root = tmp_path_factory.mktemp("tree")
    planted(root, tree)
    files, left_out = walked(root)
    problems = []
    chosen = chosen_files([str(root)], problems)
    real = {os.path.realpath(file) for file in files}
    assert {os.path.realpath(file) for file in chosen.files} == real  # what two names lead to is read once
    assert set(chosen.files) <= set(files)
    assert sorted(entry.source.file for entry in chosen.left_out) == left_out
    assert bool(problems) == (not files)


@given(trees())
@settings(max_examples=25, deadline=None)
def test_a_revision_holds_what_a_checkout_of_it_holds(tmp_path_factory, tree):
    root = tmp_path_factory.mktemp("tree")
    planted(root, tree)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    before = Path.cwd()
    os.chdir(root)
    try:
        shutil.move(".git", root.parent / f"{root.name}.git")  # no files of git's own
        chosen = chosen_files(["."], [])
        shutil.move(root.parent / f"{root.name}.git", ".git")
        found = manifests_in("HEAD", ["."])
    finally:
        os.chdir(before)
    there = {os.path.realpath(root / file): (root / file).read_bytes() for file in chosen.files}
    here = {os.path.realpath(root / blob.name.removeprefix("HEAD:")): blob.data for blob in found.blobs}
    assert here == there
    left_out = sorted((entry.source.file.removeprefix("HEAD:"), entry.why) for entry in found.left_out)
    assert left_out == sorted((os.path.normpath(entry.source.file), entry.why) for entry in chosen.left_out)


@pytest.fixture
def nested(tmp_path, monkeypatch):
    """A repository with another as a submodule, checked out."""
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    for root in (inner, outer):
        (root / "k8s").mkdir(parents=True)
        (root / "k8s" / f"{root.name}.yaml").write_text(namespace(root.name))
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "one")
    git(outer, "submodule", "add", "-q", str(inner), "k8s/sub")
    git(outer, "commit", "-q", "-m", "two")
    monkeypatch.chdir(outer)
    return outer


@pytest.mark.parametrize("path", ["k8s", "k8s/sub", "k8s/sub/k8s", "."])
def test_submodules_are_read(nested, path):
    names = {blob.name for blob in manifests_in("HEAD", [path]).blobs}
    assert "HEAD:k8s/sub/k8s/inner.yaml" in names
    assert ("HEAD:k8s/outer.yaml" in names) == (path in ("k8s", "."))


def test_a_submodule_whose_checkout_is_gone_is_read_from_what_git_keeps(nested):
    git(nested, "submodule", "deinit", "-q", "-f", "k8s/sub")
    assert len(manifests_in("HEAD", ["k8s"]).blobs) == 2


@pytest.mark.parametrize("moving", ["mv", "added anew", "taken out"])
def test_a_submodule_that_has_moved_since_is_read_as_it_was(nested, tmp_path, moving):
    if moving == "mv":
        git(nested, "mv", "k8s/sub", "k8s/moved")
    else:
        git(nested, "rm", "-q", "-f", "k8s/sub")
    if moving == "added anew":
        shutil.rmtree(nested / ".git" / "modules")
        git(nested, "submodule", "add", "-q", "--name", "other", str(tmp_path / "inner"), "k8s/moved")
    git(nested, "commit", "-q", "-m", "three")
    assert "HEAD~1:k8s/sub/k8s/inner.yaml" in {blob.name for blob in manifests_in("HEAD~1", ["k8s"]).blobs}


def test_a_submodule_that_is_gone_can_be_fetched_as_the_hint_says(nested, tmp_path):
    git(nested, "rm", "-q", "-f", "k8s/sub")
    git(nested, "commit", "-q", "-m", "three")
    shutil.rmtree(nested / ".git" / "modules")
    with pytest.raises(ManifestError) as raised:
        manifests_in("HEAD~1", ["k8s"])
    hint = re.search("`git (fetch .*)`", raised.value.problems[0].message)
    assert hint is not None
    git(nested, *hint[1].split())
    assert len(manifests_in("HEAD~1", ["k8s"]).blobs) == 2


def test_a_submodule_that_is_not_there_is_an_error(nested):
    git(nested, "submodule", "deinit", "-q", "-f", "k8s/sub")
    shutil.rmtree(nested / ".git" / "modules")
    with pytest.raises(ManifestError, match="submodule update --init"):
        manifests_in("HEAD", ["k8s"])
    assert len(manifests_in("HEAD", ["k8s"], ["sub"]).blobs) == 1
    assert len(manifests_in("HEAD~1", ["k8s"]).blobs) == 1


@pytest.mark.parametrize("path", [".", "k8s", "k8s/sub"])
def test_a_submodule_that_is_not_checked_out_is_missed_in_the_working_tree(nested, path):
    check_submodules([path])
    git(nested, "submodule", "deinit", "-q", "-f", "k8s/sub")
    with pytest.raises(ManifestError, match=r"k8s/sub.*not checked out"):
        check_submodules([path])
    for left_out in ("sub", "k8s/", "k8s/sub"):
        check_submodules([path], [left_out])
    check_submodules(["k8s/outer.yaml"])


@pytest.mark.parametrize("target", ["gone.yaml", "/etc/hostname", "../../outside.yaml", "link.yaml"])
@pytest.mark.parametrize("name", ["link.yaml", "link"])
def test_a_link_whose_target_is_not_there_is_an_error(tmp_path, monkeypatch, name, target):
    (tmp_path / "a.yaml").write_text(namespace("a"))
    (tmp_path / name).symlink_to(target.replace("link.yaml", name))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ManifestError, match=r"link.*: this link leads"):
        manifests_in("HEAD", ["."])
    assert len(manifests_in("HEAD", ["."], ["link*"]).blobs) == 1


# ------------------------------------------------------------------------------------------------ no objects
OBJECT = namespace("there")
VALUES = "replicas: 3\nimage: {tag: v1}\n"
TEMPLATE = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {{ .Values.name }}\nspec: {}\n"
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [m.yaml]\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("values.yaml", VALUES),
        ("compose.yml", "services: {web: {image: x}}\n"),
        ("package.json", '{"name": "x", "version": "1.0.0"}'),
        ("playbook.yaml", "- hosts: all\n  tasks: []\n"),
        ("patch.json", '[{"op": "remove", "path": "/spec"}]'),
        ("text.yaml", "just text\n"),
        ("kustomization.yaml", "resources: [m.yaml]\n"),
        ("kustomization.yml", KUSTOMIZATION),
        ("component.yaml", KUSTOMIZATION.replace("Kustomization", "Component").replace("v1beta1", "v1alpha1")),
        ("loop.yaml", "{{- range .Values.all }}\na: {{ . }}\n{{- end }}\n"),
    ],
)
def test_what_is_no_object_is_named_in_a_directory_and_refused_by_name(tmp_path, name, text):
    (tmp_path / "m.yaml").write_text(OBJECT)
    (tmp_path / name).write_text(text)
    cluster = load([str(tmp_path)]).cluster
    assert [(entry.source.file, entry.why) for entry in cluster.left_out] == [(str(tmp_path / name), Why.NO_OBJECT)]
    (notice,) = cluster.notices
    assert notice.is_kept
    assert str(tmp_path / name) in notice.message
    with pytest.raises(ManifestError):
        load([str(tmp_path / name)])


@pytest.mark.parametrize("kind", ["kind", "Kind", "KIND", "kinds", "kidn", "knd", "kiind", "kond"])
@pytest.mark.parametrize(
    "version", ["apiVersion", "apiversion", "apiVerison", "api_version", "apVersion", "apiVersions"]
)
def test_a_misspelling_is_an_error_in_a_directory_too(tmp_path, kind, version):
    (tmp_path / "m.yaml").write_text(OBJECT)
    (tmp_path / "p.yaml").write_text(f"{version}: v1\n{kind}: Namespace\nmetadata: {{name: a}}\n")
    if (kind, version) == ("kind", "apiVersion"):
        assert len(load([str(tmp_path)]).cluster.namespaces) == 2
        return
    with pytest.raises(ManifestError, match=r"apiVersion|kind"):
        load([str(tmp_path)])
    for alone in (f"{version}: v1\n", f"{kind}: Namespace\n"):
        (tmp_path / "p.yaml").write_text(alone)
        with pytest.raises(ManifestError):
            load([str(tmp_path)])


def test_patches_of_a_kustomization_are_no_objects(tmp_path):
    (tmp_path / "m.yaml").write_text(OBJECT)
    (tmp_path / "sub").mkdir()
    listed = ("one.yaml", "sub/two.yaml", "three.yaml")
    for number, name in enumerate((*listed, "also.yaml")):
        (tmp_path / name).write_text(namespace(f"p{number}"))
    (tmp_path / "kustomization.yaml").write_text(
        "resources: [m.yaml, also.yaml]\npatchesStrategicMerge: [./one.yaml, also.yaml]\n"
        "patchesJson6902: [{path: sub/two.yaml}]\npatches: [{path: three.yaml}, {patch: '[]'}]\n"
    )
    cluster = load([str(tmp_path)]).cluster
    assert {n.name for n in cluster.namespaces} == {"there", "p3"}
    assert {Path(entry.source.file).name for entry in cluster.left_out} == {
        "kustomization.yaml", "one.yaml", "two.yaml", "three.yaml",
    }  # fmt: skip


def test_a_template_of_a_kind_that_matters_leaves_open_what_it_could_change(tmp_path):
    (tmp_path / "m.yaml").write_text(OBJECT)
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    cluster = load([str(tmp_path)]).cluster
    assert {thing.kind for thing in cluster.unmodelled} == {"NetworkPolicy"}
    assert cluster.unmodelled[0].namespace is None
    (notice,) = cluster.notices
    assert f"--exclude '{tmp_path / 't.yaml'}'" in notice.message
    cluster = load([str(tmp_path)], exclude=["t.yaml"]).cluster
    assert cluster.unmodelled == ()
    assert [entry.why for entry in cluster.left_out] == [Why.EXCLUDED]


def test_the_templates_of_a_chart_are_left_out_as_a_whole(tmp_path):
    (tmp_path / "m.yaml").write_text(OBJECT)
    chart = tmp_path / "shop"
    (chart / "templates").mkdir(parents=True)
    (chart / "crds").mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text(VALUES)
    (chart / "templates" / "p.yaml").write_text(TEMPLATE)
    (chart / "crds" / "n.yaml").write_text(namespace("of-crds"))
    cluster = load([str(tmp_path)]).cluster
    assert {n.name for n in cluster.namespaces} == {"there", "of-crds"}
    assert {(Path(e.source.file).name, e.why) for e in cluster.left_out} == {
        ("shop", Why.CHART),
        ("values.yaml", Why.NO_OBJECT),
    }
    assert any("helm template" in notice.message for notice in cluster.notices)
    with pytest.raises(ManifestError, match="helm template"):
        load([str(chart / "templates" / "p.yaml")])


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("*.yaml", {"k/a.yaml", "k/sub/b.yaml"}),
        ("a.yaml", {"k/a.yaml"}),
        ("sub", {"k/sub"}),
        ("sub/", {"k/sub"}),
        ("a.yaml/", set()),
        ("k/*.yaml", {"k/a.yaml"}),
        ("./k/*.yaml", {"k/a.yaml"}),
        ("sub/*", {"k/sub/b.yaml"}),
        ("**/b.yaml", {"k/sub/b.yaml"}),
        ("k/**", {"k/a.yaml", "k/sub", "k/sub/b.yaml"}),
        ("[!a].yaml", {"k/sub/b.yaml"}),
        ("?.yaml", {"k/a.yaml", "k/sub/b.yaml"}),
        ("A.yaml", set()),
        ("a.yam", set()),
        ("[", set()),
    ],
)
def test_patterns(pattern, taken):
    excluding = Excluding((pattern,))
    paths = {"k/a.yaml": False, "k/sub": True, "k/sub/b.yaml": False}
    assert {path for path, is_folder in paths.items() if excluding.takes(path, "k", is_folder=is_folder)} == taken
