"""What was worked out of a cluster, kept for as long as what was read for it is the same.

A value is worked out on a stand-in that notes which parts of the cluster are read.  Clusters made of one another with
`replace` share a memory, and a value holds for each of them whose parts are the very objects that were read.  So what
an answer depends on is what was read, and nowhere listed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import wraps
from types import FunctionType, MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from analyzer.records import dataclass

Thing = TypeVar("Thing")
T = TypeVar("T")
P = ParamSpec("P")


class Remembering(Protocol):
    """A frozen dataclass that has a memory: a cluster."""

    @property
    def memory(self) -> Memory: ...


C = TypeVar("C", bound=Remembering)

_MOST_GONE = 1_000
_MOST = 4  # values of one kind: a few states of a cluster, as a session goes to and fro between them


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value with the parts that were read for it, by the names of the fields."""

    parts: dict[str, Any]
    value: Any

    def holds_for(self, cluster: object) -> bool:
        return all(getattr(cluster, name) is part for name, part in self.parts.items())


class Memory:
    """The values, by what they are."""

    def __init__(self) -> None:
        self._kept: dict[object, list[_Kept]] = {}

    def __reduce__(self) -> tuple[type[Memory], tuple[()]]:
        return Memory, ()  # another process works it out again

    def kept(self, cluster: Any, key: object, make: Callable[[Any], Any]) -> _Kept:
        """What `make` gives of the cluster, now or earlier."""
        known = self._kept.setdefault(key, [])
        for found in known:
            if found.holds_for(cluster):
                return found
        reading: Any = _Reading(cluster)
        value = make(reading)
        found = _Kept(reading.finished(), value)
        known[:] = [found, *known[: _MOST - 1]]
        return found


class PerObject(Generic[Thing, T]):
    """What was worked out of each of many objects that come and go, for as long as it is the very object."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Thing, T]] = {}

    def of(self, objects: Sequence[Thing], make: Callable[[Thing], T], *, are_all: bool = True) -> Iterator[T]:
        """What `make` gives of each.  `are_all`: there are no others now, and what was worked out of those that were
        there is forgotten in time."""
        if are_all:
            forget_others(self._kept, objects)
        kept = self._kept
        for thing in objects:
            known = kept.get(id(thing))
            if known is None or known[0] is not thing:
                known = kept[id(thing)] = thing, make(thing)
            yield known[1]

    def forget_others(self, objects: Sequence[Thing]) -> None:
        """These are all that there are now; what is known of many more is forgotten."""
        forget_others(self._kept, objects)


def forget_others(kept: dict[int, Any], objects: Sequence[object]) -> None:
    """Of what is kept by `id()`, when there is much more than there are objects, leave what is kept of these."""
    if len(kept) > 2 * len(objects) + _MOST_GONE:
        there = set(map(id, objects))
        for gone in [key for key in list(kept) if key not in there]:
            kept.pop(gone, None)  # another thread may have been first


class Together(Generic[Thing, T]):
    """What many objects say together; where few of them are others than last time, only those few are asked again.

    Threads may share it: what was found last is replaced as a whole.
    """

    def __init__(self, make: Callable[[Thing], Collection[T]]) -> None:
        self._make = make
        self._last: tuple[dict[int, Thing], dict[T, int]] = {}, {}

    def of(self, objects: Sequence[Thing]) -> Mapping[T, int]:
        """By how many of the objects each thing is said, of those that are."""
        before, counts = self._last
        now = dict(zip(map(id, objects), objects, strict=True))  # which keeps alive what it knows by its `id()`
        gone, come = before.keys() - now.keys(), now.keys() - before.keys()
        if not gone and not come:
            return counts
        counts = dict(counts)
        for thing in come:
            for said in self._make(now[thing]):
                counts[said] = counts.get(said, 0) + 1
        for thing in gone:
            for said in self._make(before[thing]):
                counts[said] -= 1
                if not counts[said]:
                    del counts[said]
        self._last = now, counts
        return counts


class _Reading:
    """Stands in for a cluster and notes what is read of it, until the value is there."""

    def __init__(self, cluster: Remembering) -> None:
        self._cluster: Remembering | None = cluster
        self._parts: dict[str, Any] = {}

    def finished(self) -> dict[str, Any]:
        """What was read.  INVARIANT: a value keeps no hold of what it was worked out of, and so reads nothing later."""
        self._cluster = None
        return self._parts

    def recall(self, key: object, make: Callable[[Any], Any]) -> Any:
        """As `Cluster.recall`: what was read for that value is read for this one too."""
        assert self._cluster is not None, f"{key} is read after the value was worked out"
        found = self._cluster.memory.kept(self._cluster, key, make)
        self._parts |= found.parts
        return found.value

    def __getattr__(self, name: str) -> Any:
        assert self._cluster is not None, f"{name} is read after the value was worked out"
        cluster = self._cluster
        own = getattr(type(cluster), name, None)
        if isinstance(own, remembered_property):
            return self.recall(own.make, own.make)
        if isinstance(own, FunctionType):
            return MethodType(own, self)
        names = [field.name for field in fields(cluster) if field.name != "memory"]  # type: ignore[arg-type]
        self._parts |= {part: getattr(cluster, part) for part in ([name] if name in names else names)}
        return getattr(cluster, name)


class remembered_property(Generic[T]):  # noqa: N801 - as `property` and `cached_property`
    """A property of a cluster that is worked out once for all that share what is read for it."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, cluster: None, owner: type) -> remembered_property[T]: ...
    @overload
    def __get__(self, cluster: Remembering, owner: type) -> T: ...
    def __get__(self, cluster: Remembering | None, owner: type) -> remembered_property[T] | T:
        if cluster is None:
            return self
        value: T = cluster.memory.kept(cluster, self.make, self.make).value
        vars(cluster)[self.make.__name__] = value  # from now on it is found before this is asked
        return value


def remembered(make: Callable[Concatenate[C, P], T]) -> Callable[Concatenate[C, P], T]:
    """A function of a cluster, and of what can be a key, that is worked out once for all that share what it reads."""

    @wraps(make)
    def found(cluster: Any, /, *args: P.args, **named: P.kwargs) -> T:
        assert not named, "what it is asked about is its key"
        value: T = cluster.recall((make, *args), lambda reading: make(reading, *args, **named))
        return value

    return found
