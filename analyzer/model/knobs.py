"""What the knobs of a profile take (reference 0.1 and D): words of a choice, or texts that are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from ipaddress import ip_address

from analyzer.model.domains import DOMAIN_NAME
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress


class NamedPortScope(Enum):
    """Which containers' declarations a port name is looked up in (reference A7.4)."""

    CONTAINERS = "containers"
    SIDECARS = "sidecars"  # containers and restartable init containers
    ALL = "all"  # every init container too


class NamedPorts(Enum):
    """How an engine turns a port name into numbers (reference D)."""

    PER_POD = "per-pod"
    ZERO_PORT = "zero-port"  # alone: all ports of the protocol; beside a number of that protocol: lost
    UNION = "union"  # ingress: a number that any subject pod declares is opened on all of them: left open here


class OtherProtocols(Enum):
    """What isolation does to protocols without ports (reference A11.2)."""

    UNKNOWN = "unknown"
    MATCH_IF_NO_PORTS = "match-if-no-ports"
    ACCEPT = "accept"


class ServiceEval(Enum):
    """Where egress rules see a connection to a Service's address (reference A9.5, A9.6, D)."""

    UNKNOWN = "unknown"
    POST_DNAT = "post-dnat"  # as one to the backend, on the backend's port
    PRE_DNAT = "pre-dnat"  # as one to the Service's address, on the Service's port


class HostNetworkLabel(Enum):
    """Whether a namespaceSelector that selects OVN-Kubernetes' host-network namespace means the nodes (reference D)."""

    UNKNOWN = "unknown"  # it may, where it names a label or a name that only that namespace has
    SELECTS_NODES = "selects-nodes"
    NO_MEANING = "no-meaning"


class LabelsAsWritten(Enum):
    """Whether pods have the labels that the manifests show, and those that Kubernetes itself adds, and no others."""

    TRUE = "true"
    MORE = "more"  # those, and any under other keys: admission and operators add some
    FALSE = "false"  # any at all: they change what is written, too


class EnablePolicy(Enum):
    """Which pods are subject to policy (Cilium's policyEnforcementMode, calico-cilium.md 2.4)."""

    DEFAULT = "default"  # those that a policy selects
    ALWAYS = "always"  # every pod, in both directions
    NEVER = "never"  # none


class CidrMatchMode(Enum):
    """What in the cluster Cilium's address ranges mean (calico-cilium.md 2.8)."""

    NONE = ""
    NODES = "nodes"
    PODS = "pods"
    BOTH = "nodes,pods"

    @property
    def means_nodes(self) -> bool:
        return self in (CidrMatchMode.NODES, CidrMatchMode.BOTH)

    @property
    def means_pods(self) -> bool:
        return self in (CidrMatchMode.PODS, CidrMatchMode.BOTH)


class AllowLocalhost(Enum):
    """Whether a pod's own node always reaches it (Cilium; calico-cilium.md 2.4)."""

    AUTO = "auto"
    POLICY = "policy"


class CalicoVersion(Enum):
    """What it reads, and how it orders it (calico-cilium.md 1.13)."""

    V333 = "3.33"
    V332 = "3.32"
    V331 = "3.31"
    V330 = "3.30"
    V329 = "3.29"
    V328 = "3.28"


class ExtAuthz(Enum):
    """What every external authorizer of the mesh answers (istio.md 5.9)."""

    OPEN = "open"  # nobody knows
    ALLOW = "allow"
    DENY = "deny"


class EnforcingMode(Enum):
    """What pods that no policy selects are to the VPC CNI's agent (aws.md K3)."""

    STANDARD = "standard"  # open
    STRICT = "strict"  # closed
    UNKNOWN = "unknown"


class GroupMode(Enum):
    """Which traffic of pods with security groups of their own the groups see (aws.md S3)."""

    STRICT = "strict"  # all of it
    STANDARD = "standard"  # what leaves their node; NetworkPolicies count beside the groups
    UNKNOWN = "unknown"


class ExternalSnat(Enum):
    """Whether what leaves the VPC keeps the pod's address (aws.md S3)."""

    FALSE = "false"
    TRUE = "true"
    UNKNOWN = "unknown"


