"""ProxyConfig, networking.istio.io: what it says of the mesh's tunnel; all else of it is not modelled (istio.md 9)."""

from __future__ import annotations

from analyzer.manifests.text.nodes import Mapping
from analyzer.manifests.text.section import Section
from analyzer.model.labels import GO_TRUE, Labels
from analyzer.model.mesh import ENABLE_HBONE, ProxyVariables


def proxy_variables(root: Section, namespace: str, name: str) -> tuple[ProxyVariables, bool]:
    """With whether that is all of it: images and threads change no answer, other variables may."""
    spec = _inner(root.data, "spec")
    variables, selector = _inner(spec, "environmentVariables"), spec.get("selector")
    value, labels = variables.get(ENABLE_HBONE), None
    if selector is not None:
        wanted = _inner(spec, "selector").get("matchLabels")
        texts = wanted if isinstance(wanted, Mapping) else {}
        labels = Labels({str(key): text for key, text in texts.items() if isinstance(text, str)})
    takes = None if value is None else value is True or (isinstance(value, str) and value in GO_TRUE)
    return ProxyVariables(namespace, name, labels, takes, root.source), set(variables) <= {ENABLE_HBONE}


def _inner(data: Mapping, key: str) -> Mapping:
    found = data.get(key)
    return found if isinstance(found, Mapping) else Mapping()
