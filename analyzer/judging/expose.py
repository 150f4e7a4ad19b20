"""Who beyond the manifests can reach workloads, or be reached by them: regions of the symbolic encoding.

There is one obligation for all classes of workloads; each class is questioned in a session of its own, with a member
held fixed at its end.  The far end is a pod that is not there yet or an address outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.encoding import VIOLATION, Box, Obligation, Question, decode, encode
from analyzer.encoding import Attribute as Symbol
from analyzer.encoding.classes import EndClass, mentioned_values
from analyzer.encoding.variables import ADDRESSES
from analyzer.errors import InternalError, UndecidedError
from analyzer.judging.generalise import generalise
from analyzer.judging.query_session import Certain, QuerySession
from analyzer.judging.regions import describe
from analyzer.judging.replay import Replay
from analyzer.judging.setting import Setting
from analyzer.model.added_labels import distinguished_by
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.ends import ANYTHING, NODES, pods_of_workload, without
from analyzer.model.formulas import Formula, Role, either
from analyzer.model.policies import PORT_PROTOCOLS, Direction, NumberedPorts
from analyzer.records import dataclass
from analyzer.sets import ValueSet
from analyzer.sets.intervals import points
from analyzer.solving import OutOfTimeError
from analyzer.verdicts.exposure import Exposure, Opening
from analyzer.verdicts.regions import Attribute, Constraint, Region

_BEYOND = without(ANYTHING, NODES)
_PORTS = tuple(NumberedPorts(protocol) for protocol in PORT_PROTOCOLS)
_ANYTHING = Claim(Kind.NO, ANYTHING, ANYTHING, _PORTS)
_OWN = frozenset({*ADDRESSES, Symbol.NAMESPACE_LABEL})  # what a declared workload may not tell of itself
_UNTOLD = (  # the same, as a region says it
    Attribute.ADDRESS,
    Attribute.NAMESPACE_LABEL,
    Attribute.EXISTING_NAMESPACE_LABEL,
    Attribute.NEW_NAMESPACE_LABEL,
)
_OPEN = "whether there is more hangs on what the specification, or an object that is not modelled, leaves open"


@dataclass(frozen=True, slots=True)
class Alike:
    """Workloads that no policy tells apart in a direction.

    `is_isolated` is None where that hangs on labels that nobody knows.
    """

    workloads: tuple[Workload, ...]
    is_isolated: bool | None


def expose(
    cluster: Cluster,
    direction: Direction,
    classes: Sequence[Alike],
    setting: Setting,
    most: int,
    progress: Callable[[str], None],
) -> Iterator[Exposure]:
    """The exposure of each class, in at most `most` openings.  InternalError if a witness does not replay."""
    if not classes:
        return
    members = [alike.workloads[0] for alike in classes]
    named: Formula = either(tuple(dict.fromkeys(pods_of_workload(w.namespace, w.name) for w in members)))
    ends = (named, _BEYOND) if direction is Direction.EGRESS else (_BEYOND, named)
    claim = Claim(Kind.NO, ends[0], ends[1], _PORTS)
    question = Question(claim, (), Universe.ANY, setting.profile, setting.pod_addresses)
    try:
        obligation = encode(cluster, question)
    except UndecidedError as error:
        yield from (replace(Exposure(direction, it.workloads, it.is_isolated), reason=str(error)) for it in classes)
        return
    replay = Replay(cluster, setting.profile, _ANYTHING, ())
    for alike in classes:
        progress(alike.workloads[0].id)
        session = QuerySession(obligation, setting.budget)
        try:
            yield _Trial(session, direction, replay, most).exposure(alike)
        except OutOfTimeError as error:
            yield replace(Exposure(direction, alike.workloads, alike.is_isolated), reason=str(error))


def _is_of(obligation: Obligation, c: EndClass, workload: Workload) -> bool:
    """Whether the class holds pods of the workload: those with its labels, as far as these are settled."""
    if not any(_are_of_one(m, workload) for m in c.members):
        return False
    mentioned, _ = mentioned_values(obligation.scope)
    unsettled = {key for added in distinguished_by(mentioned, workload.added) for key in added.all_keys}
    domains = obligation.scope.domains
    return all(
        domains[attr].code(workload.labels.get(attr.key)) == value
        for attr, value in c.values
        if attr.kind == "pod" and attr.key not in unsettled
    )


def _are_of_one(one: Workload, other: Workload) -> bool:
    """Both are pods of one template, or live pods of one sort: a dump may have these on the line of their template."""
    return (one.owner, one.source, one.ips, one.nodes) == (other.owner, other.source, other.ips, other.nodes)


def held(session: QuerySession, workload: Workload, near: Role) -> QuerySession:
    """The questioning with this workload at the near end, and nothing that the manifests declare at the far one."""
    obligation, literals = session.obligation, []
    codes = [i + 1 for i, c in enumerate(obligation.classes) if _is_of(obligation, c, workload)]
    for member in (v for v in obligation.variables if v.attribute is Symbol.MEMBER):
        literals.append(session.is_within(member, points(codes) if member.role is near else points([0])))
    return session.given(*literals)


class _Trial:
    def __init__(self, session: QuerySession, direction: Direction, replay: Replay, most: int) -> None:
        self.session, self.direction, self.replay, self.most = session, direction, replay, most
        self.obligation: Obligation = session.obligation
        self.near = Role.SRC if direction is Direction.EGRESS else Role.DST

    def exposure(self, alike: Alike) -> Exposure:
        session = held(self.session, alike.workloads[0], self.near)
        boxes: list[tuple[Box, dict[str, int]]] = []
        outside: list[str] = []
        current = session.certain(self.obligation.opens)
        while current.values is not None and len(boxes) < self.most:
            box = generalise(session, self._free(current.values))
            boxes.append((box, current.values))
            outside.append(f"!{session.inside(box)}")
            current = session.certain(self.obligation.opens, *outside)
        found = Exposure(self.direction, alike.workloads, alike.is_isolated)
        found = self._with_rest(found, session, current, outside)
        for candidate in tuple(boxes):  # what the others cover is not told again
            others = [known for known in boxes if known is not candidate]
            if self._covers(session, [box for box, _ in others], candidate[0]):
                boxes = others
        return replace(found, openings=tuple(self._opening(*known) for known in boxes))

    def _covers(self, session: QuerySession, others: list[Box], box: Box) -> bool:
        """Whether every violation in the box lies in one of the others."""
        outer = (f"!{session.inside(other)}" for other in others)
        return session.check(VIOLATION, session.inside(box), *outer).is_unsat

    def _free(self, values: Mapping[str, int]) -> dict[str, int]:
        """What the workload does not settle."""
        rows = (v for v in self.obligation.variables if v.attribute is not Symbol.MEMBER)
        return {v.symbol: values[v.symbol] for v in rows if v.role is not self.near or v.attribute in _OWN}

    def _opening(self, box: Box, values: Mapping[str, int]) -> Opening:
        connection = decode(self.obligation, values)
        self.replay.connection(connection, allowed=True, bundle=self.obligation.text)
        near = Role.SRC if self.direction is Direction.EGRESS else Role.DST
        whole = describe(self.obligation, box)
        told = [it for it in whole.constraints if it.role is not near or it.attribute in _UNTOLD]
        region = Region.of((*told, Constraint(near, Attribute.KIND, ValueSet.of(["pod"]))))
        return Opening(self.direction, region, connection)

    def _with_rest(self, found: Exposure, session: QuerySession, last: Certain, outside: list[str]) -> Exposure:
        """What the openings leave out, if anything."""
        if last.values is not None:
            return replace(found, is_capped=True)
        if last.result.value == "unknown":
            return replace(found, reason=last.reason)
        rest = session.check(VIOLATION, *outside)
        if rest.is_unsat:
            return found
        if not rest.is_sat:
            return replace(found, reason=rest.reason)
        needed = session.needed(rest.values, self.obligation.opens)
        if not needed:
            raise InternalError("a connection hangs on open facts, and on none of them", self.obligation.text)
        facts = dict.fromkeys(self.obligation.opens[name].text for name in needed)
        return replace(found, reason=_OPEN, blame=tuple(facts))
