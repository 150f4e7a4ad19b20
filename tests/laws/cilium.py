"""Random clusters whose policies are Cilium's: entities, labels by their sources, ranges, Services, names, denials.

    cilium_clusters()    a Cluster with objects of Cilium, and policies of Kubernetes beside them
    cilium_profiles()    the profile, with what Cilium's options change

The alphabet is that of `clusters`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from calico import nets
from clusters import DECLARED, KEYS, MENTIONED, PORT_NAMES, VALUES, clusters, label_maps
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from analyzer.model.cilium import (
    BehindServices,
    CidrGroup,
    Cilium,
    CiliumPeer,
    CiliumPolicy,
    CiliumRule,
    CiliumSpec,
    Domain,
    Endpoints,
    Entity,
    InGroups,
    OtherNodes,
    Proxied,
    Range,
    with_requirement,
)
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import (
    FALSE,
    OF_FAMILY,
    PODS,
    TRUE,
    Attribute,
    Formula,
    Name,
    Not,
    OnPorts,
    Role,
    Test,
    both,
    either,
    is_a,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.labels import Operator, Requirement, Selector
from analyzer.model.policies import Action, Protocol
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.source import Source
from analyzer.sets import AddressSet, PortSet, other_protocols

HERE = Source("cilium.yaml", 1)
NAMES = (*DECLARED, MENTIONED)
ENTITIES = ("all", "world", "cluster", "host", "remote-node", "health", "kube-apiserver", "none")
_OF_NAMESPACE = "io.cilium.k8s.namespace.labels."
_KEYS = (
    *(f"any:{key}" for key in (*KEYS, *KEYS)),
    *(f"k8s:{key}" for key in KEYS),
    *(f"any:{_OF_NAMESPACE}{key}" for key in KEYS),
    "any:io.kubernetes.pod.namespace",
    "k8s:io.kubernetes.pod.namespace",
    "any:io.cilium.k8s.policy.serviceaccount",
    "any:io.cilium.k8s.policy.cluster",
    "reserved:host",
    "reserved:world",
    "reserved:remote-node",
    "reserved:kube-apiserver",
    "any:pod-template-hash",
    "container:app",
)
_WORDS = (*VALUES, *NAMES, "default", "robot", "")
_ASKED, _METHOD = (Attribute(Role.REQUEST, name) for name in (Name.ASKED, Name.METHOD))
_GET = either(
    [both([Test(_ASKED), Test(_METHOD, frozenset({"GET"}))]), both([Not(Test(_ASKED)), TRUE])],
)


@cache
@st.composite
def requirements(draw: DrawFn, keys: tuple[str, ...] = _KEYS) -> Requirement:
    operator = draw(st.sampled_from(Operator))
    is_listed = operator in (Operator.IN, Operator.NOT_IN)
    words = st.frozensets(st.sampled_from(_WORDS), min_size=1, max_size=2)
    return Requirement(draw(st.sampled_from(keys)), operator, draw(words) if is_listed else frozenset())


@cache
def selectors(keys: tuple[str, ...] = _KEYS) -> SearchStrategy[Selector]:
    return st.lists(requirements(keys), max_size=2).map(lambda found: Selector(tuple(found)))


@cache
@st.composite
def ranges(draw: DrawFn) -> CiliumPeer:
    if draw(st.sampled_from((False, False, True))):
        return Range(AddressSet.of("0.0.0.0/0"), "0.0.0.0/0", is_all=True)
    return Range(draw(nets()), "some")


@cache
def peers() -> SearchStrategy[CiliumPeer]:
    keys = tuple(f"any:{key}" for key in KEYS)
    return st.one_of(
        selectors().map(Endpoints),
        selectors().map(Endpoints),
        st.sampled_from(ENTITIES).map(Entity),
        ranges(),
        selectors(keys).map(OtherNodes),
        st.builds(InGroups, st.sampled_from(("some", "none")), st.none(), nets()),
        st.builds(InGroups, st.just(""), selectors(KEYS), st.just(AddressSet.EMPTY) | nets()),
        st.just(InGroups("", Selector())),  # everybody
    )


@cache
def peers_of_egress() -> SearchStrategy[CiliumPeer]:
    names = st.sampled_from(("front", "nobody"))
    services = st.builds(BehindServices, st.sampled_from(("", "one")), names, st.none())
    return st.one_of(peers(), services, st.sampled_from(("api.example.com", "*.example.com")).map(Domain))


@cache
@st.composite
def ons(draw: DrawFn, *, denies: bool) -> tuple[Formula, tuple[Proxied, ...]]:
    """What ports and requests a rule names; with what proxies look at."""
    protocol = draw(st.sampled_from((Protocol.TCP, Protocol.TCP, Protocol.UDP)))
    numbers = draw(st.sampled_from((PortSet.of(80), PortSet.of((80, 81)), PortSet.FULL)))
    match draw(st.sampled_from(("ports", "ports", "name", "icmp", "http", "nothing"))):
        case "name":
            name = draw(PORT_NAMES)
            on = OnPorts(draw(st.sampled_from((None, protocol))), PortSet.FULL, name, NamedPortScope.CONTAINERS)
            return both([is_a(Role.DST, PODS), on]), ()
        case "icmp":
            return both([OF_FAMILY[4], OnPorts(Protocol.OTHER, other_protocols.icmp(8))]), ()
        case "http" if not denies:
            return both([OnPorts(Protocol.TCP, PortSet.of(80)), _GET]), (Proxied("http", Protocol.TCP, PortSet.of(80)),)
        case "nothing":
            return FALSE, ()
    is_dns = not denies and draw(st.sampled_from((False, False, False, True)))
    return OnPorts(protocol, numbers), (Proxied("dns", protocol, numbers),) if is_dns else ()


@st.composite
def rules(draw: DrawFn, action: Action, index: int, *, is_egress: bool) -> CiliumRule:
    denies = action is Action.DENY
    peer = draw(peers_of_egress() if is_egress else peers())
    while denies and isinstance(peer, Domain):
        peer = draw(peers())
    more = (draw(peers()),) if isinstance(peer, Endpoints) and draw(st.booleans()) else ()
    wanted = draw(st.sampled_from((None, (), (peer, *more), (peer, *more), (peer, *more))))
    on, proxied = draw(ons(denies=denies)) if draw(st.booleans()) or wanted is None else (None, ())
    is_range = not is_egress and draw(st.integers(0, 15)) == 0
    named_range = OnPorts(Protocol.TCP, PortSet.of((1, 80))) if is_range else None
    word = "egress" if is_egress else "ingress"
    own = proxied if is_egress else ()
    return CiliumRule(action, index, HERE, wanted, on, own, word=word, named_range=named_range)


@st.composite
def specs(draw: DrawFn, namespace: str | None) -> CiliumSpec:
    on_nodes = namespace is None and draw(st.sampled_from((False, False, False, True)))
    keys = tuple(f"any:{key}" for key in KEYS)
    subject = draw(selectors(keys) if on_nodes else selectors())
    if namespace is not None:
        subject = with_requirement(subject, "k8s:io.kubernetes.pod.namespace", namespace)
    found = []
    for is_egress in (False, True):
        actions = draw(st.lists(st.sampled_from((Action.DENY, Action.ACCEPT, Action.ACCEPT)), max_size=3))
        ordered = sorted(actions, key=lambda action: action is not Action.DENY)
        found.append(tuple(draw(rules(action, i, is_egress=is_egress)) for i, action in enumerate(ordered)))
    says = st.sampled_from((None, None, None, True, False))
    return CiliumSpec(subject, on_nodes, found[0], found[1], draw(says), draw(says))


@st.composite
def policies(draw: DrawFn, number: int) -> CiliumPolicy:
    namespace = draw(st.none() | st.sampled_from(NAMES))
    kind = "CiliumClusterwideNetworkPolicy" if namespace is None else "CiliumNetworkPolicy"
    found = tuple(draw(specs(namespace)) for _ in range(draw(st.sampled_from((1, 1, 2)))))
    return CiliumPolicy(kind, namespace, f"cilium-{number}", found, HERE)


@st.composite
def cilium_clusters(draw: DrawFn) -> Cluster:
    """At least one policy, so that Cilium's own decide."""
    cluster = draw(clusters(is_all_modelled=draw(st.booleans())))
    groups = (CidrGroup("some", draw(label_maps()), draw(nets())), CidrGroup("other", draw(label_maps()), draw(nets())))
    own = tuple(draw(policies(number)) for number in range(draw(st.integers(1, 3))))
    return replace(cluster, cilium=Cilium(own, groups))


@st.composite
def cilium_profiles(draw: DrawFn) -> Profile:
    found = PROFILES["cilium"]
    rarely = st.sampled_from((False, False, False, True))
    for knob, value in (
        ("enable-policy", "always"),
        ("policy-cidr-match-mode", draw(st.sampled_from(("nodes", "pods", "nodes,pods")))),
        ("allow-localhost", "policy"),
        ("policy-default-local-cluster", "false"),
        ("enable-host-firewall", "true"),
        ("enable-node-selector-labels", "true"),
        ("enable-non-default-deny-policies", "false"),
        ("cilium-version", draw(st.sampled_from(("1.19", "1.18")))),
        ("kube-apiserver", "203.0.113.3"),
    ):
        if draw(rarely):
            found = found.with_knob(knob, value)
    return found
