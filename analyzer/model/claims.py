"""Resolved queries: what is claimed, with every name looked up.  `language` makes them; `semantics` evaluates them on
concrete connections and `encoding` turns them into terms.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from analyzer.model.endpoints import Through
from analyzer.model.formulas import Formula
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import Direction, NamedPort, NamespaceChoice, NamespaceNamed, Ports, Protocol
from analyzer.model.source import NOWHERE, Notice, Source
from analyzer.records import dataclass
from analyzer.sets import METADATA_SERVICE, AddressSet, ValueSet
from analyzer.sets.addresses import IPAddress


class Universe(Enum):
    """Which pods and namespaces can exist (design 1)."""

    ANY = "any"
    NAMESPACES = "namespaces"
    INVENTORY = "inventory"


# ------------------------------------------------------------------------------------------------ sets of ends
@dataclass(frozen=True, slots=True)
class PodsIn:
    """Pods (hostNetwork ones too) whose labels match, in namespaces so chosen."""

    namespaces: NamespaceChoice
    pods: Selector = Selector.EVERYTHING


@dataclass(frozen=True, slots=True)
class WorkloadNamed:
    """The pods of the workloads of that name, of whatever kind."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses outside the cluster that lie in the set; `text` is what the user wrote: `internet`, `ips …`.

    `are_looked_up`: what else of a cluster has one of them stands beside them."""

    addresses: AddressSet
    text: str
    are_looked_up: bool = False

    @property
    def are_spelt(self) -> bool:
        """The user spelt them, and so means the nodes and the Services too that have one of them."""
        return self.text.startswith("ips ") and not self.are_looked_up


CONVENTIONAL_DNS = PodsIn(
    NamespaceNamed("kube-system"), Selector((Requirement("k8s-app", Operator.IN, frozenset({"kube-dns"})),))
)
METADATA = Addresses(METADATA_SERVICE, "metadata-service")
"""As the question says it; which families count, the cluster says."""


@dataclass(frozen=True, slots=True)
class At:
    """Whatever has an address in the set: pods, nodes and addresses outside."""

    addresses: AddressSet


@dataclass(frozen=True, slots=True)
class Nodes:
    pass


@dataclass(frozen=True, slots=True)
class NodesThat:
    """Nodes whose name is among `names` (a node that is not there yet has none: None) and whose labels match."""

    names: ValueSet = ValueSet.ANY
    labels: Selector = Selector.EVERYTHING


@dataclass(frozen=True, slots=True)
class PodsOf:
    """Pods (hostNetwork ones too) of these service accounts."""

    accounts: ValueSet


@dataclass(frozen=True, slots=True)
class ServiceNamed:
    """What a Service leads to; which that is, the cluster says (`Behind`)."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class ApiServer:
    """The Kubernetes API server; where it is, the cluster says, or a knob, or nobody (`Unknown`)."""


@dataclass(frozen=True, slots=True)
class LedPort:
    """One port of a Service, by number and name, and what it leads to: `members`, on port `target`.

    `target is None`: the very port that is asked for, whichever it is.
    `addresses` are the Service's own, by way of which it leads there; none where they are not known.
    """

    service: str
    number: int
    name: str
    protocol: Protocol
    target: Ports | None
    members: SetExpr
    addresses: tuple[IPAddress, ...] = ()

    def is_asked(self, ports: tuple[Ports, ...]) -> bool:
        """Whether a question on these ports asks for this one, or may: a number 0 is one that nobody knows."""
        return self.target is None or any(
            entry.protocol in (None, self.protocol)
            and (
                not self.number
                or (entry.name == self.name if isinstance(entry, NamedPort) else self.number in entry.ports)
            )
            for entry in ports
        )


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a Service's ports.  As destinations these are connections: the ports that a question names
    are the Service's, and a connection is on the one that such a port leads to.  `text` is what the user wrote."""

    text: str
    ports: tuple[LedPort, ...]


@dataclass(frozen=True, slots=True)
class Domains:
    """Addresses outside the cluster that one of these names stands for, nobody knows which; a name may begin with
    `*.`, in lower case."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Ends of which nobody knows which they are: some of those in `among`.  `text` says what is not known."""

    text: str
    among: SetExpr


@dataclass(frozen=True, slots=True)
class Anything:
    """All pods, all addresses outside the cluster, all nodes."""


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[SetExpr, ...]


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[SetExpr, ...]


@dataclass(frozen=True, slots=True)
class Minus:
    base: SetExpr
    taken: SetExpr


SetExpr = (
    PodsIn
    | WorkloadNamed
    | Addresses
    | At
    | Nodes
    | NodesThat
    | PodsOf
    | Anything
    | ServiceNamed
    | ApiServer
    | Behind
    | Domains
    | Unknown
    | Either
    | Both
    | Minus
)
NOTHING: SetExpr = Either(())

DNS = Either((CONVENTIONAL_DNS,))
"""The set `dns`, as the question says it; which servers pods really ask, the cluster says."""


# ------------------------------------------------------------------------------------------------ conditions
class Role(Enum):
    SRC = "src"
    DST = "dst"
    SELF = "self"  # in an assumption: the pod it speaks of


class Attribute(Enum):
    NAMESPACE = "namespace"  # the name
    NAMESPACE_LABEL = "namespace.labels"
    LABEL = "labels"
    SERVICE_ACCOUNT = "service_account"


@dataclass(frozen=True, slots=True)
class Term:
    """An attribute of an end.  Absent for ends that are no pods and for labels not set; absent equals only absent."""

    role: Role
    attribute: Attribute
    key: str = ""


@dataclass(frozen=True, slots=True)
class Equal:
    left: Term
    right: Term | str


@dataclass(frozen=True, slots=True)
class OneOf:
    term: Term
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Has:
    term: Term


@dataclass(frozen=True, slots=True)
class OfRequest:
    """What the client asks for meets the formula, which is over REQUEST alone; `text` is how the query says it."""

    formula: Formula
    text: str = ""


@dataclass(frozen=True, slots=True)
class NotThat:
    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """The empty conjunction is true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The empty disjunction is false."""

    parts: tuple[Condition, ...]


Condition = Equal | OneOf | Has | OfRequest | NotThat | AllOf | AnyOf


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

    sources: SetExpr
    destinations: SetExpr
    ports: tuple[Ports, ...] | None = None
    port_names: tuple[PortNaming, ...] = ()
    through: Through | None = None
    requests: OfRequest | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One property.

    `ports`: the destination ports spoken of; without `on` it is all of TCP, UDP and SCTP, spelt out; NumberedPorts
    of Protocol.OTHER stands for protocols without ports.  `where` narrows the connections spoken of; in ONLY and
    REACHES_ONLY it narrows what is permitted.  `directions` is for ISOLATED only, which has no destinations.
    """

    kind: Kind
    sources: SetExpr
    destinations: SetExpr | None
    ports: tuple[Ports, ...]
    excuses: tuple[Excuse, ...] = ()
    where: Condition | None = None
    directions: tuple[Direction, ...] = ()


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
    """`assume NAME "TITLE": every MEMBERS has CONDITION`: true of every pod in MEMBERS (terms have role SELF)."""

    name: str
    title: str
    members: SetExpr
    condition: Condition
    source: Source = NOWHERE


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
