"""Reading again gives what reading afresh gives, and leaves alone what was not saved."""

from __future__ import annotations

import pytest

from analyzer.errors import ManifestError
from analyzer.manifests import Rereader, load

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: shop}}
spec: {{podSelector: {{}}, policyTypes: [Egress]}}
"""
WORKLOAD = """
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: other}
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(POLICY.format(name=name))
    (tmp_path / "pod.yaml").write_text(WORKLOAD)
    return tmp_path


def same(reader, folder):
    found = reader.load().cluster
    fresh = load([str(folder)]).cluster
    assert found == fresh
    assert found.files == fresh.files
    return found


def test_only_what_was_saved_is_read_again(folder):
    reader = Rereader([str(folder)])
    first = same(reader, folder)
    assert len(reader.reread) == 3
    (folder / "a.yaml").write_text(POLICY.format(name="a-new"))
    second = same(reader, folder)
    assert reader.reread == (str(folder / "a.yaml"),)
    assert second.policies[1] is first.policies[1]
    same(reader, folder)
    assert reader.reread == ()


def test_files_come_and_go(folder):
    reader = Rereader([str(folder)])
    before = reader.stamp()
    same(reader, folder)
    (folder / "a.yaml").unlink()
    (folder / "c.yaml").write_text(POLICY.format(name="c"))
    assert reader.stamp() != before
    same(reader, folder)
    assert reader.reread == (str(folder / "a.yaml"), str(folder / "c.yaml"))


@pytest.mark.parametrize("bad", ["kind: [", POLICY.format(name="b").replace("Egress", "Ingress"), "kind: Pod\n"])
def test_what_is_wrong_is_told_as_ever(folder, bad):
    reader = Rereader([str(folder)])
    reader.load()
    (folder / "a.yaml").write_text(bad)
    with pytest.raises(ManifestError) as expected:
        load([str(folder)])
    with pytest.raises(ManifestError) as caught:
        reader.load()
    assert caught.value.problems == expected.value.problems
    (folder / "a.yaml").write_text(POLICY.format(name="mended"))
    same(reader, folder)


def test_a_file_may_be_emptied(folder):
    reader = Rereader([str(folder)])
    reader.load()
    (folder / "a.yaml").write_text("# nothing\n")
    same(reader, folder)


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ManifestError, match="no such file"):
        Rereader([str(tmp_path / "nowhere")]).load()


def test_standard_input_cannot_be_read_again():
    with pytest.raises(ValueError, match="read again"):
        Rereader(["-"])
