"""Slips that people make, and the way out that they are shown."""

import io

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import load

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: shop}\nspec:\n"


def hints(*paths):
    with pytest.raises(ManifestError) as caught:
        load([str(path) for path in paths])
    return [problem.hint for problem in caught.value.problems]


def test_a_missing_file_has_a_neighbour_of_that_name(tmp_path):
    (tmp_path / "policies.yaml").write_text("")
    assert hints(tmp_path / "policies.yml") == [f"did you mean `{tmp_path / 'policies.yaml'}`?"]


@pytest.mark.parametrize("name", ["elsewhere", "no/such/folder.yaml", "dangling"])
def test_a_missing_file_has_none(tmp_path, name):
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert hints(tmp_path / name) == [""]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a:\n  b: 1\n c: 2\n", "indented unlike"),
        ("a:\n  - b: 1\n - c: 2\n", "indented unlike"),
        ("a:\n\tb: 1\n", "does not allow tabs"),
        ("a: b: c\n", "must stand in quotes"),
        ("a: [1\n", ""),
        (POLICY + "  policyTypes: [Ingres]\n", "did you mean `Ingress`?"),
        (POLICY + "  policyTypes: [egress]\n", "did you mean `Egress`?"),
        (POLICY + "  policyTypes: [both]\n", ""),
    ],
)
def test_what_a_file_gets_wrong(tmp_path, text, says):
    (tmp_path / "a.yaml").write_text(text)
    (hint,) = hints(tmp_path / "a.yaml")
    assert says in hint
    assert bool(hint) == bool(says)


def test_an_empty_name(tmp_path):
    assert hints("") == ["is a variable of the shell empty?"]


def test_nothing_comes_through_the_pipe(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert hints("-") == ["what is before the pipe printed none"]


@pytest.mark.parametrize(
    ("group", "says"),
    [
        (
            "netwroking.k8s.io",
            "is `networking.k8s.io` meant?",
        ),
        ("crd.antrea.io", None),
    ],
)
def test_an_api_group_that_may_be_misspelt(loaded, group, says):
    notices = loaded(POLICY.replace("networking.k8s.io", group) + "  ingress: []\n").cluster.notices
    assert [notice.source.line for notice in notices] == ([1] if says else [])
    assert all(notice.message.endswith(f"is modelled; {says}") for notice in notices)
