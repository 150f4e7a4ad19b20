"""The HTML page of the map in a real browser: it loads, filters, explains, obeys the keyboard, and is inert."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from map_clusters import cluster, policy, rule, where
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from analyzer.analysis import connectivity
from analyzer.manifests import load
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.labels import Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.reports.map_html import render_map_html

SIZES = {"ten": (3, 2), "three hundred": (6, 10), "five thousand": (40, 12)}
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    '"\'`${document.title="owned"}\\',
    "\u202egnp.exe",
    "\x1b[31mred",
    "\u2028\u2029&lt;b&gt;",
    "constructor",
    "__proto__",
)


def shown(browser, folder, of: Cluster, profile="generic"):
    """Opens the page of a cluster from disk."""
    page = folder / "map.html"
    page.write_bytes(render_map_html(connectivity(of, PROFILES[profile], with_grounds=True)))
    browser.get(page.as_uri())


@pytest.fixture
def small(browser, tmp_path):
    """web may reach db on TCP 5432 by a rule at each end; cron may reach web only."""
    workloads = tuple(
        Workload("Deployment", namespace, name, Labels({"app": name}))
        for namespace, name in (("shop", "web"), ("shop", "db"), ("jobs", "cron"))
    )
    web = rule(0, (cluster_peer("shop", "web"),), (Protocol.TCP, 5432))
    db = rule(0, (cluster_peer("shop", "db"),), (Protocol.TCP, 5432), (Protocol.UDP, 53))
    policies = (
        policy("shop", "guard-db", where(app="db"), (at(web, "db.yaml", 12),), ()),
        policy("shop", "leave-web", where(app="web"), None, (at(db, "web.yaml", 34),)),
    )
    shown(browser, tmp_path, Cluster((), workloads, policies=policies))
    return browser


def cluster_peer(namespace, app):
    return policy(namespace, "", where(app=app), None, None).subject


def at(it, file, line):
    return replace(it, source=Source(file, line))


# ------------------------------------------------------------------------------------------------ what a user does
def part(browser, name):
    return browser.find_element(By.ID, name)


MEASURING = (Path(__file__).parent / "measuring.js").read_text()


def measured(browser, what, *arguments):
    """A function of `measuring.js` asked of the page."""
    return browser.execute_script(f"{MEASURING}\nreturn {what}(...arguments);", *arguments)


def details(browser):
    return part(browser, "details").text


def tab(browser, name):
    part(browser, f"tab-{name}").click()


def table(browser):
    """The lines of the table, read at once: the page may be about to draw them anew."""
    tab(browser, "table")
    lines = browser.execute_script(
        """return [...document.querySelectorAll("#table tbody tr")].map((line) =>
        [...line.cells].map((cell) => cell.textContent));"""
    )
    return list(map(tuple, lines))


def click_cell(browser, label):
    """Clicks a cell of the matrix, which is drawn anew whenever it is scrolled or resized."""
    tab(browser, "matrix")

    def clicked(_):
        browser.find_element(By.CSS_SELECTOR, f'[aria-label="{label}"]').click()
        return True

    WebDriverWait(browser, 5, ignored_exceptions=[StaleElementReferenceException]).until(clicked)


def keys(browser, *pressed):
    ActionChains(browser).send_keys(*pressed).perform()


def filtered(browser, field, text):
    """Types into a filter and waits until the page has taken it in."""
    before = part(browser, "count").text
    element = part(browser, field)
    element.clear()
    element.send_keys(text)
    WebDriverWait(browser, 5).until(lambda _: part(browser, "count").text != before)


def focused(browser):
    return browser.switch_to.active_element


WEB_TO_DB = ("shop/web[Deployment]", "shop/db[Deployment]", "TCP 5432")


# ------------------------------------------------------------------------------------------------ sizes
@pytest.mark.parametrize("size", SIZES)
def test_it_loads_and_draws(browser, tmp_path, size):
    shown(browser, tmp_path, cluster(*SIZES[size]), "kindnet")
    nodes, edges = (len(browser.find_elements(By.CSS_SELECTOR, f"#canvas .{kind}")) for kind in ("node", "edge"))
    assert 0 < nodes < 60
    assert 0 < edges <= 120
    browser.execute_script("netproof.part('open').click()")
    tab(browser, "matrix")
    assert 0 < len(browser.find_elements(By.CSS_SELECTOR, "#grid [role=gridcell]")) < 3000
    assert table(browser)


def test_five_thousand_edges_are_that_many(browser, tmp_path):
    shown(browser, tmp_path, cluster(*SIZES["five thousand"]))
    assert browser.execute_script("return netproof.total") > 5000


# ------------------------------------------------------------------------------------------------ filters
def test_the_table_is_the_map(small):
    assert WEB_TO_DB in table(small)
    assert ("jobs/cron[Deployment]", "shop/web[Deployment]", "every port") in table(small)
    assert not [row for row in table(small) if row[0].startswith("jobs/") and row[1].startswith("shop/db")]


@pytest.mark.parametrize(
    ("field", "text", "is_left"),
    [
        ("text", "SHOP/DB", lambda src, dst, ports: "shop/db" in src + dst),
        ("label", "app=cron", lambda src, dst, ports: "jobs/cron" in src + dst),
        ("port", "tcp/5433-6000", lambda src, dst, ports: ports == "every port"),
        ("port", "udp/53", lambda src, dst, ports: ports == "every port"),
    ],
)
def test_filters(small, field, text, is_left):
    every = table(small)
    filtered(small, field, text)
    found = table(small)
    assert found == [row for row in every if is_left(*row)]
    assert 0 < len(found) < len(every)
    part(small, "reset").click()
    WebDriverWait(small, 5).until(lambda _: table(small) == every)


def test_filter_by_namespace_and_side(small):
    Select(part(small, "namespace")).select_by_value("jobs")
    Select(part(small, "side")).select_by_value("dst")
    WebDriverWait(small, 5).until(lambda _: {row[1] for row in table(small)} == {"jobs/cron[Deployment]"})


def test_a_port_that_is_none_is_pointed_out(small):
    filtered(small, "port", "http")
    assert part(small, "port").get_attribute("aria-invalid") == "true"
    assert "udp/53" in part(small, "count").text


# ------------------------------------------------------------------------------------------------ why
def assert_rules_are_shown(browser):
    text = details(browser)
    assert "TCP 5432" in text
    assert "NetworkPolicy shop/leave-web, egress rule 1" in text
    assert "web.yaml:34" in text
    assert "NetworkPolicy shop/guard-db, ingress rule 1" in text
    assert "db.yaml:12" in text


def test_a_click_on_an_edge_shows_the_rules(small):
    x, y = measured(small, "middleOfEdge", "TCP 5432")
    ActionChains(small).move_by_offset(x, y).click().perform()
    WebDriverWait(small, 5).until(lambda _: "TCP 5432" in details(small))
    ActionChains(small).move_by_offset(-x, -y).perform()
    assert_rules_are_shown(small)
    assert [it.text for it in small.find_elements(By.CSS_SELECTOR, "#canvas .port")] == ["TCP 5432"]


MESHED = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, image: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, image: c}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: health, namespace: shop}
spec: {selector: {matchLabels: {app: api}}, rules: [{to: [{operation: {methods: [GET], paths: [/health]}}]}]}
"""


def test_an_edge_says_which_requests_pass(browser, tmp_path):
    shown(browser, tmp_path, load(["-"], stdin=MESHED.encode).cluster)
    (line,) = [row for row in table(browser) if row[:2] == ("shop/web[Pod]", "shop/api[Pod]")]
    assert "where the path is `/health`" in line[2]
    (back,) = [row for row in table(browser) if row[:2] == ("shop/api[Pod]", "shop/web[Pod]")]
    assert "request" not in back[2]
    src, dst, said = cell_of(browser, "shop/web", "shop/api")
    assert "of some requests only" in said
    click_cell(browser, f"{src} to {dst}: {said}")
    WebDriverWait(browser, 5).until(lambda _: "where the path is `/health`" in details(browser))
    assert "only requests" in details(browser)


def cell_of(browser, src, dst):
    """What the matrix says of a pair of pods, read as soon as it stands still."""
    tab(browser, "matrix")
    which = By.CSS_SELECTOR, f'[aria-label^="{src}[Pod] to {dst}[Pod]: "]'
    drawn = WebDriverWait(browser, 5, ignored_exceptions=[StaleElementReferenceException, NoSuchElementException])
    label = drawn.until(lambda there: there.find_element(*which).get_attribute("aria-label"))
    return f"{src}[Pod]", f"{dst}[Pod]", label.partition(": ")[2]


def test_ports_are_shown_on_demand(small):
    def ports():
        return [it.text for it in small.find_elements(By.CSS_SELECTOR, "#canvas .port")]

    assert ports() == []
    part(small, "ports").click()
    assert "TCP 5432" in ports()
    assert len(ports()) == len(small.find_elements(By.CSS_SELECTOR, "#canvas .edge"))
    part(small, "ports").click()
    assert ports() == []


def test_a_click_on_a_cell_shows_the_rules(small):
    click_cell(small, "shop/web[Deployment] to shop/db[Deployment]: TCP 5432")
    assert_rules_are_shown(small)


