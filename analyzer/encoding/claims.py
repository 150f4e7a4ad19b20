"""Sets, conditions and claims as terms over the two ends."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.encoding.domains import ABSENT, Attr
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.members import is_in, is_reached
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.pipeline import PipelineTerms
from analyzer.encoding.terms import FALSE, TRUE, Term, conj, disj, equal, implies, neg, number, pick
from analyzer.encoding.vocabulary import SERVICE_SCOPE, attr_of
from analyzer.errors import InternalError
from analyzer.model.claims import (
    AllOf,
    AnyOf,
    Assumption,
    Claim,
    Condition,
    Equal,
    Excuse,
    Has,
    Kind,
    LedPort,
    NotThat,
    OfRequest,
    OneOf,
    PortNaming,
    Role,
    SetExpr,
)
from analyzer.model.claims import Term as Attribution
from analyzer.model.formulas import Formula
from analyzer.model.policies import Direction, Ports

Ends = dict[Role, EndTerms]


Requested = Callable[[Formula], Term]
"""What is asked of the request, as a term."""


def condition(what: Condition, ends: Ends, requested: Requested | None = None) -> Term:
    """The condition holds of the ends, and of the request."""
    match what:
        case Equal(left, right):
            if isinstance(right, str):
                return _one_of(left, frozenset({right}), ends)
            return _same(left, right, ends)
        case OneOf(term, values):
            return _one_of(term, values, ends)
        case Has(term):
            return _has(term, ends)
        case OfRequest(formula):
            if requested is None:
                raise InternalError("nobody has said what a request is")
            return requested(formula)
        case NotThat(part):
            return neg(condition(part, ends, requested))
        case AllOf(parts):
            return conj(condition(part, ends, requested) for part in parts)
        case AnyOf(parts):
            return disj(condition(part, ends, requested) for part in parts)


def _value(term: Attribution, ends: Ends) -> tuple[Term, int]:
    """The attribute's code as a bit-vector with its width; absent where the end is no pod."""
    end, attr = ends[term.role], attr_of(term)
    width = end.domain(attr).width
    match attr.kind:
        case "pod":
            found = end.label(attr)
        case "sa":
            found = end.service_account()
        case "ns":
            table = end.scope.table
            future = end.in_namespaces(table.of(Standing.FUTURE))
            there, later = (end.namespace_label(attr, s) for s in (Standing.KNOWN, Standing.FUTURE))
            found = pick(future, later, there)
        case _:
            found = end.name_value()
    return pick(end.pod, found, number(ABSENT, width)), width


def _same(left: Attribution, right: Attribution, ends: Ends) -> Term:
    if attr_of(left) == attr_of(right) == Attr("name"):
        return equal(ends[left.role].ns, ends[right.role].ns)
    return equal(_value(left, ends)[0], _value(right, ends)[0])


def _one_of(term: Attribution, values: frozenset[str], ends: Ends) -> Term:
    end, attr = ends[term.role], attr_of(term)
    if attr == Attr("name"):
        codes = (end.scope.table.code(v) for v in sorted(values))
        return end.in_namespaces(c for c in codes if c is not None)
    symbol, width = _value(term, ends)
    domain = end.domain(attr)
    return disj(equal(symbol, number(domain.code(v), width)) for v in sorted(values))


def _has(term: Attribution, ends: Ends) -> Term:
    if attr_of(term) == Attr("name"):
        return ends[term.role].pod
    symbol, width = _value(term, ends)
    return neg(equal(symbol, number(ABSENT, width)))


def assumed(assumption: Assumption, end: EndTerms) -> Term:
    """The assumption holds of this end."""
    members = conj([end.pod, is_in(assumption.members, end)])
    return implies(members, condition(assumption.condition, {Role.SELF: end}))


