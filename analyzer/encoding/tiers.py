"""The tiers of a stage as a term: which of their rules counts, what isolation denies, which policies tie.

Tiers are folded from the last to the first: `after` is what holds when a tier hands on.  A tier that only accepts is
"closed implies some rule"; the others are chains of if-then-else.  Reference A0, B1, C2.  Equal priorities, and two
scales of them, are open facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.far_ends import WrittenAddress
from analyzer.encoding.formulas import FormulaTerms, Seen
from analyzer.encoding.sights import Asked
from analyzer.encoding.terms import FALSE, TRUE, Script, Term, choose, conj, disj, neg
from analyzer.model.formulas import Leaf, Open, Role, leaves
from analyzer.model.leading import Way
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, KeptScales, Stage, StagedRule, Tier, Unmatched, entries_in
from analyzer.model.policies import Action, Direction, RuleRef
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """A stage as it sees one connection: the end it judges, the far end, the port asked for if not the connection's.

    `way`: the Service's address and port that address ranges see, while all else sees what stands behind them.
    """

    stage: Stage
    direction: Direction
    subject: EndTerms
    far: Seen
    asked: Asked | None = None
    way: Way | None = None


class TierTerms:
    """Terms for what the tiers of a stage rule; `track_allows` for proofs of reachability, `is_tracked=False` where
    nobody asks what a proof rests on."""

    def __init__(
        self,
        formulas: FormulaTerms,
        script: Script,
        assertions: AssertionNames,
        *,
        track_allows: bool = False,
        is_tracked: bool = True,
    ) -> None:
        self.formulas, self.script, self.assertions = formulas, script, assertions
        self.track_allows, self.is_tracked = track_allows, is_tracked
        self._selected: dict[tuple[int, Role], Term] = {}
        self._sliced: dict[tuple[int, Direction], KeptScales] = {}

    def _track(self, entry: Entry, direction: Direction, rule: StagedRule | None = None) -> Term:
        if not self.is_tracked or entry.policy is None:
            return TRUE
        return self.assertions.track(RuleRef(entry.policy, direction, None if rule is None else rule.rule))

    # -------------------------------------------------------------------------------------------- tiers
    def ruling(self, view: View) -> Term:
        after = TRUE
        for tier in reversed(view.stage.tiers):
            scales = self.scales(view, tier)
            if not scales:
                continue
            closed = after
            if tier.unmatched is Unmatched.DENY:
                closing = self.script.share(disj(term for _, term in self.closing(view, tier)))
                closed = choose(closing, self.formulas.of(tier.spared, {}), after)
            if tier.is_union:
                after = self._union(view, scales, closed)
            else:
                after = self._first_match(view, scales, closed, after)
        return after

    def closing(self, view: View, tier: Tier) -> Iterator[tuple[Entry, Term]]:
        for entry in (e for e in entries_in(self.scales(view, tier)) if e.closes):
            track = TRUE if self.track_allows else self._track(entry, view.direction)
            yield entry, conj([track, self.selects(view, entry)])

    def _union(self, view: View, scales: KeptScales, closed: Term) -> Term:
        accepts = []
        for entry in entries_in(scales):
            matches = [self._tracked_accept(view, entry, rule) for rule in entry.rules]
            accepts.append(self.script.share(conj([self.selects(view, entry), disj(matches)])))
        return self.script.share(choose(self.script.share(disj(accepts)), TRUE, closed))

    def _tracked_accept(self, view: View, entry: Entry, rule: StagedRule) -> Term:
        match = self._when(view, rule)
        if match == FALSE or not self.track_allows or rule.rule is None:
            return match
        return conj([self._track(entry, view.direction, rule), match])

    # -------------------------------------------------------------------------------------------- first-match tiers
    def _first_match(self, view: View, scales: KeptScales, closed: Term, after: Term) -> Term:
        """Which scale of priorities goes first is not defined where there are two (reference 0.2)."""
        rulings = [self._on_scale(view, scale, closed, after) for scale in scales]
        if len(rulings) == 1:
            return rulings[0][1]
        policies = (entry.policy for entry in entries_in(scales))
        names = " and ".join(policy.id for policy in policies if policy is not None)
        text = f"no text puts the priorities of {names} on one scale"
        return self._tied(rulings, f"tie {view.direction.value} scales {names}", text, closed)

    def _on_scale(self, view: View, groups: Sequence[Sequence[Entry]], closed: Term, after: Term) -> tuple[Term, Term]:
        """(some rule matches, the ruling of these policies in their order)."""
        result, some = closed, FALSE
        if view.stage.name != view.direction.value:  # nothing but denials, of which any order will do
            groups = [[entry] for group in groups for entry in group]
        for group in reversed(groups):
            rulings = [self._one_policy(view, entry, result, after) for entry in group]
            policies = [entry.policy for entry in group if entry.policy is not None]
            names = " and ".join(f"{p.id} ({p.source})" for p in policies)
            text = f"equal priority {policies[0].priority if policies else 0}: the order of {names} is not defined"
            id_ = f"tie {view.direction.value} {' '.join(p.id for p in policies)}"
            result = self._tied(rulings, id_, text, result)
            some = self.script.share(disj([some, *(met for met, _ in rulings)]))
        return some, result

    def _one_policy(self, view: View, entry: Entry, below: Term, after: Term) -> tuple[Term, Term]:
        """(some rule matches, the ruling if this policy is asked first)."""
        ruling, matches = below, []
        for rule in reversed(entry.rules):
            match = self.script.share(conj([self.selects(view, entry), self._when(view, rule)]))
            if match == FALSE:
                continue
            match = conj([self._track_action(view, entry, rule), match])
            matches.append(match)
            outcome = {Action.ACCEPT: TRUE, Action.DENY: FALSE, Action.PASS: after}[rule.action]
            ruling = self.script.share(choose(match, outcome, ruling))
        return self.script.share(disj(matches)), ruling

    def _track_action(self, view: View, entry: Entry, rule: StagedRule) -> Term:
        """A Pass may keep a rule further down from deciding, whatever is to be proved."""
        unneeded = Action.DENY if self.track_allows else Action.ACCEPT
        return TRUE if rule.action is unneeded else self._track(entry, view.direction, rule)

    def _tied(self, rulings: list[tuple[Term, Term]], id_: str, text: str, below: Term) -> Term:
        """Any of the rulings that match may be the one that counts (reference B1.2)."""
        if len(rulings) == 1:
            return rulings[0][1]
        result = below
        later = FALSE
        for i in range(len(rulings) - 1, -1, -1):
            some, ruling = rulings[i]
            fact = OpenFact("tie", f"{id_} {i}", text)
            first = TRUE if later == FALSE else disj([self.assertions.open(fact), neg(later)])
            result = self.script.share(choose(conj([some, first]), ruling, result))
            later = self.script.share(disj([some, later]))
        return result

    # -------------------------------------------------------------------------------------------- ties
    def clash(self, view: View) -> Term:
        """Policies of one priority, or on two scales, match and do different things (reference B1.2, 0.2)."""
        later = FALSE
        for tier in reversed(view.stage.tiers):
            scales = self.scales(view, tier)
            if not scales:
                continue
            if tier.unmatched is Unmatched.DENY:
                later = conj([neg(disj(term for _, term in self.closing(view, tier))), later])
            if tier.is_union:
                if tier.unmatched is not Unmatched.DENY:
                    later = conj([neg(self._union(view, scales, FALSE)), later])
                continue
            found = [self._clashes(view, scale) for scale in scales]
            apart = [
                (one[a], two[b]) for (one, _), (two, _) in combinations(found, 2) for a, b in permutations(Action, 2)
            ]
            clashes = [*(clash for _, clash in found), *(conj(pair) for pair in apart)]
            met = disj(term for actions, _ in found for term in actions.values())
            passed = disj([neg(met), *(actions[Action.PASS] for actions, _ in found)])
            later = self.script.share(disj([*clashes, conj([passed, later])]))
        return later

    def _clashes(self, view: View, groups: Sequence[Sequence[Entry]]) -> tuple[dict[Action, Term], Term]:
        """(what the first policies that match on a scale of priorities do, they do different things)."""
        found, clash = dict.fromkeys(Action, FALSE), FALSE
        for group in reversed(groups):
            here = self._first_actions(view, group)
            met = disj(here.values())
            differ = disj(conj([here[a], here[b]]) for a, b in combinations(Action, 2))
            clash = self.script.share(choose(met, differ, clash))
            found = {action: self.script.share(choose(met, here[action], found[action])) for action in Action}
        return found, clash

    def _first_actions(self, view: View, entries: Sequence[Entry]) -> dict[Action, Term]:
        """For each action: it is what the first matching rule of some of the policies does."""
        found: dict[Action, list[Term]] = {action: [] for action in Action}
        for entry in entries:
            free = self.selects(view, entry)
            for rule in entry.rules:
                match = self._when(view, rule)
                found[rule.action].append(conj([free, match]))
                free = self.script.share(conj([free, neg(match)]))
        return {action: self.script.share(disj(terms)) for action, terms in found.items()}

    def passes_on(self, view: View, tier: Tier) -> Term:
        found = []
        for entry in entries_in(self.scales(view, tier)):
            passing = [rule for rule in entry.rules if rule.action is Action.PASS]
            if any(rule.rule is not None or not isinstance(rule.when, Open) for rule in passing):
                found.append(self.selects(view, entry))
            elif passing:  # nobody knows whether there is such a rule
                there = disj(self.formulas.of(rule.when, {Role.SELF: view.subject}) for rule in passing)
                found.append(conj([self.selects(view, entry), there]))
        return disj(found)

    def scales(self, view: View, tier: Tier) -> KeptScales:
        """The policies of the slice that can select the end."""
        found = self._sliced.get((id(tier), view.direction))
        if found is None:
            groups = ((self._live(view, group) for group in scale) for scale in tier.scales)
            scales = ([group for group in scale if group] for scale in groups)
            found = [scale for scale in scales if scale]
            self._sliced[id(tier), view.direction] = found
        return found

    def _live(self, view: View, group: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in group if self.selects(view, entry) != FALSE]

    def selects(self, view: View, entry: Entry) -> Term:
        key = id(entry), view.subject.role
        found = self._selected.get(key)
        if found is None:
            found = self._selected[key] = self.formulas.of(entry.subject, {Role.SELF: view.subject})
        return found

    def _when(self, view: View, rule: StagedRule) -> Term:
        stage = view.stage
        ends = {stage.judges: view.subject, stage.far: view.far, Role.SELF: view.subject}
        if view.way is None:
            return self.formulas.of(rule.when, ends, view.asked)
        seen = {**ends, stage.far: WrittenAddress(view.way.address)}
        asked = Asked(view.way.port.protocol, view.way.port.number)
        return disj([self.formulas.of(rule.by_address, seen, asked), self.formulas.of(rule.by_end, ends)])

    def asked_of(self, view: View) -> list[Leaf]:
        """What the policies of the slice ask of ports and of addresses."""
        kept = (entry for tier in view.stage.tiers for entry in entries_in(self.scales(view, tier)))
        return list(dict.fromkeys(leaf for entry in kept for rule in entry.rules for leaf in leaves(rule.when)))
