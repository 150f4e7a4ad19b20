"""The map as one HTML page that needs nothing but itself: `page/` put together with the graph library of `vendor/`.

Nothing from the manifests can become markup or script: it is JSON in a script element that does not run, with `<`, `>`
and `&` escaped, and the page shows it as text.  A policy in the page lets run only the scripts that are put in here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from string import Template

from analyzer.reports.map_page_data import page_data
from analyzer.verdicts.connectivity import ConnectivityMap

LIBRARIES = ("layout-base", "cose-base", "cytoscape", "cytoscape-fcose")
SCRIPTS = ("model", "alike", "details", "graph", "matrix", "table", "page")

_HERE = files("analyzer.reports")
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def render_map_html(found: ConnectivityMap) -> bytes:
    """The page in UTF-8.  `found` should have its grounds: without them it cannot say which rules permit an edge."""
    libraries = [(_HERE / "vendor" / f"{name}.js").read_text(encoding="utf-8") for name in LIBRARIES]
    own = [(_HERE / "page" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    style = (_HERE / "page" / "page.css").read_text(encoding="utf-8")
    page = Template((_HERE / "page" / "page.html").read_text(encoding="utf-8"))
    scripts = [*libraries, *own]
    content = page.substitute(
        policy=_policy(scripts),
        style=style,
        data=_embedded(page_data(found)),
        licences="".join(map(_licence, LIBRARIES)),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )
    return content.encode("utf-8")


def _embedded(data: object) -> str:
    """JSON in ASCII that no HTML parser can see an end in."""
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


def _policy(scripts: list[str]) -> str:
    """Scripts by their hashes.  The graph library sets styles of elements, so those cannot be pinned."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _licence(name: str) -> str:
    text = (_HERE / "vendor" / f"{name}.LICENSE").read_text(encoding="utf-8")
    return f"<h3>{escape(name)}</h3><pre>{escape(text)}</pre>"
