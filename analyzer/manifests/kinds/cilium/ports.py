"""toPorts and icmps of a rule as a formula over ports and requests (calico-cilium.md 2.12, 2.13)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.manifests.kinds.cilium.fields import RefusalError
from analyzer.manifests.kinds.cilium.requests import PARSERS, read_requests
from analyzer.manifests.text.section import Section
from analyzer.model.cilium import Proxied
from analyzer.model.formulas import (
    FALSE,
    OF_FAMILY,
    PODS,
    TRUE,
    Formula,
    OnPorts,
    Role,
    both,
    either,
    is_a,
)
from analyzer.model.knobs import NamedPortScope
from analyzer.model.policies import PORT_PROTOCOLS, Protocol
from analyzer.sets import PortSet, other_protocols

_RULE = frozenset({"ports", "rules", "listener", "serverNames", "originatingTLS", "terminatingTLS"})
_PORT = frozenset({"port", "endPort", "protocol"})
_WITH_PORTS = tuple(protocol.value for protocol in PORT_PROTOCOLS)
_WITHOUT_PORTS = {"IGMP": 2, "IPIP": 4, "IPV6": 41, "GRE": 47, "ESP": 50, "AH": 51, "VRRP": 112}
_PORT_TEXT = re.compile(r"^[0-9]|[a-zA-Z](?:-?[a-zA-Z0-9])*$")
"""What the CRD takes: it looks at the beginning of a number, or at the end of a name."""
_NUMBER = re.compile(r"0[0-7]*|[1-9][0-9]{0,4}")
_SERVICE_NAME = re.compile(r"(?=.{1,15}\Z)(?=.*[A-Za-z])(?!.*--)[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?")
_MOST = 40
_TYPES: dict[int, dict[str, int]] = {
    4: {
        "EchoReply": 0,
        "DestinationUnreachable": 3,
        "Redirect": 5,
        "Echo": 8,
        "EchoRequest": 8,
        "RouterAdvertisement": 9,
        "RouterSelection": 10,
        "TimeExceeded": 11,
        "ParameterProblem": 12,
        "Timestamp": 13,
        "TimestampReply": 14,
        "Photuris": 40,
        "ExtendedEchoRequest": 42,
        "ExtendedEchoReply": 43,
    },
    6: {
        "DestinationUnreachable": 1,
        "PacketTooBig": 2,
        "TimeExceeded": 3,
        "ParameterProblem": 4,
        "EchoRequest": 128,
        "EchoReply": 129,
        "MulticastListenerQuery": 130,
        "MulticastListenerReport": 131,
        "MulticastListenerDone": 132,
        "RouterSolicitation": 133,
        "RouterAdvertisement": 134,
        "NeighborSolicitation": 135,
        "NeighborAdvertisement": 136,
        "RedirectMessage": 137,
        "RouterRenumbering": 138,
        "ICMPNodeInformationQuery": 139,
        "ICMPNodeInformationResponse": 140,
        "InverseNeighborDiscoverySolicitation": 141,
        "InverseNeighborDiscoveryAdvertisement": 142,
        "HomeAgentAddressDiscoveryRequest": 144,
        "HomeAgentAddressDiscoveryReply": 145,
        "MobilePrefixSolicitation": 146,
        "MobilePrefixAdvertisement": 147,
        "DuplicateAddressRequestCodeSuffix": 157,
        "DuplicateAddressConfirmationCodeSuffix": 158,
        "ExtendedEchoRequest": 160,
        "ExtendedEchoReply": 161,
    },
}
"""ICMP's messages by the names that Cilium knows."""


def read_ports(rule: Section, *, ingress: bool, denies: bool, on_nodes: bool) -> tuple[Formula | None, list[Proxied]]:
    """What toPorts and icmps of a rule name; None where they name nothing: then all protocols are meant.
    RefusalError."""
    proxied: list[Proxied] = []
    parts = [_port_rule(s, proxied, ingress=ingress, denies=denies) for s in rule.sections("toPorts")]
    parts += [_icmp_rule(section) for section in rule.sections("icmps")]
    if rule.sequence("icmps") and rule.sequence("toPorts"):
        raise RefusalError(f"`{rule.path}` holds both `icmps` and `toPorts`")
    if on_nodes and not denies and any(s.section("rules") is not None for s in rule.sections("toPorts")):
        holds = [
            key for s in rule.sections("toPorts") for key in PARSERS if (r := s.section("rules")) and r.sequence(key)
        ]
        if holds and (ingress or "http" in holds):
            raise RefusalError(f"`{rule.path}` asks a proxy to look at the traffic of a node")
    return (either(parts) if parts else None), proxied


def named_range(rule: Section) -> Formula | None:
    """All that names beside an endPort may come to, which Cilium's engine counts from the number up for ingress
    (2.12); None where there is none."""
    ports = (port for section in rule.sections("toPorts") for port in section.sections("ports"))
    found = [port for port in ports if port.has("endPort") and _SERVICE_NAME.fullmatch(port.text("port") or "")]
    return either(_up_to_end(port) for port in found) if found else None


