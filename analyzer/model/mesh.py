"""Istio's objects as written: what decides on requests, before it is read as formulas (model/mesh_stage.py)."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

from analyzer.model.labels import Labels
from analyzer.model.mesh_cni import PASSED_OVER, MeshCni
from analyzer.model.source import NOWHERE, Source
from analyzer.records import dataclass

T = TypeVar("T")

DEFAULT_REVISION = "default"
STATUS = "sidecar.istio.io/status"
UNINJECTED = "netproof/uninjected"
"""Stands among the annotations of a pod that a server has stored and that has no proxy, so that it never gets one."""
REDIRECTION, REDIRECTED = "ambient.istio.io/redirection", "enabled"
UNREDIRECTED = "netproof/unredirected"
"""Stands among those of a pod that a server has stored, or somebody has written, without what istio-cni says of pods
that it has taken over."""
TAKES_TUNNEL = "netproof/takes-tunnel"
"""What the variables of a pod's own proxy say of the mesh's tunnel; empty where they are silent."""
ENABLE_HBONE = "ISTIO_META_ENABLE_HBONE"
OWN_CONFIG = "proxy.istio.io/config"
BYPASS = "ambient.istio.io/bypass-inbound-capture"
ANNOTATIONS = frozenset(
    {
        STATUS,
        "sidecar.istio.io/inject",
        "sidecar.istio.io/interceptionMode",
        "status.sidecar.istio.io/port",
        "traffic.sidecar.istio.io/includeInboundPorts",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "traffic.sidecar.istio.io/excludeInterfaces",
        REDIRECTION,
        BYPASS,
        "inject.istio.io/templates",
        OWN_CONFIG,
    }
)
"""The annotations of a pod that say what its proxy sees."""
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
WAYPOINT_CLASS = "istio-waypoint"
USE_WAYPOINT = "istio.io/use-waypoint"
DATAPLANE_MODE, AMBIENT = "istio.io/dataplane-mode", "ambient"
TUNNEL_PORT = 15008
"""Where ztunnel takes the mesh's mutual TLS: what a client asks for stands inside, out of sight of NetworkPolicies."""
USE_WAYPOINT_OF = "istio.io/use-waypoint-namespace"


def named_waypoint(labels: Labels) -> str:
    """The waypoint that these labels ask for, as `namespace/name`, where a namespace that they do not say is left out;
    or `none`; empty if they say nothing."""
    name, where = labels.get(USE_WAYPOINT, ""), labels.get(USE_WAYPOINT_OF, "")
    return f"{where}/{name}" if name and where else name


class Verdict(Enum):
    """The action of an AuthorizationPolicy."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    CUSTOM = "CUSTOM"


class Mode(Enum):
    """Whether a port takes mutual TLS, plaintext, or both."""

    STRICT = "STRICT"
    PERMISSIVE = "PERMISSIVE"
    DISABLE = "DISABLE"
    UNSET = "UNSET"


@dataclass(frozen=True, slots=True)
class Target:
    """What `targetRefs` name, in the policy's own namespace; `group` is empty for Services."""

    group: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a policy is for.  `labels is None`: no selector; empty: an empty one (istio.md 0.1, 5.1)."""

    namespace: str
    labels: Labels | None = None
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One field of a source or an operation, or one entry of `when`: `attribute` is spelt as a key of `when`, or is
    `hosts`, `methods` or `paths`; `key` is what stands in brackets.

    Without `values` any value meets it; one of `excepted` does not.
    """

    attribute: str
    values: tuple[str, ...]
    excepted: tuple[str, ...] = ()
    key: str = ""


