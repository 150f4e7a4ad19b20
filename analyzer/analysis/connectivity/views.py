"""The ends that a stage's formulas speak of: the classes of the cluster in a world of addresses, and one of them."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.analysis.connectivity.index import EndIndex
from analyzer.model.formulas import AtAddress, Attribute, EndSet, Formula, OnHostPort, OnNodes, OnPorts, Test
from analyzer.records import dataclass
from analyzer.semantics.fold import Grants
from analyzer.semantics.meaning import Bits, Meaning


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes `everyone`, with addresses of a family of which `key` tells in which sets they lie: a bit each, of
    the number that `numbers` has by `id()` of the set.  Of other sets a class may lie in them if it may somewhere."""

    index: EndIndex
    everyone: int
    version: int
    key: int
    numbers: Mapping[int, int]

    def among(self, ends: EndSet) -> Bits:
        if isinstance(ends, AtAddress):
            return self._at(ends)
        found = self.index.among(ends)
        if isinstance(ends, OnNodes) and self.index.host_pods:
            there = self._at(ends)
            return Bits(found | there.may & self.index.host_pods, found | there.must & self.index.host_pods)
        return Bits(found, found)

    def _at(self, ends: AtAddress | OnNodes) -> Bits:
        number = self.numbers.get(id(ends))
        if number is None:
            return self.index.at(self.index.addresses(ends), self.version)
        found = self.everyone if self.key >> number & 1 else 0
        return Bits(found, found)

    def passing(self, test: Test) -> int:
        return self.index.passing(test)

    def values(self, attribute: Attribute) -> Mapping[str | None, int]:
        return self.index.values(attribute)

    def on(self, ports: OnPorts | OnHostPort) -> Grants:
        return self.index.on(ports)

    def fixed(self, formula: Formula, meaning: Meaning) -> Bits:
        """Worked out once, for all classes."""
        found = self.index.fixed.get(id(formula))
        if found is None:  # it holds the formula, so that its id is not given anew
            everywhere = Classes(self.index, self.index.everything, 0, 0, {})
            bits = Meaning(meaning.shapes, everywhere, meaning.near, meaning.settled).ends(formula)
            found = self.index.fixed[id(formula)] = formula, bits
        return found[1]


@dataclass(frozen=True, slots=True)
class OneClass:
    """An end of the class `number`, at whichever of its addresses of the family."""

    index: EndIndex
    number: int
    version: int
    everyone: int = 1

    def _it(self, bits: int) -> int:
        return bits >> self.number & 1

    def among(self, ends: EndSet) -> Bits:
        may, must = Classes(self.index, self.index.everything, self.version, 0, {}).among(ends)
        return Bits(self._it(may), self._it(must))

    def passing(self, test: Test) -> int:
        return self._it(self.index.passing(test))

    def values(self, attribute: Attribute) -> Mapping[str | None, int]:
        return {value: 1 for value, bits in self.index.values(attribute).items() if self._it(bits)}

    def on(self, ports: OnPorts | OnHostPort) -> Grants:
        return [(1, span) for bits, span in self.index.on(ports) if self._it(bits)]

    def fixed(self, formula: Formula, meaning: Meaning) -> Bits:
        return meaning.ends(formula)
