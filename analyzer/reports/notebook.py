"""A report for terminals as a cell of a notebook: the same words, in the same colours."""

from __future__ import annotations

import re
from html import escape

from analyzer.reports.layout import Ink

_CODE = re.compile("\x1b\\[([0-9;]*)m")
_STYLES = {
    Ink.STRONG: "font-weight:bold",
    Ink.FAINT: "opacity:0.7",
    Ink.GOOD: "color:#2e7d32",
    Ink.BAD: "color:#c62828;font-weight:bold",
    Ink.OPEN: "color:#9a6700",
}
_BY_CODE = {ink.value: style for ink, style in _STYLES.items()}


def render_cell(text: str) -> str:
    """HTML of a text that is coloured as for a terminal.  Nothing in the text can be markup."""
    found: list[str] = []
    is_open = False
    position = 0
    for code in _CODE.finditer(text):
        found.append(escape(text[position : code.start()]))
        position = code.end()
        found.append("</span>" if is_open else "")
        style = _BY_CODE.get(code[1])
        is_open = style is not None
        found.append(f'<span style="{style}">' if is_open else "")
    found.append(escape(text[position:]))
    found.append("</span>" if is_open else "")
    return f'<pre class="netproof" style="white-space:pre-wrap">{"".join(found)}</pre>'
