"""docs/python.md is a notebook: its cells run from top to bottom and show what stands below them."""

from __future__ import annotations

import ast
import contextlib
import io
from pathlib import Path

from pages import blocks
from test_docs_commands import ROOT, shows

PAGE = ROOT / "docs/python.md"


def shown(text, names):
    """What a cell shows: what it prints, then its last expression, as a notebook would."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        exec(compile(tree, str(PAGE), "exec"), names)
        value = eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names) if last is not None else None
        if value is not None:
            print(value if hasattr(value, "_repr_html_") else repr(value))
    return screen.getvalue()


def cells():
    """The text of each cell, with its line and what the page says that it shows."""
    found = blocks(PAGE.read_text(encoding="utf-8"))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block.language == "python":
            yield block.line, block.text, after.text if after is not None and after.language == "text" else ""


def test_every_cell_shows_what_the_page_says(place):
    names, wrong = {}, []
    for line, text, screen in cells():
        printed = shown(text, names)
        if not shows(screen, printed):
            wrong.append(f"docs/python.md:{line} shows\n{printed}")
    assert not wrong, "\n\n".join(wrong)
    assert len(list(cells())) >= 8


def test_every_public_name_is_on_the_page():
    import analyzer

    text = PAGE.read_text(encoding="utf-8")
    functions = [name for name in analyzer.__all__ if name[0].islower()] + ["Session"]
    assert not [name for name in functions if f"`{name}`" not in text]


def test_a_cell_that_shows_something_else_is_found(place):
    assert not shows("1\n", shown("2\n", {}))
    assert shows("1\n…\n", shown("print(1)\nprint(2)\n", {}))
    assert Path("manifests").is_dir()
