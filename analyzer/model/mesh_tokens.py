"""Which tokens proxies accept, and where they look for them: RequestAuthentications (istio.md 0.1, 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from analyzer.model.formulas import FALSE, TRUE, Formula, Name, Open, Test, both, either, negated
from analyzer.model.mesh import JwtRule
from analyzer.model.mesh_patterns import of_request, pattern
from analyzer.model.open_facts import OpenFact
from analyzer.model.requests import TokenState
from analyzer.sets.strings import NON_EMPTY, Pattern, contains, exact, prefix, suffix

USUAL_HEADER, USUAL_PREFIX, USUAL_PARAMETER = "authorization", "Bearer ", "access_token"
_ANY_TOKEN = "eyJ"  # how every token begins
_WORD_CLAIMS = ("scope", "permission")


class Tokens:
    """The JWT rules that are in force at a pod: each with the formula over SELF that says for which (istio.md 4)."""

    def __init__(self, rules: Sequence[tuple[Formula, JwtRule]]) -> None:
        self.rules = rules

    def some(self, what: Callable[[JwtRule], Formula]) -> Formula:
        """Some rule in force has accepted the token, and this is true of it."""
        accepted = either(both([subject, _accepts(rule), what(rule)]) for subject, rule in self.rules)
        return both([negated(_PREFLIGHT), accepted]) if accepted != FALSE else FALSE

    def is_broken(self) -> Formula:
        """A token is there that no rule accepts.  One that is accepted makes good for those that are not."""
        bad = either(both([subject, _refuses(rule)]) for subject, rule in self.rules)
        good = either(both([subject, _accepts(rule)]) for subject, rule in self.rules)
        return both([negated(_PREFLIGHT), bad, negated(good)]) if bad != FALSE else FALSE

    def stands_in(self, name: str, meets: Pattern) -> Formula:
        """The token is in the header, as the client sends it, and is what this asks for."""
        bearer = name == USUAL_HEADER and meets.matches(f"{USUAL_PREFIX}{_ANY_TOKEN}")
        found = [_IN_BEARER if any(_other_places(rule) for _, rule in self.rules) else _HAS_TOKEN] if bearer else []
        for subject, rule in self.rules:
            others = _other_places(rule)
            its = [before for place, before in others if place == name]
            if any(before is None or meets.matches(f"{before}{_ANY_TOKEN}") for before in its):
                is_there = TRUE if len(others) == 1 and None not in its else _is_put_into(name)
                found.append(both([subject, ELSEWHERE, _accepts(rule), is_there]))
        return either(found)

    def claim(self, key: str, meets: Pattern) -> Formula:
        def of(rule: JwtRule) -> Formula:
            is_words = key in (*_WORD_CLAIMS, *rule.words)
            return Test(of_request(Name.CLAIM_WORD if is_words else Name.CLAIM, key), meets)

        return self.some(of)

    def principal(self, text: str) -> Formula:
        """Issuer and subject, split at the last slash (istio.md 5.6)."""
        issuer, slash, subject = text.rpartition("/")
        issuer, subject = (issuer, subject) if slash else (text, "")
        of_issuer, of_subject = exact(issuer), exact(subject)
        if text == "*":
            of_issuer = of_subject = NON_EMPTY
        elif text.startswith("*"):
            of_issuer = NON_EMPTY if not slash else pattern(issuer)
            of_subject = exact(subject) if slash else suffix(text[1:])
        elif text.endswith("*"):
            of_issuer = exact(issuer) if slash else prefix(text[:-1])
            of_subject = pattern(subject) if slash else NON_EMPTY
        tests = [Test(of_request(Name.ISSUER), of_issuer), Test(of_request(Name.SUBJECT), of_subject)]
        return self.some(lambda rule: both(tests))


_PREFLIGHT = both(
    [
        Test(of_request(Name.METHOD), frozenset({"OPTIONS"})),
        Test(of_request(Name.HEADER, "origin")),
        Test(of_request(Name.HEADER, "access-control-request-method")),
    ]
)
"""Tokens are not looked at in the question that browsers ask first."""


ELSEWHERE = Test(of_request(Name.TOKEN_PLACE))
"""The token is in another place than `Authorization: Bearer`, as a rule that takes it has it; who has one puts it where
it likes."""
_HAS_TOKEN = Test(of_request(Name.TOKEN))
_IN_BEARER = both([_HAS_TOKEN, negated(ELSEWHERE)])


def _is_put_into(name: str) -> Formula:
    text = f"whether the token stands in the header `{name}`, of several places where it may be, is not modelled"
    return Open(OpenFact("mesh-header", f"token {name}", text))


def _accepts(rule: JwtRule) -> Formula:
    """The token, in a place where the rule looks, with nothing beside it that the rule takes for one too: each has to
    be good (istio.md 0.1, 4)."""
    parts: list[Formula] = [Test(of_request(Name.TOKEN), frozenset({TokenState.VALID.value})), _is_placed_for(rule)]
    parts += [negated(other) for other in _others(rule)]
    if rule.issuer:
        parts.append(Test(of_request(Name.ISSUER), frozenset({rule.issuer})))
    if rule.audiences:
        wanted = frozenset(spelling for text in rule.audiences for spelling in _spellings(text))
        parts.append(Test(of_request(Name.CLAIM, "aud"), wanted))
    return both(parts)


def _spellings(audience: str) -> Iterable[str]:
    """Scheme and a slash at the end make no difference."""
    bare = audience.removeprefix("http://").removeprefix("https://").removesuffix("/")
    return (f"{scheme}{bare}{end}" for scheme in ("", "http://", "https://") for end in ("", "/"))


def _is_placed_for(rule: JwtRule) -> Formula:
    """The client puts it where the rule looks: in `Authorization: Bearer`, or in another place."""
    if not _sees_bearer(rule):
        return ELSEWHERE
    return TRUE if _other_places(rule) else negated(ELSEWHERE)


def _sees_bearer(rule: JwtRule) -> bool:
    return any(_is_bearer(name, before) for name, before in _places(rule))


def _is_bearer(name: str, before: str | None) -> bool:
    return name == USUAL_HEADER and before is not None and bool(_is_before_token(before))


def _other_places(rule: JwtRule) -> list[Place]:
    return [(name, before) for name, before in _places(rule) if not _is_bearer(name, before)]


def _places(rule: JwtRule) -> list[Place]:
    """The headers in which the rule looks for a token, each with what stands before it; None: it stands somewhere in
    it, as a parameter or a cookie."""
    headers, parameters, cookies = _looked_at(rule)
    inside = [*(":path" for _ in parameters), *("cookie" for _ in cookies)]
    return [*headers, *((name, None) for name in inside)]


Place = tuple[str, str | None]


def _is_before_token(before: str) -> bool | None:
    """Whether the token is what stands behind the prefix in `Bearer TOKEN`; None where the prefix is not there."""
    place = USUAL_PREFIX.find(before)
    return None if place < 0 else not USUAL_PREFIX[place + len(before) :].strip()


def _looked_at(rule: JwtRule) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]:
    """Headers with prefixes, parameters and cookies: those that the rule names, else the usual ones."""
    if rule.headers or rule.parameters or rule.cookies:
        return rule.headers, rule.parameters, rule.cookies
    return ((USUAL_HEADER, USUAL_PREFIX),), (USUAL_PARAMETER,), ()


def _refuses(rule: JwtRule) -> Formula:
    """A token stands where the rule looks, and it is not one that it accepts; any text there is taken for a token."""
    parts = list(_others(rule))
    if _sees_bearer(rule):
        is_there = _HAS_TOKEN if _other_places(rule) else _IN_BEARER
        parts.append(both([is_there, negated(_accepts(rule))]))
    elif any(name == USUAL_HEADER and _is_before_token(before) is False for name, before in rule.headers):
        parts.append(_IN_BEARER)
    return either(parts)


def _others(rule: JwtRule) -> Iterable[Formula]:
    """What the rule takes for a token besides the one in `Authorization: Bearer`.  A prefix may stand anywhere in a
    header; without one the header is there, be it empty (istio.md 0.1)."""
    headers, parameters, cookies = _looked_at(rule)
    yield from (Test(of_request(Name.HEADER, name), contains(before) if before else None) for name, before in headers)
    yield from (Test(of_request(Name.PARAMETER, name)) for name in parameters)
    yield from (Test(of_request(Name.COOKIE, name)) for name in cookies)
