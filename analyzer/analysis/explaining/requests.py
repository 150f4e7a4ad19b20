"""What the mesh makes of a request between two ends, or of every request: the oracle asked about one connection for
each port and address that it tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial, reduce

from analyzer.analysis.connectivity.pairwise import PairEnd
from analyzer.analysis.explaining.pointwise import AskedEnd, points
from analyzer.encoding import pod_addresses as pod_addresses_of
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Connection, End, Through
from analyzer.model.formulas import (
    AtAddress,
    Attribute,
    Formula,
    Leaf,
    Member,
    Name,
    OnPorts,
    Role,
    both,
    either,
    negated,
)
from analyzer.model.memory import remembered
from analyzer.model.mesh import Mode
from analyzer.model.mesh_modes import Modes
from analyzer.model.mesh_pods import has_sidecar
from analyzer.model.mesh_stage import STAGE
from analyzer.model.mesh_tunnel import has_ztunnel
from analyzer.model.policies import Direction, Protocol
from analyzer.model.profile import Profile
from analyzer.model.requests import AS_SENT, MTLS, PLAINTEXT, Request, in_words
from analyzer.records import dataclass
from analyzer.semantics.decision import Ruling, StageVerdict
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.mesh import asked_of, request_ruling
from analyzer.semantics.settling import runs
from analyzer.semantics.some_request import TooManyRequestsError
from analyzer.sets import AddressSet, ConnectionSet, PortSet
from analyzer.sets.pieces import pieces
from analyzer.verdicts.explanation import SideExplanation

_MOST_CONNECTIONS = 2_000


def without_requests(cluster: Cluster) -> Cluster:
    """The cluster whose objects of the mesh are read as the mesh's stage: no more a doubt about connections.  What
    Sidecars and ServiceEntries say of what goes out is no boundary (istio.md 7)."""
    found = cluster.readings.get(without_requests)
    if not isinstance(found, Cluster):
        left = tuple(thing for thing in cluster.unmodelled if not thing.asks_requests)
        found = cluster if len(left) == len(cluster.unmodelled) else replace(cluster, unmodelled=left)
        cluster.readings[without_requests] = found
    return found


@dataclass(frozen=True, slots=True)
class _Answer:
    """Whether some of the connections may pass, whether all do for certain, and the ruling on the first of them that a
    proxy judges."""

    may: bool
    must: bool
    ruling: Ruling
    notes: tuple[str, ...] = ()


def as_sent(
    cluster: Cluster, profile: Profile, src: AskedEnd, dst: AskedEnd, asked: ConnectionSet, request: Request
) -> Request:
    """The request with mutual TLS where the source's proxy makes it so by itself: the destination has a proxy too, and
    no PeerAuthentication switches it off there (istio.md 3); else in plaintext."""
    if request.tls != AS_SENT:
        return request
    ends, formulas = (src, dst), (_own_proxy(cluster), _takes_mutual_tls(cluster))
    port = next(iter(asked.tcp))[0] if asked.tcp else None

    def all_are(end: Workload, formula: Formula) -> bool:
        pods = points(end, cluster, profile, (), pod_addresses_of(cluster, None))
        return all(is_true(formula, Situation(Protocol.TCP, port, {Role.SELF: pod}, cluster.nodes)) for pod in pods)

    is_mutual = all(
        isinstance(end, Workload) and all_are(end, formula) for end, formula in zip(ends, formulas, strict=True)
    )
    return replace(request, tls=MTLS if is_mutual else PLAINTEXT)


@remembered
def _own_proxy(cluster: Cluster) -> Formula:
    return either([has_sidecar(cluster.mesh, cluster), has_ztunnel(cluster.mesh)])


@remembered
def _takes_mutual_tls(cluster: Cluster) -> Formula:
    return both([_own_proxy(cluster), negated(Modes(cluster.mesh).is_in(Mode.DISABLE))])


def judged(
    cluster: Cluster,
    profile: Profile,
    src: PairEnd,
    dst: PairEnd,
    asked: ConnectionSet,
    request: Request | None,
    pod_addresses: AddressSet | None,
    through: Through | None = None,
    tls: str | None = None,
) -> SideExplanation | None:
    """What the mesh lets pass of the connections; None where it has no proxy before the destination, or the two ends
    share no address family.  `through`: the Service that the client asks for.  `tls`: of all requests those that are
    so."""
    if not isinstance(dst, Workload) or dst.host_network or not asked.tcp:
        return None
    addresses = pod_addresses_of(cluster, pod_addresses)
    pods = points(dst, cluster, profile, (), addresses)
    leaves = list(dict.fromkeys(leaf for pod in pods for leaf in asked_of(cluster, profile, pod)))
    sources, destinations = (
        list(points(end, cluster, profile, _told_apart(leaves, role), addresses))
        for end, role in ((src, Role.SRC), (dst, Role.DST))
    )
    places = _places(asked.tcp, leaves)
    pairs = [(s, d) for s in sources for d in destinations if s.ip.version == d.ip.version]
    if not pairs:
        return None
    if len(places) * len(pairs) > _MOST_CONNECTIONS:
        text = f"the mesh tells apart more than {_MOST_CONNECTIONS} connections of these"
        return SideExplanation(Direction.INGRESS, asked, asked - ConnectionSet(tcp=asked.tcp), text, stage=STAGE)
    told = [
        (ports, _answer(cluster, profile, [_connection(s, d, ports, request, through) for s, d in pairs], tls))
        for ports in places
    ]
    if all(each.ruling.verdict is StageVerdict.NONE for _, each in told):
        return None
    rest = ConnectionSet(udp=asked.udp, sctp=asked.sctp, others=asked.others)
    may, must = _tcp(p for p, each in told if each.may), _tcp(p for p, each in told if each.must)
    first = next(each for _, each in told if each.ruling.verdict is not StageVerdict.NONE)
    notes = tuple(dict.fromkeys(note for _, each in told for note in each.notes))
    return SideExplanation(
        Direction.INGRESS,
        rest | may,
        rest | must,
        first.ruling.reason,
        notes=notes,
        stage=STAGE,
        rules=first.ruling.rules,
    )


def _tcp(ports: Iterable[PortSet]) -> ConnectionSet:
    return ConnectionSet(tcp=reduce(PortSet.__or__, ports, PortSet.EMPTY))


def _connection(src: End, dst: End, ports: PortSet, request: Request | None, through: Through | None) -> Connection:
    return Connection(src, dst, Protocol.TCP, next(iter(ports))[0], through, request)


def _answer(cluster: Cluster, profile: Profile, connections: Sequence[Connection], tls: str | None) -> _Answer:
    """Over all of them, and over all that is open.  `tls`: of all requests, in this mode."""
    named = None
    if tls is not None:
        named, mode = frozenset({Attribute(Role.REQUEST, Name.TLS)}), Request(tls=tls)
        connections = [replace(connection, request=mode) for connection in connections]
    found: list[tuple[Ruling, Request | None]] = []
    facts: dict[str, None] = {}
    for connection in connections:
        try:
            for result, answers in runs(partial(request_ruling, cluster, profile, connection, named=named)):
                found.append(result)
                facts |= dict.fromkeys(fact.text for fact in answers)
        except TooManyRequestsError:
            text = "there are too many requests to tell apart"
            return _Answer(True, False, Ruling(STAGE, StageVerdict.ALLOWED, None, (), text), (text,))
    allowed = [ruling.allowed for ruling, _ in found]
    notes = list(facts) if len(set(allowed)) > 1 else []
    asked = next((it for ruling, it in found if ruling.verdict is StageVerdict.ALLOWED), None)
    of_question = connections[0].request if tls is None else None
    if of_question is not None:
        notes.append(f"asked for: {in_words(of_question)}")
        if of_question.method is not None and of_question.host is None:
            notes.append("it names no host, without which proxies refuse HTTP: --host NAME")
    elif asked is not None:
        notes.append(f"some request gets through: {in_words(asked)}")
    by_proxy = (ruling for ruling, _ in found if ruling.verdict is not StageVerdict.NONE)
    return _Answer(any(allowed), all(allowed), next(by_proxy, found[0][0]), tuple(notes))


# ------------------------------------------------------------------------------------------------ what is told apart
def _told_apart(asked: Sequence[Leaf], role: Role) -> tuple[AddressSet, ...]:
    """The sets of addresses that formulas ask whether this end is in."""
    found = (leaf.ends for leaf in asked if isinstance(leaf, Member) and leaf.role is role)
    return tuple(dict.fromkeys(ends.addresses for ends in found if isinstance(ends, AtAddress)))


def _places(ports: PortSet, asked: Sequence[Leaf]) -> list[PortSet]:
    """Parts of the ports that no formula tells apart; names are numbers of the destination's."""
    return pieces(ports, dict.fromkeys(leaf.ports for leaf in asked if isinstance(leaf, OnPorts)))
