"""Edits of policies that engines bring along: Calico's, Cilium's and Istio's, and Kubernetes' admin policies.

Each candidate is what the manifest would say; which of them mends the cause is found by reading it again.  Whom a rule
should mean instead of everybody are the namespaces of which no claim of the cause says anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from analyzer.analysis.findings.causes import Cause
from analyzer.analysis.findings.dns import dns_names
from analyzer.analysis.findings.permitting import is_forbidden, pods_of, with_far
from analyzer.analysis.findings.texts import Path, PlacedText
from analyzer.model.claims import Claim
from analyzer.model.cluster import Cluster
from analyzer.model.endpoints import Connection, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL
from analyzer.model.policies import Direction, NumberedPorts, Protocol, RuleRef
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.semantics import decide, is_in_scope

_MOST_NAMED = 8
OF_NAMESPACE = "k8s:io.kubernetes.pod.namespace"
_WIDE = frozenset({"all", "cluster", "world", "world-ipv4", "world-ipv6"})
_EVERYBODY = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the manifest would say, what is wrong with it now, where that stands, and what is done."""

    value: Any
    wrong: str
    path: Path
    said: str


@dataclass(frozen=True, slots=True)
class _Around:
    """What there is to choose from: namespaces that may be meant, ports likewise, and the end that is let through."""

    direction: Direction
    namespaces: tuple[str, ...]
    accounts: tuple[str, ...]
    ports: tuple[tuple[Protocol, int], ...]
    dns: tuple[str, tuple[str, str]]
    tier: str

    @property
    def named(self) -> str:
        return f"the namespace{'s' if len(self.namespaces) > 1 else ''} {', '.join(self.namespaces)}"


ADVICE = {
    "projectcalico.org": "name the namespaces that are meant in `namespaceSelector`, and the ports",
    "cilium.io": f"name the pods that are meant by `{OF_NAMESPACE}` and their labels, and the ports in `toPorts`",
    "AdminNetworkPolicy": "name the namespaces that are meant, or `Pass`, so that their own policies decide",
    "BaselineAdminNetworkPolicy": "name the namespaces that are meant, and the ports",
    "ClusterNetworkPolicy": "name the namespaces that are meant, or `Pass`, so that their own policies decide",
    "AuthorizationPolicy": "name the `principals` or `namespaces` that are meant, and the `ports`",
}
"""What to write where no edit is known, by what sort of policy it is."""


def advice(ref: RuleRef) -> str:
    """One line on what to write into a rule that lets too much through; empty for kinds that have none."""
    return ADVICE.get(ref.policy.scale) or ADVICE.get(ref.policy.kind, "")


def narrowed(
    cause: Cause, placed: PlacedText, cluster: Cluster, profile: Profile, claims: Sequence[Claim]
) -> Iterator[Candidate]:
    """What the rule could say instead, the least change first; `claims`: those that forbid something."""
    ref, direction = cause.ref, cause.key.direction
    if ref is None or ref.rule is None or direction is None:
        return
    path = rule_place(placed, ref)
    if path is None:
        return
    tier = str((placed.value.get("spec") or {}).get("tier") or _LAST_TIER)
    around = _around(cause, cluster, profile, claims, tier)
    makes = {"projectcalico.org": _of_calico, "cilium.io": _of_cilium}.get(ref.policy.scale)
    makes = makes or _BY_KIND.get(ref.policy.kind)
    rule = _at(placed.value, path) or {}
    for new, wrong, field, said in makes(rule, around) if makes is not None and isinstance(rule, dict) else ():
        yield Candidate(_with(placed.value, path, new), wrong, (*path, *field), said)
    rules = _at(placed.value, path[:-1])
    if makes is _of_cilium and len(rules) == 1 and isinstance(rule, dict):
        said = "put `{}` in its place, which lets nobody " + ("in" if direction is Direction.INGRESS else "out")
        yield Candidate(_with(placed.value, path, {}), "", path, said)
    if makes is not None and len(rules) > 1:
        value = deepcopy(placed.value)
        del _at(value, path[:-1])[path[-1]]
        yield Candidate(value, "", path, "remove this rule")


