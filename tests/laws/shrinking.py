"""Makes a disagreement small: whatever can be left out of the question and its subject without the two agreeing is.

Greedy, over the model's own objects: a smaller thing is the same with one part dropped or one field set to a plain
value.  Nothing that is not a possible question is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from clusters import options_of
from evaluators import EVERYTHING
from trials import Asked, Encoded, Subject, by_oracle

from analyzer.model.added_labels import Listed, Varying
from analyzer.model.claims import Claim, Excuse, Kind, Universe
from analyzer.model.cluster import Cluster, Namespace, Node, Workload
from analyzer.model.endpoints import Connection, End, Host, Pod
from analyzer.model.ends import ANYTHING
from analyzer.model.formulas import All, Not, Some
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Requirement, Selector
from analyzer.model.policies import NamespaceNamed, Policy, Protocol, Rule, Tier
from analyzer.model.profile import PROFILES

Trial = tuple[Asked, Subject]
MOST_TRIES = 1_500
_KEPT = {
    Cluster: ("namespaces",),
    Policy: ("kind", "tier", "source"),
    Rule: ("index", "source", "action"),
    Varying: ("keys",),
    Listed: ("choices",),
}


def is_disagreement(trial: Trial) -> bool:
    asked, subject = trial
    encoded = Encoded(asked)
    if isinstance(subject, Connection) and subject.through is not None:
        straight = replace(subject, through=None)
        if subject not in encoded.by_way_of_services(straight):
            return False
    expected = by_oracle(asked, subject)
    return expected is not None and not encoded.agrees(subject, expected)


def shrunk(trial: Trial, is_wanted: Callable[[Trial], bool] = is_disagreement) -> Trial:
    """A smaller trial: after so many tries, the smallest found; before, one of which no part can be left out."""
    tried, misses = 0, 0
    for _ in range(MOST_TRIES):  # what could not be left out before is tried last: a step seldom makes it possible
        candidates = list(_smaller_trials(trial))
        if misses >= len(candidates):
            return trial
        smaller = candidates[tried % len(candidates)]
        if smaller != trial and is_possible(smaller) and is_wanted(smaller):
            trial, misses = smaller, 0
        else:
            tried, misses = tried + 1, misses + 1
    return trial


def _smaller_trials(trial: Trial) -> Iterator[Trial]:
    asked, subject = trial
    everything = replace(EVERYTHING, kind=Kind.NO_NEW) if asked.before is not None else EVERYTHING
    if asked.before is not None:
        yield replace(asked, before=None, claim=EVERYTHING), subject
    is_simplest = asked.claim == everything
    if isinstance(subject, Connection) and asked.claim.kind is not Kind.NEVER_TIE and not is_simplest:
        yield replace(asked, claim=everything), subject
    for plain in (
        {"profile": PROFILES["generic"]},
        {"universe": Universe.ANY},
        {"assumptions": ()},
        {"is_sliced": False},
    ):
        if any(getattr(asked, name) != value for name, value in plain.items()):
            yield replace(asked, **plain), subject
    for name in ("cluster", "before", "assumptions", *(() if is_simplest else ("claim",))):
        if getattr(asked, name) is not None:
            for part in smaller(getattr(asked, name)):
                yield replace(asked, **{name: part}), subject
    for namespace in asked.cluster.namespaces:
        for trimmed in _smaller_namespaces(namespace):
            rest = tuple(n for n in asked.cluster.namespaces if n is not namespace)
            other = replace(asked, cluster=replace(asked.cluster, namespaces=(*trimmed, *rest)))
            yield other, other.seen(subject)
    yield from ((asked, asked.seen(other)) for other in _smaller_subjects(subject))


def _smaller_namespaces(namespace: Namespace) -> Iterator[tuple[Namespace, ...]]:
    yield ()
    for labels in _smaller_labels(namespace.labels):
        yield (replace(namespace, labels=labels),)


# ------------------------------------------------------------------------------------------------ parts
def smaller(thing: Any) -> Iterator[Any]:
    """The same with one part less, or with one part plainer."""
    match thing:
        case Labels():
            yield from _smaller_labels(thing)
        case tuple():
            for i in range(len(thing)):
                yield (*thing[:i], *thing[i + 1 :])
            for i, part in enumerate(thing):
                yield from ((*thing[:i], other, *thing[i + 1 :]) for other in smaller(part))
        case frozenset():
            yield from (thing - {part} for part in sorted(thing, key=str))
        case Claim():
            yield from _with_smaller_fields(thing, ("sources", "destinations", "ports", "excuses", "where"))
        case Excuse():
            yield from _with_smaller_fields(thing, ("sources", "destinations", "ports"))
        case All(parts) | Some(parts):
            yield from parts
            yield from _with_smaller_fields(thing, ("parts",))
        case Not(part):
            yield part
            yield from (Not(other) for other in smaller(part))
        case _ if is_dataclass(thing) and type(thing).__module__.startswith("analyzer.model"):
            kept = _KEPT.get(type(thing), ())
            yield from _with_smaller_fields(thing, [f.name for f in fields(thing) if f.name not in kept])


def _with_smaller_fields(thing: Any, names: Any) -> Iterator[Any]:
    for name in names:
        value = getattr(thing, name)
        for plain in _plainer(name, value, thing):
            yield replace(thing, **{name: plain})
        for other in smaller(value):
            yield replace(thing, **{name: other})


def _plainer(name: str, value: Any, owner: Any) -> Iterator[Any]:
    """Values that say less in such a field."""
    is_union = isinstance(owner, Policy) and owner.tier is Tier.NETWORK_POLICY
    if name in ("peers", "ports", "where") and value is not None and isinstance(owner, Rule | Excuse):
        yield None
    if isinstance(owner, Claim) and name == "where" and value is not None:
        yield None
    if is_union and name in ("ingress", "egress") and value is not None:
        yield None
    if name in ("sources", "destinations", "members") and value != ANYTHING:
        yield ANYTHING
    if name in ("host_network", "is_single") and value:
        yield False
    if name == "service_account" and value != "default":
        yield "default"


def _smaller_labels(labels: Labels) -> Iterator[Labels]:
    for key in labels:
        if key != NAMESPACE_NAME_LABEL:
            yield Labels({k: v for k, v in labels.items() if k != key})


def _smaller_subjects(subject: Subject) -> Iterator[Subject]:
    if isinstance(subject, Pod):
        yield from _smaller_ends(subject)
        return
    if subject.protocol is not Protocol.TCP:
        yield replace(subject, protocol=Protocol.TCP, port=80, number=None)
    if subject.port not in (None, 80):
        yield replace(subject, port=80)
    for name in ("src", "dst"):
        yield from (replace(subject, **{name: end}) for end in _smaller_ends(getattr(subject, name)))


def _smaller_ends(end: End) -> Iterator[End]:
    if isinstance(end, Host) and end.name is not None:
        yield replace(end, name=None)
    if not isinstance(end, Pod):
        return
    if end.workload is not None:
        yield replace(end, workload=None)
    for labels in _smaller_labels(end.namespace_labels):
        yield replace(end, namespace_labels=labels)
    yield from _with_smaller_fields(end, ("labels", "service_account", "ports", "host_network"))


# ------------------------------------------------------------------------------------------------ what is possible
def is_possible(trial: Trial) -> bool:
    """Whether a cluster can be like that and the subject be in it: what the strategies see to when they draw."""
    asked, subject = trial
    ends = (subject.src, subject.dst) if isinstance(subject, Connection) else (subject,)
    clusters = [asked.cluster] if asked.before is None else [asked.before, asked.cluster]
    workloads = {w for c in clusters for w in c.workloads}
    nodes = {n for c in clusters for n in c.nodes}
    return (
        all(_is_cluster(c) for c in clusters)
        and asked.seen(subject) == subject
        and all(_is_end(end, workloads, nodes) for end in ends)
        and len({(e.namespace, e.namespace_labels) for e in ends if isinstance(e, Pod)})
        == len({e.namespace for e in ends if isinstance(e, Pod)})
        and _is_whole((asked.claim, asked.assumptions))
        and (bool(asked.claim.ports) or asked.claim.kind is Kind.ISOLATED)
    )


def _is_cluster(cluster: Cluster) -> bool:
    there = cluster.namespace_by_name
    used = {w.namespace for w in cluster.workloads} | {s.namespace for s in cluster.services}
    used |= {p.namespace for p in cluster.policies if p.namespace} | {u.namespace for u in cluster.unmodelled} - {None}
    nodes = {n.name for n in cluster.nodes}
    return (
        all(name in there for name in used if name is not None)
        and all(
            w.ips and all(n in nodes for n in w.nodes) and bool(w.nodes) == w.host_network for w in cluster.workloads
        )
        and all(n.ips for n in cluster.nodes)
        and all(s.ports for s in cluster.services)
        and all(_is_own(p) for p in cluster.policies)
        and _is_whole(cluster.policies)
    )


def _is_own(policy: Policy) -> bool:
    """A NetworkPolicy selects in its namespace; policies of the other tiers speak of both directions or say nothing."""
    choice = policy.subject.namespaces
    is_union = policy.tier is Tier.NETWORK_POLICY
    speaks = policy.ingress is not None or policy.egress is not None
    return speaks and (not is_union or (isinstance(choice, NamespaceNamed) and choice.name == policy.namespace))


def _is_whole(thing: Any) -> bool:
    """No list is empty that never is in a loaded model."""
    match thing:
        case Rule(peers=()) | Rule(ports=()):
            return False
        case Rule(action=action, peers=None) if action.value != "Accept":
            return False
        case Requirement(operator=operator, values=values):
            return bool(values) == (operator.value in ("In", "NotIn"))
        case tuple():
            return all(_is_whole(part) for part in thing)
        case Selector() | Policy() | Claim() | Rule() | Excuse():
            return all(_is_whole(getattr(thing, f.name)) for f in fields(thing))
        case _ if is_dataclass(thing) and type(thing).__module__.startswith("analyzer.model"):
            return all(_is_whole(getattr(thing, f.name)) for f in fields(thing))
        case _:
            return True


def _is_end(end: End, workloads: set[Workload], nodes: set[Node]) -> bool:
    if isinstance(end, Host):
        here = any((n.name, n.labels) == (end.name, end.labels) and end.ip in n.ips for n in nodes)
        return end.name is None or here
    if not isinstance(end, Pod) or end.workload is None:
        its_own = isinstance(end, Pod) and any(port.host_port for port in end.ports)  # only declared pods have them
        return not isinstance(end, Pod) or not (end.host_network or end.unknown or its_own)
    return any(
        (w.id, w.labels, w.service_account, w.ports, w.host_network, w.unknown_labels)
        == (end.workload, end.labels, end.service_account, end.ports, end.host_network, end.unknown)
        and end.ip in w.ips
        for workload in workloads
        for w in options_of(workload)
    )
