"""Problems as a reader sees them: the line with a caret, and the nearest form of what was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.errors import Problem
from analyzer.language.bare import BareClaim, bare_claim
from analyzer.language.claims import claim
from analyzer.language.conditions import condition
from analyzer.language.ends import ends
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, parse, parts
from analyzer.language.text import Passage, plain_lines, whole
from analyzer.model.formulas import Role

_MOST = 20  # statements of a file for which a form is looked for


def nearest_form_of_claim(text: str, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The problems of a claim by itself, with the nearest form, where there is one."""
    from analyzer.language.teaching import taught

    def check(candidate: str) -> Sequence[Problem]:
        found = bare_claim(candidate, "")
        return () if isinstance(found, BareClaim) else found

    return taught(plain_lines(text), problems, check, is_bare=True)


def nearest_forms(passages: Iterable[Passage], scope: Scope) -> tuple[Problem, ...]:
    """The problems of a file, those of each statement with its nearest form, where there is one."""
    from analyzer.language.teaching import taught

    left = list(scope.problems)
    found: list[Problem] = []
    tried = 0
    for passage in passages:
        last = passage.line + passage.text.rstrip().count("\n")
        own = [problem for problem in left if passage.line <= problem.line <= last]
        if not own or tried == _MOST:
            continue
        tried += 1
        left = [problem for problem in left if problem not in own]
        before = passage.line - 1
        moved = [replace(problem, line=problem.line - before) for problem in own]
        told = taught(passage.text, moved, lambda text: tuple(_problems_of(text, scope)), scope.sets.keys())
        found += (replace(problem, line=problem.line + before) for problem in told)
    return (*found, *left)


def shown_in(text: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems with the line of the text that each stands in."""
    lines = plain_lines(text).split("\n")
    for problem in problems:
        is_in = problem.column and 0 < problem.line <= len(lines)
        yield replace(problem, excerpt=lines[problem.line - 1]) if is_in else problem


def _problems_of(text: str, scope: Scope) -> Iterator[Problem]:
    """What is wrong with a statement, were it in the file; nothing but annotations is none."""
    passage, faults = whole(text, scope.file)
    yield from faults
    tree = None if faults else parse(passage, "statement", scope.file)
    if tree is None:
        return
    if isinstance(tree, Problem):
        yield tree
        return
    trial = scope.trial()
    for body in parts(tree):
        _resolve(body, trial)
    yield from trial.problems


def _resolve(body: Syntax, scope: Scope) -> None:
    match body.data:
        case "assertion":
            claim(parts(body)[-1], scope)
        case "let":
            ends(parts(body)[0], scope)
        case "assumption":
            members, fact = parts(body)
            ends(members, scope)
            condition(fact, scope, Role.SELF)
