"""Objects that the model does not hold: what little is read of them, and what stands in their place."""

from __future__ import annotations

import json
from dataclasses import replace

from analyzer.manifests.manifest import DEFAULT_NAMESPACE, ObjectKind
from analyzer.manifests.names import label_name_fault
from analyzer.manifests.nodes import Mapping
from analyzer.manifests.section import Section, printable
from analyzer.manifests.unmodelled_kinds import EFFECTS, Effect
from analyzer.model.cluster import Unmodelled
from analyzer.model.source import Source

ANYTHING = Effect(True, True, True, "it could not be read", True, may_isolate=True)


def quiet_metadata(root: Section) -> Mapping:
    """The metadata of an object that the model does not read: nothing about it is checked."""
    found = root.data.get("metadata")
    return found if isinstance(found, Mapping) else Mapping()


def quiet_namespace(root: Section) -> str:
    """The namespace it names; empty if it names none that could be."""
    found = quiet_metadata(root).get("namespace")
    return found if isinstance(found, str) and label_name_fault(found) is None else ""


def quiet_name(root: Section) -> str:
    """Its name; empty if it has none."""
    found = quiet_metadata(root).get("name")
    return printable(found) if isinstance(found, str) else ""


_WRITTEN_METADATA = ("name", "namespace", "labels", "annotations")


def digest(data: Mapping) -> str:
    """The same for the same content, whatever the server has added to it."""
    import hashlib  # which takes its time to load, and most clusters hold no such object

    metadata = data.get("metadata")
    written = {key: value for key, value in data.items() if key not in ("metadata", "status")}
    if isinstance(metadata, Mapping):
        written["metadata"] = {key: metadata[key] for key in _WRITTEN_METADATA if key in metadata}
    text = json.dumps(written, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def templates_of(kind: str, source: Source) -> list[Unmodelled]:
    """What may stand in a template that has a line `kind: KIND`, if that kind can matter."""
    from analyzer.manifests.registry import MODELLED

    text = "it is a template that was not rendered"
    found = [
        Effect(known.may_allow, known.may_deny, known.adds_pods, text, None)
        for (name, _), known in MODELLED.items()
        if name == kind
    ]
    found += [replace(effect, why=text) for name, effect in EFFECTS.items() if name.partition(".")[0] == kind]
    return [unmodelled(kind, "", None, "", source, effect) for effect in found]


def unmodelled(
    kind: str, api_version: str, namespace: str | None, name: str, source: Source, effect: Effect
) -> Unmodelled:
    """What stands in the model for an object of a kind with this effect."""
    return Unmodelled(
        kind,
        api_version,
        namespace,
        name,
        effect.may_allow,
        effect.may_deny,
        effect.adds_pods,
        source,
        effect.why,
        directions=effect.directions,
        protocols=effect.protocols,
        may_isolate=effect.may_isolate,
        changes_pods=effect.changes_pods,
        sets_host_network=effect.sets_host_network,
    )


def broken(root: Section, kind: str, api_version: str, known: ObjectKind | None) -> Unmodelled:
    """What stands in the model for an object that has problems."""
    if known is None:
        return unmodelled(kind, api_version, None, quiet_name(root), root.source, ANYTHING)
    effect = Effect(known.may_allow, known.may_deny, known.adds_pods, "it could not be read", known.is_namespaced)
    namespace = (quiet_namespace(root) or DEFAULT_NAMESPACE) if known.is_namespaced else None
    return unmodelled(kind, api_version, namespace, quiet_name(root), root.source, effect)
