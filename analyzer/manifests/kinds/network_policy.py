"""NetworkPolicy, networking.k8s.io/v1 (reference A)."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.manifests.kinds.cidrs import is_strictly_inside, read_cidr
from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.names import port_name_fault
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.kinds.selectors import read_selector
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section, nearest
from analyzer.model.labels import Selector
from analyzer.model.policies import (
    Action,
    AddressPeer,
    NamedPort,
    NamespaceNamed,
    NamespacesMatching,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    Tier,
)
from analyzer.sets import AddressSet

_TOP_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec"})
SPEC_FIELDS = frozenset({"podSelector", "policyTypes", "ingress", "egress"})
_INGRESS_FIELDS = frozenset({"from", "ports"})
_EGRESS_FIELDS = frozenset({"to", "ports"})
_PEER_FIELDS = frozenset({"podSelector", "namespaceSelector", "ipBlock"})
_BLOCK_FIELDS = frozenset({"cidr", "except"})
_PORT_FIELDS = frozenset({"protocol", "port", "endPort"})
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_MOST_TYPES = 2


def _read(manifest: Manifest) -> Policy:
    root = manifest.root
    if root.log.is_stored and root.has("status"):
        root.notice("status", "is ignored: a NetworkPolicy has none since Kubernetes 1.28")
        root.only(_TOP_FIELDS | {"status"})
    else:
        root.only(_TOP_FIELDS)
    check_metadata(manifest)
    spec = root.section("spec") or Section(Mapping(root.data.place), "spec", root.log)
    spec.only(SPEC_FIELDS)
    return policy_of(manifest, spec)


def policy_of(manifest: Manifest, spec: Section) -> Policy:
    """What the fields of the spec say, whatever else it holds."""
    namespace = manifest.namespace or DEFAULT_NAMESPACE
    subject = PodPeer(NamespaceNamed(namespace), read_selector(spec, "podSelector") or Selector.EVERYTHING)
    ingress, egress = read_rules(spec, "ingress", namespace), read_rules(spec, "egress", namespace)
    types = _policy_types(spec, has_egress_rules=bool(egress))
    _note_inert_rules(spec, types)
    return Policy(
        kind="NetworkPolicy",
        namespace=namespace,
        name=manifest.name,
        tier=Tier.NETWORK_POLICY,
        subject=subject,
        ingress=ingress if "Ingress" in types else None,
        egress=egress if "Egress" in types else None,
        source=manifest.source,
        unlisted_ingress=() if "Ingress" in types else ingress,
        unlisted_egress=() if "Egress" in types else egress,
    )


def _policy_types(spec: Section, has_egress_rules: bool) -> set[str]:
    """The types after defaulting (A4); V20, V21."""
    written = spec.texts("policyTypes")
    count = len(spec.sequence("policyTypes"))
    if not count:
        return {"Ingress", "Egress"} if has_egress_rules else {"Ingress"}
    if count > _MOST_TYPES:
        spec.problem("policyTypes", f"has {count} entries, but may have at most {_MOST_TYPES}")
        return set()
    for value, place in written:
        if value not in ("Ingress", "Egress"):
            close = nearest(value, ("Ingress", "Egress"))
            hint = f"did you mean `{close}`?" if close else ""
            message = f"`{spec.field('policyTypes')}` holds `{value}`, but takes only `Ingress` and `Egress`"
            spec.log.problem(place, message, hint)
    return {value for value, _ in written}


def _note_inert_rules(spec: Section, types: set[str]) -> None:
    """Rules of a direction that the policy does not speak of are accepted and do nothing (A4.1)."""
    for key, type_ in (("ingress", "Ingress"), ("egress", "Egress")):
        if types and type_ not in types and spec.sequence(key):
            spec.notice(key, f"has no effect: `policyTypes` does not list `{type_}`")


def read_peer(section: Section, namespace: str) -> Peer | None:
    """A peer of a NetworkPolicy of the namespace; None if something is wrong with it."""
    return _peer(section, namespace)


def read_rules(
    spec: Section, key: str, namespace: str, peer: Callable[[Section, str], Peer | None] = read_peer
) -> tuple[Rule, ...]:
    """The rules of one direction, `ingress` or `egress`, whose peers `peer` reads."""
    peer_key, fields = ("from", _INGRESS_FIELDS) if key == "ingress" else ("to", _EGRESS_FIELDS)
    if not spec.has(key):
        return ()
    found = []
    items = spec.sequence(key)
    sections = iter(spec.sections(key))
    for index, item in enumerate(items):
        if item is not None and type(item) is not Mapping:
            continue
        section = next(sections)
        _check_fields(section, peer_key, fields)
        if item is None:
            section.notice("", "is null, which the API reads as a rule that allows everything")
        peers = _peers(section, peer_key, namespace, peer) if section.has(peer_key) else None
        ports = _ports(section) if section.has("ports") else None
        found.append(Rule(Action.ACCEPT, peers, ports, index, section.source))
    return tuple(found)


def _check_fields(rule: Section, peer_key: str, fields: frozenset[str]) -> None:
    for key in rule.data:
        if key in ("from", "to") and key != peer_key:
            hint = f"{'ingress' if peer_key == 'from' else 'egress'} rules have `{peer_key}`"
            rule.log.problem(rule.place(key), f"unknown field `{key}` in `{rule.path}`", hint)
        elif key not in fields:
            rule.unknown(key, fields)


def _peers(
    rule: Section, key: str, namespace: str, read: Callable[[Section, str], Peer | None]
) -> tuple[Peer, ...] | None:
    """None for an empty list, which means everyone (A5)."""
    found = [read(section, namespace) for section in rule.sections(key)]
    return tuple(peer for peer in found if peer is not None) if found else None


def _peer(section: Section, namespace: str) -> Peer | None:
    section.only(_PEER_FIELDS)
    if section.has("ipBlock"):
        if section.has("podSelector") or section.has("namespaceSelector"):
            section.problem(
                "ipBlock", "cannot stand beside a selector in one peer", "make it a list item of its own (`- ipBlock:`)"
            )
        block = section.section("ipBlock")
        for key in ("podSelector", "namespaceSelector"):
            read_selector(section, key)
        return None if block is None else _block(block)
    namespaces = read_selector(section, "namespaceSelector")
    pods = read_selector(section, "podSelector")
    if not section.has("namespaceSelector") and not section.has("podSelector"):
        if not section.data.keys() - _PEER_FIELDS:
            section.problem(
                "",
                "must set `podSelector`, `namespaceSelector` or `ipBlock`",
                "for every pod write `namespaceSelector: {}`; for every source or destination leave the whole list out",
            )
        return None
    chosen = NamespaceNamed(namespace) if namespaces is None else NamespacesMatching(namespaces)
    pods = pods or Selector.EVERYTHING
    return PodPeer(chosen, pods, is_bare=namespaces is not None and not pods.requirements)


def _block(block: Section) -> AddressPeer | None:
    block.only(_BLOCK_FIELDS)
    if not block.has("cidr"):
        block.required("cidr")
        return None
    text = block.text("cidr")
    cidr = None if text is None else read_cidr(block.log, block.field("cidr"), block.place("cidr"), text)
    excepts = []
    for index, (item, place) in enumerate(block.texts("except")):
        path = f"{block.field('except')}[{index}]"
        taken = read_cidr(block.log, path, place, item)
        if taken is None or cidr is None:
            continue
        if not is_strictly_inside(taken, cidr):
            hint = f"`{taken.network}` is not a smaller part of `{cidr.network}`"
            block.log.problem(place, f"`{path}` is `{item}`, but must lie strictly inside the cidr `{text}`", hint)
        excepts.append((item, taken.network))
    if cidr is None:
        return None
    addresses = AddressSet.of(cidr.network)
    if excepts:
        addresses -= AddressSet.of(*(taken for _, taken in excepts))
    return AddressPeer(addresses, f"{text}", excepts=tuple(item for item, _ in excepts))


def _ports(rule: Section) -> tuple[Ports, ...] | None:
    """None for an empty list, which means every port and protocol (A1)."""
    found = [_port(section) for section in rule.sections("ports")]
    return tuple(port for port in found if port is not None) if found else None


def _port(section: Section) -> Ports | None:
    section.only(_PORT_FIELDS)
    protocol = Protocol.TCP
    if section.has("protocol"):
        chosen = section.choice("protocol", _PROTOCOLS)
        protocol = Protocol.TCP if chosen is None else Protocol(chosen)
    port = section.data.get("port")
    end = section.integer("endPort", 1, 65535)
    if port is None:
        if section.has("endPort"):
            section.problem("endPort", "needs `port` beside it", "add the first port of the range as `port`")
        return NumberedPorts(protocol)
    if isinstance(port, str):
        return _named_port(section, port, protocol)
    low = section.integer("port", 1, 65535)
    if low is None:
        return None
    if end is None:
        return NumberedPorts(protocol, low)
    if end < low:
        section.problem("endPort", f"is `{end}`, but must not be less than `port`, which is `{low}`")
        return None
    return NumberedPorts(protocol, low, end)


def _named_port(section: Section, name: str, protocol: Protocol) -> Ports | None:
    if section.has("endPort"):
        section.problem("endPort", "needs a numeric `port`, not a name", "write the port's number, or drop `endPort`")
    if fault := port_name_fault(name):
        hint = f"write the number without quotes: `port: {name}`" if name.isdigit() else ""
        section.problem("port", f"is `{name}`, which is no port name: it {fault}", hint)
        return None
    return NamedPort(name, protocol)


KIND = ObjectKind("NetworkPolicy", "networking.k8s.io", ("v1",), _read, may_allow=True, may_deny=True, has_rules=True)
