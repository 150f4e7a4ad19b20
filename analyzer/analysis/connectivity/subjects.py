"""The ends of the cluster by what decides the ruling at them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property, reduce
from typing import NamedTuple

from analyzer.analysis.connectivity.choosing import Choosing, Numbers
from analyzer.analysis.connectivity.classes import VERSIONS
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.ruling import ANY_EFFECT, NO_EFFECTS, Effects, Hits
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.analysis.connectivity.views import Classes, OneClass
from analyzer.model.formulas import (
    FALSE,
    AtAddress,
    EndKind,
    Formula,
    Leaf,
    Member,
    OnHostPort,
    OnNodes,
    OnPorts,
    Role,
    Same,
    Test,
)
from analyzer.model.pipeline import Disguise, Entry, Stage, StagedRule
from analyzer.model.policies import Action
from analyzer.records import dataclass
from analyzer.semantics.fold import Grants, Selected, Span, rules_of
from analyzer.semantics.meaning import EMPTY, Meaning, Shape, Shapes
from analyzer.semantics.partitions import refined
from analyzer.sets import ConnectionSet
from analyzer.verdicts.connectivity import bit_indices, bits_of


@dataclass(frozen=True)
class Subject:
    """All that decides the ruling at an end: ends with equal keys have equal rulings; `one` is such an end.

    `is_judged` is False where the stage does not apply.  `fronts`: for each family, the ports on which a Service or a
    hostPort may put a node's address in place of the source's, and those on which a load balancer may put its own.
    `cases`: where it hangs on the end's address, or on
    what nobody knows of its node, which policies select it: the subjects that it may be, each in one family, which
    then stand for it.
    """

    rules: StageRules
    numbers: tuple[int, ...]
    one: int
    versions: tuple[int, ...]
    effects: Effects = NO_EFFECTS
    fronts: tuple[ConnectionSet, ...] = (EMPTY, EMPTY)
    balanced: tuple[ConnectionSet, ...] = (EMPTY, EMPTY)
    near: Hashable = ()
    is_judged: bool = True
    cases: tuple[Subject, ...] = ()

    @property
    def stage(self) -> Stage:
        return self.rules.stage

    @cached_property
    def selected(self) -> Selected:
        return self.rules.those(self.numbers)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self.rules.entries[number][1] for number in self.numbers)

    @cached_property
    def staged(self) -> tuple[StagedRule, ...]:
        return tuple(rules_of(self.selected))

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple(self.rules.shapes.of(rule.when) for rule in self.staged)

    @cached_property
    def tests(self) -> tuple[tuple[AtAddress | OnNodes, frozenset[EndKind]], ...]:
        """The sets of addresses that its rules ask about, and of what kinds of end."""
        return tuple({id(ends): (ends, kinds) for shape in self.shapes for ends, kinds in shape.tests}.values())

    @cached_property
    def unsettled(self) -> tuple[tuple[int, Shape], ...]:
        """The rules in which something is open, by number."""
        return tuple((number, shape) for number, shape in enumerate(self.shapes) if shape.facts)

    @cached_property
    def asks_addresses(self) -> bool:
        """What its rules say, or what they spare, may hang on where an end lies."""
        spared = (self.rules.shapes.of(tier.spared) for tier, _ in self.selected)
        return any(shape.asks_addresses for shape in (*self.shapes, *spared))

    @cached_property
    def _kept(self) -> dict[int, dict[int, Span]]:
        return {version: {} for version in VERSIONS}

    def kept(self, version: int) -> dict[int, Span]:
        """What its rules' ports mean where that hangs on the end alone."""
        return self._kept[version]

    @cached_property
    def owners(self) -> dict[int, Entry]:
        """Whose each rule is, by its `id()`."""
        return {id(rule): entry for entry in self.entries for rule in entry.rules}

    @cached_property
    def rule_numbers(self) -> dict[int, int]:
        """By `id()` of the rule."""
        return {id(rule): number for number, rule in enumerate(self.staged)}

    def opening(self, hits: Hits) -> Hits:
        """Those of rules that let something on."""
        return tuple(hit for hit in hits if self.staged[hit[0]].action is not Action.DENY)

    @property
    def fronted(self) -> ConnectionSet:
        """The ports that are fronted in some family that the end has."""
        return reduce(ConnectionSet.__or__, map(self.fronted_in, self.versions), EMPTY)

    def fronted_in(self, version: int) -> ConnectionSet:
        return self.fronts[VERSIONS.index(version)]

    @property
    def key(self) -> Hashable:
        arriving = self.fronts, self.balanced
        own = (self.stage.name, self.numbers, self.effects, self.versions, arriving, self.near, self.is_judged)
        return own, tuple(case.key for case in self.cases)

    def in_family(self, version: int) -> tuple[Subject, ...]:
        """The subjects that it may be at an address of the family."""
        return tuple(case for case in self.cases if version in case.versions) if self.cases else (self,)

    @property
    def alternatives(self) -> tuple[Subject, ...]:
        """All the subjects that it may be."""
        return self.cases or (self,)


class _Bearing(NamedTuple):
    """What bears on an end, as in a Subject."""

    numbers: Numbers
    versions: tuple[int, ...]
    effects: Effects = NO_EFFECTS
    fronts: tuple[ConnectionSet, ...] = (EMPTY, EMPTY)
    balanced: tuple[ConnectionSet, ...] = (EMPTY, EMPTY)
    near: Hashable = ()
    is_judged: bool = True


