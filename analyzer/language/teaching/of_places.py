"""Where people say that traffic comes from or goes to: the cluster, private ranges, the kubelet, names in quotes."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address, summarize_address_range

from analyzer.language.teaching.drafts import Groups, Where
from analyzer.language.teaching.patterns import idiom, words

_RANGE = "a range is written as CIDRs"
_SEVERAL = "each namespace is named by itself: `namespace a or namespace b`"
_LABELS = "labels stand in brackets: `pods(app=web)`, `namespaces(team=a)`"
_MOST_CIDRS = 8


def _blocks(groups: Groups) -> str:
    """`10.0.0.0-10.0.0.255`"""
    first, last = (ip_address(groups[name]) for name in ("first", "last"))
    if not isinstance(first, IPv4Address) or not isinstance(last, IPv4Address) or first > last:
        return groups["at"]
    found = list(map(str, summarize_address_range(first, last)))
    return f"ips {', '.join(found)}" if len(found) <= _MOST_CIDRS else groups["at"]


def _each(groups: Groups) -> str:
    """`namespaces [shop, jobs]`, `namespace "shop", "jobs"`"""
    names = re.findall(r"[a-z0-9][a-z0-9-]*", groups["names"])
    return " or ".join(f"{groups['pods']}namespace {name}" for name in names)


_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP = rf"{_BYTE}(?:\.{_BYTE}){{3}}"

OF_PLACES = (
    idiom(r"(?P<pre><AT_SET>)(?P<at>(?:the\s+|this\s+|our\s+)?(?:(?:whole|entire)\s+)?cluster)(?=\s*$|\s+(?:can|may|must|should|cannot|on|except|where|within|to|from|unless|talks?|reach|reaches|is|are)(?![\w-]))", "{pre}pods", "the cluster is its `pods`"),
    idiom(rf"<B>(?:ips\s+)?(?P<at>(?P<first>{_IP})\s*(?:-|–|\.\.+|to)\s*(?P<last>{_IP}))(?=\s|,|$)", _blocks, _RANGE),
    words(r"(?:all\s+|the\s+)?(?:rfc[\s-]?1918(?:\s+(?:ranges?|addresses|space|networks?))?|private\s+(?:ip\s+)?(?:ranges?|addresses|space|networks?|ips))", "ips 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16", "private ranges are written out"),
    idiom(r"<B>(?P<at>(?:the\s+)?kubelets?)(?=(?P<on>\s+on\b)|\s*$|\s+(?:where|within)\b)", lambda groups: "nodes" if groups["on"] else "nodes on tcp/10250", "the kubelet listens on each node"),
    idiom(r"(?P<pre><AT_SET>)(?P<at>(?:the\s+)?etcd)(?=\s*$|\s+(?:can|on|where|within|except)\b)", "{pre}pods(component=etcd) in namespace kube-system", "pods are chosen by their labels"),
    words(r"(?:aws|gcp|azure|ec2|instance|cloud)\s+metadata", "metadata-service", "`metadata-service` is the cloud's metadata service"),
    idiom(r"<B>(?P<at>(?:svc|services?)/(?P<name>[a-z0-9-]+)\.(?P<ns>[a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?)<E>", "service {ns}/{name}", "a Service is named as `service NAMESPACE/NAME`"),
    idiom(r"(?P<pre>\breach\s+(?:only\s+)?)(?P<at>\"(?P<host>(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z]{2,})\")", '{pre}domains "{host}"', "a host name stands behind `domains`"),
    idiom(r"(?P<pods>pods(?:\([^)]*\))?\s+in\s+)?<B>(?P<at>(?:namespaces?|ns)\s*[\[{](?P<names>\s*\"?[a-z0-9-]+\"?(?:\s*,\s*\"?[a-z0-9-]+\"?)*\s*)[\]}])", _each, _SEVERAL, Where.ALL),
    idiom(r"(?P<pods>pods(?:\([^)]*\))?\s+in\s+)?<B>(?P<at>namespaces?\s+(?P<names>\"[a-z0-9-]+\"(?:\s*(?:,|and|or)\s*\"[a-z0-9-]+\")+))", _each, _SEVERAL, Where.ALL),
    idiom(r"(?P<pre>\bin\s+)(?P<at>namespaces?\s+(?P<key><KEY>)\s*==?\s*(?P<value>[\w.-]+))", "{pre}namespaces({key}={value})", _LABELS),
    idiom(r"^\s*(?!(?:no|every|some|only)\s)(?P<src><SET>)\s+can\s+reach\s+(?P<dst>(?!only\b)(?:(?!\b(?:on|over|via|using|through)\b).)+?)(?P<at>\s+only)\s*$", "{src} can reach only {dst}", "that there is nothing else reads `S can reach only D`"),
    idiom(r"(?P<at>\s+(?:directly|at\s+all|in\s+any\s+way|ever))\s*[.?!]*\s*$", "", "leave `{at}` out"),
    idiom(r"<B>(?P<at>(?:must|should|needs?\s+to|has\s+to|have\s+to|shall)\s+(?:have|be\s+(?:covered|selected|protected|guarded)\s+by)\s+(?:an?\s+|at\s+least\s+one\s+|some\s+)?(?:network\s*)?polic(?:y|ies))\s*$", "is isolated for ingress, egress", "isolation reads `every S is isolated for ingress, egress`"),
)  # fmt: skip
