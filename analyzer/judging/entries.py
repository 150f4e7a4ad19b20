"""What some pod, or every pod, that could be created may open to workloads: who an ingress controller could be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.encoding import VIOLATION, Attribute, Question, encode
from analyzer.encoding.variables import PROTOCOL_CODES
from analyzer.judging.expose import held
from analyzer.judging.generalise import exactly
from analyzer.judging.query_session import NOT_VIOLATION, QuerySession
from analyzer.judging.setting import Setting
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.ends import pods_in, pods_of_workload
from analyzer.model.formulas import Formula, Role, either
from analyzer.model.labels import Selector
from analyzer.model.policies import PORT_PROTOCOLS, NamespacesMatching, NumberedPorts, Protocol
from analyzer.sets import ConnectionSet, PortSet
from analyzer.solving import Budget, OutOfTimeError

_ANY_POD = pods_in(NamespacesMatching(Selector.EVERYTHING))
_PORTS = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)


def open_to_pods(
    cluster: Cluster, wanted: Sequence[tuple[Workload, ConnectionSet]], setting: Setting
) -> Iterator[tuple[ConnectionSet, ConnectionSet]]:
    """For each workload, of the connections wanted: those that some pod may open, those that every pod can for certain.

    The pods are those of any namespace that are not there yet, as in universe any; the connections have ports.
    """
    if not wanted:
        return
    named: Formula = either(tuple(dict.fromkeys(pods_of_workload(w.namespace, w.name) for w, _ in wanted)))
    claim = Claim(Kind.NO, _ANY_POD, named, _PORTS)
    obligation = encode(cluster, Question(claim, (), Universe.ANY, setting.profile, setting.pod_addresses))
    budget = setting.budget
    session = QuerySession(obligation, Budget(budget.rlimit * len(wanted), budget.seconds * len(wanted)))
    its_protocol, its_port = (obligation.variables[Role.CONNECTION, it] for it in (Attribute.PROTOCOL, Attribute.PORT))
    for workload, connections in wanted:
        here = held(session, workload, Role.DST)
        allowed = certain = ConnectionSet.EMPTY
        for protocol, port in _single(connections):
            fixed = here.inside({its_protocol: exactly(PROTOCOL_CODES[protocol]), its_port: exactly(port)})
            one = ConnectionSet.on(protocol.value, PortSet.of(port))
            try:
                if not here.check(VIOLATION, fixed).is_unsat:
                    allowed |= one
                    if here.check(NOT_VIOLATION, fixed).is_unsat:
                        certain |= one
            except OutOfTimeError:  # nothing is known of it: it may be allowed
                allowed |= one
        yield allowed, certain


def _single(connections: ConnectionSet) -> Iterator[tuple[Protocol, int]]:
    for name, ports in connections.by_protocol:
        for low, high in ports:
            yield from ((Protocol(name), port) for port in range(low, high + 1))
