"""The objects of a live cluster that the model reads, or has to name, as kubectl lists them.  It only reads."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from analyzer.errors import InputError, Problem, UsageError
from analyzer.manifests.kinds.irrelevant_kinds import is_irrelevant, is_known
from analyzer.manifests.kinds.manifest import kind_dot_group
from analyzer.manifests.kinds.registry import MODELLED, MODELLED_GROUPS
from analyzer.manifests.kinds.unmodelled_kinds import EFFECTS, GROUP_EFFECTS, Effect, effect_of
from analyzer.manifests.kinds.unread_objects import beyond_its_namespace, elsewhere_than, unread_kind
from analyzer.model.cluster import Unmodelled
from analyzer.model.source import LeftOut, Source, Why
from analyzer.records import dataclass

_NO_LIST = re.compile(r'cannot list resource "([^"]+)" in API group "([^"]*)"')
_NAMESPACES = ("Namespace", "")
_COMPUTED = frozenset({"controlplane.antrea.io"})  # what Antrea makes of policies, which are read


@dataclass(frozen=True, slots=True)
class Live:
    """What was read of a cluster: a List in JSON, and what stands for that which was not."""

    objects: bytes
    unread: tuple[Unmodelled | LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource of the cluster, of a kind that matters."""

    name: str
    kind: str
    group: str
    is_namespaced: bool

    @property
    def full_name(self) -> str:
        return f"{self.name}.{self.group}" if self.group else self.name


def live_objects(flags: Sequence[str], namespace: str | None = None, without: Sequence[str] = ()) -> Live:
    """Every object that can matter, with cluster-scoped ones; of one namespace if it is given.

    `flags` go to kubectl: which cluster, as whom.  Kinds that the cluster does not have are left out, and so are those
    of `without`, kinds or resources, which may then be anything, and, by name, kinds of which nothing is known.
    UsageError with what kubectl said if it is not there or refuses, if a kind that matters cannot be asked for, or if
    the namespace is not there.
    """
    resources, left_out, strange = _resources(flags, without)
    scope = ["--namespace", namespace] if namespace else ["--all-namespaces"]
    names = ",".join(resource.full_name for resource in resources)
    done = _kubectl([*flags, "get", names, *scope, "--output", "json"])
    if done.returncode != 0:
        raise _refusal(done)
    if namespace:
        _check_namespace(flags, namespace, done.stdout, is_listed=_NAMESPACES not in left_out)
    unread: list[Unmodelled | LeftOut] = [LeftOut(Source(name), Why.KIND) for name in strange]
    unread += [unread_kind(kind, group) for kind, group in left_out]
    if namespace:
        unread.append(elsewhere_than(namespace))
        unread += [beyond_its_namespace(r.kind, r.group) for r in resources if _reaches_beyond(r)]
    return Live(done.stdout, tuple(unread))


# ------------------------------------------------------------------------------------------------ what there is
def _resources(
    flags: Sequence[str], without: Sequence[str]
) -> tuple[list[_Resource], list[tuple[str, str]], list[str]]:
    """The cluster's resources that matter here, sorted; the kinds that are not to be read; and those not known."""
    done = _kubectl([*flags, "api-resources", "--verbs=list", "--no-headers"])
    wanted = wanted_kinds()
    found, strange = [], set()
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        words = line.split()  # NAME [SHORTNAMES] APIVERSION NAMESPACED KIND
        if len(words) >= 4:
            name, group, kind = words[0], words[-3].rpartition("/")[0], words[-1]
            if (kind, group) in wanted or may_matter(kind, group):
                found.append(_Resource(name, kind, group, words[-2] == "true"))
            elif not (is_known(kind, group) or is_irrelevant(kind, group) or group in MODELLED_GROUPS):
                strange.add(kind_dot_group(kind, group))
    left_out = _left_out(without, found, wanted)
    down = _down(flags, done)
    if done.returncode != 0 and not (found and down):
        raise UsageError(f"kubectl cannot tell what the cluster has: {_said(done)}", "see `kubectl cluster-info`")
    _check_groups(down, wanted - set(left_out))
    kept = {resource.full_name: resource for resource in found if (resource.kind, resource.group) not in left_out}
    if not kept:
        raise UsageError("kubectl lists no resource that netproof reads", "see `kubectl api-resources`")
    return [kept[name] for name in sorted(kept)], left_out, sorted(strange)


def wanted_kinds() -> set[tuple[str, str]]:
    """Kinds by name and group.  What only makes or changes other objects is left out: in a live cluster those are there
    as they came to be, and so are the EndpointSlices that mirror each Endpoints object."""
    named = (text.partition(".") for text, effect in EFFECTS.items() if not _only_makes(effect))
    return {*MODELLED, *((kind, group) for kind, _, group in named)} - {("Endpoints", "")}


def may_matter(kind: str, group: str) -> bool:
    """Whether the kind is one of a group of which every kind may affect traffic, and is told apart by nothing else."""
    named = is_irrelevant(kind, group) or kind_dot_group(kind, group) in EFFECTS or group in _COMPUTED
    return not named and group in GROUP_EFFECTS and not _only_makes(GROUP_EFFECTS[group])


def _reaches_beyond(resource: _Resource) -> bool:
    """Whether an object of another namespace may bear on pods of the one that is read, as in the root of a mesh."""
    kind, group = resource.kind, resource.group
    if not resource.is_namespaced or ((kind, group) in MODELLED and kind_dot_group(kind, group) not in EFFECTS):
        return False
    effect = effect_of(kind, group)
    return effect.is_root_wide or effect.is_namespaced is False


