"""Random small clusters, connections and claims: model objects drawn by hypothesis.

    clusters()            a Cluster: namespaces declared and merely mentioned, workloads (hostNetwork ones too, with
                          known addresses), nodes, Services with addresses, nodePorts and endpoints, policies of all
                          three tiers with every kind of peer, objects that are not modelled; `adds_labels`: workloads
                          whose pods differ in labels, or have some that nobody knows, too
    network_policies()    one NetworkPolicy; first_match_policies() one ANP, BANP or CNP
    connections(cluster)  a Connection in it that keeps to what the oracle asks of its caller: one end at least is a
                          pod, the ends differ, families agree, addresses outside are nobody's, the source is not the
                          destination's own node.  Pods are those of workloads and ones not there yet, in declared,
                          mentioned and new namespaces
    pods(cluster)         one such pod; other_ends(cluster) an end that it may be connected with, if `is_pair` says so
    claims(cluster)       a Claim about what is allowed; isolation_claims(cluster) one about isolation
    profiles()            a Profile: the built-in ones and any setting of the knobs

The alphabet is small on purpose, so that selectors, blocks and ports meet: keys `k` and `l` with values absent, "", a
and b; ports 80 to 82; addresses around 10.0.0.0/29 in the cluster, 203.0.113.0/29 outside, and their like in IPv6.

Strategies that do not depend on a cluster are made once, and what is small is drawn whole from all that it can be: the
time of drawing goes by how many draws there are, and by how many strategies are made for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from ipaddress import ip_address, ip_network
from itertools import combinations, count, permutations, product
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from analyzer.model.added_labels import Added, Form, Listed, Varying
from analyzer.model.claims import Claim, Excuse, Kind, is_equal, is_one_of, is_there
from analyzer.model.cluster import (
    Cluster,
    ContainerKind,
    ContainerPort,
    EndpointPort,
    Endpoints,
    Namespace,
    Node,
    Service,
    ServicePort,
    Unmodelled,
    Workload,
)
from analyzer.model.endpoints import Connection, End, External, Host, Pod, pod_of
from analyzer.model.ends import ANYTHING, NODES, external, meant, pods_in, pods_of_workload, with_address, without
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, both, either
from analyzer.model.host_network import HOST_NETWORK_LABEL
from analyzer.model.knobs import EnablePolicy, HostNetworkLabel, NamedPorts, NamedPortScope, OtherProtocols, ServiceEval
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.leading import behind, led_ports
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamedPort,
    NamespaceChoice,
    NamespaceNamed,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
    UnknownPeer,
)
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.addresses import IPAddress, IPNetwork
from analyzer.sets.other_protocols import read_term

T = TypeVar("T")

KEYS, VALUES = ("k", "l"), ("", "a", "b")
DECLARED, MENTIONED, NEW = ("one", "two"), "said", "later"
NAMED_BY_NOBODY = "elsewhere"  # another new one, which no claim and no selector names
DOMAIN_NAMES = ("a.example", "b.example", "*.cluster.local", "db.one.svc.cluster.local", "*.said.svc.corp.example.")
_HOMES = ("one", "one", "one", "two", MENTIONED)  # mostly one, so that things meet
HOMES = st.sampled_from(_HOMES)
NUMBERS = st.integers(80, 82)
MESSAGES = tuple(
    low
    for term in (
        *(f"icmp/{it}" for it in ("8/0", "8/1", "0/0", "0/1", "3/4", "128/0", "135/0")),
        "protocol/47",
        "protocol/50",
    )
    for low, _ in read_term(term) or ()
)
OTHERS = st.sampled_from(MESSAGES)
"""Protocols without ports, on both sides of what rules and claims ask of them."""
_PORT_NAMES, _PROTOCOLS = ("web", "dns"), (Protocol.TCP, *PORT_PROTOCOLS)
PORT_NAMES, PROTOCOLS = st.sampled_from(_PORT_NAMES), st.sampled_from(_PROTOCOLS)
INSIDE = {4: ip_address("10.0.0.0"), 6: ip_address("fd00::")}
OUTSIDE = {4: ip_address("203.0.113.0"), 6: ip_address("2001:db8::")}
SERVICE_IPS = {4: ip_address("10.0.0.7"), 6: ip_address("fd00::7")}  # within the blocks that hold pods
NODE_IPS = {4: ip_address("192.168.0.0"), 6: ip_address("fd01::")}
ADDRESSES = ((1, 4), (3, 5), (6, 2))  # of each workload's pods, inside: where blocks of two and of four begin and end


@lru_cache(maxsize=None, typed=True)
def any_of(*options: T) -> SearchStrategy[T]:
    """One of these; what is there more than once is drawn more often."""
    return st.sampled_from(options)


@cache
def _tuples(items: SearchStrategy[T], fewest: int, most: int) -> SearchStrategy[tuple[T, ...]]:
    """So many of these, each number as often: in fewer draws than a list, which asks after each whether to go on."""
    return st.one_of([st.tuples(*[items] * size) for size in range(fewest, most + 1)])


# ------------------------------------------------------------------------------------------------ labels, selectors
@cache
def label_maps() -> SearchStrategy[Labels]:
    """Each key is absent as often as not."""
    chosen = product(*((None, None, None, *VALUES) for _ in KEYS))
    maps = [{key: v for key, v in zip(KEYS, values, strict=True) if v is not None} for values in chosen]
    return st.sampled_from([Labels(labels) for labels in maps])


@cache
def requirements(keys: tuple[str, ...] = KEYS) -> SearchStrategy[Requirement]:
    """Each operator as often."""
    listed = [frozenset(values) for size in (1, 2) for values in combinations(VALUES, size)]
    unlisted = [frozenset[str]()] * len(listed)
    options = {o: listed if o in (Operator.IN, Operator.NOT_IN) else unlisted for o in Operator}
    return st.sampled_from(
        [Requirement(key, o, values) for o, sets in options.items() for values in sets for key in keys]
    )


@cache
def selectors() -> SearchStrategy[Selector]:
    return st.just(Selector.EVERYTHING) | _tuples(requirements(), 1, 2).map(Selector)


@cache
def namespaces_matching() -> SearchStrategy[NamespacesMatching]:
    """By labels of their own, or by the label that holds the name."""
    by_labels = selectors().map(NamespacesMatching)
    asked = product((Operator.IN, Operator.NOT_IN), (*_HOMES, *[NEW] * len(_HOMES)))
    by_name = [
        NamespacesMatching(Selector((Requirement(NAMESPACE_NAME_LABEL, operator, frozenset({name})),)))
        for operator, name in asked
    ]
    return by_labels | by_labels | st.sampled_from(by_name)


@cache
def namespace_choices() -> SearchStrategy[NamespaceChoice]:
    """As in a query, which may name a namespace that is nowhere mentioned."""
    return st.builds(NamespaceNamed, HOMES | st.just(NEW)) | namespaces_matching()


# ------------------------------------------------------------------------------------------------ addresses, ports
@cache
def _networks() -> SearchStrategy[IPNetwork]:
    """Around what is inside, outside and on nodes: everything, a large part, and from eight addresses to one."""
    found = []
    for version, base in product((4, 4, 6), (INSIDE, INSIDE, OUTSIDE, NODE_IPS)):
        width = 32 if version == 4 else 128
        lengths = (0, 8, width - 3, width - 2, width - 1, width)
        found += [ip_network((base[version] + n, bits), strict=False) for bits in lengths for n in range(1, 7)]
    return st.sampled_from(found)


@cache
def _parts(network: IPNetwork) -> SearchStrategy[IPNetwork]:
    """What a block may leave out: sixteen addresses or fewer among its first."""
    width = network.max_prefixlen
    starts = [network.network_address + n for n in range(min(8, network.num_addresses))]
    lengths = range(max(network.prefixlen + 1, width - 4), width + 1)
    return st.sampled_from([ip_network((start, length), strict=False) for length in lengths for start in starts])


@cache
@st.composite
def blocks(draw: DrawFn) -> AddressPeer:
    """A CIDR less up to two strict parts of it."""
    network = draw(_networks())
    parts = draw(_tuples(_parts(network), 0, 2)) if network.prefixlen < network.max_prefixlen else ()
    addresses = AddressSet.of(network) - AddressSet.of(*parts)
    return AddressPeer(addresses, str(network), excepts=tuple(map(str, parts)))


@cache
def _every_numbered_port() -> tuple[NumberedPorts, ...]:
    """All ports as often as one number, or where a range begins; half of those that could be ranges are."""
    numbers = (None, None, None, 80, 81, 82)
    return tuple(
        NumberedPorts(protocol, low, None if low is None or high is None or high < low else high)
        for low, high, protocol in product(numbers, numbers, _PROTOCOLS)
    )


@cache
def numbered_ports() -> SearchStrategy[NumberedPorts]:
    return st.sampled_from(_every_numbered_port())


@cache
def port_lists(*protocols_of_names: Protocol | None) -> SearchStrategy[tuple[Ports, ...] | None]:
    numbered = _every_numbered_port()
    names = [NamedPort(name, protocol) for name in _PORT_NAMES for protocol in protocols_of_names]
    port = st.sampled_from([*numbered, *names * (len(numbered) // len(names))])
    return st.none() | _tuples(port, 1, 3)


@cache
def container_ports(*, may_be_at_host: bool = False) -> SearchStrategy[tuple[ContainerPort, ...]]:
    """Pods not there yet have no hostPort: an assumption."""
    at_host = (None, None, None, 8080, 82) if may_be_at_host else (None,)
    said = product(_PORT_NAMES, (80, 81, 82), _PROTOCOLS, ContainerKind, at_host)
    return _tuples(st.sampled_from([ContainerPort(*port) for port in said]), 0, 3)


# ------------------------------------------------------------------------------------------------ policies
@cache
def pod_peers() -> SearchStrategy[PodPeer]:
    return st.builds(PodPeer, namespaces_matching(), selectors())


@cache
@st.composite
def address_peers(draw: DrawFn, *, is_network: bool) -> AddressPeer:
    block = draw(blocks())
    return replace(block, matches_cluster=draw(any_of(None, True)) if is_network else None)


@cache
def first_match_peers(direction: Direction) -> SearchStrategy[Peer]:
    unknown = st.just(UnknownPeer("gateways"))
    if direction is Direction.INGRESS:
        return pod_peers() | pod_peers() | unknown
    nodes = st.builds(NodePeer, selectors())
    names = [names for size in (1, 2) for names in permutations(DOMAIN_NAMES, size)]
    domains = st.sampled_from([DomainPeer(each) for each in names])
    return pod_peers() | pod_peers() | address_peers(is_network=True) | nodes | domains | unknown


def _listed(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(
        replace(rule, index=index, source=Source("policies.yaml", index + 2)) for index, rule in enumerate(rules)
    )


@cache
def _union_rules(namespace: str) -> SearchStrategy[tuple[Rule, ...]]:
    own = st.builds(PodPeer, st.just(NamespaceNamed(namespace)), selectors())
    asked = (Operator.IN, frozenset({""})), (Operator.EXISTS, frozenset[str]())
    labels = any_of(*(NamespacesMatching(Selector((Requirement(HOST_NETWORK_LABEL, *each),))) for each in asked))
    bare = st.builds(PodPeer, namespaces_matching() | labels, is_bare=st.just(True))
    peers = st.none() | _tuples(own | pod_peers() | bare | address_peers(is_network=False), 1, 2)
    rules = st.builds(Rule, st.just(Action.ACCEPT), peers, port_lists(*_PROTOCOLS), st.just(0), st.just(Source("")))
    some = _tuples(rules, 0, 2)
    return (some | some | some | _covering_rules()).map(_listed)


@cache
@st.composite
def _covering_rules(draw: DrawFn) -> list[Rule]:
    """Blocks that cover a family only together, as peers of one rule or as rules of their own; sometimes all but one
    of them."""
    version = draw(any_of(4, 4, 6))
    whole = AddressSet.of("0.0.0.0/0" if version == 4 else "::/0")
    hole = draw(any_of("0.0.0.0/1", "10.0.0.0/29", "203.0.113.0/30", "::/1", "fd00::/126"))
    inner = AddressSet.of(hole) & whole
    parts = [part for part in (whole - inner, inner) if part]
    if inner and draw(st.booleans()):
        low = AddressSet.of("128.0.0.0/1", "8000::/1")
        parts = [piece for part in parts for piece in (part & low, part - low) if piece]
    parts = parts[draw(any_of(0, 0, 1)) :]
    peers: list[Peer] = [AddressPeer(part, str(part)) for part in parts]
    ports = draw(port_lists(*_PROTOCOLS))
    groups = [tuple(peers)] if draw(st.booleans()) else [(peer,) for peer in peers]
    return [Rule(Action.ACCEPT, group, ports, 0, Source("")) for group in groups if group]


@cache
def _first_match_rules(direction: Direction, actions: tuple[Action, ...]) -> SearchStrategy[tuple[Rule, ...]]:
    peers = _tuples(first_match_peers(direction), 1, 2)
    rules = st.builds(Rule, st.sampled_from(actions), peers, port_lists(None), st.just(0), st.just(Source("")))
    return _tuples(rules, 0, 3).map(_listed)


@cache
@st.composite
def network_policies(draw: DrawFn, name: str = "policy") -> Policy:
    namespace = draw(HOMES)
    directions = draw(any_of((True, False), (False, True), (True, True)))
    ingress, egress = (draw(_union_rules(namespace)) if speaks else None for speaks in directions)
    subject = PodPeer(NamespaceNamed(namespace), draw(selectors()))
    source = Source("policies.yaml", 1)
    return Policy("NetworkPolicy", namespace, name, Tier.NETWORK_POLICY, subject, ingress, egress, source)


@cache
@st.composite
def first_match_policies(draw: DrawFn, name: str = "policy") -> Policy:
    kind, tier = draw(
        st.sampled_from(
            (
                ("AdminNetworkPolicy", Tier.ADMIN),
                ("BaselineAdminNetworkPolicy", Tier.BASELINE),
                ("ClusterNetworkPolicy", Tier.ADMIN),
                ("ClusterNetworkPolicy", Tier.BASELINE),
            )
        )
    )
    actions = tuple(action for action in Action if action is not Action.PASS or kind != "BaselineAdminNetworkPolicy")
    found = {direction: draw(_first_match_rules(direction, actions)) for direction in Direction}
    subject = draw(pod_peers())
    priority = 0 if kind == "BaselineAdminNetworkPolicy" else draw(any_of(0, 1, 1))
    name = "default" if kind == "BaselineAdminNetworkPolicy" else name
    source = Source("tiers.yaml", 1)
    policy = Policy(
        kind, None, name, tier, subject, found[Direction.INGRESS], found[Direction.EGRESS], source, priority
    )
    return left_open(policy) if draw(any_of(False, False, False, True)) else policy


def left_open(policy: Policy) -> Policy:
    """The policy with a selector in its subject that has no meaning: nobody knows whether its rules are in force."""

    def opened(direction: Direction) -> tuple[Rule, ...]:
        name = f"{direction.value} rule %d of {policy.id}"
        facts = [
            OpenFact("unspecified", name % rule.index, name % rule.index) for rule in policy.rules(direction) or ()
        ]
        rules = zip(policy.rules(direction) or (), facts, strict=True)
        return tuple(replace(rule, open=fact) for rule, fact in rules)

    subject = PodPeer(NamespacesMatching(Selector.EVERYTHING))
    ingress, egress = opened(Direction.INGRESS), opened(Direction.EGRESS)
    return replace(policy, subject=subject, ingress=ingress, egress=egress)


@cache
@st.composite
def policy_sets(draw: DrawFn, most: int = 3, fewest: int = 0) -> tuple[Policy, ...]:
    """So many policies of each sort; one BaselineAdminNetworkPolicy at most."""
    unions = [draw(network_policies(f"policy-{index}")) for index in range(draw(st.integers(fewest, most)))]
    tiers = [draw(first_match_policies(f"tier-{index}")) for index in range(draw(st.integers(fewest, most)))]
    return tuple({policy.id: policy for policy in (*unions, *tiers)}.values())


# ------------------------------------------------------------------------------------------------ added labels
@dataclass(frozen=True, slots=True)
class Letters:
    """Values of an added label as small as the alphabet of selectors: some of these letters, or any but those."""

    known: tuple[str, ...]
    has_others: bool

    def __contains__(self, text: str) -> bool:
        return text in self.known or (self.has_others and text not in VALUES)

    def samples(self) -> Iterator[str]:
        yield from self.known
        if self.has_others:
            yield from (f"z{number}" for number in count(1))


@cache
def added_labels() -> SearchStrategy[tuple[Added, ...]]:
    """What a controller adds: one key or two that hang together, other from pod to pod or known to nobody."""
    letters = st.builds(Letters, any_of(("a",), ("b",), ("a", "b"), ()), st.booleans())
    values = letters.filter(lambda found: bool(found.known) or found.has_others) | st.just(Form.ANY)
    keys = any_of((("l", ""),), (("l", ""),), (("k", ""),), (("k", ""), ("l", "")))
    varying = st.builds(Varying, keys, values, st.booleans())
    zones = st.lists(any_of(Labels({"l": "a"}), Labels({"l": "b", "k": "a"}), Labels()), min_size=1, max_size=2)
    listed = zones.map(lambda drawn: Listed(tuple(dict.fromkeys(drawn)))).filter(lambda found: bool(found.all_keys))
    two = st.tuples(
        st.builds(Varying, st.just((("k", ""),)), values, st.booleans()),
        st.builds(Varying, st.just((("l", ""),)), values, st.booleans()),
    )
    return varying.map(lambda one: (one,)) | listed.map(lambda one: (one,)) | two


_MAYBE_ADDED = st.just(()) | added_labels()


def as_made(workload: Workload, mentioned: Mapping[str, Collection[str]], fresh: int = 2) -> Iterator[Workload]:
    """The workload as its pods are: with each of the labels that they may differ in, as far as what is mentioned tells
    them apart; with what nobody knows left open."""
    differing = [added for added in workload.added if not added.is_open and added.options(mentioned, fresh)]
    for options in product(*(added.options(mentioned, fresh) for added in differing)):
        keys = {key for added in differing for key in added.all_keys}
        own = {key: value for key, value in workload.labels.items() if key not in keys}
        labels = own | {key: value for option in options for key, value in option.labels}
        yield replace(workload, labels=Labels(labels), added=tuple(a for a in workload.added if a.is_open))


def options_of(workload: Workload) -> list[Workload]:
    """All that its pods can be, as far as the alphabet goes."""
    return list(as_made(workload, dict.fromkeys(KEYS, VALUES)))


# ------------------------------------------------------------------------------------------------ clusters
@cache
@st.composite
def _workloads(draw: DrawFn, index: int, *, adds_labels: bool = False) -> Workload:
    """A workload of one or more pods; on a hostNetwork its addresses are its nodes'."""
    is_single = draw(st.booleans())
    host_network = draw(any_of(False, False, False, True))
    node = draw(any_of(1, 2))
    bases = NODE_IPS if host_network else INSIDE
    offsets = (node,) if host_network else ADDRESSES[index][:1] if is_single else ADDRESSES[index]
    ips = tuple(bases[version] + offset for version in (4, 6) for offset in offsets)
    return Workload(
        "Pod" if is_single else "Deployment",
        draw(HOMES),
        f"work-{index}",
        draw(label_maps()),
        draw(any_of("default", "robot")),
        draw(container_ports(may_be_at_host=True)),
        host_network,
        ips,
        (f"node-{node}",) if host_network else (),
        is_single,
        added=draw(_MAYBE_ADDED) if adds_labels and not is_single else (),
    )


