"""All idioms, in the order in which they are looked for: what one makes of a text the next may look at."""

from __future__ import annotations

from analyzer.language.teaching.of_characters import CASE, CHARACTERS
from analyzer.language.teaching.of_claims import COUNTED, FIRST, ISOLATION, MODIFIERS, QUESTIONS, REACHES, SHAPES
from analyzer.language.teaching.of_conditions import OF_CONDITIONS
from analyzer.language.teaching.of_exceptions import OF_EXCEPTIONS
from analyzer.language.teaching.of_messages import OF_MESSAGES
from analyzer.language.teaching.of_negations import OF_NEGATIONS
from analyzer.language.teaching.of_phrases import (
    ALONE as OF_SETS_ALONE,
)
from analyzer.language.teaching.of_phrases import (
    APART,
    LABELS_ALONE,
    NAMED_PODS,
    PHRASES,
    PORTS_OF_DNS,
    QUESTIONS_OF_ALL,
    TO,
)
from analyzer.language.teaching.of_places import OF_PLACES
from analyzer.language.teaching.of_ports import BEFORE_PORTS, OF_PORTS
from analyzer.language.teaching.of_sets import HOSTS_AS_DOMAINS, HOSTS_AS_INTERNET, OF_SELECTORS, OF_SETS
from analyzer.language.teaching.of_statements import BARE, OF_STATEMENTS
from analyzer.language.teaching.of_tools import OF_TOOLS

_BEFORE_HOSTS = (
    *OF_TOOLS,
    *OF_MESSAGES,
    *LABELS_ALONE,
    *CHARACTERS,
    *QUESTIONS_OF_ALL,
    *QUESTIONS,
    *CASE,
    *OF_SELECTORS,
    *BEFORE_PORTS,
    *OF_NEGATIONS,
    *OF_PLACES,
    *PHRASES,
    *FIRST,
    *OF_EXCEPTIONS,
)
_BEHIND_HOSTS = (
    *OF_PORTS,
    *OF_CONDITIONS,
    *OF_SETS,
    *ISOLATION,
    *SHAPES,
    *NAMED_PODS,
    *REACHES,
    *TO,
    *OF_SETS[-6:],
    *MODIFIERS,
    *PORTS_OF_DNS,
    *COUNTED,
)

OF_CLAIMS = (
    (*_BEFORE_HOSTS, *_BEHIND_HOSTS, HOSTS_AS_DOMAINS),
    (*_BEFORE_HOSTS, *_BEHIND_HOSTS, HOSTS_AS_INTERNET),
)
"""Of the body of a statement, one way or the other."""

__all__ = ["APART", "BARE", "OF_CLAIMS", "OF_SETS_ALONE", "OF_STATEMENTS"]
