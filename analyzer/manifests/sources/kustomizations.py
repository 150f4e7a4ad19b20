"""Kustomizations: no objects of the API, and neither are the patches that they list."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from analyzer.manifests.text.nodes import Mapping

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
GROUP = "kustomize.config.k8s.io"
KINDS = ("Kustomization", "Component")


def patches_of(data: bytes, folder: str) -> set[str]:
    """The paths of the files beside or below a kustomization, in `folder`, that it lists as patches.

    What it lists as a resource too is one: kustomize reads such a file as objects.
    """
    from analyzer.manifests.text.texts import read_trees

    found: set[str] = set()
    for tree in read_trees(data):
        if isinstance(tree.value, Mapping):
            resources = {*_texts(tree.value.get("resources")), *_texts(tree.value.get("bases"))}
            found |= set(_patches(tree.value)) - resources
    return {posixpath.join(folder, path) for name in found if not (path := posixpath.normpath(name)).startswith("..")}


def _patches(kustomization: Mapping) -> Iterator[str]:
    yield from _texts(kustomization.get("patchesStrategicMerge"))
    for key in ("patches", "patchesJson6902"):
        listed = kustomization.get(key)
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, Mapping):
                yield from _texts([entry.get("path")])


def _texts(value: Any) -> Iterator[str]:
    """The texts of a list, those of one line: others are patches written in place."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, str) and entry and "\n" not in entry:
            yield entry
