"""Two states of a cluster in which policies alone are different: which entries are others, and which of them a question
sees.  It costs what changed, and not what the question can look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from analyzer.encoding.question import Question
from analyzer.encoding.reach import ends_of
from analyzer.encoding.scope import judged_ends, table_of
from analyzer.encoding.seen_ways import SeenWays, seen_ways
from analyzer.encoding.slices import judged_by
from analyzer.encoding.walk import led_ports_of
from analyzer.model.cluster import Cluster
from analyzer.model.pipeline import Entry, Stage
from analyzer.model.policies import Direction
from analyzer.model.profile import Profile
from analyzer.model.reading import pipeline_of
from analyzer.records import dataclass

_MOST = 64  # entries that are other objects: of more, what is equal would take long to find
_NOT_ASKED = frozenset({"policies", "notices", "files", "irrelevant", "memory", "needs", "finished"})


@dataclass(frozen=True, slots=True)
class EntryChanges:
    """`entries`: those that are there before or after only, by the stage."""

    before: Cluster
    now: Cluster
    profile: Profile
    entries: Mapping[Direction, tuple[Entry, ...]]

    def seen_by(self, question: Question) -> dict[Direction, tuple[Entry, ...]] | None:
        """Those of the entries that can select an end which the question speaks of; None where the question may see
        more of the change than these."""
        table = table_of(self.now, question)
        if table is not table_of(self.before, question):
            return None
        found: dict[Direction, tuple[Entry, ...]] = {}
        stages = pipeline_of(self.profile, self.now).stages
        for stage, end in zip(stages, judged_ends(question, table), strict=True):
            near = judged_by(stage, table, end)
            entries = self.entries[stage.direction]
            kept = tuple(it for it in entries if near.meets(ends_of(it.subject, table)))
            seen = seen_ways(self.now, stage.far)
            if kept and not _are_ways_alike(stage, kept, question, seen):
                return None
            found[stage.direction] = kept
        return found

    @property
    def is_led(self) -> bool:
        """Connections may be asked for by another way than straight, or come by one."""
        return any(stage.is_led for stage in pipeline_of(self.profile, self.now).stages)


def entry_changes(before: Cluster, now: Cluster, profile: Profile) -> EntryChanges | None:
    """Which entries are others; None where more than a few are, or anything else may be different."""
    parts = (part.name for part in fields(Cluster) if part.name not in _NOT_ASKED)
    if any(getattr(before, name) != getattr(now, name) for name in parts):
        return None
    old, new = pipeline_of(profile, before), pipeline_of(profile, now)
    found: dict[Direction, tuple[Entry, ...]] = {}
    for was, stage in zip(old.stages, new.stages, strict=True):
        if was.without_entries != stage.without_entries:
            return None
        pairs = [others(one.entries, other.entries) for one, other in zip(was.tiers, stage.tiers, strict=True)]
        if sum(len(gone) + len(come) for gone, come in pairs) > _MOST:
            return None
        found[stage.direction] = tuple(entry for gone, come in pairs for entry in different(gone, come))
    return EntryChanges(before, now, profile, found)


def others(was: Iterable[Entry], now: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The entries that are objects of one of the two alone, in their order."""
    old, new = ({id(entry): entry for entry in entries} for entries in (was, now))
    return [old[it] for it in old if it not in new], [new[it] for it in new if it not in old]


def different(gone: list[Entry], come: list[Entry]) -> Iterator[Entry]:
    """Those of them that have no equal among the others."""
    yield from (entry for entry in gone if entry not in come)
    yield from (entry for entry in come if entry not in gone)


def _are_ways_alike(stage: Stage, changed: Iterable[Entry], question: Question, seen: SeenWays) -> bool:
    """The ways to an end that are asked about are the same whether these entries are there or not."""
    if stage.node_ways or (stage.ways and any(led_ports_of(question.claim))):
        return False
    return not seen.of(tuple(changed), stage.ways)
