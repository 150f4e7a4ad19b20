"""Which engine enforces policies, by the objects that install it (design 1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.manifests.kinds.pod_template import PodSource
from analyzer.model.aws import OF_AWS, OF_GROUPS, Aws
from analyzer.model.calico import CalicoFact, CalicoPolicy, HostEndpoint, IPPool
from analyzer.model.calico_settings import FelixSettings, Installation
from analyzer.model.cilium import OF_CILIUM, CidrGroup, CiliumFact, CiliumPolicy, CiliumSettings
from analyzer.model.signs import Sign
from analyzer.model.source import Notice
from analyzer.model.unmodelled import Unmodelled

_AGENTS = {
    "calico-node": "calico",
    "canal": "calico",
    "cilium": "cilium",
    "ovnkube-node": "ovn-kubernetes",
    "anetd": "cilium",
    "antrea-agent": "antrea",
    "azure-npm": "azure",
    "kube-router": "kube-router",
    "kube-flannel-ds": "flannel",
    "kube-flannel": "flannel",
    "kindnet": "kindnet",
    "kube-network-policies": "kindnet",
}
"""DaemonSets by the names under which their projects install them."""
_IMAGES = {"calico-node": "node", "canal": "node", "cilium": "cilium"}
_BY_SYSTEM = "kube-flannel-ds-"
"""Flannel's older DaemonSets, one for each architecture."""
_KINDNET = re.compile(r"/kindnetd:(?:v(\d{8})-|v?0\.)")
_FIRST_KINDNET = "20240724"
"""The day from which kindnet's images enforce policies: those of kind 0.24 (aws.md N7)."""
_OFF = {"kube-router": ("--run-firewall", "false"), "kindnet": ("--network-policy", "false")}
"""What an engine is told that is not to enforce."""
_TAG = re.compile(r":v?(\d+\.\d+)[.\d]*(?:-[\w.-]+)?(?:@|\Z)")


def signs(
    pods: Iterable[PodSource],
    calico: Iterable[CalicoFact],
    cilium: Iterable[CiliumFact],
    aws: Aws,
    unmodelled: Iterable[Unmodelled],
) -> tuple[Sign, ...]:
    """What says so, in the order of where it stands."""
    listed = list(pods)
    found = {*_agents(listed), *_of_calico(calico), *_of_cilium(cilium), *_of_aws(aws), *_of_others(unmodelled)}
    found |= set(_without_an_engine(listed)) if not any(sign.is_installed for sign in found) else set()
    return tuple(sorted(found, key=lambda sign: sign.source))


def notices(found: Iterable[Sign]) -> Iterator[Notice]:
    """What is to be said of each profile that something speaks for."""
    first: dict[str, Sign] = {}
    for sign in sorted(found, key=lambda sign: (not sign.is_installed, sign.source)):
        first.setdefault(sign.profile, sign)
    for sign in first.values():
        why = f"shows that {sign.profile} enforces policies" if sign.is_installed else f"is for {sign.profile} to read"
        if sign.yields and sign.is_installed:
            why = f"shows that the network is {sign.profile}'s"
        if sign.profile == "none":
            why = "comes without a policy engine"
        text = f"{sign.what} {why}: profile {sign.profile}, unless --profile names another"
        yield Notice(sign.source, text, is_kept=True)


def _agents(pods: Iterable[PodSource]) -> Iterator[Sign]:
    for pod in pods:
        profile = _enforced_by(pod)
        if profile and profile != "none":
            image = _IMAGES.get(pod.name, "")
            tags = (_TAG.search(it) for it in pod.images if image and it.partition(":")[0].endswith(f"/{image}"))
            version = next((tag[1] for tag in tags if tag), "")
            what = f"DaemonSet {pod.namespace}/{pod.name}"
            yield Sign(profile, what, pod.source, version, yields=pod.name == "kindnet")  # another may stand on top


