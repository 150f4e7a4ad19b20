"""What people leave out by a word of denial: `unless …`, `not in namespace …`, `namespace !shop`, `outside its namespace`."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups, Where
from analyzer.language.teaching.patterns import idiom

_BOTH_ENDS = "that is a condition on both ends"
_EXCEPT = "what is left out stands behind `except`"
_WHERE = "conditions stand behind `where`"
_ALTERNATIVES = "one of several labels is `pods(a) or pods(b)`"
_BUT = r"(?:unless|except|excluding|but\s+not|other\s+than|apart\s+from)"
_THEY = (
    r"(?:(?:if|when|where|for|from|to|those|they\s+are|it\s+is|both\s+are|both|pods?|ones|share|sharing|having)\s+)*"
)
_OWN = r"(?:(?:the\s+|its\s+|their\s+)?(?:same|own|a\s+common)(?:\s+own)?)"
_OWNERS = r"(?P<owner>tenant|team|customer|project|environment|env|stage|department)"
_OF_NAMESPACE = r"(?:in|of|from|inside|within)\s+(?:the\s+)?(?:(?:namespace|ns)\s+)?"
_ATTRIBUTE = r"(?:src|dst|request)\.[\w.]+(?:\[[^\]]*\])*"


def _unless(groups: Groups) -> str:
    """`unless src.x == dst.x`, `unless request.method == "GET"`"""
    found = re.fullmatch(rf"({_ATTRIBUTE})\s*(==|=|!=)\s*(\S+)", groups["condition"].strip())
    if found is None:
        return f"{groups['begin']} where not ({groups['condition'].strip()})"
    return f"{groups['begin']} where {found[1]} {'==' if found[2] == '!=' else '!='} {found[3]}"


def _said(key: str, sign: str, at: str) -> str:
    """What compares the labels of both ends: `with` the pods' own, `of` or `in` those of their namespaces."""
    where = "labels" if re.match(r"\s*(?:with|having|that)\b", at, re.IGNORECASE) else "namespace.labels"
    return f"src.{where}[{key}] {sign} dst.{where}[{key}]"


def _of_other(groups: Groups) -> str:
    """`pods with another team label`, `no pods with different team can talk`"""
    key = re.sub(r"s$", "", groups["key"])
    condition = _said(key, "!=", groups["at"])
    if " reach " in groups["begin"] and not groups["end"]:
        return f"{groups['begin']} where {condition}"
    if re.fullmatch(
        r"\s+(?:can|to)?\s*(?:talk|communicate|reach|connect)\s*(?:to|with)?\s*(?:each\s+other|one\s+another)?\s*",
        groups["end"],
    ):
        return f"{groups['begin']} can reach pods where {condition}"
    return groups["begin"] + groups["at"] + groups["end"]


def _either(groups: Groups) -> str:
    return f"pods({groups['one'].strip()}){groups['tail']} or pods({groups['other'].strip()}){groups['tail']}"


