"""Counterexamples people understand: real workloads first, each the centre of a region, a few regions in all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import chain, product

from analyzer.encoding import VIOLATION, Obligation, Question, decode, decode_end, embed, embed_end
from analyzer.encoding.classes import declares, mentioned_values
from analyzer.encoding.domains import ABSENT
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.scope import EXTERNAL, POD
from analyzer.errors import InternalError
from analyzer.judging.apart import apart
from analyzer.judging.generalise import Box, generalise
from analyzer.judging.inquiry import Certain, Inquiry
from analyzer.judging.regions import describe
from analyzer.judging.replay import Replay
from analyzer.model.claims import Kind, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.model.endpoints import Connection, End, External, Pod, pod_of
from analyzer.records import dataclass
from analyzer.sets.addresses import IPAddress
from analyzer.sets.intervals import contains
from analyzer.solving import Budget, Result
from analyzer.verdicts.regions import Region
from analyzer.verdicts.verdict import Counterexample


@dataclass(frozen=True, slots=True)
class Sighting:
    """A witness, and the region around it.  `live` and `depends_on` as in a Counterexample."""

    witness: Connection | Pod
    box: Box
    live: bool | None
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """`is_complete`: no certain violation lies outside all regions; if that could not be told, `reason` says why."""

    sightings: tuple[Sighting, ...]
    live: bool | None
    is_complete: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """Whether declared workloads are a witness: `witness` is one, certain if `live` is True, possible if None."""

    live: bool | None
    witness: Connection | Pod | None = None
    depends_on: tuple[str, ...] = ()


class Finder:
    """Finds the witnesses of a refuted claim; `inquiry` is the session that refuted it, `encode_live` gives the same
    question asked of the declared workloads alone."""

    def __init__(
        self, inquiry: Inquiry, encode_live: Callable[[Question], Obligation | None], most: int, *, is_disjoint: bool
    ) -> None:
        self.inquiry, self.obligation, self.encode_live = inquiry, inquiry.obligation, encode_live
        self.cluster = inquiry.obligation.scope.cluster
        self.most, self.is_disjoint = max(1, most), is_disjoint
        self.is_connection = self.obligation.scope.question.claim.kind is not Kind.ISOLATED

    def find(self, values: Mapping[str, int], budget: Budget) -> Found:
        """Witnesses around `values` (a certain violation) and beyond, the live ones first."""
        live = self._live(budget)
        found: list[Sighting] = []
        outside: list[str] = []
        told: set[Region] = set()
        rounds = self.most + _MOST_TWINS
        start = self._centre(live.witness) if live.live else None
        is_settled = live.live is False or start is not None
        current = Certain(Result.SAT, start or dict(values))
        while (centre := current.values) is not None and len(found) < self.most and len(outside) < rounds:
            box = generalise(self.inquiry, centre)
            if self.is_disjoint:
                box = apart(self.obligation, box, [sighting.box for sighting in found], centre)
            region = describe(self.obligation, box)
            if region in told and not self.is_disjoint:  # the same again, for other values that nobody mentions
                outside.append(f"!{self.inquiry.inside(box)}")
                current = self.inquiry.certain(self.obligation.opens, *outside)
                continue
            told.add(region)
            standing, witness = live.live, live.witness
            if found or not is_settled:
                standing, witness = self._declared(box, outside, region)
            if witness is None:
                witness = self._witness(self.obligation, self._presentable(box, centre, outside))
            shown = _familiar(witness, box) if isinstance(witness, Connection) else witness
            found.append(Sighting(shown, box, standing, live.depends_on if standing is None else ()))
            outside.append(f"!{self.inquiry.inside(box)}")
            current = self.inquiry.certain(self.obligation.opens, *outside)
        return Found(tuple(found), live.live, current.result is Result.UNSAT, current.reason)

    # -------------------------------------------------------------------------------------------- live or latent
    def _live(self, budget: Budget) -> Live:
        """Ask the same question of the declared workloads alone, for all that is unknown about them."""
        question = replace(self.obligation.scope.question, universe=Universe.INVENTORY, open_labels=True)
        obligation = self.encode_live(question)
        if obligation is None:
            return Live(False)
        inquiry = Inquiry(obligation, budget)
        possible = inquiry.check(VIOLATION)
        if possible.is_unsat:
            return Live(False)
        if not possible.is_sat:
            return Live(None, depends_on=(possible.reason,))
        certain = inquiry.certain_of_unknowns()
        if certain.values is not None:
            return Live(True, self._as_written(self._witness(obligation, certain.values)))
        if certain.result.value == "unknown":
            return Live(None, depends_on=(certain.reason,))
        witness = self._witness(obligation, possible.values)
        family = ("v6",) if "v6" in obligation.symbols else ()
        needed = inquiry.needed(possible.values, (*inquiry.unknown_facts, *family))
        texts = (_dependence(obligation, name, witness) for name in needed)
        return Live(None, witness, tuple(dict.fromkeys(texts)))

    def _as_written(self, witness: Connection | Pod) -> Connection | Pod:
        """The witness with the labels that the manifests show of its namespaces: it stands whatever the others are."""
        if self.obligation.scope.assumptions:  # which may speak of such labels
            return witness
        if isinstance(witness, Pod):
            return self._pod_as_written(witness)
        return replace(witness, src=self._end_as_written(witness.src), dst=self._end_as_written(witness.dst))

    def _end_as_written(self, end: End) -> End:
        return self._pod_as_written(end) if isinstance(end, Pod) else end

    def _pod_as_written(self, pod: Pod) -> Pod:
        return replace(pod, namespace_labels=self.cluster.namespace_by_name[pod.namespace].labels)

    def _witness(self, obligation: Obligation, values: Mapping[str, int]) -> Connection | Pod:
        if self.is_connection:
            return decode(obligation, values)
        pod = decode_end(obligation, values, "s")
        assert isinstance(pod, Pod)
        return pod

    def _centre(self, witness: Connection | Pod | None) -> dict[str, int] | None:
        """The live witness in the symbols of the question's own universe; None if the budget does not reach."""
        if witness is None:
            return None
        if isinstance(witness, Connection):
            partial = embed(self.obligation, witness)
        else:
            partial = embed_end(self.obligation, witness)
        if partial is None:
            raise InternalError(f"the live witness {witness} is outside the universe", self.obligation.text)
        full = self.inquiry.check(VIOLATION, *(self.inquiry.is_value(s, v) for s, v in partial.items()))
        if full.result is Result.UNKNOWN or (full.is_unsat and self.obligation.scope.assumptions):
            return None  # assumptions may speak of labels that are unknown there, and here are those written
        if not full.is_sat:
            raise InternalError(f"the live witness {witness} violates nothing here", self.obligation.text)
        return {**full.values, **partial}

    # -------------------------------------------------------------------------------------------- enumeration
    def _presentable(self, box: Box, values: Mapping[str, int], outside: list[str]) -> Mapping[str, int]:
        """A witness inside the box that reads well."""
        fields, renamed = self.obligation.fields, self._first_name(box, values)
        fixed = [
            self.inquiry.is_within(s, box[s]) if s in _CHOSEN else self.inquiry.is_value(s, values[s])
            for s in box
            if s not in renamed
        ]
        wished = [self.inquiry.is_value(s, v) for s, v in _preferences(box, fields)]
        wished = [*(self.inquiry.is_value(s, code) for s, code in renamed.items()), *wished]
        fixed += [self.inquiry.is_within(s, box[s]) for s in renamed]
        for member in (s for s in ("s.w", "d.w") if s in fields):  # pods that are there, or could be for certain
            fixed += [f"!{self.inquiry.is_value(member, code)}" for code in sorted(self.obligation.supposed)]
        while True:
            nicer = self.inquiry.check(VIOLATION, *outside, *fixed, *wished)
            if nicer.is_sat:
                return nicer.values
            refused = [w for w in wished if w in nicer.core]
            if not refused:
                return values
            wished = [w for w in wished if w != refused[-1]]

    def _first_name(self, box: Box, values: Mapping[str, int]) -> dict[str, int]:
        """The only end that is in a namespace without a name, with the first of such namespaces."""
        table = self.obligation.scope.table
        unnamed = sorted(code for code in table.of(Standing.FUTURE) if table.entries[code].name is None)
        found = [symbol for symbol in ("s.ns", "d.ns") if values.get(symbol) in unnamed]
        if len(found) != 1 or not contains(box.get(found[0], ()), unnamed[0]):
            return {}
        return {found[0]: unnamed[0]}

    # -------------------------------------------------------------------------------------------- declared ends
    def _declared(self, box: Box, outside: list[str], region: Region) -> tuple[bool | None, Connection | Pod | None]:
        """Whether declared workloads lie in the region and in none before it, and the witness they make.

        None if they may, as far as what is unknown about them (addresses and their family, labels of namespaces) or
        the budget goes.
        """
        hidden = any(s in self.obligation.unknowns for s in box)
        hidden = hidden or ("v6" in box and EXTERNAL not in (region.src.kind, region.dst and region.dst.kind))
        tried = 0
        ends = [self._fitting(box, letter) for letter in ("sd" if self.is_connection else "s")]
        for pair in product(*ends):
            facts = {s: v for _, end in pair for s, v in end.items() if s in self.obligation.fields}
            if len(pair) == 2 and pair[0][0] is pair[1][0] and (pair[0][0] is None or pair[0][0].is_single):
                continue
            literals = [self.inquiry.is_value(s, v) for s, v in facts.items()]
            literals += self._declared_ports(pair[-1][0])
            model = self.inquiry.check(VIOLATION, self.inquiry.inside(box), *outside, *literals)
            if model.is_sat:
                guessed = [s for (w, _), e in zip(pair, "sd", strict=False) if w for s in self._hidden_labels(w, e)]
                return (
                    (None, None)
                    if hidden or any(s in box for s in guessed)
                    else (True, self._as_declared(model.values, pair))
                )
            tried += 1
            if not model.is_unsat or tried == _MOST_PAIRS:
                return None, None
        return False, None

    def _declared_ports(self, workload: Workload | None) -> list[str]:
        """Literals: the destination gives to the connection's port the names that the workload gives it."""
        scope = self.obligation.scope
        if workload is None or "d.p.0" not in self.obligation.symbols:
            return []
        numbers = (declares(workload.ports, wanted) for wanted in scope.port_names)
        return [self.inquiry.means(f"d.p.{i}", "port", n.intervals) for i, n in enumerate(numbers)]

    def _as_declared(
        self, values: Mapping[str, int], pair: tuple[tuple[Workload | None, dict[str, int]], ...]
    ) -> Connection | Pod:
        witness = self._witness(self.obligation, values)
        ends = [witness] if isinstance(witness, Pod) else [witness.src, witness.dst]
        for i, (workload, _) in enumerate(pair):
            if workload is not None:
                ends[i] = replace(self._pod(workload), ip=ends[i].ip)
        if isinstance(witness, Connection):
            return replace(witness, src=ends[0], dst=ends[1])
        assert isinstance(ends[0], Pod)
        return ends[0]

    def _fitting(self, box: Box, letter: str) -> list[tuple[Workload | None, dict[str, int]]]:
        """The declared workloads that the region admits at this end, with their symbols' values; None stands for an
        end that is no pod."""
        scope = self.obligation.scope
        reach = scope.src if letter == "s" else scope.dst
        if POD not in reach.kinds or box.get(f"{letter}.pod") == ((0, 0),):
            return [(None, {})]
        found: list[tuple[Workload | None, dict[str, int]]] = []
        for workload in self._resembling(box, letter):
            known = embed_end(self.obligation, self._pod(workload), letter)
            if known is None:
                continue
            hidden = self._hidden_labels(workload, letter)
            facts = {s: v for s, v in known.items() if not s[1:].startswith((".u", ".x", ".nl.", ".p."))}
            facts = {s: v for s, v in facts.items() if s not in hidden}
            if all(contains(box[s], v) for s, v in facts.items() if s in box):
                found.append((workload, facts))
                if len(found) > _MOST_PAIRS:
                    break
        return found

    def _hidden_labels(self, workload: Workload, letter: str) -> frozenset[str]:
        """The symbols of labels of which nobody knows the value that the workload's pods have."""
        keys = {key for varying in workload.unknown_labels for key in varying.all_keys}
        attrs = enumerate(a for a in self.obligation.scope.domains if a.kind == "pod")
        return frozenset(f"{letter}.l.{i}" for i, attr in attrs if attr.key in keys)

    def _resembling(self, box: Box, letter: str) -> Iterator[Workload]:
        """The declared workloads whose namespace and labels, as far as anything mentions them, the region admits."""
        scope = self.obligation.scope
        reach = scope.src if letter == "s" else scope.dst
        inside = (c for c in sorted(reach.namespaces) if contains(box.get(f"{letter}.ns", _ANY), c))
        namespaces = [scope.table.entries[c].name or "" for c in inside]
        told = []
        for i, attr in enumerate(a for a in scope.domains if a.kind == "pod"):
            allowed = box.get(f"{letter}.l.{i}")
            if allowed is not None:
                codes = scope.domains[attr].codes
                refused = {value for value, code in codes.items() if not contains(allowed, code)}
                told.append((attr.key, refused | (set() if contains(allowed, ABSENT) else {None})))
        by_namespace = self.cluster.workloads_by_namespace
        mentioned, compared = mentioned_values(scope)
        for workload in chain.from_iterable(by_namespace.get(name, ()) for name in namespaces):
            hidden = {key for varying in workload.unknown_labels for key in varying.all_keys}
            for variant in workload.variants(mentioned, compared):
                known = ((variant.labels.get(key), refused) for key, refused in told if key not in hidden)
                if not any(value in refused for value, refused in known):
                    yield variant

    def _pod(self, workload: Workload) -> Pod:
        labels = self.cluster.namespace_by_name[workload.namespace].labels
        return pod_of(workload, labels, next(iter(workload.ips), IPv4Address(0)))


