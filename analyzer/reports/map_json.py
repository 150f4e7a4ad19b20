"""`netproof/map/2`: the map for programs (design 5; schemas/map-2.json), as pairs of ends or as sets of classes.

One connection stands on one line, so that large maps can be compared and read as they come.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.model.cluster import Node, Workload
from analyzer.reports.admission_words import admission_json
from analyzer.reports.check_json import notice
from analyzer.reports.region_json import constraints
from analyzer.sets import ConnectionSet, PortSet
from analyzer.sets.other_protocols import EVERY
from analyzer.verdicts.connectivity import (
    INGRESS_CONTROLLER,
    ConnectivityMap,
    IngressEdge,
    MapEnd,
    MapRow,
    PortRequests,
    bit_indices,
    end_id,
)

SCHEMA = "netproof/map/2"
Json = dict[str, Any]


def render_map_json(found: ConnectivityMap, *, is_grouped: bool = False) -> bytes:
    """One JSON object in ASCII with a newline at its end; `is_grouped` gives classes instead of pairs."""
    head: list[tuple[str, Any]] = [
        ("schema", SCHEMA),
        ("form", "groups" if is_grouped else "pairs"),
        ("profile", {"name": found.profile.name, "knobs": found.profile.knobs()}),
        ("unmodelled", [_named(u.id, u.source.file, u.source.line) for u in found.unmodelled]),
        ("notices", [notice(each) for each in found.notices]),
    ]
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head]
    controller = [{"id": INGRESS_CONTROLLER, "kind": "ingress-controller"}] if found.ingress else []
    lines.append(_list("endpoints", (*map(_endpoint, found.ends), *controller)))
    lines += _groups(found) if is_grouped else [_list("connections", _pairs(found))]
    if found.ingress:
        lines.append(f'  "ingress_controllers": {json.dumps([workload.id for workload in found.controllers])}')
        lines.append(_list("ingress", map(_ingress, found.ingress)))
    if found.admissions:
        lines.append(_list("requests", map(admission_json, found.admissions)))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")


def _list(key: str, items: Iterable[Json]) -> str:
    body = ",\n".join(f"    {json.dumps(item)}" for item in items)
    return f"  {json.dumps(key)}: [\n{body}\n  ]" if body else f"  {json.dumps(key)}: []"


def _named(name: str, file: str, line: int) -> Json:
    return {"id": name, "file": file, "line": line}


def _endpoint(end: MapEnd) -> Json:
    match end:
        case Workload():
            return {
                "id": end.id,
                "kind": "pod",
                "namespace": end.namespace,
                "labels": dict(sorted(end.labels.items())),
                "host_network": end.host_network,
                "file": end.source.file,
                "line": end.source.line,
            }
        case Node():
            return {"id": end_id(end), "kind": "node"}
        case _:
            return {"id": end_id(end), "kind": "external"}


def _pairs(found: ConnectivityMap) -> Iterator[Json]:
    rows = {id(row): _connections(row) for row in found.rows}
    for src, dst, row in found.pairs():
        yield {"src": end_id(src), "dst": end_id(dst), **rows[id(row)]}


def _ingress(edge: IngressEdge) -> Json:
    routes = [
        {
            "kind": route.kind,
            "namespace": route.namespace,
            "name": route.name,
            "hosts": list(route.hosts),
            "file": route.source.file,
            "line": route.source.line,
        }
        for route in edge.routes
    ]
    return {"src": INGRESS_CONTROLLER, "dst": edge.dst.id, **_connections(edge), "routes": routes}


def _connections(row: MapRow | IngressEdge) -> Json:
    """`allowed`, and `certain` where that is less."""
    shown: Json = {"allowed": connection_set(row.allowed)}
    if isinstance(row, MapRow) and row.requests:
        shown["requests"] = port_requests(row.requests)
    if row.certain == row.allowed and row.allowed.others in (PortSet.EMPTY, EVERY):
        return shown
    return {**shown, "certain": {**connection_set(row.certain), "other": row.certain.others == EVERY}}


def port_requests(these: Iterable[PortRequests]) -> list[Json]:
    """`requests` of design 5: what gets in on these ports, one for each region."""
    return [
        {
            "protocol": "TCP",
            "ports": [list(pair) for pair in it.ports],
            "region": constraints(it.region),
            "certain": it.is_certain,
        }
        for it in these
    ]


def connection_set(connections: ConnectionSet) -> Json:
    """CONN of design 5: `other` where some protocol without ports is in the set."""
    return {
        **{name: [list(pair) for pair in ports] for name, ports in connections.by_protocol},
        "other": connections.other,
    }


# ------------------------------------------------------------------------------------------------ classes
def _groups(found: ConnectivityMap) -> list[str]:
    groups = [
        {"id": f"g{i}", "members": [end_id(found.ends[m]) for m in members]} for i, members in enumerate(found.classes)
    ]
    numbers: dict[int, int] = {}
    for row in found.rows:
        for bits in (row.src, row.dst):
            numbers.setdefault(bits, len(numbers))
    rows = [{"src": f"s{numbers[row.src]}", "dst": f"s{numbers[row.dst]}", **_connections(row)} for row in found.rows]
    sets = [_set(found, bits, number) for bits, number in numbers.items()]
    return [_list("groups", groups), _list("sets", sets), _list("group_connections", rows)]


def _set(found: ConnectivityMap, bits: int, number: int) -> Json:
    """A set of groups: those listed; where that is shorter, all groups of workloads but some, and those listed."""
    left_out = found.workloads & ~bits
    if left_out.bit_count() < (bits & found.workloads).bit_count():
        rest = bits & ~found.workloads
        return {
            "id": f"s{number}",
            "all_workload_groups_except": [f"g{i}" for i in bit_indices(left_out)],
            "groups": [f"g{i}" for i in bit_indices(rest)],
        }
    return {"id": f"s{number}", "groups": [f"g{i}" for i in bit_indices(bits)]}
