"""What the HTML page of the map is made from: the map and its grounds as JSON, every name made visible."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import reduce
from itertools import groupby
from operator import and_, or_
from typing import Any

from analyzer.model.cluster import Node, Route, Workload
from analyzer.model.policies import Action, RuleRef
from analyzer.reports import admission_words, words
from analyzer.reports.map_json import connection_set
from analyzer.reports.map_words import address_words, addresses_of, requests
from analyzer.reports.visible import visible
from analyzer.sets import ConnectionSet
from analyzer.verdicts.connectivity import (
    INGRESS_CONTROLLER,
    AddressRange,
    ConnectivityMap,
    IngressEdge,
    MapEnd,
    MapRow,
    bit_indices,
    end_id,
)
from analyzer.verdicts.grounds import Ground

Json = dict[str, Any]

_WORDS = {Action.ACCEPT: "allows", Action.DENY: "denies", Action.PASS: "passes on"}
NO_LABELS = -1


def page_data(found: ConnectivityMap) -> Json:
    """The data that `page/model.js` reads.

    `classes` hold `[name, number of labels]` for each end; `sets` are sets of classes as `[low, high, low, high, …]`;
    `rows` are `[src set, dst set, allowed, certain]`, with which `requests` get in where not all do, and `grounds` name
    `rules`, all by number.  `routes` are what
    Ingresses and Gateway API routes lead to; the ingress controller is then the last class.
    """
    numbers = _Numbers()
    groups: dict[tuple[str, str], int] = {}
    classes = []
    for number, members in enumerate(found.classes):
        group = _group(found.ends[members[0]])
        ends = [_addresses(found, number)] if group[0] == "outside" else [numbers.end(found.ends[i]) for i in members]
        classes.append({"group": groups.setdefault(group, len(groups)), "ends": ends})
    rows = [
        [
            numbers.set(row.src),
            numbers.set(row.dst),
            numbers.conn(row.allowed),
            numbers.conn(row.certain),
            *([numbers.asked(row)] if row.requests else []),
        ]
        for row in found.rows
    ]
    if found.ingress:
        rows += _ingress_rows(found, numbers)
        controller = groups.setdefault(("ingress", "ingress controller"), len(groups))
        classes.append({"group": controller, "ends": [[INGRESS_CONTROLLER, NO_LABELS]]})
    grounds = [numbers.ground(ground) for ground in found.grounds]
    routes = [_route(edge, route, numbers) for edge in found.ingress for route in edge.routes]
    return {
        "summary": _summary(found),
        "notes": list(map(visible, _notes(found))),
        "groups": [{"kind": kind, "name": visible(name)} for kind, name in groups],
        "classes": classes,
        "routes": routes,
        "labels": [{visible(k): visible(v) for k, v in sorted(labels)} for labels in numbers.labels],
        "sets": [_ranges(bits) for bits in numbers.sets],
        "connections": [connection_set(connections) for connections in numbers.connections],
        "rows": rows,
        "requests": list(map(visible, numbers.requests)),
        "rules": [_rule(ref) for ref in numbers.rules.values()],
        "grounds": grounds,
    }


class _Numbers:
    """Numbers for what is said more than once, in the order in which it first comes."""

    def __init__(self) -> None:
        self.labels: dict[frozenset[tuple[str, str]], int] = {}
        self.sets: dict[int, int] = {}
        self.connections: dict[ConnectionSet, int] = {}
        self.requests: dict[str, int] = {}
        self.rules: dict[Hashable, RuleRef] = {}
        self._places: dict[Hashable, int] = {}

    def end(self, end: MapEnd) -> list[object]:
        if isinstance(end, Workload):
            labels = self.labels.setdefault(frozenset(end.labels.items()), len(self.labels))
            return [visible(f"{end.name}[{end.kind}]"), labels]
        return [visible(end.name if isinstance(end, Node) else end.id), NO_LABELS]

    def set(self, bits: int) -> int:
        return self.sets.setdefault(bits, len(self.sets))

    def conn(self, connections: ConnectionSet) -> int:
        return self.connections.setdefault(connections, len(self.connections))

    def asked(self, row: MapRow) -> int:
        return self.requests.setdefault(requests(row), len(self.requests))

    def rule(self, ref: RuleRef) -> int:
        key = id(ref.policy), ref.direction, id(ref.rule)
        self.rules.setdefault(key, ref)
        return self._places.setdefault(key, len(self._places))

    def ground(self, ground: Ground) -> Json:
        return {
            "direction": ground.direction.value,
            "near": self.set(ground.near),
            "far": self.set(ground.far),
            "rules": [[self.rule(it.ref), _WORDS[it.action], self.conn(it.connections)] for it in ground.rules],
            "reason": ground.reason,
        }


def _group(end: MapEnd) -> tuple[str, str]:
    match end:
        case Workload():
            return "namespace", end.namespace
        case Node():
            return "nodes", "nodes"
        case AddressRange():
            return "outside", "outside the cluster"


def _addresses(found: ConnectivityMap, number: int) -> list[object]:
    """A class of addresses as one end: its ranges say little one by one."""
    return [", ".join(address_words(addresses_of(found, 1 << number), addresses_of(found, found.outside))), NO_LABELS]


def _ingress_rows(found: ConnectivityMap, numbers: _Numbers) -> Iterable[list[int]]:
    """From the ingress controller, the last class, to each class with a workload that some route leads to."""
    edges = {edge.dst.id: edge for edge in found.ingress}
    src = numbers.set(1 << len(found.classes))
    for number, members in enumerate(found.classes):
        here = [edges[end_id(found.ends[i])] for i in members if end_id(found.ends[i]) in edges]
        if here:
            allowed = reduce(or_, (edge.allowed for edge in here))
            certain = reduce(and_, (edge.certain for edge in here))
            yield [src, numbers.set(1 << number), numbers.conn(allowed), numbers.conn(certain)]


def _route(edge: IngressEdge, route: Route, numbers: _Numbers) -> Json:
    hosts = f" for {words.listed(route.hosts)}" if route.hosts else ""
    return {
        "to": visible(edge.dst.id),
        "connections": numbers.conn(edge.allowed),
        "name": visible(f"{route.id}{hosts}"),
        "file": visible(route.source.file),
        "line": route.source.line,
    }


def _ranges(bits: int) -> list[int]:
    """The bits that are set, as first and last of each run."""
    found: list[int] = []
    for _, run in groupby(enumerate(bit_indices(bits)), key=lambda pair: pair[1] - pair[0]):
        listed = [index for _, index in run]
        found += [listed[0], listed[-1]]
    return found


def _rule(ref: RuleRef) -> Json:
    policy = ref.policy
    name = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    label = "" if ref.rule is None else f"{ref.rule.index + 1}" + (f" `{ref.rule.name}`" if ref.rule.name else "")
    return {
        "kind": policy.kind,
        "name": visible(name),
        "direction": ref.direction.value,
        "rule": visible(label),
        "file": visible(ref.source.file),
        "line": ref.source.line,
    }


def _summary(found: ConnectivityMap) -> str:
    ends = [found.ends[members[0]] for members in found.classes]
    namespaces = {end.namespace for end in ends if isinstance(end, Workload)}
    workloads = sum(len(found.classes[i]) for i in bit_indices(found.workloads))
    counts = f"{words.plural(workloads, 'workload')} in {words.plural(len(namespaces), 'namespace')}"
    return f"{counts}, profile {found.profile.name}"


def _notes(found: ConnectivityMap) -> Iterable[str]:
    knobs = ", ".join(f"{knob}={value}" for knob, value in found.profile.telling_knobs().items())
    yield f"profile {found.profile.name} ({knobs})"
    yield "the workloads of these manifests, each to all others but itself; pods created later are not covered"
    yield "a connection is its opening; the ports are those of pods, after Services; a pod's own node always reaches it"
    yield from (f"not modelled: {thing.id} ({thing.source})" for thing in found.unmodelled)
    yield from (f"{notice.message} ({notice.source})" for notice in found.notices)
    for line, workloads in admission_words.by_line(found.admissions).items():
        yield f"requests that proxies of the mesh let in: {line} → {', '.join(workloads)}"
