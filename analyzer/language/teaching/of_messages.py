"""How people ask each other in messages, and what they leave out when they are brief."""

from __future__ import annotations

import re

from analyzer.language.teaching.drafts import Groups
from analyzer.language.teaching.patterns import idiom

_CLAIM = "a claim reads `no S can reach D`, `every S can reach D`, `only S can reach D`, …"
_ISOLATED = "isolation reads `every S is isolated for ingress, egress`"
_PING = "a ping is a message of ICMP: type 8 over IPv4, 128 over IPv6"
_ECHO = "icmp/8, icmpv6/128"
_PORTS = r"(?:ports?\s+\d+(?:\s*,\s*\d+)*|(?:tcp|udp|sctp)(?:[/: ]\d+)?|icmp|pings?)"
_HOW = r"(?:denied|blocked|closed|forbidden|dropped|rejected|prohibited|disallowed|not\s+(?:open|allowed|permitted|possible)|allowed|permitted|open|possible|accepted)"
_DENIED = re.compile(r"denied|blocked|closed|forbidden|dropped|rejected|prohibited|disallowed|not", re.IGNORECASE)
_IS = r"(?:is|are|must\s+be|should\s+be|gets?|be)"
_CLOSES = r"(?:den(?:y|ies)|blocks?|drops?|rejects?|forbids?|disallows?|refuses?)"
_INGRESS = re.compile(r"in", re.IGNORECASE)
_WAY = r"(?P<way>ingress|egress|inbound|outbound|incoming|outgoing)"
_BARE_SET = r"(?:(?!\b(?:is|are|be|can|must|should|may|will|cannot|has|have|not|never|only)\b).)+?"


def _between(groups: Groups) -> str:
    """`tcp/80 from S to D is closed`"""
    denied = bool(groups["no"]) or _DENIED.match(groups["how"] or "") is not None
    ports = re.sub(r"^pings?$", _ECHO, groups["ports"], flags=re.IGNORECASE)
    ports = re.sub(r"^icmp$", "icmp", ports, flags=re.IGNORECASE)
    return f"{'no' if denied else 'every'} {groups['src']} can reach {groups['dst']} on {ports}"


def _on_icmp(groups: Groups) -> str:
    """`on ping`, `on all ICMP`, `on icmp echo`, `on ICMP type 8`"""
    word, more = groups["word"].lower(), groups["more"].lower()
    head = "icmpv6" if word == "icmp6" else word
    if number := re.search(r"\d+", more):
        return f"on {head}/{number[0]}"
    if word == "ping" or "echo" in more:
        return f"on {'icmp/8' if word == 'icmpv4' else 'icmpv6/128' if head == 'icmpv6' else _ECHO}"
    return f"on {head}"


def _either(text: str) -> str:
    return re.sub(r"\s+and\s+|\s*,\s*(?:and\s+)?", " or ", text)


def _limited(groups: Groups) -> str:
    """`S egress only to D`, `D ingress only from S`"""
    if _INGRESS.match(groups["way"]):
        return f"only {_either(groups['far'])} can reach {groups['near']}"
    return f"{groups['near']} can reach only {_either(groups['far'])}"


def _closed(groups: Groups) -> str:
    """`S egress to D is denied`, `D denies ingress from S`, `S denies all egress`"""
    near, far, is_in = groups["near"], groups["far"], _INGRESS.match(groups["way"]) is not None
    if not far:
        return f"every {near} is isolated for {'ingress' if is_in else 'egress'}"
    return f"no {far} can reach {near}" if is_in else f"no {near} can reach {far}"


def _all_but(groups: Groups) -> str:
    """`all egress from S is denied except to D`"""
    near, far = groups["near"], groups["far"]
    if _INGRESS.match(groups["way"]):
        return f"only {_either(far)} can reach {near}" if far else f"no anything can reach {near}"
    return f"{near} can reach only {_either(far)}" if far else f"no {near} can reach anything"


