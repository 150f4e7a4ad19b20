"""The table is rewritten part by part."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks import map_peer, peer
from benchmarks.measuring import Row
from benchmarks.table import Part, block, parts, put


def test_a_part_is_replaced_where_it_stands_and_added_where_it_does_not():
    first, other = (Part(name, "benchmarks.x", list) for name in ("first", "other"))
    text = put(put("# Title\n", "first", block(first, [Row("w", "1", "a")])), "other", block(other, []))
    again = put(text, "first", block(first, [Row("w", "2", "> b")]))
    assert "| w | 2 | &gt; b |" in again
    assert "| w | 1 |" not in again
    assert again.index("### first") < again.index("### other")
    assert again.count("### first") == 1


def test_the_table_is_complete_whatever_others_are_there() -> None:
    names = [
        "start-up",
        "reading",
        "queries",
        "change",
        "comparison",
        "map",
        "Calico",
        "Cilium",
        "AWS",
        "mesh",
        "strings",
        "charts",
        "NCA",
        "netpol-analyzer",
    ]
    assert [part.name for part in parts(1.0, None, None, 1)] == names
    assert [part.name for part in parts(0.1, ["nca"], ["npa"], 1)] == names


FAKE = """
import pathlib, sys
words = sys.argv[1:]
if "--help" not in words:
    files = words[words.index("--dirpath" if words[0] == "list" else "--resource_list") + 1]
    if not list(pathlib.Path(files).glob("*.yaml")):
        sys.exit("no manifests")
"""
Peer = Callable[[Sequence[str] | None, Sequence[int]], list[Row]]


@pytest.mark.parametrize(
    ("measured", "size", "name"), [(map_peer.measure, 10, "netpol-analyzer"), (peer.measure, 2, "NCA")]
)
def test_others_are_measured_where_they_are_and_said_not_to_be_where_not(
    measured: Peer, size: int, name: str, tmp_path: Path
) -> None:
    program, broken = tmp_path / "fake.py", tmp_path / "broken.py"
    program.write_text(FAKE)
    broken.write_text("raise SystemExit(2)")
    (without,) = measured(None, [size])
    assert without.figure == "not measured"
    assert "netproof 0." in without.against
    assert name not in without.against
    (beside,) = measured([sys.executable, str(program)], [size])
    assert float(beside.figure) > 0
    assert f", {name} " in beside.against
    (failed,) = measured([sys.executable, str(broken)], [size])
    assert failed.figure[0] in "<>"
