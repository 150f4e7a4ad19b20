"""Regions cut apart: disjoint, and the witness stays inside."""

from collections.abc import Mapping

import pytest

from analyzer.encoding import Attribute, Obligation, Question, Variable, encode
from analyzer.encoding.variables import PROTOCOL_CODES
from analyzer.judging.apart import apart
from analyzer.judging.bound import bound
from analyzer.language import parse_pack
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster, Namespace, Workload
from analyzer.model.formulas import Role
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES
from analyzer.sets.intervals import Intervals, contains, intersection

DECLARED, MENTIONED, NEW = 0, 1, 2  # codes of namespaces
EVERY_PORT = ((1, 65535),)


def asked(claim: str, workloads: tuple[Workload, ...] = ()) -> Obligation:
    spaces = (("a", True), ("b", False))
    namespaces = tuple(Namespace(n, Labels({NAMESPACE_NAME_LABEL: n, "team": "x"}), declared) for n, declared in spaces)
    (query,) = parse_pack(f"assert it:\n  {claim}\n", "it.npq").queries
    cluster = Cluster(namespaces, workloads)
    claim = bound(query.claim, None, PROFILES["generic"], cluster)
    return encode(cluster, Question(claim, (), Universe.ANY, PROFILES["generic"]))


OBLIGATION = asked("no pods in namespaces(team=x) can reach pods")
PORT, PROTOCOL = (OBLIGATION.variables[Role.CONNECTION, it] for it in (Attribute.PORT, Attribute.PROTOCOL))
NAMESPACE = OBLIGATION.variables[Role.SRC, Attribute.NAMESPACE]


def label(attribute: Attribute) -> Variable:
    (found,) = OBLIGATION.variables.of(Role.SRC, attribute)
    return found


THERE, LATER = label(Attribute.NAMESPACE_LABEL), label(Attribute.NEW_NAMESPACE_LABEL)


def witness(**said: Mapping[Variable, int]) -> dict[str, int]:
    found = {NAMESPACE: DECLARED, PORT: 443, PROTOCOL: 0, THERE: 0, LATER: 0}
    for values in said.values():
        found |= values
    return {variable.symbol: value for variable, value in found.items()}


def test_disjoint_regions_stay_as_they_are():
    box = {PORT: ((443, 443),)}
    assert apart(OBLIGATION, box, [{PORT: ((80, 80),)}], witness()) == box


def test_what_overlaps_is_cut_where_the_witness_is_not():
    other = {NAMESPACE: ((MENTIONED, MENTIONED),), PORT: EVERY_PORT}
    box = apart(OBLIGATION, {PORT: ((443, 443),)}, [other], witness())
    assert box[PORT] == ((443, 443),)
    assert not contains(box[NAMESPACE], MENTIONED)
    assert contains(box[NAMESPACE], DECLARED)


def test_each_of_several_regions_is_kept_clear_of():
    others = [{PORT: ((1, 100),)}, {PORT: ((8000, 8999),)}]
    box = apart(OBLIGATION, {PORT: EVERY_PORT}, others, witness())
    assert box[PORT] == ((101, 7999), (9000, 65535))


def test_a_protocol_without_ports_is_kept_apart_by_the_protocol():
    other = PROTOCOL_CODES[Protocol.OTHER]
    box = apart(OBLIGATION, {}, [{PORT: EVERY_PORT}], witness(on={PORT: 0, PROTOCOL: other}))
    assert box == {PROTOCOL: ((other, other),)}


@pytest.mark.parametrize(
    ("variable", "says", "says_not"), [(LATER, NEW, DECLARED), (LATER, NEW, MENTIONED), (THERE, MENTIONED, NEW)]
)
def test_labels_part_no_connections_of_namespaces_of_which_they_say_nothing(
    variable: Variable, says: int, says_not: int
):
    """Regions that differ in them alone share those connections."""
    mine, other = {variable: ((1, 1),)}, {variable: ((0, 0),)}
    box = apart(OBLIGATION, mine, [other], witness(of={NAMESPACE: says, variable: 1}))
    assert contains(box[NAMESPACE], says)
    assert not contains(box[NAMESPACE], says_not)
    box = apart(OBLIGATION, mine, [{**other, PORT: ((80, 80),)}], witness(of={NAMESPACE: says_not, variable: 1}))
    assert not contains(box[PORT], 80)


ADDRESSES = asked("no ips 8.8.8.0/24 or pods can reach pods")
_FROM_OUTSIDE, _FROM_A_POD = 0, 1


@pytest.mark.parametrize("is_pod", [_FROM_OUTSIDE, _FROM_A_POD])
@pytest.mark.parametrize("version", [4, 6])
def test_addresses_part_ends_of_their_family_and_kind_alone(is_pod: int, version: int):
    find = ADDRESSES.variables.find
    known, unknown = (find(Role.SRC, it, version) for it in (Attribute.KNOWN_ADDRESS, Attribute.UNKNOWN_ADDRESS))
    kind, family = find(Role.SRC, Attribute.IS_POD), find(Role.CONNECTION, Attribute.FAMILY)
    port = ADDRESSES.variables[Role.CONNECTION, Attribute.PORT]
    says, says_nothing = (unknown, known) if is_pod else (known, unknown)
    of_kind: dict[Variable, Intervals] = {kind: ((is_pod, is_pod),), family: ((int(version == 6), int(version == 6)),)}
    values = {v.symbol: 0 for v in ADDRESSES.variables} | {kind.symbol: is_pod, family.symbol: int(version == 6)}
    values |= {says.symbol: 5, port.symbol: 443}
    assert apart(ADDRESSES, {**of_kind, says: ((5, 9),)}, [{**of_kind, says: ((1, 4),)}], values)[says] == ((5, 9),)
    others = {**of_kind, says_nothing: ((1, 4),), port: ((80, 80),)}
    box = apart(ADDRESSES, {**of_kind, says_nothing: ((5, 9),)}, [others], values)
    assert not intersection(box[port], ((80, 80),))
