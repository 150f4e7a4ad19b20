"""Verdicts: what a report prints.  Frozen facts; nothing here computes."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from analyzer.model.claims import Query, Universe
from analyzer.model.cluster import Unmodelled
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.policies import RuleRef
from analyzer.model.profile import Profile
from analyzer.model.source import Notice
from analyzer.records import dataclass
from analyzer.semantics.decision import Decision, Ruling
from analyzer.verdicts.findings import Finding
from analyzer.verdicts.provenance import Provenance
from analyzer.verdicts.regions import Region
from analyzer.verdicts.steps import Step
from analyzer.verdicts.waivers import Waiver


class Status(Enum):
    """Ordered from best to worst: the worst wins in a summary (design 1)."""

    PROVED = "proved"
    VACUOUS = "vacuous"
    UNKNOWN = "unknown"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A replayed witness and the region it stands for.

    For `is isolated`, `connection` is None and `subject` is the pod.  `decision` is the oracle's.  `live`: True if
    workloads in the manifests are this witness whatever is unknown; None if that hangs on `depends_on`; False if only
    pods not there yet.  `new_namespaces`: those of the witness's namespaces that the manifests do not know.
    """

    connection: Connection | None
    subject: Pod | None
    decision: Decision | None
    isolation: tuple[Ruling, ...]
    region: Region
    live: bool | None
    depends_on: tuple[str, ...] = ()
    new_namespaces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Statistics:
    """What an answer cost: `rlimit` in solver units, `seconds` of wall clock (never compared, never golden)."""

    seconds: float = 0.0
    rlimit: int = 0
    policies: int = 0
    checks: int = 0


@dataclass(frozen=True, slots=True)
class Beyond:
    """The regions of a violation that are listed and not shown.  `is_complete`: with those that are shown they are all
    of it."""

    regions: tuple[Region, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one query.

    `live` is None unless refuted with a counterexample; of a `some` that is proved it is False where only pods that are
    not there yet show it.  `is_complete`: the counterexamples' regions cover the whole violation.  `rests_on`: the
    policies or rules a proof needs, or that a refuted `some` is denied by; `is_minimal`: none of them can be left out.
    `blame`: what an unknown hangs on, in words.  `steps`: what it rests on as scripts, where that was asked for.
    `waivers`: those that cover part of the violation; the counterexamples then lie outside their regions, unless
    nothing does.  `baseline`: what the baseline says of the query, None if it does not know it or there is none.
    `is_excused`: not proved, and no failure all the same, for waivers cover the whole violation or the baseline knows
    it.  `further`: what a search found beyond the counterexamples that are shown, for findings alone; `beyond`: all
    that lies outside the regions of those that are shown, where that was asked for.
    """

    query: Query
    status: Status
    universe: Universe
    reason: str
    live: bool | None = None
    counterexamples: tuple[Counterexample, ...] = ()
    is_complete: bool = True
    rests_on: tuple[RuleRef, ...] = ()
    is_minimal: bool = False
    blame: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    baseline: Status | None = None
    is_excused: bool = False
    statistics: Statistics = field(default=Statistics(), compare=False)
    steps: tuple[Step, ...] = field(default=(), compare=False, repr=False)
    further: tuple[Counterexample, ...] = field(default=(), compare=False, repr=False)
    beyond: Beyond | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StatedAssumption:
    """An assumption as printed: `kind` is `assumed`, `fact` (made so by the manifests) or `profile`."""

    name: str
    text: str
    kind: str = "assumed"
    override: str = ""


class Waived(Enum):
    """What became of a waiver."""

    USED = "used"  # violations lie inside its region
    UNUSED = "unused"  # none does, or its query is not asked
    EXPIRED = "expired"  # its day is past: it hides nothing


@dataclass(frozen=True, slots=True)
class Section:
    """The verdicts of one pack, in its order.  `shows`, `does_not_show`: what they are evidence of and what not."""

    name: str
    title: str
    verdicts: tuple[Verdict, ...]
    description: str = ""
    shows: tuple[str, ...] = ()
    does_not_show: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """How many of the solver's answers a second solver confirmed; `undecided`: the query and the step of the others,
    on which it spent its budget.  One that it contradicts is an internal error, so none is told here."""

    solver: str
    version: str
    confirmed: int
    undecided: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> int:
        return self.confirmed + len(self.undecided)


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything a `check` found.

    `tally` counts what was read: ("namespaces", 3), ("policies", 12), …  `waivers`: every waiver given, with what
    became of it.  `baseline`: the file that it was compared with, empty if none.  `namespaces`: those declared or
    mentioned.  `workloads`: the ids of those that are unlike the pods that could be created: those on their node's
    network, and all of them where a query is asked within `inventory`.  `findings`: the causes of what is refuted, the
    worst first, where somebody looked for them.  `provenance`: what it was made from, where a report wants to tell it.
    """

    sections: tuple[Section, ...]
    universe: Universe
    profile: Profile
    assumptions: tuple[StatedAssumption, ...]
    unmodelled: tuple[Unmodelled, ...]
    notices: tuple[Notice, ...]
    tally: tuple[tuple[str, int], ...] = ()
    waivers: tuple[tuple[Waiver, Waived], ...] = ()
    baseline: str = ""
    namespaces: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    cross_check: CrossCheck | None = None
    findings: tuple[Finding, ...] = ()
    provenance: Provenance | None = None

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(verdict for section in self.sections for verdict in section.verdicts)

    @property
    def status(self) -> Status:
        """The worst verdict, those excused left out."""
        order = list(Status)
        return max((v.status for v in self.verdicts if not v.is_excused), key=order.index, default=Status.PROVED)
