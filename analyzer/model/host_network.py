"""The namespace that stands for the nodes' network in OVN-Kubernetes (reference 0.2, D: OVN-K peers).

OVN-Kubernetes puts the nodes' addresses into the address set of one namespace, which holds no pods.  On OpenShift it is
openshift-host-network, with the label below, and with the ingress labels where the router runs on its nodes' network.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels, Operator, Selector

HOST_NETWORK_LABEL = "policy-group.network.openshift.io/host-network"
_INGRESS = {"policy-group.network.openshift.io/ingress": "", "network.openshift.io/policy-group": "ingress"}
_NAMES = ("openshift-host-network", "ovn-host-network")


def host_network_labels(namespaces: Iterable[Labels]) -> tuple[Labels, ...]:
    """What the labels of that namespace are, or may be; `namespaces` holds those of the declared ones."""
    declared = [n for n in namespaces if HOST_NETWORK_LABEL in n or n.get(NAMESPACE_NAME_LABEL) in _NAMES]
    return tuple(declared) or tuple(
        Labels({NAMESPACE_NAME_LABEL: name, HOST_NETWORK_LABEL: "", **ingress})
        for name in _NAMES
        for ingress in ({}, _INGRESS)
    )


def asks_for_host_network(selector: Selector) -> bool:
    """Whether the selector says outright that it means the nodes' network: by the label that says so."""
    return any(
        r.key == HOST_NETWORK_LABEL and r.operator in (Operator.IN, Operator.EXISTS) for r in selector.requirements
    )


def hints_at_host_network(selector: Selector) -> bool:
    """Whether it names something that only that namespace has: this label, the router's, or its name."""
    return asks_for_host_network(selector) or any(
        r.operator in (Operator.IN, Operator.EXISTS)
        and (r.key in _INGRESS or (r.key == NAMESPACE_NAME_LABEL and r.values & {*_NAMES}))
        for r in selector.requirements
    )