def counterexample(sighting: Sighting, obligation: Obligation, replay: Replay) -> Counterexample:
    """The counterexample that a witness makes, replayed.  InternalError if the oracle disagrees."""
    witness, region, bundle = sighting.witness, describe(obligation, sighting.box), obligation.text
    new = new_namespaces(witness, obligation.scope.cluster)
    if isinstance(witness, Pod):
        sides = replay.pod(witness, bundle)
        return Counterexample(None, witness, None, sides, region, sighting.live, sighting.depends_on, new)
    allowed = obligation.scope.question.claim.kind is not Kind.EVERY
    decision = replay.connection(witness, allowed=allowed, bundle=bundle)
    return Counterexample(witness, None, decision, (), region, sighting.live, sighting.depends_on, new)


def new_namespaces(witness: Connection | Pod, cluster: Cluster) -> frozenset[str]:
    """Those of a witness's namespaces that the manifests do not know."""
    ends = (witness,) if isinstance(witness, Pod) else (witness.src, witness.dst)
    return frozenset(end.namespace for end in ends if isinstance(end, Pod)) - cluster.namespace_by_name.keys()


_MOST_TWINS = 24
_MOST_PAIRS = 400
_ANY = ((0, 2**32),)
_CHOSEN = ("port", "proto", "v6", "s.x4", "s.x6", "d.x4", "d.x6")
_FAMILIAR_PORTS = (443, 80, 8080, 53, 5432)
_PLAIN = (".l.", ".p.", ".nl.", ".fl.")
_FAMILIAR_ADDRESSES: dict[int, IPAddress] = {4: IPv4Address("8.8.8.8"), 6: IPv6Address("2001:4860:4860::8888")}