class StrictPolicies(Enum):
    """Whether the VPC CNI's agent enforces policies at pods with groups of their own in strict mode (aws.md S3)."""

    UNKNOWN = "unknown"
    ENFORCED = "enforced"
    IGNORED = "ignored"


class MeshEgress(Enum):
    """Whether pods can go past what a mesh's Sidecars and ServiceEntries say of what goes out (istio.md 7)."""

    OPEN = "open"  # they can: no claim of isolation hangs on it
    ENFORCED = "enforced"  # something, an egress gateway with NetworkPolicies, keeps them from it


class CiliumVersion(Enum):
    """What it reads, and how (calico-cilium.md 2.17)."""

    V120 = "1.20"
    V119 = "1.19"
    V118 = "1.18"
    V117 = "1.17"
    V116 = "1.16"

    @property
    def reads_tiers(self) -> bool:
        """ClusterNetworkPolicies decide."""
        return self is CiliumVersion.V120

    @property
    def has_aggregates(self) -> bool:
        """Selectors that say only what an end is not mean everybody (0.5, K80)."""
        return self is CiliumVersion.V120

    @property
    def binds_cluster(self) -> bool:
        """Selectors without a cluster mean this one, unless told otherwise."""
        return self in (CiliumVersion.V120, CiliumVersion.V119)


def api_server_places(text: str) -> tuple[tuple[IPAddress, int | None], ...]:
    """The addresses of knob kube-apiserver, each with its port if one is given; ValueError says what is wrong."""
    found: list[tuple[IPAddress, int | None]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        host, port = part, ""
        if part.startswith("["):
            host, _, port = part[1:].partition("]")
            port = port.removeprefix(":")
        elif part.count(":") == 1:
            host, _, port = part.partition(":")
        try:
            address = ip_address(host)
            number = int(port) if port else None
        except ValueError:
            address, number = None, None
        if address is None or (number is not None and not 1 <= number <= 65535):
            raise ValueError(f"kube-apiserver takes ADDRESS or ADDRESS:PORT, several with commas; `{part}` is neither")
        found.append((address, number))
    return tuple(found)


def cluster_domains(text: str) -> tuple[str, ...]:
    """The domains of knob cluster-domain, in lower case; ValueError says what is wrong."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name = part.lower().removesuffix(".")
        if not DOMAIN_NAME.fullmatch(name):
            raise ValueError(f"cluster-domain takes a domain name, several with commas; `{part}` is none")
        found.append(name)
    return tuple(dict.fromkeys(found))


def domain_addresses(text: str) -> tuple[tuple[str, IPAddress], ...]:
    """The names of knob dns, each with an address that it stands for; ValueError says what is wrong."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, address = part.partition("=")
        try:
            found.append((name.strip().rstrip(".").lower(), ip_address(address.strip())))
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise ValueError(f"dns takes NAME=ADDRESS, several with commas; `{part}` is none")
    return tuple(found)


def _cluster_name(text: str) -> None:
    if re.fullmatch(r"(?:[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?)?", text) is None:
        raise ValueError("cluster-name takes a name of at most 32 small letters, digits and `-`")


USUAL_ATOMS = 10_000


def string_atoms(text: str) -> int:
    """How many sorts of texts knob string-atoms lets an attribute have; ValueError says what is wrong."""
    if not text:
        return USUAL_ATOMS
    if re.fullmatch(r"[1-9][0-9]{0,6}", text) is None:
        raise ValueError(f"string-atoms takes a whole number from 1 to 9999999; `{text}` is none")
    return int(text)


def snat_exceptions(text: str) -> AddressSet | None:
    """The ranges of knob exclude-snat-cidrs; None where it is `unknown`.  ValueError says what it takes."""
    if text.strip() == "unknown":
        return None
    try:
        return AddressSet.of(*(part.strip() for part in text.split(",") if part.strip()))
    except ValueError as error:
        raise ValueError("exclude-snat-cidrs takes ranges like `172.20.0.0/16`, several with commas") from error


CHECKS: dict[str, Callable[[str], object]] = {
    "exclude_snat_cidrs": snat_exceptions,
    "kube_apiserver": api_server_places,
    "cluster_domain": cluster_domains,
    "dns": domain_addresses,
    "cluster_name": _cluster_name,
    "string_atoms": string_atoms,
}
"""What a knob that takes words takes."""