Conditions = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class MeshRule:
    """Some of the sources, if there are any, some of the operations, if there are any, and all of `when`."""

    sources: tuple[Conditions, ...]
    operations: tuple[Conditions, ...]
    when: Conditions
    index: int
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    namespace: str
    name: str
    attached: Attachment
    verdict: Verdict
    rules: tuple[MeshRule, ...]
    provider: str = ""
    is_dry_run: bool = False
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """`created`: when, as the server writes it; empty if that is not known."""

    namespace: str
    name: str
    attached: Attachment
    mode: Mode
    ports: tuple[tuple[int, Mode], ...] = ()
    created: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class JwtRule:
    """Tokens of one issuer, or of any where it is empty, and where they are looked for: in headers behind a prefix, in
    parameters and cookies.

    `words`: the claims that are lists of words.  `writes_headers`: those that the proxy makes of what the token says.
    `keeps_token`: it stays in its header once it is accepted.
    """

    issuer: str
    audiences: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    parameters: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    writes_headers: tuple[str, ...] = ()
    keeps_token: bool = False


@dataclass(frozen=True, slots=True)
class RequestAuthentication:
    namespace: str
    name: str
    attached: Attachment
    rules: tuple[JwtRule, ...]
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Server:
    """What a gateway listens for: a port of its Service, a protocol, hosts as `[namespace/]name`.  `tls` is the mode of
    its TLS, empty for none; `redirects`: it sends everybody to another server."""

    port: int
    protocol: str
    hosts: tuple[str, ...]
    tls: str = ""
    redirects: bool = False


@dataclass(frozen=True, slots=True)
class IngressGateway:
    """A Gateway of Istio's own API; it makes gateways of the pods that have these labels, in any namespace.

    `service`: of listeners of a Gateway of the Gateway API, which are for pods of its own namespace, the Service whose
    ports they are; empty: one that is not there, and has them as they are.
    """

    namespace: str
    name: str
    selector: Labels
    servers: tuple[Server, ...]
    source: Source = NOWHERE
    service: str | None = None


@dataclass(frozen=True, slots=True)
class MadeGateway:
    """The Deployment, with a service account of its name, that istiod makes for a Gateway of the Gateway API, and that
    the manifests do not hold."""

    namespace: str
    name: str
    gateway: str
    labels: Labels
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on a request: the value is so, begins so, or matches so; `attribute` is `uri`, `method`, `authority`,
    or `headers` with a key.  `form` is `exact`, `prefix`, `regex`, `present` without text, or `segments`: the path is
    so or goes on with a slash."""

    attribute: str
    form: str
    text: str = ""
    key: str = ""
    ignores_case: bool = False


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """One of a list, of which the first that matches counts.  `alternatives`: each all of its conditions, none of them
    if it matches everything; None: one with conditions that are not modelled.  `leads`: to some Service; else the proxy
    answers by itself.  `is_open`: what else it does is not modelled.  `owner`: what says so, where that is not the
    VirtualService."""

    alternatives: tuple[tuple[Match, ...] | None, ...]
    leads: bool
    is_open: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class VirtualService:
    """`gateways`: as `namespace/name`."""

    namespace: str
    name: str
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    routes: tuple[HttpRoute, ...]
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class InboundScope:
    """A Sidecar that has listeners of its own for what comes in, or a ServiceEntry that declares ports of pods."""

    kind: str
    namespace: str
    name: str
    labels: Labels | None
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class ProxyVariables:
    """A ProxyConfig.  `labels`: of the pods that it is for, None: all of its namespace, or of the mesh in the root.
    `takes_tunnel`: what it says of the mesh's tunnel, None: nothing."""

    namespace: str
    name: str
    labels: Labels | None
    takes_tunnel: bool | None
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A Gateway of class istio-waypoint."""

    namespace: str
    name: str
    source: Source = NOWHERE


_NAME = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"


class Normalization(Enum):
    """How far paths are made alike before policies see them (istio.md 5.11)."""

    NONE = "NONE"
    BASE = "BASE"
    MERGE_SLASHES = "MERGE_SLASHES"
    DECODE_AND_MERGE_SLASHES = "DECODE_AND_MERGE_SLASHES"
    CALICO = "Calico's"  # no mesh's: what Calico's proxy makes of them (calico-cilium.md 1.7.2)


@dataclass(frozen=True, slots=True)
class MeshConfig:
    """The ConfigMap `istio`, with Istio's defaults where it is silent or not there.  `providers`: each external
    authorizer, and whether it speaks gRPC; those that are invalid are left out.  `trusted_proxies`: those before a
    gateway.  `captures`: proxies take over what comes in.  `is_everywhere`: no namespaces are left out of the mesh.
    `takes_tunnel`: sidecars take the mesh's tunnel, too; None: nobody says."""

    root: str = "istio-system"
    trust_domain: str = "cluster.local"
    aliases: tuple[str, ...] = ()
    normalization: Normalization = Normalization.BASE
    providers: tuple[tuple[str, bool], ...] = ()
    trusted_proxies: int = 0
    captures: bool = True
    is_everywhere: bool = True
    takes_tunnel: bool | None = None
    source: Source = NOWHERE

    @property
    def trust_domains(self) -> tuple[str, ...]:
        return (self.trust_domain, *self.aliases)

    @property
    def identities(self) -> str:
        """An expression for all that the proxies let into the handshake (istio.md 0.1, 3)."""
        domains = "|".join(domain.replace(".", r"\.") for domain in self.trust_domains)
        return f"({domains})/ns/{_NAME}/sa/{_NAME}"

    def identity(self, namespace: str, account: str) -> str:
        """What the mesh's certificates say of pods of the account."""
        return f"{self.trust_domain}/ns/{namespace}/sa/{account}"


