"""Partitions of a set of ends by a value: `{value: bits}`, the values distinct, the bit sets disjoint and not empty."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

A = TypeVar("A", bound=Hashable)
B = TypeVar("B", bound=Hashable)
C = TypeVar("C", bound=Hashable)


def refined(parts: dict[A, int], changes: Iterable[tuple[int, B]], step: Callable[[A, B], A]) -> dict[A, int]:
    """The partition after each value has gone through `step` on the bits of each change; changes are disjoint."""
    listed = list(changes)
    found: dict[A, int] = {}
    for value, bits in parts.items():
        rest = bits
        for where, change in listed:
            hit = rest & where
            if hit:
                rest ^= hit
                after = step(value, change)
                found[after] = found.get(after, 0) | hit
        if rest:
            found[value] = found.get(value, 0) | rest
    return found


def joined(left: dict[A, int], right: dict[B, int], combine: Callable[[A, B], C]) -> dict[C, int]:
    """The common refinement, each part with the combined value."""
    found: dict[C, int] = {}
    for a, a_bits in left.items():
        for b, b_bits in right.items():
            both = a_bits & b_bits
            if both:
                value = combine(a, b)
                found[value] = found.get(value, 0) | both
    return found


def mapped(parts: dict[A, int], change: Callable[[A], B]) -> dict[B, int]:
    found: dict[B, int] = {}
    for value, bits in parts.items():
        after = change(value)
        found[after] = found.get(after, 0) | bits
    return found
