"""What policies and a question mention: names of namespaces, label keys with their values, port names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from analyzer.encoding.domains import Attr, Domain, DomainBuilder
from analyzer.encoding.namespaces import NamespaceTable, Standing
from analyzer.encoding.question import Question
from analyzer.encoding.residues import is_of_name
from analyzer.encoding.walk import (
    claim_ports,
    formulas_of,
    formulas_of_entry,
    led_ports_of,
)
from analyzer.model.added_labels import distinguished_by
from analyzer.model.claims import asked_by
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.ends import LedPort
from analyzer.model.formulas import (
    AtAddress,
    Attribute,
    Formula,
    Leaf,
    Member,
    Name,
    OfWorkload,
    OnNodes,
    OnPorts,
    Same,
    Test,
    leaves,
    leaves_once,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import NAMESPACE_NAME_LABEL
from analyzer.model.leading import NodeWay, Way
from analyzer.model.memory import PerObject, Together, remembered
from analyzer.model.pipeline import Entry, Stage
from analyzer.model.policies import (
    PORT_PROTOCOLS,
    NamedPort,
    NumberedPorts,
    Ports,
    Protocol,
)
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.records import dataclass
from analyzer.sets import AddressSet

_NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


FRESH_VALUES = 2  # one for each end
NARROW_TO_WIDE = tuple(NamedPortScope)
SERVICE_SCOPE = NamedPortScope.SIDECARS
"""Where the control plane looks up the name that a Service targets, whatever enforces policies (reference A13.2)."""


class PortName(NamedTuple):
    """A name and protocol that something asks the destination pod's containers for, and which of them it asks."""

    name: str
    protocol: Protocol
    scope: NamedPortScope


@dataclass(frozen=True)
class Vocabulary:
    """What the policies and the question speak of; scopes that share one give the same symbols the same meaning.
    `asks_nodes`: which nodes ends are on."""

    domains: dict[Attr, Domain]
    port_names: tuple[PortName, ...]
    needs_addresses: bool
    asks_nodes: bool = False


def vocabulary(
    members: Cluster,
    question: Question,
    table: NamespaceTable,
    stages: Iterable[Stage],
    touched: frozenset[int],
    formulas: Iterable[Formula] = (),
    accounts: Iterable[str] = (),
) -> Vocabulary:
    """What these stages, formulas and the question mention; `touched`: the namespaces that an end can be in;
    `accounts`: service accounts besides."""
    stages = tuple(stages)
    found = dict.fromkeys(_leaves_in(it for stage in stages for it in formulas_of(stage, with_entries=False)))
    entries = [entry for stage in stages for entry in stage.entries]
    for each in _of_entries(members).of(entries, _asked_by, are_all=False):
        found.update(each)
    led = tuple(dict.fromkeys(way.port for stage in stages for way in _ways(stage)))
    found.update(dict.fromkeys(_leaves_in((*formulas, *(port.members for port in led)))))
    found.update(dict.fromkeys(asked_by(question.claim, question.assumptions)))
    asked = tuple(found)
    needs_addresses = (
        members.has_disjoint_families
        or bool(led)
        or any(isinstance(entry, NumberedPorts) and entry.version for entry in claim_ports(question.claim))
        or any(isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress | OnNodes) for leaf in asked)
        or any(isinstance(leaf, Test) and isinstance(leaf.meets, AddressSet) for leaf in asked)
    )
    return Vocabulary(
        _domains(members, question.profile, table, touched, asked, accounts),
        _port_names(question, led, asked),
        needs_addresses,
        asks_nodes=any(isinstance(leaf, Test) and leaf.attribute.name is Name.NODES for leaf in asked),
    )


def _ways(stage: Stage) -> Iterator[Way | NodeWay]:
    yield from stage.ways
    yield from stage.node_ways


# ------------------------------------------------------------------------------------------------ mentions
def _leaves_in(formulas: Iterable[Formula]) -> Iterator[Leaf]:
    """Those that ask about nodes' labels too."""
    for leaf in leaves_once(formulas):
        yield leaf
        if isinstance(leaf, Member) and isinstance(leaf.ends, OnNodes):
            yield from leaves(leaf.ends.labels)


class Asked(NamedTuple):
    """What a whole pipeline asks of attributes: all tests, those of namespaces' labels, and the names that namespaces
    created later may have by those of names."""

    tests: frozenset[Test]
    of_namespaces: frozenset[Test]
    names: frozenset[str]


