"""Which of a cluster's resources matter to answers, and under which version netproof reads them."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.manifests.kinds.registry import MODELLED
from analyzer.manifests.sources.kubectl import may_matter, wanted_kinds
from analyzer.records import dataclass
from analyzer.serve.api_server import ApiServer


@dataclass(frozen=True, slots=True)
class Resource:
    """`path` lists it, in all namespaces; or, with `query`, the one object of the `namespace` called `only`."""

    kind: str
    group: str
    version: str
    name: str
    namespace: str = ""
    only: str = ""

    @property
    def called(self) -> str:
        return f"{self.name} {self.namespace}/{self.only}" if self.only else self.name

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        place = f"namespaces/{self.namespace}/" if self.namespace else ""
        return f"/{'apis' if self.group else 'api'}/{self.api_version}/{place}{self.name}"

    @property
    def query(self) -> dict[str, str]:
        return {"fieldSelector": f"metadata.name={self.only}"} if self.only else {}


SETTINGS = (
    *(
        Resource("ConfigMap", "", "v1", "configmaps", "kube-system", name)
        for name in ("amazon-vpc-cni", "cilium-config", "coredns", "kubeadm-config", "kubelet-config")
    ),
    Resource("ConfigMap", "", "v1", "configmaps", "istio-system", "istio"),
)
"""The ConfigMaps of which engines, meshes and the cluster's DNS make something, where those put them: whoever may write
one of such a name elsewhere says nothing of the cluster.  Where one may not be read, options say what it would."""


def resources_of(server: ApiServer) -> tuple[Resource, ...]:
    """Each kind that matters once, sorted.  Errors as from `ApiServer.get`: a group that does not answer is one."""
    found: dict[tuple[str, str], Resource] = {}
    wanted = wanted_kinds()
    groups = {"": ["v1"]}
    for group in server.get("/apis").get("groups", ()):
        first = group.get("preferredVersion", {}).get("version", "")
        versions = [version["version"] for version in group.get("versions", ())]
        groups[group["name"]] = sorted(versions, key=lambda version: version != first)
    matters = {group for _, group in wanted}
    for group, versions in sorted(groups.items()):
        if group in matters or any(may_matter(kind, group) for kind in ("", "Any")):
            for resource in _listed(server, group, versions):
                key = resource.kind, resource.group
                is_read = key in wanted or may_matter(*key)
                if is_read and _is_readable(resource) and key not in found:
                    found[key] = resource
    return (*(found[key] for key in sorted(found)), *SETTINGS)


def _is_readable(resource: Resource) -> bool:
    """Under that version: every version of a kind that is not modelled."""
    known = MODELLED.get((resource.kind, resource.group))
    return known is None or resource.version in known.versions


def _listed(server: ApiServer, group: str, versions: list[str]) -> Iterator[Resource]:
    for version in versions:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        for each in server.get(path).get("resources", ()):
            if "/" not in each["name"] and {"list", "watch"} <= set(each.get("verbs", ())):
                yield Resource(each["kind"], group, version, each["name"])
