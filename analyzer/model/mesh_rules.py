"""What an AuthorizationPolicy's rule matches, as a formula: in Envoy, on a chain for HTTP or for TCP, and in ztunnel
(istio.md 5.3–5.8, 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import partial
from ipaddress import ip_network

from analyzer.model.formulas import (
    FALSE,
    TRUE,
    AtAddress,
    Attribute,
    Formula,
    Member,
    Name,
    OnPorts,
    Open,
    Role,
    Test,
    both,
    either,
    negated,
)
from analyzer.model.mesh import Condition, Conditions, JwtRule, MeshConfig, MeshRule, Verdict
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.model.requests import (
    CERTIFICATE_HEADER,
    EDGE_HEADERS,
    ID_HEADER,
    MTLS,
    REWRITTEN_HEADERS,
    TLS_HEADER,
    TokenState,
)
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.strings import NON_EMPTY, PRESENT, Pattern, contains, exact, glob, prefix, regex, suffix, template

USUAL_HEADER, USUAL_PREFIX, USUAL_PARAMETER = "authorization", "Bearer ", "access_token"
_ANY_TOKEN = "eyJ"  # how every token begins
_WORD_CLAIMS = ("scope", "permission")
_OWN_DOMAIN = "cluster.local"
_SPIFFE_PARTS = 5
_OVER_TCP = frozenset({"source.", "destination.", "connection.", "remote.", "experimental."})
_OF_IDENTITY = frozenset({"source.principal", "source.namespace", "source.serviceAccount", "source.trustDomain"})
IDENTITY = Attribute(Role.REQUEST, Name.IDENTITY)
HAS_MTLS = Test(Attribute(Role.REQUEST, Name.TLS), frozenset({MTLS}))


AT_SIDECAR: tuple[tuple[Formula, str], ...] = ((TRUE, ""),)
"""The last address of X-Forwarded-For."""


class Chain(Enum):
    """What a proxy reads: requests, or bytes."""

    HTTP = "HTTP"
    TCP = "TCP"


def of_request(name: Name, key: str = "") -> Attribute:
    return Attribute(Role.REQUEST, name, key)


# ------------------------------------------------------------------------------------------------ patterns
def pattern(text: str, *, presence: Pattern = NON_EMPTY, fold: bool = False) -> Pattern:
    """A star at one end stands for anything, by itself for something; elsewhere it is a star (istio.md 5.5)."""
    if text == "*":
        return presence
    if text.startswith("*"):
        return suffix(text[1:], fold=fold)
    return prefix(text[:-1], fold=fold) if text.endswith("*") else exact(text, fold=fold)


def _path(text: str) -> Pattern:
    return template(text) if "{*}" in text or "{**}" in text else pattern(text)


def quoted(text: str) -> str:
    return "".join(char if char.isalnum() else f"\\{char}" for char in text)


def _account(text: str, namespace: str) -> Pattern:
    where, slash, name = text.partition("/")
    if not slash:
        where, name = namespace, text
    return regex(f".+/ns/{quoted(where)}/(.+/|)sa/{quoted(name)}(/.+)?")


def _trust_domain(text: str) -> Pattern:
    if text == "*":
        return PRESENT
    if "*" not in text:
        return prefix(f"{text}/")
    before, _, after = text.partition("*")
    return regex(f"{quoted(before)}[^/]*{quoted(after)}/.*")


def _with_aliases(principal: str, config: MeshConfig) -> Iterable[str]:
    """A principal of the mesh's trust domain means those of all its aliases (istio.md 5.5)."""
    domain, slash, rest = principal.partition("/")
    own = config.trust_domains
    if principal.count("/") != _SPIFFE_PARTS - 1 or domain == "*":
        return (principal,)
    if not any(_ends(known, domain) for known in own) and domain != _OWN_DOMAIN:
        return (principal,)
    return dict.fromkeys(principal if _ends(known, domain) else f"{known}{slash}{rest}" for known in own)


def _ends(known: str, domain: str) -> bool:
    """A domain may begin with a star."""
    return known.endswith(domain[1:]) if domain.startswith("*") else known == domain


def _domains_with_aliases(domain: str, config: MeshConfig) -> Iterable[str]:
    return config.trust_domains if domain in config.trust_domains else (domain,)


def addresses_of(text: str) -> AddressSet:
    return AddressSet.of(ip_network(text, strict=False))


