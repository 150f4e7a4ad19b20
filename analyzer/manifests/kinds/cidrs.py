"""CIDRs and addresses, as leniently or strictly as the API server reads them (reference A9.7, V17–V19)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

from analyzer.manifests.text.section import Log
from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress, IPNetwork

_MAPPED_PREFIX = 0xFFFF << 32
_MAPPED_LENGTH = 96
_LEADING_ZERO = re.compile(r"(?:(?<=^)|(?<=[.:]))0+(?=[0-9])")
_DOTTED = re.compile(r"\d{1,10}(?:\.\d{1,10}){3}")


@dataclass(frozen=True, slots=True)
class Cidr:
    """A network, with what strict servers would refuse about the way it was written (empty if nothing).

    `is_odd_spelling`: an oddity other than host bits, which the CEL function `isCIDR` refuses too.  `length` is the
    number of bits as written, of 128 for an IPv4-mapped one.
    """

    network: IPNetwork
    oddities: tuple[str, ...]
    is_odd_spelling: bool
    length: int


def parse_address(text: str) -> IPAddress:
    """An address, leading zeros read as decimal, an IPv4-mapped one as IPv4; ValueError if it is none."""
    return _address(text)[0]


def _address(text: str) -> tuple[IPAddress, list[str], bool]:
    """The address, its oddities, and whether it was written as IPv4-mapped IPv6."""
    oddities: list[str] = []
    dotted = _DOTTED.search(text)
    if dotted:
        plain = _LEADING_ZERO.sub("", dotted.group())
        if plain != dotted.group():
            oddities.append("leading zeros, read as decimal")
            text = text[: dotted.start()] + plain + text[dotted.end() :]
    if "%" in text:
        raise ValueError("zone")
    address = ip_address(text)
    if address.version == 6 and (mapped := address.ipv4_mapped) is not None:
        return mapped, [*oddities, "an IPv4-mapped form, read as IPv4"], True
    return address, oddities, False


def parse_cidr(text: str) -> Cidr:
    """A CIDR read as a non-strict server does; the ValueError says what is wrong, to follow "is `…`, "."""
    base, slash, length_text = text.partition("/")
    if not slash:
        raise ValueError(_without_mask(text))
    try:
        address, oddities, is_mapped = _address(base)
    except ValueError:
        raise ValueError("which is no CIDR") from None
    if not length_text.isascii() or not length_text.isdigit():
        raise ValueError("which has no number of bits after the `/`")
    length = written = int(length_text[:9])
    longest = 128 if is_mapped or address.version == 6 else 32
    if length > longest:
        raise ValueError(f"but the number of bits after the `/` is at most {longest}")
    if len(length_text) > 1 and length_text.startswith("0"):
        oddities.append("leading zeros, read as decimal")
    if is_mapped:
        if length < _MAPPED_LENGTH:
            network6 = IPv6Network((_MAPPED_PREFIX | int(address), length), strict=False)
            return Cidr(network6, tuple(oddities), True, written)  # it holds no IPv4 address by Go's rules
        length -= _MAPPED_LENGTH
    kind = IPv4Network if isinstance(address, IPv4Address) else IPv6Network
    network = kind((int(address), length), strict=False)
    is_odd_spelling = bool(oddities)
    if int(network.network_address) != int(address):
        oddities.append(f"bits beyond the mask, read as `{network}`")
    return Cidr(network, tuple(dict.fromkeys(oddities)), is_odd_spelling, written)


def read_cidr(log: Log, path: str, place: int, text: str) -> Cidr | None:
    """A CIDR as the API server reads it (V17, V18).

    What only older servers take is a problem, unless told otherwise; in an object that a server has stored, a notice.
    """
    try:
        cidr = parse_cidr(text)
    except ValueError as error:
        log.problem(place, f"`{path}` is `{text}`, {error}", "a CIDR looks like `10.0.0.0/8` or `2001:db8::/32`")
        return None
    if cidr.oddities:
        message = f"`{path}` is `{text}`, which has {' and '.join(cidr.oddities)}"
        if log.is_strict_about_cidrs and not log.is_stored:
            hint = f"write `{cidr.network}`; for API servers before 1.36 there is --no-strict-cidr"
            log.problem(place, message, hint)
        else:
            log.notice(place, f"{message}; API servers from 1.36 on refuse it")
    return cidr


def _without_mask(text: str) -> str:
    try:
        address = parse_address(text)
    except ValueError:
        return "which is no CIDR"
    return f"which has no mask: write `{text}/{address.max_prefixlen}` for this one address"


def is_strictly_inside(inner: Cidr, outer: Cidr) -> bool:
    """Whether the API server takes one for a proper part of the other (V19): it begins in it and is written longer."""
    return inner.network.network_address in outer.network and inner.length > outer.length
