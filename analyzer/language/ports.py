"""What stands after `on`."""

from __future__ import annotations

import re

from analyzer.language.names import Advice, nearest_name, port_name_fault, write
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, words
from analyzer.language.trees import Token
from analyzer.model.policies import PORT_PROTOCOLS, NamedPort, NumberedPorts, Ports, Protocol
from analyzer.sets import other_protocols
from analyzer.sets.ports import HIGHEST, LOWEST

ALL_PORTS: tuple[Ports, ...] = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)  # without `on`

_PROTOCOLS = {protocol.value.lower(): protocol for protocol in Protocol}
_ICMP = {"icmp": None, "icmpv4": 4, "icmpv6": 6}
_NUMBERED = "protocol"
_WITH_PORTS = dict(zip(other_protocols.WITH_PORTS, PORT_PROTOCOLS, strict=True))
_NAMED = {"igmp": 2, "ipip": 4, "ipv6": 41, "gre": 47, "esp": 50, "ipsec": 50, "ah": 51, "ospf": 89, "vrrp": 112}
_NUMBERS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def ports(tree: Syntax, scope: Scope) -> tuple[Ports, ...]:
    """The ports listed, in order, each once; entries in error are reported and left out."""
    found = [port for word in words(tree) for text in scope.several(word) for port in _ports(text, word, scope)]
    return tuple(dict.fromkeys(found))


def _ports(text: str, word: Token, scope: Scope) -> tuple[Ports, ...]:
    head, slash, port = text.partition("/")
    if text.lower() == "any":
        return (*ALL_PORTS, NumberedPorts(Protocol.OTHER))
    if head.lower() in (*_ICMP, _NUMBERED):
        return _without_ports(text.lower(), word, scope)
    protocol = _PROTOCOLS.get(head.lower())
    if protocol is None:
        scope.problem(word, f"`{text}` names no protocol{scope.origin(word, text)}", _protocol_hint(head, port))
        return ()
    if not slash:
        return (NumberedPorts(protocol),)
    if protocol is Protocol.OTHER:
        scope.problem(word, f"`{text}`: protocols other than TCP, UDP and SCTP have no ports", write("other"))
        return ()
    numbers = _NUMBERS.fullmatch(port)
    if not port:
        scope.problem(word, f"`{text}` names no port", Advice(f"write `{head}` for all of them", head))
        return ()
    if numbers is None:
        return () if scope.is_faulty(word, port, port_name_fault) else (NamedPort(port, protocol),)
    low, high = int(numbers[1]), int(numbers[2] or numbers[1])
    if not LOWEST <= low <= HIGHEST or not LOWEST <= high <= HIGHEST:
        scope.problem(word, f"`{text}`: ports go from {LOWEST} to {HIGHEST}{scope.origin(word, text)}")
        return ()
    if low > high:
        hint = write(f"{head}/{high}-{low}")
        scope.problem(word, f"`{text}`: the range ends before it begins{scope.origin(word, text)}", hint)
        return ()
    return (NumberedPorts(protocol, low, high if high > low else None),)


def _without_ports(text: str, word: Token, scope: Scope) -> tuple[Ports, ...]:
    """`icmp`, `icmp/8`, `icmpv6/128`, `icmp/3/4`, `protocol/47`.  Types are numbered apart in each version of IP, so
    that `icmp/8` is of IPv4; without a type `icmp` is ICMP over both."""
    head, _, of = text.partition("/")
    if head == _NUMBERED:
        return _of_number(text, of, word, scope)
    numbers = other_protocols.read_term(f"icmp/{of}" if of else "icmp") if not text.endswith("/") else None
    if numbers is None:
        example = "icmpv6/128" if head == "icmpv6" else f"{head}/8"
        hint = f"types go from 0 to 254 and codes from 0 to 255: write `{example}`, `{example}/0` or `{head}`"
        scope.problem(word, f"`{text}` names no message of ICMP{scope.origin(word, text)}", hint)
        return ()
    version = _ICMP[head] or (4 if of else None)
    return tuple(NumberedPorts(Protocol.OTHER, low, high if high > low else None, version) for low, high in numbers)


def _of_number(text: str, of: str, word: Token, scope: Scope) -> tuple[Ports, ...]:
    """An IP protocol by its number.  One that has a name in queries is written by that."""
    numbers = other_protocols.read_term(text)
    named = int(of) if of.isascii() and of.isdecimal() and len(of) < 4 else None
    with_ports = _WITH_PORTS.get(named or 0)
    icmp = {1: "icmpv4", 58: "icmpv6"}.get(named or 0)
    if with_ports is not None or icmp is not None:
        name = with_ports.value.lower() if with_ports is not None else str(icmp)
        scope.problem(word, f"`{text}` has a name of its own{scope.origin(word, text)}", write(name))
        return ()
    if numbers is None:
        hint = "IP protocols go from 1 to 255: write `protocol/47`"
        scope.problem(word, f"`{text}` names no IP protocol{scope.origin(word, text)}", hint)
        return ()
    return tuple(NumberedPorts(Protocol.OTHER, low, high if high > low else None) for low, high in numbers)


def _protocol_hint(head: str, port: str) -> str:
    """The way out for `80`, `80/tcp`, `http`, `gre`, `any/80` and `tpc/80`."""
    if port.lower() in _PROTOCOLS:
        return write(f"{port.lower()}/{head}")
    if head.lower() in _NAMED:
        return write(f"{_NUMBERED}/{_NAMED[head.lower()]}")
    if head.lower() == "any":
        return write(f"tcp/{port}, udp/{port}, sctp/{port}")
    likely = nearest_name(head, (*_PROTOCOLS, *_ICMP, "any"))
    if likely:
        meant = f"{likely}/{port}" if port else likely
        return Advice(f"did you mean `{meant}`?", meant)
    if not port and (_NUMBERS.fullmatch(head) or not port_name_fault(head)):
        return Advice(f"write the protocol too: `tcp/{head}`", f"tcp/{head}")
    return "write `tcp/80`, `udp/53`, `sctp/9000-9100`, `tcp`, `icmp/8`, `other` or `any`"
