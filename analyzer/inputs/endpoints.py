"""Ends and ports as the command line names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from analyzer.errors import QueryError, UsageError
from analyzer.inputs.asked_sets import claim_of, of_set
from analyzer.inputs.naming import named
from analyzer.inputs.nearest_ends import nearest_end
from analyzer.inputs.other_spellings import meant_end
from analyzer.inputs.settings import nearest, settled
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.analysis import EndFilter, Focus
    from analyzer.analysis.explaining.pointwise import AskedEnd
    from analyzer.model.cluster import Cluster, Node, Workload
    from analyzer.model.endpoints import Through
    from analyzer.model.ends import ApiServer, Behind, LedPort, ServiceNamed
    from analyzer.model.profile import Profile
    from analyzer.sets import AddressSet, ConnectionSet

_PORTS = re.compile(r"(?P<protocol>[a-z]+6?)(?:/(?P<low>[0-9]{1,5})(?:-(?P<high>[0-9]{1,5}))?)?", re.IGNORECASE)
_ICMP = ("icmp", "icmpv6")
_PROTOCOLS = ("tcp", "udp", "sctp", *_ICMP, "other", "any")


def addresses(text: str) -> AddressSet | None:
    """The addresses of a CIDR or of one address; None for anything else."""
    from analyzer.sets import AddressSet

    try:
        return AddressSet.of(ip_network(text, strict=False))
    except ValueError:
        return None


def workloads_named(text: str, cluster: Cluster) -> tuple[Workload, ...]:
    """The workloads that `namespace/name` or an id, `namespace/name[Kind]`, means; there may be none."""
    return tuple(w for w in cluster.workloads if text in (w.id, w.owner, f"{w.namespace}/{w.name}"))


def end_filter(texts: Sequence[str], option: str, cluster: Cluster) -> EndFilter | None:
    """What the values of `--from` or `--to` mean together; None when there are none."""
    from analyzer.analysis import EndFilter
    from analyzer.sets import AddressSet

    if not texts:
        return None
    ids: set[str] = set()
    namespaces: set[str] = set()
    outside = AddressSet.EMPTY
    for found in settled(*(lambda text=text: _meaning(text, option, cluster) for text in texts)):
        for part in found if isinstance(found, tuple) else (found,):
            if isinstance(part, AddressSet):
                outside |= part
            elif isinstance(part, str):
                namespaces.add(part)
            else:
                ids.add(part.id)
    return EndFilter(frozenset(ids), frozenset(namespaces), outside)


def _meaning(text: str, option: str, cluster: Cluster) -> AddressSet | str | tuple[AddressSet | Workload, ...]:
    found = addresses(text)
    if found is not None:
        own = found & cluster.service_addresses
        return (found, *_all_behind(text, option, cluster)) if own and not found - own else found
    if text == "apiserver" or text.startswith("service "):
        return _all_behind(text, option, cluster)
    if text in cluster.namespace_by_name:
        return text
    workloads = workloads_named(text, cluster)
    if not workloads:
        what = "no workload of these manifests" if "/" in text else "no namespace of these manifests and no address"
        is_set = re.search(r"[\s(){}=]", text) is not None
        raise UsageError(f"`{text}` after {option} is {what}", _NO_SETS if is_set else nearest_end(text, cluster))
    return workloads


_NO_SETS = (
    "a map is narrowed to namespaces, workloads and addresses; pods by their labels are for `explain` and queries"
)


def _all_behind(text: str, option: str, cluster: Cluster) -> tuple[AddressSet | Workload, ...]:
    """What a Service, or the API server, leads to: workloads as a whole, and addresses outside."""
    from analyzer.model.cluster import Node, Workload

    ends = one_end(text, option, cluster).every
    wholes = (replace(end, group="") if isinstance(end, Workload) else end for end in ends)
    return tuple(end for end in wholes if not isinstance(end, Node | str))


def ingress_controllers(texts: Sequence[str], *clusters: Cluster) -> tuple[Workload, ...]:
    """The workloads that the values of `--ingress-controller` name, of one of the revisions or of several."""

    def named(text: str) -> tuple[Workload, ...]:
        found = tuple(workload for cluster in clusters for workload in workloads_named(text, cluster))
        if not found:
            message = f"`{text}` after --ingress-controller is no workload of these manifests"
            raise UsageError(message, nearest_end(text if "/" in text else f"{text}/", clusters[-1]))
        return found

    parts = settled(*(lambda text=text: named(text) for text in texts))
    return tuple(dict.fromkeys(workload for part in parts for workload in part))


def known_namespaces(names: Sequence[str], cluster: Cluster) -> frozenset[str] | None:
    """The namespaces of `--namespace`; None when there are none."""

    def known(name: str) -> str:
        if name not in cluster.namespace_by_name:
            raise UsageError(
                f"`{name}` after --namespace is no namespace of these manifests", nearest_end(name, cluster)
            )
        return name

    return frozenset(settled(*(lambda name=name: known(name) for name in names))) if names else None


def focus(
    sources: Sequence[str],
    destinations: Sequence[str],
    namespaces: Sequence[str],
    ports: ConnectionSet | None,
    cluster: Cluster,
    options: tuple[str, str] = ("--from", "--to"),
) -> Focus:
    """What `--from`, `--to`, `--namespace` and `--on` narrow a map to.  UsageError holds every unknown name."""
    from analyzer.analysis import Focus

    src, dst, within = settled(
        lambda: end_filter(sources, options[0], cluster),
        lambda: end_filter(destinations, options[1], cluster),
        lambda: known_namespaces(namespaces, cluster),
    )
    return Focus(src, dst, within, ports)


def ports(values: Sequence[str], is_for_people: bool) -> ConnectionSet | None:
    """The connections that `--on tcp/80,udp/53` speaks of; None when that is all of them.

    Without `--on`, people are shown TCP, UDP and SCTP only, which is what a query without `on` judges too.
    """
    from analyzer.sets import ConnectionSet

    texts = [text.strip() for value in values for text in value.split(",")]
    if not texts:
        return ConnectionSet.PORTS if is_for_people else None
    found = ConnectionSet.EMPTY
    for one in settled(*(lambda text=text: _port(text) for text in texts)):
        found |= one
    return found


def _port(text: str) -> ConnectionSet:
    from analyzer.sets import ConnectionSet, PortSet, other_protocols

    hint = "write tcp/80, udp/9000-9100, sctp for all of its ports, icmp/8, other for what has no ports, or any"
    others = other_protocols.read_term(re.sub(r"^icmpv[46](?![^/])", "icmp", text.lower()))
    if others is not None:
        return ConnectionSet(others=others)
    match = _PORTS.fullmatch(text)
    if match is None and text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65536:
        raise UsageError(f"`{text}` after --on names no protocol", f"write tcp/{text}, udp/{text} or sctp/{text}")
    if match is None:
        raise UsageError(f"`{text}` after --on names no ports", hint)
    protocol, low, high = match["protocol"].lower(), match["low"], match["high"]
    if protocol not in _PROTOCOLS:
        raise UsageError(f"`{text}` after --on names no protocol", nearest(protocol, _PROTOCOLS))
    if protocol in _ICMP:
        raise UsageError(f"`{text}` after --on: ICMP types go from 0 to 254", "write icmp/8, icmpv6/128 or icmp")
    if low is None:
        return ConnectionSet.FULL if protocol == "any" else ConnectionSet.on(protocol.upper(), PortSet.FULL)
    if protocol in ("other", "any"):
        raise UsageError(f"`{text}` after --on: {protocol} takes no port", hint)
    first, last = int(low), int(high or low)
    if not 1 <= first <= last <= 65535:
        raise UsageError(f"`{text}` after --on: ports go from 1 to 65535, the lower first", hint)
    return ConnectionSet.on(protocol.upper(), PortSet.of((first, last)))


# ------------------------------------------------------------------------------------------------ one end
@dataclass(frozen=True)
class Named:
    """One end as the user named it: what it is, or the name of an entity; what to call it; and what was chosen where
    the name left a choice."""

    end: AskedEnd
    words: str
    notes: tuple[str, ...] = ()
    others: tuple[AskedEnd, ...] = ()
    led: tuple[LedPort, ...] = ()  # the ports of the Service that it was named by
    behind: tuple[AskedEnd, ...] = ()  # all that the Service leads to

    @property
    def every(self) -> tuple[AskedEnd, ...]:
        """The ends, or all that the Service leads to of which one stands for it."""
        return self.behind or self.ends

    @property
    def ends(self) -> tuple[AskedEnd, ...]:
        """All that the name means: the pods of one workload may differ."""
        return (self.end, *self.others)

    def through(self, asked: ConnectionSet) -> Through | None:
        """The port of a Service that is asked for, if the name is a Service's and it is one port."""
        from analyzer.model.endpoints import Through

        asking = [port for port in self.led if port.target is not None and port.number in asked.tcp]
        if len(asking) != 1 or not asking[0].addresses:
            return None
        return Through(asking[0].service, asking[0].addresses[0], asking[0].number)

    def on(self, asked: ConnectionSet, is_everything: bool) -> ConnectionSet:
        """The ports asked about, as the end itself has them."""
        from analyzer.inputs.service_ends import translated

        if not self.led or isinstance(self.end, str):
            return asked
        return translated(asked, self.led, self.end, is_everything=is_everything)