_EQUAL = st.sampled_from([Selector((Requirement(key, Operator.IN, frozenset({"a"})),)) for key in KEYS])


_SELECTING = st.none() | st.just(Selector.EVERYTHING) | _EQUAL | selectors()


@cache
def _service_ports() -> SearchStrategy[list[ServicePort]]:
    node_ports = st.none() | NUMBERS  # as policies name them
    ports = st.builds(ServicePort, NUMBERS, NUMBERS | PORT_NAMES, PROTOCOLS, node_ports, any_of("", "web"))
    return st.lists(ports, min_size=1, max_size=3, unique_by=lambda port: (port.port, port.protocol))


@cache
@st.composite
def _services(draw: DrawFn) -> Service:
    return Service(
        draw(HOMES),
        "front",
        draw(_SELECTING),
        tuple(draw(_service_ports())),
        reached_from_outside=draw(any_of(True, True, False)),
        preserves_client=draw(any_of(False, False, True)),
        addresses=tuple(SERVICE_IPS[version] for version in draw(any_of((), (4,), (4,), (6,), (4, 6)))),
        allocates_node_ports=draw(any_of(False, False, True)),
    )


@st.composite
def _endpoints(draw: DrawFn, service: Service) -> Endpoints:
    """Some addresses of pods, of nodes and some outside, on ports that may be the Service's."""
    version = draw(any_of(4, 4, 6))
    bases = any_of(INSIDE[version], INSIDE[version], OUTSIDE[version], NODE_IPS[version])
    addresses = st.lists(st.builds(lambda base, n: base + n, bases, st.integers(1, 8)), min_size=1, max_size=4)
    names = st.sampled_from((*(port.name for port in service.ports), "other"))
    ports = st.lists(st.builds(EndpointPort, names, NUMBERS | st.none(), PROTOCOLS), min_size=1, max_size=2)
    written = tuple(dict.fromkeys(draw(addresses))), tuple(draw(ports))
    return Endpoints(service.namespace, service.name, *written, is_derived=draw(st.booleans()))


