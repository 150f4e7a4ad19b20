"""Edits of texts that were edited already, as of the texts that there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.analysis.findings.texts import Texts
from analyzer.verdicts.findings import Edit

_CONTEXT = 3


def rebased(edit: Edit, earlier: Iterable[Edit], texts: Texts) -> Edit | None:
    """The edit of what the earlier ones leave, as one of the text that there is; None where it touches what they
    wrote.  The earlier ones are of that text themselves."""
    if edit.is_new:
        return edit
    shift = 0
    for one in sorted((it for it in earlier if it.file == edit.file), key=lambda it: it.line):
        start = one.line + shift
        if one.is_new or (edit.line < start + len(one.added) and start < edit.line + len(edit.removed)):
            return None
        if edit.line < start:
            break
        shift += len(one.added) - len(one.removed)
    line, lines = edit.line - shift, texts.lines(edit.file)
    first, last = line - 1, line - 1 + len(edit.removed)
    if tuple(lines[first:last]) != edit.removed:
        return None
    is_bare = bool(lines and lines[-1])
    whole = len(lines) if is_bare else len(lines) - 1
    after = tuple(lines[last : min(whole, last + _CONTEXT + len(edit.added))])
    before = tuple(lines[max(0, first - _CONTEXT) : first])
    is_last = is_bare and last + len(after) >= whole
    return replace(edit, line=line, before=before, after=after, is_end_bare=is_last)
