"""The picture of the map measured in a real browser: no two names overlap, none is clipped, whatever the size."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest
from map_clusters import APPS, cluster
from selenium.webdriver.common.by import By
from test_map_page import measured, part, shown, tab

from analyzer.analysis import connectivity
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.profile import PROFILES
from analyzer.reports.map_html import render_map_html

SMALL = 300_000  # bytes of a page that somebody sends by mail


def renamed(of: Cluster, rename) -> Cluster:
    """The cluster with workloads called otherwise."""
    workloads = tuple(Workload(w.kind, w.namespace, rename(w.name), w.labels) for w in of.workloads)
    return Cluster(of.namespaces, workloads, policies=of.policies)


def apart(namespaces: int, size: int) -> Cluster:
    """Workloads that policies tell apart by nothing but their namespace, with names as long as one has seen them."""
    names = [f"team-{i}-{'with-a-name-of-its-own' * (i % 2)}" for i in range(namespaces)]
    workloads = [
        Workload("Deployment", name, f"{APPS[k % len(APPS)]}-{k}", Labels({"app": APPS[k % len(APPS)]}))
        for name in names
        for k in range(size)
    ]
    return Cluster(tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n}), True) for n in names), tuple(workloads))


LONG = "the-service-that-keeps-the-books-of-all-other-services-in-one-place.and-its-replicas-beside-it"
CLUSTERS = {
    "5": cluster(3, 3),
    "30": cluster(9, 4),
    "200": cluster(35, 6),
    "5 without policies": apart(2, 3),
    "30 long names": renamed(cluster(9, 4), lambda name: f"{LONG}-{name}"),
    "200 in two namespaces": cluster(4, 99),
}


def assert_readable(browser):
    """The graph as it is drawn now: names whole, in their boxes, and nothing on top of another."""
    assert measured(browser, "clippedNames") == []
    for kinds in (".node", ".box", ".node text, .title", ".node, .port, .title"):
        assert measured(browser, "overlaps", ", ".join(f"#canvas {it}" for it in kinds.split(", "))) == []
    names = measured(browser, "names")
    assert names
    assert all(written == full for written, full in names)


@pytest.mark.parametrize("size", CLUSTERS)
def test_no_name_overlaps_and_none_is_clipped(browser, tmp_path, size):
    shown(browser, tmp_path, CLUSTERS[size])
    assert_readable(browser)
    part(browser, "ports").click()
    assert_readable(browser)
    part(browser, "open").click()
    assert_readable(browser)
    browser.execute_script("netproof.views.graph.choose(0)")
    assert_readable(browser)
    tab(browser, "matrix")
    assert measured(browser, "clippedHeads") == []
    part(browser, "close").click()
    assert measured(browser, "clippedHeads") == []


@pytest.mark.parametrize("size", CLUSTERS)
def test_no_edge_runs_behind_a_name(browser, tmp_path, size):
    shown(browser, tmp_path, CLUSTERS[size])
    assert measured(browser, "behindNames") == []
    part(browser, "open").click()
    browser.execute_script("netproof.views.graph.choose(0)")
    assert measured(browser, "behindNames") == []


def test_no_word_of_the_bar_is_clipped(browser, tmp_path):
    """Placeholders too: each fits into its field."""
    shown(browser, tmp_path, CLUSTERS["5"])
    assert measured(browser, "clippedPlaceholders") == []


@pytest.mark.parametrize("size", ["5", "30"])
def test_workloads_stand_in_the_box_of_their_namespace(browser, tmp_path, size):
    shown(browser, tmp_path, CLUSTERS[size])
    part(browser, "open").click()
    assert measured(browser, "strays") == []


@pytest.mark.parametrize("size", ["5", "30"])
def test_names_can_be_read_without_zooming(browser, tmp_path, size):
    shown(browser, tmp_path, CLUSTERS[size])
    lines = browser.find_elements(By.CSS_SELECTOR, "#canvas .node tspan, #canvas .title tspan")
    heights = [it.size["height"] for it in lines]
    assert min(heights) >= 9


@pytest.mark.parametrize("size", ["5", "30", "200"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screenshot_has_names_on_their_ground(browser, tmp_path, size, scheme):
    """Every name stands out from what it stands on, and there is a picture."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    shown(browser, tmp_path, CLUSTERS[size])
    assert min(measured(browser, "contrasts")) >= 4.5
    file = tmp_path / f"{size}-{scheme}.png"
    assert browser.save_screenshot(str(file))
    assert len(colours(file.read_bytes())) > 30


def colours(png: bytes) -> set[bytes]:
    """Different lines of pixels, as they are stored: one only for a blank page."""
    start, data = 8, b""
    while start < len(png):
        length, kind = int.from_bytes(png[start : start + 4]), png[start + 4 : start + 8]
        data += png[start + 8 : start + 8 + length] if kind == b"IDAT" else b""
        start += 12 + length
    lines = zlib.decompress(data)
    width = len(lines) // int.from_bytes(png[20:24])
    return {lines[i:j] for i, j in pairwise(range(0, len(lines) + 1, width))}


@pytest.mark.parametrize("size", ["5", "30", "5 without policies"])
def test_a_small_cluster_is_a_small_page(size):
    assert len(render_map_html(connectivity(CLUSTERS[size], PROFILES["generic"], with_grounds=True))) < SMALL


def test_the_search_leaves_what_it_names(browser, tmp_path):
    shown(browser, tmp_path, CLUSTERS["30"])
    part(browser, "open").click()
    every = len(browser.find_elements(By.CSS_SELECTOR, "#canvas .node"))
    browser.execute_script("netproof.part('text').value = 'team-1/'; netproof.refilter()")
    left = browser.execute_script("return netproof.drawn.edges.size && netproof.drawn.units.length")
    assert 0 < left < every
    assert_readable(browser)
