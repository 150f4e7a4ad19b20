"""A box of symbols as a region: what it asks of each end and of the connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.encoding import Attribute as Symbol
from analyzer.encoding import Box, Obligation, Variable
from analyzer.encoding.classes import ANYWHERE
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.encoding.variables import ADDRESSES, NAMESPACE_LABELS, PROTOCOL_CODES
from analyzer.encoding.vocabulary import PortName
from analyzer.judging.generalise import exactly
from analyzer.judging.told_requests import told_requests
from analyzer.model.claims import Kind
from analyzer.model.formulas import Role, Same, leaves
from analyzer.model.policies import Protocol
from analyzer.model.request_view import looking_stages
from analyzer.sets import AddressSet, PortSet, ValueSet
from analyzer.sets.intervals import Intervals, contains
from analyzer.verdicts.regions import NEW_NAMESPACE, NO, NOT_PERMITTED, SOME, WHERE, YES, Attribute, Constraint, Region


def describe(obligation: Obligation, box: Box) -> Region:
    """The region a box stands for.  Variables that are not in the box are unconstrained.  A region of pods tells the
    family by their addresses: it has no connection to tell it of."""
    src = _end(obligation, box, Role.SRC)
    if obligation.scope.question.claim.kind is Kind.ISOLATED:
        return Region.of(src)
    told = (*src, *_end(obligation, box, Role.DST), *_connection(obligation, box))
    is_told = obligation.scope.question.claim.kind.is_broken_by_requests
    if any(variable.attribute is Symbol.TUNNEL_NAME for variable in box):  # by what name pods call it no region tells
        told = (*told, _of(Role.REQUEST, Attribute.REQUESTS, [SOME]))
    return Region.of((*told, *told_requests(obligation, box), *_untold_requests(obligation)) if is_told else told)


def _untold_requests(obligation: Obligation) -> Iterator[Constraint]:
    """That some request breaks the claim and nobody asked which: rules look at requests, the question does not."""
    question = obligation.scope.question
    if not question.with_requests and looking_stages(question.profile, obligation.scope.cluster):
        yield _of(Role.REQUEST, Attribute.REQUESTS, [SOME])


def _connection(obligation: Obligation, box: Box) -> Iterator[Constraint]:
    told = {v.attribute: values for v, values in box.items() if v.role is Role.CONNECTION}
    ports, family = told.get(Symbol.PORT), told.get(Symbol.FAMILY)
    protocols = _protocols(told.get(Symbol.PROTOCOL), ports)
    if len(protocols) < len(Protocol):
        yield _of(Role.CONNECTION, Attribute.PROTOCOL, protocols)
    if ports is not None and protocols != [Protocol.OTHER.value]:
        yield Constraint(Role.CONNECTION, Attribute.PORT, PortSet.of(*ports))
    if (others := told.get(Symbol.NUMBER)) is not None and Protocol.OTHER.value in protocols:
        yield Constraint(Role.CONNECTION, Attribute.OTHER, PortSet.of(*others))
    if family is not None and (pods := obligation.scope.pod_addresses).v4 and pods.v6:  # else there is no other family
        yield _of(Role.CONNECTION, Attribute.FAMILY, ["IPv6" if family == exactly(1) else "IPv4"])
    asked = told.get(Symbol.WAY, exactly(0))
    if asked != exactly(0) and asked[0][0] == asked[-1][1]:
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
    return where is not None and any(isinstance(leaf, Same) for leaf in leaves(where))


def _protocols(told: Intervals | None, ports: Intervals | None) -> list[str]:
    """Those of the box; a protocol without ports has port 0 there, and no other has."""
    found = [p for p, code in PROTOCOL_CODES.items() if told is None or contains(told, code)]
    if ports is not None:
        is_without = contains(ports, 0)
        found = [p for p in found if (is_without if p is Protocol.OTHER else ports != exactly(0))]
    return [protocol.value for protocol in found]


def _told(obligation: Obligation, box: Box, role: Role, symbol: Symbol) -> Intervals | None:
    """What the box says of it, if anything."""
    variable = obligation.variables.find(role, symbol)
    return None if variable is None else box.get(variable)


def _end(obligation: Obligation, box: Box, role: Role) -> Iterator[Constraint]:
    kind = _kind(obligation, box, role)
    yield _of(role, Attribute.KIND, ["node" if kind == HOST else kind])
    if kind == POD:
        names = _namespaces(obligation, box, role)
        if names is not None:
            yield _of(role, Attribute.NAMESPACE, names)
        yield from _namespace_labels(obligation, box, role)
    for key, values in _strings(obligation, box, role, Symbol.LABEL):
        yield Constraint(role, Attribute.LABEL, values, key)
    is_paired = obligation.scope.question.claim.kind is not Kind.ISOLATED
    if (addresses := _possible(_addresses(box, role, is_paired=is_paired), obligation, box, role)) is not None:
        yield Constraint(role, Attribute.ADDRESS, addresses)
    yield from _members(obligation, box, role)
    yield from _declared(obligation, box, role)


def _namespace_labels(obligation: Obligation, box: Box, role: Role) -> Iterator[Constraint]:
    """Of those of the namespaces that exist and of those not created yet; both alike where there is one sort only."""
    inside, later = _inside(obligation, box, role), obligation.scope.table.of(Standing.FUTURE)
    there, new = (dict(_strings(obligation, box, role, symbol)) for symbol in NAMESPACE_LABELS)
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
    chosen = _told(obligation, box, role, Symbol.MEMBER)
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
    kind, inside = _kind(obligation, box, role), _inside(obligation, box, role)
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


def _kind(obligation: Obligation, box: Box, role: Role) -> str:
    kinds = obligation.scope.reach(role).kinds
    if len(kinds) == 1:
        return next(iter(kinds))
    if _told(obligation, box, role, Symbol.IS_POD) == exactly(1):
        return POD
    return HOST if _told(obligation, box, role, Symbol.IS_NODE) == exactly(1) else EXTERNAL


def _codes(intervals: Intervals) -> frozenset[int]:
    return frozenset(c for low, high in intervals for c in range(low, high + 1))


def _inside(obligation: Obligation, box: Box, role: Role) -> frozenset[int]:
    """The codes of the namespaces that the region has."""
    reach, told = obligation.scope.reach(role).namespaces, _told(obligation, box, role, Symbol.NAMESPACE)
    return reach if told is None else _codes(told) & reach


def _namespaces(obligation: Obligation, box: Box, role: Role) -> tuple[str, ...] | None:
    scope = obligation.scope
    codes = _inside(obligation, box, role)
    if codes >= scope.table.every and len(codes) > 1:
        return None
    names = [scope.table.entries[c].name for c in sorted(codes)]
    found = [n for n in names if n is not None]
    if None in names:
        found.append(NEW_NAMESPACE)  # they are alike: which one makes no other region
    return tuple(found)


def _values(variable: Variable, intervals: Intervals) -> ValueSet:
    domain, codes = variable.domain, _codes(intervals)
    assert domain is not None
    every = frozenset(range(domain.size))
    is_told = any(code not in codes for code in map(domain.code, domain.witnesses))  # one stands for others like it
    if any(domain.is_fresh(c) for c in codes) and not is_told:
        return ~ValueSet.of(domain.value(c) for c in every - codes if not domain.is_fresh(c))
    return ValueSet.of(domain.value(c) for c in codes)


def _strings(obligation: Obligation, box: Box, role: Role, symbol: Symbol) -> tuple[tuple[str, ValueSet], ...]:
    found = obligation.variables.of(role, symbol)
    return tuple((str(v.which), _values(v, box[v])) for v in found if v in box)


def _addresses(box: Box, role: Role, *, is_paired: bool) -> AddressSet | None:
    """Of an end of a connection the family alone tells nothing: the connection does."""
    own = sorted((v for v in box if v.role is role and v.attribute in ADDRESSES), key=lambda v: not v.is_open)
    told = {v.which: box[v] for v in own}  # of the known one where there are both
    if not told and (is_paired or not any(v.attribute is Symbol.FAMILY for v in box)):
        return None
    families = next((_codes(values) for v, values in box.items() if v.attribute is Symbol.FAMILY), {0, 1})
    v4, v6 = (told.get(v, AddressSet.FULL.family(v)) if int(v == 6) in families else () for v in (4, 6))
    return AddressSet(v4, v6)


def _possible(told: AddressSet | None, obligation: Obligation, box: Box, role: Role) -> AddressSet | None:
    """Those of the addresses that such an end can have; None where that is every one that it can have."""
    scope, kind = obligation.scope, _kind(obligation, box, role)
    if told is None or kind == HOST:
        return told
    able = ~scope.taken
    if kind == POD:
        chosen, inside = _told(obligation, box, role, Symbol.MEMBER), _inside(obligation, box, role)
        codes = frozenset(range(len(obligation.classes) + 1)) if chosen is None else _codes(chosen)
        members = [c for i, c in enumerate(obligation.classes) if i + 1 in codes and c.namespace in inside]
        if any(c.host_network or c.addresses is not None for c in members):
            return told
        able = scope.pod_addresses
    found = told & able
    return None if found == able else found or told


def _declared(obligation: Obligation, box: Box, role: Role) -> Iterator[Constraint]:
    """The service account, and by which names the destination declares the connection's port."""
    for _, values in _strings(obligation, box, role, Symbol.ACCOUNT):
        yield Constraint(role, Attribute.SERVICE_ACCOUNT, values)
    for variable in obligation.variables.of(role, Symbol.PORT_NAME):
        told, wanted = box.get(variable), variable.which
        if told in (exactly(0), exactly(1)) and isinstance(wanted, PortName):
            is_policies = wanted.scope is obligation.scope.question.profile.named_port_scope
            attribute = Attribute.PORT_NAME if is_policies else Attribute.SERVICE_PORT_NAME
            key = f"{wanted.protocol.value.lower()}/{wanted.name}"
            yield Constraint(role, attribute, YES if told == exactly(1) else NO, key)
