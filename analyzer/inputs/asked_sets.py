"""A set by itself, as `--from` takes it: read as part of a claim, its problems told as its own."""

from __future__ import annotations

from dataclasses import replace

from analyzer.errors import Problem

_OPENING, _REST = "no ", " can reach anything"


def claim_of(text: str) -> str:
    """A claim that asks of the set alone."""
    return f"{_OPENING}{text}{_REST}"


def of_set(problem: Problem, text: str, option: str) -> Problem:
    """A problem of the claim as one of the set that stands in it."""
    forms = tuple(
        form.removeprefix(_OPENING).removesuffix(_REST)
        for form in problem.forms
        if form.startswith(_OPENING) and form.endswith(_REST)
    )
    column = problem.column - len(_OPENING)
    excerpt = text if 0 < column <= len(text) + 1 else ""
    own = forms if len(forms) == 1 else ()
    return replace(problem, file=option, column=max(column, 0), excerpt=excerpt, forms=own)
