"""The formats in which commands print, and the name of the schema that is no report's."""

from __future__ import annotations

import os
import re
from enum import Enum

CONFIGURATION_SCHEMA = "config-1"  # among the published schemas


_ENDINGS = {
    ".json": "json",
    ".sarif": "sarif",
    ".sarif.json": "sarif",
    ".xml": "junit",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".svg": "svg",
}


_OF_TEXT = frozenset({"txt", "text", "log", "out", "tmp", "ansi", "report"})


def of_ending(file: str) -> str:
    """The format that a file's name asks for; empty where its ending says nothing."""
    name = file.lower()
    found = [ending for ending in _ENDINGS if name.endswith(ending)]
    return _ENDINGS[max(found, key=len)] if found else ""


def is_of_no_format(file: str) -> bool:
    """Whether a new file's name has an ending that is not a text's; a made name, as `tmp.Xy12345678`, has none."""
    ending = re.search(r"[^/]\.([a-z]{1,6})$", file.lower())
    return ending is not None and ending[1] not in _OF_TEXT and not os.path.exists(file)


class Format(Enum):
    TEXT = "text"
    JSON = "json"


class CheckFormat(Enum):
    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"
    CONCISE = "concise"
    GITHUB = "github"


class DiffFormat(Enum):
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class MapFormat(Enum):
    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    DOT = "dot"
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"

    @property
    def lists_pairs(self) -> bool:
        """Whether the format can only tell pairs one by one."""
        return self not in (MapFormat.TEXT, MapFormat.JSON, MapFormat.HTML)

    @property
    def shows_rules(self) -> bool:
        return self is MapFormat.HTML

    @property
    def is_for_people(self) -> bool:
        return self not in (MapFormat.JSON, MapFormat.CSV)
