"""Where folders lie: in which others, and in which Git working tree."""

from __future__ import annotations

import os


def is_below(file: str, folder: str) -> bool:
    """Whether a file, or a folder, lies in the folder, or is it; both without links, as `realpath` gives them."""
    return os.path.commonpath([file, folder]) == folder


def repository_root(folder: str) -> str | None:
    """The root of the Git working tree that a folder lies in."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder
