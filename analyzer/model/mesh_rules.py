"""What an AuthorizationPolicy's rule matches, as a formula: in Envoy, on a chain for HTTP or for TCP, and in ztunnel
(istio.md 5.3–5.8, 6)."""

from __future__ import annotations

from collections.abc import Iterable
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
from analyzer.model.mesh_patterns import of_request, pattern, quoted
from analyzer.model.mesh_tokens import Tokens
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol
from analyzer.model.requests import (
    CERTIFICATE_HEADER,
    EDGE_HEADERS,
    ID_HEADER,
    MTLS,
    REWRITTEN_HEADERS,
    TLS_HEADER,
)
from analyzer.records import dataclass
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.strings import PRESENT, Pattern, glob, prefix, regex, template

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


# ------------------------------------------------------------------------------------------------ patterns
def _path(text: str) -> Pattern:
    return template(text) if "{*}" in text or "{**}" in text else pattern(text)


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
        token = self.tokens.stands_in(name, meets)
        if token == FALSE:
            return sent
        gone = FALSE if self.verdict is Verdict.CUSTOM else self.tokens.some(_takes_away)
        return either([sent, both([token, negated(gone)])])


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
