"""Open facts: how a decision asks for one, and how every way of settling them is walked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from analyzer.model.open_facts import OpenFact

Settle = Callable[[OpenFact, tuple[str, ...]], str]
"""Asked whenever something is left open: returns one of the options."""

MATCHES, DOES_NOT_MATCH = "matches", "does not match"

Result = TypeVar("Result")


def first_option(fact: OpenFact, options: tuple[str, ...]) -> str:
    """Settles every fact the first way offered."""
    return options[0]


def runs(decide_with: Callable[[Settle], Result]) -> Iterator[tuple[Result, dict[OpenFact, str]]]:
    """Every result of `decide_with`, each with the facts it asked for and the answers it got.

    A fact that no run asks for is never enumerated; a fact asked for twice in one run gets one answer.  The first run
    takes every first option.  `decide_with` must ask in the same order whenever the answers are the same.
    """
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        prescribed = waiting.pop()
        answers: dict[OpenFact, str] = {}

        def settle(
            fact: OpenFact,
            options: tuple[str, ...],
            prescribed: tuple[str, ...] = prescribed,
            answers: dict[OpenFact, str] = answers,
        ) -> str:
            if fact not in answers:
                if len(answers) < len(prescribed):
                    answers[fact] = prescribed[len(answers)]
                else:
                    waiting.extend((*answers.values(), other) for other in reversed(options[1:]))
                    answers[fact] = options[0]
            return answers[fact]

        yield decide_with(settle), answers
