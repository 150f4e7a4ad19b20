"""What the terms of an obligation introduced: tracked literals with their rules, open facts with theirs."""

from __future__ import annotations

from analyzer.encoding.terms import Script, Term
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Direction, RuleRef


class AssertionNames:
    """Names for rules and for open facts, each declared in the script once and explained there in a comment.

    Terms of several clusters may share one: a fact of the same id is then the same fact.  `engine`: but for what one
    engine makes of objects, which another of two engines need not.
    """

    def __init__(self, script: Script, engine: str = "") -> None:
        self._script, self._engine = script, engine
        self.tracks: dict[str, RuleRef] = {}
        self.opens: dict[str, OpenFact] = {}
        self._track_names: dict[tuple[str, Direction, int | None], str] = {}
        self._open_names: dict[tuple[str, str], str] = {}

    def of_engine(self, engine: str) -> AssertionNames:
        """The same names, for terms of a cluster in which this engine enforces, beside those of another engine."""
        found = AssertionNames(self._script, engine)
        found.tracks, found.opens = self.tracks, self.opens
        found._track_names, found._open_names = self._track_names, self._open_names
        return found

    def track(self, ref: RuleRef) -> Term:
        """A literal that stands for "this rule, or this policy's isolation, counts"."""
        key = (ref.policy.id, ref.direction, ref.rule.index if ref.rule else None)
        name = self._track_names.get(key)
        if name is None:
            name = self._track_names[key] = f"k{len(self.tracks)}"
            self.tracks[name] = ref
            self._script.comment(f"{name}: {ref.policy.id} {ref.direction.value} {ref.source}")
        return self._script.boolean(name)

    def open(self, fact: OpenFact, width: int = 0) -> Term:
        """A literal that stands for the fact, one way or the other; with a width a bit-vector, for one of many ways."""
        key = fact.kind, f"{fact.id} of {self._engine}" if self._engine and fact.is_of_engine else fact.id
        name = self._open_names.get(key)
        if name is None:
            name = self._open_names[key] = f"o{len(self.opens)}"
            self.opens[name] = fact
            self._script.comment(f"{name}: {fact.text}")
        return self._script.vector(name, width) if width else self._script.boolean(name)
