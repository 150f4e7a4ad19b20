"""How people say that something can or cannot be reached."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups
from analyzer.language.teaching.patterns import idiom, words

_BEGINS = "a claim begins with `no`, `every`, `some` or `only`"
_CLAIM = "a claim reads `no S can reach D`, `every S can reach D`, `only S can reach D`, …"
_QUESTION = "a claim is a sentence that is true or false, and no question"
_REACH = "opening connections is `can reach`"
_ISOLATED = "isolation reads `every S is isolated for ingress, egress`"
_EXCEPT = "what is left out stands behind `except`"
_WHERE = "conditions stand behind `where`"

_CANNOT = (
    r"(?:(?:can|could|may|might|must|should|shall|will|would|do|does|is|are|has|have)\s*(?:not|n't|never)"
    r"|cannot|cant|never|(?:is|are)\s+unable\s+to)(?:\s+(?:be\s+)?(?:able|allowed|permitted|supposed)\s+to)?(?:\s+ever)?"
)
_CAN = (
    r"(?:(?:could|may|might|must|should|shall|will|would|do|does|can\s+also|can\s+still|can\s+always|can\s+ever|needs?|has|have|ought)(?:\s+to)?"
    r"(?:\s+be)?(?:\s+(?:able|allowed|permitted)\s+to)?(?:\s+can)?|(?:is|are|be|can\s+be)\s+(?:able|allowed|permitted)\s+to|can\s+directly|can\s+to)"
)


def _said(claim: str) -> str:
    """`some`, or `every` where ports are listed: without them `every` asks for all of them."""
    return "every" if re.search(r"\son\s", claim) else "some"


def _quantified(groups: Groups) -> str:
    return f"{_said(groups['rest'])} {groups['rest']}"


def _passive(groups: Groups) -> str:
    """`D is reachable from S`."""
    much = groups["much"].split()[0].lower() if groups["much"] else ""
    sources = groups["src"] or "anything"
    if much == "only" or groups["only"] or groups["only2"]:
        word = "only"
    elif much == "no" or groups["not"] or groups["un"]:
        word = "no"
    else:
        word = _said(groups["tail"])
    return f"{word} {sources} can reach {groups['dst']}{groups['tail']}"


def _arrow(groups: Groups) -> str:
    if groups["not"]:
        return f"no {re.sub(r'^no ', '', groups['src'])} can reach {groups['dst']}"
    if re.match(r"(?:no|every|some|only|all|any|each)\s", groups["src"]):
        return f"{groups['src']} can reach {groups['dst']}"
    return f"{_said(groups['dst'])} {groups['src']} can reach {groups['dst']}"


def _access(groups: Groups) -> str:
    is_denied = groups["no"] or groups["no2"]
    begin = re.sub(r"^(?:no|every|all|any)\s+", "", groups["src"]) if is_denied else groups["src"]
    far = groups["dst"] or ("internet" if groups["what"] else "")
    return f"no {begin} can reach {far}" if is_denied else f"{begin} can reach {far}"


_OUTSIDE = re.compile(r"(?:internet|external|nodes|metadata-service|ips|domains)\b|[0-9]|[0-9a-f]*:")


def _sorted_out(groups: Groups) -> str:
    """`S can reach D on P except T`: pods that are taken away from addresses outside are sources."""
    far, on = groups["dst"].strip(), f" on {groups['ports']}" if groups["ports"] else ""
    if _OUTSIDE.match(far) and not _OUTSIDE.match(groups["taken"]):
        return f"{groups['src']} except {groups['taken']} can reach {far}{on}"
    return f"{groups['src']} can reach {far} except {groups['taken']}{on}"


def _directions(groups: Groups) -> str:
    found = groups["said"].lower()
    has_in = re.search(r"\bin(?:gress|bound|coming|ward)?\b", found)
    has_out = re.search(r"\b(?:egress|out)(?:bound|going|ward)?\b", found)
    named = [name for name, is_named in (("ingress", has_in), ("egress", has_out)) if is_named]
    return f"isolated for {', '.join(named or ('ingress', 'egress'))}"


QUESTIONS = (
    idiom(r"(?P<at>\s*[?!.;]+)\s*$", "", "a claim ends without a sign: it is a sentence, and no question"),
    idiom(r"^\s*(?P<at>(?:please\s+)?(?:check|ensure|verify|prove|show|make\s+sure|make\s+certain|assert|assume|i\s+want|require|it\s+is\s+true|is\s+it\s+true|test|expect|confirm)(?:\s+(?:that|if|whether))?)\s+(?!\w+:)", "", _CLAIM),
    idiom(r"^\s*(?P<at>(?:who|what|which\s+(?:pods?|workloads?|namespaces?)|how\s+many\s+pods))\s+(?=can\s)", "no anything ", "who can reach it is what `netproof map --to END` shows; a claim is true or false"),
    idiom(r"^\s*(?P<at>where\s+can)\s+(?P<src><SET>)\s+(?:reach|go|connect|talk)(?:\s+to)?\s*$", "no {src} can reach anything", "where it can go is what `netproof map --from END` shows; a claim is true or false"),
    idiom(r"^\s*(?P<at>(?:can|could|may|do|does|will)\s+(?:any\s+|some\s+)?)(?P<src><SET>)\s+(?P<verb><VERB>)\s*", "some {src} can reach ", _QUESTION),
    idiom(r"^\s*(?P<at>(?:is|are)\s+)(?P<dst><SET>)\s+(?P<how>(?:reachable|accessible|exposed)\s.*)$", "{dst} is {how}", _QUESTION),
)  # fmt: skip

SHAPES = (
    # ---------------------------------------------------------------------------------------- commands
    idiom(r"^\s*(?P<at>(?:deny|block|forbid|prevent|disallow|reject|drop|no|stop)\s+(?:(?:any|all)\s+)?(?:(?:traffic|connections?|access|packets?|flows?|communication|requests?|egress|ingress)\s+)?from)\s+(?P<src><SET>)\s+(?:(?:to|from)(?:\s+(?:reach|access|reaching|accessing|talking\s+to))?|reach(?:ing|es)?|can\s+reach)\s+(?P<dst>.+)$", "no {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<at>(?:deny|block|forbid|prevent|disallow|reject|drop|stop))\s+(?P<src><SET>)\s+(?:to|from|->)(?:\s+(?:reach|access|reaching|accessing|talking\s+to|connecting\s+to))?\s+(?P<dst>.+)$", "no {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<at>only\s+(?:allow\s+|permit\s+)?(?:(?:traffic|connections?|access)\s+)?from)\s+(?P<src><SET>)\s+(?:to|can\s+reach|reaches)\s+(?P<dst>.+)$", "only {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<at>(?:only\s+)(?:allow|permit))\s+(?P<src><SET>)\s+to(?:\s+(?:reach|access))?\s+(?P<dst>.+)$", "only {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<at>(?:allow|permit|accept|enable)\s+(?:(?:traffic|connections?|access|all\s+traffic)\s+)?(?:from\s+)?)(?P<src><SET>)\s+to(?:\s+(?:reach|access))?\s+(?P<dst>.+)$", lambda groups: f"{_said(groups['dst'])} {groups['src']} can reach {groups['dst']}", _CLAIM),
    idiom(r"^\s*(?P<much>(?:no|only|some|every)\s+)(?P<at>(?:traffic|connections?|access|packets?|flows?)\s+from\s+)(?P<src><SET>)\s+(?:to|reaches|can\s+reach|may\s+reach)\s+(?P<dst>.+)$", "{much}{src} can reach {dst}", "a claim speaks of both ends, without `from`"),
    idiom(r"^\s*(?P<at>no\s+(?:ingress|inbound|incoming)(?:\s+traffic)?\s+(?:to|into|for))\s+(?=\S)", "no anything can reach ", _CLAIM),
    idiom(r"^\s*(?P<at>no\s+(?:egress|outbound|outgoing)(?:\s+traffic)?\s+(?:from|for))\s+(?P<src>(?:(?!\bto\b).)+)$", "no {src} can reach anything", _CLAIM),
    idiom(r"^\s*(?P<at>(?:no\s+)?policies\s+(?:never\s+|do\s+not\s+|cannot\s+)?(?:conflict|tie|clash|contradict|overlap)(?:s)?)(?=\s|$)", "policies never tie", "that no two of equal priority disagree is `policies never tie`"),
    idiom(r"^\s*(?P<at>from)\s+(?P<src><SET>)\s+to\s+(?P<dst>.+)$", lambda groups: f"{_said(groups['dst'])} {groups['src']} can reach {groups['dst']}", _CLAIM),
    idiom(r"^\s*(?P<dst><SET>)\s+(?P<at>(?:only\s+(?:accepts?|allows?|takes?|admits?)|(?:accepts?|allows?|takes?|admits?)\s+only)\s+(?:(?:traffic|connections?|requests|ingress)\s+)?from)\s+(?P<src><SET>)<TAIL>$", "only {src} can reach {dst}{tail}", _CLAIM),
    # ---------------------------------------------------------------------------------------- arrows
    idiom(r"^\s*(?P<src><SET>)\s*(?P<at>(?P<not>!-+>|!=>|-/->|-x->|-\|->|=/=>|-\\->|\s!>)|-+>|=+>|→|⇒|⟶|~>|>>)\s*(?P<dst>.+)$", _arrow, _REACH),
    # ---------------------------------------------------------------------------------------- passive
    idiom(r"^\s*(?P<much>(?:no|every|only|some|all|any)\s+)?(?P<dst><SET>)\s+(?P<at>(?:is|are|(?:can|must|should|may|shall|will|could|would)(?:\s+be)?|be)(?P<not>\s*not|n't|\s+never)?(?P<only>\s+only)?(?:\s+be)?\s+(?P<un>un|in)?(?:reachable|accessible|reached|accessed|contacted|visible|exposed|open|called))(?P<only2>\s+only)?(?:\s+(?:from|by|to)\s+(?P<src><SET>))?<TAIL>$", _passive, "the source comes first: `S can reach D`"),
)  # fmt: skip

FIRST = (
    idiom(r"^\s*(?P<src>(?P<no>no\s+)?<SET>)\s+(?P<at>(?:can\s+)?(?:has|have|get|gets|with)\s+(?P<no2>no\s+)?(?:any\s+)?(?:(?P<what>internet|external|outbound)\s+)?(?:network\s+)?(?:access|connectivity|connection|route)(?:\s+to)?)(?P<dst>(?:\s+.+)?)$", _access, _REACH),
)  # fmt: skip

REACHES = (
    idiom(r"^(?P<begin>.*\breach\s+(?:only\s+)?)(?P<at>(?:pods\s+)?(?:in|of|from)?\s*(?:other|different|another|any\s+other)\s+namespaces?)\s*$", "{begin}pods where src.namespace != dst.namespace", "that is a condition on both ends"),
    idiom(r"^(?P<begin>.*\breach\s+(?:only\s+)?)(?P<at>(?:pods\s+)?(?:in|of|within)?\s*(?:its|their|the|same|own|the\s+same|their\s+own|its\s+own)\s+(?:own\s+)?namespaces?)\s*$", "{begin}pods where src.namespace == dst.namespace", "that is a condition on both ends"),
    idiom(r"(?P<at>where\s+(?:in\s+)?(?:the\s+)?same\s+namespace)\s*$", "where src.namespace == dst.namespace", "that is a condition on both ends"),
    idiom(r"(?P<at>where\s+(?:in\s+)?(?:different|other)\s+namespaces?|across\s+namespaces)\s*$", "where src.namespace != dst.namespace", "that is a condition on both ends"),
    # ---------------------------------------------------------------------------------------- not
    idiom(r"^\s*(?P<much>(?:every|all|each|any|some)\s+(?:of\s+)?)?(?!no\b|only\b|policies\b)(?P<src><SET>)\s+(?P<at><CANNOT>)\s+(?P<verb><VERB>)\s+(?P<dst>.+)$".replace("<CANNOT>", _CANNOT), "no {src} can reach {dst}", "that nothing can is `no S can reach D`"),
    idiom(r"^\s*(?P<at>neither)\s+(?P<one><SET>)\s+nor\s+(?P<other><SET>)\s+can\b", "no {one} or {other} can", _BEGINS),
    idiom(r"^\s*(?P<one>no\s+(?:(?!\bcan\b).)+?)\s+(?P<at>(?:and|or)\s+no|nor)\s+(?P<other>(?:(?!\bcan\b).)+?)\s+can\b", "{one} or {other} can", "one `no` is enough"),
    idiom(r"(?P<at>\s+nor\s+)(?=pods|namespace|internet|external|service|workload|nodes|ips)", " or ", "sets are put together with `or`"),
    idiom(r"^\s*(?P<at>never|not|not\s+any|none\s+of|zero|0)\s+(?=(?:pods|namespace|workload|service|ips|internet|external|anything|nodes)\b)", "no ", _BEGINS),
    idiom(r"^\s*(?P<at>there\s+(?:is|are)\s+(?P<no>no\s+)?(?:any\s+|a\s+|some\s+)?|(?:exists?|at\s+least\s+one|one\s+of|a\s+few|one|a|an)\s+)(?=(?:pods|namespace|workload|service|ips|internet|external|anything|nodes)\b)", lambda groups: "no " if groups["no"] else "some ", _BEGINS),
    # ---------------------------------------------------------------------------------------- can reach
    idiom(r"^(?P<begin>.*?)\s+(?P<at>(?:that|which|who)\s+)(?=can\b|may\b|reach)", "{begin} ", "leave `{at}` out"),
    idiom(r"^(?P<src><SET>)\s+(?P<at>can\s+only|only\s+can|may\s+only|must\s+only|should\s+only|only)\s+(?:be\s+able\s+to\s+|ever\s+)?(?P<verb><VERB>)(?=\s)", "{src} can reach only", "that there is nothing else reads `S can reach only D`"),
    idiom(r"\bcan\s+(?P<at>ever|always|also|still|directly|possibly|even|somehow)\s+", "can ", "leave `{at}` out"),
    idiom(r"(?<![\w.-])(?P<at><CAN>)\s+(?=(?:<VERB>)(?:\s|$))".replace("<CAN>", _CAN), "can ", _REACH),
    idiom(r"(?<![\w.-])can\s+(?P<only>only\s+|newly\s+)?(?P<at>(?!reach\s+(?!to\b|out\b))<VERB>)\s*(?=\s|$)", "can {only}reach", _REACH),
    idiom(r"^(?P<begin>(?:<QUANTIFIER>\s)?(?:(?!\b(?:can|is|are)\b).)+?\s+)(?P<at>(?:newly\s+)?(?<![\w.-])<VERB>)(?=\s)", lambda groups: f"{groups['begin']}can {'newly ' if groups['at'].lower().startswith('newly') else ''}reach", _REACH),
    idiom(r"^(?P<begin>(?:no|only|some|every)\s+(?:(?!\b(?:can|is|are|reach)\b).)+?\s+)(?P<at>to)\s+(?=\S)", "{begin}can reach ", _REACH),
    # ---------------------------------------------------------------------------------------- how many
    idiom(r"^\s*(?P<at>any)\s+(?:of\s+)?(?P<rest>.+\bcan\s.+)$", _quantified, "`any` may mean `some` or `every`"),
    idiom(r"^\s*(?P<at>all(?:\s+of)?|each(?:\s+of)?|every\s+single|both|whichever)\s+", "every ", _BEGINS),
)  # fmt: skip

ISOLATION = (
    idiom(r"^(?:no\s+|every\s+|all\s+)?(?P<src><SET>)\s+(?:is|are|must\s+be|should\s+be)\s+(?P<at>(?:fully\s+|completely\s+|totally\s+|mutually\s+)?isolated\s+from)\s+(?!ingress|egress|inbound|outbound|incoming|outgoing|all\b|both\b|everything)(?:each\s+other\s+and\s+)?(?P<dst>.+)$", "no {src} can reach {dst} and no {dst} can reach {src}", "isolation from others is two claims of `no S can reach D`"),
    idiom(r"<B>(?P<at>isolate)\s+(?P<src><SET>)\s+from\s+(?P<dst>.+)$", "no {src} can reach {dst} and no {dst} can reach {src}", "isolation from others is two claims of `no S can reach D`"),
    idiom(r"^\s*(?P<at>)(?P<is>(?:is|are)\s+isolated)", "every pods {is}", _BEGINS),
    idiom(r"<B>(?P<at>are|be|must\s+be|should\s+be|is\s+(?:fully|completely|totally|strictly|always)|are\s+(?:fully|completely|totally|all))\s+(?=isolated\b)", "is ", _ISOLATED),
    idiom(r"(?P<much>^|\b)(?P<at>(?:has|have|is|are)\s+(?:a\s+|an\s+|by\s+)?(?:default[\s-]+den(?:y|ied)|deny[\s-]all|network\s*polic(?:y|ies)|locked\s+down|protected|firewalled))(?:\s+(?P<rest>for|in|on)\b)?", lambda groups: f"is isolated{' for' if groups['rest'] else ''}", _ISOLATED),
    idiom(r"<B>isolated(?P<at>\s+(?:(?:for|in|on|at|towards|to|from|against|as)\s+)?(?:both\s+(?:directions|ways)|both|all(?:\s+directions)?|everything|everywhere|any|all\s+traffic))(?=\s|$)", "isolated for ingress, egress", "the directions are `ingress` and `egress`"),
    idiom(r"<B>isolated\s+(?P<at>(?:for|in|on|at|towards|to|as|from|against|both)?\s*(?P<said>(?:both\s+|all\s+)?(?:ingress|egress|inbound|outbound|incoming|outgoing|ingoing|in|out)(?:(?:\s*(?:,|and|or|/|&|\+|,\s*and)\s*|\s+)(?:ingress|egress|inbound|outbound|incoming|outgoing|in|out)(?![\w-]))*(?:\s+(?:traffic|connections|directions?))?))(?=\s|$)", _directions, "the directions are `ingress`, `egress` or `ingress, egress`"),
    idiom(r"<B>isolated(?P<at>\s*)(?=$|\s(?:where|within)\b)", "isolated for ingress, egress", "isolation is for ingress, egress or both"),
    idiom(r"^\s*(?P<at>)(?!(?:<QUANTIFIER>|is|are)\s)(?P<src>\S(?:(?!\bcan\b).)*?)\s+is\s+isolated\b", "every {src} is isolated", _BEGINS),
)  # fmt: skip

MODIFIERS = (
    idiom(r"^(?P<src>(?:no|every|some|only)\s+(?:(?!\bcan\b).)+?)\s+(?P<can>can\s+reach\s+(?:(?!\bcan\b).)+?)\s+(?P<at>(?:unless|except|but\s+not|but|other\s+than|apart\s+from)\s+(?:from|by)|unless)\s+(?:from\s+|by\s+|it\s+is\s+|they\s+are\s+)?(?P<taken>(?:(?!\bcan\b|\bwhere\b|\bon\b).)+)$", "{src} except {taken} {can}", "sources that are left out stand behind the sources: `no S except T can reach D`"),
    words(r"unless|but\s+not|except\s+for|except\s+from|except\s+in(?=\s+namespace)|excluding|exclude|other\s+than|apart\s+from|besides|aside\s+from|save\s+for|save|without|minus|not\s+counting|not\s+including|ignoring|with\s+the\s+exception\s+of|outside\s+of|but(?!\s+(?:no|every|only|some|all)\s)", "except", _EXCEPT),
    idiom(r"<B>except\s+(?P<at>(?:in|from|by|to|for|if|when|it\s+is|on)\s+)(?=namespace|pods|workload|service|internet|ips|nodes)", "except ", _EXCEPT),
    idiom(r"(?P<begin>\bexcept\s+(?:(?!\bcan\b).)+?\s+)(?P<at>to|->|reaching)\s+(?=\S)", "{begin}can reach ", "an excuse reads `except S can reach D`"),
    idiom(r"^(?P<src>(?:no|every|some|only)\s+(?:(?!\bcan\b).)+)\s+can\s+reach\s+(?P<dst>(?:(?!\bexcept\b).)+?)(?:\s+on\s+(?P<ports>[\w/, -]+?))?\s+(?P<at>except\s+(?P<taken>(?:(?!\bcan\b|\bwhere\b).)+))$", _sorted_out, "`except SET` stands directly behind the set that it takes away from"),
    words(r"if|when|such\s+that|provided(?:\s+that)?|whenever|given\s+that|as\s+long\s+as|only\s+if", "where", _WHERE),
    idiom(r"\b(?P<at>,\s*where|and\s+where)\b", " where", _WHERE),
    idiom(r"(?P<at>(?:right\s+now|today|currently|at\s+the\s+moment|in\s+the\s+inventory|for\s+existing\s+pods))\s*$", "within inventory", "the pods of the manifests alone are `within inventory`"),
)  # fmt: skip

COUNTED = (
    idiom(r"^\s*(?P<at>)(?!(?:<QUANTIFIER>)\s)(?P<rest>(?:(?!\bonly\b|\bcan\b).)+?\s+can\s+reach\s+(?!only\b).+)$", _quantified, _BEGINS),
)  # fmt: skip