def _preferences(box: Box, fields: Iterable[str]) -> Iterator[tuple[str, int]]:
    """What a reader finds plainest: IPv4, TCP, a familiar port and address, no label that does not matter."""
    for symbol in fields:
        part = symbol.split(".")[-1] if "." in symbol else symbol
        if symbol == "port":
            allowed = box.get("port", ((1, 65535),))
            yield symbol, next((p for p in _FAMILIAR_PORTS if contains(allowed, p)), allowed[0][0])
        elif part in ("x4", "x6"):
            familiar = int(_FAMILIAR_ADDRESSES[int(part[1])])
            if contains(box.get(symbol, ((familiar, familiar),)), familiar):
                yield symbol, familiar
        elif symbol in ("v6", "proto") or (symbol not in box and (symbol[1:4] in _PLAIN or symbol[1:5] in _PLAIN)):
            yield symbol, 0


def _familiar(connection: Connection, box: Box) -> Connection:
    """The same connection on a port and from or to an address that readers know, where the region lets it."""
    if connection.through is not None:  # which settles both
        return connection
    for letter, end in (("s", connection.src), ("d", connection.dst)):
        familiar = _FAMILIAR_ADDRESSES[end.ip.version]
        if isinstance(end, External) and contains(box.get(f"{letter}.x{familiar.version}", ()), int(familiar)):
            nicer = External(familiar)
            connection = replace(connection, src=nicer) if letter == "s" else replace(connection, dst=nicer)
    if connection.port is None or any(s.startswith("d.p.") for s in box):
        return connection
    ports = connection.dst.ports if isinstance(connection.dst, Pod) else ()
    declared = sorted(p.number for p in ports if p.protocol is connection.protocol)
    allowed = box.get("port", ((1, 65535),))
    choice = (p for p in (*declared, *_FAMILIAR_PORTS, connection.port) if contains(allowed, p))
    return replace(connection, port=next(choice, connection.port))


def _dependence(obligation: Obligation, symbol: str, witness: Connection | Pod) -> str:
    """What a live answer hangs on, in words."""
    if symbol in obligation.opens:
        return obligation.opens[symbol].text
    if symbol == "v6":
        return "which address family these pods have, which the manifests do not tell"
    end = witness if isinstance(witness, Pod) else witness.src if symbol.startswith("s") else witness.dst
    if isinstance(end, Pod):
        if ".nl." in symbol:
            return f"the labels of namespace {end.namespace}, which is not declared"
        return f"the address of {end.workload or 'a pod'}, which the manifests do not tell"
    return "the address of a node, which the manifests do not tell"
