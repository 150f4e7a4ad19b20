"""How people write ports, conditions, characters and statements."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups, Where
from analyzer.language.teaching.patterns import idiom

_PORT = "a port is written with its protocol, as in `tcp/5432`"
_RANGE = r"(?:\d+(?:\s*(?:-|\.\.+|–|:|\bto\b)\s*\d+|\+)?)"
_ITEM = (
    rf"(?:(?:(?:tcp|udp|sctp|ports?|number|no\.|p)\b[\s:=/#]*){{1,4}}(?:{_RANGE}(?![\w.])|\*|(?!and\b|or\b|on\b|where\b|except\b|within\b|number\b)[a-z][a-z0-9-]*(?![\w./-]))"
    rf"|{_RANGE}(?![\w.])|(?:tcp|udp|sctp|other|any)(?![\w/-]))(?:\s*/?\s*(?:tcp|udp|sctp)(?![\w/-]))?"
)
_BETWEEN = r"(?:\s*[,;&+]\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+)(?:on\s+)?"
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
        number = f"{number[:-1]}-65535" if number.endswith("+") else number
        found.append(f"{protocol}/{number}" if number else protocol)
    return f"on {', '.join(found)}"


OF_PORTS = (
    idiom(r"\s+(?P<at>on\s+(?:all|any|every|whatever|each)(?:\s+(?:the\s+)?(?:ports?|protocols?))?)(?=\s+(?:where|within|except)\b|\s*$)(?<! on any)", "", "without `on` a claim speaks of all ports"),
    idiom(r"\s+(?P<at>on\s+any\s+(?:ports?|protocols?))(?=\s+(?:where|within|except)\b|\s*$)", "", "without `on` a claim speaks of all ports"),
    idiom(r"(?<=\s)(?P<at>at|over|via|using|through|with|by|for|to|@|in)\s+(?=(?:tcp|udp|sctp|ports?)(?![\w.-]))", "on ", "ports stand behind `on`"),
    idiom(r"(?<=[\w)])(?P<at>:(?P<port>\d+))(?=\s|$)(?<!:\d:\d)", " on tcp/{port}", _PORT),
    idiom(r"(?<!\bon)(?<!,)(?<!\bor)(?<!\band)(?P<at>\s+)(?=ports?[\s:=#]*\d|(?:tcp|udp|sctp)[/:\s]\s*(?:ports?\s+)?\d)", " on ", "ports stand behind `on`"),
    idiom(rf"<B>(?P<word>on)\s+(?:the\s+)?(?P<at>(?P<list>{_ITEM}(?:{_BETWEEN}{_ITEM})*))(?=\s|$|[,;?.])", _ports, _PORT),
)  # fmt: skip

_END = r"(?:src|dst)"
_ATTRIBUTE = rf"(?P<a>(?:{_END}|request)\.[\w.]+(?:\[[^\]]*\])?)"

OF_CONDITIONS = (
    idiom(r"<B>(?P<at>source|from|client|sender)\.(?=\w)", "src.", "the ends are `src` and `dst`"),
    idiom(r"<B>(?P<at>destination|dest|target|server|receiver|to)\.(?=\w)", "dst.", "the ends are `src` and `dst`"),
    idiom(rf"<B>(?P<end>{_END})\.(?P<at>ns|namespace\.name|namespaceName|namespace_name)(?![\w])", "{end}.namespace", "the namespace's name is `src.namespace`"),
    idiom(rf"<B>(?P<end>{_END})\.(?P<at>(?:namespaceLabels|namespace_labels|nsLabels|namespace\.label)(?=\[|\.))", "{end}.namespace.labels", "a namespace's label is `src.namespace.labels[KEY]`"),
    idiom(rf"<B>(?P<end>{_END}(?:\.namespace)?)\.(?P<at>label|metadata\.labels|pod\.labels)(?=\[|\.|\()", "{end}.labels", "a label is `src.labels[KEY]`"),
    idiom(rf"<B>(?P<end>{_END}(?:\.namespace)?\.labels)(?P<at>\.(?P<key><KEY>)|\((?P<key2><KEY>)\))", lambda groups: f"{groups['end']}[{groups['key'] or groups['key2']}]", "a label is `src.labels[KEY]`", Where.ALL),
    idiom(rf"<B>(?P<end>{_END})\.(?P<at>serviceAccount(?:Name)?|service-account|serviceaccount|sa|service_account_name|account)(?![\w])", "{end}.service_account", "it is `src.service_account`"),
    idiom(rf"{_ATTRIBUTE}\s*(?P<at>\s(?:is\s+not|isn't|not\s+equals?(?:\s+to)?|does\s+not\s+equal|differs?\s+from|is\s+different\s+from|ne|not)\s|!==|<>|/=|=!)\s*(?!in\b|present|set|absent)(?=\S)", "{a} != ", "conditions compare with `==` and `!=`"),
    idiom(rf"{_ATTRIBUTE}\s*(?P<at>\s(?:is\s+equal\s+to|equals(?:\s+to)?|equal\s+to|is\s+the\s+same\s+as|is|eq|be|matches)\s|===|:=|:|~=|=~)\s*(?!in\b|not\b|present|set|absent|missing|empty|null|unset|one\s+of)(?=\S)", "{a} == ", "conditions compare with `==` and `!=`"),
    idiom(rf"{_ATTRIBUTE}\s+(?P<at>is\s+in|is\s+one\s+of|one\s+of|any\s+of)\s*(?=\()", "{a} in ", "one of several values is `in (a, b)`"),
    idiom(rf"{_ATTRIBUTE}\s+(?P<at>is\s+not\s+in|isn't\s+in|not\s+one\s+of|is\s+not\s+one\s+of)\s*(?=\()", "{a} not in ", "none of several values is `not in (a, b)`"),
    idiom(rf"{_ATTRIBUTE}\s+(?P<not>not\s+)?in\s+(?P<at>(?P<values>[\w\"][\w\".-]*(?:\s*,\s*[\w\"][\w\".-]*)+))", lambda groups: f"{groups['a']} {groups['not']}in ({groups['values']})", "the values stand in round brackets"),
    idiom(rf"(?P<at>{_ATTRIBUTE}\s+(?:is\s+)?(?:exists|present|set|defined|not\s+(?:null|empty|absent)))(?![\w-])", "has {a}", "that it is there is `has src.labels[KEY]`"),
    idiom(rf"(?P<at>{_ATTRIBUTE}\s+(?:is\s+)?(?:not\s+(?:set|present|defined)|absent|missing|null|unset|undefined|(?:does\s+not|doesn't)\s+exist))(?![\w-])", "not has {a}", "that it is not there is `not has src.labels[KEY]`"),
    idiom(rf"(?P<at>(?P<end>{_END})\s+(?:lacks|has\s+no|does\s+not\s+have|doesn't\s+have|without)(?:\s+(?:a\s+|the\s+)?label)?\s+(?P<key><KEY>))(?=\s|$)", "not {end} has {key}", "that a label is not there is `not src has KEY`"),
    idiom(rf"(?P<end>{_END})\s+has\s+(?P<at>(?:a\s+|the\s+)?labels?\s+)(?=<KEY>)", "{end} has ", "leave `{at}` out"),
    idiom(r"(?P<begin>\bwhere\s[^,]*[^,\s])(?P<at>\s*,\s*)(?=(?:src|dst|request|not|has)[.\s])", "{begin} and ", "conditions are put together with `and`, `or`"),
    idiom(r"(?P<at>!)\s*(?=\(|has\s|src|dst|request)", "not ", "it is `not`"),
)  # fmt: skip

CHARACTERS = (
    idiom(r"(?P<at>can['’]t|can\s+not|can['’]not)", "cannot", "that nothing can is `no S can reach D`", Where.ALL),
    idiom(r"(?<=[a-z])(?P<at>n['’]t)(?![a-z])", " not", "that nothing can is `no S can reach D`", Where.ALL),
    idiom(r"(?P<at>['’‘`“”„](?P<said>[^'’‘`“”\"\n]*)['’‘`“”])", '"{said}"', "text stands in quotes of this kind: `\"`", Where.ALL),
    idiom(r"(?P<at>[\u00a0\u2002-\u200a\u202f\u3000])", " ", "write an ordinary space", Where.ALL),
    idiom(r"(?P<at>[\u200b-\u200d\u2060\ufeff])", "", "leave the hidden character out", Where.ALL),
    idiom(r"(?P<at>≠|<>)", "!=", "conditions compare with `==` and `!=`", Where.ALL),
    idiom(r"(?P<at>\s*&&?\s*)", " and ", "it is `and`", Where.OUTSIDE),
    idiom(r"(?P<at>\s*(?<!-)\|\|?(?!->)\s*)", " or ", "it is `or`", Where.OUTSIDE),
    idiom(r"(?P<at>[‐‑–—−])", "-", "write `-`", Where.ALL),
    idiom(r"(?P<at>\$?\{(?P<said>[^{}$=]*)\})(?<!\$\{)", "({said})", "brackets are round", Where.OUTSIDE),
)  # fmt: skip

_LOWER = (
    "no|every|some|only|can|reach|newly|pods?|namespaces?|internet|external|anything|nodes|except|where|within|isolated|is|or|and|on"
    "|in|for|workload|service|ips|apiserver|egress|ingress|all|any|has|not|policies|inventory|never|tie|assert|let|pack|param|assume"
)

CASE = (
    idiom(rf"<B>(?P<at>{_LOWER})(?=[\s(\[]|$)", lambda groups: groups["at"].lower(), "words of the language are in lower case"),
    idiom(rf"<B>(?P<end>src|dst)(?=\.)", lambda groups: groups["end"].lower(), "words of the language are in lower case"),
)  # fmt: skip


def _slug(groups: Groups) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", groups["name"].lower()).strip("-")[:40].strip("-") or "q1"
    return f"assert {text}" + (f' "{groups["name"]}":' if groups["quoted"] else ":")


_SET_BEGINS = r"(?=pods|namespace|namespaces|workload|service|ips|internet|external|metadata-service|nodes|anything|apiserver|\()"

BARE = (
    idiom(r"^\s*assert\s+(?P<at>[\w.-]+\s*(?:\"[^\"]*\"\s*)?:)\s*", "", "a question given by itself has no `assert`"),
    idiom(r"^\s*(?P<at>[\w-]+\s*:)\s+(?=(?:no|every|some|only|all)\s)", "", "a question given by itself has no name"),
)  # fmt: skip

OF_STATEMENTS = (
    idiom(r"^(?P<notes>(?:\s*@[\w-]+\s*\([^)]*\))*\s*)(?P<at>query|check|rule|test|claim|property|require|ensure|expect|verify|prove|def|policy)(?=\s+[\w.-]+\s*(?:\"[^\"]*\"\s*)?[:=])", "{notes}assert", "a query begins with `assert`"),
    idiom(r"(?P<pre>^\s*|\)\s*)assert\s+(?P<at>\"(?P<name>[^\"]*)\")(?P<quoted>)\s*:?\s*", lambda groups: groups["pre"] + _slug({**groups, "quoted": "1"}) + " ", "a query has a name before its title"),
    idiom(r"(?P<pre>^\s*|\)\s*)assert\s+(?P<at>(?P<name>[\w.-]+(?:\s+(?!no\s|every\s|some\s|only\s)[\w.-]+)+))(?P<quoted>)\s*:\s*", lambda groups: groups["pre"] + _slug(groups) + " ", "the name of a query is one word"),
    idiom(r"(?P<pre>^\s*|\)\s*)assert(?P<at>\s*:)\s*", "{pre}assert q1: ", "a query has a name"),
    idiom(r"(?P<head>\bassert\s+[\w.-]+(?:\s*\"[^\"]*\")?)\s*(?P<at>=|->|-)\s*", "{head}: ", "a colon stands before the claim"),
    idiom(r"(?P<head>\bassert\s+[\w.-]+(?:\s*\"[^\"]*\")?)\s+(?P<at>)(?=(?:no|every|some|only|all)\s)", "{head}: ", "a colon stands before the claim"),
    idiom(r"^\s*(?P<at>)(?=(?:no|every|some|only|all)\s.*\s(?:can|is)\s)", "assert q1: ", "a query begins with `assert NAME:`"),
    idiom(r"^\s*(?P<at>set|var|define|def|alias|group|const)\s+(?=[\w-]+\s*(?:=|:|be\b|is\b|as\b))", "let ", "a set is named with `let`"),
    idiom(r"^\s*let\s+(?P<name>[\w-]+)\s*(?P<at>:=|:|\sbe\s|\sis\s|\sas\s|==|\sto\s)\s*", "let {name} = ", "it reads `let NAME = SET`"),
    idiom(rf"^\s*let\s+(?P<name>[\w-]+)\s+(?P<at>){_SET_BEGINS}", "let {name} = ", "it reads `let NAME = SET`"),
    idiom(rf"^\s*(?P<at>)(?P<name>[\w-]+)\s*:?=\s*{_SET_BEGINS}", "let {name} = ", "a set is named with `let`"),
    idiom(r"^\s*(?P<at>parameter|variable|arg|input)\s+(?=[\w-]+\s*[=:])", "param ", "it reads `param NAME = \"VALUE\"`"),
    idiom(r"^\s*param\s+(?P<name>[\w-]+)\s*(?P<at>:=|:|\sis\s|==)\s*", "param {name} = ", "it reads `param NAME = \"VALUE\"`"),
    idiom(r"(?P<name>@[\w-]+)\s*(?::|=)?\s*(?P<at>(?P<value>\"[^\"]*\"|[\w-]+))(?=\s|$)", "{name}({value})", "an annotation reads `@severity(high)`"),
    idiom(r"^\s*(?P<at>pack|package|module|name)\s*:\s*(?=[\w-])", "pack ", "it reads `pack NAME \"TITLE\"`"),
    idiom(r"(?P<head>^\s*assume\s+[\w.-]+\s*(?:\"[^\"]*\"\s*)?:\s*)(?P<at>all|each|any)\s+(?=.*\b(?:has|have)\b)", "{head}every ", "an assumption reads `every S has CONDITION`"),
    idiom(r"(?P<head>^\s*assume\s+[\w.-]+\s*(?:\"[^\"]*\"\s*)?:\s*)(?P<at>)(?!every\s)(?=.*\bhas\b)", "{head}every ", "an assumption reads `every S has CONDITION`"),
    idiom(r"(?P<head>^\s*assume\s.*?\s)(?P<at>have)\s", "{head}has ", "an assumption reads `every S has CONDITION`"),
)  # fmt: skip
