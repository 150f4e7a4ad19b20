"""What makes a site of pages that are written to be read in the repository.

The navigation is the index, docs/README.md: each heading a section, each page below it in that order.  Links to files
outside docs/ lead to the repository (`REPO_URL`), and a file or a heading that is not there is a warning, which fails
the build.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

log = logging.getLogger("mkdocs.hooks.netproof")

_LINK = re.compile(r"\[([^\[\]]*)\]\(((?:\.\./)+)([^)#]*)(#[^)]*)?\)")
_HEADING = re.compile(r"^\*\*(.+)\*\*$")
_PAGE = re.compile(r"\]\(([\w./-]+\.md)\)")
_LIST = re.compile(r"^(?:[-*]|\d+\.) ")


def navigation(index: str) -> list[Any]:
    """The sections of the index with their pages; pages outside docs/ are links, not pages of the site."""
    found: list[Any] = ["README.md"]
    for line in index.splitlines():
        if heading := _HEADING.match(line.strip()):
            found.append({heading[1]: []})
        elif len(found) > 1:
            pages = [page for page in _PAGE.findall(line) if not page.startswith("..")]
            next(iter(found[-1].values())).extend(pages)
    return found


def heading_ids(text: str) -> set[str]:
    """The anchors that a code host gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def spaced(markdown: str) -> str:
    """With an empty line before each list and each table: code hosts need none, this renderer does."""
    lines: list[str] = []
    is_code = False
    for line in markdown.split("\n"):
        is_code ^= line.lstrip().startswith("```")
        before = lines[-1] if lines else ""
        if not is_code and before.strip() and _begins_block(line, before):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def _begins_block(line: str, before: str) -> bool:
    if line.startswith("|"):
        return not before.startswith("|")
    return bool(_LIST.match(line)) and not _LIST.match(before) and before[0] not in " |"


def on_config(config: Any) -> Any:
    """The navigation."""
    config.nav = navigation((Path(config.docs_dir) / "README.md").read_text(encoding="utf-8"))
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links that leave docs/ lead to the repository; where nobody says where that is, their words stand alone."""
    place = Path(page.file.abs_src_path)
    root = Path(config.docs_dir).parent

    def link(match: re.Match[str]) -> str:
        target = (place.parent / match[2] / match[3]).resolve()
        if target.is_relative_to(Path(config.docs_dir).resolve()):
            return match[0]
        anchor = match[4] or ""
        if not target.exists():
            log.warning("%s: there is no file %s", page.file.src_path, target.relative_to(root))
        elif anchor and anchor[1:] not in heading_ids(target.read_text(encoding="utf-8")):
            log.warning("%s: %s has no heading %s", page.file.src_path, target.relative_to(root), anchor)
        if not config.repo_url:
            return match[1]
        return f"[{match[1]}]({config.repo_url}/blob/main/{target.relative_to(root).as_posix()}{anchor})"

    return spaced(_LINK.sub(link, markdown))
