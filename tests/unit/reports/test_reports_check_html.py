"""The page for auditors: whole, without scripts, every link of it leading somewhere."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

from report_samples import EVERYTHING, REFUTED, WITH_EXCUSES, answer, query

from analyzer.reports.check_html import render_html

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Collects ids, links and text, and fails where tags do not nest."""

    def __init__(self, report):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], set(), []
        self.feed(report.decode())
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_it_stands_alone_and_links_lead_somewhere():
    page = Page(render_html(WITH_EXCUSES))
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert "tenants/internet-egress" in page.ids


def test_it_tells_everything_an_auditor_asks_for():
    text = Page(render_html(WITH_EXCUSES, date(2026, 11, 21))).text
    for told in (
        "6 queries: 1 refuted, 1 unknown, 1 vacuous, 1 waived, 1 known, 1 proved",
        "made on 2026-11-21",
        "every pod that could be created",
        "shop/web[Deployment] → 8.8.8.8 on TCP 443 is allowed",
        "NetworkPolicy shop/deny shop.yaml:3",
        "PCI-DSS 1.4.4 refuted",
        "pod-addresses: pods have addresses in 10.0.0.0/8 (to change it: --pod-cidr)",
        "CiliumNetworkPolicy shop/x: not modelled yet c.yaml:1",
        "expired tenants/internet-egress",
        "before.json",
    ):
        assert told in text


def test_what_a_pack_shows_and_does_not():
    (section,) = EVERYTHING.sections
    shown = replace(section, description="About.", shows=("This.",), does_not_show=("Not <b>that</b>.",))
    text = Page(render_html(replace(EVERYTHING, sections=(shown,)))).text
    assert "About. What this shows This. What it does not show Not <b>that</b>." in text


def test_nothing_of_the_input_becomes_markup():
    nasty = '"><script>alert(1)</script>`<i>`'
    found = replace(REFUTED, query=query('a" onx="y', nasty, controls=(nasty,), description=nasty))
    report = render_html(answer(found))
    page = Page(report)
    assert "script" not in page.tags
    assert "i" not in page.tags
    assert not re.search(rb'<[^>]* onx="', report)
