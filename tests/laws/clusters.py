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

Strategies that do not depend on a cluster are made once: hypothesis spends most of its time on making them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import count, product

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
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

KEYS, VALUES = ("k", "l"), ("", "a", "b")
DECLARED, MENTIONED, NEW = ("one", "two"), "said", "later"
NAMED_BY_NOBODY = "elsewhere"  # another new one, which no claim and no selector names
DOMAIN_NAMES = ("a.example", "b.example", "*.cluster.local", "db.one.svc.cluster.local", "*.said.svc.corp.example.")
HOMES = st.sampled_from(("one", "one", "one", "two", MENTIONED))  # mostly one, so that things meet
NUMBERS = st.integers(80, 82)
PORT_NAMES = st.sampled_from(("web", "dns"))
PROTOCOLS = st.sampled_from((Protocol.TCP, *PORT_PROTOCOLS))
INSIDE = {4: ip_address("10.0.0.0"), 6: ip_address("fd00::")}
OUTSIDE = {4: ip_address("203.0.113.0"), 6: ip_address("2001:db8::")}
SERVICE_IPS = {4: ip_address("10.0.0.7"), 6: ip_address("fd00::7")}  # within the blocks that hold pods
NODE_IPS = {4: ip_address("192.168.0.0"), 6: ip_address("fd01::")}


# ------------------------------------------------------------------------------------------------ labels, selectors
@cache
def label_maps() -> SearchStrategy[Labels]:
    values = st.none() | st.sampled_from(VALUES)
    return st.tuples(*(values for _ in KEYS)).map(
        lambda drawn: Labels({key: value for key, value in zip(KEYS, drawn, strict=True) if value is not None})
    )


@cache
@st.composite
def requirements(draw: DrawFn, keys: tuple[str, ...] = KEYS) -> Requirement:
    operator = draw(st.sampled_from(Operator))
    takes_values = operator in (Operator.IN, Operator.NOT_IN)
    values = draw(st.frozensets(st.sampled_from(VALUES), min_size=1, max_size=2)) if takes_values else frozenset()
    return Requirement(draw(st.sampled_from(keys)), operator, values)


@cache
def selectors() -> SearchStrategy[Selector]:
    some = st.lists(requirements(), min_size=1, max_size=2).map(lambda drawn: Selector(tuple(drawn)))
    return st.just(Selector.EVERYTHING) | some


@cache
@st.composite
def namespaces_matching(draw: DrawFn) -> NamespacesMatching:
    """By labels of their own, or by the label that holds the name."""
    if draw(st.sampled_from((False, False, True))):
        names = frozenset({draw(HOMES | st.just(NEW))})
        operator = draw(st.sampled_from((Operator.IN, Operator.NOT_IN)))
        return NamespacesMatching(Selector((Requirement(NAMESPACE_NAME_LABEL, operator, names),)))
    return NamespacesMatching(draw(selectors()))


@cache
def namespace_choices() -> SearchStrategy[NamespaceChoice]:
    """As in a query, which may name a namespace that is nowhere mentioned."""
    return st.builds(NamespaceNamed, HOMES | st.just(NEW)) | namespaces_matching()


# ------------------------------------------------------------------------------------------------ addresses, ports
@cache
@st.composite
def blocks(draw: DrawFn) -> tuple[AddressSet, str]:
    """A CIDR less up to two strict parts of it, and its text."""
    version = draw(st.sampled_from((4, 4, 6)))
    base = draw(st.sampled_from((INSIDE, OUTSIDE, NODE_IPS)))[version] + draw(st.integers(1, 6))
    width = 32 if version == 4 else 128
    bits = draw(st.sampled_from((0, 8, width - 3, width - 2, width - 1, width)))
    network = ip_network(f"{base}/{bits}", strict=False)
    block = AddressSet.of(network)
    texts = []
    for _ in range(draw(st.integers(0, 2)) if bits < width else 0):
        longer = draw(st.integers(max(bits + 1, width - 4), width))
        inner = network.network_address + draw(st.integers(0, min(7, network.num_addresses - 1)))
        part = ip_network(f"{inner}/{longer}", strict=False)
        block -= AddressSet.of(part)
        texts.append(str(part))
    return block, f"{network}" + (f" except {', '.join(texts)}" if texts else "")