class ClaimTerms:
    """The terms of one claim: which connections it speaks of, and which of them break it."""

    def __init__(self, claim: Claim, src: EndTerms, dst: EndTerms | None, policies: PipelineTerms) -> None:
        self.claim, self.src, self.dst, self.policies = claim, src, dst, policies

    def sources(self) -> Term:
        return is_in(self.claim.sources, self.src)

    def reached(self) -> Term:
        """The connection goes to one of the destinations, on one of the ports."""
        if self.dst is None or self.claim.destinations is None:
            return TRUE
        return self._goes_to(self.claim.destinations, self.claim.ports)

    def _goes_to(self, destinations: SetExpr, ports: tuple[Ports, ...] | None) -> Term:
        """A Service's ports are those of the Service, any other end's are its own; `ports is None`: whichever."""
        assert self.dst is not None
        dst, policies = self.dst, self.policies
        asked = TRUE if ports is None else policies.ways.on_ports(ports)

        def end(members: SetExpr) -> Term:
            return conj([is_in(members, dst), asked, self.policies.ways.by_no_service()])

        def led(port: LedPort) -> Term:
            if port.target is None:
                return conj([asked, self.policies.ways.by_no_service()])
            if ports is not None and not port.is_asked(ports):
                return FALSE
            target = policies.ways.on_ports([port.target], where=SERVICE_SCOPE)
            return conj([target, self.policies.ways.by_way_of(port)])

        return is_reached(destinations, dst, end, led)

    def _is_excused_at(self, excuse: Excuse) -> Term:
        """It goes to the excuse's destinations, on its ports, asking for its Service if it has one."""
        if excuse.through is None:
            return self._goes_to(excuse.destinations, excuse.ports)
        assert self.dst is not None
        asked = TRUE if excuse.ports is None else self.policies.ways.on_ports(excuse.ports)
        return conj([is_in(excuse.destinations, self.dst), asked, self.policies.ways.by_asking_for(excuse.through)])

    def _calls_port(self, naming: PortNaming) -> Term:
        given = self.policies.ways.on_ports([naming.port], where=naming.scope)
        return given if naming.is_given else neg(given)

    def violation(self) -> Term:
        """Satisfiable together with the universe iff the claim does not hold.

        For SOME it is the other way round: satisfiable iff it holds.
        """
        claim = self.claim
        if claim.kind is Kind.ISOLATED:
            isolated = [self.policies.isolated(direction, self.src) for direction in claim.directions]
            return conj([self.scope(), neg(conj(isolated))])
        if claim.kind is Kind.NEVER_TIE:
            return conj([self.scope(), disj(self.policies.tied(direction) for direction in Direction)])
        allowed = self.policies.allowed()
        return conj([self.scope(), neg(allowed) if claim.kind is Kind.EVERY else allowed])

    def where(self) -> Term:
        """The claim's condition holds."""
        far = self.src if self.dst is None else self.dst
        ends = {Role.SRC: self.src, Role.DST: far, Role.SELF: self.src}
        if self.claim.where is None:
            return TRUE
        return condition(self.claim.where, ends, self.policies.asks)

    def spoken_of(self) -> Term:
        """The end is in the set whose connections an `only` claim limits; its condition is asked of no others."""
        match self.claim.kind:
            case Kind.ONLY:
                return self.reached()
            case Kind.REACHES_ONLY:
                return self.sources()
            case _:
                return TRUE

    def scope(self) -> Term:
        """The connections the claim speaks of; the pods, where it speaks of isolation."""
        claim, where = self.claim, self.where()
        if self.dst is None:
            return conj([self.sources(), where])
        excused = disj(
            conj(
                [
                    is_in(e.sources, self.src),
                    self._is_excused_at(e),
                    *(self._calls_port(naming) for naming in e.port_names),
                    *([] if e.requests is None else [self.policies.asks(e.requests.formula)]),
                ]
            )
            for e in claim.excuses
        )
        match claim.kind:
            case Kind.ONLY:
                members = [self.reached(), neg(conj([self.sources(), where]))]
            case Kind.REACHES_ONLY:
                asked = self.policies.ways.on_ports(claim.ports)
                members = [self.sources(), asked, neg(conj([self.reached(), where]))]
            case _:
                members = [self.sources(), self.reached(), where]
        return conj([*members, neg(excused)])
