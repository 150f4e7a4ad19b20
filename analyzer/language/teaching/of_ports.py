"""How people write ports."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups
from analyzer.language.teaching.patterns import idiom

_PORT = "a port is written with its protocol, as in `tcp/5432`"
_RANGE = r"(?:\d+(?:\s*(?:-|\.\.+|–|:|\bto\b)\s*\d+|\+)?)"
_ITEM = (
    rf"(?:(?:(?:tcp|udp|sctp|ports?|number|no\.|p)\b[\s:=/#]*){{1,4}}(?:{_RANGE}(?![\w.])|\*|(?!and\b|or\b|on\b|where\b|except\b|within\b|number\b)[a-z][a-z0-9-]*(?![\w./-]))"
    rf"|{_RANGE}(?![\w.])|(?:tcp|udp|sctp|other|any)(?![\w/-]))(?:\s*/?\s*(?:tcp|udp|sctp)(?![\w/-]))?"
)
_BETWEEN = r"(?:\s*[,;&+]\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s+(?=(?:tcp|udp|sctp)/))(?:on\s+)?"
_PARTS = re.compile(_ITEM, re.IGNORECASE)
_PROTOCOL = re.compile(r"tcp|udp|sctp", re.IGNORECASE)
_NOISE = re.compile(r"\b(?:tcp|udp|sctp|ports?|number|p)\b|no\.|[/:=#]|\s", re.IGNORECASE)


def _ports(groups: Groups) -> str:
    found, protocol = [], "tcp"
    for item in _PARTS.finditer(groups["list"]):
        text = item[0].strip()
        if text.lower() in ("other", "any"):
            found.append(text.lower())
            continue
        named = _PROTOCOL.search(text)
        protocol = named[0].lower() if named else protocol
        number = _NOISE.sub("", re.sub(r"(?<=\d)\s*(?:\.\.+|–|:|\bto\b)\s*(?=\d)", "-", text)).rstrip("*")
        if number == "53" and named is None and protocol == "tcp":
            found += ["udp/53", "tcp/53"]  # names are asked for over both
            continue
        number = f"{number[:-1]}-65535" if number.endswith("+") else number
        found.append(f"{protocol}/{number}" if number else protocol)
    return f"on {', '.join(found)}"


OF_PORTS = (
    idiom(r"\s+(?P<at>on\s+(?:all|any|every|whatever|each)(?:\s+(?:the\s+)?(?:ports?|protocols?))?)(?=\s+(?:where|within|except)\b|\s*$)(?<! on any)", "", "without `on` a claim speaks of all ports"),
    idiom(r"\s+(?P<at>on\s+any\s+(?:ports?|protocols?))(?=\s+(?:where|within|except)\b|\s*$)", "", "without `on` a claim speaks of all ports"),
    idiom(r"(?<=\s)(?P<at>at|over|via|using|through|with|by|for|to|@|in)\s+(?=(?:tcp|udp|sctp|ports?)(?![\w.-]))", "on ", "ports stand behind `on`"),
    idiom(rf"<B>(?P<word>on)\s+(?:the\s+)?(?P<at>(?P<list>{_ITEM}(?:{_BETWEEN}{_ITEM})*))(?=\s|$|[,;?.])", _ports, _PORT),
    idiom(r"(?<=[\w)])(?<!tcp)(?<!udp)(?<!sctp)(?<!port)(?<!ports)(?P<at>:(?P<port>\d+))(?=\s|$)", " on tcp/{port}", _PORT),
    idiom(r"(?<!\bon)(?<!,)(?<!\bor)(?<!\band)(?<!tcp)(?<!udp)(?<!sctp)(?<!ports)(?<!port)(?P<at>\s+)(?=ports?[\s:=#]*\d|(?:tcp|udp|sctp)[/:\s]\s*(?:ports?\s+)?\d|\d+/(?:tcp|udp|sctp)(?![\w/-]))", " on ", "ports stand behind `on`"),
    idiom(rf"<B>(?P<word>on)\s+(?:the\s+)?(?P<at>(?P<list>{_ITEM}(?:{_BETWEEN}{_ITEM})*))(?=\s|$|[,;?.])", _ports, _PORT),
)  # fmt: skip
