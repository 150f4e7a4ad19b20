"""What decides a connection, as data: stages in order, in each its tiers, in each tier its policies (design 3).

A connection gets through if no stage denies it.  A stage judges one end.  Its tiers are asked in order: the first rule
that matches accepts, denies, or passes on to the next tier; an end that a closing policy of the tier selects, and for
which no rule matches, is denied if the tier says so.  What no tier decides is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum

from analyzer.model.formulas import FALSE, Formula, Role
from analyzer.model.knobs import ServiceEval
from analyzer.model.leading import NodeWay, Way
from analyzer.model.policies import Action, Direction, PolicyLike, RuleLike
from analyzer.model.policies import Tier as TierName
from analyzer.model.source import Source
from analyzer.model.unmodelled import Unmodelled
from analyzer.records import dataclass
from analyzer.sets import AddressSet


@dataclass(frozen=True, slots=True)
class StagedRule:
    """A rule as a stage reads it; `rule is None`: what the engine does by itself.

    `action` and `when` may differ from what the file says, where an engine reads it so.  `by_address` and `by_end` are
    the two halves of `when` to an engine that sees a Service's address before its translation: address ranges, and
    rules that name no peers, mean the address and the port that are asked for; all else what stands behind them, on its
    own port (reference A9.6).  Where the stage has no `ways` nobody asks for them.  `why`: what the formula does not
    say and people should know.
    """

    rule: RuleLike | None
    action: Action
    by_address: Formula
    by_end: Formula
    when: Formula
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A policy as a stage reads it.  `subject` is over SELF, the end that is judged; `policy is None`: what the engine
    does by itself, and `why` says it.

    `closes`: what no rule of the tier matches, of an end that it selects, falls to the tier's `unmatched`.
    """

    policy: PolicyLike | None
    subject: Formula
    rules: tuple[StagedRule, ...] = ()
    closes: bool = False
    why: str = ""


class Unmatched(Enum):
    """What happens to an end that a closing policy selects, and for which no rule of the tier matches."""

    NEXT = "next"
    DENY = "deny"


Scales = tuple[tuple[tuple[Entry, ...], ...], ...]
KeptScales = Sequence[Sequence[Sequence[Entry]]]
"""Groups of policies, scale by scale: all of a tier, and those of them that somebody keeps."""


def at_once(entries: Sequence[Entry]) -> Scales:
    """One scale with one group."""
    return ((tuple(entries),),) if entries else ()


def one_by_one(entries: Iterable[Entry]) -> Scales:
    """One scale, with a place for each."""
    return (tuple((entry,) for entry in entries),)


def entries_in(scales: KeptScales) -> Iterator[Entry]:
    """Those of every group, in order."""
    return (entry for scale in scales for group in scale for entry in group)


@dataclass(frozen=True, slots=True)
class Tier:
    """`scales`: policies are asked in the order of the groups of a scale.  Those of one group go at the same place: of
    those that match and do different things, nobody knows which counts; nor does anybody know it of two scales
    (reference B1.2, C2.3, 0.2).  `spared`: what a denial of the unmatched leaves alone.  `is_union`: its rules do
    nothing but accept, so that their order makes no difference, and all that match count.  `passes_alone`: what it
    passes on it lets through, if nothing after it says otherwise.
    """

    name: TierName | str | None
    scales: Scales
    unmatched: Unmatched = Unmatched.NEXT
    spared: Formula = FALSE
    is_union: bool = False
    passes_alone: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entries_in(self.scales))

    @property
    def without_entries(self) -> Tier:
        return replace(self, scales=())


@dataclass(frozen=True, slots=True)
class Doubt:
    """An object that is not modelled: it may overturn what a stage says, if a formula with an open leaf holds.

    `denies` is asked of what the stage allows, `allows` of what it denies; `isolates` of an end that nothing isolates.
    """

    thing: Unmodelled
    denies: Formula
    allows: Formula
    isolates: Formula


@dataclass(frozen=True, slots=True)
class Disguise:
    """A Service, or hostPorts, behind which a node's address may take the place of the source's (reference A12.6,
    A13.5); `when`, over DST and ports: it leads to the connection's end; `what`: how people call it; `source`: where
    the Service is."""

    id: str
    what: str
    when: Formula
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an end sees what comes to it by way of a Service or of its node's port, where `disguises` hide the source.

    `is_direct`: clients outside can go straight to the end, too.  `places`: where the nodes are whose address takes the
    source's place; None: anywhere.  `tier`, `is_seen`: the tier that is asked, and nothing else, of what comes from the
    own node, at ends of which the formula over SELF is true; at others nothing is asked of that.  `balanced`, over DST
    and ports: a load balancer of the cloud may lead there, from one of the addresses outside `balancers`, whoever asks.
    """

    is_direct: bool = False
    places: AddressSet | None = None
    tier: str = ""
    is_seen: Formula = FALSE
    balanced: Formula = FALSE
    balancers: AddressSet = AddressSet.EMPTY


BEHIND_NODES = Arrival()


@dataclass(frozen=True, slots=True)
class Stage:
    """`judges`: SRC or DST, the end whose policies are asked.  The stage says nothing of an end of which `applies`,
    over SELF, is false.

    `ways`: the ways through Services' own addresses that its rules see, or may see, before their translation, as
    `service_eval` says; `node_ways`: those through ports of the nodes, of which the rules may see the node;
    `disguises`: where the source may be seen as a node, or be the end's own node, which `arrival` tells more of.
    """

    name: str
    judges: Role
    applies: Formula
    tiers: tuple[Tier, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    ways: tuple[Way, ...] = ()
    service_eval: ServiceEval = ServiceEval.POST_DNAT
    node_ways: tuple[NodeWay, ...] = ()
    disguises: tuple[Disguise, ...] = ()
    arrival: Arrival = BEHIND_NODES

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entry for tier in self.tiers for entry in tier.entries)

    @property
    def without_entries(self) -> Stage:
        return replace(self, tiers=tuple(tier.without_entries for tier in self.tiers))

    @property
    def is_fronted(self) -> bool:
        """Something may lead there that puts an address of its own in place of the source's."""
        return bool(self.disguises) or self.arrival.balanced != FALSE

    @property
    def is_led(self) -> bool:
        """Connections may be asked for by another way than straight, or come by one."""
        return bool(self.ways or self.node_ways) or self.is_fronted

    @property
    def far(self) -> Role:
        return Role.DST if self.judges is Role.SRC else Role.SRC

    @property
    def direction(self) -> Direction:
        return Direction.EGRESS if self.judges is Role.SRC else Direction.INGRESS


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`enforces`: False if the engine enforces no policy, so that its stages hold no tiers."""

    stages: tuple[Stage, ...]
    enforces: bool = True

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entry for stage in self.stages for entry in stage.entries)

    @property
    def rules(self) -> Iterator[tuple[Stage, Entry, StagedRule]]:
        """Every rule that somebody wrote, with the stage that reads it and the policy."""
        for stage in self.stages:
            for entry in stage.entries:
                if entry.policy is not None:
                    yield from ((stage, entry, rule) for rule in entry.rules if rule.rule is not None)
