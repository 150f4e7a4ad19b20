"""How people name sets of ends."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups, Where
from analyzer.language.teaching.patterns import idiom, words

_SEPARATOR = re.compile(r"\s*,\s*(?:and|or)\s+|\s*,\s*|\s+(?:and|or)\s+", re.IGNORECASE)
_WORKLOAD = "a workload of whatever kind is named as `workload NAMESPACE/NAME`"
_SERVICE = "a Service is named as `service NAMESPACE/NAME`"
_LABELS = "labels stand in brackets: `pods(app=web)`, `namespaces(team=a)`"
_NAMESPACE = "a namespace is named as `namespace NAME`"
_SEVERAL = "each namespace is named by itself: `namespace a or namespace b`"
_ANYTHING = "`anything` is every pod, node and address"
_ANY_NAMESPACE = "`pods` are the pods of every namespace"


def _namespaces(groups: Groups) -> str:
    names = [re.sub(r"^(?:namespaces?|ns)\s+", "", name) for name in _SEPARATOR.split(groups["names"].strip())]
    return " or ".join(f"{groups['pods']}namespace {name}" for name in names)


def _selected(groups: Groups) -> str:
    what = "namespaces" if groups["what"].lower().startswith("n") else "pods"
    labels = re.sub(r"\s*(?:,|\band\b|&&|&)\s*", ",", groups["labels"].strip())
    labels = re.sub(r"\s*(?::|==|(?<!!)=)\s*|\s+(?:is|equals|equal\s+to|set\s+to)\s+", "=", labels)
    return f"{what}({labels})"


def _alternatives(groups: Groups) -> str:
    values = re.split(r"(?:\s+or\s+|\s*\|+\s*)(?:[\w./-]+\s*==?\s*)?", groups["values"])
    return f"{groups['key']} in ({', '.join(value.strip() for value in values)})"


_LABEL = r"(?:<KEY>\s*(?:==|=|:|!=)\s*[\w.-]+)"
_EQUALS = r"(?:\s*(?:==|=|:|!=)\s*|\s+(?:is|equals|equal\s+to|set\s+to)\s+)"
_SAID = rf"(?:(?!(?:src|dst|request)\.)<KEY>{_EQUALS}[\w.-]+)"  # behind a word that says that labels come

OF_SELECTORS = (
    idiom(r"(?P<pre>[\[(,]\s*)(?P<at>not\s+|!\s+)(?=<KEY>\s*[,)])", "{pre}!", "a label that is absent is `!key`", Where.INSIDE),
    idiom(
        r"(?P<key><KEY>)\s*(?P<at>==?\s*(?P<values>[\w.-]+(?:(?:\s+or\s+|\s*\|+\s*)(?:(?P=key)\s*==?\s*)?[\w.-]++(?!\s*[=!/]))+))",
        _alternatives,
        "one of several values is `key in (a, b)`",
        Where.INSIDE,
    ),
    idiom(r"(?P<at>\s+and\s+|\s*&&\s*)(?=!?<KEY>\s*(?:[=!,)]|in\b|notin\b))", ",", "in a selector a comma means `and`", Where.INSIDE),
    idiom(r"(?P<at>\s+not\s+in)(?=\s*\()(?<!\] not in)", " notin", "in a selector it is `notin`", Where.INSIDE),
    idiom(r"(?<=[\w.\"-])(?P<at>\s*:\s*)(?=[\w\"])", "=", "a label is written `key=value`", Where.INSIDE),
    idiom(r"(?P<pre>[(,]\s*<KEY>)(?P<at>\s+(?:is|equals)\s+)(?=[\w\"])", "{pre}=", "a label is written `key=value`", Where.INSIDE),
    idiom(r"(?P<pre>[(,]\s*<KEY>)(?P<at>\s+is\s+not\s+)(?=[\w\"])", "{pre}!=", "a label is written `key!=value`", Where.INSIDE),
    idiom(r"(?P<pre>\bin\s*)(?P<at>[\[{](?P<values>[\w., \"-]*)[\]}])", "{pre}({values})", "the values stand in round brackets", Where.ALL),
    idiom(r"(?P<pre>[(,]\s*)(?P<at>labels?\s*[:.]?\s+|matchLabels\s*:?\s*)(?=<KEY>\s*[=!,)])", "{pre}", _LABELS, Where.INSIDE),
)  # fmt: skip

OF_SETS = (
    # ---------------------------------------------------------------------------------------- words around names
    idiom(r"(?<!namespace )(?<!namespaces )(?<!ns )<B>(?P<at>the|an?)\s+(?=(?:pods?|namespaces?|internet|workload|service|nodes?|api|kube|kubernetes|cluster|metadata|cloud|outside|public|external|world|same|other|deployment|statefulset|daemonset|[a-z0-9-]+ (?:namespace|pods?|deployment|service))<E>)", "", "leave `{at}` out"),
    idiom(r"(?<=pods)\s+(?P<at>everywhere|anywhere)(?=\s)", "", "leave `{at}` out"),
    idiom(r"(?<=pod)\s+(?P<at>everywhere|anywhere)(?=\s)", "", "leave `{at}` out"),
    idiom(r"<B>(?P<at>(?:the|a|an)\s+)(?=(?:same|other|different|another|cluster)<E>)", "", "leave `{at}` out"),
    # ---------------------------------------------------------------------------------------- workloads, Services
    idiom(r"<B>(?P<at><KINDS>[ /:]\s*(?P<name><NAME>)\s+(?:in|of|from)\s+(?:the\s+)?(?:namespaces?\s+|ns\s+)?(?P<ns><NAME>))", "workload {ns}/{name}", _WORKLOAD),
    idiom(r"<B>(?P<at><KINDS>[ /:]\s*(?P<ns>[a-z0-9-]+)/(?P<name>[a-z0-9.-]+))<E>", "workload {ns}/{name}", _WORKLOAD),
    idiom(r"<B>(?P<at>(?P<ns>[a-z0-9-]+)/<KINDS>/(?P<name>[a-z0-9.-]+))<E>", "workload {ns}/{name}", _WORKLOAD),
    idiom(r"<B>(?P<at>workloads?\s+(?P<name><NAME>)\s+(?:in|of|from)\s+(?:the\s+)?(?:namespace\s+|ns\s+)?(?P<ns><NAME>))", "workload {ns}/{name}", _WORKLOAD),
    idiom(r"<B>(?P<at>workloads|workload:)\s+(?=[a-z0-9-]+/)", "workload ", _WORKLOAD),
    idiom(r"<B>(?P<at><SERVICE>[ /:]\s*(?P<name><NAME>)\s+(?:in|of|from)\s+(?:the\s+)?(?:namespace\s+|ns\s+)?(?P<ns><NAME>))", "service {ns}/{name}", _SERVICE),
    idiom(r"<B>(?P<at>(?:services|svc|service:)[ /:]\s*)(?=[a-z0-9-]+/)", "service ", _SERVICE),
    idiom(r"<B>(?P<at>service/)(?=[a-z0-9-]+/)", "service ", _SERVICE),
    idiom(r"<B>(?P<at>(?:<SERVICE>\s+)?(?:https?://)?(?P<name>[a-z0-9-]+)\.(?P<ns>[a-z0-9-]+)\.svc(?:\.cluster\.local)?)<E>", "service {ns}/{name}", "the name of a Service in DNS is `service NAMESPACE/NAME` here"),
    idiom(r"<B>(?P<at><SERVICE>\s+(?P<name>[a-z0-9-]+)\.(?P<ns>[a-z0-9-]+))<E>", "service {ns}/{name}", _SERVICE),
    # ---------------------------------------------------------------------------------------- namespaces
    idiom(r"<B>(?P<at>ns)(?=\s+[a-z0-9])", "namespace", _NAMESPACE),
    idiom(r"(?P<pods>pods(?:\([^)]*\))?\s+in\s+)?<B>(?P<at>(?:namespaces|ns)\s+(?P<names>(?:(?:namespace|ns)\s+)?<NAME>(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+)(?:(?:namespace|ns)\s+)?<NAME>)*))", _namespaces, _SEVERAL),
    idiom(r"(?P<pods>pods(?:\([^)]*\))?\s+in\s+)?<B>namespace\s+(?P<names><NAME>(?P<at>(?:\s*,\s*(?:and\s+|or\s+)?(?:(?:namespace|ns)\s+)?<NAME>)+))", _namespaces, _SEVERAL),
    idiom(r"<B>(?P<at>ns[\s:=]+|namespace\s*[:=]\s*)(?=[\w\"$])", "namespace ", _NAMESPACE),
    idiom(r"<B>(?P<at>namespace/)(?=[a-z0-9])", "namespace ", _NAMESPACE),
    idiom(r"(?P<pre><AT_SET>|\bin\s+)(?P<at>(?!(?:all|any|every|each|the|same|other|different|another|new)\b)(?P<name><NAME>)\s+(?:namespace|ns))(?=\s*$|\s+(?:can|is|are|has|have|may|must|should|cannot|on|except|or|and|where|within|to|talks?|reach|reaches|connects?|unless|but)(?![\w-]))", "{pre}namespace {name}", _NAMESPACE),
    idiom(r"(?P<pre><AT_SET>|\bin\s+)(?P<at>(?:namespace\s+)(?P<name><NAME>)\s+pods)<E>", "{pre}namespace {name}", _NAMESPACE),
    idiom(r"(?P<pre>(?:pods?|anything|everything|all|anyone|workloads|apps)(?:\([^)]*\))?)(?P<at>\s+(?:in|of|from|across|within)\s+(?:any|all|every|each|\*)\s*(?:of\s+the\s+)?(?:namespaces?|ns)?)(?=\s|$)", "{pre}", _ANY_NAMESPACE),
    idiom(r"(?P<pre>(?:pods?|anything|everything|all)(?:\([^)]*\))?)(?P<at>\s+in\s+(?:namespaces?)\s+(?:\*|any|all))(?=\s|$)", "{pre}", _ANY_NAMESPACE),
    idiom(r"(?P<pre><AT_SET>)(?P<at>(?:(?:any|all|every|each)\s+namespaces?|namespaces?\s+(?:\*|any|all)))<E>(?!\s+[a-z0-9-]+\s+(?:can|is)\b)", "{pre}pods", _ANY_NAMESPACE),
    idiom(r"^(?P<q>(?:every|all|each|any)\s+)(?P<at>namespaces?)(?=\s+(?:is|are|can|has|must)\b)", "{q}pods", _ANY_NAMESPACE),
    idiom(r"<B>(?P<at>(?:all|everything|anything|anyone|everyone|whatever|any\s+pods?|all\s+pods?|every\s+pod|each\s+pod|things?|apps|workloads|containers))(?=\s+(?:in|of|from)\s+(?:namespaces?|ns)\b)", lambda groups: "pods", "the pods of a namespace are `pods in namespace NAME`"),
    idiom(r"(?P<pre>\bpods(?:\([^)]*\))?\s+)(?P<at>(?:(?:of|from|within|inside|under|belonging\s+to)\s+(?:namespace\s+)?|(?:on|at)\s+namespace\s+))(?=<NAME>)(?!\S+\s+to\b)", "{pre}in namespace ", "pods are `in` a namespace"),
    # ---------------------------------------------------------------------------------------- labels
    idiom(rf"<B>(?P<at>(?P<what>pods?|namespaces?|workloads|services)\s+(?:(?:with|having|labell?ed|matching|that\s+have|whose|-l|--selector|selected\s+by|chosen\s+by|tagged|carrying|bearing|by|labels?)\s+)(?:with\s+|as\s+|by\s+)?(?:the\s+|an?\s+)?(?:labels?\s+)?(?:as\s+)?(?P<labels>{_SAID}(?:\s*(?:,|\band\b|&)\s*{_SAID})*))", _selected, _LABELS),
    idiom(rf"<B>(?P<at>(?P<what>pods?|namespaces?)\s*[\[{{]\s*(?P<labels>{_LABEL}(?:\s*,\s*{_LABEL})*)\s*[\]}}])", _selected, _LABELS, Where.ALL),
    idiom(rf"<B>(?P<what>pods|namespaces)\s+(?P<at>(?P<labels>{_LABEL}(?:\s*,\s*{_LABEL})*))", _selected, _LABELS),
    idiom(rf"<B>(?P<what>pods)\s+(?P<at>where\s+(?P<labels>(?!(?:src|dst|request)\.)<KEY>(?:=|\s+is\s+)[\w.-]+(?:\s*,\s*{_LABEL})*))(?=\s|$)", _selected, _LABELS),
    idiom(rf"(?P<pre><AT_SET>)(?P<what>)(?P<at>(?:labels?\s+)?(?P<labels>(?!(?:pods|namespaces?|src|dst|request)\b){_LABEL}))", lambda groups: groups["pre"] + _selected(groups), _LABELS),
    idiom(r"(?<![\w./$-])namespace(?P<at>\s*\()", "namespaces(", _LABELS),
    # ---------------------------------------------------------------------------------------- addresses
    idiom(r"<B>(?P<at>(?:ip|cidrs?|ipblocks?|ip\s+(?:addresses|address|range|block)|addresses|address|ranges?|subnets?|networks?|hosts?)[\s:=]+)(?=<CIDR>)", "ips ", "addresses are `ips CIDR, …`"),
    idiom(r"(?<!ips )(?<!, )<B>(?P<at>169\.254\.169\.254(?:/32)?)<E>", "metadata-service", "the metadata service has a name of its own"),
    # ---------------------------------------------------------------------------------------- what has a word
    words(r"(?:public|whole|open)\s+internet|internet\s+access|(?:outside|external|public|wide)\s+world|www|the\s+web|public\s+network|wan|0\.0\.0\.0(?!/)", "internet", "`internet` is every public address"),
    words(r"world|(?:from\s+)?(?:outside|out)\s+(?:of\s+)?(?:the\s+)?cluster|outside|externals?\s+(?:addresses|ips|traffic|services|endpoints)", "external", "`external` is every address outside the cluster"),
    words(r"kube-?api-?server|api-server|(?:kube\s+|kubernetes\s+|k8s\s+)?api\s+server|(?:kubernetes|k8s|kube)[\s-]api|control[\s-]plane", "apiserver", "`apiserver` is the API server"),
    words(r"(?:(?:cloud|instance|aws|gcp|azure)\s+)?metadata(?:\s+(?:service|server|endpoint|api))|imds|metadata-server|(?:cloud|instance)\s+metadata|metadata", "metadata-service", "`metadata-service` is the cloud's metadata service"),
    words(r"coredns|kube-?dns|dns\s+servers?", "dns", "`dns` is the servers that pods ask for names"),
    idiom(r"\bpods\s+(?P<at>(?:without|with\s+no|lacking)\s+(?:a\s+|the\s+)?label\s+(?P<key><KEY>))", "pods(!{key})", _LABELS),
    idiom(r"(?<![\w./-])(?P<pre>internet|external)(?P<at>\s+(?:traffic|clients?|hosts?|users?|addresses|connections?))<E>", "{pre}", "leave `{at}` out"),
    words(r"node|kubernetes\s+nodes?|worker\s+nodes?|machines", "nodes", "`nodes` are the nodes"),
    words(r"pod|containers?|workloads|deployments|statefulsets|daemonsets|applications?|endpoints|po", "pods", "`pods` are the pods"),
    idiom(r"(?P<pre>\b(?:reach|from|except|or|to)\s+(?:only\s+)?)(?P<at>(?:any|all|every|each|some)\s+(?:of\s+)?)(?=pods|nodes|internet|external|workload|service|ips|namespace\s+[a-z0-9-]+\s*$)", "{pre}", "leave `{at}` out: a set is all of its members"),
    idiom(r"(?P<pre>\b(?:no|only|some|reach|from|except|every|to)\s+(?:only\s+)?)(?P<at>(?:everyone|everybody|anyone|anybody|everything|everywhere|anywhere|whoever|whatever|any|all|\*|any\s+other|one))(?=\s|$)(?!\s+(?:pods|of|namespaces?|traffic|port|ingress|egress))", "{pre}anything", _ANYTHING),
    idiom(r"^\s*(?P<at>nobody|no-one|nothing|none)(?=\s)(?!\s+of)", "no anything", _ANYTHING),
    idiom(r"^\s*(?P<at>everyone|everybody|everything|anyone|anybody)(?=\s)", "every pods", "`pods` are the pods of every namespace"),
    idiom(r"^\s*(?P<at>none\s+of|no\s+one\s+of)(?=\s)", "no", "a claim begins with `no`, `every`, `some` or `only`"),
)  # fmt: skip

_HOST = r"(?P<pre><AT_SET>)(?P<at>(?:hosts?\s+|domains?\s+|fqdns?\s+|urls?\s+)?(?:https?://)?(?P<host>(?!(?:src|dst|request)\.)(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z]{2,})(?::\d+)?(?:/[\w./-]*)?)(?=\s|$)"
_IS_HOST = "`{at}` is a host name, which stands for addresses outside"

HOSTS_AS_DOMAINS = idiom(
    _HOST,
    lambda groups: f"{groups['pre']}domains " + (f'"{groups["host"]}"' if "*" in groups["host"] else groups["host"]),
    _IS_HOST,
)
HOSTS_AS_INTERNET = idiom(_HOST, "{pre}internet", f"{_IS_HOST}: `internet` is all of those")
