"""Which policies of a stage select each class of ends: that may hang on where an end is, of those on nodes, or on what
nobody knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product
from operator import or_

from analyzer.analysis.connectivity.classes import VERSIONS
from analyzer.analysis.connectivity.index import EndIndex
from analyzer.analysis.connectivity.stages import StageRules
from analyzer.analysis.connectivity.views import Classes
from analyzer.model.formulas import AtAddress, Member, OnNodes, Open
from analyzer.model.open_facts import OpenFact
from analyzer.semantics.asked import asked_in
from analyzer.semantics.meaning import Bits, Meaning, Shapes
from analyzer.sets import AddressSet
from analyzer.verdicts.connectivity import bit_indices, bits_of

Numbers = tuple[int, ...]
"""The entries that select an end, by number."""


MOST_FACTS = 6
"""Open facts settled one by one; of an end that hangs on more, policies may do anything."""


class Choosing:
    """`judged`: the classes to which the stage may apply; `unsure`: those of which it is not worked out what selects
    them."""

    def __init__(self, index: EndIndex, shapes: Shapes, rules: StageRules) -> None:
        self.index, self._shapes = index, shapes
        self._formulas = (rules.stage.applies, *(entry.subject for _, entry in rules.entries))
        leaves = [leaf for formula in self._formulas for leaf, _ in asked_in(formula)]
        self._ends = [it.ends for it in leaves if isinstance(it, Member) and isinstance(it.ends, AtAddress | OnNodes)]
        self._facts = tuple(dict.fromkeys(leaf.fact for leaf in leaves if isinstance(leaf, Open)))
        self.unsure: set[int] = set()
        on_nodes = index.host_pods | index.nodes if any(map(_is_of_places, leaves)) else 0
        self._on_nodes = {i: self._told_by_place(i) for i in bit_indices(on_nodes)}
        said = self._everyone({})
        chosen = [its.must for its in said]
        self._on_nodes |= self._told_by_facts(reduce(or_, (its.may & ~its.must for its in said)) & ~on_nodes)
        apart = bits_of(self._on_nodes)
        self.judged = chosen[0] & ~apart
        for i, options in self._on_nodes.items():
            self.judged |= 1 << i if any(its is not None for it in options.values() for its in it) else 0
        self._others: list[list[int]] = [[] for _ in index.classes]
        for number, bits in enumerate(chosen[1:]):
            for i in bit_indices(bits & self.judged & ~apart):
                self._others[i].append(number)

    def of(self, i: int) -> dict[int, tuple[Numbers | None, ...]]:
        """By family, the entries that may select the class, in each way in which that can be; None where the stage does
        not apply."""
        if i in self._on_nodes:
            return self._on_nodes[i]
        numbers = tuple(self._others[i]) if self.judged >> i & 1 else None
        return dict.fromkeys(self.index.classes[i].versions or VERSIONS, (numbers,))

    def _everyone(self, settled: dict[OpenFact, bool]) -> list[Bits]:
        """Whom each formula selects wherever they are."""
        classes = Classes(self.index, self.index.everything, VERSIONS[0], 0, {})
        meaning = Meaning(self._shapes, classes, classes, settled)
        return [meaning.ends(formula) for formula in self._formulas]

    def _told_by_facts(self, open_to: int) -> dict[int, dict[int, tuple[Numbers | None, ...]]]:
        """Of the classes whose policies hang on what is open, what selects them whatever is true of it."""
        facts = self._facts if len(self._facts) <= MOST_FACTS else ()
        if open_to and not facts:
            self.unsure.update(bit_indices(open_to))
        found: dict[int, dict[Numbers | None, None]] = {i: {} for i in bit_indices(open_to)}
        for answers in product((True, False), repeat=len(facts)) if open_to else ():
            applies, *chosen = (its.must for its in self._everyone(dict(zip(facts, answers, strict=True))))
            for i, options in found.items():
                numbers = tuple(number for number, bits in enumerate(chosen) if bits >> i & 1)
                options[numbers if applies >> i & 1 or i in self.unsure else None] = None
        versions = {i: self.index.classes[i].versions or VERSIONS for i in found}
        return {i: dict.fromkeys(versions[i], tuple(options)) for i, options in found.items()}

    # -------------------------------------------------------------------------------------------- ends on nodes
    def _told_by_place(self, i: int) -> dict[int, tuple[Numbers | None, ...]]:
        found = {}
        for version in self.index.classes[i].versions:
            options = dict.fromkeys(self._options(i, version))
            found[version] = tuple(options)
        return {version: options for version, options in found.items() if options}

    def _options(self, i: int, version: int) -> Iterator[Numbers | None]:
        numbers: dict[int, int] = {}
        sets: dict[AddressSet, int] = {}
        for ends in self._ends:
            numbers[id(ends)] = sets.setdefault(self.index.addresses(ends), len(sets))
        for key, bits in self.index.worlds(version, tuple(sets)):
            if bits >> i & 1:
                yield from self._settled(i, Classes(self.index, 1 << i, version, key, numbers))

    def _settled(self, i: int, one: Classes) -> Iterator[Numbers | None]:
        facts = self._facts
        if len(facts) > MOST_FACTS:
            facts = ()
            if any(its.may != its.must for its in self._said(one, {})):
                self.unsure.add(i)
        for answers in product((True, False), repeat=len(facts)):
            said = self._said(one, dict(zip(facts, answers, strict=True)))
            applies, *chosen = (bool(its.must) for its in said)
            is_judged = applies or i in self.unsure
            yield tuple(number for number, is_so in enumerate(chosen) if is_so) if is_judged else None

    def _said(self, one: Classes, settled: dict[OpenFact, bool]) -> list[Bits]:
        meaning = Meaning(self._shapes, one, one, settled)
        said = (meaning.ends(formula) for formula in self._formulas)
        return [Bits(its.may & one.everyone, its.must & one.everyone) for its in said]


def _is_of_places(leaf: object) -> bool:
    return isinstance(leaf, Open) or (isinstance(leaf, Member) and isinstance(leaf.ends, AtAddress | OnNodes))
