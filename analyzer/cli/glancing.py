"""What manifests seem to hold, at a glance, for a shell that waits for completions: read by patterns, with bounds.

Nothing is decided by it.  What it misses is not offered, and what it takes for a name is checked when the command runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from analyzer.records import dataclass

_MOST_FILES = 500
_MOST_BYTES = 8 * 1024 * 1024  # together: a tenth of a second
_ENDINGS = (".yaml", ".yml")
_WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Job", "CronJob", "ReplicationController"}

_KIND = re.compile(r"^kind:\s*[\"']?(\w+)", re.MULTILINE)
_METADATA = re.compile(r"^metadata:(.*(?:\n[ ]+.*)*)", re.MULTILINE)
_NAME = re.compile(r"(?:^\s*\n?  |[{,]\s*|\n  )name:\s*[\"']?([\w.-]+)")
_NAMESPACE = re.compile(r"(?:^\s*\n?  |[{,]\s*|\n  )namespace:\s*[\"']?([\w-]+)")


@dataclass(frozen=True, slots=True)
class Glance:
    """Names of namespaces, and of workloads as `NAMESPACE/NAME`."""

    namespaces: frozenset[str]
    workloads: frozenset[str]


def glance(paths: Sequence[str]) -> Glance:
    """What the files and directories seem to hold; nothing is known of standard input."""
    namespaces: set[str] = set()
    workloads: set[str] = set()
    for text in _texts(paths):
        for document in re.split(r"^---.*$", text, flags=re.MULTILINE):
            kind, metadata = _KIND.search(document), _METADATA.search(document)
            if kind is None or metadata is None or (name := _NAME.search(metadata[1])) is None:
                continue
            if kind[1] == "Namespace":
                namespaces.add(name[1])
                continue
            named = _NAMESPACE.search(metadata[1])
            namespace = named[1] if named else "default"
            if kind[1] in _WORKLOADS:
                workloads.add(f"{namespace}/{name[1]}")
            if kind[1] in _WORKLOADS or named:
                namespaces.add(namespace)
    return Glance(frozenset(namespaces), frozenset(workloads))


def _texts(paths: Sequence[str]) -> Iterator[str]:
    left = _MOST_BYTES
    for _, file in zip(range(_MOST_FILES), _files(paths), strict=False):
        try:
            with open(file, encoding="utf-8", errors="replace") as opened:
                text = opened.read(left)
        except OSError:
            continue
        yield text
        left -= len(text)
        if left <= 0:
            return


def _files(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, folders, files in os.walk(path):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(_ENDINGS))
