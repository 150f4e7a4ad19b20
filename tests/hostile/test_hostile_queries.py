"""Whatever text a query file holds: a pack or a QueryError, and soon.

Text at random, words of the language at random, the built-in packs and the documented examples with pieces changed, and
known attacks.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from analyzer.errors import Problem, QueryError
from analyzer.language import parse_pack, parse_query
from analyzer.model.claims import Pack, Query

ROOT = Path(__file__).resolve().parents[2]
FUZZ = settings(deadline=None, suppress_health_check=list(HealthCheck))
MOST_SECONDS = 5.0  # of the processor
PACKS = tuple(path.read_text(encoding="utf-8") for path in sorted((ROOT / "queries").glob("*/pack.npq")))
STATEMENTS = tuple(part for text in PACKS for part in re.split(r"\n\n+", text) if part.strip())
LEXEME = re.compile(r'"[^"\n]*"|[\w.$/-]+|\s+|.')
WORDS = tuple(sorted({word for text in PACKS for word in LEXEME.findall(text) if not word.startswith(("#", '"'))}))
MORE_WORDS = (
    "except",
    "newly",
    "has",
    "notin",
    "==",
    "!=",
    "in",
    "not",
    "or",
    "and",
    "policies",
    "never",
    "tie",
    "${a}",
    "$",
)


def survives(text: str) -> bool:
    """Whether both readings survive it, and the text is a pack."""
    started = time.process_time()
    found, asked = pack(text), query(text)
    assert time.process_time() - started < MOST_SECONDS
    for result in (found, asked):
        assert isinstance(result, Pack | Query) or (result and all(_is_one_line(problem) for problem in result))
    return isinstance(found, Pack)


def _is_one_line(problem: Problem) -> bool:
    return bool(problem.message) and "\n" not in problem.message


def pack(text: str) -> Pack | tuple[Problem, ...]:
    try:
        return parse_pack(text, "fuzz.npq")
    except QueryError as error:
        return tuple(error.problems)


def query(text: str) -> Query | tuple[Problem, ...]:
    try:
        return parse_query(text)
    except QueryError as error:
        return tuple(error.problems)


@settings(FUZZ, max_examples=200)
@given(st.text(max_size=120))
def test_any_text(text: str) -> None:
    survives(text)


@settings(FUZZ, max_examples=120)
@given(
    st.lists(st.sampled_from((*WORDS, *MORE_WORDS, '"x"', "10.0.0.0/8", "tcp/80-90", "tcp/99999", "::/0")), max_size=30)
)
def test_any_words(words: list[str]) -> None:
    survives(" ".join(words))
    survives("assert a: " + " ".join(words))


@st.composite
def damaged(draw: DrawFn) -> str:
    """A few statements with lexemes dropped, doubled, exchanged, or replaced by others."""
    statements = draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=3))
    lexemes = LEXEME.findall("\n\n".join(statements))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lexemes) - 1))
        other = draw(st.sampled_from((*WORDS, *MORE_WORDS)) | st.characters())
        how = draw(st.sampled_from(("drop", "double", "replace", "insert", "swap")))
        match how:
            case "drop" if len(lexemes) > 1:
                del lexemes[at]
            case "double":
                lexemes.insert(at, lexemes[at])
            case "replace":
                lexemes[at] = other
            case "swap":
                lexemes[at], lexemes[-1 - at] = lexemes[-1 - at], lexemes[at]
            case _:
                lexemes.insert(at, f" {other} ")
    return "".join(lexemes)


@settings(FUZZ, max_examples=100)
@given(damaged())
def test_damaged_packs(text: str) -> None:
    survives(text)


@settings(FUZZ, max_examples=50)
@given(
    damaged(),
    st.integers(0, 2000),
    st.sampled_from(("", "\0", "\r", "\u2028", "\ufeff", "\x1b", "(", '"', "#", "\ud800")),
)
def test_cut_off_packs(text: str, at: int, last: str) -> None:
    survives(text[:at] + last)


CLAIM = "no pods can reach pods"
ATTACKS = {
    "brackets": "assert a: no " + "(" * 100_000,
    "closed brackets": "assert a: no " + "(" * 3_000 + "pods" + ")" * 3_000 + " can reach pods",
    "a chain of ors": "assert a: no " + " or ".join(["pods"] * 30_000) + " can reach pods",
    "a chain of excepts": "assert a: no " + "pods except (" * 5_000 + "pods" + ")" * 5_000 + " can reach pods",
    "nested nots": f"assert a: {CLAIM} where " + "not (" * 5_000 + "has src.labels[a]" + ")" * 5_000,
    "doubling sets": "let a0 = pods(x)\n"
    + "\n".join(f"let a{n} = a{n - 1} or a{n - 1}" for n in range(1, 60))
    + "\nassert a: no a59 can reach pods",
    "a set of itself": "let a = a or pods\nassert x: no a can reach a",
    "sets in a ring": "let a = b\nlet b = a\nassert x: no a can reach b",
    "a parameter of itself": 'param a = "$a"\nassert x: no namespace $a can reach pods',
    "a long word": f"assert a: no namespace {'x' * 200_000} can reach pods",
    "a long string": f'assert a "{"x" * 500_000}\n: {CLAIM}',
    "a long number": f"assert a: {CLAIM} on tcp/{'9' * 100_000}",
    "many errors": "assert ?: !\n" * 3_000,
    "many names alike": "".join(f"let same-name-{n} = pods\n" for n in range(2_000))
    + "assert a: no same-nam can reach pods",
    "one name many times": "let a = pods\n" * 3_000,
    "half a surrogate": "assert a: no namespace \ud800 can reach pods",
    "backslashes": 'assert a "' + "\\" * 50_001 + '": no pods can reach pods',
    "colons": "assert a: no ips " + ":" * 50_000 + " can reach pods",
    "dashes": f"assert a: {CLAIM} on tcp/" + "1-" * 20_000,
    "a long v6": "assert a: no ips " + "1:" * 30_000 + " can reach pods",
    "dollars": "assert a: no namespace " + "$" * 50_000 + " can reach pods",
    "braces": "assert a: no namespace " + "${" * 30_000 + " can reach pods",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_known_attacks(name: str) -> None:
    assert not survives(ATTACKS[name]), "it is read as if nothing were wrong"


# ------------------------------------------------------------------------------------------------ long but sound
LONG = {
    "queries": "".join(f"assert a{n}: {CLAIM}\n" for n in range(2_000)),
    "nots": f"assert a: {CLAIM} where " + "not " * 20_000 + "has src.labels[a]",
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_only_long_is_read(name: str) -> None:
    assert survives(LONG[name])