# ------------------------------------------------------------------------------------------------ tokens
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


def _accepts(rule: JwtRule) -> Formula:
    """The token, with nothing beside it that the rule takes for one too: each has to be good (istio.md 0.1)."""
    if not _sees_bearer(rule):
        return FALSE
    parts: list[Formula] = [Test(of_request(Name.TOKEN), frozenset({TokenState.VALID.value}))]
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


def _sees_bearer(rule: JwtRule) -> bool:
    if _has_usual_places(rule):
        return True
    return any(name == USUAL_HEADER and _is_before_token(before) for name, before in rule.headers)


def _is_before_token(before: str) -> bool | None:
    """Whether the token is what stands behind the prefix in `Bearer TOKEN`; None where the prefix is not there."""
    place = USUAL_PREFIX.find(before)
    return None if place < 0 else not USUAL_PREFIX[place + len(before) :].strip()


def _has_usual_places(rule: JwtRule) -> bool:
    return not (rule.headers or rule.parameters or rule.cookies)


def _refuses(rule: JwtRule) -> Formula:
    """A token stands where the rule looks, and it is not one that it accepts; any text there is taken for a token."""
    parts = list(_others(rule))
    if _sees_bearer(rule):
        parts.append(both([Test(of_request(Name.TOKEN)), negated(_accepts(rule))]))
    elif any(name == USUAL_HEADER and _is_before_token(before) is False for name, before in rule.headers):
        parts.append(Test(of_request(Name.TOKEN)))
    return either(parts)


def _others(rule: JwtRule) -> Iterable[Formula]:
    """What the rule takes for a token besides the one in `Authorization: Bearer`.  A prefix may stand anywhere in a
    header; without one the header is there, be it empty (istio.md 0.1)."""
    headers, parameters = rule.headers, rule.parameters
    if _has_usual_places(rule):
        headers, parameters = ((USUAL_HEADER, USUAL_PREFIX),), (USUAL_PARAMETER,)
    yield from (Test(of_request(Name.HEADER, name), contains(before) if before else None) for name, before in headers)
    yield from (Test(of_request(Name.PARAMETER, name)) for name in parameters)
    yield from (Test(of_request(Name.COOKIE, name)) for name in rule.cookies)