def asked_in_pipeline(cluster: Cluster, profile: Profile) -> Asked:
    """Kept with the cluster; after a change only the policies that are others are gone through."""
    pipeline = pipeline_of(profile, cluster)
    known = cluster.readings.get((asked_in_pipeline, profile))
    if isinstance(known, tuple) and known[0] is pipeline:
        found: Asked = known[1]
        return found
    entries = pipeline.entries
    _of_entries(cluster).forget_others(entries)
    others = _leaves_in(it for stage in pipeline.stages for it in formulas_of(stage, with_entries=False))
    tests = _tests_of_entries(cluster).of(entries).keys() | {leaf for leaf in others if isinstance(leaf, Test)}
    found = Asked(
        frozenset(tests),
        frozenset(test for test in tests if test.attribute.name is Name.NAMESPACE_LABEL),
        _names_to_come(cluster, tests),
    )
    cluster.readings[asked_in_pipeline, profile] = pipeline, found
    return found


def _asked_by(entry: Entry) -> dict[Leaf, None]:
    return dict.fromkeys(_leaves_in(formulas_of_entry(entry)))


@remembered
def _of_entries(cluster: Cluster) -> PerObject[Entry, dict[Leaf, None]]:
    """Room for what single entries ask, whatever the cluster."""
    return PerObject()


@remembered
def _tests_of_entries(cluster: Cluster) -> Together[Entry, Test]:
    """Room for what entries ask of attributes together, whatever the cluster."""
    return Together(lambda entry: [leaf for leaf in _asked_by(entry) if isinstance(leaf, Test)])


def mentioned_names(cluster: Cluster, question: Question) -> frozenset[str]:
    """Names that namespaces created later may have and that can matter: those that the query or a cluster-wide
    selector mentions, and where a condition compares names with other attributes, the values of those.
    """
    asked = tuple(asked_by(question.claim, question.assumptions))
    in_pipeline = asked_in_pipeline(cluster, question.profile)
    tests = [leaf for leaf in asked if isinstance(leaf, Test)]
    others = {it.ends.namespace for it in asked if isinstance(it, Member) and isinstance(it.ends, OfWorkload)}
    others.update(_values_compared_with_names(cluster, asked, chain(tests, in_pipeline.tests)))
    return in_pipeline.names | _names_to_come(cluster, tests, others)


def _names_to_come(cluster: Cluster, tests: Iterable[Test], others: Iterable[str] = ()) -> frozenset[str]:
    """The names that tests ask for, and the others, as far as a namespace can be called so and none is yet."""
    asked = (name for test in tests if is_of_name(test) and isinstance(test.meets, frozenset) for name in test.meets)
    there = cluster.namespace_by_name
    return frozenset(name for name in {*asked, *others} if name not in there and _NAMESPACE_NAME.fullmatch(name))


def _values_compared_with_names(cluster: Cluster, asked: Iterable[Leaf], tests: Iterable[Test]) -> Iterator[str]:
    """Every value that a selector, a condition or an object gives to an attribute that is compared with names, be it
    by way of others: a namespace may come to be called so."""
    groups = DomainBuilder()
    for leaf in asked:
        if isinstance(leaf, Same):
            groups.compare(attr_of(leaf.left), attr_of(leaf.right))
    attrs = groups.alike(Attr("name")) - {Attr("name")}
    if not attrs:
        return
    keys = {attr.key for attr in attrs}
    for test in tests:
        if test.attribute.key in keys and isinstance(test.meets, frozenset):
            yield from test.meets
    for service in cluster.services:
        for requirement in service.selector.requirements if service.selector is not None else ():
            if requirement.key in keys:
                yield from requirement.values
    labels = [thing.labels for things in (cluster.namespaces, cluster.workloads, cluster.nodes) for thing in things]
    yield from (value for w in cluster.workloads for key in keys for value in _samples(w, key, ()))
    yield from (value for held in labels for key, value in held.items() if key in keys)
    if Attr("sa") in attrs:
        yield from ("default", *(workload.service_account for workload in cluster.workloads))


def attr_of(attribute: Attribute) -> Attr:
    """The domain that an end's attribute has its values from."""
    match attribute.name:
        case Name.LABEL:
            return Attr("pod", attribute.key)
        case Name.SERVICE_ACCOUNT:
            return Attr("sa")
        case Name.NAMESPACE_LABEL if attribute.key != NAMESPACE_NAME_LABEL:
            return Attr("ns", attribute.key)
        case _:  # the name, or the label that always holds it
            return Attr("name")


