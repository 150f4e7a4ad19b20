"""What people write in place of the language: the carets stand below what is wrong first; the nearest form comes out.

`wrong/claims.txt` and `wrong/statements.txt` hold what was written, `«»` around what the carets mark, and behind `==>`
the form.  Every form can be pasted: nothing is wrong with it.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import Problem, QueryError
from analyzer.inputs.asked_sets import claim_of, of_set
from analyzer.language import parse_pack, parse_query
from analyzer.language.teaching.nearest_form import taught

WRONG = Path(__file__).parent / "wrong"
OTHERS = "\nlet known = pods(app=known)\nassert last: no known can reach internet\n"


def claims() -> list[tuple[str, str]]:
    lines = (WRONG / "claims.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ==> ")) for line in lines if not line.startswith("#")]  # type: ignore[misc]


def statements() -> list[tuple[str, str]]:
    found = (WRONG / "statements.txt").read_text(encoding="utf-8").strip("\n").split("\n---\n")
    return [tuple(text.split("\n==> ")) for text in found]  # type: ignore[misc]


def unmarked(marked: str) -> tuple[str, int, int, int]:
    """The text without `«»`, and line, column and width of what stood in them."""
    before, _, rest = marked.partition("«")
    meant, _, after = rest.partition("»")
    return before + meant + after, before.count("\n") + 1, len(before) - before.rfind("\n"), len(meant)


def problems_of_claim(text: str) -> tuple[Problem, ...]:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    return caught.value.problems


def test_the_corpus_is_large() -> None:
    assert len(claims()) >= 300
    assert len({unmarked(wrong)[0] for wrong, _ in claims()}) == len(claims())


@pytest.mark.parametrize(("marked", "forms"), claims())
def test_a_wrong_claim_comes_with_its_form(marked: str, forms: str) -> None:
    text, _, column, width = unmarked(marked)
    first = problems_of_claim(text)[0]
    assert list(first.forms) == forms.split(" && ")
    assert (first.column, first.width) == (column, width)
    assert first.message
    assert not first.message.endswith(".")
    assert "{" not in first.message.replace("`{`", "").replace("character `{`", "")


@pytest.mark.parametrize("form", sorted({form for _, forms in claims() for form in forms.split(" && ")}))
def test_every_form_parses(form: str) -> None:
    assert parse_query(form).text == form


@pytest.mark.parametrize(("marked", "forms"), statements())
def test_a_wrong_statement_comes_with_its_form(marked: str, forms: str) -> None:
    text, line, column, width = unmarked(marked)
    with pytest.raises(QueryError) as caught:
        parse_pack(text + OTHERS, "f")
    first = caught.value.problems[0]
    assert list(first.forms) == forms.split(" && ")
    assert (first.line, first.column, first.width) == (line, column, width)


@pytest.mark.parametrize(("marked", "forms"), statements())
def test_every_form_parses_in_its_file(marked: str, forms: str) -> None:
    statement = forms.split(" && ")[0]
    if not re.match(r"assert|let|param|assume|pack|@", statement):
        statement = f"assert form: {statement}"
    if statement.startswith("@"):
        statement += "\nassert annotated: no pods can reach internet"
    parse_pack(statement + OTHERS, "f")


PIECES = (
    "no", "every", "all", "any", "some", "only", "pods", "pod", "the", "pods(app=web)", "pods with label app=web",
    "namespace a", "namespaces a, b", "in", "in shop", "deployment shop/web", "svc a/b", "internet", "the internet",
    "github.com", "10.0.0.0/8", "can", "cannot", "must not", "may", "reach", "talk to", "connect to", "->",
    "is isolated", "are isolated", "for ingress", "on", "port", "ports", "80", "tcp/80", "TCP 443", "tcp:443",
    "and", "or", ",", "unless", "except", "but not", "where", "if", "src.namespace", "is not", "==", "!=",
    "dst.namespace", "src.labels.x", "within", "inventory", "?", ";", "(", ")", "'x'", "“y”", "from", "to",
    "no one", "nothing", "everything", "can only", "reachable from", "not", "has", "team", "é",
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), min_size=2, max_size=9))
def test_whatever_is_written_every_form_parses(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        parse_query(text)
    except QueryError as error:
        for problem in error.problems:
            assert problem.excerpt == text
            assert 1 <= problem.column <= len(text) + 1
            for form in problem.forms:
                parse_query(form)
    for file in (f"assert q: {text}", text):
        try:
            parse_pack(file + OTHERS, "f")
        except QueryError as error:
            for problem in error.problems:
                for form in problem.forms:
                    head = "" if re.match(r"assert |let |param |assume |pack |@", form) else "assert form: "
                    behind = "\nassert annotated: no pods can reach nodes" if form.startswith("@") else ""
                    parse_pack(head + form + behind + OTHERS, "f")


def test_names_of_the_file_are_not_rewritten() -> None:
    with pytest.raises(QueryError) as caught:
        parse_pack("let world = pods(app=world)\nlet node = pods(app=node)\nassert q: no world can talk to node", "f")
    assert caught.value.problems[0].forms == ("no world can reach node",)


def test_a_problem_shows_its_line_with_carets() -> None:
    assert str(problems_of_claim("no pods can reach internet on port 5432")[0]) == (
        "-q:1:31: a port is written with its protocol, as in `tcp/5432`\n"
        "    no pods can reach internet on port 5432\n"
        "                                  ^^^^^^^^^\n"
        "    write `no pods can reach internet on tcp/5432`"
    )


def test_two_claims_are_two_forms() -> None:
    shown = str(problems_of_claim("no pods can reach internet and no pods can reach nodes")[0])
    assert shown.endswith("write `no pods can reach internet`\n    and `no pods can reach nodes`")


def test_carets_count_cells_of_the_terminal() -> None:
    found = problems_of_claim('no pods can reach pods where src.labels[x] == "全角" wher')[0]
    _, line, carets = str(found).split("\n")[:3]
    assert line[4 + found.column - 1 :].startswith("wher")
    assert carets.index("^") == found.column - 1 + 4 + 2  # the indent, and two characters that take two cells each


def test_of_a_long_line_the_part_in_question_is_shown() -> None:
    found = problems_of_claim("no " + " or ".join(f"namespace n{i}" for i in range(60)) + " can raech internet")[0]
    _, line, carets = str(found).split("\n")[:3]
    assert len(line) <= 104
    at = carets.index("^")
    assert line[at : at + 5] == "raech"


def test_a_set_asked_for_by_itself_has_its_own_form() -> None:
    found = [of_set(problem, "pods(app: web)", "--from") for problem in problems_of_claim(claim_of("pods(app: web)"))]
    assert [str(problem).split("\n") for problem in found] == [
        [
            "--from:1:9: a label is written `key=value`",
            "    pods(app: web)",
            "            ^",
            "    write `pods(app=web)`",
        ]
    ]


PLAIN = [(wrong, forms) for wrong, forms in claims() if not re.search(r'["#]|  ', wrong)]


@pytest.mark.parametrize(("marked", "forms"), PLAIN[::7])
def test_blanks_and_comments_between_words_make_no_difference(marked: str, forms: str) -> None:
    """However many: patterns that look for blanks here and there are not asked of runs of them."""
    text = unmarked(marked)[0]
    first = problems_of_claim(text.replace(" ", " " * 40))[0]
    assert list(first.forms) == forms.split(" && ")
    assert first.column <= 40 * len(text)


LONG_LIST = " or ".join(f"namespace team-{number}" for number in range(25))
LONGER_LIST = " or ".join(f"namespace team-{number}" for number in range(500))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (f"no {LONG_LIST} can reach pods(app=db) on port 5432", "on tcp/5432"),
        (f"no {LONG_LIST} can talk to pods(app=db)", "can reach pods(app=db)"),
        (f"no {LONGER_LIST} can reach pods(app=db) on port 5432", "on tcp/5432"),
        (f"no {LONGER_LIST} can talk to pods(app=db)", "can reach pods(app=db)"),
    ],
)
def test_long_claims_are_taught_too(wrong: str, right: str) -> None:
    assert len(wrong) > 300
    (form,) = problems_of_claim(wrong)[0].forms
    assert form.endswith(right)
    assert "namespace team-24" in form


PIECES = ("some pods talk to db and ", "no pods can not ", "x -> y ", "can reach ", "and not ", " ", "a")


@pytest.mark.parametrize("piece", PIECES)
def test_no_claim_takes_long(piece: str) -> None:
    """Some of these took minutes at a third of the length; a reader waits a second or two, a slow machine ten times."""
    started = time.monotonic()
    problems_of_claim(("no " + piece * 1000)[:1000])
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("length", [1_000, 8_000])
def test_what_is_read_to_find_a_form_grows_no_faster_than_the_text(piece: str, length: int) -> None:
    text, read = ("no " + piece * length)[:length], []

    def check(draft: str) -> tuple[Problem, ...]:
        read.append(len(draft))
        return (Problem("", 1, len(draft) // 2 + 1, "something is wrong", width=1),)

    taught(text, check(text), check)
    assert sum(read) <= length + max(30_000, 4 * length)