# ------------------------------------------------------------------------------------------------ Envoy
@dataclass(frozen=True, slots=True)
class Reader:
    """How a proxy of Envoy's kind reads the rules of one policy.  `namespace`: of the policy.

    `client_ip`: which of the addresses that X-Forwarded-For names it believes, as the attribute's key, and where.
    `sees_identity`: TLS is unwrapped.  `sees_source`: it is known whose address is seen.
    """

    namespace: str
    verdict: Verdict
    config: MeshConfig
    tokens: Tokens
    client_ip: tuple[tuple[Formula, str], ...] = ()
    sees_identity: bool = True
    sees_source: bool = True

    def rule(self, rule: MeshRule, chain: Chain) -> Formula:
        """FALSE where the proxy leaves out the whole rule (istio.md 5.8)."""
        every = (rule.when, *rule.sources, *rule.operations)
        if self.verdict is Verdict.ALLOW and chain is Chain.TCP and any(map(is_for_requests, every)):
            return FALSE
        of = partial(self._all, chain=chain)
        sources = either(map(of, rule.sources)) if rule.sources else TRUE
        operations = either(map(of, rule.operations)) if rule.operations else TRUE
        return both([operations, of(rule.when), sources])

    def _all(self, conditions: Conditions, chain: Chain) -> Formula:
        return both(self._condition(each, chain) for each in conditions)

    def _condition(self, condition: Condition, chain: Chain) -> Formula:
        if chain is Chain.TCP and is_for_requests((condition,)):
            return TRUE
        meets = partial(self._meets, condition.attribute, condition.key, chain)
        wanted = either(map(meets, condition.values)) if condition.values else TRUE
        return both([wanted, negated(either(map(meets, condition.excepted)))])

    def _meets(self, attribute: str, key: str, chain: Chain, value: str) -> Formula:
        if attribute in _OF_IDENTITY and not self.sees_identity:
            return FALSE
        if attribute in ("source.ip", "remote.ip") and not self.sees_source:
            text = f"whether a waypoint sees the client's address, so that `{attribute}` can be {value}, is not known"
            return Open(OpenFact("mesh-waypoint-address", f"{attribute} {value}", text))
        match attribute:
            case "source.principal":
                return either(Test(IDENTITY, pattern(p, presence=PRESENT)) for p in _with_aliases(value, self.config))
            case "source.namespace":
                return Test(IDENTITY, glob(f"*/ns/{value}/*"))
            case "source.serviceAccount":
                return Test(IDENTITY, _account(value, self.namespace))
            case "source.trustDomain":
                return either(Test(IDENTITY, _trust_domain(d)) for d in _domains_with_aliases(value, self.config))
            case "remote.ip" if chain is Chain.HTTP:
                blocks = addresses_of(value)
                return either(both([at, Test(of_request(Name.REMOTE_IP, k), blocks)]) for at, k in self.client_ip)
            case "source.ip" | "remote.ip":
                return Member(Role.SRC, AtAddress(addresses_of(value), value))
            case "request.auth.principal":
                return self.tokens.principal(value)
            case "request.auth.audiences":
                return self.tokens.claim("aud", pattern(value))
            case "request.auth.presenter":
                return self.tokens.claim("azp", pattern(value))
            case "request.auth.claims":
                return self.tokens.claim(key, pattern(value))
            case "request.headers":
                return self._has_header(key.lower(), pattern(value, presence=PRESENT))
            case "hosts":
                return Test(of_request(Name.HOST), pattern(value, presence=PRESENT, fold=True))
            case "methods":
                return Test(of_request(Name.METHOD), pattern(value, presence=PRESENT))
            case "paths":
                return Test(of_request(Name.PATH), _path(value))
            case _:
                return of_connection(attribute, value)

    def _has_header(self, name: str, meets: Pattern) -> Formula:
        """What the proxy makes of a token stands there for whoever sent one; the token itself in its own header, until
        a rule accepts it."""
        sent = _header(name, meets)
        if self.client_ip != AT_SIDECAR and name in EDGE_HEADERS:
            return _rewritten(name)
        if any(name in rule.writes_headers for _, rule in self.tokens.rules):
            text = f"what the proxy writes into the header `{name}` of a token is not modelled"
            fact = Open(OpenFact("mesh-header", name, text))
            return either([both([self.tokens.some(lambda rule: TRUE), fact]), sent])
        if name != USUAL_HEADER or not meets.matches(f"{USUAL_PREFIX}{_ANY_TOKEN}"):
            return sent
        gone = FALSE if self.verdict is Verdict.CUSTOM else self.tokens.some(_takes_away)
        return either([sent, both([Test(of_request(Name.TOKEN)), negated(gone)])])


def _header(name: str, meets: Pattern) -> Formula:
    """Of some headers the proxy drops what is not for it, others it writes (istio.md 0.1)."""
    sent, is_there = Test(of_request(Name.HEADER, name), meets), Test(of_request(Name.HEADER, name))
    if name in REWRITTEN_HEADERS:
        return both([is_there, _rewritten(name)])
    if name == CERTIFICATE_HEADER:
        return both([HAS_MTLS, TRUE if meets == PRESENT else _rewritten(name)])
    if name == ID_HEADER:
        return either([sent, both([negated(is_there), TRUE if meets == PRESENT else _rewritten(name)])])
    if name == TLS_HEADER:
        ways = ((HAS_MTLS, "https"), (negated(HAS_MTLS), "http"))
        return either([sent, both([negated(is_there), either(way for way, text in ways if meets.matches(text))])])
    return sent


def _rewritten(name: str) -> Formula:
    text = f"what the proxy makes of the header `{name}` before policies see it is not modelled"
    return Open(OpenFact("mesh-header", name, text))


def _takes_away(rule: JwtRule) -> Formula:
    return FALSE if rule.keeps_token else TRUE


def of_connection(attribute: str, value: str) -> Formula:
    match attribute:
        case "destination.ip":
            return Member(Role.DST, AtAddress(addresses_of(value), value))
        case "destination.port":
            return OnPorts(Protocol.TCP, PortSet.of(int(value))) if int(value) else FALSE
        case "connection.sni":
            return Test(of_request(Name.SNI), pattern(value))
        case _:
            text = f"what `{attribute}` is, other filters of the proxy decide"
            return Open(OpenFact("mesh-metadata", f"{attribute} {value}", text))


def is_for_requests(conditions: Conditions) -> bool:
    return any(not any(each.attribute.startswith(start) for start in _OVER_TCP) for each in conditions)