@cache
@st.composite
def numbered_ports(draw: DrawFn) -> NumberedPorts:
    low, high = draw(st.none() | NUMBERS), draw(st.none() | NUMBERS)
    return NumberedPorts(draw(PROTOCOLS), low, None if low is None or high is None or high < low else high)


@cache
def port_lists(protocol_of_names: SearchStrategy[Protocol | None]) -> SearchStrategy[tuple[Ports, ...] | None]:
    names = st.builds(NamedPort, PORT_NAMES, protocol_of_names)
    return st.none() | st.lists(numbered_ports() | names, min_size=1, max_size=3).map(tuple)


@cache
def container_ports(*, may_be_at_host: bool = False) -> SearchStrategy[tuple[ContainerPort, ...]]:
    """Pods not there yet have no hostPort: an assumption."""
    at_host = st.sampled_from((None, None, None, 8080, 82)) if may_be_at_host else st.none()
    port = st.builds(ContainerPort, PORT_NAMES, NUMBERS, PROTOCOLS, st.sampled_from(ContainerKind), at_host)
    return st.lists(port, max_size=3).map(tuple)


# ------------------------------------------------------------------------------------------------ policies
@cache
def pod_peers() -> SearchStrategy[PodPeer]:
    return st.builds(PodPeer, namespaces_matching(), selectors())


@cache
@st.composite
def address_peers(draw: DrawFn, *, is_network: bool) -> AddressPeer:
    block, text = draw(blocks())
    return AddressPeer(block, text, draw(st.sampled_from((None, True))) if is_network else None)


@cache
def first_match_peers(direction: Direction) -> SearchStrategy[Peer]:
    unknown = st.just(UnknownPeer("gateways"))
    if direction is Direction.INGRESS:
        return pod_peers() | pod_peers() | unknown
    nodes = st.builds(NodePeer, selectors())
    names = st.lists(st.sampled_from(DOMAIN_NAMES), min_size=1, max_size=2, unique=True)
    domains = names.map(lambda drawn: DomainPeer(tuple(drawn)))
    return pod_peers() | pod_peers() | address_peers(is_network=True) | nodes | domains | unknown


def _listed(rules: list[Rule]) -> tuple[Rule, ...]:
    return tuple(
        replace(rule, index=index, source=Source("policies.yaml", index + 2)) for index, rule in enumerate(rules)
    )


@cache
def _union_rules(namespace: str) -> SearchStrategy[tuple[Rule, ...]]:
    own = st.builds(PodPeer, st.just(NamespaceNamed(namespace)), selectors())
    asked = st.sampled_from((Operator.IN, Operator.EXISTS)).map(
        lambda op: Requirement(HOST_NETWORK_LABEL, op, frozenset({""} if op is Operator.IN else ()))
    )
    labels = asked.map(lambda requirement: NamespacesMatching(Selector((requirement,))))
    bare = st.builds(PodPeer, namespaces_matching() | labels, is_bare=st.just(True))
    peers = st.none() | st.lists(
        own | pod_peers() | bare | address_peers(is_network=False), min_size=1, max_size=2
    ).map(tuple)
    rules = st.builds(Rule, st.just(Action.ACCEPT), peers, port_lists(PROTOCOLS), st.just(0), st.just(Source("")))
    some = st.lists(rules, max_size=2)
    return (some | some | some | _covering_rules()).map(_listed)


@cache
@st.composite
def _covering_rules(draw: DrawFn) -> list[Rule]:
    """Blocks that cover a family only together, as peers of one rule or as rules of their own; sometimes all but one
    of them."""
    version = draw(st.sampled_from((4, 4, 6)))
    whole = AddressSet.of("0.0.0.0/0" if version == 4 else "::/0")
    hole = draw(st.sampled_from(("0.0.0.0/1", "10.0.0.0/29", "203.0.113.0/30", "::/1", "fd00::/126")))
    inner = AddressSet.of(hole) & whole
    parts = [part for part in (whole - inner, inner) if part]
    if inner and draw(st.booleans()):
        low = AddressSet.of("128.0.0.0/1", "8000::/1")
        parts = [piece for part in parts for piece in (part & low, part - low) if piece]
    parts = parts[draw(st.sampled_from((0, 0, 1))) :]
    peers: list[Peer] = [AddressPeer(part, str(part)) for part in parts]
    ports = draw(port_lists(PROTOCOLS))
    groups = [tuple(peers)] if draw(st.booleans()) else [(peer,) for peer in peers]
    return [Rule(Action.ACCEPT, group, ports, 0, Source("")) for group in groups if group]


