"""How people say whole claims in words of their own, and sets that claim nothing."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups, Where
from analyzer.language.teaching.patterns import idiom

_CLAIM = "a claim reads `no S can reach D`, `every S can reach D`, `only S can reach D`, …"
_LABELS = "labels stand in brackets: `pods(app=web)`, `namespaces(team=a)`"
_BOTH = "the ends of a claim are two sets"
_TWO_CLAIMS = "isolation from others is two claims of `no S can reach D`"
_NAMES = "names are asked of `dns`, on udp/53 and tcp/53"
_ISOLATED = "isolation reads `every S is isolated for ingress, egress`"
_QUESTION = "a claim is a sentence that is true or false, and no question"

_LABEL = r"""(?:"?<KEY>"?\s*(?:==|=|:|!=)\s*"?[\w.-]+"?)"""
_USUAL_KEYS = r"(?:app|name|tier|role|component|k8s-app|env|environment|team|part-of|app\.kubernetes\.io/[a-z-]+)"
_OWNERS = r"(?P<owner>tenant|team|customer|project|environment|env|stage|department)"
_EACH_OTHER = r"(?:each[\s-]other|one\s+another|among\s+(?:themselves|each\s+other)|mutually)"
_NOT = (
    r"(?:(?:can|could|may|might|must|should|shall|will|would|do|does|are|is)\s*(?:not|n['’]t|never)(?:\s+(?:be\s+)?(?:able|allowed)\s+to)?"
    r"|cannot|can't|never|(?:is|are)\s+unable\s+to)"
)
_APART = r"(?:(?:fully\s+|completely\s+|strictly\s+)?(?:isolated|separated?|segregated|apart|cut\s+off|disconnected|independent))"
_OTHERS = r"(?:the\s+)?(?:other|another|any\s+other|a\s+different|different)"


def _by_labels(groups: Groups) -> str:
    what = "namespaces" if groups["what"].lower().startswith(("in ", "n")) else "pods"
    before = "in " if groups["what"].lower().startswith("in ") else ""
    labels = re.sub(r"\s*(?:,|\band\b|&&|&)\s*", ",", groups["labels"].strip().replace('"', ""))
    written = re.sub(r"\s*(?::|==|(?<!!)=)\s*", "=", labels)
    return f"{before}{what}({written})"


def _both_ways(groups: Groups) -> str:
    one = re.sub(r"^(?:no|every|all|both)\s+", "", groups["one"])
    return f"no {one} can reach {groups['other']} and no {groups['other']} can reach {one}"


def _owners_apart(groups: Groups) -> str:
    owned = f"pods in namespaces({groups['owner'].lower()})"
    key = f"namespace.labels[{groups['owner'].lower()}]"
    return f"no {owned} can reach {owned} where src.{key} != dst.{key}"


def _said_of(groups: Groups) -> str:
    """`traffic from S to D is denied`, or allowed."""
    if re.match(
        r"(?:denied|blocked|forbidden|dropped|not|rejected|prohibited|disallowed)", groups["how"], re.IGNORECASE
    ):
        return f"no {groups['src']} can reach {groups['dst']}"
    return f"{'every' if ' on ' in groups['dst'] else 'some'} {groups['src']} can reach {groups['dst']}"


def _denied(groups: Groups) -> str:
    found = groups["all"].lower()
    named = [name for name in ("ingress", "egress") if name in found] or ["ingress", "egress"]
    return f"every {groups['src'] or 'pods'} is isolated for {', '.join(named)}"


def _asked(groups: Groups) -> str:
    much = groups["much"].split()[0].lower() if groups["much"] else "some"
    word = "some" if much in ("any", "some") else "every"
    return f"{word} {groups['src']} can reach "


def _no_way_out(groups: Groups) -> str:
    where = "internet" if "internet" in groups["at"].lower() or "external" in groups["at"].lower() else "anything"
    return f"no {groups['src'] or 'pods'} can reach {where}"


def _without(groups: Groups) -> str:
    begin = re.sub(r"^(?:every|all|any|no)\s+", "", groups["src"])
    return f"no anything can reach {begin}" if "in" in groups["way"].lower()[:2] else f"no {begin} can reach anything"


def _isolated(groups: Groups) -> str:
    much = "" if re.match(r"isolated\s+from\s+(?!all\b|everything)", groups["how"], re.IGNORECASE) else "every "
    return f"{much}{groups['src']} is {groups['how']}"


def _let_in(groups: Groups) -> str:
    """`no access to D, except from S`."""
    end = "pods" if re.match(r"egress|outbound|outgoing", groups["way"], re.IGNORECASE) else "anything"
    sources = groups["src"] or (f"{end} except {groups['but']}" if groups["but"] else end)
    return f"no {sources} can reach {groups['dst']}"


def _own(groups: Groups) -> str:
    sources = re.sub(r"^namespaces?$", "pods", groups["src"])
    return f"{sources} can reach only pods where src.namespace == dst.namespace"


def _among(groups: Groups) -> str:
    if groups["in"].lower() == "in" and "," not in groups["values"]:
        return f"{groups['pre']}{groups['key']}={groups['values']}"
    return f"{groups['pre']}{groups['key']} {groups['in'].lower()} ({groups['values']})"


LABELS_ALONE = (
    idiom(r"""^\s*(?P<at>["'“‘`])(?P<body>[^"'’”`]*)["'’”`]\s*$""", "{body}", "the shell's quotes are enough", Where.ALL),
    idiom(r"^\s*(?P<at>[-*•]\s+)(?=(?:no|every|some|only|all)\s)", "", "leave `{at}` out"),
    idiom(rf"(?P<at>(?P<what>\bin\s+|\b(?:pods?|namespaces?)\s*)?\{{\s*(?:matchLabels\s*:\s*\{{\s*)?(?P<labels>{_LABEL}(?:\s*,\s*{_LABEL})*)\s*\}}?\s*\}})", _by_labels, _LABELS, Where.ALL),
    idiom(r"(?P<pre>[(,]\s*)(?P<key><KEY>)\s+(?P<in>(?:not)?in)\s+(?P<at>(?P<values>[\w.-]+(?:\s*,\s*[\w.-]+)*))(?=\s*\))", _among, "the values stand in round brackets", Where.INSIDE),
)  # fmt: skip
"""Labels without the set that they choose, as manifests and kubectl write them."""

QUESTIONS_OF_ALL = (
    idiom(r"^\s*(?P<at>(?:can|could|may|do|does|will)\s+(?P<much>all\s+|every\s+|each\s+))(?P<src><SET>)\s+(?P<verb><VERB>)\s*", _asked, _QUESTION),
    idiom(r"^\s*(?P<at>(?:what|who|where|which\s+\w+)\s+(?:does|do|can|could|may|will))\s+(?P<src><SET>)\s+<VERB>\s*(?:to)?\s*$", "no {src} can reach anything", "where it can go is what `netproof map --from END` shows; a claim is true or false"),
    idiom(r"^\s*(?P<at>(?:is|are)\s+(?:all\s+|every\s+)?)(?P<src>(?:(?!\bisolated\b).)+?)\s+(?P<how>isolated\b.*)$", _isolated, _QUESTION),
    idiom(r"^\s*(?P<at>(?:is|are)\s+there\s+(?:any\s+)?)(?=(?:an?\s+)?(?:pods?|namespaces?|workloads?)\b.*\bcan\b)", "some ", _QUESTION),
)  # fmt: skip

PHRASES = (
    # ---------------------------------------------------------------------------------------- names of the servers
    idiom(r"<B>(?P<at>(?:the\s+)?(?:cluster\s+|cluster's\s+|core\s*)?DNS(?:\s+(?:servers?|service|resolvers?|pods?))?(?:\s+in\s+(?:namespace\s+)?kube-system)?)(?=\s+(?:and|or|on|where|within|except|can|over|at|via)\b|\s*$)", "dns", _NAMES),
    idiom(r"<B>(?P<at>(?:coredns|kube-?dns)\s+in\s+(?:namespace\s+)?kube-system)<E>", "dns", _NAMES),
    idiom(r"<B>(?:can\s+|must\s+|should\s+|may\s+|be\s+able\s+to\s+)*(?P<at>(?:resolves?|needs?|has|have|uses?|quer(?:y|ies)|looks?\s+up)\s+(?:dns(?:\s+names?)?|names|host\s*names|domains?\s+names?))\s*$", "can reach dns on udp/53, tcp/53", _NAMES),
    # ---------------------------------------------------------------------------------------- names of sets
    idiom(rf"(?P<pre><AT_SET>|^\s*)(?P<at>(?:(?:pod)?selector|labels?|matchLabels)\s*[:=]?\s+(?P<labels>{_LABEL}))(?=\s|$)", "{pre}pods({labels})", _LABELS),
    idiom(r"^\s*(?P<at>(?!(?:q|query)\d*\s*:)(?P<key><KEY>)\s*[:=]+\s*(?P<value>(?!(?:no|every|some|only|all)\s|\d+(?:\s|$))[\w.-]+))(?=\s+(?!pods?\b)|$)", "pods({key}={value})", _LABELS),
    idiom(rf"(?P<pre><AT_SET>|^\s*)(?P<at>(?!{_USUAL_KEYS}\s|(?:all|everything|everyone|anything|nothing|nobody|one|any|each|both|another|other|dns|traffic|egress|ingress|app|deny|default|<KINDS>|<SERVICE>|workloads?|containers?|things?|apps)\s)(?P<name><NAME>)\s+in\s+(?:namespace\s+)?(?P<ns>(?!(?:any|all|every|each|the|other|another|a|different|my|our)\b)<NAME>))(?=\s|$)", "{pre}pods(app={name}) in namespace {ns}", "pods are chosen by their labels"),
    idiom(r"<B>(?P<at><KINDS>/(?P<name><NAME>))(?![\w/.-]|\s+(?:in|of|from)\s)", "workload default/{name}", "a workload of whatever kind is named as `workload NAMESPACE/NAME`"),
    idiom(r"<B>(?P<at><SERVICE>/(?P<name><NAME>))(?![\w/.-]|\s+(?:in|of|from)\s)", "service default/{name}", "a Service is named as `service NAMESPACE/NAME`"),
    idiom(r"^\s*(?P<at>(?:nothing|nobody|no\s?one)\s+(?:from\s+)?outside(?:\s+(?:of\s+)?the\s+cluster)?)(?=\s)", "no external", "`external` is every address outside the cluster"),
    # ---------------------------------------------------------------------------------------- apart from each other
    idiom(r"^\s*(?:every|all|each)?\s*(?P<src><SET>)\s+(?P<at>(?:(?:can|may|must|should)\s+)?only)\s+(?:be\s+able\s+to\s+)?<VERB>\s+(?:itself|themselves|(?:pods\s+in\s+)?(?:its|their)\s+own\s+namespaces?)\s*$", _own, "that is a condition on both ends"),
    idiom(rf"^\s*(?:every|all|each)?\s*(?P<src><SET>)\s+(?P<at>{_NOT}\s+(?:leave|escape)\s+(?:its|their|the)\s+(?:own\s+)?namespaces?)\s*$", _own, "that is a condition on both ends"),
    idiom(rf"^\s*(?:no\s+|all\s+|every\s+)?(?P<at>{_OWNERS}s?\s+(?:{_NOT}|can|is\s+not|are)\s+(?:<VERB>\s+|{_APART}(?:\s+from)?\s*)(?:{_EACH_OTHER}|{_OTHERS}\s+(?P=owner)s?)?)\s*$", _owners_apart, "whose namespace it is tells a label of the namespace"),
    idiom(rf"^\s*(?:no\s+|all\s+|every\s+)?(?P<at>(?:pods\s+(?:in|of|from)\s+(?:different|other|separate)\s+namespaces|namespaces?)\s+(?:{_NOT}\s+(?:talk|communicate)|(?:{_NOT}|can|are|is)\s+(?:<VERB>\s*|{_APART}(?:\s+from)?\s*)(?:{_EACH_OTHER}|{_OTHERS}\s+namespaces?)))\s*$", "no pods can reach pods where src.namespace != dst.namespace", "that is a condition on both ends"),
    idiom(rf"^\s*(?P<src><SET>)\s+(?P<at>(?:{_NOT}\s+<VERB>|(?:is|are)\s+{_APART}\s+from)\s+{_OTHERS}\s+namespaces?)\s*$", "no {src} can reach pods where src.namespace != dst.namespace", "that is a condition on both ends"),
    idiom(r"^\s*(?P<at>(?:no\s+)?(?:traffic|connections?|communication|access)\s+(?:between|across)\s+(?:different\s+|any\s+)?namespaces|no\s+cross[\s-]namespace(?:\s+(?:traffic|connections?|access|communication))?)\s*$", "no pods can reach pods where src.namespace != dst.namespace", "that is a condition on both ends"),
    idiom(r"^\s*(?P<at>no\s+(?:traffic|connections?|communication|access|flows?)\s+between)\s+(?P<one><SET>)\s+and\s+(?P<other>.+)$", _both_ways, _TWO_CLAIMS),
    idiom(rf"^\s*(?:no\s+|every\s+|all\s+|both\s+)?(?P<one><SET>)\s+and\s+(?P<other><SET>)\s+(?P<at>(?:(?:is|are|must\s+be|should\s+be|stay)\s+{_APART}(?:\s+from)?|{_NOT}\s+<VERB>)\s*{_EACH_OTHER})\s*$", _both_ways, _TWO_CLAIMS),
    idiom(r"^\s*(?P<one><SET>)\s+(?P<at>(?:is|are|must\s+be|should\s+be)\s+(?!isolated)(?:fully\s+|completely\s+)?(?:separated?|segregated|apart|cut\s+off|disconnected)\s+from)\s+(?P<other>.+)$", _both_ways, _TWO_CLAIMS),
    idiom(rf"^\s*(?:no\s+|all\s+|every\s+)?(?P<src><SET>)\s+(?P<at>{_NOT}\s+<VERB>\s+{_EACH_OTHER})\s*$", "no {src} can reach {src}", _BOTH),
    # ---------------------------------------------------------------------------------------- traffic, access
    idiom(r"^\s*(?P<at>(?:all\s+|any\s+)?(?:traffic|connections?|access|packets?|flows?)\s+from\s+)(?P<src><SET>)\s+to\s+(?P<dst><SET>)\s+(?:is|are|must\s+be|should\s+be|gets?)\s+(?P<how>denied|blocked|forbidden|dropped|rejected|prohibited|disallowed|not\s+(?:allowed|permitted|possible)|allowed|permitted|open|possible|accepted)\s*$", _said_of, _CLAIM),
    idiom(r"^\s*(?P<at>(?:ingress|inbound|incoming)(?:\s+traffic)?\s+(?:to|into|for))\s+(?P<dst><SET>)\s+(?:comes\s+|is\s+)?(?:only|allowed\s+only|only\s+allowed)\s+from\s+(?P<src>.+)$", "only {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<at>(?:egress|outbound|outgoing)(?:\s+traffic)?\s+(?:from|of))\s+(?P<src><SET>)\s+(?:goes\s+|is\s+)?(?:only|allowed\s+only|only\s+allowed)\s+to\s+(?P<dst>.+)$", "{src} can reach only {dst}", _CLAIM),
    idiom(r"^\s*(?P<dst><SET>)\s+(?P<at>(?:accepts?|allows?|takes?|admits?|gets?|receives?)\s+(?:traffic|connections?|requests|ingress)\s+only\s+from)\s+(?P<src>.+)$", "only {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<at>no\s+(?:internet|external|outbound)(?:\s+(?:access|connectivity|connections?|traffic))?|no\s+egress)(?:\s+(?:for|from|by|of)\s+(?P<src>(?:(?!\bto\b).)+))?\s*$", _no_way_out, _CLAIM),
    idiom(r"^\s*(?:no\s+|all\s+|every\s+)?(?P<src>(?:(?!\bcan\b|\breach\b).)+?)\s+(?P<at>(?:without|with\s+no)\s+(?:an?\s+)?(?:internet|external|outbound)(?:\s+(?:access|connectivity|connections?))?)\s*$", "no {src} can reach internet", _CLAIM),
    idiom(r"^\s*(?P<src>(?:(?!\bcan\b|\breach\b).)+?)\s+(?P<at>(?:has|have|gets?|with)\s+no\s+(?P<way>ingress|egress|inbound|outbound|incoming|outgoing)(?:\s+(?:traffic|access|connections?))?)\s*$", _without, _CLAIM),
    idiom(r"^\s*(?P<at>no\s+(?P<way>ingress|inbound|incoming|egress|outbound|outgoing|access|traffic|connections?)(?:\s+traffic|\s+access)?\s+(?:in)?to)\s+(?P<dst>(?:(?!\bfrom\b).)+?)(?:\s+(?:except|but|unless|other\s+than)(?:\s+(?:from|for|by))?\s+(?P<but>.+)|\s+from\s+(?P<src>.+))?\s*$", _let_in, _CLAIM),
    idiom(r"^\s*(?P<at>no\s+(?:ingress|inbound|incoming)(?:\s+traffic)?\s+from\s+(?:other|different|another)\s+namespaces?)\s*$", "no pods can reach pods where src.namespace != dst.namespace", "that is a condition on both ends"),
    idiom(r"^\s*(?P<at>no\s+(?:ingress|inbound|incoming)(?:\s+traffic)?\s+from)\s+(?P<src>(?:(?!\bto\b).)+?)\s*$", "no {src} can reach pods", _CLAIM),
    idiom(r"^\s*(?P<at>no\s+(?:plain[\s-]?text|unencrypted|clear[\s-]?text)(?:\s+(?:traffic|connections?|requests?))?|all\s+traffic\s+(?:is|must\s+be)\s+(?:encrypted|mtls)|(?:mtls|encryption)\s+everywhere)\s*$", "no anything can reach pods where request.tls == plaintext", "what a mesh encrypts is asked for behind `where`"),
    idiom(r"^\s*(?P<at>(?:no\s+)?(?:ssh|(?:(?:tcp\s+)?ports?|tcp)[\s/]*22)(?:\s+(?:is|are|must\s+be)\s+(?:blocked|closed|denied|not\s+(?:open|allowed|reachable)))?(?:\s+from\s+(?P<src>.+))?)\s*$", lambda groups: f"no {groups['src'] or 'anything'} can reach pods on tcp/22", _CLAIM),
    # ---------------------------------------------------------------------------------------- isolation
    idiom(r"^\s*(?P<at>(?:is\s+there\s+an?\s+)?(?:deny|default)(?:[\s-]+deny)?(?P<all>(?:[\s-]*(?:all|by\s+default|ingress|egress|traffic|and|,))*))(?:\s+(?:in|for|to|from|of)\s+(?:the\s+)?(?P<src>(?:(?!\bto\b).)+))?\s*$", _denied, _ISOLATED),
    idiom(r"<B>(?P<at>(?:(?:is|are)\s+(?:covered|selected|guarded|protected|matched)\s+by|has|have)\s+(?:an?\s+|some\s+|at\s+least\s+one\s+|the\s+)?(?:network\s*)?polic(?:y|ies))\s*$", "is isolated for ingress, egress", _ISOLATED),
    # ---------------------------------------------------------------------------------------- ports in place of an end
    idiom(r"(?P<pre>\breach\s+)(?P<at>(?:the\s+|any\s+)?(?=(?:ports?\s+\d|tcp/|udp/|\d+/(?:tcp|udp|sctp)<E>)))", "{pre}anything on ", "the far end stands between `reach` and `on`"),
    idiom(r"\bcan\s+(?P<at>ssh)(?:\s+(?:to|into|in))?(?:\s+(?P<dst>\S.*))?$", lambda groups: f"can reach {groups['dst'] or 'anything'} on tcp/22", "opening connections is `can reach`"),
    # ---------------------------------------------------------------------------------------- how many
    idiom(r"^\s*(?P<much>all|every|each|everything|anything)\s+(?P<at>(?P<key><KEY>\s*=\s*[\w.-]+)\s+pods?)(?=\s)", "{much} pods({key})", _LABELS),
    idiom(r"^\s*(?P<at>all\s+pods?|every\s+pod|each\s+pods?|everything|all|every\s+(?:workload|container|app|application|deployment))(?=\s+(?:in|of|from|within|inside)\s+(?!(?:any|all|every|each|\*)\b).*\s(?:can|is|are|must|should|has|may)\s)", "every pods", "`pods` are the pods"),
    idiom(r"^\s*(?P<at>nothing|no\s+(?:pod|one|workload|thing))\s+(?P<in>in|from|of|inside)\s+(?=(?:namespace\s+)?<NAME>\s)", "no pods in ", "the pods of a namespace are `pods in namespace NAME`"),
    idiom(r"^\s*no\s+(?P<at>one)(?=\s)(?!\s+of)", "no anything", "`anything` is every pod, node and address"),
)  # fmt: skip

NAMED_PODS = (
    idiom(rf"(?P<pre><AT_SET>|^\s*)(?P<at>(?P<key>{_USUAL_KEYS})\s+in\s+(?P<value><NAME>))(?=\s|$)", "{pre}pods({key}={value})", _LABELS),
    idiom(r"(?P<pre><AT_SET>|^\s*)(?P<at>(?P<key>(?!pods|namespaces?\b)<KEY>)\s+in\s+(?P<values>\([\w., -]*\)))(?=\s|$)", "{pre}pods({key} in {values})", _LABELS),
    idiom(r"(?P<pre><AT_SET>|^\s*)(?P<at>(?!(?:all|any|every|each|the|same|other|different|another|new|single|both|most|these|those|what|which|if|that|some|of|tenant|cross-namespace)\b)(?P<name><NAME>)(?:'s)?\s+pods?)(?=\s+(?:can|is|are|has|have|may|must|should|cannot|on|except|or|and|where|within|to|talks?|reach|reaches|connects?|unless|but)(?![\w-])|\s*$)", "{pre}pods(app={name})", "pods are chosen by their labels"),
    idiom(rf"^\s*(?P<at>(?P<labels>{_LABEL}))(?=\s|$)", "pods({labels})", _LABELS),
    idiom(r"<B>(?P<at>(?:deployment|statefulset|daemonset|workload|application|app|container|microservice)s?)(?=\s+(?:can|is|are|in|cannot|must|should|may|has|have)\b)", "pods", "`pods` are the pods"),
)  # fmt: skip

APART = (
    idiom(r"(?P<pre><B>namespace\s+<NAME>)\s+(?P<at>and)\s+(?=namespace\s)", "{pre} or ", "no pod is in two namespaces: sets are put together with `or`"),
)  # fmt: skip
"""What is read of a form that parses."""

TO = (
    idiom(r"(?P<pre><AT_SET>|^\s*)(?P<at>the\s+)(?=(?!(?:internet|cluster|outside|same|other|different|public|external|world|whole|api|kube|kubernetes|metadata|cloud|ingress|own|open)\b)<NAME>(?:\s+(?:can|is|are|may|must|should|cannot|on|except|or|and|where|within)\b|\s*$))", "{pre}", "leave `{at}` out"),
    idiom(r"^\s*(?P<src>(?!<QUANTIFIER>)(?:(?!\b(?:can|is|are|reach|from|to|allow|deny|ingress|egress)\b).)+?)\s+(?P<at>to)\s+(?P<dst>(?:(?!\b(?:can|is|are)\b).)+)$", lambda groups: f"{'every' if ' on ' in groups['dst'] else 'some'} {groups['src']} can reach {groups['dst']}", "opening connections is `can reach`"),
)  # fmt: skip

PORTS_OF_DNS = (
    idiom(r"^(?P<claim>(?!\s*(?:no|only|some|any)\b).*\bcan\s+reach\s+)(?P<at>dns)\s*$", "{claim}dns on udp/53, tcp/53", "without `on` a claim speaks of all ports: names are asked for on udp/53 and tcp/53"),
)  # fmt: skip

ALONE = (
    idiom(r"^\s*(?P<at>(?!(?:can|cannot|is|are|to|from|no|every|some|only|policies|all|any|each|not|deny|allow|let|assert|if|where|who|what|how|why|show|default|everything|anything)\b)(?P<set>\S(?:(?!\b(?:can|is|are|reach|has|have|may|must|should|to|never|does|do|from|isolated|on|cannot)\b).)*?))\s*$", "no {set} can reach internet", "a set by itself claims nothing: say what it can reach, or what can reach it"),
    idiom(r"^\s*(?P<at>all|everything|anything|\*)\s*$", "no pods can reach internet", "a set by itself claims nothing: say what it can reach, or what can reach it"),
)  # fmt: skip
"""What is read last, once the words are the language's."""
