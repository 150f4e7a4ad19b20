"""How people write conditions over the two ends."""

from __future__ import annotations

from analyzer.language.teaching.drafts import Where
from analyzer.language.teaching.patterns import idiom

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