@cache
def _first_match_rules(direction: Direction, actions: tuple[Action, ...]) -> SearchStrategy[tuple[Rule, ...]]:
    peers = st.lists(first_match_peers(direction), min_size=1, max_size=2).map(tuple)
    rules = st.builds(Rule, st.sampled_from(actions), peers, port_lists(st.none()), st.just(0), st.just(Source("")))
    return st.lists(rules, max_size=3).map(_listed)


@cache
@st.composite
def network_policies(draw: DrawFn, name: str = "policy") -> Policy:
    namespace = draw(HOMES)
    directions = draw(st.sampled_from(((True, False), (False, True), (True, True))))
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
    priority = 0 if kind == "BaselineAdminNetworkPolicy" else draw(st.sampled_from((0, 1, 1)))
    name = "default" if kind == "BaselineAdminNetworkPolicy" else name
    source = Source("tiers.yaml", 1)
    policy = Policy(
        kind, None, name, tier, subject, found[Direction.INGRESS], found[Direction.EGRESS], source, priority
    )
    return left_open(policy) if draw(st.sampled_from((False, False, False, True))) else policy


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
def policy_sets(draw: DrawFn) -> tuple[Policy, ...]:
    """Up to three policies of each sort; one BaselineAdminNetworkPolicy at most."""
    unions = [draw(network_policies(f"policy-{index}")) for index in range(draw(st.integers(0, 3)))]
    tiers = [draw(first_match_policies(f"tier-{index}")) for index in range(draw(st.integers(0, 3)))]
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
    letters = st.builds(Letters, st.sampled_from((("a",), ("b",), ("a", "b"), ())), st.booleans())
    values = letters.filter(lambda found: bool(found.known) or found.has_others) | st.just(Form.ANY)
    keys = st.sampled_from(((("l", ""),), (("l", ""),), (("k", ""),), (("k", ""), ("l", ""))))
    varying = st.builds(Varying, keys, values, st.booleans())
    zones = st.lists(
        st.sampled_from((Labels({"l": "a"}), Labels({"l": "b", "k": "a"}), Labels())), min_size=1, max_size=2
    )
    listed = zones.map(lambda drawn: Listed(tuple(dict.fromkeys(drawn)))).filter(lambda found: bool(found.all_keys))
    two = st.tuples(
        st.builds(Varying, st.just((("k", ""),)), values, st.booleans()),
        st.builds(Varying, st.just((("l", ""),)), values, st.booleans()),
    )
    return varying.map(lambda one: (one,)) | listed.map(lambda one: (one,)) | two


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
    host_network = draw(st.sampled_from((False, False, False, True)))
    node = draw(st.sampled_from((1, 2)))
    bases = NODE_IPS if host_network else INSIDE
    offsets = (node,) if host_network else (1 + index,) if is_single else (1 + index, 4 + index)
    ips = tuple(bases[version] + offset for version in (4, 6) for offset in offsets)
    return Workload(
        "Pod" if is_single else "Deployment",
        draw(HOMES),
        f"work-{index}",
        draw(label_maps()),
        draw(st.sampled_from(("default", "robot"))),
        draw(container_ports(may_be_at_host=True)),
        host_network,
        ips,
        (f"node-{node}",) if host_network else (),
        is_single,
        added=draw(st.just(()) | added_labels()) if adds_labels and not is_single else (),
    )


_EQUAL = st.sampled_from([Selector((Requirement(key, Operator.IN, frozenset({"a"})),)) for key in KEYS])


@cache
@st.composite
def _services(draw: DrawFn) -> Service:
    node_ports = st.none() | NUMBERS  # as policies name them
    ports = st.builds(ServicePort, NUMBERS, NUMBERS | PORT_NAMES, PROTOCOLS, node_ports, st.sampled_from(("", "web")))
    return Service(
        draw(HOMES),
        "front",
        draw(st.none() | st.just(Selector.EVERYTHING) | _EQUAL | selectors()),
        tuple(draw(st.lists(ports, min_size=1, max_size=3, unique_by=lambda port: (port.port, port.protocol)))),
        reached_from_outside=draw(st.sampled_from((True, True, False))),
        preserves_client=draw(st.sampled_from((False, False, True))),
        addresses=tuple(SERVICE_IPS[version] for version in draw(st.sampled_from(((), (4,), (4,), (6,), (4, 6))))),
        allocates_node_ports=draw(st.sampled_from((False, False, True))),
    )


