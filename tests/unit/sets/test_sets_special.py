"""`internet`: what the IANA special-purpose registries call globally reachable, address by address."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sets import DEFAULT_POD_ADDRESSES, INTERNET, METADATA_SERVICE, AddressSet

# The registries' entries as of October 2025, with the column Globally Reachable; None where it says N/A.
REGISTRY = {
    "0.0.0.0/8": False, "0.0.0.0/32": False, "10.0.0.0/8": False, "100.64.0.0/10": False, "127.0.0.0/8": False,
    "169.254.0.0/16": False, "172.16.0.0/12": False, "192.0.0.0/24": False, "192.0.0.0/29": False,
    "192.0.0.8/32": False, "192.0.0.9/32": True, "192.0.0.10/32": True, "192.0.0.170/32": False,
    "192.0.0.171/32": False, "192.0.2.0/24": False, "192.31.196.0/24": True, "192.52.193.0/24": True,
    "192.88.99.0/24": None, "192.88.99.2/32": False, "192.168.0.0/16": False, "192.175.48.0/24": True,
    "198.18.0.0/15": False, "198.51.100.0/24": False, "203.0.113.0/24": False, "240.0.0.0/4": False,
    "255.255.255.255/32": False,
    "::1/128": False, "::/128": False, "::ffff:0:0/96": False, "64:ff9b::/96": True, "64:ff9b:1::/48": False,
    "100::/64": False, "100:0:0:1::/64": False, "2001::/23": False, "2001::/32": None, "2001:1::1/128": True,
    "2001:1::2/128": True, "2001:1::3/128": True, "2001:2::/48": False, "2001:3::/32": True,
    "2001:4:112::/48": True, "2001:10::/28": None, "2001:20::/28": True, "2001:30::/28": True,
    "2001:db8::/32": False, "2002::/16": None, "2620:4f:8000::/48": True, "3fff::/20": False, "5f00::/16": False,
    "fc00::/7": False, "fe80::/10": False,
}  # fmt: skip
ENTRIES = {ip_network(text): reachable for text, reachable in REGISTRY.items()}
UNICAST6 = ip_network("2000::/3")


def is_reachable(address):
    """The longest entry that holds the address decides; of the rest, what is unicast is reachable."""
    entries = [n for n in ENTRIES if n.version == address.version and address in n]
    if entries:
        return ENTRIES[max(entries, key=lambda n: n.prefixlen)] is not False
    return not address.is_multicast if address.version == 4 else address in UNICAST6


EDGES = [
    address
    for network in (*ENTRIES, ip_network("224.0.0.0/4"), UNICAST6, ip_network("ff00::/8"), ip_network("fec0::/10"))
    for edge in (network.network_address, network.broadcast_address)
    for step in (-1, 0, 1)
    if 0 <= int(edge) + step < 2**network.max_prefixlen
    for address in [type(edge)(int(edge) + step)]
]


@pytest.mark.parametrize("address", EDGES, ids=str)
def test_internet_is_what_the_registries_call_globally_reachable(address):
    assert (address in INTERNET) == is_reachable(address)


@given(st.ip_addresses() | st.integers(0, 2**125 - 1).map(lambda low: ip_address(2**125 + low)))
def test_any_address_is_internet_as_the_registries_say(address):
    assert (address in INTERNET) == is_reachable(address)


def test_pods_and_the_metadata_service_are_no_internet():
    assert not INTERNET & (DEFAULT_POD_ADDRESSES | METADATA_SERVICE)
    assert AddressSet.of("192.0.0.9/32", "8.8.8.8/32", "64:ff9b::808:808/128") <= INTERNET