def _default_deny(groups: Groups) -> str:
    named = [it for it in ("ingress", "egress") if it in groups["at"].lower()] or ["ingress", "egress"]
    return f"every {groups['set']} is isolated for {', '.join(named)}"


def _from_on(groups: Groups) -> str:
    sign, number = groups["sign"].lower(), int(groups["number"])
    is_low = sign.startswith(("<", "below", "under", "less", "up"))
    is_strict = sign in ("<", ">", "above", "over", "below", "under") or sign.startswith(("greater", "less", "higher"))
    if is_low:
        return f"on tcp/1-{max(1, number - is_strict)}"
    return f"on tcp/{min(65535, number + is_strict)}-65535"


_SIGN = r"(?P<sign>>=|<=|≥|≤|>|<|above|over|below|under|up\s+to|from|greater\s+than|less\s+than|higher\s+than)"


def _verdict(groups: Groups) -> str:
    """`S to D on P: deny`"""
    far = f"{groups['dst']}{groups['tail']}"
    if _REFUSED.match(groups["how"]):
        return f"no {groups['src']} can reach {far}"
    return f"{'every' if groups['tail'] else 'some'} {groups['src']} can reach {far}"


def _encrypted(groups: Groups) -> str:
    return f"no anything can reach {groups['dst'] or groups['near'] or 'pods'} where request.tls == plaintext"


def _why(groups: Groups) -> str:
    return f"{'no' if groups['not'] else 'some'} {groups['src']} can reach"


_REFUSED = re.compile(r"den|block|drop|no|closed|forbid|✗|❌|✘|×|⛔", re.IGNORECASE)
_TOLD = r"(?P<how>deny|denied|blocked?|dropp?(?:ed)?|no(?:pe)?|closed|forbidden|not\s+(?:allowed|ok)|✗|❌|✘|×|⛔|allow|allowed|ok(?:ay)?|yes|open|permitted|✓|✔|✅)"
_PLAIN = r"(?:plain[\s-]?text|unencrypted\s+traffic|clear[\s-]?text)"
_EXPLAINS = "why it can is what `netproof explain S D` tells; a claim is true or false"