@st.composite
def _endpoints(draw: DrawFn, service: Service) -> Endpoints:
    """Some addresses of pods, of nodes and some outside, on ports that may be the Service's."""
    version = draw(st.sampled_from((4, 4, 6)))
    bases = st.sampled_from((INSIDE[version], INSIDE[version], OUTSIDE[version], NODE_IPS[version]))
    addresses = st.lists(st.builds(lambda base, n: base + n, bases, st.integers(1, 8)), min_size=1, max_size=4)
    names = st.sampled_from((*(port.name for port in service.ports), "other"))
    ports = st.lists(st.builds(EndpointPort, names, NUMBERS | st.none(), PROTOCOLS), min_size=1, max_size=2)
    written = tuple(dict.fromkeys(draw(addresses))), tuple(draw(ports))
    return Endpoints(service.namespace, service.name, *written, is_derived=draw(st.booleans()))


@cache
@st.composite
def _unmodelled(draw: DrawFn) -> Unmodelled:
    namespace = draw(st.none() | st.sampled_from((*DECLARED, MENTIONED)))
    effects = [draw(st.booleans()) for _ in range(3)]
    return Unmodelled(
        "CiliumNetworkPolicy",
        "cilium.io/v2",
        namespace,
        "odd",
        *effects,
        Source("odd.yaml", 1),
        directions=draw(st.sampled_from((tuple(Direction), (Direction.INGRESS,), (Direction.EGRESS,)))),
        protocols=draw(st.sampled_from((tuple(Protocol), (Protocol.TCP,)))),
        may_isolate=draw(st.booleans()),
    )


@st.composite
def clusters(draw: DrawFn, *, is_all_modelled: bool = False, adds_labels: bool = False) -> Cluster:
    """A cluster; with `is_all_modelled` without Services and unmodelled objects; with `adds_labels` controllers add
    some to their pods."""
    namespaces = [_namespace(name, draw(label_maps()), is_declared=True) for name in DECLARED]
    namespaces.append(_namespace(MENTIONED, Labels(), is_declared=False))
    nodes = tuple(
        Node(f"node-{n}", draw(label_maps()), (NODE_IPS[4] + n, NODE_IPS[6] + n), AddressSet.EMPTY) for n in (1, 2)
    )
    workloads = tuple(draw(_workloads(index, adds_labels=adds_labels)) for index in range(draw(st.integers(0, 3))))
    is_plain = is_all_modelled or draw(st.booleans())
    services = () if is_plain else (draw(_services()),)
    written = [draw(_endpoints(s)) for s in services if draw(st.booleans())]
    return Cluster(
        tuple(namespaces),
        workloads,
        nodes,
        services,
        draw(policy_sets()),
        () if is_plain else tuple(draw(st.lists(_unmodelled(), max_size=1))),
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
        enable_policy=draw(st.sampled_from((EnablePolicy.DEFAULT, EnablePolicy.DEFAULT, EnablePolicy.ALWAYS))),
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
    namespace = draw(HOMES | st.sampled_from((NEW, NAMED_BY_NOBODY)))
    known = {*_service_ips(cluster), *(ip for workload in cluster.workloads for ip in workload.ips)}
    free = [ip for offset in range(1, 12) if (ip := INSIDE[version] + offset) not in known]
    return Pod(
        namespace,
        draw(_labels_of(namespace, cluster)),
        draw(label_maps()),
        draw(st.sampled_from(free)),
        draw(st.sampled_from(("default", "robot"))),
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
    return label_maps().map(lambda labels: Labels({**labels, NAMESPACE_NAME_LABEL: namespace}))


@st.composite
def other_ends(draw: DrawFn, cluster: Cluster, version: int) -> End:
    shape = draw(st.sampled_from(("pod", "pod", "external", "external", "node")))
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
    version = draw(st.sampled_from((4, 4, 6)))
    pair = st.tuples(pods(cluster, version), other_ends(cluster, version)).filter(is_pair)
    ends = draw(pair)
    src, dst = ends if draw(st.booleans()) else reversed(ends)
    protocol = draw(st.sampled_from((*PORT_PROTOCOLS, Protocol.TCP, Protocol.OTHER)))
    return Connection(src, dst, protocol, None if protocol is Protocol.OTHER else draw(NUMBERS))


def is_pair(ends: tuple[Pod, End]) -> bool:
    """Two different ends, in namespaces that agree on their labels; never two things with one address."""
    pod, other = ends
    if isinstance(other, Pod) and other.namespace == pod.namespace and other.namespace_labels != pod.namespace_labels:
        return False
    return pod.ip != other.ip


# ------------------------------------------------------------------------------------------------ claims
def _member_sets(cluster: Cluster) -> SearchStrategy[Formula]:
    names = [workload.name for workload in cluster.workloads] or ["nobody"]
    leaves: SearchStrategy[Formula] = st.one_of(
        st.builds(pods_in, namespace_choices(), selectors()),
        st.builds(pods_in, namespace_choices(), selectors()),
        st.builds(pods_of_workload, st.sampled_from((*DECLARED, MENTIONED)), st.sampled_from(names)),
        blocks().map(lambda drawn: external(drawn[0], f"ips {drawn[1]}")),
        blocks().map(lambda drawn: with_address(drawn[0])),
        st.just(NODES),
        st.just(ANYTHING),
        *(st.just(meant(behind(s.id, led_ports(cluster, s)))) for s in cluster.services),
    )
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.lists(parts, min_size=2, max_size=2).map(lambda drawn: either(tuple(drawn))),
            st.lists(parts, min_size=2, max_size=2).map(lambda drawn: both(tuple(drawn))),
            st.builds(without, parts, parts),
        ),
        max_leaves=3,
    )


