"""All idioms, in the order in which they are looked for: what one makes of a text the next may look at."""

from __future__ import annotations

from analyzer.language.teaching.of_characters import CASE, CHARACTERS
from analyzer.language.teaching.of_claims import COUNTED, FIRST, ISOLATION, MODIFIERS, QUESTIONS, REACHES, SHAPES
from analyzer.language.teaching.of_conditions import OF_CONDITIONS
from analyzer.language.teaching.of_exceptions import OF_EXCEPTIONS
from analyzer.language.teaching.of_ports import OF_PORTS
from analyzer.language.teaching.of_sets import HOSTS_AS_DOMAINS, HOSTS_AS_INTERNET, OF_SELECTORS, OF_SETS
from analyzer.language.teaching.of_statements import BARE, OF_STATEMENTS

_BEFORE_HOSTS = (*CHARACTERS, *QUESTIONS, *CASE, *OF_SELECTORS, *FIRST, *OF_EXCEPTIONS)
_BEHIND_HOSTS = (
    *OF_PORTS,
    *OF_CONDITIONS,
    *OF_SETS,
    *ISOLATION,
    *SHAPES,
    *REACHES,
    *OF_SETS[-6:],
    *MODIFIERS,
    *COUNTED,
)

OF_CLAIMS = (
    (*_BEFORE_HOSTS, *_BEHIND_HOSTS, HOSTS_AS_DOMAINS),
    (*_BEFORE_HOSTS, *_BEHIND_HOSTS, HOSTS_AS_INTERNET),
)
"""Of the body of a statement, one way or the other."""

__all__ = ["BARE", "OF_CLAIMS", "OF_STATEMENTS"]
