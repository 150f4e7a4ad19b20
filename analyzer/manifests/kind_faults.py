"""What is wrong with the `apiVersion` and `kind` of an object, told with the way out."""

from __future__ import annotations

import re

from analyzer.manifests.kinds.irrelevant_kinds import BUILT_IN
from analyzer.manifests.kinds.manifest import (
    group_of,
    version_of,
)
from analyzer.manifests.kinds.registry import MODELLED
from analyzer.manifests.kinds.retired_versions import RETIRED
from analyzer.manifests.sources.no_objects import slip_of
from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import RENDER_HINT, Section, nearest

_STABLE_VERSION = re.compile(r"v[0-9]+")


def note_nameless(root: Section, kind: str, api_version: str) -> None:
    missing = " and ".join(f"`{key}`" for key, value in (("apiVersion", api_version), ("kind", kind)) if not value)
    keys = root.data.keys()
    hint = "every Kubernetes object names both"
    if slip := slip_of(root.data):
        hint = f"is `{slip[1]}` meant by `{slip[0]}`?"
    elif {"name", "version"} <= keys and api_version in ("v1", "v2"):
        hint = f"this looks like a Chart.yaml; {RENDER_HINT}"
    elif keys & {"resources", "patches", "bases", "configMapGenerator", "namePrefix"} and not kind:
        hint = "this looks like a Kustomization; use `kustomize build DIRECTORY | netproof check -`"
    elif "values" in root.log.file.rpartition("/")[2]:
        hint = f"this looks like a values file; {RENDER_HINT}"
    if not root.log.problems:
        root.log.problem(root.place(), f"this document has no {missing}", hint)


def note_retired(root: Section, kind: str, api_version: str) -> None:
    instead = RETIRED[api_version, kind]
    hint = f"write `apiVersion: {instead}`" if instead else "leave it out: Kubernetes has no such kind any more"
    message = f"`apiVersion` is `{api_version}`, under which no API server serves {kind} any more"
    root.log.problem(root.place("apiVersion"), message, hint)


def note_foreign_spec(root: Section, kind: str, group: str) -> None:
    """Calico's NetworkPolicy has the name of Kubernetes' own and none of its fields."""
    spec = root.data.get("spec")
    if kind == "NetworkPolicy" and group.endswith("projectcalico.org") and isinstance(spec, Mapping):
        for key in ("podSelector", "policyTypes"):
            if key in spec:
                inner = Section(spec, "spec", root.log, root)
                hint = "write `apiVersion: networking.k8s.io/v1`; Calico's own has `selector` and `types`"
                message = f"unknown field `{key}` in `spec`: a NetworkPolicy of `{group}` has none"
                root.log.problem(inner.place(key), message, hint)


def check_built_in_version(root: Section, kind: str, api_version: str) -> None:
    """Built-in kinds have the stable version v1 and no other, save autoscaling's v2; the core has no unstable one."""
    group, version = group_of(api_version), version_of(api_version)
    if group not in BUILT_IN or version == "v1" or api_version == "autoscaling/v2":
        return
    if not group or _STABLE_VERSION.fullmatch(version):
        right = f"{group}/v1" if group else "v1"
        message = f"`apiVersion` is `{api_version}`, which has no {kind} that netproof knows"
        root.log.problem(root.place("apiVersion"), message, f"write `{right}`")


def note_unknown_kind(root: Section, kind: str, api_version: str) -> None:
    group = group_of(api_version)
    homes = [g for k, g in MODELLED if k == kind] + [g for g, kinds in BUILT_IN.items() if kind in kinds]
    if homes:
        known = MODELLED.get((kind, homes[0]))
        version = known.versions[0] if known else "v1"
        hint = f"write `apiVersion: {homes[0]}/{version}`" if homes[0] else f"write `apiVersion: {version}`"
    elif "." not in group and group not in BUILT_IN:
        hint = f"no API group is called `{group}`: those that are not Kubernetes' own have a dot in their name"
    else:
        kinds = {k for k, g in MODELLED if g == group} | BUILT_IN.get(group, frozenset())
        close = nearest(kind, kinds)
        hint = f"did you mean `{close}`?" if close else f"its kinds are {', '.join(sorted(kinds))}"
    root.log.problem(root.place("kind"), f"`{api_version}` has no kind `{kind}`", hint)
