"""Sets of connections: their algebra is that of membership; their words."""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.sets import ConnectionSet, PortSet

PORTS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=2).map(lambda pairs: PortSet.of(*pairs))
SETS = st.builds(ConnectionSet, PORTS, PORTS, PORTS, st.booleans()) | st.just(ConnectionSet.FULL)


def atoms(connections):
    found = {(name, port) for name, ports in connections.by_protocol for port in range(1, 9) if port in ports}
    return found | ({"other"} if connections.other else set())


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
