"""What the model reads of a pod, in a Pod itself and in the template of its controller (reference A7.4, A12)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.manifests.kinds.names import port_name_fault, subdomain_fault
from analyzer.manifests.kinds.node_local_dns import node_local_dns
from analyzer.manifests.kinds.selectors import read_labels
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.added_labels import Added
from analyzer.model.cluster import ContainerKind, ContainerPort
from analyzer.model.labels import NO_LABELS, Labels
from analyzer.model.mesh import (
    ANNOTATIONS,
    ENABLE_HBONE,
    REDIRECTION,
    STATUS,
    TAKES_TUNNEL,
)
from analyzer.model.placement import ANY_HOST, Host, Placement
from analyzer.model.policies import Protocol
from analyzer.model.source import Source
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

DEFAULT_ACCOUNT = "default"
_PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class PodShape:
    """What makes two pods alike to every policy.  `dns_at`: the addresses of its node at which it answers for DNS.
    `annotations`: those that the mesh reads, and whether its proxy is seen among the containers (model/mesh.py)."""

    labels: Labels
    service_account: str
    ports: tuple[ContainerPort, ...]
    host_network: bool
    dns_at: AddressSet | None = None
    annotations: Labels = NO_LABELS


@dataclass(frozen=True, slots=True)
class Owner:
    """A controller as named in ownerReferences; `group` tells kinds of one name apart."""

    kind: str
    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Option:
    """A variable, or a flag as written, of a container; one without a name is the container itself.

    `config_map`: the ConfigMap that the value is taken from, under `key`; without a name, all of its values are
    variables, called as `key` and their own key.  `other`: what else it is taken from, a Secret or a field.
    """

    container: str
    name: str
    value: str = ""
    config_map: str = ""
    key: str = ""
    other: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class PodSource:
    """A Pod, or an object that makes pods; `loading` turns them into workloads once all files are read.

    `owner` is the controller, if any.  `replicas` is None where the kind has no such field.  `ips` are known of
    running pods only, `node` of those and of what is bound to one from the start.  `added`: what the controller adds to
    the labels of each pod.  `is_bound`: it has what it gets from its node.  `revision`: which of a Deployment's
    templates it is of, where that is known.  `placement`: what it asks of its node, and `host` what kind that is.
    `options`: what the containers of an agent are told whose settings count.
    """

    kind: str
    group: str
    namespace: str
    name: str
    shape: PodShape
    owner: Owner | None
    source: Source
    replicas: int | None = None
    ips: tuple[IPAddress, ...] = ()
    host_ips: tuple[IPAddress, ...] = ()
    node: str = ""
    is_pod: bool = False
    is_finished: bool = False
    added: tuple[Added, ...] = ()
    is_bound: bool = False
    revision: str = ""
    placement: Placement | None = None
    host: Host = ANY_HOST
    images: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


def read_shape(metadata: Section | None, spec: Section | None) -> PodShape:
    """The shape of the pods of a template, or of a pod."""
    labels = Labels(read_labels(metadata, "labels") if metadata else {})
    if spec is None:
        return PodShape(labels, DEFAULT_ACCOUNT, (), False, annotations=_annotations(metadata, None))
    ports = tuple(_ports(spec))
    _note_ambiguous_names(spec, ports)
    on_host = spec.boolean("hostNetwork")
    dns_at = node_local_dns(spec) if on_host else None
    return PodShape(labels, _service_account(spec), ports, on_host, dns_at, _annotations(metadata, spec))


def _annotations(metadata: Section | None, spec: Section | None) -> Labels:
    written = metadata.data.get("annotations") if metadata is not None else None
    is_stored = metadata is not None and metadata.log.is_stored
    found: dict[str, str] = {}
    if isinstance(written, Mapping):
        found = {key: value for key, value in written.items() if key in ANNOTATIONS and isinstance(value, str)}
        found.pop(REDIRECTION, None)  # it is for istio-cni to write, of pods that are there (kinds/pods.py)
    if (proxy := _proxy(spec)) is not None:
        found.setdefault(STATUS, "")
        variables = [
            it for it in _items(proxy.get("env")) if isinstance(it, Mapping) and it.get("name") == ENABLE_HBONE
        ]
        told = [it["value"] for it in variables if isinstance(it.get("value"), str)]
        if told or (is_stored and not variables):
            found[TAKES_TUNNEL] = told[-1] if told else ""
    return Labels(found) if found else NO_LABELS


def _proxy(spec: Section | None) -> Mapping | None:
    """The container, or the init container that stays, of Istio's proxy (istio.md 2.1)."""
    if spec is None:
        return None
    every = (each for key in ("containers", "initContainers") for each in _items(spec.data.get(key)))
    return next((each for each in every if isinstance(each, Mapping) and each.get("name") == "istio-proxy"), None)


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _note_ambiguous_names(spec: Section, ports: tuple[ContainerPort, ...]) -> None:
    """A port name may stand for several numbers, from several containers (A7.4)."""
    numbers: dict[tuple[str, Protocol], set[int]] = {}
    for port in ports:
        if port.name and port.container is not ContainerKind.INIT:
            numbers.setdefault((port.name, port.protocol), set()).add(port.number)
    for (name, protocol), found in numbers.items():
        if len(found) > 1:
            written = ", ".join(map(str, sorted(found)))
            spec.notice("containers", f"name the {protocol.value} port `{name}` more than once: it means {written}")


