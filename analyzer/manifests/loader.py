"""From files to facts: unwrap lists, tell the kinds apart, read each object."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

from analyzer.errors import Problem
from analyzer.manifests.assembly import Facts
from analyzer.manifests.cloud_documents import is_cloud_document, read_cloud_document
from analyzer.manifests.kind_faults import (
    check_built_in_version,
    note_foreign_spec,
    note_nameless,
    note_retired,
    note_unknown_kind,
)
from analyzer.manifests.kinds.custom_pods import custom_pods
from analyzer.manifests.kinds.irrelevant_kinds import BUILT_IN, DEPLOYERS, is_irrelevant
from analyzer.manifests.kinds.manifest import (
    DEFAULT_NAMESPACE,
    ObjectKind,
    group_of,
    identify,
    kind_dot_group,
    version_of,
)
from analyzer.manifests.kinds.needs import needs_of
from analyzer.manifests.kinds.registry import MODELLED, MODELLED_GROUPS
from analyzer.manifests.kinds.retired_versions import RETIRED
from analyzer.manifests.kinds.twins import Standing, is_the_same, rank_of, text_key
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS, Effect, effect_of
from analyzer.manifests.kinds.unmodelled_reach import narrowed
from analyzer.manifests.kinds.unread_objects import (
    ANYTHING,
    UNREAD,
    broken,
    digest,
    quiet_name,
    quiet_namespace,
    templates_of,
    unmodelled,
    unread_document,
)
from analyzer.manifests.overlays import Clash
from analyzer.manifests.sources.excluding import leaving_out
from analyzer.manifests.sources.files import STDIN, STDIN_NAME, check_size, why_none
from analyzer.manifests.sources.no_objects import is_kustomization, is_no_object
from analyzer.manifests.text.nodes import Mapping, Tree, line_of
from analyzer.manifests.text.section import Log, Section, nearest
from analyzer.manifests.text.texts import read_trees
from analyzer.model.calico import ServiceAccount
from analyzer.model.cluster import Unmodelled
from analyzer.model.source import LeftOut, Notice, Source, Why
from analyzer.records import dataclass

_VERSION = re.compile(r"(?:[a-z0-9.-]+/)?v[a-z0-9]+")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")


Identity = tuple[str, str, str, str]
"""Kind, group, namespace and name of an object; the namespace is empty where there is none."""


@dataclass
class Loader:
    """What has been read so far; `places` says of each identity where its object stands.  Objects of the identities
    `without` are as if they were not there."""

    irrelevant: frozenset[str]
    strict_cidr: bool
    without: frozenset[Identity] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    places: dict[Identity, Standing] = field(default_factory=dict)
    clashes: dict[Problem, Clash] = field(default_factory=dict)

    def read(self, name: str, content: Callable[[], bytes], *, is_named: bool = True) -> int:
        """Read one file; returns how many objects it holds, good or bad.

        In a file that was found below a directory, and not named itself, a document may be no object.
        """
        try:
            data = content()
            check_size(data)
        except ValueError as error:
            log = Log(name)
            log.problem(0, str(error))
            self._finish(log, None)
            return 1
        count = 0
        for tree in read_trees(data):
            if tree.value is None and not tree.faults:
                continue  # a document of comments only
            count += self._document(name, tree, is_named)
        return count

    def absorb(self, other: Loader) -> bool:
        """Take over what another has read of the files that come next, if nothing is wrong with it there or here."""
        if other.problems or other.places.keys() & self.places.keys():
            return False
        self.facts.extend(other.facts)
        self.places |= other.places
        return True

    def note_unread(self) -> None:
        """What could not be found may hold anything."""
        for problem in self.problems:
            self.facts.unmodelled.append(unread_document(Source(problem.file)))

    def note_empty_files(self, path: str, counts: dict[str, int]) -> None:
        """A path without any manifest is a problem; a file without one, beside others, is worth a notice."""
        left_out = {entry.source.file for entry in self.facts.left_out}
        if not any(counts.values()) and not (counts.keys() <= left_out and self.facts.unmodelled):
            name, hint = (STDIN_NAME, "what is before the pipe printed none") if path == STDIN else (path, "")
            nothing = [entry for entry in self.facts.left_out if entry.source.file in counts]
            charts = [entry for entry in self.facts.left_out if entry.why is Why.CHART]
            if charts:
                hint = why_none(charts)
            elif nothing:
                hint = f"`{nothing[0].source}` is left out: {nothing[0].why.value}"
            elif not hint and path in counts:
                hint = "it holds no document: it is empty, or comments alone"
            self.problems.append(Problem(name, 0, 0, "holds no manifest", hint))
            return
        empty = (file for file, count in counts.items() if not count and file not in left_out)
        self.facts.notices += [Notice(Source(file), "this file holds no manifest") for file in empty]

    def check_references(self) -> None:
        """What an object refers to that must be there, and is not, once all files are read."""
        if all(isinstance(fact, ServiceAccount) for fact in self.facts.calico):
            return
        from analyzer.manifests.kinds.calico.references import without_tier

        for problem, policy in without_tier(self.facts.calico):
            self.problems.append(problem)
            self.facts.calico.remove(policy)
            effect = replace(ANYTHING, adds_pods=False, why=problem.message)
            entry = unmodelled(
                policy.kind, "projectcalico.org/v3", policy.namespace, policy.name, policy.source, effect
            )
            self.facts.unmodelled.append(entry)

    def _log(self, file: str) -> Log:
        return Log(file, self.strict_cidr)

    def _document(self, file: str, tree: Tree, is_named: bool) -> bool:
        """Read a document; returns whether it is an object, good or bad."""
        if is_cloud_document(tree.value) and not tree.is_broken:
            return self._cloud(file, tree)
        if not is_named and self._passes_over(file, tree):
            return False
        log = self._log(file)
        for fault in tree.faults:
            leave_out = "" if is_named else f"if this is no manifest, leave it out: `{leaving_out(file)}`"
            log.problem(fault.place, fault.message, fault.hint or (leave_out if tree.is_broken else ""))
        if tree.is_broken:
            self._finish(log, None)
        elif not isinstance(tree.value, Mapping):
            hint = "an object begins with `apiVersion` and `kind`"
            log.problem(tree.place, "this document is no Kubernetes object: it must be a mapping", hint)
            self._finish(log, None)
        elif is_kustomization(tree.value):
            hint = "use `kustomize build DIRECTORY | netproof check -`"
            log.problem(tree.place, "this is a kustomization, which is no Kubernetes object", hint)
            self._finish(log, None)
        else:
            self._object(tree.value, log, "", "")
        return True

    def _cloud(self, file: str, tree: Tree) -> bool:
        log = self._log(file)
        for fault in tree.faults:
            log.problem(fault.place, fault.message, fault.hint)
        read_cloud_document(tree.value, log, self.facts)
        self._finish(log, None)
        return True

    def _passes_over(self, file: str, tree: Tree) -> bool:
        """Whether a document is no object of the API (design 1), which is noted."""
        source = Source(file, line_of(tree.place))
        if tree.kinds is not None:
            unread = [it for kind in tree.kinds for it in templates_of(kind, source)]
            self.facts.unmodelled += unread
            self.facts.left_out.append(LeftOut(Source(file), Why.SKIPPED if unread else Why.NO_OBJECT))
            return True
        if tree.is_broken or not is_no_object(tree.value):
            return False
        self.facts.left_out.append(LeftOut(source if source.line > 1 else Source(file), Why.NO_OBJECT))
        return True

    def _finish(self, log: Log, instead: Unmodelled | None) -> None:
        """Keep what the log holds; an object with problems is unmodelled."""
        self.facts.notices += log.notices
        if not log.problems:
            return
        self.problems += log.problems
        source = Source(log.file, min(problem.line for problem in log.problems))
        self.facts.unmodelled.append(instead or unread_document(source))

    # ------------------------------------------------------------------------------------------------ objects
    def _object(self, data: Mapping, log: Log, item_kind: str, item_version: str) -> None:
        """Read an object; the kind and version are those that the list around it implies."""
        if data.again is not None and not _is_sketch_enough(data, item_kind, item_version):
            data = data.again()
        root = Section(data, "", log)
        kind = root.text("kind") or item_kind
        api_version = root.text("apiVersion") or item_version
        if not kind or not api_version:
            note_nameless(root, kind, api_version)
            self._finish(log, None)
        elif kind == "List" or (kind.endswith("List") and "items" in data):
            self._list(root, kind, api_version)
        else:
            self._typed(root, kind, api_version)

    def _list(self, root: Section, kind: str, api_version: str) -> None:
        item_kind = kind.removesuffix("List")
        items = root.sequence("items")
        self._finish(root.log, None)
        for index, (item, place) in enumerate(items.placed()):
            log = self._log(root.log.file)
            if isinstance(item, Mapping):
                self._object(item, log, item_kind, api_version if item_kind else "")
            else:
                log.problem(place, f"`items[{index}]` is no Kubernetes object: it must be a mapping")
                self._finish(log, None)

    def _typed(self, root: Section, kind: str, api_version: str) -> None:
        group = group_of(api_version)
        known = MODELLED.get((kind, group))
        if not _VERSION.fullmatch(api_version):
            message = f"`apiVersion` is `{api_version}`, which names no version of an API"
            root.log.problem(root.place("apiVersion"), message, "it is `v1` or of the form `group/version`")
            self._finish(root.log, None)
        elif not _KIND.fullmatch(kind):
            root.log.problem(root.place("kind"), f"`kind` is `{kind}`, which is no name of a kind")
            self._finish(root.log, None)
        elif kind_dot_group(kind, group) in self.irrelevant:
            self._ignored(root, kind, group)
        elif (api_version, kind) in RETIRED:
            note_retired(root, kind, api_version)
            self._finish(root.log, broken(root, kind, api_version, known))
        elif known is not None:
            self._modelled(root, known, api_version)
        elif kind_dot_group(kind, group) in EFFECTS:
            self._unmodelled(root, kind, api_version)
        elif is_irrelevant(kind, group):
            check_built_in_version(root, kind, api_version)
            self._ignored(root, kind, group)
        elif group in BUILT_IN or group in MODELLED_GROUPS or "." not in group:
            note_unknown_kind(root, kind, api_version)
            self._finish(root.log, None)
        else:
            self._unmodelled(root, kind, api_version)

    def _ignored(self, root: Section, kind: str, group: str) -> None:
        namespace = quiet_namespace(root)
        identity = kind, group, namespace, quiet_name(root)
        if identity in self.without:
            return
        self.facts.irrelevant[kind] = self.facts.irrelevant.get(kind, 0) + 1
        self.facts.needs += needs_of(kind, group, quiet_name(root), namespace, root.data, root.source)
        if note := DEPLOYERS.get(kind_dot_group(kind, group)):
            root.log.notice(root.place(), note)
        if namespace:
            self.facts.mention(namespace, root.source)
        if kind == "ConfigMap":
            from analyzer.manifests.config_maps import read_config_map

            read_config_map(root, self.facts)
        self._is_repeated(root, identity, text_key(root.data))
        harmless = Effect(False, False, False, UNREAD)
        self._finish(root.log, unmodelled(kind, "", None, quiet_name(root), root.source, harmless))

    def _unmodelled(self, root: Section, kind: str, api_version: str) -> None:
        group = group_of(api_version)
        effect = narrowed(effect_of(kind, group), kind, group, root.data)
        written = quiet_namespace(root)
        name = quiet_name(root)
        if (kind, group, written, name) in self.without:
            return
        if written:
            self.facts.mention(written, root.source)
        self.facts.needs += needs_of(kind, group, name, written, root.data, root.source)
        namespace = written or (DEFAULT_NAMESPACE if effect.is_namespaced else None)
        if effect.is_namespaced is False:
            namespace = None
        note_foreign_spec(root, kind, group)
        is_repeated = self._is_repeated(root, (kind, group, written, name), text_key(root.data))
        entry = replace(unmodelled(kind, api_version, namespace, name, root.source, effect), digest=digest(root.data))
        if near := nearest(group, [known for name, known in MODELLED if name == kind]):
            root.log.notice(
                root.place("apiVersion"), f"no {kind} of API group `{group}` is modelled; is `{near}` meant?"
            )
        pods = custom_pods(root, kind, group, namespace, name) if effect.adds_pods and namespace else None
        if pods is not None:
            entry = replace(entry, adds_pods=False)
        if not root.log.problems and not is_repeated:
            is_read = False
            if (kind, group) == ("ProxyConfig", "networking.istio.io"):
                from analyzer.manifests.kinds.istio.proxy_config import proxy_variables

                told, is_read = proxy_variables(root, namespace or DEFAULT_NAMESPACE, name)
                self.facts.add(told)
            if not is_read:
                self.facts.unmodelled.append(entry)
            if pods is not None:
                self.facts.add(pods)
        self._finish(root.log, entry)

    def _modelled(self, root: Section, kind: ObjectKind, api_version: str) -> None:
        log = root.log
        if version_of(api_version) not in kind.versions:
            right = " or ".join(f"`{kind.group}/{v}`" if kind.group else f"`{v}`" for v in kind.versions)
            message = f"`apiVersion` is `{api_version}`, which has no {kind.kind} that netproof knows"
            log.problem(root.place("apiVersion"), message, f"write {right}")
        manifest = identify(root, kind, api_version)
        name = "" if manifest.is_generated else manifest.name
        if kind.identity_name is not None:
            name = kind.identity_name(name)
        identity = kind.kind, kind.identity_group or kind.group, manifest.namespace or "", name
        if identity in self.without:
            return
        fact = kind.read(manifest)
        if (log.problems or log.notices) and root.data.again is not None:
            placed = Section(root.data.again(), "", self._log(log.file))
            self._modelled(placed, kind, api_version)
            return
        if manifest.namespace is not None:
            self.facts.mention(manifest.namespace, root.source)
        is_repeated = self._is_repeated(root, identity, fact)
        if log.problems:
            self._finish(log, broken(root, kind.kind, api_version, kind))
            return
        self._finish(log, None)
        if fact is not None and not is_repeated:
            self.facts.add(fact)
            self.facts.needs += needs_of(kind.kind, kind.group, name, manifest.namespace or "", root.data, root.source)
        if kind_dot_group(kind.kind, kind.group) in EFFECTS and not is_repeated and not log.is_refused:
            self.facts.unmodelled.append(self._beside(root, kind, api_version, manifest.namespace, name))

    def _beside(
        self, root: Section, kind: ObjectKind, api_version: str, namespace: str | None, name: str
    ) -> Unmodelled:
        """What the object may do to questions that do not ask about requests."""
        effect = narrowed(effect_of(kind.kind, kind.group), kind.kind, kind.group, root.data)
        where = None if effect.is_namespaced is False else namespace
        entry = unmodelled(kind.kind, api_version, where, name, root.source, effect)
        return replace(entry, digest=digest(root.data))

    def _is_repeated(self, root: Section, identity: Identity, said: Any) -> bool:
        """Whether an object of the identity has said the same before; a problem if it has said something else.

        Of two that a server has stored, or one of them, the later one is kept: it knows the status.  Objects without a
        name have no identity.
        """
        kind, _, namespace, name = identity
        if not name:
            return False
        here = Standing(root.source, said, rank_of(root))
        first = self.places.setdefault(identity, here)
        if first is here:
            return False
        if root.log.problems or not is_the_same(first, here):
            where = f"{namespace}/{name}" if namespace else name
            message = f"{kind} `{where}` stands in the manifests twice and is not the same, first in {first.source}"
            root.log.problem(root.place(), message, "keep one of them, or give one another name")
            self.clashes[root.log.problems[-1]] = Clash(f"{kind} {where}", first.source)
            return False
        if first.said is None or (first.rank < here.rank and said is not None):
            self.facts.replace(first.said, said)
            self.places[identity] = here
        return True


def _is_sketch_enough(data: Mapping, item_kind: str, item_version: str) -> bool:
    """Whether an object can be read without the places of its fields: if it has no rules, and is of a known kind."""
    kind, api_version = data.get("kind", item_kind), data.get("apiVersion", item_version)
    if not isinstance(kind, str) or not isinstance(api_version, str) or not _VERSION.fullmatch(api_version):
        return False
    group = group_of(api_version)
    known = MODELLED.get((kind, group))
    return is_irrelevant(kind, group) if known is None else not known.has_rules
