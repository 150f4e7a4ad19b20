"""A Service, or one of its addresses, as an end that the command line names: one of the backends stands for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.analysis.connectivity.pairwise import PairEnd
    from analyzer.model.cluster import Cluster, Node, Workload
    from analyzer.model.ends import Behind, LedPort, Unknown
    from analyzer.model.formulas import Formula
    from analyzer.model.labels import Selector
    from analyzer.model.policies import NamespaceChoice
    from analyzer.sets import AddressSet, ConnectionSet


@dataclass(frozen=True)
class Backend:
    """What stands for a Service: an end, its name, what was chosen, the Service's ports that lead to it, and all that
    it leads to."""

    end: PairEnd
    words: str
    notes: tuple[str, ...]
    ports: tuple[LedPort, ...]
    every: tuple[PairEnd, ...]


def backend(text: str, behind: Sequence[Behind], cluster: Cluster) -> Backend | None:
    """The first thing that the Services lead to; None if they lead nowhere."""
    ports = [port for each in behind for port in each.ports]
    found = [(port, end, words) for port in ports for end, words in _ends(port.members, cluster)]
    if not found:
        return None
    _, end, words = found[0]
    own = tuple(port for port, other, _ in found if other is end or other == end)
    services = list(dict.fromkeys(port.service for port in ports))
    led = "; ".join(_led(port) for port in own if port.target is not None)
    notes = [f"{text} is {' and '.join(services)}" if text not in services else text]
    notes[0] += f", which leads to {words}" + (f" ({led})" if led else "")
    if supposed := _supposed(end, cluster):
        notes.append(supposed)
    others = [name for name in dict.fromkeys(w for _, _, w in found) if name != words]
    if others:
        more = f" and {len(others) - 6} more" if len(others) > 6 else ""
        notes.append(f"it leads to {', '.join(others[:6])}{more} too; this is about {words}")
    return Backend(end, words, tuple(notes), own, tuple(other for _, other, _ in found))


def _supposed(end: PairEnd, cluster: Cluster) -> str:
    """What is taken as given of a workload's labels that nobody knows, for the Service to lead to it."""
    from analyzer.model.added_labels import unknown_under
    from analyzer.model.cluster import Workload

    if not isinstance(end, Workload):
        return ""
    known = next((w for w in cluster.workloads if w.owner == end.owner), None)
    unknown = unknown_under(end.labels, known.unknown_labels) if known is not None else ()
    hidden = {key for one in unknown for key in one.all_keys}
    labels = ", ".join(f"{key}={value}" for key, value in sorted(end.labels.items()) if key in hidden)
    return f"nobody knows whether its pods have {labels}; this is about pods that do" if labels else ""


def _led(port: LedPort) -> str:
    named = f" ({port.name})" if port.name else ""
    target = getattr(port.target, "low", None) or getattr(port.target, "name", "")
    return f"{port.protocol.value} {port.number}{named} to {target}"


def _ends(members: Formula, cluster: Cluster) -> Iterable[tuple[PairEnd, str]]:
    from analyzer.model.ends import as_pods
    from analyzer.model.formulas import All, AtAddress, Member, OfWorkload, Some
    from analyzer.sets import AddressSet
    from analyzer.verdicts.connectivity import end_id

    if (chosen := as_pods(members)) is not None:
        yield from _pods(*chosen, members, cluster)
        return
    match members:
        case Member(_, OfWorkload(namespace, name)):
            for workload in cluster.workloads_by_namespace.get(namespace, ()):
                if workload.name == name:
                    yield workload, workload.id
        case All(parts) if parts:
            yield from _ends(parts[0], cluster)
        case Some(parts):
            for part in parts:
                yield from _ends(part, cluster)
        case Member(_, AtAddress(addresses)):
            left = addresses
            things: list[Workload | Node] = [*cluster.nodes, *cluster.workloads]
            for thing in things:
                own = AddressSet.singles(thing.ips) & left
                if own:
                    left -= own
                    yield thing, end_id(thing)
            if left:
                yield left, str(left)
        case _:
            return


def _pods(
    choice: NamespaceChoice, selector: Selector, members: Formula, cluster: Cluster
) -> Iterable[tuple[PairEnd, str]]:
    from analyzer.analysis import representative
    from analyzer.analysis.connectivity.variants import guesses
    from analyzer.model.policies import NamespaceNamed
    from analyzer.semantics import matches

    assert isinstance(choice, NamespaceNamed)
    there = cluster.workloads_by_namespace.get(choice.name, ())
    told = {requirement.key: requirement.values for requirement in selector.requirements}
    sorts = (guess for w in there for variant in w.variants(told) for guess in guesses(variant, told))
    known = list({w.id: w for w in sorts if matches(selector, w.labels)}.values())
    for workload in known:
        yield workload, workload.id
    made = representative(members, cluster) if not known else None
    if made is not None:
        yield made[0], made[1]


def translated(asked: ConnectionSet, ports: Sequence[LedPort], end: PairEnd, *, is_everything: bool) -> ConnectionSet:
    """The ports of the backend `end` that the Service's ports asked about lead to."""
    from analyzer.semantics.declared_ports import targeted
    from analyzer.sets import ConnectionSet, PortSet

    found = ConnectionSet.EMPTY
    for port in ports:
        if port.target is None:
            return asked
        if is_everything or ConnectionSet.on(port.protocol.value, PortSet.of(port.number)) & asked:
            found |= targeted(getattr(end, "ports", ()), port.target)
    return found


def nobody_knows(unknown: Unknown, outside: AddressSet) -> tuple[AddressSet, str, tuple[str, ...]]:
    """What stands for an end of which nobody knows which it is: every address outside."""
    note = f"{unknown.text} is not known; took every address outside, of which it is one, unless it is a node's"
    return outside, "an address nobody knows", (note,)
