"""`--patch FILE|-`: the fixes of all findings as one patch, and how it is applied from where the user stands."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.cli import output
from analyzer.cli.folders import is_below, repository_root
from analyzer.cli.guard import tell
from analyzer.records import dataclass
from analyzer.reports import finding_words
from analyzer.verdicts import Answer
from analyzer.verdicts.findings import Edit, patch_of

_PIPED = "it came by standard input"


def write_patch(answer: Answer, path: Path) -> None:
    """The edits of the findings to the file, or to standard output, and on standard error what is in the patch, what is
    not and why, and what applies it.

    Where no finding has an edit nothing is written, and what an earlier run wrote there is removed: nobody is to
    apply it.
    """
    edits, without = _sorted(answer)
    if not edits:
        tell("\n".join([_nothing(answer, path), *without]))
        return
    ground = _ground([edit.file for edit in edits])
    named = [replace(edit, file=os.path.relpath(os.path.realpath(edit.file), ground.folder)) for edit in edits]
    text = patch_of(named, is_git=ground.is_git).encode("utf-8", "surrogateescape")
    output.write(text, None if output.is_piped(path) else path)
    total = len(answer.findings)
    what = f"{path}: " if not output.is_piped(path) else ""
    count = "the fix of the one finding" if total == 1 else f"the fixes of all {total} findings"
    if without:
        count = f"the fix{'es' if len(edits) > 1 else ''} of {len(edits)} of {total} findings"
    commands = " or ".join(f"`{command}`" for command in _commands(ground, path))
    left = list(dict.fromkeys(id for finding in answer.findings for id in finding.left))
    open_still = [f"  not proved once it is applied: {', '.join(left)}"] if left else []
    new = [edit.file for edit in edits if edit.is_new]
    added = [f"  new: {', '.join(new)}; name them where files are listed, as in a kustomization"] if new else []
    tell("\n".join([f"{what}{count}; apply with {commands}", *without, *open_still, *added]))


def _sorted(answer: Answer) -> tuple[list[Edit], list[str]]:
    """The edits of files, and a line for each finding that has none."""
    edits, without = [], []
    for number, finding in enumerate(answer.findings, 1):
        edit, why = finding.fix.edit, finding.fix.why
        if edit is not None and not edit.file.startswith("<"):
            edits.append(edit)
            continue
        why = _PIPED if edit is not None else why or "no edit is known"
        without.append(f"  no fix for {number} {finding_words.place(finding)}: {why}")
    return edits, without


def _nothing(answer: Answer, path: Path) -> str:
    why = "no finding has a fix that is an edit" if answer.findings else "there is nothing to mend"
    if output.is_piped(path) or not path.is_file():
        return f"no patch is written: {why}"
    path.unlink()
    return f"no patch is written, and the `{path}` of before is removed: {why}"


# ------------------------------------------------------------------------------------------------ where it applies
@dataclass(frozen=True, slots=True)
class _Ground:
    """The folder that the patch's paths are told from.  `is_git`: it is the root of a working tree.  `is_below`: all
    files lie below the current folder."""

    folder: str
    is_git: bool
    is_below: bool


def _ground(files: Sequence[str]) -> _Ground:
    here, there = os.path.realpath(os.curdir), [os.path.realpath(file) for file in files]
    are_below = all(is_below(file, here) for file in there)
    roots = {repository_root(os.path.dirname(file)) for file in there}
    if len(roots) == 1 and (root := roots.pop()) is not None:
        return _Ground(root, True, are_below)
    return _Ground(here if are_below else os.path.commonpath([os.path.dirname(it) for it in there]), False, are_below)


def _commands(ground: _Ground, path: Path) -> list[str]:
    """What applies the patch, run in the current folder."""
    here, folder = os.path.realpath(os.curdir), os.path.relpath(ground.folder)
    is_here, piped = ground.folder == here, output.is_piped(path)
    file = "" if piped else f" {shlex.quote(str(path))}"
    found = []
    if ground.is_git and ground.is_below:
        found.append(f"git apply{file}")
    elif ground.is_git:
        seen = "" if piped else f" {shlex.quote(os.path.relpath(os.path.realpath(path), ground.folder))}"
        found.append(f"git -C {shlex.quote(folder)} apply{seen}")
    elif is_here and repository_root(here) is None:
        found.append(f"git apply{file}")
    where = "" if is_here else f" -d {shlex.quote(folder)}"
    found.append(f"patch -p1{where}{'' if piped else ' <'}{file}")
    return found
