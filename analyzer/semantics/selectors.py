"""Which pods a selector means (reference A2, A3, A8)."""

from __future__ import annotations

from analyzer.model.endpoints import Pod
from analyzer.model.labels import Labels, Operator, Requirement, Selector
from analyzer.model.policies import NamespaceChoice, NamespaceNamed, PodPeer


def matches(selector: Selector, labels: Labels) -> bool:
    """Whether every requirement holds of the labels; the empty selector matches all (reference A2.1)."""
    return all(_is_met(requirement, labels) for requirement in selector.requirements)


def _is_met(requirement: Requirement, labels: Labels) -> bool:
    """The table of reference A2.3: an absent key meets NotIn and DoesNotExist, and is not the value "" (A2.4)."""
    is_present = requirement.key in labels
    match requirement.operator:
        case Operator.IN:
            return is_present and labels[requirement.key] in requirement.values
        case Operator.NOT_IN:
            return not is_present or labels[requirement.key] not in requirement.values
        case Operator.EXISTS:
            return is_present
        case Operator.DOES_NOT_EXIST:
            return not is_present


def is_chosen(namespaces: NamespaceChoice, pod: Pod) -> bool:
    """Whether the pod's namespace is among those chosen."""
    if isinstance(namespaces, NamespaceNamed):
        return pod.namespace == namespaces.name
    return matches(namespaces.selector, pod.namespace_labels)


def selects(choice: PodPeer, pod: Pod) -> bool:
    """Whether a policy's subject, or a peer of a rule, means this pod; never a hostNetwork pod (A12.3, B2, C4)."""
    return not pod.host_network and is_chosen(choice.namespaces, pod) and matches(choice.pods, pod.labels)
