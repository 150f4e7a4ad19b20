"""Which domain names are those of the cluster's own Services and pods (reference 0.2, domainNames).

The cluster's DNS gives `SERVICE.NAMESPACE.svc.DOMAIN` to every Service and `ADDRESS.NAMESPACE.pod.DOMAIN` to every pod,
with more labels before for the pods of a headless Service and for ports.  DOMAIN is cluster.local, or what else is
set up; a name with a label `svc` or `pod` in its place is read as one of a cluster, whatever the domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.records import dataclass

USUAL_DOMAIN = "cluster.local"
_KINDS = ("svc", "pod")
DOMAIN_NAME = re.compile(r"(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\.)*[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
"""In lower case, without the dot at its end."""


@dataclass(frozen=True, slots=True)
class ClusterName:
    """A domain name that can be one of the cluster's; `namespace is None`: of any namespace."""

    namespace: str | None


def cluster_name(name: str, domains: Iterable[str] = (USUAL_DOMAIN,)) -> ClusterName | None:
    """What the name, or a name that its wildcard covers, can be in a cluster of one of the domains; None if it lies
    outside."""
    labels = name.lower().removesuffix(".").split(".")
    is_wildcard = labels[0] == "*"
    rest = labels[1:] if is_wildcard else labels
    for place, label in enumerate(rest):
        if label in _KINDS and (place > 0 or is_wildcard):
            return ClusterName(rest[place - 1] if place else None)
    parts = (domain.lower().removesuffix(".").split(".") for domain in domains)
    is_above = any(len(rest) <= len(domain) and rest == domain[len(domain) - len(rest) :] for domain in parts)
    return ClusterName(None) if is_wildcard and is_above else None
