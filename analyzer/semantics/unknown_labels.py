"""Labels that nobody can know (reference F19): a hash that a controller works out has one of the values mentioned, or
some other.  All pods that a controller's template makes now share it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from analyzer.model.added_labels import Option, Varying, unknown_under
from analyzer.model.endpoints import Connection, End, Pod
from analyzer.model.formulas import Formula, Name, Same, leaves_once
from analyzer.model.labels import Labels
from analyzer.model.open_facts import OpenFact
from analyzer.semantics.formulas import value_of
from analyzer.semantics.settling import Settle, runs

Mentioned = Mapping[str, Collection[str]]
_OTHERS = 2  # for the two ends, where their labels are compared


def settled(end: End, mentioned: Mentioned, settle: Settle, is_source: bool = True) -> End:
    """The end with a value for each label of it that is not known and that something mentions.

    What the pods of a template do not share is settled for each end of a connection apart."""
    if not isinstance(end, Pod) or not end.unknown:
        return end
    labels = dict(end.labels)
    for varying in unknown_under(mentioned, end.unknown):
        options = varying.options(mentioned, _OTHERS)
        if options:
            for key in varying.all_keys:
                labels.pop(key, None)
            labels.update(_chosen(end, varying, options, settle, is_source).labels)
    return replace(end, labels=Labels(labels), unknown=())


def _chosen(pod: Pod, varying: Varying, options: tuple[Option, ...], settle: Settle, is_source: bool) -> Option:
    names = {", ".join(f"{key}={value}" for key, value in option.labels) or "none": option for option in options}
    if len(names) == 1:
        return options[0]
    keys = ", ".join(varying.all_keys)
    whose = f"the pods of {pod.workload} have"
    if varying.is_per_pod:
        whose = f"a pod of {pod.workload} has as {'source' if is_source else 'destination'}"
    fact = OpenFact("added-label", f"{keys} {whose}", f"which {keys} {whose} is not known")
    return names[settle(fact, tuple(names))]


def with_compared(mentioned: Mentioned, formulas: Iterable[Formula], ends: Collection[End]) -> Mentioned:
    """The same, with every text that something has at these ends which the formulas compare with a label of pods: a
    label that nobody knows may be equal to it."""
    compared = dict.fromkeys(
        one for leaf in leaves_once(formulas) if isinstance(leaf, Same) for one in (leaf.left, leaf.right)
    )
    keys = {one.key for one in compared if one.name is Name.LABEL}
    if not keys:
        return mentioned
    found = (value_of(one, {one.role: end}) for one in compared for end in ends)
    texts = {text for text in found if text is not None}
    return {**mentioned, **{key: {*mentioned.get(key, ()), *texts} for key in keys}}


def known(
    connection: Connection, mentioned: Mentioned, of_destination: Mentioned | None = None
) -> Iterator[Connection]:
    """The connection between pods of which everything is known, in every way that it may be; `of_destination`: what
    something mentions of the destination, if that is more."""
    if not any(isinstance(end, Pod) and end.unknown for end in (connection.src, connection.dst)):
        yield connection
        return

    def all_known(settle: Settle) -> Connection:
        src = settled(connection.src, mentioned, settle)
        told = mentioned if of_destination is None else of_destination
        dst = settled(connection.dst, told, settle, is_source=False)
        return replace(connection, src=src, dst=dst)

    for found, _ in runs(all_known):
        yield found


def known_pods(pod: Pod, mentioned: Mentioned) -> Iterator[Pod]:
    """The same for one pod."""
    for found, _ in runs(lambda settle: settled(pod, mentioned, settle)):
        assert isinstance(found, Pod)
        yield found