class Subjects:
    """Which policies, objects that are not modelled, and Services bear on each class of ends."""

    def __init__(self, index: EndIndex) -> None:
        self.index = index
        self._of_self = Shapes(Role.SELF)
        self._of_destination = Shapes(Role.DST)

    def meant(self, formula: Formula, shapes: Shapes, version: int = 0) -> Grants:
        """What a formula means of the classes, at any of their addresses."""
        bits = self.index.of_version[version] if version else self.index.everything
        classes = Classes(self.index, bits, version, 0, {})
        return Meaning(shapes, classes, classes, {}).of(formula)

    def of(self, rules: StageRules) -> list[tuple[Subject, int]]:
        """Each subject with the classes it stands for; every class is in one."""
        choosing = Choosing(self.index, self._of_self, rules)
        effects = self._effects(rules.stage, choosing.judged)
        fronts = self._fronts((it.when for it in rules.stage.disguises), choosing.judged)
        balanced = self._fronts((rules.stage.arrival.balanced,), choosing.judged)
        known: dict[Numbers, tuple[Leaf, ...]] = {}
        found: dict[tuple[tuple[int, ...], tuple[_Bearing, ...]], list[int]] = {}

        def bearing(i: int, numbers: Numbers | None, versions: tuple[int, ...]) -> _Bearing:
            if numbers is None:
                return _Bearing((), versions, is_judged=False)
            asked = known.get(numbers)
            if asked is None:
                asked = known[numbers] = tuple(_near_leaves(rules, numbers))
            near = tuple(self._near(leaf, i, versions) for leaf in asked) if asked else ()
            its = effects[i] | ANY_EFFECT if i in choosing.unsure else effects[i]
            return _Bearing(numbers, versions, its, fronts[i], balanced[i], near)

        for i, c in enumerate(self.index.classes):
            told = choosing.of(i)
            options = {its for options in told.values() for its in options}
            if len(options) == 1:
                cases: tuple[_Bearing, ...] = (bearing(i, options.pop(), c.versions),)
            else:
                cases = tuple(bearing(i, its, (version,)) for version, options in told.items() for its in options)
            found.setdefault((c.versions, cases), []).append(i)
        return [(self._subject(rules, cases, its[0]), bits_of(its)) for (_, cases), its in found.items()]

    def _subject(self, rules: StageRules, cases: tuple[_Bearing, ...], one: int) -> Subject:
        """With one bearing, or with several subjects that it may be."""
        subjects = tuple(
            Subject(
                rules,
                its.numbers,
                one,
                its.versions,
                its.effects,
                its.fronts,
                its.balanced,
                its.near,
                its.is_judged,
            )
            for its in cases
        )
        return (
            subjects[0]
            if len(cases) == 1
            else Subject(rules, (), one, self.index.classes[one].versions, cases=subjects)
        )

    def _near(self, leaf: Leaf, i: int, versions: Sequence[int]) -> Hashable:
        """What a leaf says of a near end."""
        found: list[Hashable] = []
        for version in versions:
            one = OneClass(self.index, i, version)
            match leaf:
                case OnPorts() | OnHostPort():
                    found += one.on(leaf)
                case Test():
                    found.append(one.passing(leaf))
                case Member(_, ends):
                    found.append(one.among(ends))
                case Same(left, right):
                    found += (tuple(one.values(attribute)) for attribute in (left, right))
        return tuple(found)

    # -------------------------------------------------------------------------------------------- beside policies
    def _effects(self, stage: Stage, judged: int) -> list[Effects]:
        found = {NO_EFFECTS: judged}
        for doubt in stage.doubts:
            for formula, is_denial in ((doubt.denies, True), (doubt.allows, False)):
                changes = (
                    (bits, Effects(may_deny=span.may) if is_denial else Effects(may_allow=span.may))
                    for bits, span in self.meant(formula, self._of_self)
                )
                found = refined(found, changes, Effects.__or__)
        listed = [NO_EFFECTS] * len(self.index.classes)
        for effects, bits in found.items():
            if effects != NO_EFFECTS:
                for i in bit_indices(bits):
                    listed[i] = effects
        return listed

    def _fronts(self, whens: Iterable[Formula], judged: int) -> list[tuple[ConnectionSet, ...]]:
        """By class and family, the ports of which one of the formulas may be true."""
        asked = [when for when in whens if when != FALSE]
        found: dict[int, list[ConnectionSet]] = {}
        for place, version in enumerate(VERSIONS):
            for when in asked:
                for bits, span in self.meant(when, self._of_destination, version):
                    for i in bit_indices(bits & judged):
                        found.setdefault(i, [EMPTY for _ in VERSIONS])[place] |= span.may
        nothing = tuple(EMPTY for _ in VERSIONS)
        return [tuple(found[i]) if i in found else nothing for i in range(len(self.index.classes))]

    def fronted(self, stage: Stage) -> Iterator[tuple[Disguise, int]]:
        """What may put a node's address in place of the source's, with the classes that it leads to."""
        for disguise in stage.disguises:
            bits = 0
            for version in VERSIONS:
                for where, _ in self.meant(disguise.when, self._of_destination, version):
                    bits |= where
            yield disguise, bits


def _near_leaves(rules: StageRules, numbers: Sequence[int]) -> Iterator[Leaf]:
    found: dict[Leaf, None] = {}
    for number in numbers:
        for rule in rules.entries[number][1].rules:
            found |= dict.fromkeys(rules.shapes.of(rule.when).near)
    yield from found
