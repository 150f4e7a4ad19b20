"""Ends as kubectl and other tools write them, `svc/front` or `pod:shop/web`, and what is meant by them here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster

_MARKED = re.compile(
    r"(?P<kind>services?|svc|namespaces?|ns|workloads?|pods?|po|deployments?|deploy|statefulsets?|sts|daemonsets?|ds)"
    r"[:/](?P<name>[\w.-]+(?:/[\w.\[\]-]+)?)"
)


def meant_end(text: str, cluster: Cluster) -> str | None:
    """The end in words of the query language; None where it is written in no such way, or begins with a namespace."""
    marked = _MARKED.fullmatch(text)
    if marked is None or marked["kind"] in cluster.namespace_by_name:
        return None
    kind, name = marked["kind"], marked["name"]
    if kind in ("namespace", "namespaces", "ns"):
        return f"namespace {name}"
    whole = name if "/" in name else f"NAMESPACE/{name}"
    return f"service {whole}" if kind in ("service", "services", "svc") else whole
