"""A set that is named like a word which the language did not have when its file was written keeps its meaning."""

import pytest

from analyzer.errors import QueryError
from analyzer.language import parse_pack
from analyzer.language.names import FIRST_WORDS
from analyzer.language.syntax import reserved_words

NEW_WORDS = sorted(reserved_words() - FIRST_WORDS)
NOT_WORDS = ("domains", "request", "dns", "corp")
CLAIMS = [
    "no {} can reach internet",
    "no internet can reach {}",
    "every {} can reach {} on udp/53",
    "some {} can reach nodes",
    "only {} can reach nodes",
    "{} can reach only ips 10.0.0.0/8",
    "pods can reach only {} on tcp/80",
    "every {} is isolated for ingress",
    "no ({} or nodes) and {} can reach internet except {}",
    "no pods can reach internet except {} can reach {} on tcp/443",
    "no {} can newly reach internet",
    'no {} can reach {} where src.labels[{}] == "{}"',
]


def queries(name, claims):
    """A pack of the claims, of a set that is called so."""
    lines = [f"let {name} = pods(app={name}) in namespace {name}", f"let other = {name} or nodes"]
    lines += [
        f"assert q{i}: {claim.format(*[name] * 9)}" for i, claim in enumerate((*claims, "no other can reach nodes"))
    ]
    return parse_pack("\n".join(lines), "p.npq")


def meaning(pack, name):
    return [repr(query.claim).replace(f"'{name}'", "'corp'") for query in pack.queries]


def test_there_are_new_words():
    assert {"service", "apiserver", "newly", "policies", "never", "tie"} <= set(NEW_WORDS)
    assert reserved_words() >= FIRST_WORDS


@pytest.mark.parametrize("name", [*NEW_WORDS, *NOT_WORDS])
def test_a_set_called_like_a_new_word_means_what_it_always_did(name):
    pack = queries(name, CLAIMS)
    assert meaning(pack, name) == meaning(queries("corp", CLAIMS), "corp")
    told = [notice for notice in pack.notices if "has become a word of the language" in notice.message]
    assert [(notice.source.line, f"`{name}`" in notice.message) for notice in told] == (
        [(1, True)] if name in NEW_WORDS else []
    )


AS_KEYWORDS = {
    "service": "no internet can reach service a/web",
    "newly": "no pods can newly reach nodes",
    "policies": "policies never tie",
    "never": "policies never tie",
    "tie": "policies never tie",
}


@pytest.mark.parametrize(("word", "claim"), AS_KEYWORDS.items())
def test_beside_such_a_set_the_words_keep_their_meaning_where_a_name_has_no_place(word, claim):
    (alone,) = parse_pack(f"assert q: {claim}", "p.npq").queries
    beside = parse_pack(f"let {word} = pods\nassert q: {claim}\nassert r: no {word} can reach nodes", "p.npq")
    assert beside.queries[0].claim == alone.claim


@pytest.mark.parametrize("name", sorted(FIRST_WORDS))
def test_a_first_word_names_no_set(name):
    with pytest.raises(QueryError, match="is a keyword and cannot name a set"):
        parse_pack(f"let {name} = nodes\nassert q: no pods can reach internet", "p.npq")