def _enforced_by(pod: PodSource) -> str:
    """The profile that a DaemonSet speaks for, `none` if it is told not to enforce, or cannot yet; else empty."""
    if pod.kind != "DaemonSet":
        return ""
    name = _BY_SYSTEM[:-1] if pod.name.startswith(_BY_SYSTEM) else pod.name
    if any("/kube-network-policies" in image for image in pod.images):
        return "kindnet"  # flannel's chart puts it beside flannel
    told = {option.name: option.value for option in pod.options}
    flag, off = _OFF.get(name, ("", ""))
    if flag in told and told[flag].lower() == off:
        return "none"
    tag = next((it for it in map(_KINDNET.search, pod.images) if it), None) if name == "kindnet" else None
    if tag is not None and (tag[1] is None or tag[1] < _FIRST_KINDNET):
        return "none"
    return _AGENTS.get(name, "")


def _of_calico(facts: Iterable[CalicoFact]) -> Iterator[Sign]:
    for fact in facts:
        match fact:
            case FelixSettings():
                yield Sign("calico", "a FelixConfiguration", fact.source)
            case Installation(name, version):
                yield Sign("calico", f"Installation {name}", fact.source, version)
            case IPPool():
                yield Sign("calico", f"IPPool {fact.name}", fact.source)
            case CalicoPolicy():
                yield Sign("calico", fact.id, fact.source, is_installed=False)
            case HostEndpoint():
                yield Sign("calico", f"HostEndpoint {fact.name}", fact.source, is_installed=False)
            case _:
                pass


def _of_cilium(facts: Iterable[CiliumFact]) -> Iterator[Sign]:
    for fact in facts:
        match fact:
            case CiliumSettings():
                yield Sign("cilium", f"ConfigMap {fact.namespace}/cilium-config", fact.source)
            case CiliumPolicy():
                yield Sign("cilium", fact.id, fact.source, is_installed=False)
            case CidrGroup():
                yield Sign("cilium", f"CiliumCIDRGroup {fact.name}", fact.source, is_installed=False)


def _of_aws(aws: Aws) -> Iterator[Sign]:
    """What sets the VPC CNI up installs it, unless it says that its policies are off: another engine may stand beside
    it then (aws.md N6)."""
    for one in aws.settings:
        yield Sign("aws-vpc-cni", one.what, one.source, is_installed=True, yields=one.network_policy is not True)
    for policy in aws.policies:
        yield Sign("aws-vpc-cni", policy.id, policy.source, is_installed=False)
    for group_policy in aws.group_policies:
        yield Sign("aws-vpc-cni", group_policy.id, group_policy.source, is_installed=False, yields=True)


_OF_CLOUDS = {
    "azure-cns": "AKS",
    "azure-ip-masq-agent": "AKS",
    "cloud-node-manager": "AKS",
    "gke-metrics-agent": "GKE",
    "gke-metadata-server": "GKE",
    "netd": "GKE",
    "fluentbit-gke": "GKE",
    "pdcsi-node": "GKE",
}
"""DaemonSets that a cloud puts on every cluster, by the cloud (aws.md N7)."""
_ENGINES = frozenset({"sdn", "weave-net", *_AGENTS})


def _without_an_engine(pods: Iterable[PodSource]) -> Iterator[Sign]:
    """A cloud's cluster whose system DaemonSets are here, and among them no policy engine: there policies are enforced
    where one is chosen, and not otherwise (aws.md N7)."""
    there = [pod for pod in pods if pod.kind == "DaemonSet"]
    for pod in sorted((pod for pod in there if _enforced_by(pod) == "none"), key=lambda pod: pod.source)[:1]:
        yield Sign("none", f"DaemonSet {pod.namespace}/{pod.name}, which enforces no policy,", pod.source)
        return
    if any(pod.name in _ENGINES for pod in there):
        return
    for pod in sorted((pod for pod in there if pod.name in _OF_CLOUDS), key=lambda pod: pod.source)[:1]:
        yield Sign("none", f"{_OF_CLOUDS[pod.name]}'s DaemonSet {pod.namespace}/{pod.name}", pod.source)


def _of_others(unmodelled: Iterable[Unmodelled]) -> Iterator[Sign]:
    for thing in unmodelled:
        if thing.why in (OF_AWS, OF_GROUPS):
            continue
        if thing.api_version.partition("/")[0] == "cilium.io" and thing.why != OF_CILIUM:
            yield Sign("cilium", thing.id, thing.source, is_installed=False)
