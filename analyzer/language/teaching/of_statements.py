"""How people begin the statements of a file."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups
from analyzer.language.teaching.patterns import idiom


def _slug(groups: Groups) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", groups["name"].lower()).strip("-")[:40].strip("-") or "q1"
    return f"assert {text}" + (f' "{groups["name"]}":' if groups["quoted"] else ":")


_SET_BEGINS = (
    r"(?=pods|namespace|namespaces|workload|service|ips|internet|external|metadata-service|nodes|anything|apiserver|\()"
)

BARE = (
    idiom(r"^\s*assert\s+(?P<at>[\w.-]+\s*(?:\"[^\"]*\"\s*)?:)\s*", "", "a question given by itself has no `assert`"),
    idiom(r"^\s*(?P<at>[\w-]+\s*:)\s+(?=(?:no|every|some|only|all)\s)", "", "a question given by itself has no name"),
)  # fmt: skip

OF_STATEMENTS = (
    idiom(r"^(?P<notes>(?:\s*@[\w-]+\s*\([^)]*\))*\s*)(?P<at>query|check|rule|test|claim|property|require|ensure|expect|verify|prove|def|policy)(?=\s+[\w.-]+\s*(?:\"[^\"]*\"\s*)?[:=])", "{notes}assert", "a query begins with `assert`"),
    idiom(r"(?P<pre>^\s*|\)\s*)assert\s+(?P<at>\"(?P<name>[^\"]*)\")(?P<quoted>)\s*:?\s*", lambda groups: groups["pre"] + _slug({**groups, "quoted": "1"}) + " ", "a query has a name before its title"),
    idiom(r"(?P<pre>^\s*|\)\s*)assert\s+(?P<at>(?P<name>[\w.-]+(?:\s+(?!no\s|every\s|some\s|only\s)[\w.-]+)+))(?P<quoted>)\s*:\s*", lambda groups: groups["pre"] + _slug(groups) + " ", "the name of a query is one word"),
    idiom(r"(?P<pre>^\s*|\)\s*)assert(?P<at>\s*:)\s*", "{pre}assert q1: ", "a query has a name"),
    idiom(r"(?P<head>\bassert\s+[\w.-]+(?![\w.-])(?:\s*\"[^\"]*\")?)\s*(?P<at>=|->|-)\s*", "{head}: ", "a colon stands before the claim"),
    idiom(r"(?P<head>\bassert\s+[\w.-]+(?![\w.-])(?:\s*\"[^\"]*\")?)\s+(?P<at>)(?=(?:no|every|some|only|all)\s)", "{head}: ", "a colon stands before the claim"),
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
