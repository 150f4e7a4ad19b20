"""Address ranges with a meaning of their own.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries, column Globally Reachable, where an entry inside
another wins over it and `N/A` counts as reachable; the multicast and reserved blocks of RFC 1112; the IPv6 global
unicast space 2000::/3 of RFC 4291, beside which only 64:ff9b::/96 is reachable (reference 0.2, `internet`).
"""

from __future__ import annotations

from analyzer.sets.addresses import AddressSet

_UNICAST = AddressSet.of(
    "0.0.0.0/0",
    "2000::/3",  # global unicast
    "64:ff9b::/96",  # translation between IPv4 and IPv6
)
_SPECIAL = AddressSet.of(
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # shared address space
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # IETF protocol assignments
    "192.0.2.0/24",  # documentation
    "192.88.99.2/32",  # 6a44 relay anycast
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarking
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, limited broadcast
    "2001::/23",  # IETF protocol assignments
    "2001:db8::/32",  # documentation
    "3fff::/20",  # documentation
)
_REACHABLE_INSIDE_SPECIAL = AddressSet.of(
    "192.0.0.9/32",  # Port Control Protocol anycast
    "192.0.0.10/32",  # TURN anycast
    "2001::/32",  # Teredo (N/A)
    "2001:1::1/128",  # Port Control Protocol anycast
    "2001:1::2/128",  # TURN anycast
    "2001:1::3/128",  # DNS-SD service registration anycast
    "2001:3::/32",  # automatic multicast tunneling
    "2001:4:112::/48",  # AS112
    "2001:10::/28",  # deprecated ORCHID (N/A)
    "2001:20::/28",  # ORCHIDv2
    "2001:30::/28",  # drone remote identification
)

INTERNET = (_UNICAST - _SPECIAL) | _REACHABLE_INSIDE_SPECIAL
LINK_LOCAL = AddressSet.of("169.254.0.0/16", "fe80::/10")
METADATA_SERVICE = AddressSet.of("169.254.169.254/32", "fd00:ec2::254/128")
DEFAULT_POD_ADDRESSES = AddressSet.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
