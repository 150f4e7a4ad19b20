"""A box of symbols as a region in the words of the model."""

from __future__ import annotations

from analyzer.encoding import Obligation
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
from analyzer.sets.intervals import Intervals
from analyzer.verdicts.verdict import EndRegion, Region

NEW_NAMESPACE = "<new-namespace>"  # one that nothing mentions; no name of a namespace looks like this


def describe(obligation: Obligation, box: Box) -> Region:
    """The region a box stands for.  Symbols that are not in the box are unconstrained."""
    src = _end(obligation, box, "s")
    if obligation.scope.question.claim.kind is Kind.ISOLATED:
        return Region(src, None, (), None)
    protocols = _protocols(box)
    ports = PortSet.of(*box["port"]) if "port" in box else PortSet.FULL
    facts: tuple[str, ...] = ()
    if "v6" in box and (pods := obligation.scope.pod_addresses).v4 and pods.v6:  # else there is no other family
        facts = ("over IPv6 only" if box["v6"] == ((1, 1),) else "over IPv4 only",)
    asked = box.get(THROUGH, ((0, 0),))
    if asked != ((0, 0),) and asked[0][0] == asked[-1][1]:
        way = obligation.scope.ways[asked[0][0] - 1]
        facts = (*facts, f"asked for as {way.port.service} at {way.address}, port {way.port.number}")
    if _relates_ends(obligation):
        permits = obligation.scope.question.claim.kind in (Kind.ONLY, Kind.REACHES_ONLY)
        held = "as far as the query does not permit it" if permits else "as far as the query's `where` holds"
        facts = (*facts, held)
    return Region(src, _end(obligation, box, "d"), protocols, None if protocols == (Protocol.OTHER,) else ports, facts)


def _relates_ends(obligation: Obligation) -> bool:
    """The claim compares attributes with one another, which constraints on each end by itself cannot say."""
    where = obligation.scope.question.claim.where
    return where is not None and any(isinstance(other, Term) for _, other in comparisons(where))


def _protocols(box: Box) -> tuple[Protocol, ...]:
    names = {code: p for p, code in PROTOCOL_CODES.items()}
    if "proto" not in box:  # a constraint on ports leaves out the protocols without any
        return tuple(p for p in names.values() if "port" not in box or p is not Protocol.OTHER)
    return tuple(names[c] for low, high in box["proto"] for c in range(low, high + 1))


def _end(obligation: Obligation, box: Box, letter: str) -> EndRegion:
    scope = obligation.scope
    kind = _kind(obligation, box, letter)
    chosen = box.get(f"{letter}.w")
    member = None
    if chosen and chosen[0][0] == chosen[-1][1] and chosen[0][0] > 0:
        member = obligation.classes[chosen[0][0] - 1]
    workload = None
    if member is not None:
        workload = member.members[0].id if member.members else member.node.name if member.node else None
    inside, later = _inside(obligation, box, letter), scope.table.of(Standing.FUTURE)
    there, new = (_labels(scope, box, f"{letter}.{prefix}", "ns") for prefix in ("nl", "fl"))
    return EndRegion(
        kind="node" if kind == HOST else kind,
        namespaces=_namespaces(obligation, box, letter) if kind == POD else None,
        labels=_labels(scope, box, f"{letter}.l", "pod"),
        namespace_labels=there if inside - later else new,
        new_namespace_labels=new if inside & later else there,
        addresses=_possible(_addresses(box, letter), obligation, box, letter),
        workload=workload,
        facts=(*_likeness(obligation, box, letter), *_facts(scope, box, letter)),
    )


def _likeness(obligation: Obligation, box: Box, letter: str) -> tuple[str, ...]:
    """Which of the declared workloads the region speaks of besides the one it names, or leaves out."""
    chosen = box.get(f"{letter}.w")
    if chosen is None:
        return ()
    codes = _codes(chosen)
    if codes == {0}:
        return _left_out(obligation, box, letter)
    alike = [w.id for code in sorted(codes - {0}) for w in obligation.classes[code - 1].members][1:]
    return (f"and likewise {', '.join(alike)}",) if alike else ()


def _left_out(obligation: Obligation, box: Box, letter: str) -> tuple[str, ...]:
    kind, inside = _kind(obligation, box, letter), _inside(obligation, box, letter)
    others = [c for c in obligation.classes if c.kind == kind and (kind == HOST or c.namespace in inside)]
    if kind == HOST:
        return ("not there yet",) if others else ()
    facts = ["not on its node's network"] if any(c.host_network for c in others) else []
    named = sorted({f"{n.namespace}/{n.name}" for c in others if not c.host_network for n in c.named})
    return (*facts, *(f"not of workload {name}" for name in named))


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


def _facts(scope: Scope, box: Box, letter: str) -> tuple[str, ...]:
    facts = []
    account = Attr("sa")
    if f"{letter}.sa" in box and account in scope.domains:
        values = _values(scope, account, box[f"{letter}.sa"])
        names = ", ".join(sorted(v for v in values.values if v is not None))
        facts.append(f"service account {'not ' if values.is_complement else ''}{names}")
    if letter == "d":
        for i, (name, protocol, where) in enumerate(scope.port_names):
            if (value := box.get(f"d.p.{i}")) in (((0, 0),), ((1, 1),)):
                verb = "declares" if value == ((1, 1),) else "does not declare"
                to_whom = "" if where is scope.question.profile.named_port_scope else " to Services"
                facts.append(f"{verb} this port{to_whom} as `{name}` ({protocol.value})")
    return tuple(facts)
