"""The explanation for people: the answer, then each end with its rules in order, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from analyzer.model.aws import GroupPolicy, NodeGroups
from analyzer.model.calico import FOR_KUBERNETES, CalicoPolicy
from analyzer.model.cilium import CiliumPolicy
from analyzer.model.policies import Direction, Policy, PolicyLike, Tier
from analyzer.reports import words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.sets import ConnectionSet
from analyzer.verdicts.explanation import Answer, Effect, Explanation, Outcome, SideExplanation, Step

_MOST_UNSELECTING = 5
_DECIDING = {Effect.ALLOWS, Effect.DENIES, Effect.PASSES, Effect.END_DENIES, Effect.END_PASSES}


def render_explanation_text(found: Explanation, style: Style) -> bytes:
    """The whole explanation, encoded for `style.encoding`; `is_quiet` leaves out what does not match."""
    page = Page(style)
    ink = Ink.GOOD if found.certain == found.asked else Ink.BAD if not found.allowed else Ink.OPEN
    page.paragraph(f"{found.src} → {found.dst}", ink=Ink.STRONG, hang=2)
    page.paragraph(_answer(found.allowed, found.certain, found.asked), ink=ink)
    if found.reason:
        page.paragraph(found.reason, hang=2)
    for note in found.notes:
        page.paragraph(f"note: {note}", hang=2)
    for side in found.sides:
        page.blank()
        _side(page, side, found.src if side.direction is Direction.EGRESS else found.dst, found.asked)
    return bytes(page)


def render_answers_text(answers: Iterable[Answer], style: Style) -> bytes:
    """One paragraph to an answer: its id, what is asked, the verdict, and why."""
    page = Page(style)
    inks = {Outcome.ALLOWED: Ink.GOOD, Outcome.DENIED: Ink.BAD, Outcome.UNKNOWN: Ink.OPEN}
    for found in answers:
        asked = f"{found.id}: {found.src} → {found.dst} on {found.on}"
        page.paragraph(f"{asked}: {found.outcome.value}", ink=inks[found.outcome], hang=2)
        page.paragraph(found.reason, indent=2, hang=2)
        for note in found.notes:
            page.paragraph(f"note: {note}", indent=2, hang=2)
    return bytes(page)


def _answer(allowed: ConnectionSet, certain: ConnectionSet, asked: ConnectionSet) -> str:
    if not allowed:
        return f"denied: {asked}"
    parts = [f"allowed: {certain}"] if certain else []
    if allowed - certain:
        parts.append(f"may be allowed: {allowed - certain}")
    denied = asked - allowed
    if denied:
        parts.append("denied: all else" if asked & ConnectionSet.PORTS == ConnectionSet.PORTS else f"denied: {denied}")
    return ". ".join(parts)


def _side(page: Page, side: SideExplanation, owner: str, asked: ConnectionSet) -> None:
    direction = side.stage or side.direction.value
    page.paragraph(f"{direction} at {owner}: {_answer(side.allowed, side.certain, asked)}", ink=Ink.STRONG, hang=2)
    page.paragraph(side.reason, indent=2, hang=2)
    for tier, steps in groupby(side.steps, key=lambda step: step.tier):
        _tier(page, tier, list(steps))
    for note in side.notes:
        page.paragraph(f"note: {note}", indent=2, hang=2)


def _tier(page: Page, tier: str, steps: list[Step]) -> None:
    is_quiet = page.style.is_quiet
    asked = [step for step in steps if step.effect is not Effect.NOT_SELECTED]
    others = [step for step in steps if step.effect is Effect.NOT_SELECTED]
    if not asked and (is_quiet or not others):
        return
    page.paragraph(f"{tier} tier", indent=2, ink=Ink.FAINT)
    for step in asked:
        if step.effect in _DECIDING or not is_quiet:
            _step(page, step)
    for step in () if is_quiet else others[:_MOST_UNSELECTING]:
        _step(page, step)
    if not is_quiet and len(others) > _MOST_UNSELECTING:
        more = words.plural(len(others) - _MOST_UNSELECTING, "more policy")
        page.paragraph(f"{more} of this tier do not select it; --format json names them", indent=4, ink=Ink.FAINT)


def _step(page: Page, step: Step) -> None:
    ref = step.ref
    place = f" ({ref.source})" if ref.source.file else ""
    if ref.rule is None:
        _policy(page, step, place)
        return
    name = f" `{ref.rule.name}`" if ref.rule.name else ""
    page.paragraph(f"rule {ref.rule.index + 1}{name} {_verb(step)}{place}", indent=6, hang=2, ink=_ink(step))


def _policy(page: Page, step: Step, place: str) -> None:
    """What a policy does as a whole, or the end of its tier."""
    who = step.ref.policy.id
    match step.effect:
        case Effect.END_DENIES:
            page.paragraph(f"the end of the tier denies {step.connections}", indent=4, hang=2, ink=Ink.BAD)
        case Effect.END_PASSES:
            page.paragraph(f"the end of the tier passes {step.connections} on to the next", indent=4, hang=2)
        case Effect.NOT_SELECTED:
            page.paragraph(f"{who} does not select it: {step.why}{place}", indent=4, hang=2, ink=Ink.FAINT)
        case Effect.ISOLATES:
            page.paragraph(f"{who} selects and isolates it{place}", indent=4, hang=2)
        case _:
            page.paragraph(f"{who} selects it{_rank(step.ref.policy)}{place}", indent=4, hang=2)


def _rank(policy: PolicyLike) -> str:
    """Its place in its tier; Cilium's own, security groups and the one BaselineAdminNetworkPolicy have none."""
    if isinstance(policy, CiliumPolicy | GroupPolicy | NodeGroups) or policy.kind == "BaselineAdminNetworkPolicy":
        return ""
    if isinstance(policy, CalicoPolicy):
        return ", without an order" if policy.order is None else f", at order {policy.priority}"
    is_kubernetes_own = isinstance(policy, Policy) and policy.tier is Tier.NETWORK_POLICY
    return f", at order {FOR_KUBERNETES:g}" if is_kubernetes_own else f", with priority {policy.priority}"


def _verb(step: Step) -> str:
    match step.effect:
        case Effect.NO_MATCH:
            return f"does not match: {step.why}"
        case Effect.NOT_REACHED:
            return "is not reached: what comes before it decides"
        case Effect.PASSES:
            verb, rest = "pass", f"{step.connections} on to the next tier"
        case Effect.DENIES:
            verb, rest = "deny", str(step.connections)
        case _:
            verb, rest = "allow", str(step.connections)
    text = f"{step.effect.value} {rest}" if step.is_certain else f"may {verb} {rest}"
    return f"{text}: {step.why}" if step.why else text


def _ink(step: Step) -> Ink:
    if not step.is_certain:
        return Ink.OPEN
    return {Effect.ALLOWS: Ink.GOOD, Effect.DENIES: Ink.BAD}.get(step.effect, Ink.PLAIN)
