"""What a query says of the request, and which names it calls addresses by."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest

from analyzer.errors import QueryError
from analyzer.language import parse_query
from analyzer.model.ends import Domains, meant
from analyzer.model.formulas import All, Attribute, Name, Not, Role, Some, both
from analyzer.model.formulas import Test as Asked
from analyzer.sets import AddressSet
from analyzer.sets.strings import exact, glob, template

VALID = Asked(Attribute(Role.REQUEST, Name.TOKEN), frozenset({"valid"}))


def of(name: Name, key: str = "") -> Attribute:
    return Attribute(Role.REQUEST, name, key)


def condition(text: str):
    return parse_query(f"no pods can reach pods where {text}").claim.where


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ('request.method == "GET"', Asked(of(Name.METHOD), frozenset({"GET"}))),
        ('"GET" == request.method', Asked(of(Name.METHOD), frozenset({"GET"}))),
        ("request.path like \"/v1/*\"", Asked(of(Name.PATH), glob("/v1/*"))),
        ("request.path like \"/v1/{*}/x\"", Asked(of(Name.PATH), template("/v1/{*}/x"))),
        ("request.host == \"API.example\"", Asked(of(Name.HOST), exact("api.example", fold=True))),
        ("request.headers[X-Env] in (a, b)", Some((Asked(of(Name.HEADER, "x-env"), frozenset("a")),
                                                   Asked(of(Name.HEADER, "x-env"), frozenset("b"))))),
        ("request.headers has X-Env", Asked(of(Name.HEADER, "x-env"))),
        ("has request.claims[a][b]", Asked(of(Name.CLAIM, "a][b"))),
        ("has request.token", VALID),
        ("request.token == \"https://i/s\"", both([VALID, Asked(of(Name.ISSUER), exact("https://i")),
                                                   Asked(of(Name.SUBJECT), exact("s"))])),
        ("request.identity == \"spiffe://td/ns/a/sa/b\"", Asked(of(Name.IDENTITY), frozenset({"td/ns/a/sa/b"}))),
        ("request.tls == plaintext", Asked(of(Name.TLS), frozenset({"plaintext"}))),
        ("request.remote_ip in (10.0.0.0/8)", Asked(of(Name.REMOTE_IP), AddressSet.of("10.0.0.0/8"))),
    ],
)  # fmt: skip
def test_a_request_is_asked_about(text, formula):
    assert condition(text) == formula


def holds(formula, token: dict[Name, str]) -> bool:
    match formula:
        case Not(part):
            return not holds(part, token)
        case Asked(attribute, None):
            return attribute.name in token
        case All(parts):
            return all(holds(part, token) for part in parts)
        case Some(parts):
            return any(holds(part, token) for part in parts)
        case Asked(attribute, frozenset() as texts):
            return token.get(attribute.name) in texts
        case Asked(attribute, pattern):
            return pattern.matches(token.get(attribute.name))


@pytest.mark.parametrize(
    "text",
    ["*", "h://i*", "h://*", "h://i/*", "h://i/j*", "*/s", "*s", "h*s", "h://i/*/s", "*/j/*", "*i*s*", "**", "g*"],
)
@pytest.mark.parametrize("issuer", ["h://i", "h://i/j", "h://ij/s", "i", "g"])
def test_a_pattern_of_tokens_means_issuer_and_subject_as_one_text(text, issuer):
    formula = condition(f'request.token like "{text}"')
    for letters in product("sj/", repeat=3):
        subject = "".join(letters).strip("/") or "s"
        token = {Name.TOKEN: "valid", Name.ISSUER: issuer, Name.SUBJECT: subject}
        assert holds(formula, token) == fnmatchcase(f"{issuer}/{subject}", text)
    assert holds(formula, {Name.TOKEN: "valid", Name.ISSUER: issuer}) == fnmatchcase(issuer, text)


@pytest.mark.parametrize(
    ("issuer", "subject"), [("h://i", "s"), ("h://i/j", "s"), ("h://i", "j/s"), ("i", "s"), ("i", "h://s")]
)
def test_a_token_is_named_whichever_slash_parts_it(issuer, subject):
    formula = condition(f'request.token == "{issuer}/{subject}"')
    assert holds(formula, {Name.TOKEN: "valid", Name.ISSUER: issuer, Name.SUBJECT: subject})
    assert not holds(formula, {Name.TOKEN: "valid", Name.ISSUER: issuer, Name.SUBJECT: f"{subject}x"})


@pytest.mark.parametrize("text", ["== i", 'like "i"', '== "h://i"', 'like "h://i"'])
def test_an_issuer_alone_means_each_of_its_tokens(text):
    formula = condition(f"request.token {text}")
    issuer = "h://i" if "//" in text else "i"
    assert holds(formula, {Name.TOKEN: "valid", Name.ISSUER: issuer, Name.SUBJECT: "any"})
    assert not holds(formula, {Name.TOKEN: "valid", Name.ISSUER: "j", Name.SUBJECT: "any"})


@pytest.mark.parametrize("text", ["request.path != x", "request.path not in (x)", 'request.path not like "x"'])
def test_what_is_denied_of_a_request(text):
    meets = glob("x") if "like" in text else frozenset({"x"})
    assert condition(text) == Not(Asked(of(Name.PATH), meets))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('request.pth == "x"', "`request.pth` is no attribute of a request"),
        ('request.headers == "a"', "`request.headers` wants a key"),
        ('request.headers.foo == "a"', "`request.headers.foo` is no attribute of a request"),
        ('request.path[x] == "a"', "`request.path` has no such key"),
        ("request.tls == ssl", "`ssl` is no way to encrypt"),
        ("has request.tls", "every request has a `request.tls`, so this says nothing"),
        ("request.path like request.host", "a pattern is a text in quotes"),
        ("request.path == request.host", "`request.path` is compared with a text only"),
        ('src.namespace like "x*"', "`like` asks of requests only, and `src.namespace` is of an end"),
        ("request.remote_ip in (foo)", "`foo` is no address and no address range"),
        ('request.path like "/a{*}"', "`/a{*}` is no pattern: `{*}` and `{**}` each take a whole segment"),
        ("request.path", "`request.path` is compared with nothing"),
    ],
)
def test_what_is_wrong_is_told(text, message):
    with pytest.raises(QueryError) as caught:
        condition(text)
    assert [problem.message for problem in caught.value.problems] == [message]


def test_isolation_and_assumptions_have_no_request():
    with pytest.raises(QueryError, match="isolation has no request"):
        parse_query("every pods is isolated for ingress where request.path == x")


def test_names_of_domains():
    claim = parse_query('pods can reach only domains Example.com., "*.example.org" on tcp/443').claim
    assert claim.destinations == meant(Domains(("example.com", "*.example.org")))
    for text in ("10.0.0.1", '"a b"', '"*"', '"x.*.y"'):
        with pytest.raises(QueryError):
            parse_query(f"pods can reach only domains {text}")
