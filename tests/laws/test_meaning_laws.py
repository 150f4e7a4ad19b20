"""What formulas and stages mean of sets of connections, of which maps are made, is what the oracle says of each one.

Formulas of every leaf, over classes of ends that are one concrete end each, and stages made of such formulas, whether
an engine has the like or not.  Where no open fact is asked for twice, what may be and what must be are exact; else the
one leaves nothing out and the other claims nothing too much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from itertools import product

from clusters import INSIDE, KEYS, NODE_IPS, OUTSIDE, PORT_NAMES, VALUES, container_ports, label_maps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from analyzer.analysis.connectivity.classes import EndClass, Sort
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.ruling import View, rulings
from analyzer.analysis.connectivity.views import Classes, OneClass
from analyzer.model import formulas as made_of
from analyzer.model.cluster import Cluster, Namespace, Node, Workload
from analyzer.model.endpoints import End, External, Host, pod_of
from analyzer.model.formulas import (
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
    OfWorkload,
    OnHostPort,
    OnNodes,
    OnNodesOf,
    OnPorts,
    Open,
    Role,
    Same,
    Some,
    leaves,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier, Unmatched
from analyzer.model.policies import Action, NamespacesMatching, PodPeer, Policy, Protocol, Rule
from analyzer.model.policies import Tier as TierName
from analyzer.model.source import NOWHERE
from analyzer.records import dataclass
from analyzer.semantics.deciding import ruling_of
from analyzer.semantics.fold import Grants, Selected, Span
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.meaning import Ends, Meaning, OneEnd, Shapes
from analyzer.semantics.partitions import mapped
from analyzer.semantics.settling import DOES_NOT_MATCH, MATCHES, Settle, runs
from analyzer.sets import AddressSet, ConnectionSet, PortSet, other_protocols
from analyzer.sets.addresses import IPAddress
from analyzer.sets.strings import contains, prefix, suffix

Atom = tuple[Protocol, int]
ICMP_8, GRE = (numbers.intervals[0][0] for numbers in (other_protocols.icmp(8, 0), other_protocols.protocol(47)))
ATOMS = (
    *((protocol, port) for protocol in (Protocol.TCP, Protocol.UDP, Protocol.SCTP) for port in (80, 81)),
    (Protocol.OTHER, ICMP_8),
    (Protocol.OTHER, GRE),
)
POD_ADDRESSES = AddressSet.of("10.0.0.0/29", "fd00::/125")
ACCOUNTS, NAMESPACES = ("default", "robot"), ("one", "two")
law = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


# ------------------------------------------------------------------------------------------------ ends
@dataclass(frozen=True, slots=True)
class World:
    """Classes of one concrete end each, and what is at the far end: all of them, or one address outside."""

    cluster: Cluster
    index: EndIndex
    version: int
    far_role: Role
    near: int
    outside: External | None

    @property
    def far(self) -> Ends:
        if self.outside is not None:
            return OneEnd(self.outside)
        return Classes(self.index, self.index.of_version[self.version], self.version, 0, {})

    @property
    def shapes(self) -> Shapes:
        return Shapes(self.far_role)

    def meaning(self, settled: Mapping[OpenFact, bool]) -> Meaning:
        return Meaning(self.shapes, self.far, OneClass(self.index, self.near, self.version), settled)

    def situations(self) -> Iterator[tuple[int, list[dict[Role, End]]]]:
        """By the bit of the far end, the two ends, at each of their addresses."""
        numbers = [number for number, its in enumerate(self.index.classes) if self.version in its.versions]
        far = {1 << number: self.ends(number) for number in numbers} if self.outside is None else {1: [self.outside]}
        for bit, others in far.items():
            pairs = product(others, self.ends(self.near))
            yield bit, [{self.far_role: other, self.near_role: near} for other, near in pairs]

    @property
    def near_role(self) -> Role:
        return Role.SRC if self.far_role is Role.DST else Role.DST

    def ends(self, number: int) -> list[End]:
        one = (*self.cluster.workloads, *self.cluster.nodes)[number]
        known = one.ips or self.unknown_addresses(is_on_node=isinstance(one, Node) or one.host_network)
        ips = [ip for ip in known if ip.version == self.version]
        if isinstance(one, Node):
            return [Host(one.name, one.labels, ip) for ip in ips]
        return [pod_of(one, self.cluster.namespace_by_name[one.namespace].labels, ip) for ip in ips]

    def unknown_addresses(self, *, is_on_node: bool) -> Iterable[IPAddress]:
        """One of each sort that a formula tells apart: of pods those of their range that are nobody's, of what is on
        nodes any but a pod's."""
        if not is_on_node:
            free = POD_ADDRESSES - self.cluster.taken_addresses
            return [ip for network in free.networks() for ip in network]
        pods = {ip for one in self.cluster.workloads if not one.host_network for ip in one.ips}
        near = (base[version] + n for base in (INSIDE, OUTSIDE, NODE_IPS) for version in (4, 6) for n in range(6))
        return [ip for ip in near if ip not in pods]

    @property
    def is_placed(self) -> bool:
        """Each end has one address."""
        return all(len(one.ips) == len({ip.version for ip in one.ips}) > 0 for one in self.cluster.workloads)


