"""Sets of ends, as formulas over SELF: what queries, Services and packs of regions speak of (design 2).

What a query calls by a name of its own, as `dns` or a Service, is a `Word`, until a cluster says what it stands for
(`judging/bound.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.formulas import (
    ANY_PODS,
    FALSE,
    TRUE,
    All,
    AtAddress,
    Attribute,
    EndKind,
    Formula,
    Leaf,
    Member,
    Name,
    Not,
    OfKind,
    OfNode,
    OfWorkload,
    Role,
    Some,
    Test,
    Word,
    both,
    either,
    in_namespaces,
    is_a,
    labels,
    leaves,
    negated,
)
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import NamedPort, NamespaceChoice, NamespaceNamed, NamespacesMatching, Ports, Protocol
from analyzer.records import dataclass
from analyzer.sets import METADATA_SERVICE, AddressSet, ValueSet
from analyzer.sets.addresses import IPAddress


# ------------------------------------------------------------------------------------------------ words
@dataclass(frozen=True, slots=True)
class DnsServers(Word):
    """The set `dns`: the servers that pods ask for names."""


@dataclass(frozen=True, slots=True)
class ServiceNamed(Word):
    """What a Service leads to."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class ApiServer(Word):
    """The Kubernetes API server; where it is, the cluster says, or a knob, or nobody (`Unknown`)."""


@dataclass(frozen=True, slots=True)
class Spelt(Word):
    """`ips …`: addresses outside the cluster, and the nodes and the Services too that have one of them."""

    addresses: AddressSet
    text: str


@dataclass(frozen=True, slots=True)
class Domains(Word):
    """Addresses outside the cluster that one of these names stands for, nobody knows which; a name may begin with
    `*.`, in lower case."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown(Word):
    """Ends of which nobody knows which they are: some of those in `among`.  `text` says what is not known."""

    text: str
    among: Formula


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
    members: Formula
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
class Behind(Word):
    """What stands behind a Service's ports.  As destinations these are connections: the ports that a question names
    are the Service's, and a connection is on the one that such a port leads to.  `text` is what the user wrote."""

    text: str
    ports: tuple[LedPort, ...]


def meant(word: Word) -> Member:
    return Member(Role.SELF, word)


# ------------------------------------------------------------------------------------------------ sets
ANYTHING: Formula = TRUE
"""All pods, all addresses outside the cluster, all nodes."""
NOTHING: Formula = FALSE
OUTSIDE: Formula = is_a(Role.SELF, frozenset({EndKind.OUTSIDE}))
NODES: Formula = is_a(Role.SELF, frozenset({EndKind.NODE}))
DNS = meant(DnsServers())


def pods_in(namespaces: NamespaceChoice, pods: Selector = Selector.EVERYTHING) -> Formula:
    """Pods (hostNetwork ones too) whose labels match, in namespaces so chosen."""
    return both([is_a(Role.SELF, ANY_PODS), in_namespaces(namespaces, Role.SELF), labels(pods, Role.SELF)])


def pods_of_workload(namespace: str, name: str) -> Formula:
    """The pods of the workloads of that name, of whatever kind."""
    return Member(Role.SELF, OfWorkload(namespace, name))


def pods_of(accounts: ValueSet) -> Formula:
    """Pods (hostNetwork ones too) of these service accounts."""
    return both([is_a(Role.SELF, ANY_PODS), has_one_of(Attribute(Role.SELF, Name.SERVICE_ACCOUNT), accounts)])


def nodes_that(names: ValueSet = ValueSet.ANY, its: Selector = Selector.EVERYTHING) -> Formula:
    """Nodes whose name is among `names` (a node that is not there yet has none: None) and whose labels match."""
    named = TRUE if names == ValueSet.ANY else Member(Role.SELF, OfNode(names))
    return both([NODES, named, labels(its, Role.SELF)])


def external(addresses: AddressSet, text: str = "") -> Formula:
    """Addresses outside the cluster that lie in the set; `text` is what the user wrote: `internet`, `ips …`."""
    return both([OUTSIDE, with_address(addresses, text)])


def with_address(addresses: AddressSet, text: str = "") -> Member:
    """Whatever has an address in the set: pods, nodes and addresses outside."""
    return Member(Role.SELF, AtAddress(addresses, text))


