"""`netproof fmt`: query files in the usual layout."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from analyzer import inputs
from analyzer.cli import output
from analyzer.cli.query_files import formatted_text, query_files, texts_of
from analyzer.errors import UsageError

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help="Query files, directories (each .npq below them), or - to format standard input to standard output.",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; end with 1 if a file is laid out otherwise.")]


def fmt(files: Files, check: Check = False) -> None:
    """Lay out query files as usual: the same statements and comments, with the same blanks everywhere."""
    if "-" in files:
        if len(files) > 1 or check:
            raise UsageError("`-` stands alone", "name files to format several, or to check them")
        sys.stdout.write(formatted_text(inputs.standard_input(), "<stdin>"))
        return
    found = query_files(files)
    texts = inputs.settled(*(lambda path=path: (path, *texts_of(path)) for path in found))
    changed = [(path, new) for path, old, new in texts if old != new]
    for path, new in changed:
        if not check:
            output.write(new.encode(), path)
        print(f"{'would lay out' if check else 'laid out'} {path}")
    print(
        f"{len(found)} {'file' if len(found) == 1 else 'files'}, {len(changed)} {'to change' if check else 'changed'}"
    )
    raise typer.Exit(1 if check and changed else 0)