@st.composite
def worlds(draw: DrawFn) -> World:
    version = draw(st.sampled_from((4, 6)))
    spaces = tuple(
        Namespace(name, Labels({**draw(label_maps()), NAMESPACE_NAME_LABEL: name}), True) for name in NAMESPACES
    )
    families = [draw(st.sampled_from(((4, 6), (version,), (10 - version,)))) for _ in range(3)]
    families[0] = (4, 6)  # the near end
    workloads = tuple(_workload(draw, number, its) for number, its in enumerate(families))
    if draw(st.booleans()):
        number = draw(st.sampled_from((0, 1, 2)))
        workloads = tuple(replace(it, ips=()) if at == number else it for at, it in enumerate(workloads))
    nodes = tuple(Node(f"node-{n}", draw(label_maps()), _at(NODE_IPS, n, (4, 6)), AddressSet.EMPTY) for n in (1, 2))
    cluster = Cluster(spaces, workloads, nodes)
    classes = [_class_of(one) for one in (*workloads, *nodes)]
    outside = External(OUTSIDE[version] + draw(st.integers(1, 3)), draw(st.sampled_from(("", "", "health"))))
    return World(
        cluster,
        EndIndex(cluster, classes, POD_ADDRESSES),
        version,
        draw(st.sampled_from((Role.SRC, Role.DST))),
        draw(st.sampled_from((0, 0, 1, 3) if version in families[1] else (0, 0, 3))),
        draw(st.sampled_from((None, None, outside))),
    )


def _workload(draw: DrawFn, number: int, families: tuple[int, ...]) -> Workload:
    is_host = draw(st.sampled_from((False, False, True)))
    base = NODE_IPS if is_host else INSIDE
    places = draw(st.sampled_from(((1,), (2,), (3,), (2, 3)))) if is_host else ((1, 4), (3, 5), (6,))[number]
    places = places[: draw(st.sampled_from((1, 1, 2)))]
    return Workload(
        "Deployment",
        draw(st.sampled_from(NAMESPACES)),
        f"work-{number}",
        draw(label_maps()),
        draw(st.sampled_from(ACCOUNTS)),
        draw(container_ports(may_be_at_host=not is_host)),  # on its node's network it has none of its own
        is_host,
        tuple(ip for place in places for ip in _at(base, place, families)),
    )


def _at(base, number: int, families: tuple[int, ...]):
    return tuple(base[version] + number for version in families)


def _class_of(one: Workload | Node) -> EndClass:
    """That knows all of it."""
    labels, versions = tuple(sorted(one.labels.items())), tuple(sorted({ip.version for ip in one.ips})) or (4, 6)
    if isinstance(one, Node):
        return EndClass(Sort.NODE, "", labels, ips=one.ips, is_address_known=True, versions=versions)
    return EndClass(
        Sort.HOST_POD if one.host_network else Sort.POD,
        one.namespace,
        labels,
        one.ports,
        one.ips,
        bool(one.ips),
        versions,
        account=one.service_account,
        workloads=((one.namespace, one.name),),
    )


# ------------------------------------------------------------------------------------------------ formulas
_ROLES = st.sampled_from((Role.SRC, Role.DST))


