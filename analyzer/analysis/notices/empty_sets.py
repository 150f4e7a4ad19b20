"""Sets in questions that no end is in, because `and` stands where `or` is meant."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model.claims import Query
from analyzer.model.formulas import All, Attribute, Formula, Name, Not, Some, Test
from analyzer.model.source import Notice


def empty_sets(query: Query) -> Iterator[Notice]:
    """One notice for each attribute that an end would have to have twice; `--quiet` keeps it."""
    if query.source.is_built_in:
        return
    found = dict.fromkeys(text for members in query.claim.sets for text in _twice(members))
    for text in found:
        message = f"query `{query.id}`: {text}: `and` means in both sets, and sets are put together with `or`"
        yield Notice(query.source, message, is_kept=True)


def _twice(members: Formula) -> Iterator[str]:
    match members:
        case All(parts):
            values: dict[Attribute, frozenset[str]] = {}
            for test in _tests(members):
                known = values.get(test.attribute)
                asked = test.meets if isinstance(test.meets, frozenset) else frozenset()
                if known is not None and not known & asked:
                    yield _words(test.attribute, known | asked)
                values[test.attribute] = asked if known is None else known & asked or asked
            for part in parts:
                yield from _twice(part) if isinstance(part, Some | Not) else ()
        case Some(parts):
            for part in parts:
                yield from _twice(part)
        case Not(part):
            yield from _twice(part)
        case _:
            pass


def _tests(members: All) -> Iterator[Test]:
    """Those that all have to hold, of names and of single values."""
    for part in members.parts:
        if isinstance(part, All):
            yield from _tests(part)
        elif isinstance(part, Test) and isinstance(part.meets, frozenset) and part.meets:
            yield part


def _words(attribute: Attribute, values: frozenset[str]) -> str:
    named = " and ".join(sorted(values))
    if attribute.name is Name.NAMESPACE:
        return f"no pod is in two namespaces, {named}"
    what = "namespace" if attribute.name is Name.NAMESPACE_LABEL else "pod"
    return f"no {what} has two values of `{attribute.key or attribute.name.value}`, {named}"
