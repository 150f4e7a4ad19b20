"""The pairs of an inventory that changed, folded: those that change alike in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, reduce
from ipaddress import ip_address, summarize_address_range
from operator import or_

from analyzer.records import dataclass
from analyzer.reports import words
from analyzer.reports.map_words import MOST_LISTED, address_words
from analyzer.sets import AddressSet, ConnectionSet
from analyzer.verdicts.difference import ChangedPairs, InventoryDifference, IsolationChange

_Key = tuple[ConnectionSet, ConnectionSet, ConnectionSet, ConnectionSet]


@dataclass(frozen=True, slots=True)
class Block:
    """Every source with every destination but itself: all these pairs changed alike."""

    sources: tuple[int, ...]
    destinations: tuple[int, ...]
    change: ChangedPairs


def folded(found: InventoryDifference) -> list[tuple[tuple[int, ...], list[Block]]]:
    """The blocks by their sources, in the order of the first of them."""
    alike: dict[_Key, dict[int, set[int]]] = {}
    sample: dict[_Key, ChangedPairs] = {}
    for change in found.changes:
        key = change.before, change.after, change.certain_before, change.certain_after
        sample.setdefault(key, change)
        for src in change.src:
            there = {dst for dst in change.dst if dst != src}
            if there:
                alike.setdefault(key, {}).setdefault(src, set()).update(there)
    blocks: dict[tuple[int, ...], list[Block]] = {}
    for key, by_source in alike.items():
        for sources, destinations in _rectangles(by_source):
            blocks.setdefault(sources, []).append(Block(sources, destinations, sample[key]))
    for mine in blocks.values():
        mine.sort(key=lambda block: (block.change.word, block.destinations))
    return sorted(blocks.items())


def _rectangles(by_source: dict[int, set[int]]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Sources with the same destinations together; the same but for themselves counts, where more are so alike."""
    plain = {src: frozenset(there) for src, there in by_source.items()}
    whole = {src: there | {src} for src, there in plain.items()}
    counts = Counter([*plain.values(), *whole.values()])
    groups: dict[frozenset[int], list[int]] = {}
    for src in by_source:
        chosen = whole[src] if counts[whole[src]] > counts[plain[src]] else plain[src]
        groups.setdefault(chosen, []).append(src)
    for there, sources in groups.items():
        yield tuple(sorted(sources)), tuple(sorted(there))


class Ends:
    """The names of sets of ends of one inventory."""

    def __init__(self, found: InventoryDifference) -> None:
        self._names = found.ends
        self._by_namespace: dict[str, set[str]] = {}
        self._ranges: dict[str, AddressSet] = {}
        for name in found.ends:
            if "[" in name and "/" in name:
                self._by_namespace.setdefault(name.partition("/")[0], set()).add(name)
            elif (addresses := _addresses(name)) is not None:
                self._ranges[name] = addresses

    @cached_property
    def _outside(self) -> AddressSet:
        return reduce(or_, self._ranges.values(), AddressSet.EMPTY)

    def of(self, numbers: Iterable[int]) -> str:
        """`every workload in namespace shop, web/api[Deployment], 10.0.0.0/8`."""
        return self.named([self._names[number] for number in numbers])

    def named(self, names: Iterable[str]) -> str:
        """The same of ends by their ids."""
        left = set(names)
        parts: list[str] = []
        every = set().union(*self._by_namespace.values()) if self._by_namespace else set()
        if len(every) > 1 and every <= left and len(self._by_namespace) > 1:
            parts.append("every workload")
            left -= every
        for namespace, mine in self._by_namespace.items():
            if len(mine) > 1 and mine <= left:
                parts.append(f"every workload in namespace {namespace}")
                left -= mine
        addresses = [self._ranges[name] for name in left if name in self._ranges]
        parts += sorted(name for name in left if name not in self._ranges)
        if addresses:
            parts += address_words(reduce(or_, addresses), self._outside)
        return words.listed(parts, "and", MOST_LISTED)

    def destinations(self, block: Block) -> str:
        """To whom, from the sources of the block: themselves are each other."""
        sources, destinations = set(block.sources), set(block.destinations)
        if len(sources) == 1 or not sources <= destinations:
            return self.of(sorted(destinations))
        others = sorted(destinations - sources)
        return f"each other and {self.of(others)}" if others else "each other"


def _addresses(name: str) -> AddressSet | None:
    """The addresses of an id `LOW-HIGH`; None for what is none."""
    low, _, high = name.partition("-")
    try:
        return AddressSet.of(*summarize_address_range(ip_address(low), ip_address(high)))
    except ValueError:
        return None


def isolation(change: IsolationChange, ends: Ends) -> str:
    """`shop/redis[Deployment] is no longer isolated for egress`."""
    verb = "is" if len(change.workloads) == 1 else "are"
    state = "isolated for" if change.is_isolated else "no longer isolated for"
    since = " now" if change.is_isolated else ""
    who = ends.named(change.workloads)
    if who.startswith("every ") and "," not in who and " and " not in who:
        verb = "is"
    return f"{who} {verb} {state} {change.direction.value}{since}"