@cache
@st.composite
def _unmodelled(draw: DrawFn) -> Unmodelled:
    namespace = draw(any_of(*[None] * 3, *DECLARED, MENTIONED))
    effects = [draw(st.booleans()) for _ in range(3)]
    return Unmodelled(
        "CiliumNetworkPolicy",
        "cilium.io/v2",
        namespace,
        "odd",
        *effects,
        Source("odd.yaml", 1),
        directions=draw(any_of(tuple(Direction), (Direction.INGRESS,), (Direction.EGRESS,))),
        protocols=draw(any_of(tuple(Protocol), (Protocol.TCP,))),
        may_isolate=draw(st.booleans()),
    )


@st.composite
def clusters(
    draw: DrawFn, *, is_all_modelled: bool = False, adds_labels: bool = False, most: int = 3, fewest: int = 0
) -> Cluster:
    """A cluster; with `is_all_modelled` without Services and unmodelled objects; with `adds_labels` controllers add
    some to their pods.  `fewest` and `most`: of workloads, and of each sort of policies."""
    namespaces = [_namespace(name, draw(label_maps()), is_declared=True) for name in DECLARED]
    namespaces.append(_namespace(MENTIONED, Labels(), is_declared=False))
    nodes = tuple(
        Node(f"node-{n}", draw(label_maps()), (NODE_IPS[4] + n, NODE_IPS[6] + n), AddressSet.EMPTY) for n in (1, 2)
    )
    workloads = tuple(
        draw(_workloads(index, adds_labels=adds_labels)) for index in range(draw(st.integers(fewest, most)))
    )
    is_plain = is_all_modelled or draw(st.booleans())
    services = () if is_plain else (draw(_services()),)
    written = [draw(_endpoints(s)) for s in services if draw(st.booleans())]
    return Cluster(
        tuple(namespaces),
        workloads,
        nodes,
        services,
        draw(policy_sets(most, fewest)),
        () if is_plain else draw(_tuples(_unmodelled(), 0, 1)),
        endpoints=tuple(written),
    )


