"""Counterexamples people understand: real workloads first, each the centre of a region, a few regions in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from analyzer.encoding import VIOLATION, Obligation, decode, decode_end, embed, embed_end, encode
from analyzer.encoding.scope import POD
from analyzer.errors import InternalError
from analyzer.model.claims import Kind, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Connection, Pod
from analyzer.sets.intervals import contains
from analyzer.solving import Budget
from analyzer.verdicts.generalise import Box, generalise
from analyzer.verdicts.inquiry import Inquiry
from analyzer.verdicts.regions import describe
from analyzer.verdicts.replay import Replay
from analyzer.verdicts.verdict import Counterexample


@dataclass(frozen=True, slots=True)
class Found:
    counterexamples: tuple[Counterexample, ...]
    live: bool | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Live:
    """Whether declared workloads are a witness: `witness` is one, certain if `live` is True, possible if None."""

    live: bool | None
    witness: Connection | Pod | None = None
    depends_on: tuple[str, ...] = ()


class Finder:
    """Finds the counterexamples of a refuted claim; `inquiry` is the session that refuted it."""

    def __init__(self, cluster: Cluster, obligation: Obligation, inquiry: Inquiry, replay: Replay, most: int) -> None:
        self.cluster, self.obligation, self.inquiry, self.replay = cluster, obligation, inquiry, replay
        self.most = max(1, most)
        self.is_connection = obligation.scope.question.claim.kind is not Kind.ISOLATED

    def find(self, values: Mapping[str, int], budget: Budget) -> Found:
        """Counterexamples around `values` (a certain violation) and beyond, the live ones first."""
        live = self._live(budget)
        centre = self._centre(live.witness) if live.live else None
        boxes: list[Box] = []
        found: list[Counterexample] = []
        current: Mapping[str, int] | None = centre or values
        while current is not None and len(found) < self.most:
            box = generalise(self.inquiry, current)
            witness = live.witness if current is centre and live.witness is not None else None
            found.append(
                self._counterexample(self._presentable(box, current), box, witness, live if not found else None)
            )
            boxes.append(box)
            current = self._next(boxes)
        return Found(tuple(found), live.live, current is None)

    # -------------------------------------------------------------------------------------------- live or latent
    def _live(self, budget: Budget) -> Live:
        """Ask the same question of the declared workloads alone, for all that is unknown about them."""
        question = replace(self.obligation.scope.question, universe=Universe.INVENTORY, open_labels=True)
        obligation = encode(self.cluster, question)
        inquiry = Inquiry(obligation, budget)
        possible = inquiry.check(VIOLATION)
        if possible.is_unsat:
            missing = [u for u in self.cluster.unmodelled if u.adds_pods]
            return Live(None, depends_on=tuple(f"the pods of {u.id}" for u in missing)) if missing else Live(False)
        if not possible.is_sat:
            return Live(None, depends_on=(possible.reason,))
        universal = (*obligation.opens, *sorted(obligation.unknowns))
        certain = inquiry.certain(universal)
        if certain.values is not None:
            return Live(True, self._witness(obligation, certain.values))
        if certain.result.value == "unknown":
            return Live(None, depends_on=(certain.reason,))
        witness = self._witness(obligation, possible.values)
        needed = inquiry.needed(possible.values, universal)
        texts = (_dependence(obligation, name, witness) for name in needed)
        return Live(None, witness, tuple(dict.fromkeys(texts)))

    def _witness(self, obligation: Obligation, values: Mapping[str, int]) -> Connection | Pod:
        if self.is_connection:
            return decode(obligation, values)
        pod = decode_end(obligation, values, "s")
        assert isinstance(pod, Pod)
        return pod

    def _centre(self, witness: Connection | Pod | None) -> dict[str, int] | None:
        """The live witness in the symbols of the question's own universe."""
        if witness is None:
            return None
        embedding = embed_end if isinstance(witness, Pod) else embed
        partial = embedding(self.obligation, witness)
        if partial is None:
            raise InternalError(f"the live witness {witness} is outside the universe", self.obligation.text)
        full = self.inquiry.check(VIOLATION, *(self.inquiry.is_value(s, v) for s, v in partial.items()))
        if not full.is_sat:
            raise InternalError(f"the live witness {witness} violates nothing here", self.obligation.text)
        return {**full.values, **partial}

    # -------------------------------------------------------------------------------------------- enumeration
    def _next(self, boxes: list[Box]) -> Mapping[str, int] | None:
        """A certain violation outside all regions so far."""
        outside = [f"!{self.inquiry.inside(box)}" for box in boxes]
        return self.inquiry.certain(self.obligation.opens, *outside).values

    def _presentable(self, box: Box, values: Mapping[str, int]) -> Mapping[str, int]:
        """A witness inside the box that reads well."""
        fields = self.obligation.fields
        fixed = [self.inquiry.is_value(s, values[s]) for s in box if s not in ("port", "d.x4", "s.x4")]
        fixed += [self.inquiry.is_within(s, box[s]) for s in box if s in ("port", "d.x4", "s.x4")]
        wished = [self.inquiry.is_value(s, v) for s, v in _preferences(box, fields)]
        while True:
            nicer = self.inquiry.check(VIOLATION, *fixed, *wished)
            if nicer.is_sat:
                return nicer.values
            refused = [w for w in wished if w in nicer.core]
            if not refused:
                return values
            wished = [w for w in wished if w != refused[-1]]

    def _counterexample(
        self, values: Mapping[str, int], box: Box, witness: Connection | Pod | None, live: Live | None
    ) -> Counterexample:
        region = describe(self.obligation, box)
        shown = witness if witness is not None else self._witness(self.obligation, values)
        if isinstance(shown, Connection) and isinstance(witness, Connection):
            shown = _with_port(shown, box)
        expected = self.obligation.scope.question.claim.kind is not Kind.EVERY
        standing = live.live if live is not None else self._is_live(box)
        depends_on = live.depends_on if live is not None else ()
        if isinstance(shown, Pod):
            sides = self.replay.pod(shown, self.obligation.text)
            return Counterexample(None, shown, None, sides, region, standing, depends_on)
        decision = self.replay.connection(shown, allowed=expected, bundle=self.obligation.text)
        return Counterexample(shown, None, decision, (), region, standing, depends_on)

    def _is_live(self, box: Box) -> bool | None:
        """Whether declared workloads lie in the region: for certain, or as far as is known, or not at all."""
        ends = [self._fitting(box, letter) for letter in ("sd" if self.is_connection else "s")]
        if not all(ends) or (len(ends) == 2 and ends[0] == ends[1] and _is_one_pod(ends[0])):
            return False
        hidden = any(s in self.obligation.unknowns or s.startswith("d.p.") for s in box)
        return None if hidden else True

    def _fitting(self, box: Box, letter: str) -> list[Workload | None]:
        """The declared workloads that the region admits at this end; None stands for an address outside."""
        scope = self.obligation.scope
        reach = scope.src if letter == "s" else scope.dst
        if POD not in reach.kinds or box.get(f"{letter}.pod") == ((0, 0),):
            return [None]
        found: list[Workload | None] = []
        for workload in self.cluster.workloads:
            facts = embed_end(self.obligation, self._pod(workload), letter)
            if facts is not None and all(
                contains(box[s], v) for s, v in facts.items() if s in box and s[1:3] not in (".u", ".x")
            ):
                found.append(workload)
        return found

    def _pod(self, workload: Workload) -> Pod:
        return Pod(
            namespace=workload.namespace,
            namespace_labels=self.cluster.namespace_by_name[workload.namespace].labels,
            labels=workload.labels,
            ip=next(iter(workload.ips), IPv4Address(0)),
            service_account=workload.service_account,
            ports=workload.ports,
            host_network=workload.host_network,
            workload=workload.id,
        )


