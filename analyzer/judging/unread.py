"""Verdicts beside objects that could not be read: each may be any object of its kind and place (design 1).

What such an object does to the connections of the pods it reaches is an open fact of the encoding, as it is for every
object that is not modelled.  The rest is here, verdict by verdict: the pods that it may be, on their node's network and
of any address; the labels of a namespace; which addresses are outside; isolation and ties.  A verdict that it could
change is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import and_, or_

from analyzer.encoding.reach import Ends, ends_of
from analyzer.encoding.scope import Scope
from analyzer.encoding.walk import claim_sets, tests_of
from analyzer.model.claims import Claim, Kind, Universe
from analyzer.model.cluster import Cluster, MayBe, Unmodelled
from analyzer.model.endpoints import Pod
from analyzer.model.ends import ANYTHING, ApiServer, Behind, ServiceNamed
from analyzer.model.formulas import ANY_PODS, All, AtAddress, Formula, Leaf, Member, Name, OfKind, OfWorkload, Some
from analyzer.sets import AddressSet
from analyzer.verdicts.verdict import Counterexample, Status, Verdict

REASON = "an object that could not be read may change it"


def beside_unread(verdict: Verdict, scope: Scope) -> Verdict:
    """The verdict, unless something that could not be read may make it another one."""
    unread = [thing for thing in scope.cluster.unmodelled if thing.may_be]
    if not unread or verdict.status is Status.UNKNOWN:
        return verdict
    changing = [thing for thing in unread if _may_change(verdict, thing, scope)]
    if not changing:
        return verdict
    blame = tuple(f"{thing.id} ({thing.source}): {thing.why}" for thing in changing)
    return Verdict(verdict.query, Status.UNKNOWN, verdict.universe, REASON, blame=blame)


def unread_in(*sides: Cluster) -> tuple[str, ...]:
    """What of two revisions may change, beside their policies, for all that could be read; in words."""
    policies = {MayBe.NAMESPACED, MayBe.POLICY, MayBe.ADMIN_POLICY}
    things = dict.fromkeys(thing for side in sides for thing in side.unmodelled if thing.may_be - policies)
    return tuple(f"{thing.id} ({thing.source}): {thing.why}" for thing in things)


def _may_change(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    is_of_more = (verdict.status is Status.REFUTED) is (scope.question.claim.kind is Kind.SOME)
    if is_of_more and _may_be_elsewhere(thing, scope):
        return True
    return any(_CHANGES[part](verdict, thing, scope) for part in thing.may_be)


def _may_be_elsewhere(thing: Unmodelled, scope: Scope) -> bool:
    """It may stand in a namespace that nothing else mentions, whose pods the universe then has too."""
    if scope.question.universe is Universe.ANY or MayBe.NAMESPACED not in thing.may_be:
        return False
    return thing.namespace is None or thing.namespace not in scope.cluster.namespace_by_name


def _no(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    return False


def _anything(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    return True


def _policy(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    """A NetworkPolicy isolates, and so takes from the Baseline tier what ties there (reference B1.6)."""
    claim = scope.question.claim
    return verdict.status is Status.REFUTED and claim.kind in (Kind.ISOLATED, Kind.NEVER_TIE) and _touches(thing, scope)


def _admin_policy(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    """It may tie, or decide before those that do; it isolates nobody (reference B1.3)."""
    return scope.question.claim.kind is Kind.NEVER_TIE


def _pods(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    """More pods: plain ones that every universe but the inventory has already, and such on their node's network."""
    claim, universe = scope.question.claim, scope.question.universe
    if verdict.status is Status.REFUTED:
        return claim.kind is Kind.SOME and _may_hold(thing, claim, scope)
    if claim.kind is Kind.SOME:
        return False
    if universe is Universe.INVENTORY:
        return _touches(thing, scope)
    return claim.kind is not Kind.NEVER_TIE and _may_hold(thing, claim, scope)


def _may_hold(thing: Unmodelled, claim: Claim, scope: Scope) -> bool:
    """A pod of its namespace may be a member of a set, so that what it opens or is sent counts.

    A source of `only` that is new, and a destination of `can reach only`, are no worse than the node they are on.
    """
    table = scope.table
    sets = [claim.sources, claim.destinations or ANYTHING]
    if claim.kind is Kind.ONLY:
        sets = sets[1:]
    elif claim.kind in (Kind.REACHES_ONLY, Kind.ISOLATED):
        sets = sets[:1]
    found = [ends_of(members, table) for members in sets]
    return any(end.namespaces and _is_in(thing, end, scope) for end in found)


def _is_in(thing: Unmodelled, end: Ends, scope: Scope) -> bool:
    return any(thing.reaches(scope.table.entries[code].name) for code in end.namespaces) or (
        thing.namespace is not None and thing.namespace not in scope.cluster.namespace_by_name
    )


def _touches(thing: Unmodelled, scope: Scope) -> bool:
    return _is_in(thing, scope.src, scope) or _is_in(thing, scope.dst, scope)


