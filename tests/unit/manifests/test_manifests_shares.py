"""Files read by several processes give what one process gives, right or wrong."""

from __future__ import annotations

import os

import pytest

from analyzer import workers
from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.manifests.sources import shares
from benchmarks.generate import MULTI_TENANT, Order, make

TWIN = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: twin\n"


pytestmark = pytest.mark.usefixtures("as_if_alone")


@pytest.fixture
def folder(tmp_path):
    make(Order(MULTI_TENANT, pods=24, policies=12, namespaces=8)).write(tmp_path)
    return tmp_path / "manifests"


@pytest.fixture
def shared(monkeypatch):
    """Every file is worth a process of its own; the number of those that were begun is kept."""
    monkeypatch.setattr(shares, "_WORTHWHILE", 1)
    begun = []

    class Counted(workers.WorkerPool):
        def __init__(self, work, count, *others, **options):
            begun.extend(range(count))
            super().__init__(work, count, *others, **options)

    monkeypatch.setattr(workers, "WorkerPool", Counted)
    return begun


def both(folder, **options):
    return [load([str(folder)], jobs=jobs, **options) for jobs in (1, 3)]


def problems(folder, jobs):
    with pytest.raises(ManifestError) as raised:
        load([str(folder)], jobs=jobs)
    return raised.value.problems


def test_the_cluster_is_the_same(folder, shared):
    alone, together = both(folder)
    assert len(shared) == 2
    assert together == alone
    assert together.cluster.files == alone.cluster.files
    assert [str(policy.source) for policy in together.cluster.policies] == [
        str(policy.source) for policy in alone.cluster.policies
    ]


@pytest.mark.parametrize("text", ["kind: Namespace\n", "a: [\n", TWIN.replace("twin", "t0-prod")])
def test_what_is_wrong_in_a_later_share_is_told_alike(folder, shared, text):
    (folder / "zz.yaml").write_text(text)
    assert problems(folder, 3) == problems(folder, 1)
    alone, together = both(folder, keep_going=True)
    assert together == alone
    assert together.problems


def test_an_object_in_two_shares_stands_twice(folder, shared):
    for name in ("aa", "zz"):
        (folder / f"{name}.yaml").write_text(TWIN + f"  labels: {{from: {name}}}\n")
    found = problems(folder, 3)
    assert found == problems(folder, 1)
    assert "stands in the manifests twice" in found[0].message
    assert "zz.yaml" in found[0].file


def test_a_process_that_dies_is_no_loss(folder, shared, monkeypatch):
    monkeypatch.setattr(workers.pool, "_serve", lambda work, channel: os._exit(9))
    alone, together = both(folder)
    assert shared
    assert together == alone


def test_who_wants_to_be_told_of_each_file_is(folder, shared):
    told = []
    load([str(folder)], jobs=3, on_read=lambda name, data: told.append((name, data)))
    assert not shared
    assert [name for name, _ in told] == sorted(str(file) for file in folder.iterdir())
    assert told[0][1] == (folder / os.path.basename(told[0][0])).read_bytes()


def test_shares_keep_the_order_and_are_of_about_one_size(tmp_path, monkeypatch):
    monkeypatch.setattr(shares, "_WORTHWHILE", 10)
    files = []
    for number, size in enumerate((5, 50, 5, 5, 5, 40, 0)):
        file = tmp_path / f"{number}.yaml"
        file.write_bytes(b"#" * size)
        files.append(str(file))
    found = shares.shares(files, 2)
    assert [file for share in found for file in share] == files
    assert [len(share) for share in found] == [2, 5]
    assert shares.shares(files, 1) == [files]
    assert shares.shares([*files, "-"], 2) == [[*files, "-"]]
    assert shares.shares([], 2) == [[]]
    monkeypatch.setattr(shares, "_WORTHWHILE", 1000)
    assert shares.shares(files, 2) == [files]
