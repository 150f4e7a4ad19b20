"""Workloads and namespaces that were probably meant by a name that none has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.inputs.settings import nearest

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster


def nearest_end(text: str, cluster: Cluster) -> str:
    """A hint: the workload or namespace that was probably meant; of a workload one of its name, or in its namespace."""
    place, slash, name = text.partition("/")
    if not slash:
        known = [namespace.name for namespace in cluster.namespaces]
        named = list(dict.fromkeys(f"{w.namespace}/{w.name}" for w in cluster.workloads if w.name == text))
        if named:
            return f"did you mean `{'` or `'.join(named[:3])}`?"
        return nearest(text, known) if 0 < len(known) <= _FEW else _close(text, known)
    workloads = list(dict.fromkeys((w.namespace, w.name) for w in cluster.workloads))
    known = [f"{namespace}/{own}" for namespace, own in workloads]
    named = [f"{namespace}/{own}" for namespace, own in workloads if own == name]
    if named:
        return f"did you mean `{'` or `'.join(named[:3])}`?"
    beside = [own for namespace, own in workloads if namespace == place]
    if 0 < len(beside) <= _FEW:
        from difflib import get_close_matches

        close = get_close_matches(name, beside, n=1) or beside
        listed = ", ".join(f"`{place}/{own}`" for own in close)
        return f"did you mean {listed}?" if len(close) == 1 else f"known are {listed}"
    return nearest(text, known) if 0 < len(known) <= _FEW else _close(text, known)


_FEW = 12  # names that a hint lists


def _close(text: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(text, known, n=1)
    return f"did you mean `{close[0]}`?" if close else "write namespace/workload, a namespace, an address or a CIDR"
