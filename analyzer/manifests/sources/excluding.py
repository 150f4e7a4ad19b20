"""`--exclude`: which of the files found are not to be read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cached_property

from analyzer.records import dataclass


@dataclass(frozen=True)
class Excluding:
    """Patterns as a shell writes them, for files and directories.

    `*` and `?` stop at a slash, `**` does not.  A pattern without a slash is about names at any depth; one with a slash
    about the path as messages show it, or as it is below the directory given.  One that ends in a slash is about
    directories.
    """

    patterns: tuple[str, ...] = ()

    @cached_property
    def _compiled(self) -> tuple[tuple[bool, bool, re.Pattern[str]], ...]:
        return tuple(_compiled(self.patterns))

    def takes(self, path: str, root: str, *, is_folder: bool = False) -> bool:
        """Whether the file or directory, found below `root`, is left out."""
        if not self.patterns:
            return False
        shown = posixpath.normpath(path.replace("\\", "/"))
        below = posixpath.relpath(shown, posixpath.normpath(root.replace("\\", "/")))
        name = posixpath.basename(shown)
        return any(
            (is_folder or not of_folders)
            and any(pattern.fullmatch(text) for text in ((shown, below) if has_slash else (name,)))
            for of_folders, has_slash, pattern in self._compiled
        )


def pattern_of(path: str) -> str:
    """The pattern that means this path and no other: what a pattern gives a meaning stands in brackets."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def leaving_out(path: str) -> str:
    """The option that leaves the path out, as a shell takes it."""
    quoted = pattern_of(path).replace("'", "'\\''")
    return f"--exclude '{quoted}'"


def _compiled(patterns: Iterable[str]) -> Iterable[tuple[bool, bool, re.Pattern[str]]]:
    for written in patterns:
        bare = written.removeprefix("./").rstrip("/")
        yield written.endswith("/"), "/" in bare, re.compile(_expression(bare.removeprefix("/") or bare), re.DOTALL)


_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


def _expression(glob: str) -> str:
    found = []
    for piece in _PIECES.findall(glob):
        match piece:
            case "**/":
                found.append("(?:.*/)?")
            case "**":
                found.append(".*")
            case "*":
                found.append("[^/]*")
            case "?":
                found.append("[^/]")
            case _ if len(piece) > 2 and piece[0] == "[":
                inner = piece[1:-1].replace("\\", "\\\\")
                inner = "^" + inner[1:] if inner[0] == "!" else "\\" + inner if inner[0] == "^" else inner
                found.append(f"[{inner.replace('[', chr(92) + '[')}]")
            case _:
                found.append(re.escape(piece))
    return "".join(found)
