"""Counterexamples people understand: real workloads first, each the centre of a region, a few regions in all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from analyzer.encoding import (
    VIOLATION,
    Attribute,
    Box,
    Obligation,
    Question,
    Variable,
    decode,
    decode_end,
    embed,
    embed_end,
)
from analyzer.encoding.classes import mentioned_values
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.variables import NAMESPACE_LABELS, OF_REQUESTS
from analyzer.errors import InternalError
from analyzer.judging.apart import apart
from analyzer.judging.declared_ends import DeclaredEnds
from analyzer.judging.generalise import generalise
from analyzer.judging.nobody_there import is_nobody_there
from analyzer.judging.query_session import Certain, QuerySession
from analyzer.judging.readable import (
    FAMILIAR_ADDRESSES,
    FAMILIAR_PORTS,
    familiar,
    familiar_connection,
    familiar_number,
    readable,
)
from analyzer.judging.regions import describe
from analyzer.judging.replay import Replay
from analyzer.model.added_labels import Varying
from analyzer.model.claims import Kind, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.formulas import Attribute as Requested
from analyzer.model.formulas import Name, Role
from analyzer.model.labels import Labels
from analyzer.records import dataclass
from analyzer.semantics.requested import attributes_of
from analyzer.sets.intervals import contains
from analyzer.solving import Budget, Result
from analyzer.verdicts.regions import Region
from analyzer.verdicts.verdict import Counterexample


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness, and the region around it.  `live` and `depends_on` as in a Counterexample."""

    witness: Connection | Pod
    box: Box
    live: bool | None
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`is_complete`: no certain violation lies outside all regions; if that could not be told, `reason` says why.

    `further`: what was found beyond as many as were asked for, as long as that cost little.  `outside`: the literals
    that deny the regions of `witnesses`.
    """

    witnesses: tuple[Witness, ...]
    live: bool | None
    is_complete: bool
    reason: str = ""
    further: tuple[Witness, ...] = ()
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Live:
    """Whether declared workloads are a witness: `witness` is one, certain if `live` is True, possible if None."""

    live: bool | None
    witness: Connection | Pod | None = None
    depends_on: tuple[str, ...] = ()


class Finder:
    """Finds the witnesses of a refuted claim; `session` is the session that refuted it, `encode_live` gives the same
    question asked of the declared workloads alone."""

    def __init__(
        self,
        session: QuerySession,
        encode_live: Callable[[Question], Obligation | None],
        most: int,
        *,
        is_disjoint: bool,
        most_further: int = 0,
    ) -> None:
        self.session, self.obligation, self.encode_live = session, session.obligation, encode_live
        self.cluster = session.obligation.scope.cluster
        self.most, self.is_disjoint, self.most_further = max(1, most), is_disjoint, most_further
        kinds = (self.obligation.variables.find(role, Attribute.IS_POD) for role in (Role.SRC, Role.DST))
        self._between_pods = [session.is_value(kind.symbol, 1) for kind in kinds if kind is not None and is_disjoint]
        self._declared = DeclaredEnds(session, partial(witness_of, self.obligation))
        self.is_connection = self.obligation.scope.question.claim.kind is not Kind.ISOLATED

    def find(self, values: Mapping[str, int], budget: Budget) -> Found:
        """Witnesses around `values` (a certain violation) and beyond, the live ones first."""
        live = self._live(budget)
        found: list[Witness] = []
        outside: list[str] = []
        told: set[Region] = set()
        rounds = self.most + self.most_further + _MOST_TWINS
        asked: tuple[bool, str] | None = None  # how it stood once there were as many as were asked for
        end, outside_shown = 0, 0
        start = self._centre(live.witness) if live.live else None
        is_settled = live.live is False or start is not None
        current = Certain(Result.SAT, start or dict(values))
        while (centre := current.values) is not None and len(found) < self.most + self.most_further:
            if len(outside) >= rounds or (asked is not None and self.session.solver.spent >= end):
                break
            box = generalise(self.session, centre)
            if self.is_disjoint:
                box = apart(self.obligation, box, [one.box for one in found], centre)
            region = describe(self.obligation, box)
            if region in told and not self.is_disjoint:  # the same again, for other values that nobody mentions
                outside.append(f"!{self.session.inside(self.told(box))}")
                current = self._another(outside)
                continue
            told.add(region)
            standing, witness = live.live, live.witness
            if live.live is False:  # nowhere
                witness = None
            elif found or not is_settled:
                standing, witness = self._declared.find(box, outside, region)
                if standing and live.live is None:  # nowhere are declared workloads a witness for certain
                    standing = witness = None
            if witness is None:
                witness = witness_of(self.obligation, self._presentable(box, centre, outside))
            shown = familiar_connection(witness, box) if isinstance(witness, Connection) else witness
            found.append(Witness(shown, box, standing, live.depends_on if standing is None else ()))
            outside.append(f"!{self.session.inside(self.told(box))}")
            current = self._another(outside)
            if len(found) == self.most and asked is None:
                asked, outside_shown = (current.result is Result.UNSAT, current.reason), len(outside)
                end = self.session.solver.spent + max(_CHEAP, self.session.solver.spent // 4)
        is_complete, reason = asked or (current.result is Result.UNSAT, current.reason)
        is_complete &= self.obligation.scope.question.looked_at is None  # policies that are not read may let in more
        witnesses = tuple(found)
        denied = tuple(outside[: outside_shown or len(outside)])
        return Found(witnesses[: self.most], live.live, is_complete, reason, witnesses[self.most :], denied)

    def _another(self, outside: list[str]) -> Certain:
        """A certain violation outside the regions so far.  Of a comparison's, between pods first: what lies around an
        address takes far more questions to find than what lies around a pod."""
        opens, between_pods = self.obligation.opens, self._between_pods
        if between_pods:
            found = self.session.certain(opens, *between_pods, *outside)
            if found.values is not None:
                return found
            self._between_pods = []
        return self.session.certain(opens, *outside)

    def told(self, box: Box) -> Box:
        """The box as a region tells it: of a claim of reach with whatever request."""
        if self.obligation.scope.question.claim.kind.is_broken_by_requests:
            return box
        return {variable: values for variable, values in box.items() if variable.role is not Role.REQUEST}

    # -------------------------------------------------------------------------------------------- live or latent
    def _live(self, budget: Budget) -> Live:
        """Ask the same question of the declared workloads alone, for all that is unknown about them."""
        if is_nobody_there(self.session):
            return Live(False)
        asked = replace(self.obligation.scope.question, universe=Universe.INVENTORY, open_labels=True)
        if asked.looked_at is not None:
            for others_let_in in (False, True):
                live = self._asked_live(replace(asked, others_let_in=others_let_in), budget)
                if live.live is not others_let_in and live.live is not None:
                    return live
        return self._asked_live(replace(asked, looked_at=None), budget)

    def _asked_live(self, question: Question, budget: Budget) -> Live:
        obligation = self.encode_live(question)
        if obligation is None:
            return Live(False)
        session = QuerySession(obligation, budget)
        possible = session.check(VIOLATION)
        if possible.is_unsat:
            return Live(False)
        if not possible.is_sat:
            return Live(None, depends_on=(possible.reason,))
        certain = session.certain_of_unknowns()
        if certain.values is not None:
            return Live(True, self._as_written(witness_of(obligation, certain.values)))
        if certain.result.value == "unknown":
            return Live(None, depends_on=(certain.reason,))
        witness = witness_of(obligation, possible.values)
        needed = session.needed(possible.values, (*session.unknown_facts, *session.family))
        texts = (_dependence(obligation, name, witness) for name in needed)
        return Live(None, witness, tuple(dict.fromkeys(texts)))

    def _as_written(self, witness: Connection | Pod) -> Connection | Pod:
        """The witness with the labels that the manifests show of its namespaces: it stands whatever the others are."""
        if self.obligation.scope.assumptions:  # which may speak of such labels
            return witness
        if isinstance(witness, Pod):
            return self._pod_as_written(witness)
        return replace(witness, src=self._end_as_written(witness.src), dst=self._end_as_written(witness.dst))

    def _end_as_written(self, end: End) -> End:
        return self._pod_as_written(end) if isinstance(end, Pod) else end

    def _pod_as_written(self, pod: Pod) -> Pod:
        return replace(pod, namespace_labels=self.cluster.namespace_by_name[pod.namespace].labels)

    def _centre(self, witness: Connection | Pod | None) -> dict[str, int] | None:
        """The live witness in the symbols of the question's own universe; None if the budget does not reach."""
        if witness is None:
            return None
        mentioned, _ = mentioned_values(self.obligation.scope)
        if isinstance(witness, Connection):
            src, dst = (_guessed(end, mentioned) for end in (witness.src, witness.dst))
            partial = _embedded(self.obligation, replace(witness, src=src, dst=dst))
        else:
            partial = embed_end(self.obligation, _guessed(witness, mentioned))
        if partial is None:
            raise InternalError(f"the live witness {witness} is outside the universe", self.obligation.text)
        full = self.session.check(VIOLATION, *(self.session.is_value(s, v) for s, v in partial.items()))
        scope = self.obligation.scope
        if full.result is Result.UNKNOWN or (
            full.is_unsat and (scope.assumptions or scope.question.looked_at is not None or scope.requests.apart)
        ):
            # Assumptions may speak of labels that are unknown there; policies that are not read let it in; no request
            # may be quite what was found, where what hangs together is told apart.
            return None
        if not full.is_sat:
            raise InternalError(f"the live witness {witness} violates nothing here", self.obligation.text)
        return {**full.values, **partial}

    # -------------------------------------------------------------------------------------------- enumeration
    def _presentable(self, box: Box, values: Mapping[str, int], outside: list[str]) -> Mapping[str, int]:
        """A witness inside the box that reads well."""
        variables, renamed = self.obligation.variables, self._first_name(box, values)
        chosen = {v: its for v, its in box.items() if v.attribute in _CHOSEN or v in renamed}
        fixed = self.session.are_within(chosen)
        fixed += self.session.are_values((v.symbol, values[v.symbol]) for v in box if v not in chosen)
        wishes = (*renamed.items(), *_preferences(box, variables))
        wished = self.session.are_values((v.symbol, value) for v, value in wishes)
        for member in (v for v in variables if v.attribute is Attribute.MEMBER):  # that are there, or could for certain
            fixed += [f"!{self.session.is_value(member.symbol, code)}" for code in sorted(self.obligation.supposed)]
        while True:
            nicer = self.session.check(VIOLATION, *outside, *fixed, *wished)
            if nicer.is_sat:
                return nicer.values
            refused = [w for w in wished if w in nicer.core]
            if not refused:
                return values
            wished = [w for w in wished if w != refused[-1]]

    def _first_name(self, box: Box, values: Mapping[str, int]) -> dict[Variable, int]:
        """The only end that is in a namespace without a name, with the first of such namespaces."""
        table = self.obligation.scope.table
        unnamed = sorted(code for code in table.of(Standing.FUTURE) if table.entries[code].name is None)
        namespaces = (v for v in self.obligation.variables if v.attribute is Attribute.NAMESPACE)
        found = [v for v in namespaces if values.get(v.symbol) in unnamed]
        if len(found) != 1 or not contains(box.get(found[0], ()), unnamed[0]):
            return {}
        return {found[0]: unnamed[0]}


