"""Kustomizations: no objects of the API, and neither are the patches that they list."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from analyzer.manifests.text.nodes import Mapping

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
GROUP = "kustomize.config.k8s.io"
KINDS = ("Kustomization", "Component")
_FOR_KUSTOMIZE = ("patchesStrategicMerge", "transformers", "generators", "validators", "configurations")


def patches_of(data: bytes, folder: str) -> set[str]:
    """The paths of the files beside or below a kustomization, in `folder`, that it lists as patches, or as what tells
    kustomize how to make and change objects.

    What it lists as a resource too is one: kustomize reads such a file as objects.
    """
    from analyzer.manifests.text.texts import read_trees

    found: set[str] = set()
    for tree in read_trees(data):
        if isinstance(tree.value, Mapping):
            resources = {*_texts(tree.value.get("resources")), *_texts(tree.value.get("bases"))}
            found |= set(_patches(tree.value)) - resources
    return {posixpath.join(folder, path) for name in found if not (path := posixpath.normpath(name)).startswith("..")}


def listed_by(data: bytes) -> dict[str, object]:
    """The paths of all that a kustomization names, as written; under "" whether it is a component, for others alone."""
    from analyzer.manifests.text.texts import read_trees

    found: dict[str, object] = {}
    for tree in read_trees(data):
        if isinstance(tree.value, Mapping):
            found |= dict.fromkeys(_everything(tree.value))
            if tree.value.get("kind") == "Component":
                found[""] = True
    return found


def _everything(value: Any) -> Iterator[str]:
    """Every text in it that may be a path."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _everything(part)
    elif isinstance(value, list):
        for part in value:
            yield from _everything(part)
    elif isinstance(value, str) and value and "\n" not in value and "://" not in value:
        yield value.rpartition("=")[2]


def _patches(kustomization: Mapping) -> Iterator[str]:
    for key in _FOR_KUSTOMIZE:
        yield from _texts(kustomization.get(key))
    for key in ("patches", "patchesJson6902", "replacements"):
        listed = kustomization.get(key)
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, Mapping):
                yield from _texts([entry.get("path")])


def _texts(value: Any) -> Iterator[str]:
    """The texts of a list, those of one line: others are patches written in place."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, str) and entry and "\n" not in entry:
            yield entry
