"""NodeLocal DNSCache: a process on each node that answers at addresses of its own (k8s cluster/addons/dns).

Its argument `-localip` lists them: a link-local address, and where kube-proxy uses iptables the clusterIP of the DNS
Service, which the cache then takes over on every node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from analyzer.manifests.text.section import Section
from analyzer.sets import LINK_LOCAL, AddressSet

_FLAG = re.compile(r"--?localip(?:[=\s]+(?P<value>\S+))?")


def node_local_dns(spec: Section) -> AddressSet | None:
    """The addresses that a container's arguments name; any link-local one where they name none that can be read.  None
    if this is no such cache."""
    found: AddressSet | None = None
    for container in spec.sections("containers"):
        for value in _values(container):
            found = (found or AddressSet.EMPTY) | _addresses(value)
    return found


def _values(container: Section) -> Iterator[str]:
    words = [str(w) for key in ("command", "args") for w in container.sequence(key) if w is not None]
    for place, word in enumerate(words):
        for flag in _FLAG.finditer(word):
            yield flag["value"] or next(iter(words[place + 1 : place + 2]), "")


def _addresses(value: str) -> AddressSet:
    found = []
    for part in value.strip("\"'").split(","):
        try:
            found.append(ip_address(part))
        except ValueError:
            return LINK_LOCAL
    return AddressSet.singles(found) or LINK_LOCAL
