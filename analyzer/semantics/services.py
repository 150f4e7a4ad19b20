"""Whose address a pod sees when somebody comes in through a Service or a hostPort (reference A12.6, A13.5, E3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address

from analyzer.model.endpoints import End, External, Host
from analyzer.model.formulas import AtAddress, Member, leaves
from analyzer.model.labels import NO_LABELS
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Stage
from analyzer.semantics.fold import Selected, rules_of
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.settling import Settle
from analyzer.sets import AddressSet
from analyzer.sets.addresses import TOP4, TOP6, IPAddress

CLIENT_ADDRESS, NODE_ADDRESS, OWN_NODE = "client address", "node address", "own node"
SOURCES_SEEN = (CLIENT_ADDRESS, NODE_ADDRESS, OWN_NODE)


def source_fact(stage: Stage, about: Situation) -> OpenFact | None:
    """The fact that is open when a node's address may take the place of the source's on its way to the pod; None if
    nothing does that.  Whoever takes a node's port, or a load balancer's address, is dealt with so: clients outside,
    pods and nodes alike (reference 0.2, E3)."""
    here = [disguise for disguise in stage.disguises if is_true(disguise.when, about)]
    if not here:
        return None
    whats = ", ".join(disguise.what for disguise in here)
    text = f"{whats} may put the address of a node in place of the source's"
    return OpenFact("service-source", ", ".join(disguise.id for disguise in here), text)


def node_seen(selecting: Selected, source: End, settle: Settle, places: AddressSet | None = None) -> Host:
    """A node that the client seems to come from: of its address only the family is known, and what `places` says of it,
    so every place between the borders that blocks of the policies draw has its turn."""
    text = "which address a node puts in place of the source's on the way through a Service is not known"
    ip = _address_seen(selecting, source, settle, places, ("node", text))
    assert ip is not None  # of each family there is some place
    return Host(None, NO_LABELS, ip)


def balancer_seen(selecting: Selected, source: End, settle: Settle, places: AddressSet) -> External | None:
    """A load balancer that the client seems to be; None where none is of its family."""
    text = "which address a load balancer puts in place of the source's is not known"
    ip = _address_seen(selecting, source, settle, places, ("balancer", text))
    return None if ip is None else External(ip)


def _address_seen(
    selecting: Selected, source: End, settle: Settle, places: AddressSet | None, words: tuple[str, str]
) -> IPAddress | None:
    version = source.ip.version
    kind, top = (IPv4Address, TOP4) if version == 4 else (IPv6Address, TOP6)
    ends = (leaf.ends for rule in rules_of(selecting) for leaf in leaves(rule.when) if isinstance(leaf, Member))
    blocks = (at.addresses.family(version) for at in ends if isinstance(at, AtAddress))
    borders = sorted({0} | {edge for block in blocks for low, high in block for edge in (low, high + 1)})
    if places is not None:
        borders = sorted(set(_at(borders, places.family(version), top)))
    options = tuple(str(kind(edge)) for edge in borders if edge <= top)
    fact = OpenFact("service-source", f"{words[0]} IPv{version}", words[1])
    return kind(settle(fact, options)) if options else None


def _at(borders: Sequence[int], ranges: Sequence[tuple[int, int]], top: int) -> Iterator[int]:
    """The first of the addresses from each border up to the next, where there is one."""
    for low, after in zip(borders, (*borders[1:], top + 1), strict=True):
        found = (max(low, first) for first, last in ranges if max(low, first) <= last and max(low, first) < after)
        yield from (min(addresses),) if (addresses := list(found)) else ()
