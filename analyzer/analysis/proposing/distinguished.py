"""Pods of one workload that policies tell apart, by labels that its controller or its node adds to each (F19).

No template holds these labels, so that no question about namespaces or about labels as written speaks of such pods
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from analyzer.model.added_labels import Listed, Option, Varying, distinguished_by
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.labels import Labels, Operator, Selector
from analyzer.model.policies import Direction, NamespaceNamed, PodPeer, Policy
from analyzer.records import dataclass
from analyzer.semantics.formulas import matches

Mentioned = Mapping[str, frozenset[str]]
_Added = Varying | Listed
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A policy that lets its subject meet some of these pods: `claim` has `{}` where a set of them stands."""

    policy: Policy
    claim: str


@dataclass(frozen=True, slots=True)
class Parts:
    """`sets`: pods of one workload each, in words of the query language.  `keys`: the added labels that part them.
    `idle`: labels, `key=value`, that policies name and no pod can have."""

    sets: tuple[str, ...]
    keys: tuple[str, ...]
    idle: tuple[str, ...]
    meetings: tuple[Meeting, ...]


def distinguished(cluster: Cluster, leaving_out: Iterable[str] = ()) -> Parts:
    """The pods that some policy tells from others of their workload; of a label that nobody can know, all of them.

    Workloads of the namespaces to leave out, and those that no selector means, have no part in it.
    """
    left_out = frozenset(leaving_out)
    sets: dict[str, None] = {}
    keys: set[str] = set()
    asked: dict[str, tuple[tuple[Selector, ...], Mentioned]] = {}
    for workload in cluster.workloads:
        if workload.host_network or workload.namespace in left_out or not workload.added:
            continue
        if workload.namespace not in asked:
            selectors = tuple(dict.fromkeys(_selectors(cluster.policies, workload.namespace)))
            asked[workload.namespace] = selectors, _mentioned(selectors)
        parts = _parts(workload, *asked[workload.namespace])
        sets |= dict.fromkeys(parts)
        if parts:
            mentioned = asked[workload.namespace][1]
            added = distinguished_by(mentioned, workload.added)
            keys |= {key for one in added for key in one.all_keys if key in mentioned}
    idle = tuple(_idle(cluster))
    return Parts(tuple(sets), tuple(sorted(keys)), idle, tuple(_meetings(cluster.policies, keys)))


def _mentioned(selectors: Iterable[Selector]) -> Mentioned:
    """The values that they name, by key."""
    found: dict[str, frozenset[str]] = {}
    for selector in selectors:
        for requirement in selector.requirements:
            found[requirement.key] = found.get(requirement.key, frozenset()) | requirement.values
    return found


def _peers(policy: Policy, direction: Direction) -> Iterator[PodPeer]:
    peers = (peer for rule in policy.rules(direction) or () for peer in rule.peers or ())
    return (peer for peer in peers if isinstance(peer, PodPeer))


def _choices(policy: Policy) -> Iterator[PodPeer]:
    yield policy.subject
    for direction in Direction:
        yield from _peers(policy, direction)


def _selectors(policies: Iterable[Policy], namespace: str) -> Iterator[Selector]:
    """Those that may mean pods of the namespace."""
    for policy in policies:
        for choice in _choices(policy):
            if not isinstance(choice.namespaces, NamespaceNamed) or choice.namespaces.name == namespace:
                yield choice.pods


# ------------------------------------------------------------------------------------------------ parts
def _parts(workload: Workload, selectors: Sequence[Selector], mentioned: Mentioned) -> tuple[str, ...]:
    """One for each value that matters, in words; none if no selector tells its pods apart."""
    asked = [
        added
        for added in distinguished_by(mentioned, workload.added)
        if any(key in mentioned for key in added.all_keys)
    ]
    known = [added for added in asked if not _is_open(added)]
    whole = f"workload {workload.namespace}/{workload.name}"
    chosen = [[(added, option) for option in added.options(mentioned)] for added in known]
    found: dict[str, Labels] = {}
    for options in product(*chosen):
        words = [each for added, option in options for each in _requirements(added, option, mentioned)]
        part = f"{whole} and pods({', '.join(words)})" if words else whole
        found[part] = _with(workload, known, [option for _, option in options])
    if len({_seen(labels, selectors) for labels in found.values()}) > 1:
        return tuple(found)
    return (whole,) if _hangs_on_unknown(workload, asked, selectors, mentioned) else ()


