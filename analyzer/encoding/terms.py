"""SMT-LIB terms as text, built only through constructors that fold constants.

Text parsed at once by Z3 costs a fraction of one z3py call per node, and the text is the evidence an auditor re-checks.
Names of symbols are our own (letters, digits, dots), never text of the user.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from analyzer.sets.intervals import Intervals, complement

Term = str

TRUE: Term = "true"
FALSE: Term = "false"

_NAME = re.compile(r"[a-z][\w.-]*")


def conj(terms: Iterable[Term]) -> Term:
    kept = dict.fromkeys(t for t in terms if t != TRUE)
    if FALSE in kept:
        return FALSE
    if not kept:
        return TRUE
    return next(iter(kept)) if len(kept) == 1 else f"(and {' '.join(kept)})"


def disj(terms: Iterable[Term]) -> Term:
    kept = dict.fromkeys(t for t in terms if t != FALSE)
    if TRUE in kept:
        return TRUE
    if not kept:
        return FALSE
    return next(iter(kept)) if len(kept) == 1 else f"(or {' '.join(kept)})"


def neg(term: Term) -> Term:
    if term == TRUE:
        return FALSE
    if term == FALSE:
        return TRUE
    if term.startswith("(not "):
        return term[5:-1]
    return f"(not {term})"


def implies(premise: Term, conclusion: Term) -> Term:
    return disj([neg(premise), conclusion])


def iff(left: Term, right: Term) -> Term:
    if TRUE in (left, right):
        return right if left == TRUE else left
    if FALSE in (left, right):
        return neg(right if left == FALSE else left)
    return equal(left, right)


def choose(condition: Term, then: Term, other: Term) -> Term:
    """If-then-else over booleans."""
    if condition == TRUE or then == other:
        return then
    if condition == FALSE:
        return other
    if then == TRUE:
        return disj([condition, other])
    if then == FALSE:
        return conj([neg(condition), other])
    if other == TRUE:
        return disj([neg(condition), then])
    if other == FALSE:
        return conj([condition, then])
    return f"(ite {condition} {then} {other})"


def pick(condition: Term, then: Term, other: Term) -> Term:
    """If-then-else over bit-vectors."""
    if condition == TRUE or then == other:
        return then
    return other if condition == FALSE else f"(ite {condition} {then} {other})"


def number(value: int, width: int) -> Term:
    return f"(_ bv{value} {width})"


def equal(left: Term, right: Term) -> Term:
    return TRUE if left == right else f"(= {left} {right})"


def within(term: Term, intervals: Intervals, width: int) -> Term:
    """The bit-vector `term` lies in one of the intervals; the shorter of the set and its complement is written."""
    top = 2**width - 1
    other = complement(intervals, 0, top)
    if len(other) < len(intervals):
        return neg(disj(_between(term, low, high, width) for low, high in other))
    return disj(_between(term, low, high, width) for low, high in intervals)


def _between(term: Term, low: int, high: int, width: int) -> Term:
    if low == high:
        return equal(term, number(low, width))
    size = high - low + 1
    free = size.bit_length() - 1
    if size == 1 << free and low % size == 0:  # a prefix: one equality on the leading bits
        if free == width:
            return TRUE
        return equal(f"((_ extract {width - 1} {free}) {term})", number(low >> free, width - free))
    parts = []
    if low > 0:
        parts.append(f"(bvuge {term} {number(low, width)})")
    if high < 2**width - 1:
        parts.append(f"(bvule {term} {number(high, width)})")
    return conj(parts)


def bits(count: int) -> int:
    """The width that tells `count` values apart, at least 1."""
    return max(1, (count - 1).bit_length())


class Script:
    """Collects declarations, shared definitions and assertions; `text` is the whole SMT-LIB script.

    Definitions are macros: Z3 expands them on a shared graph, so they keep the text short and the meaning plain.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._defined: dict[Term, str] = {}
        self.sorts: dict[str, int] = {}  # declared symbols: 0 for Bool, else the width

    def comment(self, text: str) -> None:
        if not text.isprintable():
            text = "".join(c if c.isprintable() else "?" for c in text)
        self._lines.append(f"; {text}")

    def boolean(self, name: str) -> Term:
        if name not in self.sorts:
            self.sorts[name] = 0
            self._lines.append(f"(declare-const {name} Bool)")
        return name

    def vector(self, name: str, width: int) -> Term:
        if name not in self.sorts:
            self.sorts[name] = width
            self._lines.append(f"(declare-const {name} (_ BitVec {width}))")
        return name

    def share(self, body: Term, width: int = 0) -> Term:
        """A name for a term (boolean, or a bit-vector of `width`), the same for the same body; short ones stay."""
        if len(body) < 40:
            return body
        name = self._defined.get(body)
        if name is None:
            name = f"t{len(self._defined)}"
            self._defined[body] = name
            sort = f"(_ BitVec {width})" if width else "Bool"
            self._lines.append(f"(define-fun {name} () {sort} {body})")
        return name

    def name(self, name: str, body: Term) -> None:
        """A boolean symbol that is true iff `body` is, to be assumed or denied when solving."""
        self.boolean(name)
        self._lines.append(f"(assert (= {name} {body}))")

    def mentioned(self, names: Collection[str]) -> list[str]:
        """Those of the names that a definition or an assertion mentions, in their order; no term that folded away."""
        if not names:
            return []
        said = " ".join(line for line in self._lines if line.startswith(("(define", "(assert")))
        words = frozenset(_NAME.findall(said))
        return [name for name in names if name in words]

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"
