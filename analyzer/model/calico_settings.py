"""Settings of Calico that change an answer (calico-cilium.md 1.9)."""

from __future__ import annotations

from enum import Enum

from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet


class ToHost(Enum):
    """What becomes of traffic from a pod to its own node that its egress policies let pass (1.9)."""

    DROP = "Drop"
    RETURN = "Return"
    ACCEPT = "Accept"


@dataclass(frozen=True, slots=True)
class HostPorts:
    """A protocol, a port and the addresses it is for, of a failsafe rule (1.9)."""

    protocol: int
    number: int
    addresses: AddressSet = AddressSet.FULL


@dataclass(frozen=True, slots=True)
class FelixSettings:
    """A FelixConfiguration, as far as it changes an answer; what is None stands as Felix has it.

    `node`: the one that it is for, empty for all.
    """

    node: str = ""
    to_host: ToHost | None = None
    failsafe_in: tuple[HostPorts, ...] | None = None
    failsafe_out: tuple[HostPorts, ...] | None = None
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Installation:
    """What the operator installs Calico by; `version` as its status tells it, `3.31`, empty if it does not."""

    name: str
    version: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """A KubeControllersConfiguration: whether every node gets a host endpoint for all of its interfaces (1.9)."""

    makes_host_endpoints: bool = False
    source: Source = NOWHERE