OF_MESSAGES = (
    # ---------------------------------------------------------------------------------------- how one begins
    idiom(r"^\s*(?P<at>(?:(?:hey|hi|hello|yo|pls|plz|please|guys|folks|team|ok|okay|so|btw|fyi|q|question|@[\w.-]+)(?:\s*[,:!–-]+\s*|\s+))+)(?=\S)", "", "leave `{at}` out"),
    idiom(r"^\s*(?P<at>(?:(?:can|could|would|will)\s+(?:someone|somebody|anyone|you|u|we)\s+(?:please\s+|pls\s+)?|(?:does|do)\s+(?:anyone|somebody|someone|you)\s+)(?:know|check|verify|confirm|prove|make\s+sure|ensure|tell\s+me|show)(?:\s+me)?(?:\s+(?:that|if|whether))?)\s+(?=\S)", "", "a claim is a sentence that is true or false, and no question"),
    idiom(r"^\s*(?P<at>(?:i|we)\s+(?:need|want|would\s+like|expect)\s+(?:to\s+(?:be\s+sure|make\s+sure|check|verify|prove|know)\s+)?(?:that|if|whether)?)\s+(?=\S)", "", "a claim is a sentence that is true or false, and no question"),
    idiom(r"^\s*(?P<at>is\s+(?:traffic|access|a\s+connection)\s+(?:allowed|permitted|possible|open)\s+from)\s+(?P<src><SET>)\s+to\s+(?P<dst>.+?)\s*[?.]*\s*$", lambda groups: f"{'every' if re.search(r' (?:on|port|tcp|udp)', groups['dst']) else 'some'} {groups['src']} can reach {groups['dst']}", "a claim is a sentence that is true or false, and no question"),
    idiom(r"^\s*(?P<at>why\s+(?:can|could|does|do|is|are|may)(?P<not>\s*not|n['’]t|\s+never)?)\s+(?P<src><SET>)\s+(?:<VERB>)(?=\s)", _why, _EXPLAINS),
    idiom(r"^\s*(?P<at>(?:nothing|nobody|no\s?one)\s+outside(?:\s+of)?)\s+(?P<src>(?!(?:the\s+)?cluster\b|(?:can|may|must|should|could|<VERB>)\s)<SET>)\s+(?=(?:can|may|must|should|could|<VERB>)\s)", "only {src} ", "that nothing else can is `only S can reach D`"),
    idiom(r"^\s*(?P<at>nobody|nothing|no\s?one)\s+(?:can\s+|may\s+|should\s+)?<VERB>\s+(?P<dst>(?:(?!\b(?:from|on)\b).)+?)\s+from\s+(?P<src>(?:(?!\bon\b).)+)$", "no {src} can reach {dst}", _CLAIM),
    idiom(r"(?P<at>\bscrapes?\s+(?:metrics\s+)?(?:from|of))(?=\s)", "reach", "opening connections is `can reach`"),
    idiom(rf"^\s*(?P<at>(?:traffic|access|connections?)\s+from)\s+(?P<src><SET>)\s*(?:\s+to\s+|-+>|=+>|→)\s*(?P<dst>(?:(?!\son\s|\s(?:is|are|be)\s)[^<>])+?)(?P<tail>(?:\son\s.+?)?)\s*[:,]?\s+{_TOLD}\s*$", _verdict, _CLAIM),
    idiom(rf"^\s*(?:from\s+)?(?P<src>(?:(?!\b(?:from|traffic|access|connections?|ingress|egress|inbound|outbound|can)\b).)+?)\s*(?:\s+to\s+|-+>|=+>|→)\s*(?P<dst>(?:(?!\son\s)[^<>])+?)(?P<tail>(?:\son\s.+?)?)(?P<at>\s*[:,]?\s+(?:is\s+|=\s*)?{_TOLD})\s*$", _verdict, _CLAIM),
    idiom(r"^\s*no\s+(?P<at>(?:traffic|connections?|access|flows?|packets?)\s+)(?=(?:(?!\b(?:from|to|between|across)\b).)+?\s*(?:-+>|=+>|→))", "no ", "leave `{at}` out"),
    idiom(r"^\s*(?P<at>(?:deny|block|forbid|drop|reject|prevent|disallow)\s+(?:all\s+|any\s+)?(?:egress|outbound|outgoing)(?:\s+traffic)?\s+to)\s+(?P<dst>(?:(?!\b(?:for|from)\b).)+?)(?:\s+(?:for|from)\s+(?P<src>.+))?\s*$", lambda groups: f"no {groups['src'] or 'pods'} can reach {groups['dst']}", _CLAIM),
    idiom(r"^\s*(?P<at>(?:deny|block|forbid|drop|reject|prevent|disallow)\s+(?:all\s+|any\s+)?(?:ingress|inbound|incoming)(?:\s+traffic)?\s+from)\s+(?P<src>(?:(?!\b(?:for|to)\b).)+?)(?:\s+(?:for|to|into)\s+(?P<dst>.+))?\s*$", lambda groups: f"no {groups['src']} can reach {groups['dst'] or 'pods'}", _CLAIM),
    idiom(r"^\s*(?P<at>(?:block|deny|forbid|disallow))\s+(?P<dst>(?:(?!\b(?:from|to|egress|ingress|traffic|tcp|udp)\b).)+?)\s+for\s+(?:all\s+|every\s+)?(?P<src>.+)$", "no {src} can reach {dst}", _CLAIM),
    idiom(r"^\s*(?P<src><SET>)\s+(?P<at>(?:has|have|gets?)\s+no\s+(?:internet|outbound))\s*$", "no {src} can reach internet", _CLAIM),
    # ---------------------------------------------------------------------------------------- encryption
    idiom(r"^\s*(?P<at>(?:strict\s+)?m?tls\s+(?:(?:is|must\s+be)\s+)?(?:required|enforced|mandatory|strict))(?:\s+(?:in|for|to|on)\s+(?P<dst>.+))?(?P<near>)\s*$", _encrypted, "what a mesh encrypts is asked for behind `where`"),
    idiom(r"^\s*(?:every\s+|all\s+)?(?P<near><SET>)\s+(?P<at>(?:requires?|enforces?|needs?|demands?)\s+(?:strict\s+)?m?tls)(?P<dst>)\s*$", _encrypted, "what a mesh encrypts is asked for behind `where`"),
    idiom(rf"^\s*(?P<at>no\s+{_PLAIN}(?:\s+(?:traffic|connections?|requests?))?\s+(?:in)?to)\s+(?P<dst>.+)(?P<near>)$", _encrypted, "what a mesh encrypts is asked for behind `where`"),
    # ---------------------------------------------------------------------------------------- ping
    idiom(r"^(?P<begin>.*\S)\s+(?P<at>ping(?:s)?)\s+(?P<dst>(?:(?!\b(?:on|where|within|except|unless)\b).)+?)(?P<tail>(?:\s+(?:where|within|except|unless)\s.*?)?)\s*[?!.]*\s*$", f"{{begin}} reach {{dst}} on {_ECHO}{{tail}}", _PING),
    idiom(r"^(?P<begin>.*\S)\s+(?P<at>pinged)\s+(?P<by>(?:by|from)\s+(?:(?!\bon\b).)+?)\s*[?!.]*\s*$", f"{{begin}} reached {{by}} on {_ECHO}", _PING),
    # ---------------------------------------------------------------------------------------- ports first
    idiom(rf"^\s*(?P<no>no\s+)?(?P<at>(?P<ports>{_PORTS})(?:\s+(?:traffic|connections?|access|packets))?\s+from)\s+(?P<src><SET>)\s+to\s+(?P<dst><SET>)(?:\s+{_IS}\s+(?P<how>{_HOW}))?\s*$", _between, "ports stand behind `on`"),
    idiom(rf"^\s*(?P<at>(?P<ports>{_PORTS})\s+(?:on|of|in|at))\s+(?P<rest>(?:(?!\son\s).)+\b(?:reachable|accessible|exposed|open|reached|accessed)\b(?:(?!\son\s).)*)$", "{rest} on {ports}", "ports stand behind `on`"),
    idiom(r"^\s*(?P<at>no\s+open\s+ports?\s+(?P<one>\d+)|ports?\s+(?P<other>\d+)\s+(?:(?:is|are|must\s+be|should\s+be)\s+)?(?:closed|blocked|not\s+open)(?:\s+(?:everywhere|anywhere))?)(?:\s+(?:in|on|for)\s+(?P<dst>.+))?\s*$", lambda groups: f"no anything can reach {groups['dst'] or 'pods'} on tcp/{groups['one'] or groups['other']}", _CLAIM),
    idiom(r"<B>on\s+(?P<at>(?:the\s+)?(?!(?:tcp|udp|sctp|ports?|all|any|every|the|each)\b)[a-z][a-z-]*\s+port)\s+(?=\d)", "on port ", "a port is written with its protocol, as in `tcp/5432`"),
    idiom(rf"<B>on\s+(?P<at>(?:tcp\s+)?ports?\s*{_SIGN}\s*(?P<number>\d+))(?:\s+(?:and\s+(?:above|up|higher)|onwards?))?(?=\s|$)", _from_on, "a range is written `tcp/1024-65535`"),
    idiom(r"(?P<at>\bports?\s+ranges?|\bd(?:est)?_?ports?|\bdestination\s+ports?|\btarget\s*ports?)\s+(?=\d)", "port ", "a port is written with its protocol, as in `tcp/5432`"),
    idiom(r"<B>on\s+(?P<at>(?:all\s+|any\s+)?(?P<word>icmp(?:v[46]|6)?|ping)(?P<more>\s+(?:traffic|packets|messages|echo(?:[\s-]+requests?)?|type[\s=:]*\d+))?)(?=\s|,|$)", _on_icmp, _PING),
    idiom(r"(?P<at>\s+:)(?=\d+(?:\s|$))", " on port ", "a port is written with its protocol, as in `tcp/5432`"),
    # ---------------------------------------------------------------------------------------- words left out
    idiom(r"^\s*(?P<at>isolated)\s+(?P<set>(?:namespace|pods|workload)\b.*)$", "{set} is isolated", _ISOLATED),
    idiom(rf"^\s*(?P<set>(?!no\s){_BARE_SET})\s+(?P<at>)(?=isolated\b)", "{set} is ", _ISOLATED),
    idiom(rf"^\s*(?P<set>(?!no\s){_BARE_SET})\s+(?P<at>)(?=(?:not|never|only)\s+(?:exposed|reachable|accessible|open|visible)\b)", "{set} is ", "a claim reads `no S can reach D`, `every S can reach D`, `only S can reach D`, …"),
    idiom(r"^\s*(?P<one><SET>)\s+and\s+(?P<other><SET>)\s+(?P<at>(?:is|are|must\s+be|should\s+be|stay)\s+(?:fully\s+|completely\s+)?(?:separated?|segregated|apart|disconnected|cut\s+off))\s*$", "no {one} can reach {other} and no {other} can reach {one}", "isolation from others is two claims of `no S can reach D`"),
    idiom(r"^\s*(?P<src><SET>)\s+can\s+<VERB>\s+(?P<dst><SET>)\s+(?P<at>but\s+(?:not|never))\s+(?:to|with)\s+(?P<other><SET>)\s*$", "some {src} can reach {dst} and no {src} can reach {other}", "two claims are two queries: each asks one thing"),
    # ---------------------------------------------------------------------------------------- ingress and egress as nouns
    idiom(rf"^\s*(?P<at>(?:all\s+|any\s+)?{_WAY}(?:\s+traffic)?\s+(?:from|to|of|into|for))\s+(?P<near><SET>)\s+{_IS}\s+(?:denied|blocked|forbidden|closed)(?:\s+(?:except|but|unless)(?:\s+(?:to|from|for))?\s+(?P<far>.+))?\s*$", _all_but, _CLAIM),
    idiom(rf"^\s*(?P<near>{_BARE_SET})\s+(?P<at>{_WAY}(?:\s+traffic)?\s+(?:{_IS}\s+)?(?:only|limited|restricted)(?:\s+(?:allowed|permitted))?\s+(?:only\s+)?(?:to|from))\s+(?P<far>.+)$", _limited, _CLAIM),
    idiom(rf"^\s*(?P<near>{_BARE_SET})\s+(?P<at>{_WAY}(?:\s+traffic)?\s+(?:to|from)\s+(?P<far><SET>)\s+{_IS}\s+(?:denied|blocked|forbidden|closed))\s*$", _closed, _CLAIM),
    idiom(rf"^\s*(?P<near>{_BARE_SET})\s+(?P<at>{_CLOSES}\s+(?:all\s+|any\s+)?{_WAY}(?:\s+traffic)?(?:\s+(?:to|from)\s+(?P<far>.+))?)\s*$", _closed, _CLAIM),
    idiom(rf"^\s*(?P<set>{_BARE_SET})\s+(?P<at>default[\s-]*den(?:y|ied)(?:\s+(?:for\s+)?(?:ingress|egress)(?:\s*(?:,|and)\s*(?:ingress|egress))?)?)\s*$", _default_deny, _ISOLATED),
    idiom(r"^\s*(?P<at>default[\s-]*deny(?:[\s-]+(?:all|ingress|egress))?\s+(?:in|for|on))\s+(?P<set>(?:namespace\s+|pods).+|[a-z0-9-]+)\s*$", _default_deny, _ISOLATED),
)  # fmt: skip