def _namespace(name: str, labels: Labels, *, is_declared: bool) -> Namespace:
    return Namespace(name, Labels({**labels, NAMESPACE_NAME_LABEL: name}), is_declared)


@cache
@st.composite
def profiles(draw: DrawFn) -> Profile:
    if draw(st.booleans()):
        return draw(st.sampled_from(sorted(PROFILES.values(), key=lambda profile: profile.name)))
    return Profile(
        "custom",
        True,
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(NamedPorts)),
        draw(st.sampled_from(NamedPortScope)),
        draw(st.sampled_from(OtherProtocols)),
        host_network_label=draw(st.sampled_from(HostNetworkLabel)),
        baseline_opens_isolation=draw(st.booleans()),
        enable_policy=draw(any_of(EnablePolicy.DEFAULT, EnablePolicy.DEFAULT, EnablePolicy.ALWAYS)),
        service_eval=draw(st.sampled_from(ServiceEval)),
        nodes_complete=draw(st.booleans()),
    )


# ------------------------------------------------------------------------------------------------ connections
@st.composite
def pods(draw: DrawFn, cluster: Cluster, version: int = 4) -> Pod:
    """A pod of a workload, or one that is not there yet."""
    if cluster.workloads and draw(st.booleans()):
        workload = draw(st.sampled_from(options_of(draw(st.sampled_from(cluster.workloads)))))
        labels = draw(_labels_of(workload.namespace, cluster))
        return pod_of(workload, labels, draw(st.sampled_from([ip for ip in workload.ips if ip.version == version])))
    namespace = draw(any_of(*_HOMES, *[NEW, NAMED_BY_NOBODY] * 2))
    known = {*_service_ips(cluster), *(ip for workload in cluster.workloads for ip in workload.ips)}
    free = [ip for offset in range(1, 12) if (ip := INSIDE[version] + offset) not in known]
    return Pod(
        namespace,
        draw(_labels_of(namespace, cluster)),
        draw(label_maps()),
        draw(st.sampled_from(free)),
        draw(any_of("default", "robot")),
        draw(container_ports()),
    )


