"""The map as one HTML page that needs nothing but itself: what stands in `page/`, put together with the data.

Nothing from the manifests can become markup or script: it is JSON in a script element that does not run, with `<`, `>`
and `&` escaped, and the page shows it as text.  A policy in the page lets run only the scripts that are put in here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from string import Template

from analyzer.reports.map_page_data import page_data
from analyzer.verdicts.connectivity import ConnectivityMap

SCRIPTS = ("model", "alike", "details", "layout", "graph", "matrix", "table", "page")

_HERE = files("analyzer.reports")
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def render_map_html(found: ConnectivityMap) -> bytes:
    """The page in UTF-8.  `found` should have its grounds: without them it cannot say which rules permit an edge."""
    scripts = [(_HERE / "page" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    style = (_HERE / "page" / "page.css").read_text(encoding="utf-8")
    page = Template((_HERE / "page" / "page.html").read_text(encoding="utf-8"))
    content = page.substitute(
        policy=_policy(scripts, style),
        style=style,
        data=_embedded(page_data(found)),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )
    return content.encode("utf-8")


def _embedded(data: object) -> str:
    """JSON in ASCII that no HTML parser can see an end in."""
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


def _policy(scripts: list[str], style: str) -> str:
    """Scripts and the style by their hashes, and nothing else."""
    hashes = " ".join(map(_digest, scripts))
    return f"default-src 'none'; script-src {hashes}; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
