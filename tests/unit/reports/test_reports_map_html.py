"""The HTML page as a file: it is small, nothing comes from elsewhere, nothing breaks out."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from analyzer.analysis import connectivity
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.labels import Labels
from analyzer.model.profile import PROFILES
from analyzer.reports.map_html import render_map_html


class Page(HTMLParser):
    """The elements of a page: what scripts hold, what attributes point elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.links, self.metas = [], [], []
        self._is_script = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[name] for name in ("src", "href", "action", "data") if name in found]
        if tag == "meta":
            self.metas.append(found)
        self._is_script = tag == "script"
        if self._is_script:
            self.scripts.append([found.get("type"), ""])

    def handle_endtag(self, tag):
        self._is_script = False

    def handle_data(self, data):
        if self._is_script:
            self.scripts[-1][1] += data


@pytest.fixture(scope="module")
def text():
    name = "</script><!--<script>\u2028"
    workload = Workload("Deployment", "shop", name, Labels({"app": name}))
    return render_map_html(connectivity(Cluster((), (workload,)), PROFILES["generic"], with_grounds=True)).decode()


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_it_is_small(text):
    assert len(text.encode()) < 100_000


def test_nothing_comes_from_elsewhere(page):
    assert page.links == ["#view"]


def test_only_the_scripts_of_the_page_may_run(page):
    (policy,) = (meta["content"] for meta in page.metas if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    (allowed,) = re.findall(r"script-src ([^;]*)", policy)
    running = [content for kind, content in page.scripts if kind is None]
    hashes = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in running]
    assert allowed.split() == [f"'sha256-{digest}'" for digest in hashes]
    assert "unsafe" not in policy


def test_data_cannot_end_its_element(page):
    (data,) = [content for kind, content in page.scripts if kind == "application/json"]
    assert not set("<>&\u2028\u2029") & set(data)
    (shown,) = json.loads(data)["classes"][0]["ends"]
    assert shown[0] == "</script><!--<script>\\u2028[Deployment]"


def test_the_same_map_gives_the_same_page(text):
    again = Workload(
        "Deployment", "shop", "</script><!--<script>\u2028", Labels({"app": "</script><!--<script>\u2028"})
    )
    found = connectivity(Cluster((), (again,)), PROFILES["generic"], with_grounds=True)
    assert render_map_html(found).decode() == text
