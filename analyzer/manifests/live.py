"""The objects of a cluster that runs, kept as they come and go, and the cluster that they make.

Objects are kept as text in shares by their place, each with what was read of it, so that a change costs one share read
and the parts put together.  Parts that are equal stay the objects that they were, and what was worked out of them with
them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from threading import Lock
from typing import Any, NamedTuple
from zlib import crc32

from analyzer.errors import Problem
from analyzer.manifests.assembly import Facts
from analyzer.manifests.changing import Rules
from analyzer.manifests.kinds.manifest import group_of, kind_dot_group
from analyzer.manifests.loader import Loader
from analyzer.manifests.loading import assembled, note_unread, without_garbage_collection
from analyzer.model.aws import NO_AWS
from analyzer.model.cluster import Cluster, Unmodelled
from analyzer.model.editing import edited
from analyzer.records import dataclass

_SHARES = 256
_NO_STATUS = frozenset({"CronJob", "DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_OF_STATUS = {
    "Node": frozenset({"addresses"}),
    "Pod": frozenset({"hostIP", "hostIPs", "phase", "podIP", "podIPs"}),
}
"""What of the status the model reads, of kinds whose status changes all the time."""
_OF_SERVERS = frozenset({"generation", "managedFields", "resourceVersion"})
_POLICY = "NetworkPolicy", "networking.k8s.io"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Key(NamedTuple):
    """What an object is called; `namespace` is empty where there is none."""

    kind: str
    group: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{kind_dot_group(self.kind, self.group)} {where}"


def key_of(thing: Mapping[str, Any]) -> Key:
    metadata = thing.get("metadata") or {}
    kind, group = str(thing.get("kind", "")), group_of(str(thing.get("apiVersion", "")))
    return Key(kind, group, str(metadata.get("namespace") or ""), str(metadata.get("name") or ""))


@dataclass(frozen=True, slots=True)
class _Share:
    """Some of the objects, as text, and what was read of them."""

    texts: dict[Key, bytes]
    read: Loader


@dataclass(frozen=True, slots=True)
class LiveCluster:
    """`problems`: what of it could not be read, and what it could change is unknown."""

    cluster: Cluster
    problems: tuple[Problem, ...]


class LiveObjects:
    """The objects; threads may share them."""

    def __init__(self, rules: Rules | None = None) -> None:
        """`rules` as for `load`; what cannot be read stands in the cluster as not modelled, whatever they say."""
        self._rules = rules or Rules()
        self._lock = Lock()
        self._shares: dict[int, _Share] = {}
        self._found: LiveCluster | None = None
        self._before: Cluster | None = None

    def __len__(self) -> int:
        return sum(len(share.texts) for share in self._shares.values())

    def names(self) -> tuple[Key, ...]:
        return tuple(key for share in tuple(self._shares.values()) for key in share.texts)

    def change(self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()) -> bool:
        """Take objects in, or in the place of those of the same name, and others out; whether anything is different."""
        return self.change_texts(texts_of(put), removed)

    def change_texts(self, put: Mapping[Key, bytes], removed: Iterable[Key] = ()) -> bool:
        """`change`, of objects as they are kept: many of them take a tenth of the room so."""
        with self._lock:
            shares = self._changed(put, removed)
            is_other = any(self._shares.get(number) is not share for number, share in shares.items())
            if is_other:
                self._shares, self._found = shares, None
            return is_other

    def set_unread(self, things: Sequence[Unmodelled]) -> None:
        """Say what is known not to be among the objects, though the cluster may hold it."""
        with self._lock:
            self._rules, self._found = replace(self._rules, unread=tuple(things)), None

    def load(self) -> LiveCluster:
        """The cluster as it now is; the same one as long as nothing changes."""
        with self._lock:
            if self._found is None:
                self._found = self._assembled(self._shares)
                self._before = self._found.cluster
            return self._found

    def proposed(self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()) -> LiveCluster:
        """The cluster as a change would make it; these objects stay as they are."""
        put, removed = list(put), list(removed)
        with self._lock:
            found, old = self._found, [self._text(key) for key in (*map(key_of, put), *removed)]
            alone = None if found is None else _with_policies(found, self._rules, put, removed, old)
            shares = {} if alone is not None else self._changed(texts_of(put), removed)
        return self._assembled(shares) if alone is None else alone

    def _text(self, key: Key) -> bytes | None:
        share = self._shares.get(_number(key))
        return share.texts.get(key) if share is not None else None

    # -------------------------------------------------------------------------------------------- shares
    def _changed(self, put: Mapping[Key, bytes], removed: Iterable[Key]) -> dict[int, _Share]:
        texts: dict[int, dict[Key, bytes]] = {}

        def room(key: Key) -> dict[Key, bytes]:
            number = _number(key)
            if number not in texts:
                known = self._shares.get(number)
                texts[number] = dict(known.texts) if known is not None else {}
            return texts[number]

        for key in removed:
            room(key).pop(key, None)
        for key, text in put.items():
            room(key)[key] = text
        shares = dict(self._shares)
        for number, wanted in texts.items():
            known = shares.get(number)
            if known is None or known.texts != wanted:
                shares[number] = _Share(wanted, self._read(wanted))
        return shares

    def _read(self, texts: Mapping[Key, bytes]) -> Loader:
        loader = self._rules.loader()
        for key, text in texts.items():
            loader.read(str(key), partial(bytes, text))
        return loader

    def _assembled(self, shares: Mapping[int, _Share]) -> LiveCluster:
        with without_garbage_collection():
            whole = self._rules.loader()
            note_unread(whole, self._rules.unread)
            for number in sorted(shares):
                read = shares[number].read
                whole.problems += read.problems
                whole.clashes |= read.clashes
                whole.facts.extend(read.facts)
                whole.places |= read.places
            whole.note_unread()
            loaded = assembled(whole, {}, True, ())
        before = self._before
        cluster = loaded.cluster if before is None else _kept(before, loaded.cluster)
        return LiveCluster(cluster, loaded.problems)


def _with_policies(
    found: LiveCluster,
    rules: Rules,
    put: Sequence[Mapping[str, Any]],
    removed: Sequence[Key],
    old: Sequence[bytes | None],
) -> LiveCluster | None:
    """The cluster with NetworkPolicies of declared namespaces put in and taken out; `old`: how each stands there now.
    None where the change is another, or where more can hang on it than the policies themselves."""
    cluster, keys = found.cluster, [*map(key_of, put), *removed]
    by_name = cluster.namespace_by_name
    if found.problems or cluster.aws != NO_AWS or len(set(keys)) < len(keys):
        return None
    if not all(key[:2] == _POLICY and (home := by_name.get(key.namespace)) and home.is_declared for key in keys):
        return None
    if not all(old[len(put) :]):
        return None  # what is not there is taken out
    loader = rules.loader()
    for text in filter(None, old):
        loader.read("", partial(bytes, text))
    before = loader.facts.policies[:]
    loader.facts.policies.clear()
    loader.places.clear()
    for key, thing in zip(keys, put, strict=False):
        loader.read(str(key), partial(bytes, text_of(thing)))
    told = [part.name for part in fields(Facts) if getattr(loader.facts, part.name)]
    if loader.problems or not set(told) <= {"policies", "mentioned"}:
        return None
    gone = {policy.id for policy in before} - {policy.id for policy in loader.facts.policies}
    return LiveCluster(edited(cluster, loader.facts.policies, gone), ())


def _number(key: Key) -> int:
    return crc32(f"{key.namespace}/{key.name}".encode()) % _SHARES


def _kept(before: Cluster, now: Cluster) -> Cluster:
    """The cluster, made of the parts of the one before where they are equal, and with its memory."""
    changed: dict[str, Any] = {name: _same(getattr(before, name), getattr(now, name)) for name in _OF_OBJECTS}
    for part in fields(Cluster):
        was, found = getattr(before, part.name), changed.get(part.name, getattr(now, part.name))
        if part.name == "memory" or was == found:
            changed[part.name] = was
    return replace(now, **changed)


def _same(was: tuple[Any, ...], now: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is now, in the objects that were where they are equal."""
    known = {_called(thing): thing for thing in was}
    return tuple(old if (old := known.get(_called(thing))) == thing else thing for thing in now)


