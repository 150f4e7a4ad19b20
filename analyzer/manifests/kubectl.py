"""The objects of a live cluster that the model reads, or has to name, as kubectl lists them.  It only reads."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from analyzer.errors import UsageError
from analyzer.manifests.registry import MODELLED
from analyzer.manifests.unmodelled_kinds import EFFECTS

_SOME_MISSING = "unable to retrieve the complete list of server APIs"


def live_objects(flags: Sequence[str], namespace: str | None = None) -> bytes:
    """A List in JSON of every object that can matter, with cluster-scoped ones; of one namespace if it is given.

    `flags` go to kubectl: which cluster, as whom.  Kinds that the cluster does not have are left out.  UsageError with
    what kubectl said if it is not there or refuses.
    """
    resources = _resources(flags)
    scope = ["--namespace", namespace] if namespace else ["--all-namespaces"]
    done = _kubectl([*flags, "get", ",".join(resources), *scope, "--output", "json"])
    if done.returncode != 0:
        hint = "netproof needs to list all of these: grant `get` and `list`, or give it a dump instead"
        raise UsageError(f"kubectl cannot list {', '.join(resources)}: {_said(done)}", hint)
    return done.stdout


def _resources(flags: Sequence[str]) -> list[str]:
    """`networkpolicies.networking.k8s.io`, …: those of the cluster's resources that matter here, sorted."""
    done = _kubectl([*flags, "api-resources", "--verbs=list", "--no-headers"])
    if done.returncode != 0 and not _is_harmless(done):
        raise UsageError(f"kubectl cannot tell what the cluster has: {_said(done)}", "see `kubectl cluster-info`")
    wanted = _wanted()
    found = set()
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        words = line.split()  # NAME [SHORTNAMES] APIVERSION NAMESPACED KIND
        if len(words) >= 4:
            name, group, kind = words[0], words[-3].rpartition("/")[0], words[-1]
            if (kind, group) in wanted:
                found.add(f"{name}.{group}" if group else name)
    if not found:
        raise UsageError("kubectl lists no resource that netproof reads", "see `kubectl api-resources`")
    return sorted(found)


def _wanted() -> set[tuple[str, str]]:
    """Kinds by name and group.  What only makes or changes other objects is left out: in a live cluster those are there
    as they came to be, and so are the EndpointSlices that mirror each Endpoints object."""
    makes = {text for text, effect in EFFECTS.items() if effect.adds_pods or effect.changes_pods}
    named = (text.partition(".") for text in EFFECTS if text not in makes)
    return {*MODELLED, *((kind, group) for kind, _, group in named)} - {("Endpoints", "")}


def _is_harmless(done: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether all that kubectl misses is groups that do not matter here, such as metrics."""
    said = done.stderr.decode("utf-8", "replace")
    groups = {group for _, group in _wanted() if group}
    return _SOME_MISSING in said and bool(done.stdout) and not any(group in said for group in groups)


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
