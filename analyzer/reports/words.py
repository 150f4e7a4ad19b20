"""Verdict facts in words: ends, sets, rules, universes.  Each function returns one phrase without a full stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.model.claims import Universe
from analyzer.model.cluster import ContainerPort
from analyzer.model.endpoints import Connection, End, External, Host, Pod
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import RuleRef
from analyzer.model.requests import Request, in_words
from analyzer.sets import INTERNET, AddressSet, ValueSet
from analyzer.sets.addresses import TOP4, TOP6

SHOWN = 5

UNIVERSES = {
    Universe.ANY: (
        "every pod that could be created, with any labels, service account and named ports, in every namespace "
        "declared or mentioned in these manifests and in any namespace created later, whatever its name and labels"
    ),
    Universe.NAMESPACES: (
        "every pod that could be created, with any labels, service account and named ports, in the namespaces "
        "declared or mentioned in these manifests; namespaces created later are not covered"
    ),
    Universe.INVENTORY: "the workloads in these manifests only; pods created later are not covered",
}

SCOPES = {
    Universe.ANY: "every pod that could be created",
    Universe.NAMESPACES: "every pod that could be created in these namespaces",
    Universe.INVENTORY: "these workloads",
}


def listed(items: Sequence[str], joiner: str = "and", shown: int = SHOWN) -> str:
    """`a, b and c`; past `shown` items `a, b, c, d, e and 7 more`."""
    if len(items) > shown + 1:
        return f"{', '.join(items[:shown])} and {len(items) - shown} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def sentence(text: str) -> str:
    """The phrase as one: a capital, and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def plural(count: int, noun: str) -> str:
    """`1 query`, `3 queries`; `noun` is given in the singular."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"


def counted(count: int, nouns: str) -> str:
    """`1 policy`, `3 policies`, `2 irrelevant`; `nouns` is given in the plural, or is an adjective."""
    if not nouns.endswith("s"):
        return f"{count:,} {nouns}"
    return plural(count, f"{nouns[:-3]}y" if nouns.endswith("ies") else nouns[:-1])


# ------------------------------------------------------------------------------------------------ concrete ends
def end(it: End, new_namespaces: frozenset[str] = frozenset()) -> str:
    """One end of a witness; `new_namespaces` are those still to be created."""
    match it:
        case External():
            return str(it.ip)
        case Host():
            return f"node {it.name}" if it.name else f"a node at {it.ip}"
        case Pod(workload=str(name)):
            return name
        case Pod():
            return _new_pod(it, new_namespaces)


def _new_pod(pod: Pod, new_namespaces: frozenset[str]) -> str:
    new = pod.namespace in new_namespaces
    text = f"a pod in {'a new namespace' if new else 'namespace'} {pod.namespace}"
    own = {key: value for key, value in pod.namespace_labels.items() if key != NAMESPACE_NAME_LABEL}
    if new and own:
        text += f" ({labels(own)})"
    text += f" with {labels(pod.labels)}" if pod.labels else " without labels"
    if pod.service_account != "default":
        text += f", service account {pod.service_account}"
    if pod.ports:
        text += f", declaring {listed([_declared(port) for port in pod.ports])}"
    return text + (", on the host network" if pod.host_network else "")


def _declared(port: ContainerPort) -> str:
    return f"{port.protocol.value} {port.number}" + (f" named {port.name}" if port.name else "")


def labels(items: Labels | dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(items.items()))


def flow(connection: Connection, new_namespaces: frozenset[str] = frozenset()) -> str:
    """`shop/web[Deployment] → 8.8.8.8 on TCP 443`."""
    ends = f"{end(connection.src, new_namespaces)} → {end(connection.dst, new_namespaces)}"
    asked = connection.request
    asking = "" if asked is None or asked == Request() else f", asking for {in_words(asked)},"
    return f"{ends} on {connection.service}{asking}"


# ------------------------------------------------------------------------------------------------ sets
def label(key: str, values: ValueSet) -> str:
    """A constraint on one label, in words that keep absent and present apart."""
    named = sorted(value for value in values.values if value is not None)
    mentions_absent = None in values.values
    match values.is_complement, mentions_absent, named:
        case False, True, []:
            return f"no label {key}"
        case False, False, [value]:
            return f"{key}={value}"
        case False, False, _:
            return f"{key} in ({', '.join(named)})"
        case False, True, _:
            return f"{key} in ({', '.join(named)}) or absent"
        case True, True, []:
            return f"any {key}"
        case True, True, _:
            return f"{key} set, but not to {listed(named, 'or', 20)}"
        case True, False, []:
            return f"any {key} or none"
        case _:
            return f"{key} not {listed(named, 'or', 20)}"


def addresses(these: AddressSet) -> str:
    """A set of addresses: a known name where it has one, else its CIDRs."""
    full4, full6 = ((0, TOP4),), ((0, TOP6),)
    known = {
        (INTERNET.v4, INTERNET.v6): "any internet address",
        (INTERNET.v4, ()): "any IPv4 internet address",
        ((), INTERNET.v6): "any IPv6 internet address",
        (full4, full6): "any address outside the cluster",
        (full4, ()): "any IPv4 address outside the cluster",
        ((), full6): "any IPv6 address outside the cluster",
    }
    name = known.get((these.v4, these.v6))
    if name:
        return name
    networks = [_network(str(n)) for n in these.networks()]
    return listed(networks, "or") or "no address"


def _network(cidr: str) -> str:
    address, _, length = cidr.partition("/")
    return address if length in ("32", "128") and ("." in address) == (length == "32") else cidr


# ------------------------------------------------------------------------------------------------ rules
def rule(ref: RuleRef) -> str:
    """`rule 2 of NetworkPolicy shop/web (web.yaml:14)`; rules are counted from 1 for people."""
    text = ref.policy.id
    if ref.rule is not None:
        name = f" `{ref.rule.name}`" if ref.rule.name else ""
        text = f"{ref.direction.value} rule {ref.rule.index + 1}{name} of {text}"
    return f"{text} ({ref.source})" if ref.source.file else text


def rules(refs: Iterable[RuleRef]) -> str:
    return listed([rule(ref) for ref in refs])
