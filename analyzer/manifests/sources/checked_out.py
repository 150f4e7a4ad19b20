"""Which commit the files on disk belong to, as far as git knows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

_COMMIT = 40  # hexadecimal digits, or more where git hashes otherwise


def checked_out(paths: Sequence[str]) -> tuple[str, bool]:
    """The commit of the repository that holds the first path, and whether something below the paths differs from it,
    or is not tracked; nothing where no repository does, or git cannot be asked."""
    there = [os.path.abspath(path) for path in paths if path != "-"]
    if not there:
        return "", False
    folder = there[0] if os.path.isdir(there[0]) else os.path.dirname(there[0])
    commit = _git(folder, ("rev-parse", "--verify", "--quiet", "HEAD")).strip()
    if len(commit) < _COMMIT:
        return "", False
    changed = _git(folder, ("status", "--porcelain", "--untracked-files=all", "--ignored=matching", "--", *there))
    return commit, bool(changed.strip())


def _git(folder: str, words: Sequence[str]) -> str:
    """What git prints; nothing if it fails."""
    try:
        done = subprocess.run(["git", "-C", folder, *words], capture_output=True, check=False)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.decode("utf-8", "replace")