def test_where_no_policy_selects_an_end_it_says_so(small):
    table(small)
    small.find_element(By.XPATH, "//button[text()='jobs/cron[Deployment]']").click()
    assert "no policy selects it" in details(small)


# ------------------------------------------------------------------------------------------------ keyboard
def test_the_matrix_by_keyboard(small):
    tab(small, "matrix")
    small.execute_script("document.querySelector('#grid [tabindex=\"0\"]').focus()")
    keys(small, Keys.HOME, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert focused(small).get_attribute("aria-label") == "shop/web[Deployment] to shop/db[Deployment]: TCP 5432"
    keys(small, Keys.ENTER)
    assert_rules_are_shown(small)
    assert focused(small).get_attribute("id") == "details"
    keys(small, Keys.ESCAPE)
    assert "Nothing chosen" in details(small)
    assert focused(small).get_attribute("role") == "gridcell"
    keys(small, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert focused(small).get_attribute("role") == "rowheader"
    keys(small, Keys.ENTER)
    assert small.find_elements(By.CSS_SELECTOR, '[role=rowheader][aria-label^="namespace shop"]')


def test_the_graph_by_keyboard(small):
    small.execute_script("netproof.part('canvas').focus()")
    keys(small, Keys.ARROW_RIGHT)
    name = part(small, "status").get_attribute("textContent")
    keys(small, Keys.ENTER)
    assert small.find_element(By.CSS_SELECTOR, "#details h2").text == name.split(", ")[0]
    keys(small, Keys.TAB, Keys.ESCAPE)
    assert focused(small).get_attribute("id") == "canvas"
    before = small.execute_script("return netproof.drawn.units.length")
    keys(small, Keys.ARROW_RIGHT, Keys.SPACE)
    assert (
        small.execute_script("return netproof.drawn.units.length") != before or "closed" in part(small, "status").text
    )


def test_the_focus_goes_through_the_page_in_order(small):
    seen = []
    for _ in range(15):
        keys(small, Keys.TAB)
        seen.append(focused(small).get_attribute("id") or focused(small).get_attribute("class"))
    order = [
        "skip",
        "theme",
        "text",
        "namespace",
        "label",
        "port",
        "side",
        "other",
        "reset",
        "tab-graph",
        "open",
        "close",
    ]
    assert seen == [*order, "ports", "fit", "canvas"]
    keys(small, Keys.SHIFT + Keys.TAB, Keys.NULL)


def test_tabs_by_arrow_keys(small):
    tab(small, "graph")
    keys(small, Keys.ARROW_RIGHT)
    assert part(small, "tab-matrix").get_attribute("aria-selected") == "true"
    assert part(small, "matrix").is_displayed()
    assert not part(small, "graph").is_displayed()


# ------------------------------------------------------------------------------------------------ looks
def test_dark_and_light(small):
    def paper():
        return small.execute_script("return getComputedStyle(document.body).backgroundColor")

    light = paper()
    small.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    dark = paper()
    assert dark != light
    part(small, "theme").click()
    assert paper() == light
    part(small, "theme").click()
    assert paper() == dark


def test_it_prints_the_matrix_and_the_table(small):
    assert small.execute_cdp_cmd("Page.printToPDF", {})["data"]
    rows = small.execute_script("return document.querySelectorAll('#paper .matrix tbody tr').length")
    assert rows == small.execute_script("return netproof.plain.units.length")
    printed = small.execute_script("return netproof.part('paper').textContent")
    assert all(word in printed for word in WEB_TO_DB)
    small.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not part(small, "filters").is_displayed()
    assert part(small, "paper").is_displayed()


# ------------------------------------------------------------------------------------------------ hostile names
def test_hostile_names_are_text(browser, tmp_path):
    workloads = [Workload("Deployment", name, name, Labels({name: name, "app": "x"})) for name in HOSTILE]
    policies = [policy(name, name, where(app="x"), (at(rule(0, None), name, 1),), None) for name in HOSTILE]
    shown(browser, tmp_path, Cluster((), tuple(workloads), policies=tuple(policies)))
    assert browser.title == "netproof map"
    rows = table(browser)
    assert any(HOSTILE[0] in row[0] for row in rows)
    browser.find_element(By.XPATH, "//td[2][contains(., 'owned')]/../td[1]/button").click()
    assert "owned" in details(browser)
    tab(browser, "matrix")
    tab(browser, "graph")
    assert browser.title == "netproof map"
    assert not browser.find_elements(By.CSS_SELECTOR, "img, #details b, #table b")
    everything = browser.execute_script("return document.body.innerText")
    assert not {"\u202e", "\x1b", "\u2028"} & set(everything)
