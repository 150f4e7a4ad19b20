"""The obligation: one claim in one universe as an SMT-LIB script, with all that is needed to read an answer.

The script names these booleans; a solver assumes or denies them:

| name | true iff |
|---|---|
| universe | the ends can exist, the assumptions hold |
| violation | the connection breaks the claim (for `some`: fulfils it) |
| in-scope | the claim speaks of the connection |
| condition | its `where` holds of the connection |
| in-src, in-dst | that end can exist, taken alone, and is in the claim's set (and the port among its ports) |
| outside | one end is an address outside the cluster |
| k… | tracked: the rule or policy of that number counts |

The claim holds iff `universe` and `violation` and all tracked literals are unsatisfiable together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from analyzer.encoding.claims import ClaimTerms, assumed
from analyzer.encoding.classes import EndClass, end_classes
from analyzer.encoding.ends import PROTOCOL_CODES, EndTerms, distinct
from analyzer.encoding.ledger import Ledger
from analyzer.encoding.question import Question
from analyzer.encoding.rules import PolicyTerms
from analyzer.encoding.scope import POD, Scope, scope_of
from analyzer.encoding.terms import Script, Term, conj, disj, equal, iff, number
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol, RuleRef
from analyzer.records import dataclass

UNIVERSE, VIOLATION, OUTSIDE = "universe", "violation", "outside"
IN_SCOPE, CONDITION, IN_SRC, IN_DST = "in-scope", "condition", "in-src", "in-dst"


@dataclass(frozen=True)
class Obligation:
    """`symbols` maps every declared symbol to its width (0: Bool).  `fields` are those that describe a connection,
    `unknowns` those of them that neither the question nor the manifests settle; `cuts` are the values where a symbol's
    meaning can change: between two cuts nothing differs."""

    text: str
    scope: Scope
    classes: tuple[EndClass, ...]
    symbols: dict[str, int]
    fields: tuple[str, ...]
    unknowns: frozenset[str]
    tracks: dict[str, RuleRef]
    opens: dict[str, OpenFact]
    cuts: dict[str, tuple[int, ...]]

    @cached_property
    def class_codes(self) -> dict[str, tuple[int, ...]]:
        """By a workload's owner or a node's name: the symbol values of the classes it is in."""
        found: dict[str, dict[int, None]] = {}
        for i, c in enumerate(self.classes):
            for name in (*(w.owner for w in c.members), *([c.node.name] if c.node is not None else [])):
                found.setdefault(name, {})[i + 1] = None
        return {name: tuple(codes) for name, codes in found.items()}

    @cached_property
    def addressed(self) -> frozenset[int]:
        """The symbol values of the classes whose addresses are known: theirs is in x4 or x6, not in u4 or u6."""
        return frozenset(i + 1 for i, c in enumerate(self.classes) if c.addresses is not None)

    @cached_property
    def supposed(self) -> frozenset[int]:
        """The symbol values of the classes of pods that only an object that is not modelled may make."""
        return frozenset(i + 1 for i, c in enumerate(self.classes) if c.maker is not None)

    @property
    def policies(self) -> int:
        """How many policies the slice kept."""
        return len({id(p) for p in (*self.scope.egress, *self.scope.ingress)})


def encode(cluster: Cluster, question: Question) -> Obligation:
    """Return the script that is unsatisfiable iff the claim holds (SOME: satisfiable iff it holds)."""
    scope = scope_of(cluster, question)
    claim, script = question.claim, Script()
    ledger = Ledger(script)
    classes = end_classes(scope)
    src = EndTerms("s", scope, scope.src, classes, script, ledger)
    dst = None if claim.kind is Kind.ISOLATED else EndTerms("d", scope, scope.dst, classes, script, ledger)
    proves_reach = claim.kind in (Kind.EVERY, Kind.SOME)
    policies = PolicyTerms(scope, src, dst, script, ledger, track_allows=proves_reach)
    terms = ClaimTerms(claim, src, dst, policies)
    return obligation(terms, terms.violation(), [policies])


def obligation(terms: ClaimTerms, violation: Term, policies: Sequence[PolicyTerms]) -> Obligation:
    """The obligation that a claim's terms make, with `violation` for what breaks it; `policies` are all that it is
    made of, over the same symbols."""
    src, dst, first = terms.src, terms.dst, terms.policies
    scope, script, ledger = first.scope, first.script, first.ledger
    in_src, in_dst = terms.sources(), terms.reached()
    violation = conj([violation, *(end.is_there() for end in (src, dst) if end is not None)])
    universe = src_exists = _exists(src)
    if dst is not None:
        is_other = equal(first.matching.protocol, number(PROTOCOL_CODES[Protocol.OTHER], 2))
        dst_exists = [*_exists(dst), iff(is_other, equal(first.matching.port, number(0, 16)))]
        dst_exists += first.by_possible_way()
        universe = [*src_exists, *dst_exists, *distinct(src, dst)]
        in_dst = conj([*dst_exists, in_dst])
    tracks, opens = dict(ledger.tracks), dict(ledger.opens)
    fields = tuple(name for name in script.sorts if name not in tracks and name not in opens)
    script.name(UNIVERSE, conj(universe))
    script.name(IN_SRC, conj([*src_exists, in_src]))
    script.name(IN_DST, in_dst)
    script.name(OUTSIDE, disj(end.external for end in (src, dst) if end is not None))
    script.name(IN_SCOPE, terms.scope())
    script.name(CONDITION, terms.where())
    script.name(VIOLATION, violation)
    return Obligation(
        text=script.text,
        scope=scope,
        classes=src.every_class,
        symbols=dict(script.sorts),
        fields=fields,
        unknowns=frozenset(f for f in fields if f[1:].startswith((".u4", ".u6", ".nl."))),
        tracks=tracks,
        opens=opens,
        cuts=_cuts(policies),
    )


def _exists(end: EndTerms) -> list[Term]:
    """The end can exist and keeps to the assumptions."""
    assumptions = end.scope.assumptions if POD in end.reach.kinds else ()
    return [*end.well_formed(), *(assumed(a, end) for a in assumptions)]


def _cuts(policies: Iterable[PolicyTerms]) -> dict[str, tuple[int, ...]]:
    cuts: dict[str, set[int]] = {"port": set()}
    for terms in policies:
        cuts["port"] |= terms.matching.port_cuts
        for end in (terms.src, terms.dst):
            if end is not None:
                for version, edges in end.address_cuts.items():
                    for kind in "xu":
                        cuts.setdefault(f"{end.letter}.{kind}{version}", set()).update(edges)
    return {symbol: tuple(sorted(edges)) for symbol, edges in cuts.items()}