def _only_makes(effect: Effect) -> bool:
    return effect.adds_pods or effect.changes_pods


def _left_out(
    without: Sequence[str], found: Sequence[_Resource], wanted: set[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The kinds that the words name: `Node`, `nodes`, `AdminNetworkPolicy.policy.networking.k8s.io`, …"""
    names: dict[str, set[tuple[str, str]]] = {}
    for kind, group in wanted:
        for name in (kind, kind_dot_group(kind, group)):
            names.setdefault(name.lower(), set()).add((kind, group))
    for resource in found:
        of_kind = resource.kind, kind_dot_group(resource.kind, resource.group)
        for name in (resource.name, resource.full_name, *of_kind):
            names.setdefault(name.lower(), set()).add((resource.kind, resource.group))
    problems: list[Problem] = []
    chosen: set[tuple[str, str]] = set()
    for word in without:
        kinds = names.get(word.lower())
        if kinds is None:
            close = get_close_matches(word.lower(), names, n=1)
            hint = f"did you mean `{close[0]}`?" if close else "it takes a kind or a resource, as `Node` or `nodes`"
            problems += UsageError(f"`{word}` after --without is no kind that netproof reads", hint).problems
        else:
            chosen |= kinds
    if problems:
        raise InputError(problems)
    return sorted(chosen)


# ------------------------------------------------------------------------------------------------ what is down
def _down(flags: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> dict[str, str]:
    """API groups that do not answer, with what is said of them: discovery may pass over them without an error, so the
    APIServices are looked at too, where the user may."""
    said = done.stderr.decode("utf-8", "replace")
    found = {group: _said(done) for group in re.findall(r"\b([a-z0-9.-]+\.[a-z0-9.-]+)/v[0-9][a-z0-9]*\b", said)}
    asked = _kubectl([*flags, "get", "apiservices.apiregistration.k8s.io", "--output", "json"])
    if asked.returncode == 0:
        for service in _items(asked.stdout):
            group = _at(service, "spec", "group")
            for condition in _at(service, "status", "conditions") or ():
                is_down = _at(condition, "type") == "Available" and _at(condition, "status") != "True"
                if service.get("kind") == "APIService" and is_down and isinstance(group, str) and group:
                    message = _at(condition, "message") or _at(condition, "reason") or "it is not Available"
                    found.setdefault(group, str(message))
    return found


def _check_groups(down: dict[str, str], wanted: set[tuple[str, str]]) -> None:
    """A kind that matters, of a group that does not answer, cannot be told from one that is not there."""
    problems: list[Problem] = []
    for group, said in sorted(down.items()):
        kinds = sorted(kind for kind, of in wanted if of == group)
        if kinds:
            words = " ".join(f"--without {kind_dot_group(kind, group)}" for kind in kinds)
            message = f"API group `{group}` does not answer, so that {', '.join(kinds)} cannot be read: {said}"
            hint = f"try again when it does; with `{words}` answers that they could change are unknown"
            problems += UsageError(message, hint).problems
    if problems:
        raise InputError(problems)


# ------------------------------------------------------------------------------------------------ what is refused
def _refusal(done: subprocess.CompletedProcess[bytes]) -> UsageError:
    """The error that names what may not be listed, and nothing else."""
    said = done.stderr.decode("utf-8", "replace")
    missing = [f"{name}.{group}" if group else name for name, group in dict.fromkeys(_NO_LIST.findall(said))]
    if not missing:
        return UsageError(f"kubectl cannot list the objects of the cluster: {_said(done)}", "see `kubectl auth can-i`")
    words = " ".join(f"--without {name}" for name in missing)
    hint = f"grant `list` on it, or say `{words}`: answers that it could change are then unknown"
    return UsageError(f"kubectl may not list {', '.join(missing)}: {_said(done)}", hint)


def _check_namespace(flags: Sequence[str], namespace: str, objects: bytes, *, is_listed: bool) -> None:
    """UsageError if it is not there; of one that nobody may look for that is not known."""
    hint = "see `kubectl get namespaces`"
    if is_listed:
        items = [it for it in _items(objects) if it.get("kind") == "Namespace"]
        names = [str(_at(it, "metadata", "name")) for it in items]
        if namespace in names:
            return
        close = get_close_matches(namespace, names, n=1)
        hint = f"did you mean `{close[0]}`?" if close else hint
    else:
        done = _kubectl([*flags, "get", "namespace", namespace, "--output", "name"])
        if done.returncode == 0 or b"NotFound" not in done.stderr:
            return
    raise UsageError(f"the cluster has no namespace `{namespace}`", hint)


# ------------------------------------------------------------------------------------------------ kubectl
def _items(data: bytes) -> Iterable[dict[str, Any]]:
    """The objects of a List in JSON; none if it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return ()
    items = _at(found, "items")
    return [it for it in items if isinstance(it, dict)] if isinstance(items, list) else ()


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _kubectl(arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("kubectl")
    if program is None:
        raise UsageError("`kubectl` is not on the path", "install it, or give netproof a dump of the cluster")
    try:
        return subprocess.run([program, *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise UsageError(f"`{program}` cannot be run: {error.strerror or error}") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What it wrote to stderr, on one line."""
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    return "; ".join(line.strip() for line in lines if line.strip()) or f"exit code {done.returncode}"
