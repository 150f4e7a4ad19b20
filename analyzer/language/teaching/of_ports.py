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


def _numbered(groups: Groups) -> str:
    """`protocol 47`, `proto/47`, `ip/47`; one that has a name by that."""
    number = int(groups["number"])
    return {1: "icmpv4", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}.get(number, f"protocol/{number}")


def _message(groups: Groups) -> str:
    """`icmp:8`, `icmp/echo`, `icmp/any`"""
    head, said = groups["head"].lower(), groups["said"].lower()
    if said.startswith("echo"):
        type_ = 0 if "reply" in said else 8
        return f"icmpv6/{129 if type_ == 0 else 128}" if head == "icmpv6" else f"{head}/{type_}"
    return f"{head}/{said}" if said.isdecimal() else head


def _all_but(groups: Groups) -> str:
    """`no S can reach D on any port except 443`"""
    ports = _ports({"list": groups["list"]})
    return f"no {groups['src']} can reach {groups['dst']} except {groups['src']} can reach {groups['dst']} {ports}"


_EXCUSED = "`except` with `can reach` behind it excuses connections"

BEFORE_PORTS = (
    idiom(r"<B>(?P<at>(?:ip[\s-]*)?proto(?:col)?[\s:#=]+(?:number\s+)?(?P<number>\d{1,3})|(?:proto|ip)/(?P<more>\d{1,3}))(?=\s|,|$)", lambda groups: _numbered({"number": groups["number"] or groups["more"]}), "an IP protocol without ports is `protocol/47`"),
    idiom(r"<B>(?P<at>(?P<head>icmp(?:v[46])?)(?:/(?P<said>echo(?:[\s-]*(?:request|reply))?|any|all|\*)|:\s*(?P<number>\d{1,3})))(?=\s|,|$)", lambda groups: _message({"head": groups["head"], "said": groups["said"] or groups["number"]}), "a message of ICMP is `icmp/8`, of IPv6 `icmpv6/128`"),
    idiom(r"<B>(?P<at>(?P<protocol>tcp|udp|sctp)-?(?P<number>\d{1,5}))(?=\s|,|$)", "{protocol}/{number}", _PORT),
    idiom(rf"^\s*no\s+(?P<src><SET>)\s+can\s+<VERB>\s+(?P<dst><SET>)\s+(?P<at>on\s+(?:(?:any|all|every)\s+(?:other\s+)?ports?\s+(?:except|but|other\s+than|besides)(?:\s+for)?|(?:other\s+)?ports?\s+other\s+than|anything\s+(?:except|but)|ports?\s+(?:!=|not)|!=?|not)\s*)(?P<list>{_ITEM}(?:{_BETWEEN}{_ITEM})*)\s*$", _all_but, _EXCUSED),
)  # fmt: skip

OF_PORTS = (
    idiom(r"\s+(?P<at>on\s+(?:all|any|every|whatever|each)(?:\s+(?:the\s+)?(?:ports?|protocols?))?)(?=\s+(?:where|within|except)\b|\s*$)(?<! on any)", "", "without `on` a claim speaks of all ports"),
    idiom(r"\s+(?P<at>on\s+any\s+(?:ports?|protocols?))(?=\s+(?:where|within|except)\b|\s*$)", "", "without `on` a claim speaks of all ports"),
    idiom(r"(?<=\s)(?P<at>at|over|via|using|through|with|by|for|to|@|in)\s+(?=(?:tcp|udp|sctp|ports?)(?![\w.-]))", "on ", "ports stand behind `on`"),
    idiom(rf"<B>(?P<word>on)\s+(?:the\s+)?(?P<at>(?P<list>{_ITEM}(?:{_BETWEEN}{_ITEM})*))(?=\s|$|[,;?.])", _ports, _PORT),
    idiom(r"(?<=[\w)])(?<!tcp)(?<!udp)(?<!sctp)(?<!port)(?<!ports)(?P<at>:(?P<port>\d+))(?=\s|$)", " on tcp/{port}", _PORT),
    idiom(r"(?<!\bon)(?<!,)(?<!\bor)(?<!\band)(?<!tcp)(?<!udp)(?<!sctp)(?<!ports)(?<!port)(?P<at>\s+)(?=ports?[\s:=#]*\d|(?:tcp|udp|sctp)[/:\s]\s*(?:ports?\s+)?\d|\d+/(?:tcp|udp|sctp)(?![\w/-]))", " on ", "ports stand behind `on`"),
    idiom(rf"<B>(?P<word>on)\s+(?:the\s+)?(?P<at>(?P<list>{_ITEM}(?:{_BETWEEN}{_ITEM})*))(?=\s|$|[,;?.])", _ports, _PORT),
)  # fmt: skip
