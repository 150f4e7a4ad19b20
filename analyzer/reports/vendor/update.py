"""Fetch the graph library of the HTML map: `python analyzer/reports/vendor/update.py NAME@VERSION…` (needs npm).

Writes, beside this file, each package's minified script, its licence, and `vendored.json`: what came from where, with
the SHA-256 of each script as it is.  Nothing else reads the network; run it to move to another version, then look at
the page.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
# In the order in which the page loads them.
SCRIPTS = {
    "layout-base": "layout-base.js",
    "cose-base": "cose-base.js",
    "cytoscape": "dist/cytoscape.min.js",
    "cytoscape-fcose": "cytoscape-fcose.js",
}


def fetched(package: str) -> dict[str, str]:
    """One package, `NAME@VERSION`: its script and licence are written; what `vendored.json` says of it."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["npm", "pack", "--json", package], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        )
        (packed,) = json.loads(done.stdout)
        name: str = packed["name"]
        with tarfile.open(Path(folder) / packed["filename"]) as archive:
            script = _content(archive, f"package/{SCRIPTS[name]}")
            licence = _content(archive, "package/LICENSE")
    (HERE / f"{name}.js").write_bytes(script)
    (HERE / f"{name}.LICENSE").write_bytes(licence)
    return {
        "name": name,
        "version": packed["version"],
        "package_integrity": packed["integrity"],
        "script": SCRIPTS[name],
        "script_sha256": hashlib.sha256(script).hexdigest(),
    }


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise SystemExit(f"the package has no file `{name}`")
    return file.read()


def main() -> None:
    found = {entry["name"]: entry for entry in map(fetched, sys.argv[1:] or SCRIPTS)}
    listing = HERE / "vendored.json"
    known = {entry["name"]: entry for entry in json.loads(listing.read_text())} if listing.exists() else {}
    entries = [(known | found)[name] for name in SCRIPTS]
    listing.write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
