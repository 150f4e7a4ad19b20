"""What docs/language.md shows is what the language does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.errors import QueryError
from analyzer.language import parse_pack, parse_query

PAGE = (Path(__file__).parents[3] / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```npq\n(.*?)```", PAGE, re.DOTALL)
ERRORS = re.findall(r"^\| `((?:no |pods can).*?)` \| (.*) \|$", PAGE.partition("## Errors")[2], re.MULTILINE)


def section(title: str) -> list[str]:
    """The forms in the first column of the tables of a section."""
    body = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [row for row in body.splitlines() if row.startswith("| `")]
    return [form for row in rows for form in re.findall(r"`([^`]*)`", row.split(" | ")[0])]


def filled(form: str) -> str:
    """The form with something to stand for its words in capitals."""
    for word, text in [
        ("[on PORTS]", "on tcp/80"),
        ("PORTS", "tcp/80"),
        ("CONDITION", "has src.labels[x]"),
        ("SELECTOR", "x=y"),
        ("CIDR, … [except CIDR, …]", "10.0.0.0/8, ::/0 except 10.1.0.0/16"),
        ("domains NAME, …", 'domains example.com, "*.example.org"'),
        ("NAMESPACE/NAME", "shop/web"),
        ("namespace NAME", "namespace shop"),
        ("ATTRIBUTE == ATTRIBUTE", "src.namespace == dst.namespace"),
        ("ATTRIBUTE", "src.labels[x]"),
        ("VALUE, …", "x, y"),
        ("!= …", "!= x"),
        ("VALUE", "x"),
        ("KEY", "x"),
    ]:
        form = form.replace(word, text)
    return form


def test_there_are_examples_to_test() -> None:
    assert len(EXAMPLES) >= 6
    assert len(ERRORS) >= 9
    assert all(section(title) for title in ("Claims", "Sets", "Selectors", "Ports", "Conditions"))


@pytest.mark.parametrize("text", EXAMPLES)
def test_example(text: str) -> None:
    assert parse_pack(text, "f").notices == ()


@pytest.mark.parametrize(("claim", "message"), ERRORS)
def test_error(claim: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(claim)
    assert caught.value.problems[0].message == message


@pytest.mark.parametrize("form", section("Sets"))
def test_set(form: str) -> None:
    lets = "let A = pods\nlet B = nodes\nlet NAME = nodes\n"
    parse_pack(f"{lets}assert q: no {filled(form)} can reach pods", "f")


@pytest.mark.parametrize("form", section("Selectors"))
def test_selector(form: str) -> None:
    parse_query(f"no pods({form}) can reach nodes")


@pytest.mark.parametrize("form", section("Ports"))
def test_ports(form: str) -> None:
    parse_query(f"no pods can reach nodes on {form}")


@pytest.mark.parametrize("form", section("Claims"))
def test_claim_and_modifier(form: str) -> None:
    is_modifier = form.split()[0] in ("on", "except", "where", "within")
    claim = filled(f"no S can reach D {form}" if is_modifier else form)
    parse_pack(f"let S = pods\nlet D = nodes\nassert q: {claim}", "f")


@pytest.mark.parametrize("form", [form for form in section("Requests") if form.startswith("request.")])
def test_what_a_request_has(form: str) -> None:
    value = {"request.tls": "mtls", "request.remote_ip": "10.0.0.0/8"}.get(form, '"x/y"')
    for condition in (f"{form} == {value}", f"{form} != {value}", f"not {form} in ({value})"):
        parse_query(f"no pods can reach pods where {condition}")


@pytest.mark.parametrize("form", [form for form in section("Conditions") if form != "has KEY"])
def test_condition(form: str) -> None:
    condition = re.sub(r"\bC\b", "has src.labels[x]", filled(form))
    if re.fullmatch(r"src[.a-z_]*(?:\[x\])?", condition):
        condition = f"has {condition}"
    parse_query(f"no pods can reach nodes where {condition}")
