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

from collections.abc import Iterable
from functools import cached_property

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.both_ends import distinct
from analyzer.encoding.claims import ClaimTerms, assumed
from analyzer.encoding.classes import EndClass, end_classes
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.formulas import FormulaTerms
from analyzer.encoding.pipeline import PipelineTerms
from analyzer.encoding.question import Question
from analyzer.encoding.reach import POD
from analyzer.encoding.scope import Scope, scope_of
from analyzer.encoding.terms import Script, Term, conj, disj, iff
from analyzer.encoding.variables import Attribute, VariableBuilder, Variables
from analyzer.model.claims import Kind
from analyzer.model.cluster import Cluster
from analyzer.model.formulas import Role
from analyzer.model.open_facts import OpenFact
from analyzer.model.policies import Protocol, RuleRef
from analyzer.records import dataclass

UNIVERSE, VIOLATION, OUTSIDE = "universe", "violation", "outside"
IN_SCOPE, CONDITION, IN_SRC, IN_DST = "in-scope", "condition", "in-src", "in-dst"


@dataclass(frozen=True)
class Obligation:
    """`variables` describe a connection; `symbols` maps each declared symbol to its width (0: Bool)."""

    text: str
    scope: Scope
    classes: tuple[EndClass, ...]
    symbols: dict[str, int]
    variables: Variables
    tracks: dict[str, RuleRef]
    opens: dict[str, OpenFact]

    @property
    def fields(self) -> tuple[str, ...]:
        """The symbols of the variables."""
        return tuple(variable.symbol for variable in self.variables)

    @cached_property
    def class_codes(self) -> dict[str, tuple[int, ...]]:
        """By a workload's owner or a node's name: the symbol values of the classes it is in."""
        found: dict[str, dict[int, None]] = {}
        for i, c in enumerate(self.classes):
            for name in (*(w.owner for w in c.members), *([c.node.name] if c.node is not None else [])):
                found.setdefault(name, {})[i + 1] = None
        return {name: tuple(codes) for name, codes in found.items()}

    @cached_property
    def supposed(self) -> frozenset[int]:
        """The symbol values of the classes of pods that only an object that is not modelled may make."""
        return frozenset(i + 1 for i, c in enumerate(self.classes) if c.maker is not None)

    @property
    def policies(self) -> int:
        """How many policies the slice kept."""
        entries = (*self.scope.egress.entries, *self.scope.ingress.entries)
        return len({id(entry.policy) for entry in entries if entry.policy is not None})


def encode(cluster: Cluster, question: Question) -> Obligation:
    """Return the script that is unsatisfiable iff the claim holds (SOME: satisfiable iff it holds)."""
    scope = scope_of(cluster, question)
    claim, script = question.claim, Script()
    assertions = AssertionNames(script)
    classes = end_classes(scope)
    variables = VariableBuilder(script, scope, classes)
    src = EndTerms(Role.SRC, scope, classes, variables, script, assertions)
    dst = None if claim.kind is Kind.ISOLATED else EndTerms(Role.DST, scope, classes, variables, script, assertions)
    proves_reach = claim.kind in (Kind.EVERY, Kind.SOME)
    policies = PipelineTerms(scope, src, dst, variables, script, assertions, track_allows=proves_reach)
    terms = ClaimTerms(claim, src, dst, policies)
    return obligation(terms, terms.violation())


def obligation(
    terms: ClaimTerms, violation: Term, besides: Iterable[Term] = (), *, judges_nodes: bool = False
) -> Obligation:
    """The obligation that a claim's terms make, with `violation` for what breaks it; `besides`: what else is so;
    `judges_nodes`: connections of nodes with addresses outside, and with each other, are spoken of too."""
    src, dst, first = terms.src, terms.dst, terms.policies
    scope, script, assertions = first.scope, first.script, first.assertions
    in_src, in_dst = terms.sources(), terms.reached()
    violation = conj([violation, *(end.is_there() for end in (src, dst) if end is not None)])
    universe = src_exists = _exists(src, first.formulas)
    if dst is not None:
        is_other, has_none = first.formulas.has_protocol(Protocol.OTHER), first.formulas.port.lies_in(((0, 0),))
        dst_exists = [*_exists(dst, first.formulas), iff(is_other, has_none)]
        dst_exists += (first.formulas.exactly_others(), *first.ways.by_possible_way())
        universe = [*src_exists, *dst_exists, *distinct(src, dst, judges_nodes=judges_nodes)]
        universe += (*first.off_the_mesh(), *besides)
        universe += first.requests.well_formed() if first.requests is not None else []
        in_dst = conj([*dst_exists, in_dst])
    _tell_sorts(scope, first.variables, script)
    tracks, opens = dict(assertions.tracks), dict(assertions.opens)
    script.name(UNIVERSE, conj(universe))
    script.name(IN_SRC, conj([*src_exists, in_src]))
    script.name(IN_DST, in_dst)
    script.name(OUTSIDE, disj(end.external for end in (src, dst) if end is not None))
    script.name(IN_SCOPE, terms.scope())
    script.name(CONDITION, conj([terms.where(), terms.spoken_of()]))
    script.name(VIOLATION, violation)
    return Obligation(
        text=script.text,
        scope=scope,
        classes=src.every_class,
        symbols=dict(script.sorts),
        variables=first.variables.freeze(),
        tracks=tracks,
        opens={name: opens[name] for name in script.mentioned(opens)},
    )


def _tell_sorts(scope: Scope, variables: VariableBuilder, script: Script) -> None:
    """What the rows of a request stand for: each sort of texts by one of them, and the patterns that it matches."""
    for row in scope.requests.rows:
        name = f"{row.attribute.name.value}[{row.attribute.key}]" if row.attribute.key else row.attribute.name.value
        symbol = None if row.has_several else variables.symbol(Role.REQUEST, Attribute.TEXT, row.attribute)
        script.comment(f"request {name}: {'one boolean for each sort' if symbol is None else symbol}")
        for place, text in enumerate(row.witnesses):
            met = ", ".join(str(pattern) for pattern in row.patterns if pattern.matches(text)) or "none of the patterns"
            code = place + 1 if symbol else variables.symbol(Role.REQUEST, Attribute.VALUE, (row.attribute, place))
            script.comment(f"  {code}: {text!r} ({met})")


def _exists(end: EndTerms, formulas: FormulaTerms) -> list[Term]:
    """The end can exist and keeps to the assumptions."""
    assumptions = end.scope.assumptions if POD in end.reach.kinds else ()
    return [*end.well_formed(), *(assumed(a, end, formulas) for a in assumptions)]