def pair(
    source: str,
    destination: str,
    cluster: Cluster,
    profile: Profile | None = None,
    options: tuple[str, str] = ("--from", "--to"),
) -> tuple[Named, Named]:
    """The two ends of `explain`, given as the `options`.  InputError where one is unknown, or both lie outside the
    cluster."""
    from analyzer.model.cluster import Node
    from analyzer.sets import AddressSet

    src, dst = settled(
        lambda: one_end(source, options[0], cluster, profile),
        lambda: one_end(destination, options[1], cluster, profile),
    )
    if all(isinstance(named.end, AddressSet | Node | str) for named in (src, dst)):
        raise UsageError("neither end is a pod: policies say nothing of this", "name a workload, or pods, on one side")
    if src.end is dst.end and getattr(src.end, "is_single", False) and not src.others:
        raise UsageError("both ends are the same pod, which always reaches itself", "name two different ends")
    return src, dst


def one_end(text: str, option: str, cluster: Cluster, profile: Profile | None = None) -> Named:
    """A workload, an address or a CIDR, or a set of the query language that one pod can stand for."""
    found = addresses(text)
    if found is not None:
        return _at(text, found, option, cluster)
    if text.startswith("entity:"):
        return Named(_entity(text.removeprefix("entity:")), text)
    if text.startswith("node:"):
        return _node(text.removeprefix("node:"), option, cluster)
    workloads = workloads_named(text, cluster)
    if workloads:
        return _workload(workloads)
    if finished := dict(cluster.finished).get(text):
        from analyzer.sets import AddressSet

        note = f"{text} has finished: nobody is at its address, which no rule means by labels"
        return Named(AddressSet.singles(finished) - cluster.taken_addresses, text, (note,))
    if (meant := meant_end(text, cluster)) is not None:
        raise UsageError(f"`{text}` after {option} is no end", f"write `{meant}`")
    if re.fullmatch(r"[\w.-]+/[\w.\[\]-]+", text):
        namespace, _, name = text.partition("/")
        is_service = (namespace, name) in cluster.service_by_name
        hint = f"it is a Service: write `service {text}`" if is_service else nearest_end(text, cluster)
        raise UsageError(f"`{text}` after {option} is no workload of these manifests", hint)
    return _of_set(text, option, cluster, profile)


