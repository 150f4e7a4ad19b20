"""Very many namespaces of which nothing isolates the pods: some get a finding each, and the last speaks for all."""

from __future__ import annotations

import yaml
from patched import answered

from analyzer.analysis.findings import rounds
from analyzer.verdicts.findings import Fault

NAMES = [f"tenant-{number}" for number in range(5)]


def test_the_last_of_many_namespaces_alike_speaks_for_the_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    for name in NAMES:
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        (tmp_path / "m" / f"{name}.yaml").write_text(yaml.safe_dump(space))

    def found():
        answer = answered([f"no internet can reach namespace {name}" for name in NAMES])
        return [it for it in answer.findings if it.fault is Fault.OPEN]

    every = found()
    assert len(every) == len(NAMES)
    assert not any("nor those" in it.summary for it in every)
    monkeypatch.setattr(rounds, "_MOST_ALIKE", 2)
    some = found()
    assert [" and others" in it.summary for it in some] == [False, True]
    assert all(it.fix.edit is not None for it in some)
