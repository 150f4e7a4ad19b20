"""Facts that neither the manifests nor the specification settle.  An answer that hangs on one of them is unknown."""

from __future__ import annotations

from analyzer.records import dataclass
from analyzer.sets import PortSet


@dataclass(frozen=True, slots=True)
class OpenFact:
    """Something the specification, or an unmodelled object, leaves open: `id` is stable, `text` is for people.

    kinds: `tie` (equal priorities), `scales` (priorities that nothing compares), `other-protocols`, `domain`,
    `unmodelled`, `named-port-union`, `service-source`,
    `service-eval`, `node-way` (a port of a node that leads to pods), `host-network-label` (OVN-Kubernetes),
    `added-label`,
    `source-port`, `own-node`, `forwarded`, `account-labels`, `namespace-labels`, `namespace-name` (Calico),
    `other-protocol` (which protocol without ports is asked about),
    `unspecified` (a rule of a policy that holds what the API does not check).
    """

    kind: str
    id: str
    text: str

    @property
    def is_of_engine(self) -> bool:
        """It is what an engine makes of objects: another one may make something else of the same."""
        return self.kind in _OF_ENGINE

    @property
    def is_of_scales(self) -> bool:
        """It is about policies whose priorities are on no common scale, and not about equal ones."""
        return self.kind == "scales"


_OF_ENGINE = frozenset(
    {
        *("tie", "scales", "other-protocols", "named-port-union", "service-source", "service-eval", "node-way"),
        *("host-network-label", "source-port", "forwarded", "own-node", "unspecified", "unmodelled", "engine"),
        *("agent", "ipcache", "domain", "node-labels", "account-labels", "cloud-group"),
    }
)


def which_of_others(numbers: PortSet) -> OpenFact:
    """Of a connection of some protocol without ports: whether it is one of these (`sets/other_protocols`)."""
    text = "which of the protocols without ports is meant, and what type of ICMP, the question does not say"
    return OpenFact("other-protocol", f"other-protocol {numbers}", text)