def _service_ips(cluster: Cluster) -> list[IPAddress]:
    """external that neither a pod nor anything outside has."""
    return [ip for service in cluster.services for ip in service.addresses]


def _labels_of(namespace: str, cluster: Cluster) -> SearchStrategy[Labels]:
    """A declared namespace has the labels it declares; any other may have any."""
    known = cluster.namespace_by_name.get(namespace)
    if known and known.is_declared:
        return st.just(known.labels)
    return _labels_named(namespace)


@cache
def _labels_named(namespace: str) -> SearchStrategy[Labels]:
    return label_maps().map(lambda labels: Labels({**labels, NAMESPACE_NAME_LABEL: namespace}))


@st.composite
def other_ends(draw: DrawFn, cluster: Cluster, version: int) -> End:
    shape = draw(any_of("pod", "pod", "external", "external", "node"))
    if shape == "pod":
        return draw(pods(cluster, version))
    if shape == "node":
        node = draw(st.sampled_from(cluster.nodes))
        return Host(node.name, node.labels, next(ip for ip in node.ips if ip.version == version))
    known = {*_service_ips(cluster), *(ip for workload in cluster.workloads for ip in workload.ips)}
    ips = [OUTSIDE[version] + n for n in range(1, 7)] + [INSIDE[version] + n for n in range(1, 12)]
    return External(draw(st.sampled_from([ip for ip in ips if ip not in known])))


