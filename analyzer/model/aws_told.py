"""What several documents tell of Amazon's objects, put together: each group, prefix list and VPC once (aws.md S9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from functools import reduce
from operator import or_
from typing import TypeVar

from analyzer.model.aws import (
    NO_AWS,
    AddressPart,
    Aws,
    AwsFact,
    AwsPolicy,
    AwsSettings,
    ClusterEndpoint,
    EniConfig,
    FargateProfile,
    GroupPolicy,
    GroupRule,
    NetworkInterface,
    PolicyEndpoint,
    PrefixList,
    SecurityGroup,
    Vpc,
)
from analyzer.model.policies import Direction, Policy

_Fact = TypeVar("_Fact")


def aws_of(facts: Iterable[AwsFact], policies: Iterable[Policy]) -> Aws:
    """All of them, sorted by what identifies them, whatever the order of the files.

    `policies`: the NetworkPolicies beside them; what the controller made of these is not read again (P6).
    """
    listed = list(facts)
    if not listed:
        return NO_AWS

    def of(kind: type[_Fact]) -> list[_Fact]:
        return [fact for fact in listed if isinstance(fact, kind)]

    parts = of(AddressPart)
    own = [fact.policy for fact in of(AwsPolicy)]
    written = {(p.namespace, p.name) for p in (*policies, *own) if p.namespace is not None}
    made = _merged(it.policy for it in of(PolicyEndpoint) if (it.policy.namespace, it.policy.name) not in written)
    return Aws(
        settings=tuple(sorted(of(AwsSettings), key=lambda s: s.source)),
        group_policies=tuple(sorted(of(GroupPolicy), key=lambda p: (p.namespace, p.name))),
        groups=tuple(sorted(_one_by_one(of(SecurityGroup)), key=lambda g: g.id)),
        lists=tuple(sorted(_told_lists(of(PrefixList), parts), key=lambda p: p.id)),
        interfaces=tuple(sorted(of(NetworkInterface), key=lambda i: i.id)),
        vpcs=tuple(sorted(_told_vpcs(of(Vpc), parts), key=lambda v: v.id)),
        eni_configs=tuple(sorted(of(EniConfig), key=lambda e: e.name)),
        fargate=tuple(sorted(of(FargateProfile), key=lambda f: (f.name, f.source))),
        policies=tuple(sorted((*own, *made), key=lambda p: (p.kind, p.namespace or "", p.name))),
        endpoints=tuple(sorted(of(PolicyEndpoint), key=lambda e: (e.policy.namespace or "", e.name))),
        orphans=tuple(it for it in of(ClusterEndpoint) if it.of not in {p.name for p in own if p.namespace is None}),
    )


def _one_by_one(groups: Iterable[SecurityGroup]) -> Iterable[SecurityGroup]:
    """Each group once: what tells all of its rules goes before rules told one by one, which are put together."""
    by_id: dict[str, list[SecurityGroup]] = {}
    for group in groups:
        by_id.setdefault(group.id, []).append(group)
    for id_, told in by_id.items():
        whole = [group for group in told if group.is_whole]
        first = min(whole or told, key=lambda group: group.source)
        rules = {_body(rule): rule for group in sorted(told, key=lambda g: g.source) for rule in group.rules}
        numbered: dict[Direction, int] = {}
        found = []
        for rule in rules.values():
            place = numbered.get(rule.direction, 0)
            numbered[rule.direction] = place + 1
            name = rule.name or f"{id_} {rule.direction.value} {place + 1}"
            found.append(replace(rule, index=place, name=name, owner=id_))
        is_by_rule = bool(whole) and all(group.is_by_rule for group in whole)
        sure = [group for group in whole if not group.is_by_rule]  # a list of rules may be a part of them
        otherwise = next((group.source for group in sure if group.meaning != sure[0].meaning), None)
        yield SecurityGroup(id_, tuple(found), first.source, first.name, bool(whole), is_by_rule, otherwise)


def _body(rule: GroupRule) -> object:
    """What it says, wherever it stands."""
    return tuple(getattr(rule, part.name) for part in fields(GroupRule) if part.name not in _TOLD)


_TOLD = ("index", "source", "name", "written", "address", "owner", "accounts")
"""What a rule does not mean, but where and how it is told."""


def _told_lists(lists: Iterable[PrefixList], parts: Iterable[AddressPart]) -> Iterable[PrefixList]:
    """Each list once, with all entries that anything tells where something tells of them as a whole."""
    found: dict[str, PrefixList] = {}
    for one in sorted(lists, key=lambda it: (it.addresses is None, it.source)):
        first = found.setdefault(one.id, one)
        if first.addresses is not None and one.addresses is not None:
            found[one.id] = replace(first, addresses=first.addresses | one.addresses)
    for part in parts:
        whole = found.get(part.of)
        if whole is not None and whole.addresses is not None:
            found[part.of] = replace(whole, addresses=whole.addresses | part.addresses)
    return found.values()


def _told_vpcs(vpcs: Iterable[Vpc], parts: Iterable[AddressPart]) -> Iterable[Vpc]:
    listed = list(parts)
    for vpc in vpcs:
        more = [part.addresses for part in listed if part.of == vpc.id]
        yield replace(vpc, addresses=reduce(or_, more, vpc.addresses)) if more else vpc


def _merged(made: Iterable[Policy]) -> Iterable[Policy]:
    """The slices of each policy as one."""
    found: dict[tuple[str | None, str], Policy] = {}
    for policy in made:
        first = found.get((policy.namespace, policy.name))
        if first is None:
            found[policy.namespace, policy.name] = policy
            continue
        ingress, egress = (
            None if one is None and more is None else (*(one or ()), *(more or ()))
            for one, more in ((first.ingress, policy.ingress), (first.egress, policy.egress))
        )
        found[policy.namespace, policy.name] = replace(first, ingress=ingress, egress=egress)
    return found.values()
