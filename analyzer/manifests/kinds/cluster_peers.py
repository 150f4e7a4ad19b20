"""Subjects, peers and rules of the cluster-scoped policies: what AdminNetworkPolicy, BaselineAdminNetworkPolicy and
ClusterNetworkPolicy share (reference B2, B3, C).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from zlib import crc32

from analyzer.manifests.kinds.cidrs import parse_cidr
from analyzer.manifests.kinds.manifest import Manifest
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.kinds.selectors import read_unchecked_selector
from analyzer.manifests.text.nodes import line_of
from analyzer.manifests.text.section import Section, one_of
from analyzer.model.labels import Selector
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import (
    Action,
    AddressPeer,
    Direction,
    DomainPeer,
    NamespacesMatching,
    NodePeer,
    NumberedPorts,
    Peer,
    PodPeer,
    Policy,
    Ports,
    Protocol,
    Rule,
    UnknownPeer,
)
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPNetwork

TOP_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
HIGHEST_PRIORITY = 1000
NO_PORT = NumberedPorts(Protocol.TCP, 0)  # an entry that matches nothing: there is no port 0
_LONGEST_RULE_NAME = 100
_MOST_NETWORKS = 25
_LONGEST_CIDR = 43
_LONGEST_DOMAIN = 253
_PODS_FIELDS = frozenset({"namespaceSelector", "podSelector"})
_DOMAIN = re.compile(
    r"(?:\*\.)?(?:[A-z0-9](?:[-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[A-z0-9](?:[-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?\Z"
)
_ODD_IN_DOMAIN = re.compile(r"[\[\\\]^`]")
_WORDS = {"Allow": Action.ACCEPT, "Accept": Action.ACCEPT, "Deny": Action.DENY, "Pass": Action.PASS}

_PEERS_OF_NETWORK_POLICY = {
    "namespaceSelector": "`namespaces`, or `pods` with both selectors",
    "podSelector": "`pods` with both selectors",
    "ipBlock": "`networks` in an egress rule",
}

INGRESS_PEERS = ("namespaces", "pods")
EGRESS_PEERS = ("namespaces", "pods", "networks", "nodes", "domainNames")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the versions of the API differ.

    `read_ports` reads one item of the `ports_key` list; `named_port_key` is the member of such an item that holds a
    port name.  `most` caps every list.  `needs_namespace_selector`: whether `pods` must hold both selectors.
    `refuses_other_domains`: rules that do not accept may name no domains.
    """

    actions: tuple[str, ...]
    accept: str
    ports_key: str
    named_port_key: str
    read_ports: Callable[[Section], Ports | None]
    most: int
    needs_namespace_selector: bool
    egress_peers: tuple[str, ...] = EGRESS_PEERS
    refuses_other_domains: bool = False


def read_spec(manifest: Manifest, known: frozenset[str]) -> Section | None:
    """The spec, after checking the frame around it."""
    manifest.root.only(TOP_FIELDS)
    check_metadata(manifest)
    if not manifest.root.required("spec"):
        return None
    spec = manifest.root.section("spec")
    if spec is not None:
        spec.only(known)
    return spec


def read_priority(spec: Section) -> int:
    spec.required("priority")
    return spec.integer("priority", 0, HIGHEST_PRIORITY) or 0


def read_subject(spec: Section, dialect: Dialect) -> PodPeer | None:
    """The pods a policy is about (B2)."""
    if not spec.required("subject"):
        return None
    subject = spec.section("subject")
    if subject is None:
        return None
    subject.only(frozenset(INGRESS_PEERS))
    if not _has_one(subject, INGRESS_PEERS):
        return None
    return _pods(subject, dialect)


def _has_one(section: Section, members: tuple[str, ...]) -> bool:
    """Whether exactly one of the members is there; a problem if not."""
    there = [key for key in section.data if section.has(key)]
    if len(there) == 1:
        return there[0] in members
    if not there:
        section.problem("", f"must set one of {one_of(members)}")
    else:
        section.problem("", f"sets {' and '.join(f'`{key}`' for key in there)}, but may set only one of them")
    return False