@st.composite
def connections(draw: DrawFn, cluster: Cluster) -> Connection:
    version = draw(any_of(4, 4, 6))
    pair = st.tuples(pods(cluster, version), other_ends(cluster, version)).filter(is_pair)
    ends = draw(pair)
    src, dst = ends if draw(st.booleans()) else reversed(ends)
    protocol = draw(any_of(*PORT_PROTOCOLS, Protocol.TCP, Protocol.OTHER))
    return opened(src, dst, protocol, draw(OTHERS if protocol is Protocol.OTHER else NUMBERS))


def opened(src: End, dst: End, protocol: Protocol, number: int | None) -> Connection:
    """`number`: the port, or which protocol without ports it is."""
    is_other = protocol is Protocol.OTHER
    return Connection(src, dst, protocol, None if is_other else number, number=number if is_other else None)


def is_pair(ends: tuple[Pod, End]) -> bool:
    """Two different ends, in namespaces that agree on their labels; never two things with one address."""
    pod, other = ends
    if isinstance(other, Pod) and other.namespace == pod.namespace and other.namespace_labels != pod.namespace_labels:
        return False
    return pod.ip != other.ip


# ------------------------------------------------------------------------------------------------ claims
def _member_sets(cluster: Cluster) -> SearchStrategy[Formula]:
    fronts = tuple(meant(behind(s.id, led_ports(cluster, s))) for s in cluster.services)
    return _sets_of(tuple(workload.name for workload in cluster.workloads) or ("nobody",), fronts)


