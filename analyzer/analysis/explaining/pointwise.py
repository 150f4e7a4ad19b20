"""A question answered connection by connection, by the oracle alone: whatever policies ask about, for every address,
port and open fact that they tell apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from analyzer.analysis.connectivity.cells import cells
from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Node, Workload
from analyzer.model.endpoints import Connection, End, External, Host, pod_of
from analyzer.model.formulas import AtAddress, Member, OnPorts, leaves
from analyzer.model.labels import NO_LABELS
from analyzer.model.mentioned_labels import mentioned_labels
from analyzer.model.on_nodes import room_of
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Pipeline
from analyzer.model.policies import Protocol
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.model.requests import Request
from analyzer.records import dataclass
from analyzer.semantics.decision import Decision, Ruling
from analyzer.semantics.fold import Span
from analyzer.semantics.meaning import NOTHING
from analyzer.semantics.oracle import decide
from analyzer.semantics.requests import seen_by_engine
from analyzer.semantics.settling import DOES_NOT_MATCH, Settle, runs
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.sets.addresses import IPAddress
from analyzer.verdicts.explanation import Outcome, outcome_of

_AS_WRITTEN = frozenset({"account-labels", "namespace-labels"})
"""Of what is in the inventory, labels that no manifest writes are not there."""


AskedEnd = PairEnd | str
"""An end, or the name of an entity: an end that the engine runs itself and no object declares."""


@dataclass(frozen=True, slots=True)
class Found:
    """What becomes of what is asked about, on the `whole` and at each stage, and a decision that shows it.

    `passing`: of a stage that lets some of it pass for certain, a ruling that does.  `decision is None`: the two ends
    share no family of addresses, or nothing is asked about.
    """

    whole: Span
    stages: Mapping[str, Span]
    decision: Decision | None
    passing: Mapping[str, Ruling]
    open: tuple[OpenFact, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.whole.may, self.whole.must)


def decided(
    cluster: Cluster,
    profile: Profile,
    src: AskedEnd,
    dst: AskedEnd,
    asked: ConnectionSet,
    *,
    pod_addresses: AddressSet | None = None,
    request: Request | None = None,
) -> Found:
    """The connections that may be open, and those that are whatever the addresses are and the open facts come to.
    `request`: what the client asks for."""
    pipeline = pipeline_of(profile, cluster)
    numbers, blocks = _told_apart(pipeline)
    for port in dst.ports if isinstance(dst, Workload) else ():  # which policies may know by its name
        numbers[port.protocol] |= {port.number, port.number + 1}
    ranges = pod_addresses_of(cluster, pod_addresses)
    ends = [list(points(end, cluster, profile, blocks, ranges)) for end in (src, dst)]
    pairs = [(a, b) for a, b in product(*ends) if a.ip.version == b.ip.version and a != b]
    whole, stages = NOTHING, {stage.name: NOTHING for stage in pipeline.stages}
    shown: dict[Outcome, Decision] = {}
    passing: dict[str, Ruling] = {}
    open_facts: dict[OpenFact, None] = {}
    for protocol, low, high in _stretches(asked, numbers) if pairs else ():
        found: dict[tuple[bool, ...], Decision] = {}
        for a, b in pairs:
            for decision, facts in _runs(cluster, profile, _connection(a, b, protocol, low), request):
                found.setdefault(tuple(ruling.allowed for ruling in decision.stages), decision)
                open_facts |= dict.fromkeys(facts)
        here = _connections(protocol, low, high)
        by_outcome = {decision.allowed: decision for decision in reversed(found.values())}
        whole |= _span(here, by_outcome)
        for name, span in stages.items():
            rulings = [decision.at(name) for decision in found.values()]
            stages[name] = span | _span(here, {ruling.allowed for ruling in rulings})
            if all(ruling.allowed for ruling in rulings):
                passing.setdefault(name, rulings[0])
        outcome = Outcome.UNKNOWN if len(by_outcome) > 1 else Outcome.ALLOWED if True in by_outcome else Outcome.DENIED
        shown.setdefault(outcome, by_outcome[outcome is Outcome.ALLOWED])
    first = next((shown[it] for it in (Outcome.ALLOWED, Outcome.UNKNOWN, Outcome.DENIED) if it in shown), None)
    is_open = bool(whole.may) and not whole.must
    return Found(whole, stages, first, passing, tuple(open_facts) if is_open else ())


def _connection(src: End, dst: End, protocol: Protocol, number: int) -> Connection:
    is_other = protocol is Protocol.OTHER
    return Connection(src, dst, protocol, None if is_other else number, number=number if is_other else None)


def _span(here: ConnectionSet, said: Collection[bool]) -> Span:
    return Span(here if True in said else ConnectionSet.EMPTY, ConnectionSet.EMPTY if False in said else here)


def _runs(
    cluster: Cluster, profile: Profile, connection: Connection, request: Request | None
) -> Iterator[tuple[Decision, Mapping[OpenFact, str]]]:
    asked = None if request is None else seen_by_engine(request, connection.src, cluster, profile)

    def one(settle: Settle) -> Decision:
        def known(fact: OpenFact, options: tuple[str, ...]) -> str:
            return DOES_NOT_MATCH if fact.kind in _AS_WRITTEN else settle(fact, options)

        return decide(cluster, profile, connection, known, asked)

    return runs(one)


# ------------------------------------------------------------------------------------------------ points
def distinguished_addresses(pipeline: Pipeline, among: AddressSet) -> Iterator[IPAddress]:
    """One address of each sort that something in the pipeline tells apart."""
    return _samples(_told_apart(pipeline)[1], among)


def _told_apart(pipeline: Pipeline) -> tuple[dict[Protocol, set[int]], list[AddressSet]]:
    """The ports at which something changes, by protocol, and the addresses that something asks about."""
    numbers: dict[Protocol, set[int]] = {protocol: set() for protocol in Protocol}
    blocks: dict[AddressSet, None] = {}
    formulas = (f for entry in pipeline.entries for f in (entry.subject, *(rule.when for rule in entry.rules)))
    for formula in (*formulas, *(stage.applies for stage in pipeline.stages)):
        for leaf in leaves(formula):
            match leaf:
                case OnPorts(protocol, ports):
                    edges = {edge for low, high in ports for edge in (low, high + 1)}
                    for one in Protocol if protocol is None else (protocol,):
                        numbers[one] |= edges
                case Member(_, AtAddress(addresses)):
                    blocks[addresses] = None
                case _:
                    pass
    return numbers, list(blocks)


def _stretches(asked: ConnectionSet, numbers: Mapping[Protocol, set[int]]) -> Iterator[tuple[Protocol, int, int]]:
    """Each stretch of ports that nothing tells apart, from its first to its last."""
    named: list[tuple[Protocol, PortSet]] = [(Protocol(name), ports) for name, ports in asked.by_protocol]
    for protocol, ports in (*named, (Protocol.OTHER, asked.others)):
        for low, high in ports:
            starts = sorted({low, *(edge for edge in numbers[protocol] if low < edge <= high)})
            ends = (*(start - 1 for start in starts[1:]), high)
            yield from ((protocol, *stretch) for stretch in zip(starts, ends, strict=True))


def _connections(protocol: Protocol, low: int, high: int) -> ConnectionSet:
    ports = PortSet(((low, high),))
    return ConnectionSet(others=ports) if protocol is Protocol.OTHER else ConnectionSet.on(protocol.value, ports)


def points(
    end: AskedEnd, cluster: Cluster, profile: Profile, blocks: Sequence[AddressSet], ranges: AddressSet
) -> Iterator[End]:
    """The end at each of its addresses; where they are not known, at one of each sort that the blocks tell apart."""
    if isinstance(end, str):
        yield from (External(ip, end) for ip in _samples([], AddressSet.FULL))
    elif isinstance(end, AddressSet):
        yield from map(External, _samples(blocks, end))
    elif isinstance(end, Node):
        yield from (Host(end.name, end.labels, ip) for ip in end.ips or _samples(blocks, ~cluster.known_pod_addresses))
    else:
        namespace = cluster.namespace_by_name.get(end.namespace)
        its = namespace.labels if namespace is not None else NO_LABELS
        addresses = end.ips or list(_samples(blocks, _room(end, cluster, profile, ranges)))
        nodes: tuple[str | None, ...] = end.nodes or (None,)
        for sort, node in product(end.variants(mentioned_labels(profile, cluster)), nodes):
            yield from (replace(pod_of(sort, its, ip), node=node) for ip in addresses)


def _room(end: Workload, cluster: Cluster, profile: Profile, ranges: AddressSet) -> AddressSet:
    if end.host_network:
        nodes = room_of(end, cluster, profile)
        return ~cluster.known_pod_addresses if nodes is None else nodes
    return (ranges - cluster.taken_addresses) or ranges


def _samples(blocks: Sequence[AddressSet], domain: AddressSet) -> Iterator[IPAddress]:
    for cell in cells(blocks, domain).values():
        seen: set[int] = set()
        for network in cell.networks():
            if network.version not in seen:
                seen.add(network.version)
                yield network.network_address