def _up_to_end(port: Section) -> Formula:
    end, word = port.data.get("endPort"), port.text("protocol")
    last = PortSet.of((1, end if isinstance(end, int) and 0 < end < 65536 else 65535))
    return either(OnPorts(it, last) for it in PORT_PROTOCOLS if word not in _WITH_PORTS or it.value == word)


# ------------------------------------------------------------------------------------------------ ports
def _port_rule(section: Section, proxied: list[Proxied], *, ingress: bool, denies: bool) -> Formula:
    section.only(frozenset({"ports"}) if denies else _RULE)
    ports = section.sections("ports")
    if len(ports) > _MOST:
        if denies:
            raise RefusalError(f"`{section.field('ports')}` has more than {_MOST} items")
        section.problem("ports", f"must have at most {_MOST} items, and has {len(ports)}")
    requests, parser = (TRUE, "") if denies else read_requests(section, ingress=ingress)
    found = []
    for port in ports:
        for protocol, numbers, name in _port(port, parser):
            on = OnPorts(protocol, numbers, name, NamedPortScope.CONTAINERS)
            found.append(both([is_a(Role.DST, PODS), on]) if name else on)
            if parser:
                proxied.append(Proxied(parser, protocol, numbers))
    if parser == "dns" and not ports:
        raise RefusalError(f"`{section.path}` has DNS rules, but no port 53")
    return both([either(found), requests])


def _port(section: Section, parser: str) -> Iterator[tuple[Protocol | None, PortSet, str]]:
    """Each protocol with its ports, or with a name for them; a name without a protocol has that of the container."""
    section.only(_PORT)
    word = section.choice("protocol", (*_WITH_PORTS, *_WITHOUT_PORTS, "ANY")) or "ANY"
    text, end = section.text("port") or "", section.integer("endPort", 0, 65535)
    if not text:
        raise RefusalError(f"`{section.path}` has no port")
    if not _PORT_TEXT.search(text):
        section.problem("port", f"is `{text}`, which is no number from 0 to 65535 and no name")
        return
    is_name = _SERVICE_NAME.fullmatch(text) is not None
    if not is_name and not _NUMBER.fullmatch(text):
        raise RefusalError(f"`{section.field('port')}` is `{text}`, which is no port and no name of a service")
    number = 0 if is_name else int(text, 8 if text.startswith("0") else 10)
    if number > 65535:
        raise RefusalError(f"`{section.field('port')}` is `{text}`, but ports go up to 65535")
    if parser:
        _check_proxied(section, parser, word, None if is_name else number, end)
    if word in _WITHOUT_PORTS:
        if text != "0":
            raise RefusalError(f"`{section.field('port')}` stands beside {word}, which has no ports")
        yield Protocol.OTHER, other_protocols.protocol(_WITHOUT_PORTS[word]), ""
    elif is_name:
        yield None if word == "ANY" else Protocol(word), PortSet.FULL, text.lower()
    else:
        last = end if end is not None and end > number else number
        numbers = PortSet.of((number, last)) if number else PortSet.FULL
        for protocol in PORT_PROTOCOLS if word == "ANY" else (Protocol(word),):
            yield protocol, numbers, ""


def _check_proxied(section: Section, parser: str, word: str, number: int | None, end: int | None) -> None:
    if parser == "http" and word != "TCP":
        raise RefusalError(f"`{section.path}` has HTTP rules on {word}, which need TCP")
    if number == 0:
        raise RefusalError(f"`{section.path}` has rules for a proxy on port 0")
    if parser == "dns" and number is not None and end is not None and end > number:
        raise RefusalError(f"`{section.path}` has DNS rules on a range of ports")


# ------------------------------------------------------------------------------------------------ ICMP
def _icmp_rule(section: Section) -> Formula:
    section.only(frozenset({"fields"}))
    fields = section.sections("fields")
    if len(fields) > _MOST:
        section.problem("fields", f"must have at most {_MOST} items, and has {len(fields)}")
    return either(_icmp(field) for field in fields)


def _icmp(section: Section) -> Formula:
    """Type 0 of IPv4 means every type, by the place that 0 has among ports (2.12)."""
    section.only(frozenset({"family", "type"}))
    family = 6 if section.choice_or_default("family", ("IPv4", "IPv6"), "IPv4") == "IPv6" else 4
    value = section.data.get("type")
    if not section.required("type"):
        return FALSE
    if isinstance(value, str) and value in _TYPES[family]:
        value = _TYPES[family][value]
    elif isinstance(value, str) and any(value in names for names in _TYPES.values()):
        raise RefusalError(f"`{section.field('type')}` is `{value}`, which is no message of ICMP for IPv{family}")
    elif isinstance(value, str) and re.fullmatch(r"[0-9]|[1-9][0-9]{1,2}", value):
        value = int(value)
    if type(value) is not int or not 0 <= value <= 255:
        section.problem("type", f"is `{value}`, which is no type of ICMP and no name of one")
        return FALSE
    if value == 255:  # of which no message is
        return FALSE
    return both([OF_FAMILY[family], OnPorts(Protocol.OTHER, other_protocols.icmp(value or None))])
