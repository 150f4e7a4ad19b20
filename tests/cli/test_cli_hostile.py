"""What comes from manifests, packs and file names reaches no terminal, page or spreadsheet as a command."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

STRANGE = "=1+1\x1b[31m\n\r\t\x07\u202e\u2066\u2028\ufeff<script>alert(1)</script><img src=x>\"'|`&#;]]>%%{}\\](x)"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {x: "<b>"}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: main}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}
"""
UNMODELLED = f"""\
apiVersion: crd.antrea.io/v1beta1
kind: NetworkPolicy
metadata: {{name: {json.dumps(STRANGE)}, namespace: shop}}
spec: {{}}
"""
PACK = r"""
pack p "=1+1 <script>alert(1)</script><img src=x> | `x` \u202e"
assume pinned "<img src=x> | `x`": every pods in namespaces(none) has labels[app] == "web"
@severity(high) @control("<img src=x> | =1+1") @remediation("=1+1 <script>alert(1)</script>") @description("<u>x</u>.")
assert open "<script>alert(1)</script> | ](x) ]]> \u202e":
  no pods can reach pods(app=web) in namespace shop
assert shut "<img src=x>":
  no pods can reach pods(app=db) in namespace shop
""".replace(r"\u202e", "\u202e")


@pytest.fixture(params=["modelled", "unmodelled"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    name = STRANGE.replace("/", "")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{name}.yaml").write_text(SHOP, encoding="utf-8")
    if request.param == "unmodelled":
        (tmp_path / "in" / "antrea.yaml").write_text(UNMODELLED, encoding="utf-8")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / f"{name}.yaml").write_text(SHOP.split("---")[0], encoding="utf-8")
    (tmp_path / f"{name}.npq").write_text(PACK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str) -> str:
    """What the command writes, line ends of CSV aside; it obeys nothing."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code in (0, 1, 3), done.stderr
    text = done.stdout_bytes.decode("utf-8").replace("\r\n", "\n")
    if "html" not in words:  # the graph library holds such characters itself
        assert not OBEYED.search(text), ascii(OBEYED.search(text))
    assert not OBEYED.search(done.stderr.replace("\r\n", "\n"))
    return text


def check(form: str) -> str:
    (pack,) = (path.name for path in Path().iterdir() if path.suffix == ".npq")
    return said("check", "in", "-p", pack, "--format", form)


def test_texts_for_terminals(place: Path) -> None:
    (pack,) = (path.name for path in place.iterdir() if path.suffix == ".npq")
    check("text")
    said("check", "in", "-p", pack, "--verbose", "--color", "always", "--quiet", "-o", "colored.txt")
    said("packs", "show", pack)
    said("map", "in")
    said("map", "in", "--exposure")
    said("explain", "in", "--from", "shop/web", "--to", "203.0.113.9")
    said("diff", "in", "new", "-p", pack)
    said("check", "in", "-p", pack, "--yaml", "witness.yaml")
    assert not OBEYED.search(Path("witness.yaml").read_text(encoding="utf-8"))
    colored = Path("colored.txt").read_text(encoding="utf-8")
    assert not OBEYED.search(re.sub("\x1b\\[[0-9;]*m", "", colored))


@pytest.mark.parametrize("command", ["check", "map", "exposure", "diff"])
def test_markdown_holds_no_markup_of_theirs(place: Path, command: str) -> None:
    (pack,) = (path.name for path in place.iterdir() if path.suffix == ".npq")
    words = {
        "check": ["check", "in", "-p", pack],
        "map": ["map", "in"],
        "exposure": ["map", "in", "--exposure"],
        "diff": ["diff", "in", "new", "-p", pack],
    }
    text = said(*words[command], "--format", "markdown")
    assert not re.search(r"(?<!\\)<(?!/?(details|summary|b|br)>)", text)
    markdown = re.sub("<summary>.*</summary>", "", text)  # a block of HTML, in which Markdown means nothing
    assert not re.search(r"(?<!\\)\]\(", markdown)


class Tags(HTMLParser):
    """The elements of a page that run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.loaded = 0, []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in ("img", "iframe", "object", "embed", "link") or any(name.startswith("on") for name, _ in attrs):
            self.loaded.append(tag)


@pytest.mark.parametrize("command", ["check", "map"])
def test_pages_run_only_their_own(place: Path, command: str) -> None:
    plain = place / "plain"
    plain.mkdir()
    (plain / "shop.yaml").write_text(SHOP, encoding="utf-8")
    counts = []
    for folder in ("in", "plain"):
        page = Tags()
        text = check("html") if (command, folder) == ("check", "in") else said(command, folder, "--format", "html")
        assert command == "map" or not OBEYED.search(text)
        page.feed(text)
        counts.append(page.scripts)
        assert page.loaded == []
    assert counts[0] == counts[1]


@pytest.mark.parametrize("form", ["svg", "junit"])
def test_xml_is_well_formed(place: Path, form: str) -> None:
    root = ElementTree.fromstring(check("junit") if form == "junit" else said("map", "in", "--format", "svg"))
    assert not [element for element in root.iter() if element.tag.rpartition("}")[2] in ("script", "img", "a")]


def test_sarif_names_files_by_uris(place: Path) -> None:
    report = json.loads(check("sarif"))
    uris = re.findall(r'"uri": ?"([^"]*)"', json.dumps(report))
    assert uris
    assert not [uri for uri in uris if re.search(r"[^!-~]|[<>\"`{}|\\^]", uri)]


def test_spreadsheets_compute_nothing(place: Path) -> None:
    rows = list(csv.reader(io.StringIO(said("map", "in", "--format", "csv"))))
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_graphs_have_only_closed_labels(place: Path, form: str) -> None:
    text = said("map", "in", "--format", form)
    for line in text.splitlines():
        assert re.sub(r"\\.", "", line).count('"') % 2 == 0, line
    assert "<script" not in text
