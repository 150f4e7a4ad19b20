from dataclasses import replace

from report_samples import query

from analyzer.model.claims import Assumption, Pack, Universe
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import both
from analyzer.reports.layout import Style
from analyzer.reports.packs_text import render_pack, render_pack_list

PACK = Pack(
    "tenants",
    "Tenants are apart",
    (
        query("a-b", "A cannot reach B", remediation="Deny it.", controls=("X 1",), description="Two\nlines."),
        replace(query("c"), universe=Universe.INVENTORY),
    ),
    (Assumption("pinned", "Labels are pinned", ANYTHING, both(())),),
    (("tenant", "team"),),
    description="What tenants may do.",
)


def words(report):
    return " ".join(report.decode().split())


def test_a_pack_shows_all_that_it_says_of_itself():
    shown = words(render_pack(PACK, Style(width=100)))
    for part in (
        "tenants: Tenants are apart What tenants may do.",
        "parameter tenant = team (--set tenant=…)",
        "assumes pinned: Labels are pinned",
        "a-b A cannot reach B (severity medium) Two lines. claim no anything can reach a-b",
        "controls X 1 fix Deny it.",
        "within inventory",
    ):
        assert part in shown


def test_the_list_has_one_line_for_each_pack():
    shown = render_pack_list([("baseline", "What all want", 1), ("tenants", "Apart", 2)], Style()).decode().splitlines()
    assert shown[:2] == ["baseline  What all want (1 query)", "tenants   Apart (2 queries)"]
    assert "netproof packs show" in words(render_pack_list([], Style()))
