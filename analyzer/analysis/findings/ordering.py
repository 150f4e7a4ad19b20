"""Policies and rules that stand in the wrong order: one that allows before one that denies, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.engine_edits import rule_place
from analyzer.analysis.findings.shadowed import RANKED
from analyzer.analysis.findings.text_edits import edit_to
from analyzer.analysis.findings.texts import Path, PlacedText, Texts
from analyzer.analysis.findings.ways import Way
from analyzer.model.calico import CalicoPolicy
from analyzer.model.cluster import Cluster
from analyzer.model.policies import Direction, Policy, PolicyLike
from analyzer.records import dataclass
from analyzer.verdicts.findings import Fault, Fix

_STEP = 10  # between the orders of two policies, where there is room
_DENY, _ALLOW = ("Deny",), ("Allow", "Accept", "Pass")


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A policy with its place among those of its tier, lower first; `at` is None where it has none: after all."""

    policy: PolicyLike
    placed: PlacedText
    field: str
    at: float | None

    @property
    def told(self) -> str:
        return f"`{self.field}: {self.at:g}`" if self.at is not None else f"no `{self.field}`"

    def moved(self, at: float) -> Any:
        value = self.placed.value
        value["spec"] = {**({} if self.field in value["spec"] else {self.field: 0}), **value["spec"]}
        value["spec"][self.field] = _plain(at)
        return value


def reordered(cause: Cause, cluster: Cluster, texts: Texts) -> Iterator[Way]:
    """A rule, or a policy, of the opposite action put first: what stands behind never decides of what came before."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or ref.rule is None or direction is None:
        return
    own = _ranked(ref.policy, texts)
    if own is None:
        return
    opposite, verb, other_verb = (
        (_DENY, "allows", "denies") if cause.key.fault is Fault.ALLOWS else (_ALLOW, "denies", "allows")
    )
    path = rule_place(own.placed, ref)
    if path is not None:
        yield from _rules_swapped(own.placed, path, opposite, f"{verb} what a later rule {other_verb}")
    tier = _alike(ref.policy, cluster, texts)
    for other in tier:
        if other.policy.id == ref.policy.id or not _comes_later(other, own) or not _has(other, direction, opposite):
            continue
        wrong = f"{verb} at {own.told} what {other.policy.id} {other_verb} at {other.told}"
        spot: Path = ("spec", own.field) if own.at is not None else path or ()
        first = _before(own, tier)
        if first is not None:
            said = f"set `{own.field}: {_plain(first)}` in {other.policy.id}, so that it comes first"
            yield Way(wrong, spot, Fix(said, edit_to(other.moved(first), other.placed)))
        last = _after(other, tier)
        if last is not None:
            said = f"set `{own.field}: {_plain(last)}`, so that {other.policy.id} comes first"
            yield Way(wrong, spot, Fix(said, edit_to(own.moved(last), own.placed)))


def _rules_swapped(placed: PlacedText, path: Path, opposite: Sequence[str], wrong: str) -> Iterator[Way]:
    """Each later rule of the opposite action moved before the rule."""
    *to_rules, number = path
    assert isinstance(number, int)
    for later in range(number + 1, len(_at(placed.value, to_rules))):
        value = placed.value
        rules = _at(value, to_rules)
        if (rules[later] or {}).get("action") not in opposite:
            continue
        rules.insert(number, rules.pop(later))
        said = f"put rule {later + 1} before rule {number + 1}: the first that matches decides"
        yield Way(wrong, path, Fix(said, edit_to(value, placed)))


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


# ------------------------------------------------------------------------------------------------ places
def _ranked(policy: PolicyLike, texts: Texts) -> _Ranked | None:
    is_calico = isinstance(policy, CalicoPolicy)
    if not is_calico and policy.kind not in RANKED:
        return None
    placed = texts.policy(policy)
    if placed is None or not isinstance(placed.value.get("spec"), dict):
        return None
    if isinstance(policy, CalicoPolicy):
        return _Ranked(policy, placed, "order", policy.order)
    return _Ranked(policy, placed, "priority", float(policy.priority))


def _alike(policy: PolicyLike, cluster: Cluster, texts: Texts) -> list[_Ranked]:
    """The policies that are asked one after the other with it."""
    there: list[PolicyLike] = []
    if isinstance(policy, CalicoPolicy):
        there += [it for it in cluster.calico.policies if it.tier == policy.tier]
    elif isinstance(policy, Policy):
        there += [it for it in cluster.policies if it.kind == policy.kind and it.tier is policy.tier]
    ranked = [_ranked(it, texts) for it in there]
    return [it for it in ranked if it is not None]


def _comes_later(one: _Ranked, other: _Ranked) -> bool:
    if one.at is None or other.at is None:
        return one.at is None and (other.at is not None or one.policy.name > other.policy.name)
    return one.at > other.at or (one.at == other.at and one.policy.name > other.policy.name)


def _has(one: _Ranked, direction: Direction, actions: Sequence[str]) -> bool:
    rules = one.placed.value["spec"].get(direction.value) or []
    return any((it or {}).get("action") in actions for it in rules)


def _before(one: _Ranked, tier: Sequence[_Ranked]) -> float | None:
    """A place before it and behind those that come before it by now; None where there is no room."""
    orders = [it.at for it in tier if it.at is not None]
    at = one.at if one.at is not None else max(orders, default=0.0) + 2 * _STEP
    earlier = max((it for it in orders if it < at), default=0.0 if at > 0 else at - 2 * _STEP)
    return _between(earlier, at, one.field, is_late=True)


def _after(one: _Ranked, tier: Sequence[_Ranked]) -> float | None:
    """A place behind it and before those that come behind it by now."""
    if one.at is None:
        return None
    at = one.at
    later = min((it.at for it in tier if it.at is not None and it.at > at), default=at + 2 * _STEP)
    return _between(at, later, one.field, is_late=False)


def _between(low: float, high: float, field: str, *, is_late: bool) -> float | None:
    room = high - low
    step = _STEP if room > _STEP else 1 if room > 1 else room / 2
    found = high - step if is_late else low + step
    if field == "order":
        return found
    return found if found == int(found) and _LOWEST <= found <= _HIGHEST else None


_LOWEST, _HIGHEST = 0, 1000  # of an admin policy's priority


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number
