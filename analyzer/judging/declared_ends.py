"""Which declared workloads are an end of what lies in a region, so that a counterexample can name them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import chain, product

from analyzer.encoding import VIOLATION, Attribute, Box, Obligation, Variable, embed_end
from analyzer.encoding.classes import declares, mentioned_values
from analyzer.encoding.domains import ABSENT
from analyzer.encoding.reach import EXTERNAL, POD
from analyzer.encoding.variables import ADDRESSES
from analyzer.encoding.vocabulary import PortName
from analyzer.judging.generalise import exactly
from analyzer.judging.query_session import QuerySession
from analyzer.model.added_labels import unknown_under
from analyzer.model.claims import Kind
from analyzer.model.cluster import Workload
from analyzer.model.endpoints import Connection, Pod, pod_of
from analyzer.model.formulas import Role
from analyzer.model.mesh import TUNNEL_PORT
from analyzer.records import dataclass
from analyzer.sets.intervals import contains
from analyzer.verdicts.regions import Region

_MOST_PAIRS = 400
_PORT_NAMES = (Attribute.PORT_NAME, Attribute.TUNNEL_NAME)
_UNSAID = frozenset({*ADDRESSES, Attribute.NAMESPACE_LABEL, *_PORT_NAMES})  # not by a workload's template alone


@dataclass(frozen=True, slots=True)
class _Fitting:
    """A declared workload at one end, None where that is no pod, with its variables' values; `guessed`: labels whose
    values nobody knows."""

    workload: Workload | None
    facts: dict[Variable, int]
    guessed: frozenset[Variable]


class DeclaredEnds:
    """Looks for declared workloads; `witness_of` makes a witness of a model of the question's obligation."""

    def __init__(self, session: QuerySession, witness_of: Callable[[Mapping[str, int]], Connection | Pod]) -> None:
        self.session, self.witness_of = session, witness_of
        self.obligation: Obligation = session.obligation
        self.cluster = session.obligation.scope.cluster
        self.is_connection = self.obligation.scope.question.claim.kind is not Kind.ISOLATED

    def find(self, box: Box, outside: list[str], region: Region) -> tuple[bool | None, Connection | Pod | None]:
        """Whether declared workloads lie in the region and in none before it, and the witness they make.

        None if they may, as far as what is unknown about them (addresses and their family, labels of namespaces) or
        the budget goes.
        """
        is_outside = EXTERNAL in (region.src.kind, region.dst and region.dst.kind)
        hidden = any(v.is_open or (v.attribute is Attribute.FAMILY and not is_outside) for v in box)
        tried = 0
        roles = (Role.SRC, Role.DST) if self.is_connection else (Role.SRC,)
        for pair in product(*(self._fitting(box, role) for role in roles)):
            facts = {v: value for end in pair for v, value in end.facts.items()}
            first, last = pair[0].workload, pair[-1].workload
            if len(pair) == 2 and first is last and (first is None or first.is_single):
                continue
            literals = [self.session.is_value(v.symbol, value) for v, value in facts.items()]
            literals += self._declared_ports(last)
            model = self.session.check(VIOLATION, self.session.inside(box), *outside, *literals)
            if model.is_sat:
                if hidden or any(v in box for end in pair for v in end.guessed):
                    return None, None
                return True, self._as_declared(model.values, pair)
            tried += 1
            if not model.is_unsat or tried == _MOST_PAIRS:
                return None, None
        return False, None

    def _declared_ports(self, workload: Workload | None) -> list[str]:
        """Literals: the destination gives to the connection's port the names that the workload gives it."""
        if workload is None:
            return []
        port = self.obligation.variables[Role.CONNECTION, Attribute.PORT]
        names = self.obligation.variables.of(Role.DST, Attribute.PORT_NAME)
        numbers = ((row, declares(workload.ports, row.which)) for row in names if isinstance(row.which, PortName))
        told = [self.session.means(row, port, found.intervals) for row, found in numbers]
        for row in self.obligation.variables.of(Role.DST, Attribute.TUNNEL_NAME):
            assert isinstance(row.which, PortName)
            told.append(self.session.is_value(row.symbol, int(TUNNEL_PORT in declares(workload.ports, row.which))))
        return told

    def _as_declared(self, values: Mapping[str, int], pair: tuple[_Fitting, ...]) -> Connection | Pod:
        witness = self.witness_of(values)
        ends = [witness] if isinstance(witness, Pod) else [witness.src, witness.dst]
        for i, end in enumerate(pair):
            if end.workload is not None:
                drawn, declared = ends[i], replace(self._pod(end.workload), ip=ends[i].ip)
                if self.obligation.scope.assumptions and isinstance(drawn, Pod):  # its namespace may have to keep some
                    declared = replace(declared, namespace_labels=drawn.namespace_labels)
                ends[i] = declared
        if isinstance(witness, Connection):
            return replace(witness, src=ends[0], dst=ends[1])
        assert isinstance(ends[0], Pod)
        return ends[0]

    def _fitting(self, box: Box, role: Role) -> list[_Fitting]:
        """The declared workloads that the region admits at this end."""
        is_pod = self.obligation.variables.find(role, Attribute.IS_POD)
        if POD not in self.obligation.scope.reach(role).kinds or (is_pod is not None and box.get(is_pod) == exactly(0)):
            return [_Fitting(None, {}, frozenset())]
        found: list[_Fitting] = []
        rows = [v for v in self.obligation.variables.of(role) if v.attribute not in _UNSAID]
        labels = self.obligation.variables.of(role, Attribute.LABEL)
        member = self.obligation.variables.of(role, Attribute.MEMBER)
        for workload, keys in self._resembling(box, role):
            known = embed_end(self.obligation, self._pod(workload), role)
            if known is None:
                continue
            hidden = frozenset(v for v in labels if v.which in self._hidden_keys(workload))
            guessed = frozenset(v for v in labels if v.which in keys)
            guessed |= frozenset(member) if guessed else frozenset()  # its class settles the guess
            facts = {v: known[v.symbol] for v in rows if v.symbol in known and v not in hidden}
            if all(contains(box[v], value) for v, value in facts.items() if v in box):
                found.append(_Fitting(workload, facts, hidden | guessed))
                if len(found) > _MOST_PAIRS:
                    break
        return found

    def _hidden_keys(self, workload: Workload) -> frozenset[str]:
        """Those of labels of which nobody knows the value that the workload's pods have."""
        mentioned, _ = mentioned_values(self.obligation.scope)
        unknown = unknown_under(mentioned, workload.unknown_labels)
        return frozenset(key for varying in unknown for key in varying.all_keys)

    def _resembling(self, box: Box, role: Role) -> Iterator[tuple[Workload, frozenset[str]]]:
        """The declared workloads whose namespace and labels, as far as anything mentions them, the region admits; and
        the keys of labels that they merely could have, so that no such pod need be there."""
        scope, variables = self.obligation.scope, self.obligation.variables
        namespace = variables[role, Attribute.NAMESPACE]
        inside = (c for c in sorted(scope.reach(role).namespaces) if contains(box.get(namespace, namespace.every), c))
        namespaces = [scope.table.entries[c].name or "" for c in inside]
        told = []
        for label in variables.of(role, Attribute.LABEL):
            allowed = box.get(label)
            if allowed is not None and label.domain is not None:
                values = set(label.domain.codes)
                if label.domain.patterns:  # those that nothing mentions are told apart too
                    own = (workload.labels.get(str(label.which)) for workload in self.cluster.workloads)
                    values |= {value for value in own if value is not None}
                refused = {value for value in values if not contains(allowed, label.domain.code(value))}
                told.append((label.which, refused | (set() if contains(allowed, ABSENT) else {None})))
        by_namespace = self.cluster.workloads_by_namespace
        mentioned, compared = mentioned_values(scope)
        there = chain.from_iterable(by_namespace.get(name, ()) for name in namespaces)
        for workload in there:
            hidden = self._hidden_keys(workload)
            guessed = workload.guessed_keys
            variants = workload.variants(mentioned, compared)
            for variant in sorted(variants, key=lambda its: its.labels != workload.labels):
                known = ((variant.labels.get(str(key)), refused) for key, refused in told if key not in hidden)
                if not any(value in refused for value, refused in known):
                    yield variant, guessed

    def _pod(self, workload: Workload) -> Pod:
        labels = self.cluster.namespace_by_name[workload.namespace].labels
        return pod_of(workload, labels, next(iter(workload.ips), IPv4Address(0)))
