"""Which domains the cluster's DNS answers for, as CoreDNS' configuration says."""

from __future__ import annotations

import re

from analyzer.manifests.text.nodes import Mapping

_PLUGIN = re.compile(r"^[ \t]*kubernetes[ \t]+([^{}\n#]+)", re.MULTILINE)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\.)*[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\.?", re.IGNORECASE)
_REVERSE = ("arpa", "in-addr.arpa", "ip6.arpa")


def dns_domains(data: Mapping) -> frozenset[str]:
    """The zones of the `kubernetes` plugin in a ConfigMap that holds a Corefile, but for those of addresses."""
    content = data.get("data")
    corefile = content.get("Corefile") if isinstance(content, Mapping) else None
    if not isinstance(corefile, str):
        return frozenset()
    words = (word for zones in _PLUGIN.findall(corefile) for word in zones.split())
    return frozenset(word.removesuffix(".").lower() for word in words if _is_domain(word))


def _is_domain(word: str) -> bool:
    name = word.removesuffix(".").lower()
    return _DOMAIN.fullmatch(word) is not None and not any(name == r or name.endswith(f".{r}") for r in _REVERSE)