def witness_of(obligation: Obligation, values: Mapping[str, int]) -> Connection | Pod:
    if obligation.scope.question.claim.kind is not Kind.ISOLATED:
        return decode(obligation, readable(obligation, values))
    pod = decode_end(obligation, values)
    assert isinstance(pod, Pod)
    return pod


def _guessed(end: End, mentioned: Mapping[str, Collection[str]]) -> End:
    """The end with one of the values that it could have for each guess at its labels: any will do."""
    if not isinstance(end, Pod) or not any(isinstance(one, Varying) and one.is_guess for one in end.unknown):
        return end
    labels = dict(end.labels)
    for one in end.unknown:
        if isinstance(one, Varying) and one.is_guess and (options := one.options(mentioned)):
            labels.update(options[-1].labels)
    unknown = tuple(one for one in end.unknown if not (isinstance(one, Varying) and one.is_guess))
    return replace(end, labels=Labels(labels), unknown=unknown)


def counterexample(one: Witness, obligation: Obligation, replay: Replay) -> Counterexample:
    """The counterexample that a witness makes, replayed.  InternalError if the oracle disagrees."""
    witness, region, bundle = one.witness, describe(obligation, one.box), obligation.text
    new = new_namespaces(witness, obligation.scope.cluster)
    if isinstance(witness, Pod):
        sides = replay.pod(witness, bundle)
        return Counterexample(None, witness, None, sides, region, one.live, one.depends_on, new)
    allowed = obligation.scope.question.claim.kind is not Kind.EVERY
    if witness.request is not None:
        from analyzer.judging.plain_requests import plainer

        witness = plainer(witness, replay, partial(_is_asked_inside, one.box, obligation))
    decision = replay.connection(witness, allowed=allowed, bundle=bundle)
    return Counterexample(witness, None, decision, (), region, one.live, one.depends_on, new)