@cache
def _sets_of(names: tuple[str, ...], fronts: tuple[Formula, ...]) -> SearchStrategy[Formula]:
    leaves: SearchStrategy[Formula] = st.one_of(
        st.builds(pods_in, namespace_choices(), selectors()),
        st.builds(pods_in, namespace_choices(), selectors()),
        st.builds(pods_of_workload, any_of(*DECLARED, MENTIONED), st.sampled_from(names)),
        blocks().map(lambda drawn: external(drawn.addresses, f"ips {drawn.text}")),
        blocks().map(lambda drawn: with_address(drawn.addresses)),
        st.just(NODES),
        st.just(ANYTHING),
        *map(st.just, fronts),
    )

    def of_two(one: SearchStrategy[Formula], other: SearchStrategy[Formula]) -> SearchStrategy[Formula]:
        pair = st.tuples(one, other)
        return pair.map(either) | pair.map(both) | st.builds(without, one, other)

    two = of_two(leaves, leaves)
    return st.one_of(leaves, leaves, two, two, of_two(two, leaves), of_two(leaves, two))


@cache
def _terms(roles: tuple[Role, ...]) -> SearchStrategy[Attribute]:
    plain = st.builds(Attribute, st.sampled_from(roles), any_of(Name.NAMESPACE, Name.SERVICE_ACCOUNT))
    keyed = any_of(Name.LABEL, Name.NAMESPACE_LABEL)
    return plain | st.builds(Attribute, st.sampled_from(roles), keyed, st.sampled_from(KEYS))