def _is_one_pod(workloads: list[Workload | None]) -> bool:
    return len(workloads) == 1 and workloads[0] is not None and workloads[0].is_single


_FAMILIAR_PORTS = (443, 80, 8080, 53, 5432)
_PLAIN = (".l.", ".p.", ".nl.", ".fl.")
_FAMILIAR_ADDRESS = int(IPv4Address("8.8.8.8"))


def _preferences(box: Box, fields: Iterable[str]) -> Iterator[tuple[str, int]]:
    """What a reader finds plainest: IPv4, TCP, a familiar port and address, no label that does not matter."""
    for symbol in fields:
        part = symbol.split(".")[-1] if "." in symbol else symbol
        if symbol == "port":
            allowed = box.get("port", ((1, 65535),))
            yield symbol, next((p for p in _FAMILIAR_PORTS if contains(allowed, p)), allowed[0][0])
        elif part == "x4" and contains(box.get(symbol, ((_FAMILIAR_ADDRESS, _FAMILIAR_ADDRESS),)), _FAMILIAR_ADDRESS):
            yield symbol, _FAMILIAR_ADDRESS
        elif symbol not in box and (symbol in ("v6", "proto") or symbol[1:4] in _PLAIN or symbol[1:5] in _PLAIN):
            yield symbol, 0


def _with_port(connection: Connection, box: Box) -> Connection:
    """The same connection on a port that the destination declares, where the region lets it."""
    if connection.port is None or not isinstance(connection.dst, Pod) or any(s.startswith("d.p.") for s in box):
        return connection
    allowed = box.get("port", ((1, 65535),))
    declared = sorted(p.number for p in connection.dst.ports if p.protocol is connection.protocol)
    familiar = [*declared, *(_FAMILIAR_PORTS if "port" in box else ()), connection.port]
    return replace(connection, port=next(p for p in familiar if contains(allowed, p) or p == connection.port))


def _dependence(obligation: Obligation, symbol: str, witness: Connection | Pod) -> str:
    """What a live answer hangs on, in words."""
    if symbol in obligation.opens:
        return obligation.opens[symbol].text
    end = witness if isinstance(witness, Pod) else witness.src if symbol.startswith("s") else witness.dst
    if isinstance(end, Pod):
        if ".nl." in symbol:
            return f"the labels of namespace {end.namespace}, which is not declared"
        return f"the address of {end.workload or 'a pod'}, which the manifests do not tell"
    return "the address of a node, which the manifests do not tell"