def _is_open(added: _Added) -> bool:
    return isinstance(added, Varying) and added.is_open


def _with(workload: Workload, replaced: Sequence[_Added], options: Iterable[Option]) -> Labels:
    keys = {key for added in replaced for key in added.all_keys}
    own = {key: value for key, value in workload.labels.items() if key not in keys}
    return Labels(own | {key: value for option in options for key, value in option.labels})


def _seen(labels: Labels, selectors: Iterable[Selector]) -> tuple[bool, ...]:
    return tuple(matches(selector, labels) for selector in selectors)


def _hangs_on_unknown(
    workload: Workload, asked: Sequence[_Added], selectors: Sequence[Selector], mentioned: Mentioned
) -> bool:
    """Some selector means the workload's pods with some values of a label that nobody can know, and not with others."""
    unknown = [added for added in asked if _is_open(added)]
    choices = product(*(added.options(mentioned) for added in unknown))
    return len({_seen(_with(workload, unknown, options), selectors) for options in choices}) > 1


def _requirements(added: _Added, option: Option, mentioned: Mentioned) -> Iterator[str]:
    """What a selector asks for that means the pods with such labels; of keys that hang together one is enough."""
    labels = dict(option.labels)
    keys = [key for key in added.all_keys if key in mentioned]
    if not isinstance(added, Varying):
        yield from (f"{word(key)}={word(labels[key])}" if key in labels else f"!{word(key)}" for key in keys)
        return
    key = keys[0]
    if key not in labels:
        yield f"!{word(key)}"
    elif option.name:
        yield f"{word(key)}={word(labels[key])}"
    else:
        others = sorted(dict(o.labels)[key] for o in added.options(mentioned) if o.name and o.labels)
        yield word(key)
        if others:
            yield f"{word(key)} notin ({', '.join(map(word, others))})"


def _idle(cluster: Cluster) -> Iterator[str]:
    """Values that policies name of keys that controllers and nodes set, and that no pod here is given."""
    mentioned = _mentioned({choice.pods for policy in cluster.policies for choice in _choices(policy)})
    added = dict.fromkeys(one for workload in cluster.workloads for one in distinguished_by(mentioned, workload.added))
    given = {label for w in cluster.workloads for label in w.labels.items()}
    given |= {label for one in added for option in one.options(mentioned) for label in option.labels}
    for key in sorted({key for one in added for key in one.all_keys} & mentioned.keys()):
        yield from (f"{key}={value}" for value in sorted(mentioned[key]) if (key, value) not in given)


# ------------------------------------------------------------------------------------------------ meetings
def _meetings(policies: Iterable[Policy], keys: Iterable[str]) -> Iterator[Meeting]:
    """What the policies whose peers ask for one of these keys are about, each once."""
    asked, seen = frozenset(keys), set()
    for policy in policies:
        for direction in Direction:
            if any(r.key in asked for peer in _peers(policy, direction) for r in peer.pods.requirements):
                subject = _pods(policy.subject)
                claim = f"no {{}} can reach {subject}"
                if direction is Direction.EGRESS:
                    claim = f"no {subject} can reach {{}}"
                if claim not in seen:
                    seen.add(claim)
                    yield Meeting(policy, claim)


def _pods(choice: PodPeer) -> str:
    """The pods that a policy selects, in words of the query language."""
    pods = f"pods{_selector(choice.pods)}"
    if isinstance(choice.namespaces, NamespaceNamed):
        return f"{pods} in namespace {word(choice.namespaces.name)}"
    spaces = choice.namespaces.selector
    return f"{pods} in namespaces{_selector(spaces)}" if spaces.requirements else pods


def _selector(selector: Selector) -> str:
    words = []
    for requirement in selector.requirements:
        key, values = word(requirement.key), ", ".join(map(word, sorted(requirement.values)))
        match requirement.operator:
            case Operator.IN:
                words.append(f"{key} in ({values})")
            case Operator.NOT_IN:
                words.append(f"{key} notin ({values})")
            case Operator.EXISTS:
                words.append(key)
            case Operator.DOES_NOT_EXIST:
                words.append(f"!{key}")
    return f"({', '.join(words)})" if words else ""


def word(text: str) -> str:
    """A label's key or value as the language has it: in quotes where it could be taken for something else."""
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