MeshObject = (
    AuthorizationPolicy
    | PeerAuthentication
    | RequestAuthentication
    | IngressGateway
    | VirtualService
    | InboundScope
    | ProxyVariables
    | Waypoint
)


@dataclass(frozen=True)
class Mesh:
    """All of them, and the mesh's configuration; `revisions`: those whose injectors are seen to be installed.
    `is_ambient`: some namespace or workload asks for ztunnel.  `has_tunnel`: some pod's own proxy is told of the
    mesh's tunnel, its annotations or its container saying so.  `made`: what Gateways stand for beside what is there.
    `passed_over`: the namespaces that istio-cni may pass over, those of its charts and those that it is told of.
    `cni`: what it is told; `has_cni`: it is seen to be there.
    `annotated`: annotations that pods of another revision have, of those that are told apart."""

    objects: tuple[MeshObject, ...] = ()
    config: MeshConfig = MeshConfig()
    revisions: frozenset[str] = frozenset()
    is_ambient: bool = False
    has_tunnel: bool = False
    made: tuple[MadeGateway, ...] = ()
    passed_over: frozenset[str] = PASSED_OVER
    cni: tuple[MeshCni, ...] = ()
    has_cni: bool = False
    annotated: frozenset[Labels] = frozenset()

    def of(self, kind: type[T]) -> list[T]:
        """Those of the kind."""
        return [*self._by_kind.get(kind, ())]

    @cached_property
    def _by_kind(self) -> dict[type, list[Any]]:
        found: dict[type, list[Any]] = {}
        for each in self.objects:
            found.setdefault(type(each), []).append(each)
        return found

    @property
    def labels(self) -> tuple[tuple[str, tuple[str]], ...]:
        """Each label of pods that some object selects by, its value by itself."""
        attached = (each.attached.labels for each in self.objects if isinstance(each, Attached))
        selected = (each.selector for each in self.of(IngressGateway))
        told = (each.labels for each in self.of(ProxyVariables))
        return tuple((key, (value,)) for found in (*attached, *selected, *told) for key, value in (found or {}).items())


Attached = (AuthorizationPolicy, PeerAuthentication, RequestAuthentication)
"""The kinds that bind pods."""
KINDS_OF_MESH = frozenset(each.__name__ for each in Attached)

NO_MESH = Mesh()


def has_mesh(mesh: Mesh) -> bool:
    """Something of a mesh is to be seen."""
    return bool(mesh.objects) or mesh.config != MeshConfig() or mesh.is_ambient or mesh.has_tunnel
