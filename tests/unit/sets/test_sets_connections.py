"""Sets of connections: their algebra is that of membership; their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sets import ConnectionSet, PortSet, other_protocols

PORTS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=2).map(lambda pairs: PortSet.of(*pairs))
SETS = st.builds(ConnectionSet, PORTS, PORTS, PORTS, PORTS | st.just(other_protocols.EVERY)) | st.just(
    ConnectionSet.FULL
)


def atoms(connections):
    found = {(name, port) for name, ports in connections.by_protocol for port in range(1, 9) if port in ports}
    assert connections.other is bool(connections.others)
    return found | {("other", number) for number in (*range(1, 9), 65535) if number in connections.others}


@given(SETS, SETS)
def test_algebra(a, b):
    assert atoms(a | b) == atoms(a) | atoms(b)
    assert atoms(a & b) == atoms(a) & atoms(b)
    assert atoms(a - b) == atoms(a) - atoms(b)
    assert atoms(~a) == atoms(ConnectionSet.FULL) - atoms(a)
    assert bool(a) == (a != ConnectionSet.EMPTY)
    assert (a <= b) == (a | b == b)


def test_words():
    assert str(ConnectionSet.FULL) == "everything"
    assert str(ConnectionSet.PORTS) == "every port"
    assert str(ConnectionSet.EMPTY) == "nothing"
    assert str(ConnectionSet(PortSet.of(80, (90, 99)), PortSet.FULL)) == "TCP 80, 90–99; UDP"
    assert str(ConnectionSet.OTHER) == "protocols without ports"


def test_one_protocol():
    assert ConnectionSet.on("UDP", PortSet.of(53)) == ConnectionSet(udp=PortSet.of(53))
    assert ConnectionSet.on("other", PortSet.FULL) == ConnectionSet.OTHER


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (other_protocols.icmp(), "ICMP"),
        (other_protocols.icmp(8), "ICMP type 8"),
        (other_protocols.icmp(0, 0), "ICMP type 0 code 0"),
        (other_protocols.protocol(47), "IP protocol 47"),
        (other_protocols.icmp(3) | other_protocols.protocol(47), "ICMP type 3 and IP protocol 47"),
        (other_protocols.EVERY - other_protocols.icmp(8), "protocols without ports but ICMP type 8"),
        (
            other_protocols.icmp() - other_protocols.icmp(8, 0),
            "ICMP types 0–7, ICMP type 8 codes 1–255 and ICMP types 9–254",
        ),
        (PortSet.of(*range(1, 5000, 300)), "some protocols without ports"),
        (other_protocols.EVERY, "protocols without ports"),
    ],
)
def test_protocols_without_ports(numbers, words):
    assert numbers <= other_protocols.EVERY
    assert str(ConnectionSet(others=numbers)) == words


WIDE = st.lists(st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted).map(tuple), max_size=4)


@given(WIDE.map(lambda pairs: PortSet.of(*pairs) & other_protocols.EVERY) | st.just(other_protocols.EVERY))
def test_terms_are_read_as_what_they_were_written_for(numbers):
    read = PortSet.EMPTY
    for term in other_protocols.terms(numbers):
        meant = other_protocols.read_term(term)
        assert meant is not None
        assert meant <= numbers
        read |= meant
    assert read == numbers


@pytest.mark.parametrize(
    "text",
    [
        "icmp/255",
        "icmp/8/256",
        "icmp/9-8",
        "icmp/",
        "icmp/8/",
        "icmp/x",
        "protocol/0",
        "protocol/256",
        "protocol",
        "gre",
    ],
)
def test_what_is_no_term(text):
    assert other_protocols.read_term(text) is None


def test_each_number_means_one_thing():
    codes = [other_protocols.icmp(type_, code) for type_ in range(255) for code in (0, 255)]
    every = [*codes, *map(other_protocols.protocol, range(1, 256))]
    assert len(set(every)) == len(every)
    assert all(len(one.intervals) == 1 and one.intervals[0][0] == one.intervals[0][1] for one in every)
    assert not any(other_protocols.protocol(number) <= other_protocols.EVERY for number in (6, 17, 132))