def _entity(name: str) -> str:
    from analyzer.analysis.explaining.between import ENTITIES

    if name not in ENTITIES:
        raise UsageError(f"`entity:{name}` is no entity", nearest(name, ENTITIES))
    return name


def _node(name: str, option: str, cluster: Cluster) -> Named:
    """The node of that name; one that only pods name is a node of which nothing else is known."""
    from analyzer.model.cluster import Node
    from analyzer.model.labels import NO_LABELS
    from analyzer.sets import AddressSet

    node = cluster.node_by_name.get(name)
    if node is not None:
        return Named(node, f"node {name}")
    named = {node for workload in cluster.workloads for node in workload.nodes}
    if name in named:
        return Named(Node(name, NO_LABELS, (), AddressSet.EMPTY), f"node {name}")
    hint = nearest(name, known) if (known := sorted(named | cluster.node_by_name.keys())) else "no node is declared"
    raise UsageError(f"`node:{name}` after {option} is no node of these manifests", hint)


def _at(text: str, found: AddressSet, option: str, cluster: Cluster) -> Named:
    """The workload or node that has the address; else the addresses outside."""
    from analyzer.sets import AddressSet
    from analyzer.verdicts.connectivity import end_id

    things: list[Workload | Node] = [*cluster.workloads, *cluster.nodes]
    for thing in things:
        if any(AddressSet.single(ip) == found for ip in thing.ips):
            name = end_id(thing)
            return Named(thing, name, (f"{text} is an address of {name}",))
    taken = cluster.taken_addresses
    if not found - taken and found & cluster.service_addresses:
        from analyzer.judging.bound import services_at

        return _behind(text, tuple(services_at(found, cluster)), option, cluster)
    if not found - taken:
        raise UsageError(f"`{text}` after {option} holds addresses of pods and nodes only", "name one of them")
    return Named(found - taken, text)


