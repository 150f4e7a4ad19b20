"""Query files, and what they hold in the usual layout."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from analyzer.errors import InputError, Problem


def query_files(names: list[str]) -> list[Path]:
    """The files named, and those below the directories named; InputError for what is not there or holds none."""
    found: dict[Path, None] = {}
    problems: list[Problem] = []
    for name in names:
        path = Path(name)
        below = sorted(path.rglob("*.npq")) if path.is_dir() else [path]
        if path.is_dir() and not below:
            problems.append(Problem(name, 0, 0, "this directory holds no query file", "query files end in .npq"))
        elif not path.exists():
            close = get_close_matches(path.name, [it.name for it in _beside(path)], n=1)
            hint = f"did you mean `{path.parent / close[0]}`?" if close else "name a query file, which ends in .npq"
            problems.append(Problem(name, 0, 0, "there is no such file or directory", hint))
        found |= dict.fromkeys(below)
    if problems:
        raise InputError(problems)
    return list(found)


def _beside(path: Path) -> list[Path]:
    """What lies in the folder of a path that is not there."""
    try:
        return list(path.parent.iterdir())
    except OSError:
        return []


def texts_of(path: Path) -> tuple[str, str]:
    """What the file holds, and what it should."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror or error}")]) from None
    new = formatted_text(data, str(path))
    return data.decode("utf-8"), new


def formatted_text(data: bytes, file: str) -> str:
    """What the bytes of a query file are in the usual layout, with its ends of lines; InputError if they cannot be
    read."""
    from analyzer.language.formatting import formatted

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError([Problem(file, 0, 0, "is no text in UTF-8")]) from None
    found = formatted(text, file)
    first = text.find("\n")
    return found.replace("\n", "\r\n") if first > 0 and text[first - 1] == "\r" else found
