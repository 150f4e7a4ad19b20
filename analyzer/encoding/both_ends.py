"""What holds between the two ends of a connection."""

from __future__ import annotations

from analyzer.encoding.ends import EndTerms
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.reach import POD
from analyzer.encoding.terms import (
    TRUE,
    Term,
    conj,
    disj,
    equal,
    implies,
    neg,
)
from analyzer.encoding.variables import Attribute
from analyzer.model.formulas import Role


def distinct(s: EndTerms, d: EndTerms, *, judges_nodes: bool) -> list[Term]:
    """What holds between the two ends: two different pods, one family, and one namespace has one set of labels.  One is
    a pod, or a node where nodes are judged too."""
    rules = [disj([s.pod, s.host, d.pod, d.host] if judges_nodes else [s.pod, d.pod])]
    twins = sorted({i for i, c in s.classes if c.is_single} & {i for i, _ in d.classes})
    rules += [neg(conj([s.is_class([i]), d.is_class([i])])) for i in twins]
    rules += _not_from_own_node(s, d)
    same = equal(s.ns, d.ns)
    for attr in s.scope.domains:
        if attr.kind == "ns":
            for standing in (Standing.KNOWN, Standing.FUTURE):
                left, right = (e.namespace_label(attr, standing) for e in (s, d))
                rules.append(implies(conj([same, s.pod, d.pod]), equal(left, right)))
    if s.scope.needs_addresses:
        v6 = s.variables.symbol(Role.CONNECTION, Attribute.FAMILY)
        apart = disj(
            [
                conj([neg(v6), neg(equal(s.address(4), d.address(4)))]),
                conj([v6, neg(equal(s.address(6), d.address(6)))]),
            ]
        )
        lonely = sorted({i for i, c in s.classes if c.may_share_address} & {i for i, _ in d.classes})
        shared = disj(conj([s.is_class([i]), d.is_class([i])]) for i in lonely)
        rules.append(disj([conj([s.on_host, d.on_host]), shared, apart]))
    return [s.script.share(r) for r in rules if r != TRUE]


def _not_from_own_node(s: EndTerms, d: EndTerms) -> list[Term]:
    """The source is not the only node that the destination's pods are on, nor on its network (reference A12.2)."""
    there: dict[str, list[int]] = {}
    for i, c in d.classes:
        if c.on_node is not None and c.kind == POD and not c.host_network:
            there.setdefault(c.on_node, []).append(i)
    rules = []
    for node, pods in there.items():
        near = [i for i, c in s.classes if c.on_node == node and c.uses_node]
        if near:
            rules.append(neg(conj([s.is_class(near), d.is_class(pods)])))
    return rules