OF_NEGATIONS = (
    # ---------------------------------------------------------------------------------------- conditions on both ends
    idiom(rf"^(?P<begin>\s*(?:no|every|some|all)\s.*?)(?P<at>\s+{_BUT}\s+{_THEY}(?:(?:in|within|from|inside|of)\s+)?{_OWN}\s+namespaces?)\s*[.?!]*\s*$", "{begin} where src.namespace != dst.namespace", _BOTH_ENDS),
    idiom(rf"^(?P<begin>\s*(?:no|every|some|all)\s.*?)(?P<at>\s+{_BUT}\s+{_THEY}(?:(?:in|within|from|inside|of)\s+)?{_OWN}\s+{_OWNERS})\s*[.?!]*\s*$", "{begin} where src.namespace.labels[{owner}] != dst.namespace.labels[{owner}]", "whose namespace it is tells a label of the namespace"),
    idiom(r"^(?P<begin>.*\breach\s+(?:only\s+)?)(?P<at>(?:pods\s+|anything\s+|anyone\s+|things\s+)?outside(?:\s+of)?\s+(?:its|their)\s+(?:own\s+)?namespaces?)\s*$", "{begin}pods where src.namespace != dst.namespace", _BOTH_ENDS),
    idiom(rf"^(?P<begin>\s*(?:no|every|some|all)\s.*?)\s+(?P<at>{_BUT}(?:\s+(?:if|when|where))?\s+(?=(?:not\s+|has\s+)?\(?\s*(?:{_ATTRIBUTE})))(?P<condition>.+)$", _unless, _WHERE, Where.ALL),
    # ---------------------------------------------------------------------------------------- namespaces that are not meant
    idiom(r"<B>(?P<set>pods?(?:\([^)]*\))?|anything|workloads|everything)(?P<at>\s+(?:(?:that|which)\s+(?:are|is)\s+)?not\s+(?:in|of|from|inside|within)\s+)(?=namespaces\()", "{set} except pods in ", _EXCEPT),
    idiom(rf"<B>(?P<set>pods?(?:\([^)]*\))?|anything|workloads|everything)(?P<at>\s+(?:(?:that|which)\s+(?:are|is)\s+)?not\s+{_OF_NAMESPACE})(?P<name><NAME>)", "{set} except namespace {name}", _EXCEPT),
    idiom(r"<B>(?P<set>pods?(?:\([^)]*\))?|workloads)(?P<at>\s+(?:from\s+)?outside(?:\s+of)?\s+(?:the\s+)?(?:namespace\s+|ns\s+)?)(?P<name>(?!(?:cluster|mesh)\b)<NAME>)(?=\s+can\b|\s*$)", "{set} except namespace {name}", _EXCEPT),
    idiom(r"<B>(?P<pods>pods(?:\([^)]*\))?\s+in\s+)?(?P<at>(?:any\s+|every\s+|all\s+)?(?:namespaces?|ns)\s+(?:other\s+than|but|except|besides)\s+(?:namespace\s+)?)(?P<name><NAME>)", "pods except namespace {name}", _EXCEPT),
    idiom(r"<B>(?P<pods>pods(?:\([^)]*\))?\s+in\s+)?(?P<at>(?:namespaces?|ns)\s*(?:!=?|<>|≠|not(?:\s+equal\s+to)?|is\s+not)\s*)(?P<name><NAME>)", "pods except namespace {name}", _EXCEPT),
    idiom(rf"(?P<pre><AT_SET>)(?P<at>(?:not|!)\s*(?:{_OF_NAMESPACE}|namespace\s+))(?P<name><NAME>)", "{pre}pods except namespace {name}", _EXCEPT),
    # ---------------------------------------------------------------------------------------- labels
    idiom(r"(?P<pre>[(,]\s*)(?P<at>(?:!|not\s+)\s*(?P<key><KEY>)\s*==?\s*)(?=[\w\"])", "{pre}{key}!=", "a label that has another value is `key!=value`", Where.INSIDE),
    idiom(r"(?P<key><KEY>)\s*(?P<at>==?\s*[\[{](?P<values>[\w., \"-]+)[\]}])", "{key} in ({values})", "one of several values is `key in (a, b)`", Where.ALL),
    idiom(r"(?P<pre>[(,]\s*<KEY>)(?P<at>\s*==?\s*\*)(?=\s*[,)])", "{pre}", "a label that is there is `key`", Where.INSIDE),
    idiom(r"(?P<pre>pods|namespaces)(?P<at>\(\s*\*\s*\))", "{pre}()", "`pods()` are all pods", Where.ALL),
    idiom(r"^(?P<begin>.*\S)(?P<at>\s+(?:with|having|that\s+have|of|in)\s+(?:(?:a|the|an)\s+)?(?:different|another|other)\s+(?P<key>(?!namespaces?\b)<KEY>)(?:\s+(?:labels?|values?))?)(?P<end>(?:\s+(?:can|to|talk).*)?)$", _of_other, _BOTH_ENDS),
    idiom(r"^(?P<begin>.*\breach\s+(?:only\s+)?\S.*)(?P<at>\s+(?:with|having|that\s+have|of|in)\s+(?:(?:a|the|an|its|their)\s+)?(?:same|own)\s+(?P<key>(?!namespaces?\b)<KEY>)(?:\s+(?:labels?|values?))?)\s*$", lambda groups: f"{groups['begin']} where {_said(groups['key'], '==', groups['at'])}", _BOTH_ENDS),
    idiom(r"<B>pods(?P<at>\(\s*(?P<one><KEY>\s*(?:=|!=|in\b)[^()|]*?)\s*(?:\|\|?|\bor\b)\s*(?P<other>(?!\s)<KEY>\s*(?:=|!=|in\b)[^()|]*)\))(?P<tail>(?:\s+in\s+(?:namespace\s+<NAME>|namespaces\([^)]*\)))?)", _either, _ALTERNATIVES, Where.ALL),
)  # fmt: skip
