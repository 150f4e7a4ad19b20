"""Files, directories, encodings, YAML and JSON: what is read, what is refused, and where the problem is said to be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.manifests.text.scalars import PlainScalars
from analyzer.manifests.text.texts import ELSEWHERE
from analyzer.model.cluster import MayBe

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n"
OTHER = POLICY.replace("name: p", "name: q")


# ------------------------------------------------------------------------------------------------ texts
@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"", 0, "holds no manifest"),
        (b"# only\n---\n# comments\n", 0, "holds no manifest"),
        ("apiVersion: v1\n".encode("utf-16"), 0, "encoded in UTF-16"),
        ("apiVersion: v1\nkind: Pod\n".encode("utf-16-le"), 0, "encoded in UTF-16"),
        (b"a: b\nc: \xe9\n", 2, "not encoded in UTF-8"),
        (bytes(range(256)), 0, "binary"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n", 0, "a pointer of Git LFS"),
        (b"version https://hawser.github.com/spec/v1\noid sha256:4d7a\nsize 5\n", 0, "a pointer of Git LFS"),
        (b"/annex/objects/SHA256E-s5--4d7a.yaml\n", 0, "a pointer of git-annex"),
        (b'a: "\x01"\n', 1, "control character U+0001"),
        (b"a:\n\tb: c\n", 2, "cannot be read as YAML"),
        (b"hello\n", 1, "must be a mapping"),
        (b"- a\n", 1, "must be a mapping"),
        (b"apiVersion: v1\n", 1, "no `kind`"),
        (b"kind: Pod\n", 1, "no `apiVersion`"),
        (b"x: 1\nkind: [a]\napiVersion: v1\n", 2, "`kind` must be text"),
        (b"a: !!python/object/apply:os.system [x]\n", 1, "`!!python/object/apply:os.system`"),
        (b"a: !Ref x\n", 1, "`!Ref`"),
        (b"a: !!int x\n", 1, "no value of type `!!int`"),
        (POLICY.encode() + b"spec: {}\nspec: {}\n", 5, "stands twice in one mapping, first on line 4"),
        (b"? {a: b}\n: c\n", 1, "a key must be text"),
        (b"? ~\n: c\n", 1, "a key must be text, not null"),
        (b"a: &a [*a]\n", 1, "inside what it names"),
        (b"\na: *b\n", 2, "names no anchor"),
        (b"<<: 3\napiVersion: v1\n", 1, "`<<` must name a mapping"),
        (b"a: " + b"[" * 900 + b"]" * 900, 1, "nested more than 256 deep"),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", 1, "nested more than 256 deep"),
        (b'{\n "a": 1\n "b": 2}', 3, "`,` or `}` was expected"),
        (b'{"apiVersion": "v1",\n "apiVersion": "v1"}', 2, "stands twice"),
        (b'a: "x\nb: c\n', 1, "quoted scalar"),
        (b"apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.x }}}\n", 3, "is a template"),
        (b"{{- if .Values.x }}\napiVersion: v1\n{{ end }}\n", 1, "is a template"),
    ],
)
def test_bad_text_is_refused_with_its_place(problems, text, line, says):
    found = problems(text)
    assert any(says in problem.message and problem.line == line for problem in found), found


@pytest.mark.parametrize("start", sorted(ELSEWHERE))
def test_a_pointer_to_a_file_that_is_elsewhere_is_not_passed_over(tmp_path, start):
    (tmp_path / "a.yaml").write_text(POLICY)
    (tmp_path / "b.yaml").write_bytes(start + b"v1\n")
    with pytest.raises(ManifestError, match="is a pointer of"):
        load([str(tmp_path)])
    assert [thing.may_be for thing in load([str(tmp_path)], keep_going=True).cluster.unmodelled] == [{MayBe.ANYTHING}]


def test_an_alias_bomb_is_refused(problems):
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for before, here in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]")
    (problem,) = problems("\n".join(lines))
    assert "expand to more than" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        POLICY.replace("\n", "\r\n"),
        "\ufeff" + POLICY,
        POLICY + "...\n",
        "---\n# nothing\n---\n" + POLICY + "---\n",
        json.dumps({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}}),
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}}",
        "\n\t" + json.dumps({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}}),
    ],
)
def test_forms_of_one_policy(loaded, text):
    (policy,) = loaded(text).cluster.policies
    assert policy.id == "NetworkPolicy default/p"


def test_documents_and_concatenated_json(loaded):
    assert len(loaded(POLICY + "---\n" + OTHER).cluster.policies) == 2
    one = '{"apiVersion": "v1", "kind": "ConfigMap"}'
    assert loaded(one + "\n" + one).cluster.irrelevant == (("ConfigMap", 2),)


def test_anchors_and_merge_keys(loaded):
    text = POLICY + (
        "spec:\n  podSelector: &s {matchLabels: {a: b}}\n  ingress:\n  - from:\n"
        "    - {<<: [{podSelector: {}}, {podSelector: *s}], namespaceSelector: *s}\n"
    )
    (policy,) = loaded(text).cluster.policies
    (peer,) = policy.ingress[0].peers
    assert str(peer.namespaces.selector) == "a=b"
    assert str(peer.pods) == ""


def test_a_syntax_error_hides_no_other_document(problems):
    text = "a: [\n---\n" + POLICY.replace("name: p", "name: B_") + "---\nb: }\n---\nkind: x\n"
    lines = [problem.line for problem in problems(text)]
    assert lines == [2, 5, 7, 9]


def test_many_syntax_errors_take_no_more_than_linear_time(problems):
    text = "a: [\n---\n" * 2000 + POLICY.replace("name: p", "name: B_")
    found = problems(text)
    assert len(found) == 2001
    assert found[-1].line == 4003


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("y", True),
        ("~", None),
        ("", None),
        ("010", 8),
        ("0o17", 15),
        ("0x50", 80),
        ("0b11", 3),
        ("-12", -12),
        ("1_000", 1000),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("80.0", 80.0),
        ("089", 89.0),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("-", "-"),
        ("nOpE", "nOpE"),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_unquoted_scalars_mean_what_kubectl_reads(text, value):
    found = PlainScalars().resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_keys_become_text_as_in_json(loaded):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {on: x, 8080: z}}\n"
    assert dict(loaded(text).cluster.workloads[0].labels) == {"true": "x", "8080": "z"}


def test_messages_are_printable_and_short(problems):
    (problem,) = problems('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\\ud800\\n' + "x" * 9999 + '"}}')
    problem.message.encode()
    assert "\n" not in problem.message
    assert len(problem.message) < 400


def test_files_put_together_without_a_line_between_are_told_so(problems):
    first, *_ = problems("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n" * 2)
    assert first.line == 4
    assert "`---` between" in first.hint
    first, *_ = problems("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, name: b}\n")
    assert first.hint == "keep one of them"


def test_templates_inside_text_hide_no_other_fault(problems):
    text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: '{{ .x }}'\n  b: |\n    {{ if .y }}\n  b: z\n"
    (problem,) = problems(text)
    assert "stands twice" in problem.message


# ------------------------------------------------------------------------------------------------ places of rules
def test_yaml_and_json_give_the_lines_of_rules(loaded):
    yaml_text = POLICY + "spec:\n  ingress:\n  - {}\n  -\n    from: []\n"
    (policy,) = loaded(yaml_text).cluster.policies
    assert [rule.source.line for rule in policy.ingress] == [6, 8]
    value = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {"ingress": [{}, {"from": []}]},
    }
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [value]}, indent=1)
    (policy,) = loaded(text).cluster.policies
    lines = text.splitlines()
    assert [lines[rule.source.line - 1].strip() for rule in policy.ingress] == ["{},", "{"]
    assert lines[policy.source.line - 1].strip() == "{"


# ------------------------------------------------------------------------------------------------ files
def test_a_directory_is_walked_in_sorted_order(tmp_path: Path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    for name, policy in (("b/x.yml", "b"), ("a.yaml", "a"), ("c.json", "c")):
        body = POLICY.replace("name: p", f"name: {policy}")
        (tmp_path / name).write_text(body)
    (tmp_path / "notes.txt").write_text("no manifest")
    (tmp_path / ".git" / "x.yaml").write_text(POLICY.replace("name: p", "name: hidden"))
    told = []
    found = load([str(tmp_path)], progress=lambda file, number, count: told.append((file, number, count)))
    files = [str(tmp_path / name) for name in (".git/x.yaml", "a.yaml", "b/x.yml", "c.json")]
    assert found.cluster.files == tuple(files)
    assert told == [(file, number, 4) for number, file in enumerate(files)]
    assert [policy.name for policy in found.cluster.policies] == ["a", "b", "c", "hidden"]


def test_every_problem_of_every_file_is_reported(tmp_path: Path):
    for number in range(50):
        (tmp_path / f"{number:02}.yaml").write_text(POLICY.replace("name: p", f"name: p{number}"))
    (tmp_path / "07.yaml").write_text("a: [\n")
    (tmp_path / "08.yaml").write_text(POLICY + "spec: {podselector: {}, policyTypes: [ingress]}\n")
    with pytest.raises(ManifestError) as caught:
        load([str(tmp_path), str(tmp_path / "missing.yaml")])
    places = {(Path(p.file).name, p.line) for p in caught.value.problems}
    assert places == {("07.yaml", 2), ("08.yaml", 4), ("missing.yaml", 0)}
    assert len(caught.value.problems) == 4


def test_paths_that_cannot_be_read(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "pipe.yaml")
    names = ["empty", "dangling.yaml", "pipe.yaml", "folder", "a\0b"]
    with pytest.raises(ManifestError) as caught:
        load([str(tmp_path / name) for name in names])
    text = str(caught.value)
    for says in ("holds no manifest", "no such file", "neither a file nor a directory", "null"):
        assert says in text
    assert {Path(p.file).name for p in caught.value.problems} >= {"empty", "dangling.yaml", "pipe.yaml"}


def test_links_in_a_circle_and_files_named_twice(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    file = tmp_path / "a" / "p.yaml"
    file.write_text(POLICY)
    found = load([str(tmp_path), str(file), str(tmp_path / "a")])
    assert len(found.cluster.policies) == 1


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "p.yaml"
    file.write_text(POLICY)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ManifestError, match="cannot be read: permission denied"):
        load([str(file)])


def test_a_file_past_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "p.yaml"
    file.write_text(POLICY)
    monkeypatch.setattr("analyzer.manifests.sources.files.LARGEST_FILE", 10)
    with pytest.raises(ManifestError, match="more than"):
        load([str(file)])
    with pytest.raises(ManifestError, match="more than"):
        load(["-"], stdin=POLICY.encode)


def test_an_empty_file_beside_a_manifest_is_fine(tmp_path: Path):
    (tmp_path / "empty.yaml").write_text("# later\n")
    (tmp_path / "p.yaml").write_text(POLICY)
    found = load([str(tmp_path)])
    assert [notice.message for notice in found.cluster.notices] == ["this file holds no manifest"]
    with pytest.raises(ManifestError, match="holds no manifest"):
        load([str(tmp_path / "empty.yaml")])


def test_chart_values_and_kustomization_files_say_how_to_render(problems, tmp_path: Path):
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: x\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text("replicas: 3\n")
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    (tmp_path / "own.yaml").write_text("kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n")
    with pytest.raises(ManifestError) as caught:
        load([str(tmp_path / name) for name in ("own.yaml", "Chart.yaml", "values.yaml", "kustomization.yaml")])
    hints = {Path(p.file).name: p.hint for p in caught.value.problems}
    assert "helm template" in hints["Chart.yaml"]
    assert "helm template" in hints["values.yaml"]
    assert "kustomize build" in hints["kustomization.yaml"]
