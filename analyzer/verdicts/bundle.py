"""An evidence bundle: what a check found, with all that it takes to check it again.  Frozen facts.

A bundle is a folder of these files, named by `PATH` and told apart by number, so that no name of a user becomes one:

| file | what it is |
|---|---|
| `bundle.txt` | says that the folder is a bundle, and when it was written: the one thing that differs from run to run |
| `evidence.json` | the index, `netproof/evidence/2`, with a hash of every file below |
| `report.json` | the report, `netproof/check/2` |
| `packs/001-NAME.npq` | each query file as it was read |
| `queries/001-ID/01-PURPOSE.smt2` | the scripts of each query |
"""

from __future__ import annotations

import hashlib
import re

from analyzer.model.claims import Kind
from analyzer.model.endpoints import Connection, Pod
from analyzer.records import dataclass
from analyzer.verdicts.provenance import ManifestRecord

INDEX, REPORT, MARKER = "evidence.json", "report.json", "bundle.txt"
MARKER_STEM = "netproof/evidence/"  # of every version
MARKER_LINE = f"{MARKER_STEM}2"
PLACES = ("node", "nodes", "node_groups")
"""What is known of where a pod is, by the names of its attributes and of an index's fields."""
PATH = re.compile(
    r"evidence\.json|report\.json|bundle\.txt"
    r"|packs/[0-9]{3,9}-[a-z0-9-]{0,40}\.npq"
    r"|queries/[0-9]{3,9}-[a-z0-9-]{0,40}/[0-9]{2,9}-[a-z0-9-]{1,40}\.smt2"
)


def safe_name(text: str) -> str:
    """What of a name can stand in a file name anywhere: at most 40 of a–z, 0–9 and hyphens, perhaps none."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-")


def sha256(data: bytes) -> str:
    """The hash in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class PackRecord:
    """A query file: its name as messages call it, the parameters in force, its text's place in the bundle."""

    name: str
    file: str
    parameters: tuple[tuple[str, str], ...]
    path: str


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One script: `path` is its place in the bundle; the rest as in a Step."""

    purpose: str
    meaning: str
    expected: str
    path: str


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One query with its verdict.  `pack` is its query file's place in the bundle, empty for a claim of the command
    line, whose `text` is all there is.

    `witnesses`: a connection, or for `is isolated` a pod, for each counterexample, in their order.
    """

    pack: str
    id: str
    title: str
    text: str
    kind: Kind
    universe: str
    verdict: str
    steps: tuple[StepRecord, ...]
    witnesses: tuple[Connection | Pod, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How the questions were asked, spelt as the command line spells it; `pod_addresses` is None if not given."""

    universe: str
    profile: str
    knobs: tuple[tuple[str, str], ...]
    pod_addresses: tuple[str, ...] | None
    rlimit: int
    seconds: float
    max_counterexamples: int
    irrelevant: tuple[str, ...]
    strict_cidr: bool
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """The index.

    `versions` are those of netproof and of the solvers; `hashes` go by place in the bundle; `assumptions` are in
    words, by name.  `confirmed` says of a second solver, if there was one, how many answers it confirmed, of how many.
    """

    versions: tuple[tuple[str, str], ...]
    options: Options
    assumptions: tuple[tuple[str, str], ...]
    manifests: tuple[ManifestRecord, ...]
    packs: tuple[PackRecord, ...]
    queries: tuple[QueryRecord, ...]
    hashes: tuple[tuple[str, str], ...]
    confirmed: tuple[str, int, int] | None = None