@cache
def _terms(roles: tuple[Role, ...]) -> SearchStrategy[Attribute]:
    plain = st.builds(Attribute, st.sampled_from(roles), st.sampled_from((Name.NAMESPACE, Name.SERVICE_ACCOUNT)))
    keyed = st.sampled_from((Name.LABEL, Name.NAMESPACE_LABEL))
    return plain | st.builds(Attribute, st.sampled_from(roles), keyed, st.sampled_from(KEYS))


@cache
def conditions(roles: tuple[Role, ...] = (Role.SRC, Role.DST)) -> SearchStrategy[Formula]:
    terms, texts = _terms(roles), st.sampled_from((*VALUES, "one", "default"))
    leaves: SearchStrategy[Formula] = st.one_of(
        st.builds(is_equal, terms, terms | texts),
        st.builds(is_one_of, terms, st.frozensets(texts, max_size=2)),
        st.builds(is_there, terms),
    )
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.builds(Not, parts),
            st.lists(parts, max_size=2).map(lambda drawn: both(tuple(drawn))),
            st.lists(parts, max_size=2).map(lambda drawn: either(tuple(drawn))),
        ),
        max_leaves=3,
    )


@cache
def claimed_ports() -> SearchStrategy[tuple[Ports, ...]]:
    everything = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)
    one = numbered_ports() | st.builds(NamedPort, PORT_NAMES, PROTOCOLS) | st.just(NumberedPorts(Protocol.OTHER))
    return st.just(everything) | st.lists(one, min_size=1, max_size=2).map(tuple)


@st.composite
def claims(draw: DrawFn, cluster: Cluster) -> Claim:
    sets = _member_sets(cluster)
    return Claim(
        draw(st.sampled_from((Kind.NO, Kind.EVERY, Kind.SOME, Kind.ONLY, Kind.REACHES_ONLY))),
        draw(sets),
        draw(sets),
        draw(claimed_ports()),
        tuple(draw(st.lists(st.builds(Excuse, sets, sets, st.none() | claimed_ports()), max_size=1))),
        draw(st.none() | conditions()),
    )


@st.composite
def isolation_claims(draw: DrawFn, cluster: Cluster) -> Claim:
    directions = draw(st.sampled_from(((Direction.INGRESS,), (Direction.EGRESS,), tuple(Direction))))
    where = draw(st.none() | conditions((Role.SRC,)))
    return Claim(Kind.ISOLATED, draw(_member_sets(cluster)), None, (), where=where, directions=directions)
