"""What is left of an AuthorizationPolicy's rule in ztunnel, as a formula (istio.md 6)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from analyzer.model.formulas import FALSE, TRUE, AtAddress, Formula, Member, Role, Test, both, either, negated
from analyzer.model.mesh import Conditions, MeshRule, Verdict
from analyzer.model.mesh_patterns import pattern, quoted
from analyzer.model.mesh_rules import IDENTITY, addresses_of, of_connection
from analyzer.sets.strings import PRESENT, Pattern, regex

_IN_ZTUNNEL = frozenset({"source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"})
IN_THREE_PARTS = Test(IDENTITY, regex("[^/]+/ns/[^/]*/sa/[^/]*"))
"""ztunnel knows identities of trust domain, namespace and service account, and takes any other for none."""


def in_ztunnel(rule: MeshRule, namespace: str, verdict: Verdict) -> Formula:
    """What is left of a rule where requests are not seen: fields of requests are dropped, an alternative with no field
    left never matches, and a rule of ALLOW that had any is dropped (istio.md 6)."""
    every = (rule.when, *rule.sources, *rule.operations)
    if verdict is Verdict.ALLOW and any(_is_beyond_ztunnel(conditions, rule) for conditions in every):
        return FALSE
    clauses: list[Sequence[Conditions]] = [rule.operations] if rule.operations else []
    clauses += [rule.sources] if rule.sources else []
    clauses += [((each,),) for each in rule.when]
    return both(either(_left_of(each, namespace, each in rule.sources) for each in clause) for clause in clauses)


def _is_beyond_ztunnel(conditions: Conditions, rule: MeshRule) -> bool:
    """`when` names fewer attributes than `source` has fields; trust domains are dropped without a word."""
    if conditions is rule.when:
        return any(each.attribute not in _IN_ZTUNNEL for each in conditions)
    kept = (*_IN_ZTUNNEL, "source.serviceAccount", "source.trustDomain")
    return any(each.attribute not in kept for each in conditions)


def _left_of(conditions: Conditions, namespace: str, is_source: bool) -> Formula:
    known = (*_IN_ZTUNNEL, "source.serviceAccount") if is_source else _IN_ZTUNNEL
    left = [each for each in conditions if each.attribute in known]
    if not left:
        return FALSE
    parts: list[Formula] = []
    for each in left:
        meets = partial(_meets_in_ztunnel, each.attribute, namespace)
        parts.append(either(map(meets, each.values)) if each.values else TRUE)
        parts.append(negated(either(map(meets, each.excepted))))
    return both(parts)


def _meets_in_ztunnel(attribute: str, namespace: str, value: str) -> Formula:
    """Identities are three parts here, each compared by itself."""
    match attribute:
        case "source.principal":
            return both([IN_THREE_PARTS, Test(IDENTITY, pattern(value, presence=PRESENT))])
        case "source.namespace":
            return both([IN_THREE_PARTS, Test(IDENTITY, _namespace_part(value))])
        case "source.serviceAccount":
            where, slash, name = value.partition("/")
            where, name = (where, name) if slash else (namespace, value)
            return Test(IDENTITY, regex(f"[^/]+/ns/{quoted(where)}/sa/{quoted(name)}"))
        case "source.ip":
            return Member(Role.SRC, AtAddress(addresses_of(value), value))
        case _:
            return of_connection(attribute, value)


def _namespace_part(text: str) -> Pattern:
    if text == "*":
        return PRESENT
    if text.startswith("*"):
        return regex(f"[^/]+/ns/[^/]*{quoted(text[1:])}/sa/.*")
    if text.endswith("*"):
        return regex(f"[^/]+/ns/{quoted(text[:-1])}[^/]*/sa/.*")
    return regex(f"[^/]+/ns/{quoted(text)}/sa/.*")
