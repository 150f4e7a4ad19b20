"""`netproof fmt`: query files in the usual layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from analyzer import inputs
from analyzer.errors import Problem, UsageError
from analyzer.errors.tree import InputError

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
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
        sys.stdout.write(_formatted(inputs.standard_input(), "<stdin>"))
        return
    found = _query_files(files)
    texts = inputs.settled(*(lambda path=path: (path, *_texts(path)) for path in found))
    changed = [(path, new) for path, old, new in texts if old != new]
    for path, new in changed:
        if not check:
            path.write_text(new, encoding="utf-8")
        print(f"{'would lay out' if check else 'laid out'} {path}")
    print(
        f"{len(found)} {'file' if len(found) == 1 else 'files'}, {len(changed)} {'to change' if check else 'changed'}"
    )
    raise typer.Exit(1 if check and changed else 0)


def _query_files(names: list[str]) -> list[Path]:
    """The files named, and those below the directories named; InputError for what is not there or holds none."""
    found: dict[Path, None] = {}
    problems: list[Problem] = []
    for name in names:
        path = Path(name)
        below = sorted(path.rglob("*.npq")) if path.is_dir() else [path]
        if path.is_dir() and not below:
            problems.append(Problem(name, 0, 0, "this directory holds no query file", "query files end in .npq"))
        elif not path.exists():
            problems.append(Problem(name, 0, 0, "there is no such file or directory"))
        found |= dict.fromkeys(below)
    if problems:
        raise InputError(problems)
    return list(found)


def _texts(path: Path) -> tuple[str, str]:
    """What the file holds, and what it should."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror or error}")]) from None
    new = _formatted(data, str(path))
    return data.decode("utf-8"), new


def _formatted(data: bytes, file: str) -> str:
    from analyzer.language.formatting import formatted

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError([Problem(file, 0, 0, "is no text in UTF-8")]) from None
    return formatted(text, file)
