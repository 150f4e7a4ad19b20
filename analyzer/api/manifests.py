"""Manifests as a program holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analyzer.errors import Problem, UsageError
from analyzer.inputs import standard_input
from analyzer.manifests.changing import Kept, Rules, keep
from analyzer.manifests.sources.files import STDIN
from analyzer.manifests.sources.git import Blob
from analyzer.model.cluster import Cluster, Namespace, Node, Service, Workload
from analyzer.model.editing import Object, edited, object_name
from analyzer.model.policies import Policy
from analyzer.model.source import Notice
from analyzer.records import dataclass
from analyzer.reports.layout import Page, Style
from analyzer.reports.notebook import render_cell

Given = Mapping[str, Any] | str | Object
"""An object from memory: a manifest as a mapping, or as YAML or JSON text of any number, or an object of the model."""

Paths = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Manifests:
    """What `load` read: the `cluster` that the manifests describe.

    `problems` is what was wrong with the input, where `keep_going` was asked for.

        >>> shop = load("examples/gated-repo/k8s")
        >>> print(shop)
        6 files, 5 namespaces, 7 workloads, 19 policies
    """

    cluster: Cluster
    problems: tuple[Problem, ...]
    kept: Kept
    objects: tuple[Object, ...] = ()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the reader of the manifests should know, and is no error."""
        return self.cluster.notices

    def changed(self, *, put: Given | Iterable[Given] = (), removed: str | Iterable[str] = ()) -> Manifests:
        """The manifests with the objects of `put` in the place of those of the same kind and name, and without those
        `removed`: `"NetworkPolicy shop/db"`, `"Namespace dev"`.  These stay as they are.

            >>> shop = load("examples/gated-repo/k8s")
            >>> print(shop.changed(removed="NetworkPolicy shop/default-deny"))
            6 files, 5 namespaces, 7 workloads, 18 policies

        ManifestError and UsageError as from `load`.
        """
        documents, objects = _sorted(_each(put), len(self.kept.pieces))
        names = [removed] if isinstance(removed, str) else list(removed)
        own = {object_name(thing): thing for thing in self.objects}
        taken = [name for name in names if name in own]
        kept = self.kept.changed(documents, [name for name in names if name not in own])
        over = {name: thing for name, thing in own.items() if name not in taken}
        over |= {object_name(thing): thing for thing in objects}
        return _with(kept, tuple(over.values()))

    def with_texts(self, files: Mapping[str, bytes]) -> Cluster:
        """The cluster that there is once files hold these texts.  ManifestError as from `load`."""
        return _with(self.kept.with_texts(files), self.objects).cluster

    def __str__(self) -> str:
        counts = (
            (len(self.cluster.files), "file", "files"),
            (len(self.cluster.namespaces), "namespace", "namespaces"),
            (len({workload.owner for workload in self.cluster.workloads}), "workload", "workloads"),
            (len(self.cluster.policies), "policy", "policies"),
        )
        told = ", ".join(f"{count:,} {one if count == 1 else many}" for count, one, many in counts)
        page = Page(Style(width=100))
        page.paragraph(told)
        for problem in self.problems:
            page.paragraph(f"skipped: {problem}")
        return bytes(page).decode().rstrip("\n")

    def _repr_html_(self) -> str:
        return render_cell(str(self))


def load(
    *paths: Paths,
    objects: Given | Iterable[Given] = (),
    keep_going: bool = False,
    irrelevant: str | Iterable[str] = (),
    strict_cidr: bool = True,
    exclude: str | Iterable[str] = (),
    render: bool = False,
) -> Manifests:
    """Read manifests: files, directories, `-` for standard input; and objects from memory.

        >>> closed = {
        ...     "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        ...     "metadata": {"name": "closed", "namespace": "dev"}, "spec": {"podSelector": {}},
        ... }
        >>> print(load("examples/gated-repo/k8s", objects=closed))
        7 files, 6 namespaces, 7 workloads, 20 policies

    `objects` are manifests as mappings, texts of YAML or JSON, or objects of `analyzer.model`.  The other options are
    those of `netproof check`.  ManifestError holds everything that is wrong with the input, each with file and line;
    with `keep_going` it is in `problems` instead, and what it could change is unknown.
    """
    named = [str(path) for given in paths for path in ([given] if isinstance(given, str | Path) else given)]
    documents, things = _sorted(_each(objects), 0)
    if not named and not documents and not things:
        raise UsageError("nothing to load", "name files or directories, or give objects")
    rules = Rules(keep_going, frozenset(_texts(irrelevant)), strict_cidr)
    stdin = standard_input() if STDIN in named else None
    return _with(keep(named, documents, rules, exclude=_texts(exclude), stdin=stdin, render=render), things)


def loaded(manifests: Manifests | Cluster | Paths) -> Cluster:
    """The cluster of what `load` gave, or would give of these paths."""
    if isinstance(manifests, Cluster):
        return manifests
    return (manifests if isinstance(manifests, Manifests) else load(manifests)).cluster


def _with(kept: Kept, objects: tuple[Object, ...]) -> Manifests:
    cluster = edited(kept.loaded.cluster, objects) if objects else kept.loaded.cluster
    return Manifests(cluster, kept.loaded.problems, kept, objects)


def _each(given: Given | Iterable[Given]) -> Iterator[Given]:
    if isinstance(given, Mapping | str | Object):
        yield given
    else:
        yield from given


def _sorted(given: Iterable[Given], first: int) -> tuple[list[Blob], tuple[Object, ...]]:
    """Documents to be read, and objects of the model."""
    documents: list[Blob] = []
    objects: list[Object] = []
    for number, thing in enumerate(given, first + 1):
        name = f"object {number}"
        if isinstance(thing, Policy | Namespace | Workload | Node | Service):
            objects.append(thing)
        elif isinstance(thing, str | Mapping):
            documents.append(Blob(name, name, _text(thing, name).encode(), is_named=True))
        else:
            hint = "give a mapping, text of YAML or JSON, or an object of analyzer.model"
            raise UsageError(f"{name} is a {type(thing).__name__}, which is no manifest", hint)
    return documents, tuple(objects)


def _text(thing: str | Mapping[str, Any], name: str) -> str:
    import json

    if isinstance(thing, str):
        return thing
    try:
        return json.dumps(thing, indent=2, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} is no manifest: {error}", "it holds texts, numbers, lists and mappings only"
        ) from None


def _texts(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
