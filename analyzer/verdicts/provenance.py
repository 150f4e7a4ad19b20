"""What an answer was made from: files with their hashes, their revision, packs with their parameters, versions."""

from __future__ import annotations

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class ManifestRecord:
    """A file that was read: its name as messages call it, its size in bytes, its hash."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PackUsed:
    """A query file: its name as messages call it, the hash of its text, every parameter with the value in force."""

    name: str
    file: str
    sha256: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """`versions` are those of netproof and of the solvers.  `revision`: the commit that git has checked out where the
    manifests are, empty where that is none; `is_changed`: they differ from it."""

    versions: tuple[tuple[str, str], ...]
    packs: tuple[PackUsed, ...]
    manifests: tuple[ManifestRecord, ...]
    revision: str = ""
    is_changed: bool = False

    @property
    def digest(self) -> str:
        """One hash of all manifests: that of the lines which `sha256sum` prints of them, sorted."""
        from hashlib import sha256  # few runs tell of it

        lines = sorted(f"{record.sha256}  {record.file}\n" for record in self.manifests)
        return sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