def _port_names(question: Question, led: Iterable[LedPort], asked: Iterable[Leaf]) -> tuple[PortName, ...]:
    found: dict[PortName, None] = {}

    def add(ports: Iterable[Ports], scope: NamedPortScope) -> None:
        for entry in ports:
            if isinstance(entry, NamedPort):
                for protocol in PORT_PROTOCOLS if entry.protocol is None else (entry.protocol,):
                    found[PortName(entry.name, protocol, scope)] = None

    add(claim_ports(question.claim), question.profile.named_port_scope)
    for excuse in question.claim.excuses:
        for naming in excuse.port_names:
            add([naming.port], naming.scope or question.profile.named_port_scope)
    for leaf in asked:
        if isinstance(leaf, OnPorts) and leaf.name:
            add([NamedPort(leaf.name, leaf.protocol)], leaf.scope)
    for port in (*led, *led_ports_of(question.claim)):
        add([port.target] if port.target is not None else [], SERVICE_SCOPE)
    return tuple(sorted(found, key=lambda it: (it.name, it.protocol.value, NARROW_TO_WIDE.index(it.scope))))


# ------------------------------------------------------------------------------------------------ domains
def _domains(
    cluster: Cluster,
    profile: Profile,
    table: NamespaceTable,
    touched: frozenset[int],
    asked: Iterable[Leaf],
    named: Iterable[str],
) -> dict[Attr, Domain]:
    builder = DomainBuilder(profile.most_atoms)
    is_open = any(table.entries[c].standing is not Standing.KNOWN for c in touched)

    for leaf in asked:
        match leaf:
            case Test(_, meets) if (attr := _asked_of(leaf, is_open=is_open)) is not None:
                if meets is None or isinstance(meets, frozenset):
                    builder.mention(attr, meets or ())
                elif not isinstance(meets, AddressSet):
                    builder.mention_pattern(attr, meets)
            case Same(left, right) if attr_of(left) != Attr("name") or attr_of(right) != Attr("name"):
                builder.compare(attr_of(left), attr_of(right))
            case _:
                pass
    if identified := frozenset(named):
        builder.mention(Attr("sa"), identified)
    if Attr("sa") in builder:
        builder.mention(Attr("sa"), ("default",))
    for attr in builder.compared:
        builder.mention(attr, _actual_values(cluster, table, attr, touched))
    for attr in builder.compared:
        if attr.kind == "pod":
            builder.mention(attr, _added_values(cluster, table, builder, attr, touched))
    return builder.freeze()


def _asked_of(test: Test, *, is_open: bool) -> Attr | None:
    """The attribute whose values the test tells apart; None where a name alone decides, or what is known."""
    match test.attribute.name:
        case Name.LABEL:
            return Attr("pod", test.attribute.key)
        case Name.SERVICE_ACCOUNT:
            return Attr("sa")
        case Name.NAMESPACE_LABEL if is_open and test.attribute.key != NAMESPACE_NAME_LABEL:
            return Attr("ns", test.attribute.key)
        case _:
            return None


def _added_values(
    cluster: Cluster, table: NamespaceTable, builder: DomainBuilder, attr: Attr, touched: frozenset[int]
) -> list[str]:
    """Of each pattern of values that controllers give to a label, two that nothing mentions: one for each end."""
    known = builder.values_like(attr)
    by_namespace = cluster.workloads_by_namespace
    here = (w for code in touched for w in by_namespace.get(table.entries[code].name or "", ()))
    return list(dict.fromkeys(value for workload in here for value in _samples(workload, attr.key, known)))


def _samples(workload: Workload, key: str, known: Collection[str]) -> Iterator[str]:
    for added in distinguished_by((key,), workload.added):
        if key in added.all_keys:
            for option in added.options({key: known}, FRESH_VALUES):
                yield from (value for its, value in option.labels if its == key)


def _actual_values(cluster: Cluster, table: NamespaceTable, attr: Attr, touched: frozenset[int]) -> Iterator[str]:
    if attr.kind == "ns":
        for code in touched:
            if (value := table.entries[code].labels.get(attr.key)) is not None:
                yield value
    elif attr.kind == "name":
        for code in touched:
            if (name := table.entries[code].name) is not None:
                yield name
    else:
        by_namespace = cluster.workloads_by_namespace
        for code in touched:
            for workload in by_namespace.get(table.entries[code].name or "", ()):
                value = workload.service_account if attr.kind == "sa" else workload.labels.get(attr.key)
                if value is not None:
                    yield value
        for node in cluster.nodes:
            if attr.kind == "pod" and attr.key in node.labels:
                yield node.labels[attr.key]