@cache
def _attributes(roles: SearchStrategy[Role] = _ROLES) -> SearchStrategy[Attribute]:
    keyed = st.sampled_from([(Name.LABEL, key) for key in KEYS] + [(Name.NAMESPACE_LABEL, key) for key in KEYS])
    plain = st.sampled_from([(name, "") for name in (Name.NAMESPACE, Name.SERVICE_ACCOUNT)])
    return st.builds(lambda role, its: Attribute(role, *its), roles, keyed | keyed | plain)


@cache
def _tests(roles: SearchStrategy[Role] = _ROLES) -> SearchStrategy[Formula]:
    listed = st.frozensets(st.sampled_from((*VALUES, *NAMESPACES, *ACCOUNTS)), max_size=3)
    patterns = st.sampled_from((contains("o"), prefix("a"), suffix("b")))
    return st.builds(made_of.Test, _attributes(roles), listed | listed | patterns | st.none())


@cache
def _members() -> SearchStrategy[Formula]:
    on_self = _tests(st.just(Role.SELF)).filter(lambda test: test.attribute.name is Name.LABEL)
    blocks = AddressSet.of("10.0.0.0/30", "fd00::/126"), AddressSet.of("10.0.0.1/32", "fd00::1/128")
    others = AddressSet.of("203.0.113.2/31", "2001:db8::2/127"), AddressSet.of("192.168.0.2/31", "fd01::2/127")
    families = AddressSet.of("0.0.0.0/0"), AddressSet.of("::/0"), AddressSet.EMPTY
    places = st.sampled_from((*blocks * 2, *others, *families)).map(AtAddress)
    kinds = st.frozensets(st.sampled_from(EndKind), min_size=1, max_size=3)
    spaces = st.lists(label_maps(), max_size=2).map(tuple)
    sets = st.one_of(
        st.builds(OfKind, kinds),
        st.builds(OfKind, kinds),
        places,
        places,
        st.builds(OfWorkload, st.sampled_from(NAMESPACES), st.sampled_from(("work-0", "work-1"))),
        st.builds(OnNodes, on_self | on_self.map(Not)),
        st.builds(OnNodesOf, spaces, st.just(TRUE) | on_self.map(Not)),
        st.builds(OnNodesOf, spaces, on_self),
    )
    return st.builds(Member, _ROLES, sets)


@cache
def _ports() -> SearchStrategy[Formula]:
    protocols = st.sampled_from((None, Protocol.TCP, Protocol.TCP, Protocol.UDP, Protocol.SCTP))
    numbers = st.sampled_from((PortSet.FULL, PortSet.of(80), PortSet.of(81), PortSet.of((81, 90))))
    others = st.sampled_from((PortSet.FULL, other_protocols.ICMP, PortSet.of(GRE), PortSet.of(ICMP_8, GRE)))
    named = st.builds(
        lambda protocol, name, scope: OnPorts(protocol, name=name, scope=scope),
        protocols,
        PORT_NAMES,
        st.sampled_from(NamedPortScope),
    )
    numbered = st.builds(OnPorts, protocols, numbers)
    return st.one_of(
        numbered, numbered, st.builds(OnPorts, st.just(Protocol.OTHER), others), named, named, st.just(OnHostPort())
    )


_LETTERS = "abcdefghijkl"
FACTS = tuple(OpenFact("domain", name, name) for name in _LETTERS)
ASKS = tuple(made_of.Test(Attribute(Role.REQUEST, Name.HEADER, key), frozenset({"x"})) for key in _LETTERS)
_OPEN: SearchStrategy[Formula] = st.sampled_from((*map(Open, FACTS), *ASKS))
_NO_REQUEST: Formula = made_of.Test(Attribute(Role.REQUEST, Name.ASKED))


@cache
def _leaves(*sorts: str) -> SearchStrategy[Formula]:
    """Each sort as often, however many there are of it."""
    of_sort: dict[str, SearchStrategy[Formula]] = {
        "test": _tests(),
        "ends": _members(),
        "ports": _ports(),
        "same": st.builds(Same, _attributes(), _attributes()),
        "open": _OPEN,
        "sure": st.sampled_from((TRUE, Some(), _NO_REQUEST)),
    }
    return st.sampled_from(sorts).flatmap(of_sort.__getitem__)


_ANY = ("test", "test", "ends", "ends", "ports", "ports", "same", "open", "open", "sure")
_OF_PORTS = ("ports", "ports", "open")
_SHAPES = (All, All, Some, Some, Not)


