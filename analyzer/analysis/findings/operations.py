"""What is done to the text of a policy; `text_edits` turns each into lines."""

from __future__ import annotations

from analyzer.model.labels import Selector
from analyzer.model.policies import AddressPeer, Direction, Peer, Ports
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class DropDash:
    """The peer at `peer` becomes part of the one before it."""

    direction: Direction
    rule: int
    peer: int


@dataclass(frozen=True, slots=True)
class ReplacePeer:
    """`only`: the field of the peer that changes, where the others stay as they are written."""

    direction: Direction
    rule: int
    peer: int
    by: Peer
    only: str = ""


@dataclass(frozen=True, slots=True)
class AddPeer:
    """A peer more, behind those that the rule has."""

    direction: Direction
    rule: int
    by: Peer


@dataclass(frozen=True, slots=True)
class RemovePeer:
    direction: Direction
    rule: int
    peer: int


@dataclass(frozen=True, slots=True)
class RemoveRule:
    direction: Direction
    rule: int


@dataclass(frozen=True, slots=True)
class MovePeers:
    """The peers at these places go into a rule of their own, behind those that there are, with the same ports."""

    direction: Direction
    rule: int
    peers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MovePorts:
    """The ports at these places go into a rule of their own, behind those that there are, with the same peers."""

    direction: Direction
    rule: int
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SetPeers:
    """All peers of a rule, whether it has some or not."""

    direction: Direction
    rule: int
    peers: tuple[Peer, ...]


@dataclass(frozen=True, slots=True)
class AddExcepts:
    """Networks more that a block leaves out; `by` is the block as it is then."""

    direction: Direction
    rule: int
    peer: int
    networks: tuple[str, ...]
    by: AddressPeer


@dataclass(frozen=True, slots=True)
class SetPorts:
    """The ports of a rule, whether it has some or not."""

    direction: Direction
    rule: int
    ports: tuple[Ports, ...]


@dataclass(frozen=True, slots=True)
class SetSubject:
    """The policy's `podSelector`."""

    pods: Selector


@dataclass(frozen=True, slots=True)
class AddRule:
    """A rule of a direction, behind those that there are; `peers`, `ports` as of a Rule."""

    direction: Direction
    peers: tuple[Peer, ...] | None
    ports: tuple[Ports, ...] | None


@dataclass(frozen=True, slots=True)
class AddType:
    """The direction among the `policyTypes`; `types` are those that the policy has by then."""

    direction: Direction
    types: tuple[Direction, ...]


Operation = (
    DropDash
    | ReplacePeer
    | AddPeer
    | RemovePeer
    | RemoveRule
    | MovePeers
    | MovePorts
    | SetPeers
    | AddExcepts
    | SetPorts
    | SetSubject
    | AddRule
    | AddType
)
