"""What a query says of one concrete connection, or of one pod (design 2)."""

from __future__ import annotations

from analyzer.errors import InternalError
from analyzer.model.claims import (
    Claim,
    Excuse,
    Kind,
    PortNaming,
)
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.ends import Behind, LedPort, base_and_taken, led_ports_in
from analyzer.model.formulas import All, Formula, Member, Not, Role, Some, on_any
from analyzer.model.policies import Ports, Protocol
from analyzer.model.profile import Profile
from analyzer.semantics.formulas import Situation, Values, is_member, is_true
from analyzer.semantics.oracle import isolation
from analyzer.semantics.settling import Settle, first_option, runs
from analyzer.semantics.ways import is_service_told, leads_to


def holds(
    condition: Formula,
    *,
    src: End | None = None,
    dst: End | None = None,
    subject: Pod | None = None,
    request: Values | None = None,
) -> bool:
    """Whether the condition is true of these ends; `subject` is the pod an assumption speaks of, `request` what the
    client asks for, by its attributes.

    An attribute of an end that is no pod is absent.
    """
    ends = {Role.SRC: src, Role.DST: dst, Role.SELF: subject}
    return is_true(condition, Situation(Protocol.OTHER, None, ends, request=request))


# ------------------------------------------------------------------------------------------------ claims
def is_in_scope(claim: Claim, connection: Connection, profile: Profile, request: Values | None = None) -> bool:
    """Whether the claim speaks of this connection, with this request (design 2).

    `no`, `every`, `some`: from a source to a destination, on the ports, where the condition holds.  `only` and `can
    reach only`: the connections to the destinations, or from the sources, that are not among those it permits; the
    condition narrows what it permits.  None that an excuse covers.
    """
    destinations = claim.destinations
    if destinations is None:
        raise InternalError("a claim without destinations speaks of pods, not of connections")

    def is_from() -> bool:
        return is_member(claim.sources, connection.src)

    def is_to() -> bool:
        return is_reached(destinations, claim.ports, connection, claim, profile)

    def is_where() -> bool:
        return claim.where is None or holds(claim.where, src=connection.src, dst=connection.dst, request=request)

    match claim.kind:
        case Kind.ONLY:
            is_spoken_of = is_to() and not (is_from() and is_where())
        case Kind.REACHES_ONLY:
            is_asked = on_ports(claim.ports, connection, profile)
            is_spoken_of = is_asked and is_from() and not (is_to() and is_where())
        case _:
            is_spoken_of = is_from() and is_to() and is_where()
    return is_spoken_of and not any(
        is_member(excuse.sources, connection.src)
        and _is_excused_at(excuse, connection, claim, profile)
        and all(_is_called(naming, connection, profile) is naming.is_given for naming in excuse.port_names)
        and (excuse.requests is None or holds(excuse.requests, request=request))
        for excuse in claim.excuses
    )


def _is_excused_at(excuse: Excuse, connection: Connection, claim: Claim, profile: Profile) -> bool:
    """Whether it goes to the excuse's destinations, on its ports, asking for its Service if it has one."""
    if excuse.through is None:
        return is_reached(excuse.destinations, excuse.ports, connection, claim, profile)
    is_asked = excuse.ports is None or on_ports(excuse.ports, connection, profile)
    return connection.through == excuse.through and is_asked and is_member(excuse.destinations, connection.dst)


def _is_called(naming: PortNaming, connection: Connection, profile: Profile) -> bool:
    """Whether the destination pod gives the connection's port the name, for its protocol."""
    return is_true(on_any((naming.port,), naming.scope or profile.named_port_scope), Situation.of(connection))


def on_ports(ports: tuple[Ports, ...], connection: Connection, profile: Profile) -> bool:
    """Whether the connection is on one of a query's ports; names are looked up on the destination pod (reference A7).

    An entry of Protocol.OTHER stands for all protocols without ports.
    """
    return is_true(on_any(ports, profile.named_port_scope), Situation.of(connection))


def is_reached(
    destinations: Formula, ports: tuple[Ports, ...] | None, connection: Connection, claim: Claim, profile: Profile
) -> bool:
    """Whether the connection goes to one of the destinations, on one of the ports; `ports is None`: on whichever.

    The ports of what stands behind a Service are the Service's.  Whether something *is* reached by way of a Service's
    address shows only in a connection that asks for it, where that makes a difference to the engine.
    """

    def reached(members: Formula) -> bool:
        return is_reached(members, ports, connection, claim, profile)

    match destinations:
        case Member(_, Behind(_, led)):
            return any(_is_led(port, ports, connection, claim, profile) for port in led)
        case Some(parts) if any(led_ports_in(destinations)):
            return any(map(reached, parts))
        case All() | Not() if any(led_ports_in(destinations)):
            base, taken = base_and_taken(destinations)
            parts = base.parts if isinstance(base, All) and base.parts else (base,)
            return all(map(reached, parts)) and not (taken is not None and reached(taken))
        case _:
            is_asked = ports is None or on_ports(ports, connection, profile)
            return connection.through is None and is_asked and is_member(destinations, connection.dst)


def _is_led(
    port: LedPort, ports: tuple[Ports, ...] | None, connection: Connection, claim: Claim, profile: Profile
) -> bool:
    through = connection.through
    if port.target is None:
        is_asked = ports is None or on_ports(ports, connection, profile)
        return through is None and is_asked and is_member(port.members, connection.dst)
    if (ports is not None and not port.is_asked(ports)) or not leads_to(port, connection):
        return False
    if claim.kind in (Kind.EVERY, Kind.SOME) and is_service_told(port, profile):
        return (
            through is not None
            and (through.service, through.number) == (port.service, port.number)
            and through.address in port.addresses
        )
    return through is None


def violates(claim: Claim, connection: Connection, allowed: bool, profile: Profile) -> bool:
    """Whether the connection, being allowed or not, speaks against the claim.

    For `no`, `only`, `can reach only` and `every` one such connection refutes it.  `some` is refuted when every
    connection in scope speaks against it, and satisfied by one that is in scope and allowed.  The other kinds do not
    hang on what is allowed: InternalError.
    """
    if claim.kind in (Kind.ISOLATED, Kind.NEVER_TIE):
        raise InternalError(f"what is allowed says nothing of a claim of kind `{claim.kind.value}`")
    is_wanted = claim.kind in (Kind.EVERY, Kind.SOME)
    return allowed is not is_wanted and is_in_scope(claim, connection, profile)


def is_pod_in_scope(claim: Claim, pod: Pod) -> bool:
    """Whether an `is isolated` claim speaks of this pod; its condition may call the pod `src`."""
    return is_member(claim.sources, pod) and (claim.where is None or holds(claim.where, src=pod, subject=pod))


def violates_isolation(
    claim: Claim, pod: Pod, cluster: Cluster, profile: Profile, settle: Settle = first_option
) -> bool:
    """Whether the pod refutes an `is isolated` claim: in scope, and not isolated in one of the directions."""
    return is_pod_in_scope(claim, pod) and any(
        isolation(cluster, profile, pod, direction, settle).allowed for direction in claim.directions
    )


def isolation_outcomes(claim: Claim, pod: Pod, cluster: Cluster, profile: Profile) -> frozenset[bool]:
    """Whether the pod refutes an `is isolated` claim, in some way of settling the open facts or another."""
    found = runs(lambda settle: violates_isolation(claim, pod, cluster, profile, settle))
    return frozenset(is_violated for is_violated, _ in found)
