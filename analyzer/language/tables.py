"""The grammar as an LALR(1) table, made by Lark and kept beside the grammar.

After a change of the grammar: `python -m analyzer.language.tables grammar/query.tables.json`.

    start, end      the first and the accepting state of each start symbol
    states          of each state what to do at a token or after a rule: go to a state, or reduce by rule -n - 1
    rules           origin, name of the tree, number of parts, and which of them the tree holds: `n` is part n,
                    `-n - 1` stands for the parts of part n, null for an optional part that is not there; last,
                    whether a tree of a single part is that part itself
    scanned         what words and signs look like, in the order to be tried; `ignored` ones make no token
    keywords        the words that are keywords where the grammar has a place for them
    before_words    what goes before a word where the grammar has a place for it
    grammar         the grammar that all this was made of
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from analyzer.resources import grammar_tables, grammar_text


def kept_tables() -> dict[str, Any] | None:
    """The tables beside the grammar; None if they are missing, or were made of another grammar."""
    text = grammar_tables()
    tables: dict[str, Any] = json.loads(text) if text else {}
    return tables if tables.get("grammar") == grammar_text() else None


def main(path: str) -> None:
    """Write the tables of the grammar to a file."""
    from analyzer.language.lark_parser import tables_of

    Path(path).write_text(json.dumps(tables_of(grammar_text())) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
