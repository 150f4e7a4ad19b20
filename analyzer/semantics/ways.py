"""What an engine sees of a connection that asks for a Service's address (reference A9.5, A9.6, A13.7)."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model.endpoints import Connection, External
from analyzer.model.ends import LedPort
from analyzer.model.formulas import Role, on_any
from analyzer.model.knobs import NamedPortScope, ServiceEval
from analyzer.model.leading import Way
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Stage
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics.formulas import Situation, is_member, is_true
from analyzer.sets.addresses import IPAddress

AFTER, BEFORE = "after translation", "before translation"
SERVICE_EVAL = OpenFact(
    "service-eval",
    "service-eval",
    "whether egress rules see a connection to a Service's address before or after its translation is up to the engine "
    "(knob service-eval)",
)


@dataclass(frozen=True, slots=True)
class AtService:
    """A destination as it is asked for."""

    address: IPAddress
    number: int

    def seen(self, about: Situation) -> Situation:
        """As address ranges see it."""
        return replace(about.seeing(Role.DST, External(self.address)), port=self.number)


def ways_to(stage: Stage, connection: Connection) -> tuple[AtService, ...]:
    """Every way through a Service that ends in this connection, and that the stage sees; only the one asked for, if
    one is."""
    return tuple(
        AtService(way.address, way.port.number)
        for way in stage.ways
        if _ends_in(way, connection) and _is_asked_for(way, connection)
    )


def is_service_told(port: LedPort, profile: Profile) -> bool:
    """Whether it makes a difference by which of its addresses a port is asked for."""
    is_seen = profile.enforces and profile.service_eval is not ServiceEval.POST_DNAT
    return is_seen and bool(port.addresses)


def leads_to(port: LedPort, connection: Connection) -> bool:
    """Whether the port leads to this connection; a target's name is looked up on the pod (reference A13.2)."""
    target = port.target
    if target is None or not is_member(port.members, connection.dst):
        return False
    return is_true(on_any((target,), NamedPortScope.SIDECARS), Situation.of(connection))


def _ends_in(way: Way, connection: Connection) -> bool:
    return way.address.version == connection.src.ip.version and leads_to(way.port, connection)


def _is_asked_for(way: Way, connection: Connection) -> bool:
    through = connection.through
    asked = (way.port.service, way.address, way.port.number)
    return through is None or asked == (through.service, through.address, through.number)
