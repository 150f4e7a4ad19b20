"""End with 1 unless a tag `vX.Y.Z` is the version of the source, and the changelog has a section for it."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def faults(tag: str, version: str, changelog: str) -> list[str]:
    """What keeps the tag from being released."""
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, the version of the source {version}")
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}$", changelog, re.MULTILINE):
        found.append(f"CHANGELOG.md has no dated section for {version}")
    return found


if __name__ == "__main__":
    source = (ROOT / "analyzer/resources/version.py").read_text(encoding="utf-8")
    found = faults(
        sys.argv[1],
        re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE)[0],
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
    )
    sys.exit("\n".join(found) or 0)
