"""Resolved queries: what is claimed, with every name looked up.  `language` makes them; their sets and conditions are
formulas, as those of rules are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from enum import Enum

from analyzer.model.endpoints import Through
from analyzer.model.ends import leaves_of
from analyzer.model.formulas import (
    ANY_PODS,
    Attribute,
    Formula,
    Leaf,
    Name,
    Same,
    Test,
    both,
    either,
    is_a,
    leaves_once,
    negated,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.policies import Direction, NamedPort, Ports
from analyzer.model.source import NOWHERE, Notice, Source
from analyzer.records import dataclass


class Universe(Enum):
    """Which pods and namespaces can exist (design 1)."""

    ANY = "any"
    NAMESPACES = "namespaces"
    INVENTORY = "inventory"


# ------------------------------------------------------------------------------------------------ conditions
def is_one_of(attribute: Attribute, values: frozenset[str]) -> Formula:
    """The attribute of a pod is one of these; what else an end can be has none, whatever labels a node has."""
    return _of_pod(Test(attribute, values))


def is_there(attribute: Attribute) -> Formula:
    return _of_pod(Test(attribute))


def is_equal(left: Attribute, right: Attribute | str) -> Formula:
    """Absent equals only absent."""
    if isinstance(right, str):
        return is_one_of(left, frozenset({right}))
    same = Same(left, right)
    if Name.LABEL not in (left.name, right.name):
        return same
    there = is_there(left), is_there(right)
    return either([both([*there, same]), both(map(negated, there))])


def _of_pod(test: Test) -> Formula:
    if test.attribute.name is not Name.LABEL:
        return test  # nodes have no other
    return both([is_a(test.attribute.role, ANY_PODS), test])


# ------------------------------------------------------------------------------------------------ claims
class Kind(Enum):
    NO = "no"  # no S can reach D
    EVERY = "every"  # every S can reach D (every one of D, on all of the ports)
    SOME = "some"  # some S can reach D
    ONLY = "only"  # only S can reach D
    REACHES_ONLY = "can reach only"  # S can reach only D
    ISOLATED = "is isolated"  # every S is isolated for …
    NO_NEW = "no newly"  # no S can newly reach D: nothing that the older of two revisions denies
    NEVER_TIE = "policies never tie"  # no two policies of equal priority do different things to a connection

    @property
    def is_broken_by_requests(self) -> bool:
        """Each request that gets through breaks it by itself, so that its regions tell which do.

        A claim of reach is broken where none gets through, whatever the client asks for.
        """
        return self in (Kind.NO, Kind.ONLY, Kind.REACHES_ONLY, Kind.NO_NEW)


@dataclass(frozen=True, slots=True)
class PortNaming:
    """Whether the destination pod gives the connection's port the name, for the protocol (which is not None).

    `scope`: the containers that are looked at; None: those that the profile looks at.
    """

    port: NamedPort
    is_given: bool
    scope: NamedPortScope | None = None


@dataclass(frozen=True, slots=True)
class Excuse:
    """`except S can reach D [on PORTS]`: connections the claim does not speak of.  `ports is None`: all of them.

    A region of a baseline may ask more: by which names the destination calls the connection's port, and for which
    Service the client asks; the destinations are then what that leads to, and the ports their own.  `requests`: what
    is asked of the request, too.
    """

    sources: Formula
    destinations: Formula
    ports: tuple[Ports, ...] | None = None
    port_names: tuple[PortNaming, ...] = ()
    through: Through | None = None
    requests: Formula | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One property.

    `ports`: the destination ports spoken of; without `on` it is all of TCP, UDP and SCTP, spelt out; NumberedPorts
    of Protocol.OTHER stands for protocols without ports.  `where` narrows the connections spoken of; in ONLY and
    REACHES_ONLY it narrows what is permitted.  `directions` is for ISOLATED only, which has no destinations.
    """

    kind: Kind
    sources: Formula
    destinations: Formula | None
    ports: tuple[Ports, ...]
    excuses: tuple[Excuse, ...] = ()
    where: Formula | None = None
    directions: tuple[Direction, ...] = ()

    @property
    def sets(self) -> Iterator[Formula]:
        """Every set of ends, the excuses' included."""
        yield self.sources
        if self.destinations is not None:
            yield self.destinations
        for excuse in self.excuses:
            yield from (excuse.sources, excuse.destinations)

    def with_sets(self, source: Callable[[Formula], Formula], destination: Callable[[Formula], Formula]) -> Claim:
        """The claim with other sets in their places; itself where they are the same."""
        excuses = (
            replace(e, sources=source(e.sources), destinations=destination(e.destinations)) for e in self.excuses
        )
        far = None if self.destinations is None else destination(self.destinations)
        found = replace(self, sources=source(self.sources), destinations=far, excuses=tuple(excuses))
        return self if found == self else found


class Severity(Enum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Query:
    """A claim with its name and its metadata.  `text` is the claim as written, on one line."""

    id: str
    title: str
    claim: Claim
    text: str
    severity: Severity = Severity.MEDIUM
    controls: tuple[str, ...] = ()
    description: str = ""
    remediation: str = ""
    universe: Universe | None = None
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Assumption:
    """`assume NAME "TITLE": every MEMBERS has CONDITION`: true of every pod in MEMBERS (it speaks of SELF)."""

    name: str
    title: str
    members: Formula
    condition: Formula
    source: Source = NOWHERE


def asked_by(claim: Claim, assumptions: Iterable[Assumption]) -> Iterator[Leaf]:
    """What their sets and conditions are made of."""
    assumed = tuple(assumptions)
    for members in (*claim.sets, *(assumption.members for assumption in assumed)):
        yield from leaves_of(members)
    conditions = (claim.where, *(excuse.requests for excuse in claim.excuses))
    asked = [condition for condition in conditions if condition is not None]
    yield from leaves_once([*asked, *(assumption.condition for assumption in assumed)])


@dataclass(frozen=True, slots=True)
class Pack:
    """The resolved content of one query file.  `parameters` holds each with the value in force; `shows` and
    `does_not_show` say, a sentence each, what answers to the pack are evidence of and what they are not.  `text` is
    the file as it was read."""

    name: str
    title: str
    queries: tuple[Query, ...]
    assumptions: tuple[Assumption, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()
    source: Source = NOWHERE
    description: str = ""
    shows: tuple[str, ...] = ()
    does_not_show: tuple[str, ...] = ()
    text: str = field(default="", compare=False, repr=False)
