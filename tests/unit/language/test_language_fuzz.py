"""Whatever the text, the answer is a pack or a QueryError that points into the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import QueryError
from analyzer.language import parse_pack, parse_query

WORDS = """
pack param let assume assert @severity(high) @control("x") @ no every some only can reach is isolated for ingress,
egress has on tcp/80 udp/53-60 any other , where within inventory except or and not in notin pods
namespace namespaces workload
ips 10.0.0.0/8 ::/0 internet external metadata-service nodes anything src.namespace dst.labels[team] namespace.labels[k]
src dst labels [ ] ( ) = == != ! : $ $x ${x} ${ "a" "b\\"c" " # a b shop/web team k8s.io/x - . / _ A-b_1.x 65536 “ é
"""
FRAGMENTS = [*WORDS.split(), "\u00a0", "\x00", "\ufeff"]

texts = st.lists(
    st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from([" ", "\n", "\t", "\r\n"]), st.text(max_size=3)), max_size=40
).flatmap(lambda words: st.sampled_from(["", " ", "\n"]).map(lambda between: between.join(words)))

CLAIM_PARTS = st.sampled_from([
    "no pods", "every a", "only (internet or nodes)", "can reach", "can reach only", "namespace b", "pods(x=y,!z)",
    "on tcp/80", "on any", "except nodes", "except a can reach b", "where has src.labels[x]", "where src has y or",
    "within any", "is isolated for egress", "in namespaces(x)", "ips 10.0.0.0/8 except 10.1.0.0/16", "$p", "not",
])  # fmt: skip
claims = st.lists(CLAIM_PARTS, max_size=8).map(" ".join)


def check_places(error: QueryError, text: str) -> None:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert error.problems
    for problem in error.problems:
        assert problem.message
        assert 0 <= problem.line <= len(lines)
        if problem.line:
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@settings(deadline=None)
@given(texts)
def test_any_text_as_a_file(text: str) -> None:
    try:
        parse_pack(text, "f")
    except QueryError as error:
        check_places(error, text)


@settings(deadline=None)
@given(st.one_of(texts, claims))
def test_any_text_as_a_claim(text: str) -> None:
    try:
        parse_query(text)
    except QueryError as error:
        check_places(error, text)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["let a =", "param p =", "assert q:", "assume h: every", "@x("]), claims)))
def test_any_statements(statements: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{head} {claim}" for head, claim in statements)
    try:
        parse_pack(text, "f", {"p": "x"})
    except QueryError as error:
        check_places(error, text)


@settings(deadline=None)
@given(claims)
def test_the_text_of_a_query_asks_the_same_again(claim: str) -> None:
    try:
        query = parse_query(claim.replace(" ", " # comment\n\t"))
    except QueryError:
        return
    assert parse_query(query.text) == query