def without(base: Formula, taken: Formula) -> Formula:
    return both([base, negated(taken)])


def has_one_of(attribute: Attribute, values: ValueSet) -> Formula:
    """The attribute has one of the values; None among them is its absence."""
    named = frozenset(value for value in values.values if value is not None)
    absent = [Not(Test(attribute))] if None in values.values else []
    listed = either([*([Test(attribute, named)] if named else []), *absent])
    return negated(listed) if values.is_complement else listed


EXTERNAL = external(AddressSet.FULL, "external")
METADATA_ADDRESSES = with_address(METADATA_SERVICE, "metadata-service")
METADATA = both([OUTSIDE, METADATA_ADDRESSES])
"""As the question says it; which families count, the cluster says."""
CONVENTIONAL_DNS = pods_in(
    NamespaceNamed("kube-system"), Selector((Requirement("k8s-app", Operator.IN, frozenset({"kube-dns"})),))
)


# ------------------------------------------------------------------------------------------------ read back
def leaves_of(members: Formula) -> Iterator[Leaf]:
    """What a set is made of, and what stands behind its Services in their place."""
    for leaf in leaves(members):
        if isinstance(leaf, Member) and isinstance(leaf.ends, Behind):
            for port in leaf.ends.ports:
                yield from leaves_of(port.members)
        else:
            yield leaf


def led_ports_in(members: Formula) -> Iterator[LedPort]:
    """The ports of Services that a set stands for."""
    for leaf in leaves(members):
        if isinstance(leaf, Member) and isinstance(leaf.ends, Behind):
            yield from leaf.ends.ports


def parts_of(members: Formula) -> tuple[Formula, ...]:
    """The sets that it is the union of."""
    return members.parts if isinstance(members, Some) else (members,)


def can_be_pods(members: Formula, *, spelt: bool = False) -> bool:
    """False if no pod can be in the set, whatever the cluster: addresses outside and nodes are no pods.  `spelt`: what
    of addresses that are spelt out; as destinations they may be a Service's, and so lead to pods."""
    match members:
        case Some(parts):
            return any(can_be_pods(part, spelt=spelt) for part in parts)
        case All(parts):
            return all(can_be_pods(part, spelt=spelt) for part in parts)
        case Member(_, OfKind(kinds)):
            return not kinds.isdisjoint(ANY_PODS)
        case Member(_, Spelt()):
            return spelt
        case Member(_, Domains()):
            return False
        case _:
            return True


def base_and_taken(members: Formula) -> tuple[Formula, Formula | None]:
    """What it holds, and what `except` takes away from that, if anything."""
    parts = members.parts if isinstance(members, All) else (members,)
    taken = [part.part for part in parts if isinstance(part, Not) and not isinstance(part.part, Test)]
    if not taken:
        return members, None
    return both(it for it in parts if not isinstance(it, Not) or isinstance(it.part, Test)), either(taken)


def as_pods(members: Formula) -> tuple[NamespaceChoice, Selector] | None:
    """The pods of a set as a peer of a policy says it: by their namespaces and their labels; None if none can."""
    required: dict[Name, list[Requirement]] = {Name.LABEL: [], Name.NAMESPACE_LABEL: []}
    are_pods, name = False, ""
    for part in members.parts if isinstance(members, All) else (members,):
        test = part.part if isinstance(part, Not) else part
        match test:
            case Member(_, OfKind(kinds)) if kinds == ANY_PODS and test is part:
                are_pods = True
            case Test(Attribute(_, Name.NAMESPACE), frozenset() as names) if len(names) == 1 and test is part:
                (name,) = names
            case Test(Attribute(_, kind, key), None) if kind in required:
                operator = Operator.EXISTS if test is part else Operator.DOES_NOT_EXIST
                required[kind].append(Requirement(key, operator))
            case Test(Attribute(_, kind, key), frozenset() as values) if kind in required:
                required[kind].append(Requirement(key, Operator.IN if test is part else Operator.NOT_IN, values))
            case _:
                return None
    spaces = tuple(required[Name.NAMESPACE_LABEL])
    if not are_pods or (name and spaces):
        return None
    return NamespaceNamed(name) if name else NamespacesMatching(Selector(spaces)), Selector(tuple(required[Name.LABEL]))