def _is_asked_inside(box: Box, obligation: Obligation, connection: Connection) -> bool:
    """Whether the connection's request is one of the box."""
    values = _embedded(obligation, connection)
    asked = ((v, its) for v, its in box.items() if v.role is Role.REQUEST)
    return values is not None and all(v.symbol in values and contains(its, values[v.symbol]) for v, its in asked)


def _embedded(obligation: Obligation, connection: Connection) -> dict[str, int] | None:
    """The symbols' values for a connection with its request."""
    scope = obligation.scope
    return embed(obligation, connection, attributes_of(connection, scope.cluster, scope.question.profile))


def new_namespaces(witness: Connection | Pod, cluster: Cluster) -> frozenset[str]:
    """Those of a witness's namespaces that the manifests do not know."""
    ends = (witness,) if isinstance(witness, Pod) else (witness.src, witness.dst)
    return frozenset(end.namespace for end in ends if isinstance(end, Pod)) - cluster.namespace_by_name.keys()


_MOST_TWINS = 24
_CHEAP = 100_000  # rlimit units: a tenth of a second or so
_CHOSEN = frozenset(
    {
        Attribute.PORT,
        Attribute.NUMBER,
        Attribute.PROTOCOL,
        Attribute.FAMILY,
        Attribute.KNOWN_ADDRESS,
        *OF_REQUESTS,
    }
)
_ALWAYS = frozenset(Requested(Role.REQUEST, name) for name in (Name.METHOD, Name.PATH, Name.HOST))
_PLAIN = frozenset({Attribute.LABEL, Attribute.PORT_NAME, Attribute.TUNNEL_NAME, *NAMESPACE_LABELS})