@st.composite
def formulas(draw: DrawFn, *depths: int) -> Formula:
    """Nested as deep as one of `depths`."""
    leaf = _leaves(*draw(st.sampled_from((_ANY, _ANY, _ANY, _OF_PORTS))))
    return _nested(draw, leaf, draw(st.sampled_from(depths)))


def _nested(draw: DrawFn, leaf: SearchStrategy[Formula], depth: int) -> Formula:
    if not depth:
        return draw(leaf)
    shape = draw(st.sampled_from(_SHAPES))
    size = 1 if shape is Not else draw(st.sampled_from((1, 2, 2, 3)))
    parts = tuple(_nested(draw, leaf, draw(st.sampled_from((0, depth - 1)))) for _ in range(size))
    return Not(parts[0]) if shape is Not else shape(parts)


# ------------------------------------------------------------------------------------------------ what is held to what
def is_asked_once(of: list[Formula], world: World) -> bool:
    """No open fact and no attribute of a request is asked for twice, nor an address where there are several."""
    every = [leaf for formula in of for leaf in leaves(formula)]
    asked = [leaf for leaf in every if _is_open(leaf)]
    places = [leaf for leaf in every if isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress | OnNodes)]
    return len(asked) == len(set(asked)) and (world.is_placed or len(places) < 2)


def _is_open(leaf: Leaf) -> bool:
    return isinstance(leaf, Open) or leaf in ASKS


def said(about: Callable[[Settle], bool], settled: Mapping[OpenFact, bool]) -> set[bool]:
    """Over every way of settling what is not settled."""

    def with_known(settle: Settle) -> bool:
        return about(
            lambda fact, options: (
                (MATCHES if settled[fact] else DOES_NOT_MATCH) if fact in settled else settle(fact, options)
            )
        )

    return {result for result, _ in runs(with_known)}


def situation(ends: Mapping[Role, End], atom: Atom, world: World, settle: Settle) -> Situation:
    """The request has a header or has it not as facts go, too: nobody knows which is asked for."""
    about = Situation(*atom, ends, world.cluster.nodes, settle)
    return replace(about, request=_Headers(settle))


class _Headers(Mapping):
    """The headers of a request, each there or not as it is settled."""

    def __init__(self, settle: Settle) -> None:
        self.settle = settle

    def __getitem__(self, attribute: Attribute) -> tuple[str, ...]:
        if attribute.name is Name.ASKED:
            raise KeyError(attribute)
        fact = OpenFact("header", attribute.key, attribute.key)
        return ("x",) if self.settle(fact, (MATCHES, DOES_NOT_MATCH)) == MATCHES else ()

    def __iter__(self) -> Iterator[Attribute]:
        raise NotImplementedError

    def __len__(self) -> int:
        return 1


def holds(connections: ConnectionSet, atom: Atom) -> bool:
    protocol, number = atom
    if protocol is Protocol.OTHER:
        return number in connections.others
    return number in dict(connections.by_protocol)[protocol.value]


def at(found: list[tuple[int, Span]], bit: int, atom: Atom) -> tuple[bool, bool]:
    """What is said of a far end and a connection: that it may be, that it must be."""
    here = [span for bits, span in found if bits & bit]
    assert len(here) <= 1, "parts overlap"
    return (holds(here[0].may, atom), holds(here[0].must, atom)) if here else (False, False)


def agree(told: tuple[bool, bool], wanted: set[bool], *, is_exact: bool) -> bool:
    may, must = told
    if is_exact:
        return told == (True in wanted, wanted == {True})
    return (may or True not in wanted) and (not must or False not in wanted)


SETTLED = st.dictionaries(st.sampled_from(FACTS), st.booleans(), max_size=2)


