"""The map as a graph, for Graphviz and for Mermaid: a node for each class of ends, an edge for each pair of classes."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.reports.map_words import class_label, connections
from analyzer.reports.visible import visible
from analyzer.verdicts.connectivity import INGRESS_CONTROLLER, ConnectivityMap, IngressEdge, MapRow, end_id

_MERMAID = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "|": "#124;", ";": "#59;"}


def render_map_dot(found: ConnectivityMap) -> bytes:
    """A Graphviz digraph in UTF-8; what may be allowed but is not certain is dashed."""
    lines = ["digraph netproof {", "  rankdir=LR;", "  node [shape=box];"]
    for number in _drawn(found):
        shape = ", shape=ellipse" if found.outside >> number & 1 else ""
        label = "\\n".join(_dot(name) for name in class_label(found, number))
        lines.append(f'  n{number} [label="{label}"{shape}];')
    for src, dst, row in found.class_pairs():
        style = "" if _is_certain(row) else ", style=dashed"
        lines.append(f'  n{src} -> n{dst} [label="{_dot(connections(row))}"{style}];')
    if found.ingress:
        lines.append(f'  ingress [label="{_dot(INGRESS_CONTROLLER)}", shape=hexagon];')
    for number, edge in _ingress_classes(found):
        style = "" if _is_certain(edge) else ", style=dashed"
        lines.append(f'  ingress -> n{number} [label="{_dot(connections(edge))}"{style}];')
    return ("\n".join([*lines, "}"]) + "\n").encode("utf-8")


def render_map_mermaid(found: ConnectivityMap) -> bytes:
    """A Mermaid flowchart in UTF-8; what may be allowed but is not certain is dotted."""
    lines = ["flowchart LR"]
    for number in _drawn(found):
        left, right = ("([", "])") if found.outside >> number & 1 else ("[", "]")
        label = "<br>".join(_mermaid(name) for name in class_label(found, number))
        lines.append(f'  n{number}{left}"{label}"{right}')
    for src, dst, row in found.class_pairs():
        arrow = "-->" if _is_certain(row) else "-.->"
        lines.append(f'  n{src} {arrow}|"{_mermaid(connections(row))}"| n{dst}')
    if found.ingress:
        lines.append(f'  ingress{{{{"{_mermaid(INGRESS_CONTROLLER)}"}}}}')
    for number, edge in _ingress_classes(found):
        arrow = "-->" if _is_certain(edge) else "-.->"
        lines.append(f'  ingress {arrow}|"{_mermaid(connections(edge))}"| n{number}')
    return ("\n".join(lines) + "\n").encode("utf-8")


def _drawn(found: ConnectivityMap) -> list[int]:
    """Every class of workloads, and of other ends those with a connection."""
    used = found.workloads
    for row in found.rows:
        used |= row.src | row.dst
    return [number for number in range(len(found.classes)) if used >> number & 1]


def _ingress_classes(found: ConnectivityMap) -> Iterator[tuple[int, IngressEdge]]:
    """The class of each workload that routes lead to; an edge that several members share comes once."""
    edges = {edge.dst.id: edge for edge in found.ingress}
    for number, members in enumerate(found.classes):
        here = (edges[end_id(found.ends[i])] for i in members if end_id(found.ends[i]) in edges)
        for edge in {(edge.allowed, edge.certain): edge for edge in here}.values():
            yield number, edge


def _is_certain(row: MapRow | IngressEdge) -> bool:
    return row.certain == row.allowed


def _dot(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _mermaid(text: str) -> str:
    return "".join(_MERMAID.get(character, character) for character in visible(text))
