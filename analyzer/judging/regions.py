"""A box of symbols as a region: what it asks of each end and of the connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.encoding import Obligation
from analyzer.encoding.classes import ANYWHERE
from analyzer.encoding.domains import Attr
from analyzer.encoding.ends import PROTOCOL_CODES
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.rules import THROUGH
from analyzer.encoding.scope import EXTERNAL, HOST, POD, Scope
from analyzer.encoding.walk import comparisons
from analyzer.judging.generalise import Box
from analyzer.model.claims import Kind, Term
from analyzer.model.policies import Protocol
from analyzer.sets import AddressSet, PortSet, ValueSet
from analyzer.sets.intervals import Intervals, contains
from analyzer.verdicts.regions import NEW_NAMESPACE, NO, NOT_PERMITTED, WHERE, YES, Attribute, Constraint, Region, Role

_LETTERS = {Role.SRC: "s", Role.DST: "d"}


def describe(obligation: Obligation, box: Box) -> Region:
    """The region a box stands for.  Symbols that are not in the box are unconstrained."""
    src = _end(obligation, box, Role.SRC)
    if obligation.scope.question.claim.kind is Kind.ISOLATED:
        return Region.of(src)
    return Region.of((*src, *_end(obligation, box, Role.DST), *_connection(obligation, box)))


def _connection(obligation: Obligation, box: Box) -> Iterator[Constraint]:
    protocols = _protocols(box)
    if len(protocols) < len(Protocol):
        yield _of(Role.CONNECTION, Attribute.PROTOCOL, protocols)
    if "port" in box and protocols != [Protocol.OTHER.value]:
        yield Constraint(Role.CONNECTION, Attribute.PORT, PortSet.of(*box["port"]))
    if "v6" in box and (pods := obligation.scope.pod_addresses).v4 and pods.v6:  # else there is no other family
        yield _of(Role.CONNECTION, Attribute.FAMILY, ["IPv6" if box["v6"] == ((1, 1),) else "IPv4"])
    asked = box.get(THROUGH, ((0, 0),))
    if asked != ((0, 0),) and asked[0][0] == asked[-1][1]:
        way = obligation.scope.ways[asked[0][0] - 1]
        yield _of(Role.CONNECTION, Attribute.SERVICE, [way.port.service])
        yield Constraint(Role.CONNECTION, Attribute.SERVICE_ADDRESS, AddressSet.single(way.address))
        yield Constraint(Role.CONNECTION, Attribute.SERVICE_PORT, PortSet.of(way.port.number))
    if _relates_ends(obligation):
        permits = obligation.scope.question.claim.kind in (Kind.ONLY, Kind.REACHES_ONLY)
        yield _of(Role.CONNECTION, Attribute.CLAIM, [NOT_PERMITTED if permits else WHERE])


def _of(role: Role, attribute: Attribute, values: Iterable[str], key: str = "") -> Constraint:
    return Constraint(role, attribute, ValueSet.of(values), key)


def _none_of(role: Role, attribute: Attribute, values: Iterable[str]) -> Constraint:
    return Constraint(role, attribute, ~ValueSet.of(values))


def _relates_ends(obligation: Obligation) -> bool:
    """The claim compares attributes with one another, which constraints on each end by itself cannot say."""
    where = obligation.scope.question.claim.where
    return where is not None and any(isinstance(other, Term) for _, other in comparisons(where))


def _protocols(box: Box) -> list[str]:
    """Those of the box; a protocol without ports has port 0 there, and no other has."""
    names = {code: p for p, code in PROTOCOL_CODES.items()}
    codes = box.get("proto", ((0, len(names) - 1),))
    found = [names[c] for low, high in codes for c in range(low, high + 1)]
    if "port" in box:
        is_without = contains(box["port"], 0)
        found = [p for p in found if (is_without if p is Protocol.OTHER else box["port"] != ((0, 0),))]
    return [protocol.value for protocol in found]


def _end(obligation: Obligation, box: Box, role: Role) -> Iterator[Constraint]:
    scope, letter = obligation.scope, _LETTERS[role]
    kind = _kind(obligation, box, letter)
    yield _of(role, Attribute.KIND, ["node" if kind == HOST else kind])
    if kind == POD:
        names = _namespaces(obligation, box, letter)
        if names is not None:
            yield _of(role, Attribute.NAMESPACE, names)
        yield from _namespace_labels(obligation, box, role)
    for key, values in _labels(scope, box, f"{letter}.l", "pod"):
        yield Constraint(role, Attribute.LABEL, values, key)
    if (addresses := _possible(_addresses(box, letter), obligation, box, letter)) is not None:
        yield Constraint(role, Attribute.ADDRESS, addresses)
    yield from _members(obligation, box, role)
    yield from _declared(scope, box, role)


def _namespace_labels(obligation: Obligation, box: Box, role: Role) -> Iterator[Constraint]:
    """Of those of the namespaces that exist and of those not created yet; both alike where there is one sort only."""
    letter, scope = _LETTERS[role], obligation.scope
    inside, later = _inside(obligation, box, letter), scope.table.of(Standing.FUTURE)
    there, new = (dict(_labels(scope, box, f"{letter}.{prefix}", "ns")) for prefix in ("nl", "fl"))
    if not inside - later:
        there = new
    elif not inside & later:
        new = there
    for key in {**there, **new}:
        if there.get(key) == new.get(key):
            yield Constraint(role, Attribute.NAMESPACE_LABEL, there[key], key)
            continue
        if key in there:
            yield Constraint(role, Attribute.EXISTING_NAMESPACE_LABEL, there[key], key)
        if key in new:
            yield Constraint(role, Attribute.NEW_NAMESPACE_LABEL, new[key], key)


def _members(obligation: Obligation, box: Box, role: Role) -> Iterator[Constraint]:
    """Which of the declared workloads or nodes the region speaks of, or leaves out."""
    letter = _LETTERS[role]
    chosen = box.get(f"{letter}.w")
    if chosen is None:
        return
    codes = _codes(chosen)
    if 0 in codes:
        yield from _left_out(obligation, box, role, codes)
        return
    told = [obligation.classes[code - 1] for code in sorted(codes)]
    if nodes := [c.node.name for c in told if c.node is not None]:
        yield _of(role, Attribute.NODE, nodes)
    workloads = [workload.id for c in told for workload in c.members]
    workloads += [c.maker.id for c in told if c.maker is not None]
    if workloads:
        yield _of(role, Attribute.WORKLOAD, workloads)


def _left_out(obligation: Obligation, box: Box, role: Role, codes: frozenset[int]) -> Iterator[Constraint]:
    letter = _LETTERS[role]
    kind, inside = _kind(obligation, box, letter), _inside(obligation, box, letter)
    here = [
        (code, c)
        for code, c in enumerate(obligation.classes, start=1)
        if c.kind == kind and (kind == HOST or c.namespace in inside or c.namespace == ANYWHERE)
    ]
    others = [c for code, c in here if code not in codes]
    if nodes := [c.node.name for c in others if c.node is not None]:
        yield _none_of(role, Attribute.NODE, nodes)
    kept = [c for code, c in here if code in codes]
    if any(c.host_network for c in others) and not any(c.host_network for c in kept):
        yield Constraint(role, Attribute.HOST_NETWORK, NO)
        others = [c for c in others if not c.host_network]
    names = {named for c in others for named in c.named} - {named for c in kept for named in c.named}
    ids = {f"{named.namespace}/{named.name}" for named in names}
    ids |= {workload.id for c in others if not c.named & names for workload in c.members}
    if ids:
        yield _none_of(role, Attribute.WORKLOAD, ids)


def _kind(obligation: Obligation, box: Box, letter: str) -> str:
    kinds = (obligation.scope.src if letter == "s" else obligation.scope.dst).kinds
    if len(kinds) == 1:
        return next(iter(kinds))
    if box.get(f"{letter}.pod") == ((1, 1),):
        return POD
    return HOST if box.get(f"{letter}.host") == ((1, 1),) else EXTERNAL


def _codes(intervals: Intervals) -> frozenset[int]:
    return frozenset(c for low, high in intervals for c in range(low, high + 1))


def _inside(obligation: Obligation, box: Box, letter: str) -> frozenset[int]:
    """The codes of the namespaces that the region has."""
    reach = (obligation.scope.src if letter == "s" else obligation.scope.dst).namespaces
    return _codes(box[f"{letter}.ns"]) & reach if f"{letter}.ns" in box else reach


def _namespaces(obligation: Obligation, box: Box, letter: str) -> tuple[str, ...] | None:
    scope = obligation.scope
    codes = _inside(obligation, box, letter)
    if codes >= scope.table.every and len(codes) > 1:
        return None
    names = [scope.table.entries[c].name for c in sorted(codes)]
    found = [n for n in names if n is not None]
    if None in names:
        found.append(NEW_NAMESPACE)  # they are alike: which one makes no other region
    return tuple(found)


def _values(scope: Scope, attr: Attr, intervals: Intervals) -> ValueSet:
    domain = scope.domains[attr]
    codes = _codes(intervals)
    every = frozenset(range(domain.size))
    if any(domain.is_fresh(c) for c in codes):
        return ~ValueSet.of(domain.value(c) for c in every - codes if not domain.is_fresh(c))
    return ValueSet.of(domain.value(c) for c in codes)


def _labels(scope: Scope, box: Box, prefix: str, kind: str) -> tuple[tuple[str, ValueSet], ...]:
    attrs = enumerate(a for a in scope.domains if a.kind == kind)
    return tuple((a.key, _values(scope, a, box[f"{prefix}.{i}"])) for i, a in attrs if f"{prefix}.{i}" in box)


def _addresses(box: Box, letter: str) -> AddressSet | None:
    families = _codes(box["v6"]) if "v6" in box else frozenset({0, 1})
    spans = {v: [box[s] for kind in "xu" if (s := f"{letter}.{kind}{v}") in box] for v in (4, 6)}
    if not spans[4] and not spans[6]:
        return None
    v4, v6 = (
        (spans[v][0] if spans[v] else AddressSet.FULL.family(v)) if int(v == 6) in families else () for v in (4, 6)
    )
    return AddressSet(v4, v6)


def _possible(told: AddressSet | None, obligation: Obligation, box: Box, letter: str) -> AddressSet | None:
    """Those of the addresses that such an end can have; None where that is every one that it can have."""
    scope, kind = obligation.scope, _kind(obligation, box, letter)
    if told is None or kind == HOST:
        return told
    able = ~scope.taken
    if kind == POD:
        chosen = _codes(box[f"{letter}.w"]) if f"{letter}.w" in box else frozenset(range(len(obligation.classes) + 1))
        inside = _inside(obligation, box, letter)
        members = [c for i, c in enumerate(obligation.classes) if i + 1 in chosen and c.namespace in inside]
        if any(c.host_network or c.addresses is not None for c in members):
            return told
        able = scope.pod_addresses
    found = told & able
    return None if found == able else found or told


def _declared(scope: Scope, box: Box, role: Role) -> Iterator[Constraint]:
    """The service account, and by which names the destination declares the connection's port."""
    letter, account = _LETTERS[role], Attr("sa")
    if f"{letter}.sa" in box and account in scope.domains:
        yield Constraint(role, Attribute.SERVICE_ACCOUNT, _values(scope, account, box[f"{letter}.sa"]))
    if role is not Role.DST:
        return
    for i, (name, protocol, where) in enumerate(scope.port_names):
        if (value := box.get(f"d.p.{i}")) in (((0, 0),), ((1, 1),)):
            is_policies = where is scope.question.profile.named_port_scope
            attribute = Attribute.PORT_NAME if is_policies else Attribute.SERVICE_PORT_NAME
            yield Constraint(role, attribute, YES if value == ((1, 1),) else NO, f"{protocol.value.lower()}/{name}")