def _service_account(spec: Section) -> str:
    for key in ("serviceAccountName", "serviceAccount"):
        name = spec.text(key)
        if name:
            if fault := subdomain_fault(name):
                spec.problem(key, f"is `{name}`, which is no name of a ServiceAccount: it {fault}")
            return name
    return DEFAULT_ACCOUNT


def _ports(spec: Section) -> Iterator[ContainerPort]:
    seen: set[ContainerPort] = set()
    for key in ("containers", "initContainers"):
        for container in spec.sections(key):
            kind = ContainerKind.CONTAINER
            if key == "initContainers":
                restarts = container.text("restartPolicy") == "Always"
                kind = ContainerKind.SIDECAR if restarts else ContainerKind.INIT
            if not container.has("ports"):
                continue
            names: set[str] = set()
            for port in container.sections("ports"):
                found = _port(port, kind)
                if found is not None and found.name and found.name in names:
                    port.problem("name", f"is `{found.name}`, like that of another port of the container")
                names.add(found.name if found is not None else "")
                if found is not None and found not in seen:
                    seen.add(found)
                    yield found


def _port(section: Section, kind: ContainerKind) -> ContainerPort | None:
    name = section.text("name") or ""
    if name and (fault := port_name_fault(name)):
        section.problem("name", f"is `{name}`, which is no port name: it {fault}")
    protocol = section.choice_or_default("protocol", _PROTOCOLS, "TCP")
    if not section.required("containerPort"):
        return None
    number = section.integer("containerPort", 1, 65535)
    host_port = section.integer("hostPort", 0, 65535)
    return None if number is None else ContainerPort(name, number, Protocol(protocol), kind, host_port or None)


def read_owner(metadata: Section) -> Owner | None:
    """The controller among the ownerReferences; a Node, the owner of mirror pods, controls nothing."""
    for reference in metadata.sections("ownerReferences"):
        if not reference.boolean("controller"):
            continue
        kind, name = reference.text("kind"), reference.text("name")
        group = (reference.text("apiVersion") or "").rpartition("/")[0]
        if kind and name and kind != "Node":
            return Owner(kind, _group_today(kind, group), name)
    return None


def _group_today(kind: str, group: str) -> str:
    """References may still name the group a kind has left."""
    return "apps" if group == "extensions" and kind in ("Deployment", "DaemonSet", "ReplicaSet") else group
