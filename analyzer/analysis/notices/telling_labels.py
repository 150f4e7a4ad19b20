"""Which labels tell something worth asking about: whose a namespace is, and how sensitive the data of a pod."""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.model.cluster import Cluster
from analyzer.model.labels import Labels
from analyzer.records import dataclass

SYSTEM = ("kube-system", "kube-public", "kube-node-lease")

# What the owner of a namespace is called, likeliest first; compared with the key behind its prefix.
_OWNERS = ("tenant", "tenant-id", "customer", "client", "team", "owner", "squad", "department", "org", "project")
# Keys and values that speak of sensitive data.
_SENSITIVE_KEY = re.compile(
    r"classif|sensitiv|confidential|compliance|(?:^|[-_.])(?:pii|phi|pci|gdpr|hipaa|cde)(?:$|[-_.])"
)
_SENSITIVE_VALUE = re.compile(
    r"pii|phi|pci|pci-dss|cde|cardholder|gdpr|hipaa|personal|confidential|restricted|secret|top-secret|sensitive"
)
# Values of such keys that say that there is nothing to protect.
_HARMLESS = re.compile(r"|false|no|none|public|open|internal|low|unclassified|out-of-scope|n-?a|0")
# Prefixes of labels that Kubernetes and tools set for purposes of their own.
_TOOLS = re.compile(r"(?:[a-z0-9.-]*\.)?(?:kubernetes\.io|k8s\.io|helm\.sh|istio\.io|openshift\.io)/")


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A label of namespaces that parts them: `values` has those of namespaces that exist, sorted.

    `others`: further keys that part the namespaces as well.
    """

    key: str
    values: tuple[str, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A label that speaks of sensitive data, on pods or on namespaces."""

    key: str
    value: str
    is_on_namespaces: bool


def tenancy(cluster: Cluster) -> Tenancy | None:
    """The label that most likely says whose a namespace is; None where no label parts the namespaces.

    It is on two declared namespaces or more, with different values.  Keys that are called after owners go first, then
    those on most namespaces.
    """
    values: dict[str, list[str]] = {}
    for namespace in cluster.namespaces:
        if namespace.is_declared and namespace.name not in SYSTEM:
            for key, value in namespace.labels.items():
                if not _TOOLS.match(key):
                    values.setdefault(key, []).append(value)
    parting = sorted((key for key, found in values.items() if len(set(found)) > 1), key=lambda k: _rank(k, values[k]))
    if not parting:
        return None
    return Tenancy(parting[0], tuple(sorted(set(values[parting[0]]))), tuple(parting[1:]))


def _rank(key: str, values: list[str]) -> tuple[int, int, str]:
    name = key.rpartition("/")[2].lower()
    return _OWNERS.index(name) if name in _OWNERS else len(_OWNERS), -len(values), key


def sensitivities(cluster: Cluster) -> tuple[Sensitivity, ...]:
    """The labels of workloads and of declared namespaces that speak of sensitive data, sorted."""
    on_pods = _sensitive((workload.labels for workload in cluster.workloads), is_on_namespaces=False)
    declared = (namespace.labels for namespace in cluster.namespaces if namespace.is_declared)
    return (*on_pods, *_sensitive(declared, is_on_namespaces=True))


def _sensitive(labels: Iterable[Labels], *, is_on_namespaces: bool) -> tuple[Sensitivity, ...]:
    found = {(key, value) for items in labels for key, value in items.items() if _speaks_of_data(key, value)}
    return tuple(Sensitivity(key, value, is_on_namespaces) for key, value in sorted(found))


def _speaks_of_data(key: str, value: str) -> bool:
    if _TOOLS.match(key) or _HARMLESS.fullmatch(value.lower()):
        return False
    name = key.rpartition("/")[2].lower()
    return bool(_SENSITIVE_KEY.search(name)) or (
        value.lower() != "high" and bool(_SENSITIVE_VALUE.fullmatch(value.lower()))
    )