def _workload(found: tuple[Workload, ...]) -> Named:
    """All pods of that name, by the owner's name if it is one."""
    owners = dict.fromkeys(workload.owner for workload in found)
    words = found[0].id if len(found) == 1 else " and ".join(owners)
    return Named(found[0], words, (), found[1:])


def _behind(text: str, behind: Sequence[Behind], option: str, cluster: Cluster) -> Named:
    """One of the things that a Service leads to."""
    from analyzer.inputs.service_ends import backend

    found = backend(text, behind, cluster)
    if found is None:
        raise UsageError(f"`{text}` after {option} is a Service that leads nowhere", "name a workload or an address")
    return Named(found.end, found.words, found.notes, led=found.ports, behind=found.every)


def _looked_up(
    text: str, members: ServiceNamed | ApiServer, option: str, cluster: Cluster, profile: Profile | None
) -> Named:
    """A Service or the API server."""
    from analyzer.inputs.service_ends import nobody_knows
    from analyzer.judging.bound import looked_up
    from analyzer.model.ends import EXTERNAL, Behind, ServiceNamed, Unknown
    from analyzer.model.formulas import Member
    from analyzer.model.profile import PROFILES

    found = looked_up(members, cluster, profile or PROFILES["generic"])
    match found:
        case Member(_, Unknown(among=among)) if isinstance(members, ServiceNamed) and among != EXTERNAL:
            problem = f"`{text}` after {option} stands for a name of the cluster's own, and so perhaps for any pod"
            raise UsageError(problem, "name the Service or the workload that it is another name of")
        case Member(_, Unknown() as unknown):
            return Named(*nobody_knows(unknown, ~cluster.taken_addresses))
        case Member(_, Behind() as behind):
            return _behind(text, [behind], option, cluster)
        case _:
            raise UsageError(f"`{text}` after {option} is no Service of these manifests", "see what they declare")


def _of_set(text: str, option: str, cluster: Cluster, profile: Profile | None = None) -> Named:
    from analyzer.analysis import representative
    from analyzer.language import parse_query
    from analyzer.model.ends import ApiServer, ServiceNamed
    from analyzer.model.formulas import Member, OfWorkload

    try:
        members = parse_query(claim_of(text)).claim.sources
    except QueryError as error:
        raise QueryError(named(of_set(problem, text, option), [cluster]) for problem in error.problems) from None
    match members:
        case Member(_, OfWorkload(namespace, name)) if found := workloads_named(f"{namespace}/{name}", cluster):
            return _workload(found)
        case Member(_, ServiceNamed() | ApiServer() as word):
            return _looked_up(text, word, option, cluster, profile)
    chosen = representative(members, cluster)
    if chosen is None:
        hint = "name a workload, an address, a CIDR, or one kind of pod: 'pods(app=x) in namespace y'"
        raise UsageError(f"`{text}` after {option} is nothing that one end can stand for", hint)
    return Named(*chosen)
