"""Query text to resolved queries (docs/language.md).  The only room that imports Lark, and it does so when the first
text is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.model.claims import Pack, Query

__all__ = ["parse_pack", "parse_query"]


def parse_pack(text: str, file: str, parameters: Mapping[str, str] | None = None) -> Pack:
    """The pack that the text of a query file is.

    `file` is its name in messages, and names the pack if no `pack` line does.  `parameters` replace the values that
    `param` lines give.  QueryError holds every error of the file, each with line, column and a way out.
    """
    from analyzer.language.files import pack

    return replace(pack(text, file, parameters or {}), text=text)


def parse_query(text: str, id: str = "q1") -> Query:
    """The query that a bare claim asks, such as `no pods(app=web) can reach internet`; its file is `-q`.

    QueryError holds every error in the text.
    """
    from analyzer.language.files import query

    return query(text, id, "-q")