def _called(thing: Any) -> object:
    return getattr(thing, "id", None) or thing.name


_OF_OBJECTS = ("namespaces", "workloads", "services", "policies")


def texts_of(things: Iterable[Mapping[str, Any]]) -> dict[Key, bytes]:
    """The objects by their names, as they are kept."""
    return {key_of(thing): text_of(thing) for thing in things}


def text_of(thing: Mapping[str, Any]) -> bytes:
    """The object as it is kept: without what servers write all the time and nothing reads."""
    kind, metadata = thing.get("kind"), dict(thing.get("metadata") or {})
    is_of_calico = "projectcalico.org" in str(thing.get("apiVersion"))  # served twice, and the later one counts
    dropped = _OF_SERVERS - {"resourceVersion"} if is_of_calico else _OF_SERVERS
    kept = {name: value for name, value in metadata.items() if name not in dropped}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _LAST_APPLIED}
    if "annotations" in kept:
        kept["annotations"] = annotations
    found = {**thing, "metadata": kept}
    status = found.get("status")
    if kind in _NO_STATUS:
        found.pop("status", None)
    elif isinstance(kind, str) and kind in _OF_STATUS and isinstance(status, Mapping):
        found["status"] = {name: value for name, value in status.items() if name in _OF_STATUS[kind]}
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()
