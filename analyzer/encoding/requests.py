"""Terms over what a client asks for, and what it may ask for at all (design 1, istio.md 0.1, 3).

Method, path, host, headers, plaintext or mutual TLS with its own identity are the client's choice, one attribute
whatever the others; the identity of another is not, and a token is one that somebody has been given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.identities import IdentityTerms
from analyzer.encoding.request_rows import (
    ALWAYS,
    OF_HTTP,
    OF_TOKEN,
    RequestDomain,
    is_without_row,
    meets,
    row_of,
)
from analyzer.encoding.scope import Scope
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, choose, conj, disj, equal, iff, implies, neg, number
from analyzer.encoding.variables import Attribute as Symbol
from analyzer.encoding.variables import VariableBuilder
from analyzer.model.formulas import Attribute, Name, Role, Test
from analyzer.model.requests import MTLS, PLAINTEXT, TokenState
from analyzer.sets import AddressSet
from analyzer.sets.intervals import points

Chosen = Mapping[Attribute, tuple[str, ...]]
"""A request by its attributes; those that are not there are absent."""


class RequestTerms:
    """Terms over the request of a connection.  `over_tcp`: it is one that can carry HTTP, or mutual TLS.

    With `chosen` that is the request, but for the attributes in `free`.  `is_by_engine`: asked by an engine that
    enforces and to which mutual TLS is no HTTP.
    """

    def __init__(
        self,
        scope: Scope,
        src: EndTerms,
        variables: VariableBuilder,
        script: Script,
        over_tcp: Term,
        identities: IdentityTerms,
    ) -> None:
        self.scope, self.src, self.variables, self.script = scope, src, variables, script
        self.over_tcp, self.identities = over_tcp, identities
        self.is_by_engine = False
        self._known: dict[Test, Term] = {}
        self.chosen: Chosen | None = None
        self.free: frozenset[Attribute] = frozenset()

    # -------------------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Term:
        attribute = test.attribute
        if self.is_by_engine and attribute.name in OF_HTTP:
            return conj([neg(self.mtls), self._test(test)])
        return self._test(test)

    def _test(self, test: Test) -> Term:
        attribute = test.attribute
        match attribute.name:
            case Name.TLS:
                return self._tls(test)
            case Name.IDENTITY:
                return conj([self.mtls, self._identity(test)])
            case Name.TOKEN:
                is_met = test.meets is None or meets(TokenState.VALID.value, test.meets)
                return self.token if is_met else FALSE
            case Name.ASKED:
                return TRUE
            case Name.FAULT:
                return FALSE  # nobody asks for what is refused
            case Name.REMOTE_IP if self._is_own_address(attribute):
                return self.src.inside(test.meets) if isinstance(test.meets, AddressSet) else TRUE
            case Name.HEADER if attribute.key == ":scheme":
                return self.http if meets("http", test.meets) else FALSE
            case _:
                return self._of_row(test)

    def _identity(self, test: Test) -> Term:
        """A pod shows its own; what is no pod, if anybody's, one of its choice."""
        own, domain = self.identities.meets(test), self.scope.requests.of(test.attribute)
        if domain is None:
            return own
        if self._is_chosen(test.attribute):
            assert self.chosen is not None
            shown = self.chosen.get(test.attribute, ())
            chosen = TRUE if any(_of(domain, text).meeting(test) for text in shown) else FALSE
        else:
            chosen = self._among(domain, domain.meeting(test))
        return choose(self.src.pod, own, chosen)

    def _is_own_address(self, attribute: Attribute) -> bool:
        if is_without_row(attribute):
            return True
        return self._is_chosen(attribute) and self.chosen is not None and attribute not in self.chosen

    def _tls(self, test: Test) -> Term:
        is_mtls, is_plain = meets(MTLS, test.meets), meets(PLAINTEXT, test.meets)
        if is_mtls and is_plain:
            return TRUE
        return self.mtls if is_mtls else neg(self.mtls) if is_plain else FALSE

    def _of_row(self, test: Test) -> Term:
        attribute = row_of(test.attribute)
        domain = self.scope.requests.of(attribute)
        assert domain is not None
        if self._is_chosen(attribute):
            assert self.chosen is not None
            its = self.chosen.get(domain.read_from) or self.chosen.get(attribute, ())
            where = self.token if attribute.name in OF_TOKEN else self.http if attribute.name in OF_HTTP else TRUE
            return where if any(_of(domain, text).meeting(test) for text in its) else FALSE
        known = self._known.get(test)
        if known is None:
            known = self._known[test] = self._among(domain, domain.meeting(test))
        return known

    def _among(self, domain: RequestDomain, places: list[int]) -> Term:
        """A text of one of these sorts is there."""
        if domain.has_several:
            return disj(self._has(domain, place) for place in places)
        row = self.variables.row(Role.REQUEST, Symbol.TEXT, domain.attribute)
        return self.script.share(row.lies_in(points(place + 1 for place in places)))

    def _has(self, domain: RequestDomain, place: int) -> Term:
        return self.variables.symbol(Role.REQUEST, Symbol.VALUE, (domain.attribute, place))

    def _is_chosen(self, attribute: Attribute) -> bool:
        return self.chosen is not None and row_of(attribute) not in self.free

    # -------------------------------------------------------------------------------------------- what it is
    @property
    def http(self) -> Term:
        """It is an HTTP request."""
        return self._flag(Symbol.HTTP, Name.METHOD, any(it.name in ALWAYS for it in self.free))

    @property
    def mtls(self) -> Term:
        """It comes in mutual TLS of the mesh."""
        is_free = any(it.name in (Name.TLS, Name.IDENTITY) for it in self.free)
        if self.chosen is None or is_free:
            return self.variables.symbol(Role.REQUEST, Symbol.MTLS)
        return TRUE if MTLS in self.chosen.get(_TLS, ()) else FALSE

    @property
    def token(self) -> Term:
        """A valid token is there."""
        return self._flag(Symbol.TOKEN, Name.TOKEN, any(it.name in (Name.TOKEN, Name.ISSUER) for it in self.free))

    def _flag(self, symbol: Symbol, name: Name, is_free: bool) -> Term:
        if self.chosen is None or is_free:
            return self.variables.symbol(Role.REQUEST, symbol)
        return TRUE if self.chosen.get(Attribute(Role.REQUEST, name)) else FALSE

    # -------------------------------------------------------------------------------------------- what can be
    def can_be_chosen(self) -> Term:
        """The source can ask for the request that is chosen, on this connection, with what is free as it is."""
        rules = [
            implies(self.mtls, self._can_mtls()),
            implies(self.http, self.over_tcp),
            implies(self.token, self.http),
            self._dns_alone(),
        ]
        for domain in self.scope.requests.rows:
            if row_of(domain.attribute) in self.free and domain.attribute.name in OF_HTTP:
                needed = self.token if domain.attribute.name in OF_TOKEN else self.http
                rules.append(implies(self._is_there(domain), needed))
        return conj(rules)

    def _dns_alone(self) -> Term:
        """A question to DNS is no HTTP, and comes in no TLS."""
        return implies(self._has_text(_DNS), conj([neg(self.http), neg(self.mtls), neg(self._has_text(_SNI))]))

    def _has_text(self, attribute: Attribute) -> Term:
        """The attribute is there, as far as anybody asks for it."""
        if self._is_chosen(attribute):
            assert self.chosen is not None
            return TRUE if self.chosen.get(attribute) else FALSE
        domain = self.scope.requests.of(attribute)
        return FALSE if domain is None else self._is_there(domain)

    def _is_there(self, domain: RequestDomain) -> Term:
        if domain.has_several:
            return disj(self._has(domain, place) for place in range(len(domain.witnesses)))
        row = self.variables.row(Role.REQUEST, Symbol.TEXT, domain.attribute)
        return neg(equal(row.symbol, number(0, row.width)))

    def _can_mtls(self) -> Term:
        return conj([TRUE if self.scope.question.profile.foreign_identities else self.src.pod, self.over_tcp])

    def well_formed(self) -> list[Term]:
        """What every request is that a client can send."""
        http, token = self.http, self.token
        rules = [implies(self.mtls, self._can_mtls()), implies(http, self.over_tcp), implies(token, http)]
        rules.append(self._dns_alone())
        if not self.scope.admits_tokens:
            rules.append(neg(token))
        for domain in self.scope.requests.rows:
            name = domain.attribute.name
            if name is Name.IDENTITY:
                rules.append(self._shows_identity(domain))
                continue
            there = token if name in OF_TOKEN else http if name in OF_HTTP else self.over_tcp
            if domain.has_several:
                rules.append(implies(self._is_there(domain), there))
                continue
            row, present = self.variables.row(Role.REQUEST, Symbol.TEXT, domain.attribute), self._is_there(domain)
            rules.append(row.lies_in(row.every))
            if name in ALWAYS or name is Name.ISSUER:
                rules.append(iff(there, present))
            elif name is not Name.DNS:
                rules.append(present if name is Name.REMOTE_IP else implies(present, there))
        return [self.script.share(rule) for rule in rules if rule != TRUE]

    def _shows_identity(self, domain: RequestDomain) -> Term:
        """What is no pod shows one of these in mutual TLS, and nobody else chooses."""
        row = self.variables.row(Role.REQUEST, Symbol.TEXT, domain.attribute)
        shows = conj([self.mtls, neg(self.src.pod)])
        return conj([row.lies_in(row.every), iff(shows, self._is_there(domain))])


_TLS, _DNS, _SNI = (Attribute(Role.REQUEST, name) for name in (Name.TLS, Name.DNS, Name.SNI))


def _of(domain: RequestDomain, text: str) -> RequestDomain:
    return RequestDomain(domain.attribute, (text,), domain.patterns)


def chosen_usually(*, is_http: bool, is_mtls: bool) -> dict[Attribute, tuple[str, ...]]:
    """What people usually ask for."""

    def of(name: Name) -> Attribute:
        return Attribute(Role.REQUEST, name)

    found: dict[Attribute, tuple[str, ...]] = {_TLS: (MTLS if is_mtls else PLAINTEXT,)}
    if is_http:
        found |= {of(Name.METHOD): ("GET",), of(Name.PATH): ("/",), of(Name.HOST): ("any.host",)}
    return found


USUAL: tuple[Chosen, ...] = tuple(
    chosen_usually(is_http=is_http, is_mtls=is_mtls) for is_http in (True, False) for is_mtls in (False, True)
)


def rows_of(attributes: Iterable[Attribute]) -> frozenset[Attribute]:
    return frozenset(row_of(attribute) for attribute in attributes)
