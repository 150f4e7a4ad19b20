"""The pages as a site: it builds without a warning, and a link or a heading that is not there is one."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
AROUND = ("mkdocs.yml", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")


def built(folder, site):
    """The build of the pages of a folder into `site`."""
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = built(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_in_the_site_and_in_its_navigation(site):
    start = (site / "index.html").read_text(encoding="utf-8")
    navigation = set(re.findall(r'<a href="([^"#]*)" class="md-nav__link', start))
    for page in DOCS.rglob("*.md"):
        place = page.relative_to(DOCS).with_suffix("").as_posix()
        if place == "README":
            continue
        assert (site / place / "index.html").is_file(), place
        assert f"{place}/" in navigation


def test_the_sections_are_those_of_the_index_in_order(site):
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^\*\*(.+)\*\*$", index, re.MULTILINE)
    assert headings == ["Start", "The answer", "The language", "Layers", "A gate", "Auditors", "Reference"]
    start = (site / "index.html").read_text(encoding="utf-8")
    places = [start.find(f"{heading}\n") for heading in headings]
    assert places == sorted(places)
    assert min(places) >= 0


def test_nothing_is_asked_of_another_host(site):
    """A reader of the pages is told to nobody: scripts, styles, fonts and pictures lie beside them."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        tags = re.findall(r"<(?:script|img|iframe|link)\b[^>]*>", text)
        loaded = [tag for tag in tags if not re.search(r'rel="(?:canonical|next|prev|alternate)"', tag)]
        links = [link for tag in loaded for link in re.findall(r'(?:src|href)="([^"]+)"', tag)]
        assert [link for link in links if link.startswith(("http", "//"))] == [], page


def test_no_markdown_is_left_over(site):
    for page in site.rglob("*.html"):
        text = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^>]+>", "", text)
        assert [line for line in text.splitlines() if re.match(r"\s*(- |\| |```)", line) or "](" in line] == [], page


def test_what_leads_nowhere_fails_the_build(tmp_path):
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.yaml"))
    for name in AROUND:
        shutil.copy(ROOT / name, tmp_path)
    links = {
        "(nope.md)": "target is not found",
        "(language.md#nope)": "does not contain an anchor",
        "(../examples/nope.md)": "there is no file examples/nope.md",
        "(../README.md#nope)": "README.md has no heading #nope",
    }
    with (tmp_path / "docs/watch.md").open("a", encoding="utf-8") as page:
        page.write("\n" + " ".join(f"[x]{link}" for link in [*links, "(../README.md#asking)"]) + "\n")
    (tmp_path / "docs/lost.md").write_text("# Lost\n", encoding="utf-8")
    done = built(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    for said in links.values():
        assert said in done.stderr
    assert "lost.md" in done.stderr
    assert f"{len(links) + 1} warnings" in done.stdout + done.stderr


@pytest.mark.parametrize("kept", ["", "https://code.example/netproof"])
def test_links_out_of_the_pages_lead_to_the_repository_where_it_is_known(kept):
    hooks = runpy.run_path(str(ROOT / "docs/.site/hooks.py"))
    file = SimpleNamespace(abs_src_path=str(ROOT / "docs/index.md"), src_path="index.md")
    config = SimpleNamespace(docs_dir=str(ROOT / "docs"), repo_url=kept)
    text = "see [the `Makefile`](../Makefile) and [here](check.md)"
    found = hooks["on_page_markdown"](text, SimpleNamespace(file=file), config, ())
    led = f"[the `Makefile`]({kept}/blob/main/Makefile)" if kept else "the `Makefile`"
    assert found == f"see {led} and [here](check.md)"