def _preferences(box: Box, variables: Iterable[Variable]) -> Iterator[tuple[Variable, int]]:
    """What a reader finds plainest: IPv4, TCP, a familiar port and address, no label that does not matter."""
    for variable in variables:
        match variable.attribute:
            case Attribute.PORT:
                allowed = box.get(variable, variable.every)
                yield variable, next((p for p in FAMILIAR_PORTS if contains(allowed, p)), allowed[0][0])
            case Attribute.NUMBER:
                yield variable, familiar_number(box.get(variable, variable.every))
            case Attribute.KNOWN_ADDRESS:
                allowed, version = box.get(variable, variable.every), int(str(variable.which))
                known = (it for it in FAMILIAR_ADDRESSES[version] if contains(allowed, it))
                yield variable, next(known, familiar(*allowed[0], version))
            case Attribute.FAMILY | Attribute.PROTOCOL:
                yield variable, 0
            case Attribute.TEXT:  # the usual text is the first of them
                allowed = box.get(variable, variable.every)
                yield variable, 1 if contains(allowed, 1) and variable.which in _ALWAYS else allowed[0][0]
            case attribute if attribute in OF_REQUESTS:
                yield variable, box.get(variable, variable.every)[0][0]
            case attribute if attribute in _PLAIN and variable not in box:
                yield variable, 0


def _dependence(obligation: Obligation, symbol: str, witness: Connection | Pod) -> str:
    """What a live answer hangs on, in words."""
    if symbol in obligation.opens:
        return obligation.opens[symbol].text
    variable = next(v for v in obligation.variables if v.symbol == symbol)
    if variable.attribute is Attribute.FAMILY:
        return "which address family these pods have, which the manifests do not tell"
    end = witness if isinstance(witness, Pod) else witness.src if variable.role is Role.SRC else witness.dst
    if isinstance(end, Pod):
        if variable.attribute is Attribute.NAMESPACE_LABEL:
            return f"the labels of namespace {end.namespace}, which is not declared"
        return f"the address of {end.workload or 'a pod'}, which the manifests do not tell"
    return "the address of a node, which the manifests do not tell"
