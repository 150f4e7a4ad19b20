"""Characters that come from other languages and from word processors, and words in upper case."""

from __future__ import annotations

from analyzer.language.teaching.drafts import Where
from analyzer.language.teaching.patterns import idiom

CHARACTERS = (
    idiom(r"(?P<at>\s*(?:…|\.\.\.)\s*)", " ", "leave `{at}` out", Where.ALL),
    idiom(r"(?P<at>won['’´]t)(?![a-z])", "will not", "that nothing can is `no S can reach D`", Where.ALL),
    idiom(r"(?P<at>can['’´]t|can\s+not|can['’´]not)", "cannot", "that nothing can is `no S can reach D`", Where.ALL),
    idiom(r"(?<=[a-z])(?P<at>n['’´]t)(?![a-z])", " not", "that nothing can is `no S can reach D`", Where.ALL),
    idiom(r"(?P<at>['’‘`“”„](?P<said>[^'’‘`“”\"\n]*)['’‘`“”])", '"{said}"', "text stands in quotes of this kind: `\"`", Where.ALL),
    idiom(r"(?P<at>[\u00a0\u2002-\u200a\u202f\u3000])", " ", "write an ordinary space", Where.ALL),
    idiom(r"(?P<at>[\u200b-\u200d\u2060\ufeff])", " ", "leave the hidden character out", Where.ALL),
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
    idiom(r"<B>(?P<end>src|dst)(?=\.)", lambda groups: groups["end"].lower(), "words of the language are in lower case"),
)  # fmt: skip