def rule_place(placed: PlacedText, ref: RuleRef) -> Path | None:
    """Where the rule stands in its policy: on its line, and of several there by its number."""
    assert ref.rule is not None
    lists: list[Path] = [("spec", ref.direction.value), ("spec", f"{ref.direction.value}Deny"), ("spec", "rules")]
    specs = placed.value.get("specs")
    for number in range(len(specs)) if isinstance(specs, list) else ():
        lists += [("specs", number, ref.direction.value), ("specs", number, f"{ref.direction.value}Deny")]
    found: list[Path] = []
    for path in lists:
        items = _at(placed.value, path)
        found += [(*path, number) for number in range(len(items))] if isinstance(items, list) else []
    line, index = ref.rule.source.line, ref.rule.index

    def closeness(path: Path) -> tuple[bool, bool]:
        start = placed.start(*path)
        return start is not None and start[0] == line, path[-1] == index

    best = max(found, key=closeness, default=None)
    return best if best is not None and any(closeness(best)) else None


def _at(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    """A copy in which something else stands there, or several things."""
    copy = deepcopy(value)
    if isinstance(new, list):
        rules, place = _at(copy, path[:-1]), path[-1]
        assert isinstance(place, int)
        rules[place : place + 1] = new
    else:
        _at(copy, path[:-1])[path[-1]] = new
    return copy


# ------------------------------------------------------------------------------------------------ whom, and on what
def _around(cause: Cause, cluster: Cluster, profile: Profile, claims: Sequence[Claim], tier: str) -> _Around:
    direction = cause.key.direction
    assert direction is not None
    connections = [it for hit in cause.hits if (it := hit.example.connection) is not None]
    asked = [(claim, it) for it in connections[:_MOST_LIKE] for claim in claims]
    free = [it.name for it in cluster.namespaces if not is_forbidden(it.name, asked, direction, cluster, profile)]
    is_of_mesh = cause.ref is not None and cause.ref.policy.kind == "AuthorizationPolicy"  # which no connection asks
    served = (
        free
        if is_of_mesh
        else [name for name in free if connections and _is_served(cause, name, cluster, profile, connections[0])]
    )
    own = cause.ref.policy.namespace if cause.ref is not None else None
    names = served or ([own] if own in free else [name for name in free if cluster.workloads_by_namespace.get(name)])
    if len(names) > _MOST_NAMED:
        names = [own] if own in names else []
    accounts = sorted(
        {
            f"cluster.local/ns/{name}/sa/{workload.service_account}"
            for name in names
            for workload in cluster.workloads_by_namespace.get(name, ())
        }
    )
    return _Around(
        direction, tuple(filter(None, names)), tuple(accounts), _ports_spared(cause, profile), dns_names(cluster), tier
    )


def _is_served(cause: Cause, namespace: str, cluster: Cluster, profile: Profile, like: Connection) -> bool:
    """Whether the rule lets through some workload of the namespace now."""
    direction = cause.key.direction
    assert direction is not None
    for far in pods_of(namespace, cluster, like):
        if far.workload is not None:
            ruling = decide(cluster, profile, with_far(like, far, direction)).at(direction.value)
            if any(
                (it.policy.id, it.rule and it.rule.index) == (cause.key.policy, cause.key.rule) for it in ruling.rules
            ):
                return True
    return False


_MOST_LIKE = 4


def _ports_spared(cause: Cause, profile: Profile) -> tuple[tuple[Protocol, int], ...]:
    """Ports that the destinations declare and that the claims leave alone."""
    found: dict[tuple[Protocol, int], None] = {}
    for hit in cause.hits:
        connection = hit.example.connection
        if connection is None or not isinstance(connection.dst, Pod):
            continue
        if any(isinstance(entry, NumberedPorts) and entry.low is None for entry in hit.claim.ports):
            return ()
        for port in connection.dst.ports:
            on = replace(connection, protocol=port.protocol, port=port.number)
            if not is_in_scope(hit.claim, on, profile):
                found[port.protocol, port.number] = None
    return tuple(found)


_Made = Iterator[tuple[dict[str, Any] | list[Any], str, Path, str]]
"""A rule as it would be, or those in its place, what is wrong, the field where that stands, and what is done."""


def _lets(around: _Around, whom: str) -> str:
    return f"lets {'in' if around.direction is Direction.INGRESS else 'out to'} {whom}"


# ------------------------------------------------------------------------------------------------ Calico
def _of_calico(rule: dict[str, Any], around: _Around) -> _Made:
    key = "source" if around.direction is Direction.INGRESS else "destination"
    entity = rule.get(key) or {}
    chosen = entity.get("namespaceSelector")
    whom = f"`namespaceSelector: {chosen}`" if chosen else "everybody" if not entity else f"what `{key}` says"
    field: Path = (key, "namespaceSelector") if chosen else (key,) if entity else ()
    if rule.get("action") == "Allow" and around.tier != _LAST_TIER:
        yield {**rule, "action": "Pass"}, _FINAL, ("action",), _PASS
    if around.namespaces and not entity.get("nets"):
        names = ", ".join(f"'{name}'" for name in around.namespaces)
        asked = f"{NAMESPACE_NAME_LABEL} in {{{names}}}" if len(around.namespaces) > 1 else f"== {names}"
        asked = asked if len(around.namespaces) > 1 else f"{NAMESPACE_NAME_LABEL} {asked}"
        new = {**rule, key: {**entity, "namespaceSelector": asked}}
        yield new, _lets(around, whom), field, f"name {around.named} in `{key}.namespaceSelector`"
    if around.ports and not (rule.get("destination") or {}).get("ports"):
        for protocol in dict.fromkeys(protocol for protocol, _ in around.ports):
            numbers = [number for own, number in around.ports if own is protocol]
            ports = {**(rule.get("destination") or {}), "ports": numbers}
            said = f"name the ports: {protocol.value} {', '.join(map(str, numbers))}"
            yield {**rule, "protocol": protocol.value, "destination": ports}, "names no ports", (), said


def global_only(cause: Cause, placed: PlacedText | None) -> Iterator[Candidate]:
    """A rule of Calico's that denies pods and is for the cluster's network sets: `all()` means what has a namespace."""
    ref = cause.ref
    if ref is None or ref.rule is None or placed is None or ref.policy.scale != "projectcalico.org":
        return
    path = rule_place(placed, ref)
    if path is None:
        return
    rule = _at(placed.value, path) or {}
    for key in ("destination", "source"):
        entity = rule.get(key) or {}
        if entity.get("selector") and entity.get("namespaceSelector") == "all()":
            wrong = (
                "denies pods with these labels: `all()` means all that has a namespace, and a GlobalNetworkSet has none"
            )
            new = {**rule, key: {**entity, "namespaceSelector": "global()"}}
            said = f"set `{key}.namespaceSelector: global()`, which means what has no namespace"
            yield Candidate(_with(placed.value, path, new), wrong, (*path, key, "namespaceSelector"), said)


_LAST_TIER = "default"
_FINAL = "allows for good: no later tier, and no policy of the namespaces, is asked"
_PASS = "set `action: Pass`, so that what comes after decides"


# ------------------------------------------------------------------------------------------------ admin policies
def _of_admin(rule: dict[str, Any], around: _Around) -> _Made:
    key = "from" if around.direction is Direction.INGRESS else "to"
    single = {NAMESPACE_NAME_LABEL: around.namespaces[0]} if len(around.namespaces) == 1 else None
    several = {"key": NAMESPACE_NAME_LABEL, "operator": "In", "values": list(around.namespaces)}
    asked: dict[str, Any] = {"matchLabels": single} if single else {"matchExpressions": [several]}
    peers = [it or {} for it in rule.get(key) or ()]
    if around.namespaces and any("namespaces" in it or "pods" in it for it in peers):
        new = [
            {"namespaces": asked}
            if "namespaces" in it
            else {"pods": {**(it["pods"] or {}), "namespaceSelector": asked}}
            if "pods" in it
            else it
            for it in peers
        ]
        yield {**rule, key: new}, "", (key, 0), f"name {around.named} in `{key}`"
    yield {**rule, "action": "Pass"}, "", (key, 0) if peers else (), _PASS


# ------------------------------------------------------------------------------------------------ Cilium
def _of_cilium(rule: dict[str, Any], around: _Around) -> _Made:
    way = "from" if around.direction is Direction.INGRESS else "to"
    ends, entities = f"{way}Endpoints", f"{way}Entities"
    asks_names = way == "to" and {
        str(port.get("port")) for it in rule.get("toPorts") or () for port in it["ports"]
    } == {"53"}
    if asks_names and not any(key.startswith(way) and key != "toPorts" for key in rule):
        namespace, (key, label) = around.dns
        servers = {"matchLabels": {OF_NAMESPACE: namespace, f"k8s:{key}": label}}
        yield {ends: [servers], **rule}, _lets(around, "everybody"), (), f"name the DNS pods in `{ends}`"
    single = {OF_NAMESPACE: around.namespaces[0]} if len(around.namespaces) == 1 else None
    several = {"key": OF_NAMESPACE, "operator": "In", "values": list(around.namespaces)}
    asked: dict[str, Any] = {"matchLabels": single} if single else {"matchExpressions": [several]}
    wide = [entity for entity in rule.get(entities) or () if entity in _WIDE]
    if wide:
        left = [entity for entity in rule[entities] if entity not in _WIDE]
        rest = {key: part for key, part in rule.items() if key != entities} | ({entities: left} if left else {})
        whom = f"the entit{'y' if len(wide) == 1 else 'ies'} {', '.join(wide)}"
        if any(key.startswith(way) and key != "toPorts" for key in rest):
            yield rest, _lets(around, whom), (entities,), f"remove {', '.join(wide)} from `{entities}`"
        if around.namespaces:
            others = {key: part for key, part in rest.items() if key != entities}
            named = {ends: [asked], **others}
            both = [rest, named] if left else [named]  # one rule names peers of one sort
            yield both, _lets(around, whom), (entities,), f"name {around.named} in `{ends}` in the place of {whom}"
    if around.namespaces and isinstance(rule.get(ends), list):
        new = {**rule, ends: [_in_namespaces(it or {}, asked) for it in rule[ends]]}
        said = f"name {around.named} in `{ends}` by `{OF_NAMESPACE}`"
        yield new, _lets(around, f"whom `{ends}` selects"), (ends,), said
    if around.namespaces and not any(key.startswith(way) and key != "toPorts" for key in rule):
        yield {ends: [asked], **rule}, _lets(around, "everybody"), (), f"name {around.named} in `{ends}`"
    for key in (f"{way}CIDR", f"{way}CIDRSet"):
        yield from _without_everybody(rule, key, around)
    if around.ports and not rule.get("toPorts"):
        ports = [{"port": str(number), "protocol": protocol.value} for protocol, number in around.ports]
        told = ", ".join(f"{protocol.value} {number}" for protocol, number in around.ports)
        yield {**rule, "toPorts": [{"ports": ports}]}, "names no ports", (), f"name the ports in `toPorts`: {told}"


def _without_everybody(rule: dict[str, Any], key: str, around: _Around) -> _Made:
    """Blocks of all addresses go, where others are named beside them."""
    blocks = rule.get(key) or []
    left = [it for it in blocks if (it.get("cidr") if isinstance(it, dict) else it) not in _EVERYBODY]
    if left and len(left) < len(blocks):
        yield {**rule, key: left}, _lets(around, "every address"), (key,), f"remove the whole Internet from `{key}`"


def _in_namespaces(selector: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The same labels, in these namespaces alone."""
    labels = {
        key: value for key, value in (selector.get("matchLabels") or {}).items() if key not in _NAMESPACE_KEYS
    } | asked.get("matchLabels", {})
    others = [it for it in selector.get("matchExpressions") or () if it.get("key") not in _NAMESPACE_KEYS]
    others += asked.get("matchExpressions", [])
    return ({"matchLabels": labels} if labels else {}) | ({"matchExpressions": others} if others else {})


_NAMESPACE_KEYS = frozenset({OF_NAMESPACE, "io.kubernetes.pod.namespace", "any:io.kubernetes.pod.namespace"})


# ------------------------------------------------------------------------------------------------ Istio
def _of_istio(rule: dict[str, Any], around: _Around) -> _Made:
    sources = [((it or {}).get("source") or {}) for it in rule.get("from") or ()]
    named = {"source": {"namespaces": list(around.namespaces)}}
    wide = [place for place, source in enumerate(sources) if _is_wide(source)]
    if wide and len(wide) < len(sources):
        kept = [it for place, it in enumerate(rule["from"]) if place not in wide]
        said = f"remove from `from` what means everybody, {_shown(sources[wide[0]])}"
        yield {**rule, "from": kept}, _lets(around, _shown(sources[wide[0]])), ("from", wide[0]), said
    for place in wide:
        narrow = {key: [it for it in items if it != "*"] for key, items in sources[place].items() if "*" in items}
        if narrow and all(narrow.values()):
            kept = list(rule["from"])
            kept[place] = {"source": {**sources[place], **narrow}}
            said = f"remove `*` from `{', '.join(narrow)}`"
            yield {**rule, "from": kept}, _lets(around, _shown(sources[place])), ("from", place), said
    if wide and around.accounts and len(around.accounts) <= _MOST_NAMED:
        kept = [
            {"source": {"principals": list(around.accounts)}} if n in wide else it for n, it in enumerate(rule["from"])
        ]
        said = f"name the `principals` that are meant: {', '.join(around.accounts)}"
        yield {**rule, "from": kept}, _lets(around, _shown(sources[wide[0]])), ("from", wide[0]), said
    if wide and around.namespaces:
        kept = [named if place in wide else it for place, it in enumerate(rule["from"])]
        said = f"name {around.named} in `source.namespaces`"
        yield {**rule, "from": kept}, _lets(around, _shown(sources[wide[0]])), ("from", wide[0]), said
    if not sources and around.namespaces:
        said = f"name {around.named} in `from`"
        yield {"from": [named], **rule}, _lets(around, "everybody, for it has no `from`"), (), said
    if around.ports and not rule.get("to"):
        ports = [str(number) for _, number in around.ports]
        said = f"name the ports in `to`: {', '.join(ports)}"
        yield {**rule, "to": [{"operation": {"ports": ports}}]}, "names no ports", (), said


def _is_wide(source: dict[str, Any]) -> bool:
    """It means everybody: nothing is asked, or any value will do."""
    return all("*" in (items or ()) for key, items in source.items() if not key.startswith("not"))


def _shown(source: dict[str, Any]) -> str:
    key = next(iter(source), None)
    return f"`{key}: [{', '.join(map(str, source[key] or ()))}]`" if key else "every source"


_BY_KIND = {
    "AuthorizationPolicy": _of_istio,
    "AdminNetworkPolicy": _of_admin,
    "BaselineAdminNetworkPolicy": _of_admin,
    "ClusterNetworkPolicy": _of_admin,
}
