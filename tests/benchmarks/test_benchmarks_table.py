"""The table is rewritten part by part."""

from __future__ import annotations

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


def test_nca_is_left_out_where_its_command_is_not_given():
    assert [part.name for part in parts(1.0, None, 1)] == [
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
    ]
    assert parts(1.0, "nca", 1)[-1].name == "NCA"
