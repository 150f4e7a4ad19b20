"""Every path that the architecture and contributing pages name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["ARCHITECTURE.md", "CONTRIBUTING.md"]
_QUOTED = re.compile(r"`([^`\s]+)`")
_LINKED = re.compile(r"\]\(([^)#:]+)\)")
_FILE = re.compile(r"[\w.-]+\.(py|md|toml|lark|npq|yaml|json|yml)|Makefile|LICENSE")


def paths(page):
    """What a page names as a path: `<pack>` in it stands for any name."""
    text = (ROOT / page).read_text(encoding="utf-8")
    quoted = [word for word in _QUOTED.findall(text) if "/" in word or _FILE.fullmatch(word)]
    return sorted({*quoted, *_LINKED.findall(text)})


def is_path(word):
    """A name from the tree, not an object such as `shop/db`: its first part stands in the root folder."""
    return (ROOT / word.split("/")[0]).exists() or _FILE.search(word) is not None


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_paths(page):
    assert len([word for word in paths(page) if is_path(word)]) > 5


@pytest.mark.parametrize(("page", "path"), [(page, path) for page in PAGES for path in paths(page) if is_path(path)])
def test_path_exists(page, path):
    assert list(ROOT.glob(re.sub(r"<[^>]+>", "*", path).rstrip("/"))), f"{page} names `{path}`"


def test_architecture_names_every_room():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in (ROOT / "analyzer").glob("*/__init__.py")]
    assert rooms
    assert not [room for room in rooms if f"`analyzer/{room}/`" not in text]
