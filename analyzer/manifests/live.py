"""The objects of a cluster that runs, kept as they come and go, and the cluster that they make.

Objects are kept as text in shares by their place, each with what was read of it.  A change of few objects is followed
by what was and is read of these alone, where nothing else can hang on them; else what was read of all is put together
anew.  Parts that are equal stay the objects that they were, and what was worked out of them with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any, NamedTuple
from zlib import crc32

from analyzer.errors import ManifestError, Problem
from analyzer.manifests.changing import Rules
from analyzer.manifests.kinds.manifest import group_of, kind_dot_group
from analyzer.manifests.loader import Loader
from analyzer.manifests.loading import note_unread, without_garbage_collection
from analyzer.manifests.overlays import told_by_overlay
from analyzer.manifests.reassembly import Assembly
from analyzer.model.cluster import Cluster, Unmodelled
from analyzer.records import dataclass

_SHARES = 256
_MOST_FOLLOWED = 64  # objects that are others: of more, all that was read is put together anew
_NO_STATUS = frozenset({"CronJob", "DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_OF_STATUS = {
    "Node": frozenset({"addresses"}),
    "Pod": frozenset({"hostIP", "hostIPs", "phase", "podIP", "podIPs"}),
}
"""What of the status the model reads, of kinds whose status changes all the time."""
_OF_SERVERS = frozenset({"generation", "managedFields", "resourceVersion"})
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
        self._found: Assembly | None = None
        self._told: LiveCluster
        self._is_current, self._is_followed = False, False
        self._before: dict[Key, bytes | None] = {}
        # What was found last is what there is (`_is_current`), or was before these objects changed (`_is_followed`).

    def __len__(self) -> int:
        return sum(len(share.texts) for share in self._shares.values())

    def names(self) -> tuple[Key, ...]:
        return tuple(self.texts())

    def texts(self) -> dict[Key, bytes]:
        """The objects as they are kept."""
        return {key: text for share in tuple(self._shares.values()) for key, text in share.texts.items()}

    def change(self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()) -> bool:
        """Take objects in, or in the place of those of the same name, and others out; whether anything is different."""
        return self.change_texts(texts_of(put), removed)

    def change_texts(self, put: Mapping[Key, bytes], removed: Iterable[Key] = ()) -> bool:
        """`change`, of objects as they are kept: many of them take a tenth of the room so."""
        with self._lock:
            wanted = _wanted(put, removed)
            shares = self._changed(wanted)
            is_other = any(self._shares.get(number) is not share for number, share in shares.items())
            if is_other:
                self._note(wanted)
                self._shares, self._is_current = shares, False
            return is_other

    def _note(self, keys: Iterable[Key]) -> None:
        """These objects are about to be others."""
        if self._is_followed:
            for key in keys:
                self._before.setdefault(key, self._text(key))
        if len(self._before) > _MOST_FOLLOWED:
            self._before, self._is_followed = {}, False

    def set_unread(self, things: Sequence[Unmodelled]) -> None:
        """Say what is known not to be among the objects, though the cluster may hold it."""
        with self._lock:
            self._rules, self._is_current = replace(self._rules, unread=tuple(things)), False
            self._before, self._is_followed = {}, False

    def load(self) -> LiveCluster:
        """The cluster as it now is; the same one as long as nothing changes."""
        with self._lock:
            return self._loaded()

    def _loaded(self) -> LiveCluster:
        if not self._is_current or self._found is None:
            found = self._followed(self._before, {key: self._text(key) for key in self._before})
            self._found = self._assembled(self._shares) if found is None else found
            self._before, self._is_current, self._is_followed = {}, True, True
            self._told = LiveCluster(self._found.cluster, self._found.problems)
        return self._told

    def proposed(self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()) -> LiveCluster:
        """The cluster as a change would make it; these objects stay as they are."""
        return self.before_and_after(put, removed)[1]

    def before_and_after(
        self, put: Iterable[Mapping[str, Any]] = (), removed: Iterable[Key] = ()
    ) -> tuple[LiveCluster, LiveCluster]:
        """The cluster as it now is, and as a change would make it: nothing else lies between the two."""
        wanted = _wanted(texts_of(put), removed)
        with self._lock:
            standing = self._loaded()
            found = self._followed({key: self._text(key) for key in wanted}, wanted)
            shares = {} if found is not None else self._changed(wanted)
        whole = self._assembled(shares) if found is None else found
        return standing, LiveCluster(whole.cluster, whole.problems)

    def _text(self, key: Key) -> bytes | None:
        share = self._shares.get(_number(key))
        return share.texts.get(key) if share is not None else None

    def _followed(self, before: Mapping[Key, bytes | None], now: Mapping[Key, bytes | None]) -> Assembly | None:
        """The cluster that follows from the one found last, by what became of these; None where more can hang on it."""
        if self._found is None or not self._is_followed or len(now) > _MOST_FOLLOWED:
            return None
        keys = [key for key, text in now.items() if before[key] != text]
        old, new = (self._read({key: text for key in keys if (text := texts[key])}) for texts in (before, now))
        if old.problems or new.problems or any(map(self._is_beside, keys)):
            return None
        return self._found.with_facts(old.facts, new.facts)

    def _is_beside(self, key: Key) -> bool:
        """An object of the same name is there as one of another group, which may be the same one."""
        share = self._shares.get(_number(key))
        kind, group, *name = key
        there = share.texts if share is not None else ()
        return any(other.kind == kind and [*other[2:]] == name and other.group != group for other in there)

    # -------------------------------------------------------------------------------------------- shares
    def _changed(self, wanted: Mapping[Key, bytes | None]) -> dict[int, _Share]:
        texts: dict[int, dict[Key, bytes]] = {}
        for key, text in wanted.items():
            number = _number(key)
            if number not in texts:
                known = self._shares.get(number)
                texts[number] = dict(known.texts) if known is not None else {}
            if text is None:
                texts[number].pop(key, None)
            else:
                texts[number][key] = text
        shares = dict(self._shares)
        for number, these in texts.items():
            known = shares.get(number)
            if known is None or known.texts != these:
                shares[number] = _Share(these, self._read(these))
        return shares

    def _read(self, texts: Mapping[Key, bytes]) -> Loader:
        loader = self._rules.loader()
        for key, text in texts.items():
            loader.read(str(key), partial(bytes, text))
        return loader

    def _assembled(self, shares: Mapping[int, _Share]) -> Assembly:
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
            whole.check_references()
            problems = ManifestError(told_by_overlay(whole.problems, whole.clashes, set())).problems
            return Assembly.of(whole.facts, problems, self._found)


def _wanted(put: Mapping[Key, bytes], removed: Iterable[Key]) -> dict[Key, bytes | None]:
    """What is to become of each object: its text, or nothing."""
    return {**dict.fromkeys(removed), **put}


def _number(key: Key) -> int:
    return crc32(f"{key.namespace}/{key.name}".encode()) % _SHARES


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
