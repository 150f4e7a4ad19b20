"""What the tiers of a stage say of one connection: the fold over a single far end, every open fact settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from analyzer.model.formulas import Formula, Open, leaves
from analyzer.model.open_facts import OpenFact
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier, entries_in
from analyzer.model.policies import Action, RuleRef
from analyzer.semantics.decision import Ruling, StageVerdict
from analyzer.semantics.fold import Grants, Matches, Reach, Selected, Side, Span, ruling
from analyzer.semantics.formulas import Situation, is_true
from analyzer.semantics.ways import AtService

_NONE: frozenset[int] = frozenset()
_THIS = frozenset({1})  # the connection
_OF_ACTION = {action: place for place, action in enumerate((Action.ACCEPT, Action.DENY, Action.PASS))}


class _Step(NamedTuple):
    """A rule that matched, or with `rule` None a closing policy of an end for which none did."""

    tier: Tier
    entry: Entry
    rule: StagedRule | None


class _OneConnection:
    """A world of one far end.  With `at`, the destination is asked for by a Service's address: address ranges see that
    address and the Service's port, all else sees what stands behind it (reference A9.6, A13.7)."""

    everyone = 1
    full, empty = _THIS, _NONE

    def __init__(self, stage: Stage, about: Situation, at: AtService | None) -> None:
        self.stage, self.about = stage, about
        self.asked = None if at is None else at.seen(about)
        self.steps: list[_Step] = []

    def grants(self, rule: StagedRule) -> Grants:
        if self.asked is None:
            is_met = is_true(rule.when, self.about)
        else:
            is_met = is_true(rule.by_address, self.asked) or is_true(rule.by_end, self.about)
        return [(1, Span(_THIS, _THIS))] if is_met else []

    def spares(self, spared: Formula) -> Grants:
        return [(1, Span(_THIS, _THIS))] if is_true(spared, self.about) else []

    def hit(self, tier: Tier, entry: Entry, rule: StagedRule | None, grants: Grants, reach: Reach) -> None:
        self.steps.append(_Step(tier, entry, rule))

    def tied(self, sides: Sequence[Side]) -> dict[Matches, int]:
        """Which of those that match counts is open, where they do different things: the fact `tie`."""
        matching = []
        for entries, parts in sides:
            (matches,) = parts
            mine = [step for step in self.steps if any(step.entry is entry for entry in entries)]
            if mine:
                action = next(a for a, place in _OF_ACTION.items() if matches[place])
                matching.append((action, mine, parts))
        actions = [action for action in Action if any(action is its for its, _, _ in matching)]
        if not actions:
            return sides[0][1]
        chosen = actions[0].value
        if len(actions) > 1:
            fact = _tie([mine[0] for _, mine, _ in matching], self.stage.name)
            chosen = self.about.settle(fact, tuple(action.value for action in actions))
        counting = next(tied for tied in matching if tied[0].value == chosen)
        lost = [step for tied in matching if tied is not counting for step in tied[1]]
        self.steps = [step for step in self.steps if not any(step is other for other in lost)]
        return counting[2]


def _tie(steps: Sequence[_Step], stage: str) -> OpenFact:
    """Of policies of one priority, or of different kinds, nobody knows which goes first (reference B1.2, C2.3, 0.2)."""
    policies = [step.entry.policy for step in steps if step.entry.policy is not None]
    names = ", ".join(policy.id for policy in policies)
    rules = [step.rule.rule for step in steps if step.rule is not None and step.rule.rule is not None]
    places = " and ".join(f"{policy.id} ({rule.source})" for policy, rule in zip(policies, rules, strict=True))
    if len({policy.scale for policy in policies}) > 1:
        text = f"{places} disagree, and no text puts priorities of these kinds on one scale"
        return OpenFact("scales", f"{stage} scales: {names}", text)
    priority = policies[0].priority
    text = f"{places} have the same priority {priority} and disagree, and which goes first is not specified"
    return OpenFact("tie", f"{stage} {priority}: {names}", text)


# ------------------------------------------------------------------------------------------------ the tiers' word
def ruling_of(stage: Stage, selecting: Selected, about: Situation, at: AtService | None = None) -> Ruling:
    """What the policies of the stage that select the end say of the connection (reference A0, A10, B1, C2)."""
    world = _OneConnection(stage, about, at)
    ((span, _),) = ruling(selecting, world).items()
    verdict = StageVerdict.ALLOWED if span.may else StageVerdict.DENIED
    return _told(stage, selecting, world.steps, verdict)


