"""Regions: sets of connections, or of pods, as constraints.  Frozen facts; nothing here computes.

A constraint asks that an attribute of one end, or of the connection, lies in a set.  A region is all that meets each of
its constraints; what it has none of is anything.  Reports turn constraints into words, a baseline into what it excuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from analyzer.model.formulas import Role
from analyzer.model.policies import Protocol
from analyzer.records import dataclass
from analyzer.sets import AddressSet, ConnectionSet, PortSet, TextSet, ValueSet, other_protocols

NEW_NAMESPACE = "<new-namespace>"
"""Stands for the name of any namespace that nothing mentions; none is called so."""
YES, NO = ValueSet.of(["true"]), ValueSet.of(["false"])
NOT_PERMITTED, WHERE = "not permitted", "where"
SOME = "some"


class Attribute(Enum):
    """What is constrained, in the order in which a region lists it.

    Sets are of values (a ValueSet), but for addresses (an AddressSet), ports and numbers (a PortSet) and what a request
    says (a TextSet).
    """

    KIND = "kind"  # of an end: `pod`, `external`, `node`
    NAMESPACE = "namespace"  # its name; NEW_NAMESPACE is any that nothing mentions
    NAMESPACE_LABEL = "namespace.labels"
    EXISTING_NAMESPACE_LABEL = "existing_namespace.labels"  # asked where the namespace exists
    NEW_NAMESPACE_LABEL = "new_namespace.labels"  # asked where it is not created yet
    LABEL = "labels"  # of a pod or a node
    SERVICE_ACCOUNT = "service_account"
    ADDRESS = "address"
    WORKLOAD = "workload"  # an id; NAMESPACE/NAME is every workload of that name, of whatever kind
    NODE = "node"  # its name; one that is not there yet has none of the names
    HOST_NETWORK = "host_network"  # YES or NO: whether the pod is on its node's network
    PORT_NAME = "port_name"  # YES or NO: whether the destination gives the connection's port this name (`tcp/http`)
    SERVICE_PORT_NAME = "service_port_name"  # the same, as Services look names up
    PROTOCOL = "protocol"
    PORT = "port"  # of those protocols that have ports
    OTHER = "other"  # of those that have none: which, and what they carry (`sets/other_protocols`)
    FAMILY = "family"  # `IPv4`, `IPv6`
    SERVICE = "service"  # the Service that the client asks for: `Service NAMESPACE/NAME`
    SERVICE_ADDRESS = "service_address"  # which of its own addresses
    SERVICE_PORT = "service_port"  # which of its own ports
    CLAIM = "claim"  # WHERE: as far as the query's `where` holds; NOT_PERMITTED: as far as it does not permit it
    TLS = "tls"  # of a request: `mtls`, `plaintext`
    HTTP = "http"  # YES or NO: whether it is HTTP
    TOKEN = "token"  # YES or NO: whether it has a valid token
    METHOD = "method"
    PATH = "path"
    HOST = "host"
    HEADER = "headers"
    PARAMETER = "parameters"
    COOKIE = "cookies"
    SNI = "sni"
    ISSUER = "token.issuer"
    SUBJECT = "token.subject"
    TOKEN_PLACE = "token.place"  # absent: in `Authorization: Bearer`
    CLAIM_OF_TOKEN = "claims"
    WORD_OF_CLAIM = "claims.words"
    IDENTITY = "identity"  # that a client shows which may show another than its own
    REMOTE_IP = "remote_ip"  # the client's address, as the proxy concludes it
    DNS = "dns"
    REQUESTS = "requests"  # SOME: some that the region does not tell, so that it excuses none


ADDRESSES = frozenset({Attribute.ADDRESS, Attribute.SERVICE_ADDRESS, Attribute.REMOTE_IP})
PORTS = frozenset({Attribute.PORT, Attribute.SERVICE_PORT})
KEYED = frozenset(
    {
        Attribute.NAMESPACE_LABEL,
        Attribute.EXISTING_NAMESPACE_LABEL,
        Attribute.NEW_NAMESPACE_LABEL,
        Attribute.LABEL,
        Attribute.PORT_NAME,
        Attribute.SERVICE_PORT_NAME,
        Attribute.HEADER,
        Attribute.PARAMETER,
        Attribute.COOKIE,
        Attribute.CLAIM_OF_TOKEN,
        Attribute.WORD_OF_CLAIM,
    }
)
"""The attributes that have a key: `labels[app]`, `port_name[tcp/http]`."""
_PLACES = {attribute: place for place, attribute in enumerate(Attribute)}
OF_CONNECTIONS = frozenset(
    it for it in Attribute if _PLACES[Attribute.PROTOCOL] <= _PLACES[it] < _PLACES[Attribute.TLS]
)
"""The attributes of connections."""
OF_REQUESTS = frozenset(it for it in Attribute if _PLACES[it] >= _PLACES[Attribute.TLS])
"""The attributes of requests; the others are of ends."""
TEXTS = OF_REQUESTS - {Attribute.TLS, Attribute.HTTP, Attribute.TOKEN, Attribute.REMOTE_IP, Attribute.REQUESTS}
"""Those that are told by patterns."""

Labels = tuple[tuple[str, ValueSet], ...]
Within = ValueSet | AddressSet | PortSet | TextSet


@dataclass(frozen=True, slots=True)
class Constraint:
    """The attribute of the role lies in `within`.  `key` is empty for an attribute that has none."""

    role: Role
    attribute: Attribute
    within: Within
    key: str = ""

    @property
    def name(self) -> str:
        """The attribute with its key: `labels[app]`."""
        return f"{self.attribute.value}[{self.key}]" if self.attribute in KEYED else self.attribute.value


Constraints = tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class EndRegion:
    """One end of a region: the constraints of its role.  What a property calls None is not constrained."""

    constraints: Constraints

    @property
    def kind(self) -> str:
        """`pod`, `external` or `node`."""
        return next(iter(_texts(_values(self.constraints, Attribute.KIND))))

    @property
    def namespaces(self) -> tuple[str, ...] | None:
        """Their names, in order; NEW_NAMESPACE goes last."""
        found = _values(self.constraints, Attribute.NAMESPACE)
        return None if found is None else tuple(sorted(_texts(found), key=lambda name: (name == NEW_NAMESPACE, name)))

    @property
    def labels(self) -> Labels:
        return _by_key(self.constraints, Attribute.LABEL)

    @property
    def namespace_labels(self) -> Labels:
        """What is asked of the namespaces that exist."""
        return _by_key(self.constraints, Attribute.NAMESPACE_LABEL, Attribute.EXISTING_NAMESPACE_LABEL)

    @property
    def new_namespace_labels(self) -> Labels:
        """What is asked of the namespaces that are not created yet."""
        return _by_key(self.constraints, Attribute.NAMESPACE_LABEL, Attribute.NEW_NAMESPACE_LABEL)

    @property
    def addresses(self) -> AddressSet | None:
        return _addresses(self.constraints, Attribute.ADDRESS)

    @property
    def service_accounts(self) -> ValueSet | None:
        return _values(self.constraints, Attribute.SERVICE_ACCOUNT)

    @property
    def workloads(self) -> ValueSet | None:
        return _values(self.constraints, Attribute.WORKLOAD)

    @property
    def nodes(self) -> ValueSet | None:
        return _values(self.constraints, Attribute.NODE)

    @property
    def host_network(self) -> bool | None:
        found = _values(self.constraints, Attribute.HOST_NETWORK)
        return None if found is None else found == YES

    @property
    def port_names(self) -> Labels:
        return _by_key(self.constraints, Attribute.PORT_NAME)

    @property
    def service_port_names(self) -> Labels:
        return _by_key(self.constraints, Attribute.SERVICE_PORT_NAME)


@dataclass(frozen=True, slots=True)
class Region:
    """A set of connections, every one of them a witness; of `is isolated`, a set of pods, which are sources.

    `constraints` are in order (`Region.of`): regions that say the same are equal.
    """

    constraints: Constraints

    @staticmethod
    def of(constraints: Iterable[Constraint]) -> Region:
        """The region of these constraints, put in order."""
        order = list(Role)

        def place(it: Constraint) -> tuple[int, int, str, str]:
            several = (
                str(it.within) if isinstance(it.within, TextSet) else ""
            )  # of one header more than one may be asked
            return order.index(it.role), _PLACES[it.attribute], it.key, several

        return Region(tuple(sorted(constraints, key=place)))

    def at(self, role: Role) -> Constraints:
        return tuple(it for it in self.constraints if it.role is role)

    @property
    def src(self) -> EndRegion:
        return EndRegion(self.at(Role.SRC))

    @property
    def dst(self) -> EndRegion | None:
        """None where a region of pods is meant."""
        found = self.at(Role.DST)
        return EndRegion(found) if found else None

    @property
    def connection(self) -> Constraints:
        return self.at(Role.CONNECTION)

    @property
    def request(self) -> Constraints:
        return self.at(Role.REQUEST)

    @property
    def is_of_untold_requests(self) -> bool:
        """It holds for some requests only, and does not tell which."""
        return any(it.attribute is Attribute.REQUESTS for it in self.request)

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Of a region of pods none."""
        if self.dst is None:
            return ()
        found = _values(self.connection, Attribute.PROTOCOL)
        return tuple(protocol for protocol in Protocol if found is None or protocol.value in found)

    @property
    def ports(self) -> PortSet | None:
        """None where no protocol of the region has ports."""
        if not set(self.protocols) - {Protocol.OTHER}:
            return None
        found = _within(self.connection, Attribute.PORT)
        assert found is None or isinstance(found, PortSet)
        return PortSet.FULL if found is None else found

    @property
    def others(self) -> PortSet:
        """Which protocols without ports the region has, by their numbers."""
        if Protocol.OTHER not in self.protocols:
            return PortSet.EMPTY
        found = _within(self.connection, Attribute.OTHER)
        assert found is None or isinstance(found, PortSet)
        return other_protocols.EVERY if found is None else found

    @property
    def connections(self) -> ConnectionSet:
        """What each pair of ends of the region opens, protocols without ports left out."""
        ports, found = self.ports, ConnectionSet.EMPTY
        for protocol in self.protocols:
            if ports is not None and protocol is not Protocol.OTHER:
                found |= ConnectionSet.on(protocol.value, ports)
        return found

    @property
    def family(self) -> str | None:
        """`IPv4` or `IPv6`."""
        return _only(self.connection, Attribute.FAMILY)

    @property
    def service(self) -> tuple[str, str, int] | None:
        """The Service that the client asks for, at which address and port of it."""
        service = _only(self.connection, Attribute.SERVICE)
        address = _addresses(self.connection, Attribute.SERVICE_ADDRESS)
        ports = _within(self.connection, Attribute.SERVICE_PORT)
        if service is None or address is None or not isinstance(ports, PortSet):
            return None
        return service, str(next(iter(address.networks())).network_address), next(iter(ports))[0]

    @property
    def claim(self) -> str | None:
        """WHERE or NOT_PERMITTED: how far the query itself narrows the region."""
        return _only(self.connection, Attribute.CLAIM)


# ------------------------------------------------------------------------------------------------ reading
def _within(constraints: Constraints, attribute: Attribute) -> Within | None:
    return next((it.within for it in constraints if it.attribute is attribute), None)


def _values(constraints: Constraints, attribute: Attribute) -> ValueSet | None:
    found = _within(constraints, attribute)
    assert found is None or isinstance(found, ValueSet)
    return found


def _addresses(constraints: Constraints, attribute: Attribute) -> AddressSet | None:
    found = _within(constraints, attribute)
    assert found is None or isinstance(found, AddressSet)
    return found


def _only(constraints: Constraints, attribute: Attribute) -> str | None:
    found = _values(constraints, attribute)
    return None if found is None else next(iter(_texts(found)), None)


def _texts(values: ValueSet | None) -> Iterator[str]:
    """The values that the set names, in order."""
    yield from sorted(value for value in (values.values if values else ()) if value is not None)


def _by_key(constraints: Constraints, *attributes: Attribute) -> Labels:
    found = ((it.key, it.within) for it in constraints if it.attribute in attributes)
    return tuple(sorted(((key, within) for key, within in found if isinstance(within, ValueSet)), key=lambda it: it[0]))
