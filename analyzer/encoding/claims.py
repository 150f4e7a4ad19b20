"""Sets, conditions and claims as terms over the two ends."""

from __future__ import annotations

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.formulas import FormulaTerms
from analyzer.encoding.pipeline import PipelineTerms
from analyzer.encoding.terms import FALSE, TRUE, Term, conj, disj, implies, neg
from analyzer.encoding.vocabulary import SERVICE_SCOPE
from analyzer.model.claims import (
    Assumption,
    Claim,
    Excuse,
    Kind,
    PortNaming,
)
from analyzer.model.ends import Behind, LedPort, base_and_taken, led_ports_in
from analyzer.model.formulas import All, Formula, Member, Not, Role, Some
from analyzer.model.policies import Direction, Ports


def assumed(assumption: Assumption, end: EndTerms, formulas: FormulaTerms) -> Term:
    """The assumption holds of this end."""
    members = conj([end.pod, formulas.is_in(assumption.members, end)])
    return implies(members, formulas.of(assumption.condition, {Role.SELF: end}))


class ClaimTerms:
    """The terms of one claim: which connections it speaks of, and which of them break it."""

    def __init__(self, claim: Claim, src: EndTerms, dst: EndTerms | None, policies: PipelineTerms) -> None:
        self.claim, self.src, self.dst, self.policies = claim, src, dst, policies

    def is_in(self, members: Formula, end: EndTerms) -> Term:
        return self.policies.formulas.is_in(members, end)

    def sources(self) -> Term:
        return self.is_in(self.claim.sources, self.src)

    def reached(self) -> Term:
        """The connection goes to one of the destinations, on one of the ports."""
        if self.dst is None or self.claim.destinations is None:
            return TRUE
        return self._goes_to(self.claim.destinations, self.claim.ports)

    def _goes_to(self, destinations: Formula, ports: tuple[Ports, ...] | None) -> Term:
        """A Service's ports are those of the Service, any other end's are its own; `ports is None`: whichever."""
        asked = TRUE if ports is None else self.policies.ways.on_ports(ports)
        itself = conj([asked, self.policies.ways.by_no_service()])

        def reached(members: Formula) -> Term:
            match members:
                case Member(_, Behind(_, led)):
                    return disj(self._is_led(port, ports, itself) for port in led)
                case Some(parts) if any(led_ports_in(members)):
                    return disj(map(reached, parts))
                case All() | Not() if any(led_ports_in(members)):
                    base, taken = base_and_taken(members)
                    parts = base.parts if isinstance(base, All) and base.parts else (base,)
                    return conj([*map(reached, parts), TRUE if taken is None else neg(reached(taken))])
                case _:
                    assert self.dst is not None
                    return conj([self.is_in(members, self.dst), itself])

        return reached(destinations)

    def _is_led(self, port: LedPort, ports: tuple[Ports, ...] | None, itself: Term) -> Term:
        """The connection is on what the port leads to; `itself`: it asks for no Service, but for its own port."""
        assert self.dst is not None
        there, ways = self.is_in(port.members, self.dst), self.policies.ways
        if port.target is None:
            return conj([there, itself])
        if ports is not None and not port.is_asked(ports):
            return FALSE
        return conj([there, ways.on_ports([port.target], where=SERVICE_SCOPE), ways.by_way_of(port)])

    def _is_excused_at(self, excuse: Excuse) -> Term:
        """It goes to the excuse's destinations, on its ports, asking for its Service if it has one."""
        if excuse.through is None:
            return self._goes_to(excuse.destinations, excuse.ports)
        assert self.dst is not None
        asked = TRUE if excuse.ports is None else self.policies.ways.on_ports(excuse.ports)
        return conj(
            [self.is_in(excuse.destinations, self.dst), asked, self.policies.ways.by_asking_for(excuse.through)]
        )

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
        return self.policies.meets(self.claim.where, ends)

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
                    self.is_in(e.sources, self.src),
                    self._is_excused_at(e),
                    *(self._calls_port(naming) for naming in e.port_names),
                    *([] if e.requests is None else [self.policies.meets(e.requests, {})]),
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
