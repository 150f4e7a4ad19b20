"""Regions in words: the one place where constraints become prose.  Phrases have no full stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer.model.policies import PORT_PROTOCOLS, Protocol
from analyzer.reports.words import addresses, label, listed
from analyzer.sets import AddressSet, PortSet, TextSet, ValueSet, other_protocols
from analyzer.verdicts.regions import NEW_NAMESPACE, NOT_PERMITTED, SOME, YES, Attribute

if TYPE_CHECKING:
    from analyzer.sets.texts import Alternative
    from analyzer.verdicts.regions import Constraint, EndRegion, Labels, Region


def region(it: Region) -> str:
    """All connections of a region: `any pod in namespace a → any internet address on TCP 8000–8999`."""
    text = end_region(it.src)
    if it.dst is not None:
        text += f" → {end_region(it.dst)}"
        ports = _ports(it.protocols, it.ports, it.others)
        text += f", on {ports}" if ports else ""
    return ", ".join((text, *conditions(it)))


def conditions(it: Region) -> Iterator[str]:
    """What a region asks of its connections besides protocol and port."""
    if it.family is not None:
        yield f"over {it.family} only"
    if it.service is not None:
        service, address, port = it.service
        yield f"asked for as {service} at {address}, port {port}"
    if it.claim is not None:
        permits = it.claim == NOT_PERMITTED
        yield "as far as the query does not permit it" if permits else "as far as the query's `where` holds"
    yield from map(requested, it.request)


_FLAGS = {
    (Attribute.TLS, "plaintext"): "in plaintext",
    (Attribute.TLS, "mtls"): "in mutual TLS",
    (Attribute.HTTP, "true"): "asked by HTTP",
    (Attribute.HTTP, "false"): "asked by bytes that are no HTTP",
    (Attribute.TOKEN, "true"): "with a valid token",
    (Attribute.TOKEN, "false"): "without a valid token",
    (Attribute.REQUESTS, SOME): "for some requests",
}
_SEVERAL = {
    Attribute.HEADER: "header",
    Attribute.PARAMETER: "parameter",
    Attribute.COOKIE: "cookie",
    Attribute.CLAIM_OF_TOKEN: "claim",
    Attribute.WORD_OF_CLAIM: "word of claim",
}
_SINGLE = {
    Attribute.SNI: "server name",
    Attribute.ISSUER: "token's issuer",
    Attribute.SUBJECT: "token's subject",
    Attribute.DNS: "name asked for",
}


def requested(it: Constraint) -> str:
    """`where the path begins with `/a``, `in plaintext`, `without a header x that is `1``."""
    match it.within:
        case ValueSet() as values:
            return _FLAGS[it.attribute, _named(values)[0]]
        case TextSet() as texts if it.attribute is Attribute.TOKEN_PLACE:
            return f"with the token {'in `Authorization: Bearer`' if texts.has_absent else 'in another place'}"
        case TextSet() as texts if it.attribute in _SEVERAL and it.key != ":path":
            return _of_several(f"a {_SEVERAL[it.attribute]} {it.key}", texts)
        case TextSet() as texts:
            said = _texts(texts.alternatives) if texts.alternatives else ""
            absent = ["is not there"] if texts.has_absent else []
            is_target = it.attribute is Attribute.HEADER
            name = "path with its query" if is_target else _SINGLE.get(it.attribute, it.attribute.value)
            return f"where the {name} {' or '.join([*([said] if said else []), *absent])}"
        case AddressSet() as found:
            return f"for a client at {addresses(found)}"
        case _:
            return f"where {it.name} lies in {it.within}"


def _of_several(what: str, texts: TextSet) -> str:
    """`with a header x that is `1``, `without a header x`."""
    if not texts.alternatives:
        return f"{'without' if texts.has_absent is not texts.is_complement else 'with'} {what}"
    found = f"{'without' if texts.is_complement else 'with'} {what} that {_texts(texts.alternatives)}"
    return f"{found} or without any" if texts.has_absent and not texts.is_complement else found


def _texts(alternatives: tuple[Alternative, ...]) -> str:
    """`is `GET` or begins with `/a``."""
    return listed([_text(alternative) for alternative in alternatives], "or", shown=20)


def _text(alternative: Alternative) -> str:
    met, unmet = ([str(pattern) for pattern, wanted in alternative if wanted is is_met] for is_met in (True, False))
    if not unmet:
        return " and ".join(met) or "is there"
    if len(unmet) == 1 and unmet[0].startswith("is "):
        denied = f"is not {unmet[0].removeprefix('is ')}"
    else:
        denied = f"meets none of this: {'; '.join(unmet)}"
    return " and ".join([*met, denied])


def _ports(protocols: tuple[Protocol, ...], ports: PortSet | None, others: PortSet) -> str:
    """`TCP 8000–8999`, `TCP or UDP 53`, `any port`, `ICMP type 8`."""
    with_ports = [p.value for p in protocols if p in PORT_PROTOCOLS]
    without = [other_protocols.words(others)] if others else []
    if not with_ports or ports is None:
        return "".join(without)
    named = listed(with_ports, "or")
    if ports == PortSet.FULL:
        said = "any port" if len(with_ports) == len(PORT_PROTOCOLS) else f"any {named} port"
    else:
        said = f"{named} {ports}"
    return " and ".join([said, *without])


def end_region(it: EndRegion) -> str:
    match it.kind:
        case "pod":
            text = _pods(it)
        case "node":
            text = _nodes(it)
        case _:
            text = addresses(AddressSet.FULL if it.addresses is None else it.addresses)
    return ", ".join((text, *_further(it)))


def _nodes(it: EndRegion) -> str:
    text = "any node"
    if it.nodes is not None:
        names = listed(_named(it.nodes), "or")
        text = f"any node but {names}" if it.nodes.is_complement else f"node {names}"
    if it.labels:
        text += f" with {listed([label(key, values) for key, values in it.labels], shown=20)}"
    if it.addresses is not None:
        text += f" at {addresses(it.addresses)}"
    return text


def _pods(it: EndRegion) -> str:
    first = "" if it.workloads is None or it.workloads.is_complement else next(iter(_named(it.workloads)), "")
    text = first or f"any pod in {_namespaces(it.namespaces)}"
    if it.labels:
        text += f" with {listed([label(key, values) for key, values in it.labels], shown=20)}"
    if outer := _namespace_labels(it):
        text += f", whose namespace{outer}"
    if it.addresses is not None:
        text += f", at {addresses(it.addresses)}"
    return text


def _further(it: EndRegion) -> Iterator[str]:
    if it.workloads is not None:
        if it.workloads.is_complement:
            yield from (f"not of workload {name}" for name in _named(it.workloads))
        elif alike := _named(it.workloads)[1:]:
            yield f"and likewise {', '.join(alike)}"
    if it.host_network is not None:
        yield "on its node's network" if it.host_network else "not on its node's network"
    if it.service_accounts is not None:
        names = ", ".join(_named(it.service_accounts))
        yield f"service account {'not ' if it.service_accounts.is_complement else ''}{names}"
    yield from _port_names(it.port_names, "this port")
    yield from _port_names(it.service_port_names, "this port to Services")


def _port_names(asked: Labels, what: str) -> Iterator[str]:
    for key, is_declared in asked:
        protocol, _, name = key.partition("/")
        verb = "declares" if is_declared == YES else "does not declare"
        yield f"{verb} {what} as `{name}` ({protocol.upper()})"


def _named(values: ValueSet) -> list[str]:
    return sorted(value for value in values.values if value is not None)


def _namespace_labels(it: EndRegion) -> str:
    """` has team=a`, and of which namespaces that is asked where it is not of all."""
    there, new = (
        listed([label(key, values) for key, values in labels], shown=20)
        for labels in (it.namespace_labels, it.new_namespace_labels)
    )
    if there == new:
        return f" has {there}" if there else ""
    return " and".join(
        [
            *([f", if it exists, has {there}"] if there else ()),
            *([f", if it is not created yet, has {new}"] if new else ()),
        ]
    )


def _namespaces(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "any namespace"
    there = [name for name in names if name != NEW_NAMESPACE]
    text = f"namespace{'s' if len(there) > 1 else ''} {listed(there, 'or')}" if there else ""
    if len(there) == len(names):
        return text
    return f"{text} or one not created yet" if text else "a namespace not created yet"
