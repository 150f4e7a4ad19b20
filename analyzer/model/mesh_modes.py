"""Whether a proxy insists on mutual TLS: PeerAuthentications, as formulas over SELF and the port (istio.md 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.model.formulas import FALSE, TRUE, Formula, Open, both, either, negated
from analyzer.model.labels import Labels
from analyzer.model.mesh import Mesh, Mode, PeerAuthentication
from analyzer.model.mesh_pods import having, in_namespace, on
from analyzer.model.open_facts import OpenFact
from analyzer.sets import PortSet


class Modes:
    """The mode of PeerAuthentications at SELF and the port (istio.md 3)."""

    def __init__(self, mesh: Mesh, *, in_ambient: bool = False) -> None:
        """`in_ambient`: an empty selector selects nothing."""
        root = mesh.config.root
        every = mesh.of(PeerAuthentication)
        if in_ambient:
            every = [each for each in every if each.attached.labels is None or each.attached.labels]
        wide = [each for each in every if not each.attached.labels]
        self._mesh = _oldest([each for each in wide if each.namespace == root])
        self._wide = {
            name: _oldest([each for each in wide if each.namespace == name])
            for name in dict.fromkeys(each.namespace for each in wide if each.namespace != root)
        }
        self._narrow = [each for each in every if each.attached.labels and each.namespace != root]
        self._root = root

    def is_in(self, mode: Mode) -> Formula:
        if not self._narrow:
            return self._inherited(mode)
        narrow: list[Formula] = []
        chosen: list[Formula] = []
        for each, where in self._chosen():
            chosen.append(where)
            narrow.append(both([where, self._at(each, mode)]))
        return either([*narrow, both([negated(either(chosen)), self._inherited(mode)])])

    def _chosen(self) -> Iterator[tuple[PeerAuthentication, Formula]]:
        """Each with where it is the one that counts: the oldest of those that select."""
        for each in self._narrow:
            rivals = [it for it in self._narrow if it is not each and it.namespace == each.namespace]
            older = (both([_selected(it), _is_older(it, each)]) for it in rivals)
            yield each, both([_selected(each), negated(either(older))])

    def _at(self, each: PeerAuthentication, mode: Mode) -> Formula:
        own = self._or_inherited(each.mode, mode)
        by_port: list[Formula] = []
        listed = PortSet.of(*(port for port, _ in each.ports))
        for port, its in each.ports:
            by_port.append(both([on(PortSet.of(port)), own if its is Mode.UNSET else _same(its, mode)]))
        rest = on(PortSet.FULL - listed) if each.ports else TRUE
        return either([*by_port, both([rest, own])])

    def _or_inherited(self, its: Mode, mode: Mode) -> Formula:
        return self._inherited(mode) if its is Mode.UNSET else _same(its, mode)

    def _inherited(self, mode: Mode) -> Formula:
        """Of the namespace, else of the mesh, else PERMISSIVE."""
        named = {name: of for name, of in self._wide.items() if any(each.mode is not Mode.UNSET for each, _ in of)}
        found = [both([in_namespace(name), _among(of, mode, self._of_mesh(mode))]) for name, of in named.items()]
        elsewhere = negated(in_namespace(*named)) if named else TRUE
        return either([*found, both([elsewhere, self._of_mesh(mode)])])

    def _of_mesh(self, mode: Mode) -> Formula:
        return _among(self._mesh, mode, _same(Mode.PERMISSIVE, mode))

    def denies_in_ambient(self) -> Formula:
        """Where ztunnel denies plaintext: DISABLE is no exception from what is inherited (istio.md 0.1, 3)."""
        base = self._inherited(Mode.STRICT)
        narrow = [(where, self._in_ambient(each, base)) for each, where in self._chosen()]
        if not narrow:
            return base
        chosen = either(where for where, _ in narrow)
        return either([*(both(pair) for pair in narrow), both([negated(chosen), base])])

    def _in_ambient(self, each: PeerAuthentication, base: Formula) -> Formula:
        of: dict[Mode, PortSet] = dict.fromkeys(Mode, PortSet.EMPTY)
        for port, mode in each.ports:
            of[mode] |= PortSet.of(port)
        lax = on(PortSet.FULL - of[Mode.PERMISSIVE] - of[Mode.DISABLE])
        strict = on(of[Mode.STRICT]) if of[Mode.STRICT] else FALSE
        match each.mode:
            case Mode.STRICT:
                return lax
            case Mode.UNSET:
                return either([both([base, lax if of[Mode.PERMISSIVE] else TRUE]), both([negated(base), strict])])
            case _:
                return strict


Ranked = list[tuple[PeerAuthentication, Formula]]
"""Policies of one scope, each with whether it is the oldest."""


def _oldest(every: Sequence[PeerAuthentication]) -> Ranked:
    return [(each, negated(either(_is_older(it, each) for it in every if it is not each))) for each in every]


def _is_older(one: PeerAuthentication, other: PeerAuthentication) -> Formula:
    """Of one age, the first by name counts; of an age that is not known, nobody knows which."""
    if one.created and other.created:
        return TRUE if (one.created, one.name) < (other.created, other.name) else FALSE
    if one.mode is other.mode and one.ports == other.ports:
        return TRUE if one.name < other.name else FALSE
    first, second = sorted((one, other), key=lambda each: each.name)
    names = [f"PeerAuthentication {each.namespace}/{each.name} ({each.source})" for each in (first, second)]
    text = f"which is older, {names[0]} or {names[1]}, is not known"
    fact = Open(OpenFact("mesh-oldest", f"{first.namespace} {first.name} {second.name}", text))
    return fact if one is first else negated(fact)


def _among(ranked: Ranked, mode: Mode, otherwise: Formula) -> Formula:
    if not ranked:
        return otherwise
    return either(
        both([is_oldest, otherwise if it.mode is Mode.UNSET else _same(it.mode, mode)]) for it, is_oldest in ranked
    )


def _same(one: Mode, other: Mode) -> Formula:
    return TRUE if one is other else FALSE


def _selected(each: PeerAuthentication) -> Formula:
    return both([in_namespace(each.namespace), having(each.attached.labels or Labels())])