def _pods(section: Section, dialect: Dialect) -> PodPeer | None:
    """The `namespaces` or `pods` of a subject or peer."""
    namespaces = read_unchecked_selector(section, "namespaces")
    if namespaces is not None:
        return PodPeer(NamespacesMatching(namespaces), means_sets=True)
    pods = section.section("pods")
    if pods is None:
        return None
    pods.only(_PODS_FIELDS)
    if dialect.needs_namespace_selector:
        pods.required("namespaceSelector")
    pods.required("podSelector")
    chosen = read_unchecked_selector(pods, "namespaceSelector") or Selector.EVERYTHING
    return PodPeer(NamespacesMatching(chosen), read_unchecked_selector(pods, "podSelector") or Selector.EVERYTHING)


def read_rules(spec: Section, key: str, dialect: Dialect) -> tuple[Rule, ...] | None:
    """The rules of one direction; None if the policy does not speak of it."""
    if not spec.has(key):
        return None
    _check_count(spec, key, 0, dialect.most)
    found = [_rule(section, key, index, dialect) for index, section in enumerate(spec.sections(key))]
    return tuple(rule for rule in found if rule is not None)


def left_open(manifest: Manifest, policy: Policy) -> Policy:
    """The policy; each rule with an open fact, if the policy holds a selector without a meaning (reference 0.2)."""
    if not manifest.log.unchecked:
        return policy
    written = json.dumps(manifest.root.data.get("spec"), sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    content, where = crc32(written), Source(manifest.log.file, line_of(min(manifest.log.unchecked)))

    def fact(rule: Rule, direction: Direction) -> OpenFact:
        name = f"{direction.value} rule {rule.index + 1} of {policy.id}"
        text = f"whether {name} ({rule.source}) is in force is not specified: the selector at {where} has no meaning"
        return OpenFact("unspecified", f"unspecified {name} {content:08x}", text)

    def opened(direction: Direction) -> tuple[Rule, ...] | None:
        rules = policy.rules(direction)
        return None if rules is None else tuple(replace(rule, open=fact(rule, direction)) for rule in rules)

    return replace(policy, ingress=opened(Direction.INGRESS), egress=opened(Direction.EGRESS))


def _check_count(section: Section, key: str, least: int, most: int) -> None:
    count = len(section.sequence(key))
    if count < least:
        section.problem(key, "is empty, but must have at least one item")
    elif count > most:
        section.problem(key, f"has {count} items, but may have at most {most}")


def _rule(section: Section, direction: str, index: int, dialect: Dialect) -> Rule | None:
    peer_key = "from" if direction == "ingress" else "to"
    section.only(frozenset({"name", "action", peer_key, dialect.ports_key}))
    name = section.text("name") or ""
    if len(name) > _LONGEST_RULE_NAME:
        section.problem("name", f"is longer than {_LONGEST_RULE_NAME} characters")
    word = section.choice("action", dialect.actions) if section.required("action") else None
    members = INGRESS_PEERS if direction == "ingress" else dialect.egress_peers
    peers: tuple[Peer, ...] = ()
    if section.required(peer_key):
        _check_count(section, peer_key, 1, dialect.most)
        found = [_peer(item, members, dialect) for item in section.sections(peer_key)]
        peers = tuple(peer for peer in found if peer is not None)
    ports = _ports(section, dialect)
    _check_named_ports(section, peer_key, dialect)
    if word is None:
        return None
    if word != dialect.accept and any(isinstance(peer, DomainPeer) for peer in peers):
        if dialect.refuses_other_domains:
            section.problem(peer_key, f"names domains, which only {dialect.accept} rules may")
        else:
            section.notice(peer_key, f"names domains, which the API supports in {dialect.accept} rules only")
    return Rule(_WORDS[word], peers, ports, index, section.source, name, word)


def _ports(section: Section, dialect: Dialect) -> tuple[Ports, ...] | None:
    if not section.has(dialect.ports_key):
        return None
    _check_count(section, dialect.ports_key, 1, dialect.most)
    found = [dialect.read_ports(item) for item in section.sections(dialect.ports_key)]
    return tuple(port for port in found if port is not None)


def _check_named_ports(section: Section, peer_key: str, dialect: Dialect) -> None:
    """A name is looked up on a pod: B3.6, C3.1."""
    names = [item for item in section.sections(dialect.ports_key) if item.has(dialect.named_port_key)]
    if not names:
        return
    keys = {key for item in section.sections(peer_key) for key in item.data if item.has(key)}
    for key in ("networks", "nodes", "domainNames"):
        if key not in keys:
            continue
        if names[0].log.is_stored:  # the standard CRD has no rule against it
            names[0].notice(dialect.named_port_key, "matches nothing on addresses that are no pod's")
        else:
            names[0].problem(dialect.named_port_key, f"cannot stand in a rule with `{key}` peers", "write its number")


def _peer(section: Section, members: tuple[str, ...], dialect: Dialect) -> Peer | None:
    there = [key for key in section.data if section.has(key)]
    unknown = [key for key in there if key not in members]
    if section.log.is_stored and not there:
        section.notice("", "is an empty peer, as one of a newer API is read: the rule is closed")
        return UnknownPeer("")
    if section.log.is_stored and there == unknown[:1] and there[0] not in EGRESS_PEERS:
        section.notice(there[0], "is a peer that netproof does not know; the rule is read as the API demands: closed")
        return UnknownPeer(there[0])
    for key in unknown:
        _note_foreign(section, key, members)
    if unknown:
        return None
    if not _has_one(section, members):
        return None
    if section.has("networks"):
        return _networks(section)
    if section.has("nodes"):
        return NodePeer(read_unchecked_selector(section, "nodes") or Selector.EVERYTHING)
    if section.has("domainNames"):
        return read_domains(section)
    return _pods(section, dialect)


def _note_foreign(section: Section, key: str, members: tuple[str, ...]) -> None:
    """A peer that the API has not, in this place or at all, which a server refuses (reference 0.2, B3.2)."""
    if key in EGRESS_PEERS:
        section.problem(key, f"is no peer here; the peers are {one_of(members)}")
    elif key in _PEERS_OF_NETWORK_POLICY:
        hint = f"write {_PEERS_OF_NETWORK_POLICY[key]}"
        section.log.problem(
            section.place(key), f"unknown field `{key}` in `{section.path}`: it is a peer of NetworkPolicy", hint
        )
    else:
        section.unknown(key, members)


def _networks(section: Section) -> AddressPeer:
    _check_count(section, "networks", 1, _MOST_NETWORKS)
    networks: list[IPNetwork] = []
    written: list[str] = []
    for index, (text, place) in enumerate(section.texts("networks")):
        path = f"{section.field('networks')}[{index}]"
        if text in written:
            section.log.problem(place, f"`{path}` repeats `{text}`", "the items of this list must differ")
        written.append(text)
        try:
            cidr = parse_cidr(text)
        except ValueError as error:
            hint = "a CIDR looks like `10.0.0.0/8` or `2001:db8::/32`"
            section.log.problem(place, f"`{path}` is `{text}`, {error}", hint)
            continue
        if cidr.is_odd_spelling or len(text) > _LONGEST_CIDR:
            message = f"`{path}` is `{text}`, which has {' and '.join(cidr.oddities) or 'too many characters'}"
            if section.log.is_stored:
                section.log.notice(place, f"{message}; the API refuses it today")
            else:
                section.log.problem(place, message, f"write `{cidr.network}`")
        networks.append(cidr.network)
    return AddressPeer(AddressSet.of(*networks), ", ".join(written), matches_cluster=True)


def read_domains(section: Section, most: int = _MOST_NETWORKS) -> DomainPeer:
    """The `domainNames` of a peer (B3.5), at most so many."""
    _check_count(section, "domainNames", 1, most)
    names: list[str] = []
    for index, (name, place) in enumerate(section.texts("domainNames")):
        path = f"{section.field('domainNames')}[{index}]"
        if name in names:
            section.log.problem(place, f"`{path}` repeats `{name}`", "the items of this list must differ")
        elif len(name) > _LONGEST_DOMAIN or not _DOMAIN.match(name):
            hint = "a domain name looks like `example.com` or `*.example.com`"
            section.log.problem(place, f"`{path}` is `{name}`, which is no domain name", hint)
        elif _ODD_IN_DOMAIN.search(name):
            section.log.notice(place, f"`{path}` is `{name}`, which the API accepts although no domain is called so")
        names.append(name)
    return DomainPeer(tuple(names))
