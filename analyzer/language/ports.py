"""What stands after `on`."""

from __future__ import annotations

import re

from analyzer.language.names import Advice, nearest_name, port_name_fault, write
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, words
from analyzer.language.trees import Token
from analyzer.model.policies import PORT_PROTOCOLS, NamedPort, NumberedPorts, Ports, Protocol
from analyzer.sets.ports import HIGHEST, LOWEST

ALL_PORTS: tuple[Ports, ...] = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)  # without `on`

_PROTOCOLS = {protocol.value.lower(): protocol for protocol in Protocol}
_PORTLESS = ("icmp", "icmpv6", "igmp", "gre", "esp", "ah", "ipip")
_NUMBERS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def ports(tree: Syntax, scope: Scope) -> tuple[Ports, ...]:
    """The ports listed, in order, each once; entries in error are reported and left out."""
    found = [port for word in words(tree) for text in scope.several(word) for port in _ports(text, word, scope)]
    return tuple(dict.fromkeys(found))


def _ports(text: str, word: Token, scope: Scope) -> tuple[Ports, ...]:
    head, slash, port = text.partition("/")
    if text.lower() == "any":
        return (*ALL_PORTS, NumberedPorts(Protocol.OTHER))
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


def _protocol_hint(head: str, port: str) -> str:
    """The way out for `80`, `80/tcp`, `http`, `icmp`, `any/80` and `tpc/80`."""
    if port.lower() in _PROTOCOLS:
        return write(f"{port.lower()}/{head}")
    if head.lower() in _PORTLESS:
        return "protocols without ports are `other`, all of them together"
    if head.lower() == "any":
        return write(f"tcp/{port}, udp/{port}, sctp/{port}")
    likely = nearest_name(head, (*_PROTOCOLS, "any"))
    if likely:
        meant = f"{likely}/{port}" if port else likely
        return Advice(f"did you mean `{meant}`?", meant)
    if not port and (_NUMBERS.fullmatch(head) or not port_name_fault(head)):
        return Advice(f"write the protocol too: `tcp/{head}`", f"tcp/{head}")
    return "write `tcp/80`, `udp/53`, `sctp/9000-9100`, `tcp`, `other` or `any`"
