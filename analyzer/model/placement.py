"""The nodes that a pod may be bound to, as its spec asks for them: nodeSelector and required node affinity.

The scheduler and the kubelet both hold to these (kubernetes/component-helpers, scheduling/corev1/nodeaffinity).  What
else keeps pods off nodes is not read: taints, free room, volumes, spreading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from analyzer.records import dataclass

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class NodeCondition:
    """One condition on a label of the node, or with `is_name` on its name; `operator` as in a manifest."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()
    is_name: bool = False

    def holds(self, value: str | None) -> bool:
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
            case _:
                return self._compares(value)

    def _compares(self, value: str | None) -> bool:
        try:
            own, limit = int(value or ""), int(next(iter(self.values), ""))
        except ValueError:
            return False
        return own > limit if self.operator == "Gt" else own < limit


Term = tuple[NodeCondition, ...]
"""All of these; the empty one holds of no node."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One of `terms` must hold of the node."""

    terms: tuple[Term, ...]

    def admits(self, name: str, labels: Mapping[str, str]) -> bool:
        return any(term and all(c.holds(name if c.is_name else labels.get(c.key)) for c in term) for term in self.terms)

    def may_have(self, key: str, value: str | None) -> bool:
        """Whether some node that it admits could have this under the key; None: not have the key."""
        return any(term and all(c.is_name or c.key != key or c.holds(value) for c in term) for term in self.terms)

    def mentioned(self, key: str) -> frozenset[str]:
        return frozenset(v for term in self.terms for c in term if c.key == key and not c.is_name for v in c.values)


def placement_of(selector: Mapping[str, str], affinity: Iterable[Term] | None) -> Placement | None:
    """None: any node will do.  `affinity` is None where nothing of the kind is required."""
    own = tuple(NodeCondition(key, "In", frozenset({value})) for key, value in sorted(selector.items()))
    if affinity is None:
        return Placement((own,)) if own else None
    return Placement(tuple((*own, *term) for term in affinity if term))


# ------------------------------------------------------------------------------------------------ kinds of nodes
@dataclass(frozen=True, slots=True)
class Host:
    """Whether a pod runs on Windows, and whether on Fargate; None: nothing says it.  `eni`: of a running pod, whether
    it has an interface of its own.  `groups`: the security groups of its node, where those of nodes differ, behind
    ADMITTED of a pod without a node where every declared one has them that it may be bound to.  `nodes`: the names of
    the nodes that its pods are bound to, as `names_of` writes them, behind ADMITTED those declared that they may be
    bound to; None where that is not known of all."""

    windows: bool | None = None
    fargate: bool | None = None
    eni: bool | None = None
    groups: str | None = None
    nodes: str | None = None


ANY_HOST = Host()


def names_of(nodes: Iterable[str]) -> str:
    """Names of nodes as one text."""
    return "".join(f"{name}," for name in sorted(nodes))


ADMITTED = "admitted "
OS, OS_BEFORE = "kubernetes.io/os", "beta.kubernetes.io/os"
COMPUTE, FARGATE_PROFILE = "eks.amazonaws.com/compute-type", "eks.amazonaws.com/fargate-profile"


def host_of_node(labels: Mapping[str, str]) -> Host:
    """What a node is by its labels."""
    on = labels.get(OS, labels.get(OS_BEFORE))
    return Host(windows=on == "windows", fargate=labels.get(COMPUTE) == "fargate")


def host_of_placement(placement: Placement | None) -> Host:
    """What every node is that it admits, as far as its labels are asked for."""
    if placement is None:
        return ANY_HOST
    windows = [_is_told(placement, key, "windows", ("linux", None)) for key in (OS, OS_BEFORE)]
    fargate = _is_told(placement, COMPUTE, "fargate", ("ec2", None))
    return Host(next((told for told in windows if told is not None), None), fargate)


def _is_told(placement: Placement, key: str, value: str, others: tuple[str | None, ...]) -> bool | None:
    """Whether a node must have the value, or must not."""
    may, may_not = placement.may_have(key, value), any(placement.may_have(key, it) for it in others)
    return None if may and may_not else may


def one_host(hosts: Iterable[Host]) -> Host:
    """What is true of all of them."""
    listed = list(hosts)
    windows, fargate = {host.windows for host in listed}, {host.fargate for host in listed}
    eni = False if any(host.eni is False for host in listed) else None
    groups = {host.groups for host in listed}
    return Host(_only(windows), _only(fargate), eni, _only(groups))


def _only(values: set[_Told]) -> _Told | None:
    return values.pop() if len(values) == 1 else None
