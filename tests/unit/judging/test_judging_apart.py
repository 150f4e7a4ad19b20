"""Regions cut apart: disjoint, and the witness stays inside."""

from analyzer.encoding import Question, encode
from analyzer.encoding.ends import PROTOCOL_CODES
from analyzer.judging.apart import apart
from analyzer.model.claims import Anything, Claim, Kind, Universe
from analyzer.model.cluster import Cluster, Namespace
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import NumberedPorts, Protocol
from analyzer.model.profile import PROFILES

CLAIM = Claim(Kind.NO, Anything(), Anything(), tuple(NumberedPorts(p) for p in Protocol))
CLUSTER = Cluster(tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n}), True) for n in ("a", "b")))
OBLIGATION = encode(CLUSTER, Question(CLAIM, (), Universe.ANY, PROFILES["generic"]))
WITNESS = {"s.ns": 0, "d.ns": 1, "port": 443, "proto": 0}


def test_disjoint_regions_stay_as_they_are():
    box = {"port": ((443, 443),)}
    assert apart(OBLIGATION, box, [{"port": ((80, 80),)}], WITNESS) == box


def test_what_overlaps_is_cut_where_the_witness_is_not():
    other = {"s.ns": ((1, 1),), "port": ((1, 65535),)}
    box = apart(OBLIGATION, {"port": ((443, 443),)}, [other], WITNESS)
    assert box["port"] == ((443, 443),)
    assert all(low > 1 or high < 1 for low, high in box["s.ns"])
    assert any(low <= 0 <= high for low, high in box["s.ns"])


def test_each_of_several_regions_is_kept_clear_of():
    others = [{"port": ((1, 100),)}, {"port": ((8000, 8999),)}]
    box = apart(OBLIGATION, {"port": ((1, 65535),)}, others, WITNESS)
    assert box["port"] == ((101, 7999), (9000, 65535))


def test_a_protocol_without_ports_is_kept_apart_by_the_protocol():
    other = PROTOCOL_CODES[Protocol.OTHER]
    box = apart(OBLIGATION, {}, [{"port": ((1, 65535),)}], {**WITNESS, "port": 0, "proto": other})
    assert box == {"proto": ((other, other),)}


def test_labels_of_namespaces_to_come_part_no_connections_of_those_there():
    """A pod of namespace `a` has no value for them: regions that differ in them alone share it."""
    other = {"s.fl.0": ((0, 0),)}
    box = apart(OBLIGATION, {"s.fl.0": ((1, 1),)}, [other], {**WITNESS, "s.ns": 2, "s.fl.0": 1})
    assert all(low > 1 for low, _ in box["s.ns"])
    box = apart(OBLIGATION, {"s.fl.0": ((1, 1),)}, [{**other, "port": ((80, 80),)}], {**WITNESS, "s.fl.0": 1})
    assert not any(low <= 80 <= high for low, high in box["port"])
