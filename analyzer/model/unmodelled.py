"""Objects that the model does not hold: not modelled, or not read."""

from __future__ import annotations

import re
from enum import Enum
from zlib import crc32

from analyzer.model.policies import Direction, Protocol
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet

_SOURCE = re.compile(r"source=Source\(.*?\)")


class MayBe(Enum):
    """What an object may be of which little or nothing could be read."""

    NAMESPACED = "in a namespace that nothing else mentions"
    POLICY = "a NetworkPolicy"
    ADMIN_POLICY = "a policy of another tier"
    POD = "pods, on their node's network too"
    ADDRESS = "a pod or a node of any address"
    SERVICE = "a Service, or where one leads"
    NAMESPACE = "a namespace, with any labels"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """An object whose effect is not modelled.

    `namespace is None`: it may reach every pod.  `may_allow`, `may_deny`: it may let pass what the model drops, drop
    what the model lets pass, in these `directions` and `protocols`.  `may_isolate`: it may isolate pods in these
    directions.  `adds_pods`: it may stand for workloads the inventory lacks.  `changes_pods`: it may change declared
    pods at admission, their labels, ports, hostNetwork; `sets_host_network` if it is seen to set the latter.  `digest`
    is the same for the same content, empty if the content could not be read.  `may_be`: what it may be for all that is
    known, of an object that could not be read; empty of one that was read.  With `elsewhere_than`, a namespace, it
    stands for all that may be in other namespaces.  A Namespace bears on pods in it.  `addresses`: those of a Service,
    None where they could not be read.  `ports`: those that clients dial and that it bears on, None for any.
    `asks_requests`: it is read where a question asks about a request, as a stage
    of the mesh, and is unmodelled where none does.
    """

    kind: str
    api_version: str
    namespace: str | None
    name: str
    may_allow: bool
    may_deny: bool
    adds_pods: bool
    source: Source
    why: str = ""
    digest: str = ""
    directions: tuple[Direction, ...] = tuple(Direction)
    protocols: tuple[Protocol, ...] = tuple(Protocol)
    may_isolate: bool = False
    changes_pods: bool = False
    sets_host_network: bool = False
    may_be: frozenset[MayBe] = frozenset()
    elsewhere_than: str = ""
    addresses: AddressSet | None = None
    asks_requests: bool = False
    ports: PortSet | None = None

    def reaches(self, namespace: str | None) -> bool:
        """Whether it may bear on pods of the namespace; None stands for one that nothing mentions."""
        if self.namespace is None:
            return not self.elsewhere_than or namespace != self.elsewhere_than
        return namespace == self.namespace

    @property
    def id(self) -> str:
        """`CiliumNetworkPolicy shop/db`; a document that could not be read may have no name."""
        name = self.name or "without a name"
        if self.kind == "Namespace":
            return f"{self.kind} {name}"
        return f"{self.kind} {self.namespace}/{name}" if self.namespace and self.name else f"{self.kind} {name}"

    @property
    def content(self) -> str:
        """What tells it from another object of its name in another revision."""
        return self.digest or str(self.source)


def digest_of(fact: object) -> str:
    """What tells the fact from others, wherever it stands."""
    content = _SOURCE.sub("", repr(fact))
    return f"{crc32(content.encode('utf-8', 'surrogatepass')):08x}"


def stand_in(
    fact: object,
    about: tuple[str, str, str | None, str],
    source: Source,
    why: str,
    directions: tuple[Direction, ...],
    *,
    isolates: bool = True,
) -> Unmodelled:
    """What stands for an object of an engine's own where nothing is known of what that engine makes of it.

    `about`: kind, API version, namespace and name.  The digest is that of the fact, wherever it stands.
    """
    return Unmodelled(
        *about,
        may_allow=True,
        may_deny=True,
        adds_pods=False,
        source=source,
        why=why,
        digest=digest_of(fact),
        directions=directions,
        may_isolate=isolates,
    )
