"""What a protocol without ports has in the place of a port: one number that tells it, and what it carries, apart.

ICMP, of the family of the connection, has 1 + 256 · type + code, for types up to 254; IP protocol `p` has 65280 + `p`.
So one set of numbers says what `protocol: 47` or an ICMP type means, as a set of ports does for TCP.
"""

from __future__ import annotations

from analyzer.sets.ports import PortSet

_CODES, _LAST_TYPE = 256, 254
_BEYOND_ICMP = _CODES * (_LAST_TYPE + 1)
ICMP = PortSet.of((1, _BEYOND_ICMP))
"""Every message of ICMP."""
ICMP_OF = {4: 1, 6: 58}
"""The number of ICMP's own protocol, by the version of IP."""
WITH_PORTS = (6, 17, 132)
"""TCP, UDP and SCTP."""


def icmp(type_: int | None = None, code: int | None = None) -> PortSet:
    """ICMP messages of the type, and of the code of that type; all of them without a type."""
    if type_ is None:
        return ICMP
    first = 1 + _CODES * type_
    return PortSet.of((first, first + _CODES - 1)) if code is None else PortSet.of(first + code)


def protocol(number: int) -> PortSet:
    """An IP protocol that has no ports and is not the family's ICMP; 1 to 255."""
    return PortSet.of(_BEYOND_ICMP + number)


EVERY = PortSet.FULL - PortSet.of(*(_BEYOND_ICMP + number for number in WITH_PORTS))
"""Every protocol without ports."""


def words(numbers: PortSet) -> str:
    """`ICMP type 8`, `ICMP`, `protocols without ports`, or `some protocols without ports`."""
    if numbers == EVERY:
        return "protocols without ports"
    if numbers == ICMP:
        return "ICMP"
    ((first, last), *more) = numbers.intervals or ((1, 1),)
    type_, code = divmod(first - 1, _CODES)
    if not more and last <= _BEYOND_ICMP and icmp(type_) == numbers:
        return f"ICMP type {type_}"
    if not more and first == last:
        return f"ICMP type {type_} code {code}" if last <= _BEYOND_ICMP else f"IP protocol {first - _BEYOND_ICMP}"
    return "some protocols without ports"