def _told(stage: Stage, selecting: Selected, steps: Sequence[_Step], verdict: StageVerdict) -> Ruling:
    """The rules that decided, and why: those of the last tier that anything matched in, or that closed."""
    if not steps:
        is_selected = _selects(selecting)
        reason = "no rule of the policies that select it matches" if is_selected else "no policy selects it"
        return Ruling(stage.name, verdict, None, (), reason)
    tier = steps[-1].tier
    here = [step for step in steps if step.tier is tier]
    by_rules = [step for step in here if _is_written(step)]
    if here[0].rule is not None and here[0].entry.policy is None:
        through = [it for it in steps if it.tier is not tier and it.tier.passes_alone and _is_written(it)]
        if through and verdict is StageVerdict.ALLOWED:
            names = tuple(_reference(stage, step) for step in through)
            return Ruling(stage.name, verdict, tier.name, names, f"{rule_name(names[0])} lets it through")
        return Ruling(stage.name, verdict, tier.name, (), here[0].entry.why)
    if not by_rules:
        if here[-1].rule is not None and here[-1].entry.policy is None:
            return Ruling(stage.name, verdict, tier.name, (), here[-1].entry.why)
        return _closed(stage, tier, here, verdict)
    rules = tuple(_reference(stage, step) for step in by_rules)
    first = by_rules[0].rule
    if first is not None and first.action is Action.PASS:
        if tier.passes_alone:
            reason = f"{rule_name(rules[0])} lets it through, and no policy decides"
            return Ruling(stage.name, verdict, tier.name, rules, reason)
        later = selecting[[its for its, _ in selecting].index(tier) + 1 :]
        reason = f"{rule_name(rules[0])} passes it on and nothing else decides"
        if _selects(later):
            reason = "no rule of the policies that select it matches"
        return Ruling(stage.name, verdict, None, (), reason)
    return Ruling(stage.name, verdict, tier.name, rules, f"{verdict.value} by {rule_name(rules[0])}")


def _selects(selecting: Selected) -> bool:
    """Some policy selects the end: what the engine does by itself is none."""
    return any(entry.policy is not None for _, scales in selecting for entry in entries_in(scales))


def _is_written(step: _Step) -> bool:
    """Somebody wrote the rule that matched."""
    return step.rule is not None and step.rule.rule is not None


def _closed(stage: Stage, tier: Tier, closing: Sequence[_Step], verdict: StageVerdict) -> Ruling:
    """Isolation's word: a denial, or what it spares."""
    ruling = isolated_by(stage, tier, [step.entry for step in closing])
    if verdict is StageVerdict.DENIED:
        end = "and no rule allows this" if ruling.rules else "and nothing allows this"
        return Ruling(stage.name, verdict, ruling.tier, ruling.rules, f"{ruling.reason} {end}")
    reason = f"{ruling.reason}, but the profile lets protocols without ports pass"
    return Ruling(stage.name, verdict, ruling.tier, ruling.rules, reason)


def isolated_by(stage: Stage, tier: Tier, entries: Sequence[Entry]) -> Ruling:
    """`NetworkPolicy shop/deny isolates it`, whoever they are."""
    policies = [entry.policy for entry in entries if entry.policy is not None]
    if not policies:
        return Ruling(stage.name, StageVerdict.DENIED, None, (), entries[0].why)
    more = len(policies) - 1
    who = f"{policies[0].id} isolates it"
    if more:
        who = f"{policies[0].id} and {more} more {'isolate' if more > 1 else 'policy isolate'} it"
    rules = tuple(RuleRef(policy, stage.direction) for policy in policies)
    return Ruling(stage.name, StageVerdict.DENIED, tier.name, rules, who)


def _reference(stage: Stage, step: _Step) -> RuleRef:
    assert step.entry.policy is not None
    return RuleRef(step.entry.policy, stage.direction, step.rule.rule if step.rule else None)


def rule_name(reference: RuleRef) -> str:
    """`rule 2 of NetworkPolicy shop/web`, counted from 1; by its name if it has one."""
    if reference.rule is None:
        return reference.policy.id
    name = f"`{reference.rule.name}`" if reference.rule.name else str(reference.rule.index + 1)
    return f"rule {name} of {reference.policy.id}"


# ------------------------------------------------------------------------------------------------ what is not modelled
def as_modelled_first(about: Situation) -> Situation:
    """The same, where the first way of settling a fact is that it does not hold: that an object does nothing."""
    return replace(about, settle=lambda fact, options: about.settle(fact, tuple(reversed(options))))


def said(formula: Formula) -> str:
    """What is open in it, in words."""
    return next(leaf.fact.text for leaf in leaves(formula) if isinstance(leaf, Open))


def with_doubts(stage: Stage, told: Ruling, about: Situation) -> Ruling:
    """The ruling as it stands when objects that are not modelled may overturn it."""
    about = as_modelled_first(about)
    for doubt in stage.doubts:
        overturning = doubt.denies if told.allowed else doubt.allows
        if is_true(overturning, about):
            turned = StageVerdict.DENIED if told.allowed else StageVerdict.ALLOWED
            return Ruling(told.stage, turned, None, (), said(overturning))
    return told
