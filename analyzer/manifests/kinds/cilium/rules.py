"""Entries of ingress, ingressDeny, egress and egressDeny (calico-cilium.md 2.2, 2.5 to 2.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from analyzer.manifests.kinds.cilium.fields import RefusalError, network, networks, read_network, read_selector
from analyzer.manifests.kinds.cilium.ports import named_range, read_ports
from analyzer.manifests.kinds.cilium.requests import read_name
from analyzer.manifests.text.section import Section
from analyzer.model.cilium import (
    BehindServices,
    CiliumPeer,
    CiliumRule,
    CloudGroup,
    Domain,
    Endpoints,
    Entity,
    InGroups,
    OtherNodes,
    Range,
)
from analyzer.model.policies import Action
from analyzer.sets import AddressSet

_ENTITIES = (
    "all",
    "world",
    "cluster",
    "cluster-mesh",
    "host",
    "init",
    "ingress",
    "unmanaged",
    "remote-node",
    "health",
    "none",
    "kube-apiserver",
)
_GROUP_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MODES = ("disabled", "required", "test-always-fail")
_SHARED = ("Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes", "Groups")
_EMPTY_IS_NOBODY = ("Endpoints", "Nodes", "Entities", "CIDR", "CIDRSet")
"""Of the other lists, an empty one is none (2.5)."""


def read_rules(spec: Section, key: str, *, on_nodes: bool) -> list[CiliumRule]:
    """The rules of one of the four lists, in order.  RefusalError."""
    return [_rule(section, index, key, on_nodes=on_nodes) for index, section in enumerate(spec.sections(key))]


def _rule(section: Section, index: int, key: str, *, on_nodes: bool) -> CiliumRule:
    ingress, denies = key.startswith("ingress"), key.endswith("Deny")
    way = "from" if ingress else "to"
    readers = {f"{way}{name}": read for name, read in _READERS.items() if name in _SHARED or not ingress}
    if denies:
        readers.pop("toFQDNs", None)
    others = frozenset({"toPorts", "icmps", f"{way}Requires"}) | (frozenset() if denies else {"authentication"})
    section.only(frozenset(readers) | others)
    if section.sequence(f"{way}Requires"):
        section.problem(f"{way}Requires", "is gone from the API: it must be empty")
    peers = {name: tuple(read(section, name)) for name, read in readers.items() if section.has(name)}
    named = [name for name, found in peers.items() if found]
    if len(named) > 1:
        raise RefusalError(f"`{section.path}` holds both `{named[0]}` and `{named[1]}`")
    on, proxied = read_ports(section, ingress=ingress, denies=denies, on_nodes=on_nodes)
    empty = {name for name in _EMPTY_IS_NOBODY if section.has(f"{way}{name}") and not peers[f"{way}{name}"]}
    filled = empty & {"Endpoints", "CIDRSet"} if peers.get("toServices") else set()
    is_nobody = bool(empty - filled)
    return CiliumRule(
        action=Action.DENY if denies else Action.ACCEPT,
        index=index,
        source=section.source,
        peers=() if is_nobody or _always_fails(section) else peers[named[0]] if named else None,
        on=on,
        proxied=tuple(proxied),
        filled_by_services=frozenset(filled),
        word=key,
        named_range=named_range(section) if ingress else None,
    )


def _always_fails(section: Section) -> bool:
    """`required` lets through who proves who it is; in the other mode nobody can (2.13)."""
    inner = section.section("authentication")
    if inner is None:
        return False
    inner.only(frozenset({"mode"}))
    inner.required("mode")
    return inner.choice("mode", _MODES) == "test-always-fail"


# ------------------------------------------------------------------------------------------------ peers
def _endpoints(section: Section, key: str) -> Iterator[CiliumPeer]:
    return (Endpoints(read_selector(item)) for item in section.sections(key))


def _nodes(section: Section, key: str) -> Iterator[CiliumPeer]:
    return (OtherNodes(read_selector(item)) for item in section.sections(key))


def _entities(section: Section, key: str) -> Iterator[CiliumPeer]:
    for text, place in section.texts(key):
        if text not in _ENTITIES:
            message = f"`{section.field(key)}` holds `{text}`, but takes only {', '.join(_ENTITIES)}"
            section.log.problem(place, message)
        yield Entity(text)


def _ranges(section: Section, key: str) -> Iterator[CiliumPeer]:
    return (Range(*found) for found in networks(section, key))


def _range_set(section: Section, key: str) -> Iterator[CiliumPeer]:
    for item in section.sections(key):
        item.only(frozenset({"cidr", "cidrGroupRef", "cidrGroupSelector", "except"}))
        given = [name for name in ("cidr", "cidrGroupRef", "cidrGroupSelector") if item.has(name)]
        if len(given) != 1:
            item.problem("", "must set one of `cidr`, `cidrGroupRef` and `cidrGroupSelector`")
        excepted = AddressSet.EMPTY
        for addresses, text, _ in networks(item, "except"):
            excepted |= addresses
            base = network(item, "cidr", item.text("cidr") or "", item.place("cidr")) if item.has("cidr") else None
            if base is not None and addresses - base[0]:
                raise RefusalError(f"`{item.field('except')}` holds `{text}`, which is not inside `{base[1]}`")
        yield _in_set(item, excepted)


def _in_set(item: Section, excepted: AddressSet) -> CiliumPeer:
    selector = item.section("cidrGroupSelector")
    if selector is not None:
        return InGroups("", read_selector(selector, ""), excepted)
    name = item.text("cidrGroupRef")
    if name is not None:
        if not _GROUP_NAME.fullmatch(name) or len(name) > 253:
            item.problem("cidrGroupRef", f"is `{name}`, which is no name of a CiliumCIDRGroup")
        return InGroups(name, None, excepted)
    found = read_network(item, "cidr")
    return Range(AddressSet.EMPTY, "") if found is None else Range(found[0] - excepted, found[1], found[2])


def _groups(section: Section, key: str) -> Iterator[CiliumPeer]:
    for item in section.sections(key):
        item.only(frozenset({"aws"}))
        yield CloudGroup(f"{item.path} ({item.source})")


def _services(section: Section, key: str) -> Iterator[CiliumPeer]:
    for item in section.sections(key):
        item.only(frozenset({"k8sService", "k8sServiceSelector"}))
        by_labels, by_name = item.section("k8sServiceSelector"), item.section("k8sService")
        if by_labels is not None:
            by_labels.only(frozenset({"selector", "namespace"}))
            inner = by_labels.section("selector")
            by_labels.required("selector")
            if inner is not None:
                yield BehindServices(by_labels.text("namespace") or "", "", read_selector(inner))
        elif by_name is not None:
            by_name.only(frozenset({"serviceName", "namespace"}))
            yield BehindServices(by_name.text("namespace") or "", by_name.text("serviceName") or "", None)
        else:
            yield BehindServices("", "", None)


def _domains(section: Section, key: str) -> Iterator[CiliumPeer]:
    return (Domain(read_name(item)) for item in section.sections(key))


_READERS: dict[str, Callable[[Section, str], Iterator[CiliumPeer]]] = {
    "Endpoints": _endpoints,
    "CIDR": _ranges,
    "CIDRSet": _range_set,
    "Entities": _entities,
    "Nodes": _nodes,
    "Groups": _groups,
    "Services": _services,
    "FQDNs": _domains,
}
