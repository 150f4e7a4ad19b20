"""What people leave out of a claim by its ports, name by a protocol of requests, or choose by an account."""

from __future__ import annotations

from analyzer.language.teaching.drafts import Groups
from analyzer.language.teaching.patterns import idiom

_PORTS_OF = {
    "https": "tcp/443",
    "http": "tcp/80",
    "tls": "tcp/443",
    "ssl": "tcp/443",
    "ssh": "tcp/22",
    "dns": "udp/53, tcp/53",
    "smtp": "tcp/25",
    "ldap": "tcp/389",
    "ldaps": "tcp/636",
    "ntp": "udp/123",
    "rdp": "tcp/3389",
    "ftp": "tcp/21",
    "telnet": "tcp/23",
}
_NAMES = "|".join(sorted(_PORTS_OF, key=len, reverse=True))
_END = r"(?=\s+(?:where|within|except)\b|\s*[.;?]?\s*$)"


def _on_port(groups: Groups) -> str:
    return f" on {_PORTS_OF[groups['name'].lower()]}"


def _nothing_but_on(groups: Groups) -> str:
    """`S can reach D over https only`"""
    ports = groups["ports"] or groups["ports2"]
    on = _PORTS_OF.get(ports.lower(), ports)
    src, dst = groups["src"], groups["dst"]
    return f"no {src} can reach {dst} except {src} can reach {dst} on {on}"


_ONLY_ON = rf"(?:{_NAMES}|(?:ports?|tcp|udp|sctp)[\s/:]*\d[\w/, -]*?)"

OF_EXCEPTIONS = (
    idiom(rf"^\s*(?:every\s+)?(?P<src>(?!no\s)<SET>)\s+can\s+<VERB>\s+(?P<dst>(?!only\b)<SET>)\s+(?P<at>(?:over|on|via|using|through)\s+(?P<ports>{_ONLY_ON})\s+only|only\s+(?:over|on|via|using|through)\s+(?P<ports2>{_ONLY_ON}))\s*$", _nothing_but_on, "that other ports are closed is `no S can reach D except S can reach D on PORTS`"),
    idiom(rf"(?P<at>\s+(?:over|via|using|through|by|with|for)\s+(?:the\s+)?(?P<name>{_NAMES})(?:\s+(?:ports?|protocol|traffic))?){_END}", _on_port, "ports stand behind `on`, with their protocol"),
    idiom(r"^\s*no\s+(?P<src><SET>)\s+can\s+<VERB>\s+(?P<dst><SET>)\s+(?P<at>(?:except|unless|but|other\s+than|apart\s+from|excluding|save)(?:\s+for)?(?:\s+on|\s+over)?)\s+(?P<ports>(?:ports?|tcp|udp|sctp)(?![\w.-])[^()]*)$", "no {src} can reach {dst} except {src} can reach {dst} on {ports}", "`except` with `can reach` behind it excuses connections"),
    idiom(r"(?<=\bcan\s)(?P<at>(?:resolve|look\s+up|query)\s+(?:dns|names?|hosts?|host\s*names?|domains?)(?:\s+names?)?)<E>", "reach dns on udp/53, tcp/53", "names are asked of `dns`"),
    idiom(r"^(?P<much>\s*(?:no|every|some|only))\s+(?P<at>(?:pods\s+(?:with|of|in|using|as)\s+)?(?:the\s+)?(?:service\s*accounts?|sa))\s+(?P<name>[a-z0-9][a-z0-9-]*)\s+can\s+<VERB>\s+(?P<dst>(?:(?!\bwhere\b).)+)$", '{much} pods can reach {dst} where src.service_account == "{name}"', "accounts are asked for behind `where`"),
    idiom(r"(?<=\breach\s)(?P<at>pod\s+(?P<name><NAME>))(?=\s*$)", "pods(app={name})", "pods are chosen by their labels"),
)  # fmt: skip