@settings(law, max_examples=200)
@given(worlds(), st.tuples(*[formulas(1, 2, 3, 3)] * 5), SETTLED)
def test_a_formula_means_of_sets_what_it_says_of_each_connection(
    world: World, drawn: tuple[Formula, ...], settled: dict[OpenFact, bool]
) -> None:
    for formula, seen in product(drawn, (world, replace(world, near=4))):  # what is kept is kept for each near end
        found: Grants = seen.meaning(settled).of(formula)
        for (bit, pairs), atom in product(seen.situations(), ATOMS):

            def is_so(ends: Mapping[Role, End], settle: Settle, of: Formula = formula, atom: Atom = atom) -> bool:
                return is_true(of, situation(ends, atom, world, settle))

            wanted = {result for ends in pairs for result in said(partial(is_so, ends), settled)}
            is_exact = is_asked_once([formula], world)
            assert agree(at(found, bit, atom), wanted, is_exact=is_exact), (formula, pairs, atom, wanted)


# ------------------------------------------------------------------------------------------------ stages
_EVERYONE = PodPeer(NamespacesMatching(Selector.EVERYTHING))


@st.composite
def _entries(draw: DrawFn, number: int, actions: tuple[Action, ...], *, may_close: bool) -> Entry:
    rules = draw(st.lists(st.tuples(st.sampled_from(actions), formulas(0, 1, 1, 2)), max_size=3))
    source = tuple(Rule(action, None, None, place, NOWHERE) for place, (action, _) in enumerate(rules))
    policy = Policy("ClusterNetworkPolicy", None, f"p-{number}", TierName.ADMIN, _EVERYONE, source, None, NOWHERE)
    staged = (StagedRule(its, its.action, when, when, when) for its, (_, when) in zip(source, rules, strict=True))
    return Entry(policy, TRUE, tuple(staged), closes=may_close and draw(st.booleans()))


@st.composite
def tiers(draw: DrawFn, number: int) -> Tier:
    """A union is one group; else there may be scales of several groups of several policies."""
    is_union = draw(st.sampled_from((False, False, True)))
    actions = (Action.ACCEPT,) if is_union else tuple(Action)
    shape = draw(st.sampled_from((((1,),), ((2,),), ((1, 1),), ((1, 2),), ((2, 1, 1),), ((1,), (1, 1)))))
    shape = shape[:1] if is_union else shape
    places = iter(range(100 * number, 100 * number + 100))
    scales = tuple(
        tuple(tuple(draw(_entries(next(places), actions, may_close=True)) for _ in range(size)) for size in groups)
        for groups in (shape if not is_union else tuple((groups[0],) for groups in shape))
    )
    spared = draw(st.sampled_from((Some(), Some(), OnPorts(Protocol.OTHER))))
    return Tier(f"tier-{number}", scales, draw(st.sampled_from(Unmatched)), spared, is_union)


@st.composite
def selections(draw: DrawFn) -> Selected:
    """Each tier, with all of its policies."""
    found = [draw(tiers(number)) for number in range(draw(st.integers(1, 3)))]
    return [(tier, tier.scales) for tier in found]


@settings(law, max_examples=250)
@given(worlds(), selections(), SETTLED)
def test_a_stage_rules_on_sets_as_on_each_connection(
    world: World, selected: Selected, settled: dict[OpenFact, bool]
) -> None:
    stage = Stage("made up", world.near_role, TRUE, tuple(tier for tier, _ in selected))
    meaning = world.meaning(settled)
    rules = [rule for entry in stage.entries for rule in entry.rules]
    numbers = {id(rule): number for number, rule in enumerate(rules)}
    found = rulings(selected, View(meaning))
    traced = rulings(selected, View(meaning), numbers=numbers)
    spans = [(bits, Span(its.may, its.must)) for its, bits in found.items()]
    assert mapped(traced, lambda its: its._replace(hits=())) == found
    is_exact = is_asked_once([rule.when for rule in rules], world)
    for bit, pairs in world.situations():
        hits = next(its.hits for its, bits in traced.items() if bits & bit)
        for atom in ATOMS:
            named: set[int] = set()

            def is_so(ends: Mapping[Role, End], settle: Settle, atom: Atom = atom, named: set[int] = named) -> bool:
                told = ruling_of(stage, selected, situation(ends, atom, world, settle))
                named |= {numbers[id(rule)] for rule in rules for ref in told.rules if ref.rule is rule.rule}
                return told.allowed

            wanted = {result for ends in pairs for result in said(partial(is_so, ends), settled)}
            assert agree(at(spans, bit, atom), wanted, is_exact=is_exact), (pairs, atom, wanted)
            assert named <= {number for number, its in hits if holds(its, atom)}, (pairs, atom)
