"""The report for auditors in a browser: it fits narrow screens, in light and dark, and keeps the policy of its page."""

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a-name-that-is-rather-long-for-a-policy-and-has-no-place-to-break, namespace: shop}
spec: {podSelector: {}, ingress: [{}]}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    from typer.testing import CliRunner

    from analyzer.cli.app import app

    folder = tmp_path_factory.mktemp("report")
    (folder / "shop.yaml").write_text(SHOP)
    claims = ["-q", "no internet can reach namespace shop", "-q", "namespace shop can reach only namespace shop"]
    report = folder / "report.html"
    found = CliRunner().invoke(app, ["check", str(folder / "shop.yaml"), *claims, "--format", f"html={report}"])
    assert found.exit_code == 1
    return report.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(browser, page, width, scheme):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
    try:
        browser.get(page)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(20, 23, 26)") is (scheme == "dark")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_links_lead_to_the_queries(browser, page):
    browser.get(page)
    links = browser.find_elements(By.CSS_SELECTOR, "table a")
    assert len(links) == 2
    for link in links:
        target = link.get_attribute("href").partition("#")[2].replace("%20", " ")
        assert browser.find_element(By.ID, target).tag_name == "article"


BROKEN_WORDS = """
const found = [];
for (const cell of document.querySelectorAll("td, th")) {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (const word of node.data.matchAll(/[^\\s\\/,:-]+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (word[0].length <= 24 && range.getClientRects().length > 1) found.push(word[0]);
    }
  }
  if (cell.scrollWidth > cell.clientWidth + 1) found.push(`wide: ${cell.textContent}`);
}
return found;
"""


@pytest.mark.parametrize("width", [680, 520, 1000], ids=["A4", "A5", "A4 across"])
def test_no_table_cell_is_broken_on_paper(browser, records, width):
    """No word of a table runs over two lines, none is wider than its cell, and no row over two pages."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        browser.get(records)
        assert len(browser.find_elements(By.CSS_SELECTOR, "table")) >= 3
        assert browser.execute_script(BROKEN_WORDS) == []
        styles = "return [...document.querySelectorAll('tr')].map((it) => getComputedStyle(it).breakInside)"
        assert set(browser.execute_script(styles)) == {"avoid"}
        heads = "return [...document.querySelectorAll('thead')].map((it) => getComputedStyle(it).display)"
        assert set(browser.execute_script(heads)) == {"table-header-group"}
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """What an auditor gets: controls, waivers, every file with its hash."""
    from typer.testing import CliRunner

    from analyzer.cli.app import app

    folder = tmp_path_factory.mktemp("records")
    report = folder / "report.html"
    where = str(Path(__file__).resolve().parents[2] / "examples/multi-tenant/leaky")
    asked = ["-p", "tenant-isolation", "--set", "tenant=tenant"]
    assert CliRunner().invoke(app, ["check", where, *asked, "--format", f"html={report}"]).exit_code == 1
    return report.as_uri()