def _namespace(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    """Labels of a namespace merely mentioned are unknown, so that what holds of all of them stands; what is refuted
    may be so by labels that it does not have.  The inventory takes them for absent.  They say nothing of ends in other
    namespaces."""
    is_closed, claim = scope.question.universe is Universe.INVENTORY, scope.question.claim
    if not _touches(thing, scope) and not (is_closed and _asks_for_namespaces(scope)):
        return False
    if verdict.status is Status.REFUTED and claim.kind is not Kind.SOME:
        return not any(_is_elsewhere(example, thing, scope) for example in verdict.counterexamples)
    return is_closed


def _asks_for_namespaces(scope: Scope) -> bool:
    """A set is of namespaces by their labels, so that more of them may be in it."""
    sets = (*scope.question.claim.sets, *(assumption.members for assumption in scope.assumptions))
    return any(test.attribute.name is Name.NAMESPACE_LABEL for members in sets for test in tests_of(members))


def _is_elsewhere(example: Counterexample, thing: Unmodelled, scope: Scope) -> bool:
    """Its ends are in namespaces of which all is known, or that are yet to be created, or in none: it stands whatever
    the labels of another are."""
    found = example.connection
    ends = (found.src, found.dst) if found is not None else (example.subject,)
    names = [end.namespace for end in ends if isinstance(end, Pod)]
    known = scope.cluster.namespace_by_name
    return all(
        thing.namespace != name if name not in known else known[name].is_declared or not thing.reaches(name)
        for name in names
    )


def _addresses(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    """An address more is a pod's, a node's or a Service's, and so neither outside nor bounded as pods' are."""
    return scope.question.claim.kind is not Kind.ISOLATED


def _service(verdict: Verdict, thing: Unmodelled, scope: Scope) -> bool:
    """It may hide who comes, and stand for its backends at addresses that are taken to be outside."""
    claim = scope.question.claim
    if any(_is_asked_for(leaf, thing) for leaf in claim_sets(verdict.query.claim)):
        return True
    if claim.kind in (Kind.ISOLATED, Kind.NEVER_TIE):
        return False
    speaks_of_addresses = any(_of_addresses(members) for members in claim.sets)
    if thing.elsewhere_than:  # of what its addresses are no more can be told than of any other
        return scope.dst.outside or _is_in(thing, scope.dst, scope)
    is_outside = scope.src.outside or scope.dst.outside
    if thing.addresses is None or _leads_by_addresses(thing, scope.cluster):
        return speaks_of_addresses or is_outside or _is_in(thing, scope.dst, scope)
    return _is_in(thing, scope.dst, scope) or any(_meets(members, thing.addresses, scope) for members in claim.sets)


def _is_asked_for(leaf: Leaf, thing: Unmodelled) -> bool:
    """The question names it, or what is found by way of Services."""
    match leaf:
        case Member(_, ServiceNamed(namespace, _)):
            return thing.namespace in (None, namespace) and thing.kind != "Node"
        case Member(_, ApiServer()):
            return True
        case _:
            return False


def _leads_by_addresses(thing: Unmodelled, cluster: Cluster) -> bool:
    """outside are written down for a Service of its namespace, so that it may lead to pods of any other."""
    return any(not entry.is_derived and thing.reaches(entry.namespace) for entry in cluster.endpoints)


def _of_addresses(members: Formula) -> AddressSet:
    """The addresses of ends in the set that are no pods: no less than there are, and all of them where nodes are."""
    match members:
        case Some(parts):
            return reduce(or_, map(_of_addresses, parts), AddressSet.EMPTY)
        case All(parts):
            return reduce(and_, map(_of_addresses, parts), AddressSet.FULL)
        case Member(_, OfKind(kinds)):
            return AddressSet.EMPTY if kinds <= ANY_PODS else AddressSet.FULL
        case Member(_, AtAddress(addresses)):
            return addresses
        case Member(_, Behind() | OfWorkload()):
            return AddressSet.EMPTY
        case _:
            return AddressSet.FULL


def _meets(members: Formula, addresses: AddressSet, scope: Scope) -> bool:
    """One of these addresses, or of the nodes where it may have a port, is in the set."""
    nodes = AddressSet.singles(ip for node in scope.cluster.nodes for ip in node.ips)
    return ends_of(members, scope.table).nodes or bool(_of_addresses(members) & (addresses | nodes))


_CHANGES: dict[MayBe, Callable[[Verdict, Unmodelled, Scope], bool]] = {
    MayBe.NAMESPACED: _no,
    MayBe.POLICY: _policy,
    MayBe.ADMIN_POLICY: _admin_policy,
    MayBe.POD: _pods,
    MayBe.ADDRESS: _addresses,
    MayBe.SERVICE: _service,
    MayBe.NAMESPACE: _namespace,
    MayBe.ANYTHING: _anything,
}