@cache
def conditions(roles: tuple[Role, ...] = (Role.SRC, Role.DST)) -> SearchStrategy[Formula]:
    terms, texts = _terms(roles), any_of(*VALUES, "one", "default")
    leaves: SearchStrategy[Formula] = st.one_of(
        st.builds(is_equal, terms, terms | texts),
        st.builds(is_one_of, terms, st.frozensets(texts, max_size=2)),
        st.builds(is_there, terms),
    )
    few = _tuples(leaves, 0, 2)
    of_few = st.one_of(leaves.map(Not), few.map(both), few.map(either))
    two = st.tuples(leaves, of_few)
    return st.one_of(leaves, leaves, of_few, of_few, of_few.map(Not), two.map(both), two.map(either))


@cache
def _claimed_others() -> SearchStrategy[Ports]:
    terms = st.sampled_from(("icmp", "icmp/8", "icmp/8/0", "icmp/1-127", "protocol/47", "protocol/1-5"))
    spans = terms.map(lambda term: (read_term(term) or PortSet.EMPTY).intervals[0])
    versions = st.sampled_from((None, None, 4, 6))
    return st.builds(lambda span, version: NumberedPorts(Protocol.OTHER, *span, version), spans, versions)


@cache
def claimed_ports() -> SearchStrategy[tuple[Ports, ...]]:
    everything = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)
    named = st.sampled_from([NamedPort(*each) for each in product(_PORT_NAMES, _PROTOCOLS)])
    one = numbered_ports() | named | st.just(NumberedPorts(Protocol.OTHER)) | _claimed_others()
    return st.just(everything) | _tuples(one, 1, 2)


@st.composite
def claims(draw: DrawFn, cluster: Cluster) -> Claim:
    sets = _member_sets(cluster)
    return Claim(
        draw(any_of(Kind.NO, Kind.EVERY, Kind.SOME, Kind.ONLY, Kind.REACHES_ONLY)),
        draw(sets),
        draw(sets),
        draw(claimed_ports()),
        draw(_excuses(sets)),
        draw(_CONDITION_OR_NONE),
    )


@cache
def _excuses(sets: SearchStrategy[Formula]) -> SearchStrategy[tuple[Excuse, ...]]:
    return _tuples(st.builds(Excuse, sets, sets, st.none() | claimed_ports()), 0, 1)


_CONDITION_OR_NONE = st.none() | conditions()
_CONDITION_OF_ONE = st.none() | conditions((Role.SRC,))


@st.composite
def isolation_claims(draw: DrawFn, cluster: Cluster) -> Claim:
    directions = draw(any_of((Direction.INGRESS,), (Direction.EGRESS,), tuple(Direction)))
    where = draw(_CONDITION_OF_ONE)
    return Claim(Kind.ISOLATED, draw(_member_sets(cluster)), None, (), where=where, directions=directions)
