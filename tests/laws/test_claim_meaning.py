"""Sets and conditions of queries against what they mean in plain Python: oracle and encoding read one formula, so that
what makes it is held to a third, tiny statement (design 2; absent equals only absent).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import TypeGuard

from hypothesis import given
from hypothesis import strategies as st

from analyzer.judging.bound import bound
from analyzer.language import parse_query
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import End, External, Host, Pod
from analyzer.model.ends import (
    ANYTHING,
    Behind,
    LedPort,
    as_pods,
    base_and_taken,
    can_be_pods,
    has_one_of,
    meant,
    nodes_that,
    pods_in,
    pods_of,
    pods_of_workload,
    with_address,
    without,
)
from analyzer.model.formulas import Attribute, Formula, Name, Role, either, in_role
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Requirement, Selector
from analyzer.model.policies import NamespaceNamed, NamespacesMatching, NumberedPorts, Protocol
from analyzer.model.profile import PROFILES
from analyzer.semantics import holds, is_member
from analyzer.semantics.formulas import Situation, is_true
from analyzer.sets import AddressSet, ValueSet

Said = tuple[str, Callable[[End], bool]]
"""A set in the words of the language, and whether an end is in it."""
Asked = tuple[str, Callable[[End, End], bool]]
"""A condition in the words of the language, and whether it holds of two ends."""

KEYS, VALUES = ("k", "team"), ("a", "b")
_MAPS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from((*VALUES, "other")))
_NAMES = st.sampled_from(("one", "two"))
_ADDRESSES = st.sampled_from(("10.0.0.1", "203.0.113.7", "203.0.113.200", "2001:db8::7"))


@st.composite
def pods(draw: st.DrawFn) -> Pod:
    name = draw(_NAMES)
    return Pod(
        name,
        Labels({**draw(_MAPS), NAMESPACE_NAME_LABEL: name}),
        Labels(draw(_MAPS)),
        ip_address(draw(_ADDRESSES)),
        draw(st.sampled_from(("default", "robot"))),
        host_network=draw(st.booleans()),
        workload=draw(st.sampled_from((None, "one/web[Deployment]", "one/webs[Job]", "two/web[Pod]"))),
    )


ENDS: st.SearchStrategy[End] = st.one_of(
    pods(),
    pods(),
    st.builds(External, _ADDRESSES.map(ip_address)),
    st.builds(Host, st.sampled_from((None, "n", "m")), _MAPS.map(Labels), _ADDRESSES.map(ip_address)),
)


# ------------------------------------------------------------------------------------------------ sets
def _meets(value: str | None, operator: Operator, values: tuple[str, ...]) -> bool:
    match operator:
        case Operator.IN:
            return value is not None and value in values
        case Operator.NOT_IN:
            return value is None or value not in values
        case Operator.EXISTS:
            return value is not None
        case Operator.DOES_NOT_EXIST:
            return value is None


_WORDS = {
    Operator.IN: "{} in ({})",
    Operator.NOT_IN: "{} notin ({})",
    Operator.EXISTS: "{}",
    Operator.DOES_NOT_EXIST: "!{}",
}
_REQUIREMENTS = st.lists(
    st.tuples(
        st.sampled_from(KEYS), st.sampled_from(Operator), st.lists(st.sampled_from(VALUES), min_size=1, max_size=2)
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def _selectors(draw: st.DrawFn) -> tuple[str, Callable[[Labels], bool]]:
    asked = [(key, operator, tuple(values)) for key, operator, values in draw(_REQUIREMENTS)]
    text = ", ".join(_WORDS[operator].format(key, ", ".join(values)) for key, operator, values in asked)
    return f"({text})", lambda labels: all(_meets(labels.get(k), operator, values) for k, operator, values in asked)


@st.composite
def _of_pods(draw: st.DrawFn) -> Said:
    text, is_meant = draw(_selectors() | st.just(("", lambda _: True)))
    if draw(st.booleans()):
        name = draw(_NAMES)
        return (
            f"pods{text} in namespace {name}",
            lambda end: isinstance(end, Pod) and is_meant(end.labels) and end.namespace == name,
        )
    where, is_there = draw(_selectors())
    return (
        f"pods{text} in namespaces{where}",
        lambda end: isinstance(end, Pod) and is_meant(end.labels) and is_there(end.namespace_labels),
    )


def _is_outside(end: End, *blocks: str) -> bool:
    return isinstance(end, External) and any(end.ip in ip_network(block) for block in blocks)


_SAID: tuple[Said, ...] = (
    ("pods", lambda end: isinstance(end, Pod)),
    ("namespace one", lambda end: isinstance(end, Pod) and end.namespace == "one"),
    ("workload one/web", lambda end: isinstance(end, Pod) and end.workload == "one/web[Deployment]"),
    ("nodes", lambda end: isinstance(end, Host)),
    ("anything", lambda end: True),
    ("external", lambda end: isinstance(end, External)),
    ("ips 203.0.113.0/25, 2001:db8::/32", lambda end: _is_outside(end, "203.0.113.0/25", "2001:db8::/32")),
    (
        "ips 203.0.113.0/24 except 203.0.113.0/25",
        lambda end: _is_outside(end, "203.0.113.0/24") and not _is_outside(end, "203.0.113.0/25"),
    ),
)


def _combined(parts: st.SearchStrategy[Said]) -> st.SearchStrategy[Said]:
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda two: (f"({two[0][0]} or {two[1][0]})", lambda end: two[0][1](end) or two[1][1](end))),
        pairs.map(lambda two: (f"({two[0][0]} and {two[1][0]})", lambda end: two[0][1](end) and two[1][1](end))),
        pairs.map(lambda two: (f"({two[0][0]} except {two[1][0]})", lambda end: two[0][1](end) and not two[1][1](end))),
    )


SETS = st.recursive(_of_pods() | st.sampled_from(_SAID), _combined, max_leaves=4)


@given(SETS, st.lists(ENDS, min_size=1, max_size=12))
def test_a_set_holds_what_its_words_say(said: Said, ends: list[End]) -> None:
    text, is_in = said
    generic = PROFILES["generic"]
    claim = bound(parse_query(f"no {text} can reach pods").claim, None, generic, Cluster(()))
    assert [is_member(claim.sources, end) for end in ends] == [is_in(end) for end in ends]
    as_destination = in_role(claim.sources, Role.DST)
    assert [is_true(as_destination, _to(end)) for end in ends] == [is_in(end) for end in ends]
    if any(isinstance(end, Pod) and is_in(end) for end in ends):
        assert can_be_pods(claim.sources)
    base, taken = base_and_taken(claim.sources)
    assert [is_member(base, end) and not (taken and is_member(taken, end)) for end in ends] == list(map(is_in, ends))


def _to(end: End) -> Situation:
    return Situation(Protocol.OTHER, None, {Role.DST: end})


@given(_of_pods() | st.sampled_from(_SAID), st.lists(ENDS, min_size=1, max_size=12))
def test_pods_are_read_back_as_a_peer_says_them(said: Said, ends: list[End]) -> None:
    text, is_in = said
    members = parse_query(f"no {text} can reach pods").claim.sources
    chosen = as_pods(members)
    assert (chosen is None) is not text.startswith(("pods", "namespace"))
    if chosen is not None:
        assert [is_member(pods_in(*chosen), end) for end in ends] == [is_in(end) for end in ends]


_VALUE_SETS = st.builds(
    ValueSet.of, st.frozensets(st.sampled_from((None, "default", "n", "a")), max_size=3).map(tuple)
).flatmap(lambda found: st.sampled_from((found, ~found)))


def _is_in_one(end: End) -> TypeGuard[Pod]:
    return isinstance(end, Pod) and end.namespace == "one"


@given(_VALUE_SETS, st.lists(ENDS, min_size=1, max_size=12))
def test_sets_that_no_words_say(values: ValueSet, ends: list[End]) -> None:
    """Those that regions, Services and the manifests are made into."""
    label = has_one_of(Attribute(Role.SELF, Name.LABEL, "k"), values)
    block = AddressSet.of("203.0.113.0/24")
    k_exists = Selector((Requirement("k", Operator.EXISTS),))
    led = LedPort("s", 80, "", Protocol.TCP, NumberedPorts(Protocol.TCP, 80), pods_of_workload("one", "web"))
    tried: tuple[tuple[Formula, Callable[[End], bool]], ...] = (
        (label, lambda end: (end.labels.get("k") if isinstance(end, Pod | Host) else None) in values),
        (pods_of(values), lambda end: isinstance(end, Pod) and end.service_account in values),
        (nodes_that(values), lambda end: isinstance(end, Host) and end.name in values),
        (nodes_that(its=k_exists), lambda end: isinstance(end, Host) and "k" in end.labels),
        (with_address(block), lambda end: end.ip in ip_network("203.0.113.0/24")),
        (without(ANYTHING, with_address(block)), lambda end: end.ip not in ip_network("203.0.113.0/24")),
        (meant(Behind("s", (led,))), lambda end: isinstance(end, Pod) and end.workload == "one/web[Deployment]"),
        (
            pods_in(NamespaceNamed("one"), k_exists),
            lambda end: isinstance(end, Pod) and end.namespace == "one" and "k" in end.labels,
        ),
        (pods_in(NamespacesMatching(k_exists)), lambda end: isinstance(end, Pod) and "k" in end.namespace_labels),
        (either(()), lambda end: False),
    )
    for members, is_in in tried:
        assert [is_member(members, end) for end in ends] == [is_in(end) for end in ends]


# ------------------------------------------------------------------------------------------------ conditions
_ATTRIBUTES: dict[str, Callable[[Pod], str | None]] = {
    "namespace": lambda pod: pod.namespace,
    "service_account": lambda pod: pod.service_account,
    "labels[k]": lambda pod: pod.labels.get("k"),
    "namespace.labels[team]": lambda pod: pod.namespace_labels.get("team"),
    f"namespace.labels[{NAMESPACE_NAME_LABEL}]": lambda pod: pod.namespace,
}
_Valued = tuple[str, Callable[[End, End], str | None]]


def _valued(role: str, name: str) -> _Valued:
    def value(src: End, dst: End) -> str | None:
        end = src if role == "src" else dst
        return _ATTRIBUTES[name](end) if isinstance(end, Pod) else None

    return f"{role}.{name}", value


VALUED = st.builds(_valued, st.sampled_from(("src", "dst")), st.sampled_from(sorted(_ATTRIBUTES)))
_TEXTS = st.sampled_from(("a", "one", "default"))


@st.composite
def _facts(draw: st.DrawFn) -> Asked:
    name, value = draw(VALUED)
    match draw(st.sampled_from(("equal", "same", "among", "has"))):
        case "equal":
            text, word = draw(_TEXTS), draw(st.sampled_from(("==", "!=")))
            return f'{name} {word} "{text}"', lambda src, dst: (value(src, dst) == text) is (word == "==")
        case "same":
            other, its = draw(VALUED)
            return f"{name} == {other}", lambda src, dst: value(src, dst) == its(src, dst)
        case "among":
            texts = draw(st.lists(_TEXTS, min_size=1, max_size=2))
            listed = ", ".join(f'"{text}"' for text in texts)
            return f"{name} in ({listed})", lambda src, dst: value(src, dst) in texts
        case _:
            return f"has {name}", lambda src, dst: value(src, dst) is not None


def _joined(parts: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    pairs = st.tuples(parts, parts)
    return st.one_of(
        parts.map(lambda one: (f"(not {one[0]})", lambda src, dst: not one[1](src, dst))),
        pairs.map(lambda two: (f"({two[0][0]} and {two[1][0]})", lambda *ends: two[0][1](*ends) and two[1][1](*ends))),
        pairs.map(lambda two: (f"({two[0][0]} or {two[1][0]})", lambda *ends: two[0][1](*ends) or two[1][1](*ends))),
    )


@given(st.recursive(_facts(), _joined, max_leaves=4), st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=12))
def test_a_condition_holds_where_its_words_do(asked: Asked, pairs: list[tuple[End, End]]) -> None:
    text, is_so = asked
    where = parse_query(f"no anything can reach pods where {text}").claim.where
    assert where is not None
    assert [holds(where, src=src, dst=dst) for src, dst in pairs] == [is_so(src, dst) for src, dst in pairs]
