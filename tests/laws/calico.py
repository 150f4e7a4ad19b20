"""Random clusters whose policies are Calico's: tiers that tie or pass, both-end rules, negations, sets, host endpoints.

    calico_clusters()    a Cluster with objects of Calico, and policies of Kubernetes beside them
    calico_profiles()    the profile, with versions of Calico

The alphabet is that of `clusters`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from clusters import (
    DECLARED,
    INSIDE,
    KEYS,
    MENTIONED,
    NODE_IPS,
    OUTSIDE,
    PORT_NAMES,
    VALUES,
    clusters,
    label_maps,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from analyzer.model.calico import (
    DEFAULT_ALLOW,
    AddressGroup,
    Calico,
    CalicoPolicy,
    CalicoProfile,
    CalicoRule,
    CalicoTier,
    Entity,
    EntityPorts,
    HostEndpoint,
    HttpMatch,
    Icmp,
    ServiceAccount,
)
from analyzer.model.calico_settings import (
    FelixSettings,
    ToHost,
)
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import TRUE, Attribute, Formula, Name, Not, Role, Test, both, either
from analyzer.model.policies import Action
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.source import Source
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.strings import contains, prefix, suffix

HERE = Source("calico.yaml", 1)
NAMES = (*DECLARED, MENTIONED)
_KEYS = st.sampled_from(
    (
        *KEYS,
        *KEYS,
        *(f"pcns.{key}" for key in KEYS),
        f"pcsa.{KEYS[0]}",
        "pcns.projectcalico.org/name",
        "projectcalico.org/namespace",
        "projectcalico.org/serviceaccount",
        "projectcalico.org/orchestrator",
    )
)
_WORDS = (*VALUES, "one", "two", "default", "robot", "k8s")


@cache
@st.composite
def tests(draw: DrawFn) -> Formula:
    """One term of a selector."""
    key = draw(_KEYS)
    words = VALUES if key.removeprefix("pcns.").removeprefix("pcsa.") in KEYS else _WORDS
    values = st.frozensets(st.sampled_from(words), max_size=2)
    patterns = st.sampled_from((contains("a"), prefix("b"), suffix("o"), prefix("a"), contains("ab")))
    test = Test(Attribute(Role.SELF, Name.LABEL, key), draw(st.one_of(values, values, patterns, st.none())))
    return Not(test) if draw(st.sampled_from((False, False, True))) else test


@cache
def selectors() -> SearchStrategy[Formula]:
    """What the parser makes of a selector."""
    some = st.lists(tests(), min_size=1, max_size=2)
    return st.just(TRUE) | tests() | some.map(both) | some.map(either)


@cache
@st.composite
def nets(draw: DrawFn) -> AddressSet:
    version = draw(st.sampled_from((4, 4, 4, 6)))
    base = draw(st.sampled_from((INSIDE, OUTSIDE, NODE_IPS)))[version] + draw(st.integers(0, 6))
    width = 32 if version == 4 else 128
    return AddressSet.of(f"{base}/{width}") | (
        AddressSet.of(f"{base}/{draw(st.sampled_from((8, width - 3, width - 1, width)))}")
    )


@cache
@st.composite
def ports(draw: DrawFn) -> EntityPorts:
    numbers = draw(st.sampled_from((PortSet.EMPTY, PortSet.of(80), PortSet.of((80, 81)))))
    return EntityPorts(numbers, tuple(draw(st.lists(PORT_NAMES, max_size=1))))


@st.composite
def entities(draw: DrawFn, *, is_source: bool) -> Entity:
    """Source ports are left out but for a few: what they say is open."""
    rarely = st.sampled_from((False, False, False, True))
    return Entity(
        draw(st.none() | selectors()),
        draw(selectors()) if draw(rarely) else None,
        draw(nets()) if draw(rarely) else None,
        draw(nets()) if draw(rarely) else None,
        draw(ports()) if draw(rarely) and not is_source else EntityPorts(),
        draw(ports()) if draw(rarely) and not is_source else EntityPorts(),
        ("one", draw(st.sampled_from(("front", "nobody")))) if draw(rarely) and not is_source else None,
    )


@cache
@st.composite
def rules(draw: DrawFn) -> CalicoRule:
    protocols = st.sampled_from((None, None, 6, 6, 17, 132, 1, 47))
    protocol = draw(protocols)
    icmp = draw(st.none() | st.just(Icmp(8)) | st.just(Icmp(0, 0))) if protocol == 1 else None
    src, dst = draw(entities(is_source=True)), draw(entities(is_source=False))
    if protocol is None:  # numbers need one
        dst = replace(dst, ports=EntityPorts(names=dst.ports.names), not_ports=EntityPorts(names=dst.not_ports.names))
    return CalicoRule(
        draw(st.sampled_from((Action.ACCEPT, Action.ACCEPT, Action.DENY, Action.PASS, None))),
        0,
        HERE,
        draw(st.sampled_from((None, None, None, 4, 6))),
        protocol,
        draw(st.sampled_from((None, None, None, 6, 17))),
        icmp,
        None,
        src,
        dst,
        draw(st.sampled_from((None, None, None, HttpMatch(("GET",), (("/a", True),))))),
    )


def _numbered(found: list[CalicoRule]) -> tuple[CalicoRule, ...]:
    return tuple(replace(rule, index=index) for index, rule in enumerate(found))


@st.composite
def policies(draw: DrawFn, number: int) -> CalicoPolicy:
    namespace = draw(st.none() | st.sampled_from(NAMES))
    subject = draw(selectors())
    if namespace is not None:
        own = Test(Attribute(Role.SELF, Name.LABEL, "projectcalico.org/namespace"), frozenset({namespace}))
        subject = both([own, subject])
    lists = st.lists(rules(), max_size=3).map(_numbered)
    types = draw(st.sampled_from(((True, True), (True, False), (False, True))))
    flags = draw(st.sampled_from(((),) * 6 + (("is_on_forward",), ("is_untracked", "is_on_forward"))))
    return CalicoPolicy(
        "GlobalNetworkPolicy" if namespace is None else "NetworkPolicy",
        namespace,
        f"calico-{number}",
        draw(st.sampled_from(("default", "default", "first", "second"))),
        draw(st.sampled_from((None, 1.0, 1.0, 1000.0, 2000.0))),
        subject,
        draw(lists) if types[0] else None,
        draw(lists) if types[1] else None,
        HERE,
        **(dict.fromkeys(flags, True) if namespace is None else {}),
    )


@cache
@st.composite
def groups(draw: DrawFn, number: int) -> AddressGroup:
    return AddressGroup(draw(st.none() | st.sampled_from(NAMES)), f"set-{number}", draw(label_maps()), draw(nets()))


@cache
@st.composite
def host_endpoints(draw: DrawFn, number: int) -> HostEndpoint:
    ips = tuple(NODE_IPS[version] + number for version in (4, 6))
    return HostEndpoint(
        f"host-{number}",
        draw(label_maps()),
        f"node-{number}",
        draw(st.sampled_from(("eth0", "*"))),
        draw(st.sampled_from((ips, ips, ()))),
        tuple(draw(st.lists(st.sampled_from((DEFAULT_ALLOW, "own")), max_size=2, unique=True))),
    )


@st.composite
def calico_clusters(draw: DrawFn) -> Cluster:
    """At least one policy, so that Calico decides."""
    cluster = draw(clusters(is_all_modelled=draw(st.booleans())))
    actions, orders = st.booleans(), st.sampled_from((10.0, 10.0, 2_000_000.0, None))
    tiers = tuple(CalicoTier(name, draw(orders), draw(actions)) for name in ("first", "second"))
    own = _numbered(draw(st.lists(rules(), max_size=2)))
    accounts = (ServiceAccount("one", "robot", draw(label_maps())),) if draw(st.booleans()) else ()
    dropping = FelixSettings(to_host=ToHost.DROP)
    calico = Calico(
        tuple(draw(policies(number)) for number in range(draw(st.integers(1, 4)))),
        tiers,
        tuple(draw(groups(number)) for number in range(draw(st.integers(0, 2)))),
        tuple(draw(host_endpoints(number)) for number in draw(st.sampled_from(((), (), (1,), (1, 2))))),
        (CalicoProfile("own", own, own),),
        accounts,
        felix=(dropping,) if draw(st.sampled_from((False, False, False, True))) else (),
    )
    return replace(cluster, calico=calico)


@cache
def calico_profiles() -> SearchStrategy[Profile]:
    own = PROFILES["calico"]
    versions = st.sampled_from(("3.33", "3.31", "3.28"))
    knobs = st.sampled_from(("true", "false"))
    return st.builds(
        lambda version, http: own.with_knob("calico-version", version).with_knob("application-layer-policy", http),
        versions,
        knobs,
    )
