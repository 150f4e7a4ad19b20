"""Regular expressions for the idioms, written with names for what comes up again and again."""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.language.teaching.drafts import Groups, Idiom, Where

_WORDS_OF_SETS = (
    r"pods?|namespaces?|ns|workload|service|ips|domains|internet|external|metadata-service|apiserver|nodes|anything"
)
_KEYWORDS = rf"{_WORDS_OF_SETS}|no|every|some|only|can|reach|newly|is|isolated|for|except|on|where|within|in|and|or|not|has|policies"

_NAMED = {
    "B": r"(?<![\w./$-])",  # a word begins
    "E": r"(?![\w/-]|\.\w)",  # a word ends
    "NAME": rf"(?!(?:{_KEYWORDS})(?![\w.-]))[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?![\w.-])",
    "KINDS": r"(?:deployments?|deploy|statefulsets?|sts|daemonsets?|ds|replicasets?|rs|cronjobs?|cj|jobs?|pods?|po|apps?|container|rollout)",
    "SERVICE": r"(?:services?|svc)",
    "KEY": r"(?:[a-z0-9.-]+/)?[a-z0-9](?:[-\w.]*[a-z0-9])?",
    "CIDR": r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f:]*:[0-9a-f:]*)(?:/\d+)?",
    "PROTOCOL": r"(?:tcp|udp|sctp)",
    "SET": r"[^\n]+?",
    "AT_SET": r"\b(?:no|every|some|only|reach|except|or|from|to|all|any)\s+(?:only\s+)?",
    "VERB": (
        r"(?:(?:talk|speak|connect|communicate|get|go|send|egress|flow|route|come|speak|reach|link|dial|call)(?:s|ing)?"
        r"(?: (?:any |all |out )?(?:traffic|packets|data|requests|out|through))?\s+(?:to|with|into|onto)(?![\w-])"
        r"|open(?:s)?\s+(?:a\s+|any\s+|new\s+)?connections?\s+(?:to|with)"
        r"|(?:reach|access|contact|call|hit|ping|see|use|scrape|touch|query|visit|talk|connect|consume|get|egress)(?:es|s|ed)?(?![\w-]))"
    ),
    "TAIL": r"(?P<tail>(?:\s+(?:on|where|within|except)\s.*)?)",
    "QUANTIFIER": r"(?:no|every|some|only|policies|all|any|each)(?![\w.-])",
}  # fmt: skip


def idiom(pattern: str, instead: str | Callable[[Groups], str], message: str, where: Where = Where.OUTSIDE) -> Idiom:
    """An idiom whose pattern may name the above as `<NAME>`; upper and lower case are one."""
    written = re.sub(r"<([A-Z_]+)>", lambda found: _NAMED[found[1]], pattern)
    return Idiom(re.compile(written, re.IGNORECASE), instead, message, where)


def words(text: str, instead: str, message: str) -> Idiom:
    """An idiom of words; `|` stands between several."""
    return idiom(rf"<B>(?:{text})<E>", instead, message)
