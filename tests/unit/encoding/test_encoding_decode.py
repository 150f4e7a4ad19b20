"""`embed` puts a connection into symbols, `decode` takes it out: the same in all that the question looks at."""

from __future__ import annotations

from ipaddress import ip_address

from clusters import claims, clusters, connections, isolation_claims, pods, profiles
from evaluators import question, truth, truth_of_pod
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.encoding import UNIVERSE, Question, decode, decode_end, embed, embed_end, encode
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster, Namespace, Node, Workload
from analyzer.model.endpoints import Connection, Host, Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import PORT_PROTOCOLS, NumberedPorts, Protocol
from analyzer.model.profile import PROFILES
from analyzer.sets import AddressSet
from analyzer.solving import Budget, Session

EVERYWHERE = tuple(NumberedPorts(p) for p in PORT_PROTOCOLS)
NAMESPACES = (Namespace("one", Labels({NAMESPACE_NAME_LABEL: "one"}), True),)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_goes_in_comes_out(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, connection = data.draw(claims(cluster)), data.draw(connections(cluster))
    obligation = encode(cluster, question(claim, profile))
    values = embed(obligation, connection)
    if values is None:
        return
    decoded = decode(obligation, values)
    assert (decoded.protocol, decoded.port) == (connection.protocol, connection.port)
    for back, end in ((decoded.src, connection.src), (decoded.dst, connection.dst)):
        assert type(back) is type(end)
        if isinstance(back, Pod) and isinstance(end, Pod) and cluster.namespace_by_name.get(end.namespace):
            assert back.namespace == end.namespace
    again = embed(obligation, decoded)
    assert again is not None
    assert truth(obligation, again) == truth(obligation, values)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_pod_by_itself_comes_out_as_well(data: st.DataObject) -> None:
    cluster, profile = data.draw(clusters()), data.draw(profiles())
    claim, pod = data.draw(isolation_claims(cluster)), data.draw(pods(cluster))
    obligation = encode(cluster, question(claim, profile))
    values = embed_end(obligation, pod)
    if values is not None:
        back = decode_end(obligation, values)
        assert isinstance(back, Pod)
        assert truth_of_pod(obligation, back) == truth_of_pod(obligation, pod)


def anything(cluster: Cluster, universe: Universe = Universe.INVENTORY) -> Question:
    claim = Claim(Kind.NO, ANYTHING, ANYTHING, EVERYWHERE)
    return Question(claim, (), universe, PROFILES["generic"])


def test_two_ends_of_a_class_of_bare_pods_are_two_of_them() -> None:
    pod = [Workload("Pod", "one", name, Labels(), is_single=True) for name in ("p", "q")]
    cluster = Cluster(NAMESPACES, tuple(pod))
    obligation = encode(cluster, anything(cluster))
    session = Session(obligation.text, obligation.symbols, Budget())
    connection = decode(obligation, session.check(UNIVERSE, "s.pod", "d.pod").values)
    assert isinstance(connection.src, Pod)
    assert isinstance(connection.dst, Pod)
    assert {connection.src.workload, connection.dst.workload} == {"one/p[Pod]", "one/q[Pod]"}


def test_the_only_node_of_a_pod_is_no_source() -> None:
    pod = Workload("Pod", "one", "p", Labels(), nodes=("n1",), is_single=True)
    nodes = [Node(name, Labels(), (ip_address(ip),), AddressSet.EMPTY) for name, ip in (("n1", "10.9.0.1"),)]
    for more, expected in (((), False), ((Node("n2", Labels(), (), AddressSet.EMPTY),), True)):
        cluster = Cluster(NAMESPACES, (pod,), (*nodes, *more))
        obligation = encode(cluster, anything(cluster))
        session = Session(obligation.text, obligation.symbols, Budget())
        found = session.check(UNIVERSE, "s.host", "d.pod")
        assert found.is_sat is expected
        if found.is_sat:
            source = decode(obligation, found.values).src
            assert isinstance(source, Host)
            assert source.name == "n2"


def test_members_of_a_class_keep_their_own_addresses() -> None:
    pods = [
        Workload(kind, "one", name, Labels(), ips=(ip_address(ip),), is_single=kind == "Pod")
        for kind, name, ip in (("Pod", "p", "10.0.0.1"), ("Deployment", "q", "10.0.0.2"))
    ]
    cluster = Cluster(NAMESPACES, tuple(pods))
    obligation = encode(cluster, anything(cluster))
    session = Session(obligation.text, obligation.symbols, Budget())
    values = session.check(UNIVERSE, "s.pod", "d.pod").values
    connection = decode(obligation, values)
    assert (str(connection.src.ip), str(connection.dst.ip)) == ("10.0.0.1", "10.0.0.2")
    embedded = embed(obligation, connection)
    assert embedded is not None
    assert (embedded["s.w"], embedded["d.w"]) == (values["s.w"], values["d.w"])


def between_pods(*ips: tuple[str, ...]) -> tuple[str, str] | None:
    """The addresses of two pods of Deployments with these addresses that may connect; None if none can."""
    names = ("one", "two")[: len(ips)]
    workloads = (
        Workload("Deployment", name, "w", Labels(), ips=tuple(map(ip_address, these)))
        for name, these in zip(names, ips, strict=True)
    )
    namespaces = (Namespace(name, Labels({NAMESPACE_NAME_LABEL: name}), True) for name in names)
    cluster = Cluster(tuple(namespaces), tuple(workloads))
    obligation = encode(cluster, anything(cluster))
    session = Session(obligation.text, obligation.symbols, Budget())
    apart = [session.literal("(not (= s.w d.w))")] if len(ips) > 1 else []
    found = session.check(UNIVERSE, "s.pod", "d.pod", *apart)
    if not found.is_sat:
        return None
    connection = decode(obligation, found.values)
    return str(connection.src.ip), str(connection.dst.ip)


def test_two_pods_of_one_workload_have_addresses_of_their_own() -> None:
    assert between_pods(("10.0.0.1", "10.0.0.2")) == ("10.0.0.1", "10.0.0.2")


def test_both_ends_have_addresses_of_one_family() -> None:
    found = between_pods(("10.0.0.1", "fd00::1"), ("fd00::2",))
    assert found is not None
    assert set(found) == {"fd00::1", "fd00::2"}


def test_ends_without_a_common_family_do_not_connect() -> None:
    assert between_pods(("10.0.0.1",), ("fd00::2",)) is None


def test_two_new_namespaces_are_two() -> None:
    """With labels of their own: a pod of each can be connected."""
    cluster = Cluster(NAMESPACES)
    obligation = encode(cluster, question(Claim(Kind.NO, ANYTHING, ANYTHING, EVERYWHERE), PROFILES["generic"]))
    ends = [
        Pod(name, Labels({"k": name, NAMESPACE_NAME_LABEL: name}), Labels(), ip_address(ip))
        for name, ip in (("later", "10.0.0.1"), ("elsewhere", "10.0.0.2"))
    ]
    there, back = (embed(obligation, Connection(src, dst, Protocol.TCP, 80)) for src, dst in (ends, reversed(ends)))
    assert there is not None
    assert back is not None
    assert there["s.ns"] != there["d.ns"]
    assert back["s.ns"] != back["d.ns"]
    assert truth(obligation, there) == truth(obligation, back) == {True}
