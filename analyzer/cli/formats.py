"""The formats in which commands print, and the name of the schema that is no report's."""

from __future__ import annotations

from enum import Enum

CONFIGURATION_SCHEMA = "config-1"  # among the published schemas


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
