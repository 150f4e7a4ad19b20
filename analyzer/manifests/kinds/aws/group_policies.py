"""SecurityGroupPolicy, vpcresources.k8s.aws/v1beta1 (aws.md S1, S2)."""

from __future__ import annotations

from analyzer.manifests.kinds.manifest import DEFAULT_NAMESPACE, Manifest, ObjectKind
from analyzer.manifests.kinds.object_metadata import check_metadata
from analyzer.manifests.kinds.selectors import read_selector
from analyzer.manifests.text.section import Section
from analyzer.model.aws import GroupPolicy

_GROUP = "vpcresources.k8s.aws"
_TOP = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
_SPEC = frozenset({"podSelector", "serviceAccountSelector", "securityGroups"})


def _read(manifest: Manifest) -> GroupPolicy | None:
    """One without a selector, or without groups, is passed over by the controller (S2)."""
    root = manifest.root
    root.only(_TOP)
    check_metadata(manifest)
    spec = root.section("spec")
    if spec is None:
        _note_idle(manifest, root, "selects no pods and names no groups")
        return None
    spec.only(_SPEC)
    pods, accounts = read_selector(spec, "podSelector"), read_selector(spec, "serviceAccountSelector")
    inner = spec.section("securityGroups")
    if inner is not None:
        inner.only(frozenset({"groupIds"}))
    groups = _group_ids(inner) if inner is not None else ()
    if pods is None and accounts is None:
        _note_idle(manifest, spec, "has neither `podSelector` nor `serviceAccountSelector`")
        return None
    if not groups:
        _note_idle(manifest, spec, "names no groups")
        return None
    return GroupPolicy(manifest.namespace or DEFAULT_NAMESPACE, manifest.name, pods, accounts, groups, manifest.source)


def _group_ids(section: Section) -> tuple[str, ...]:
    found: dict[str, None] = {}
    if section.has("groupIds") and not section.sequence("groupIds"):
        section.problem("groupIds", "is empty, but must have at least one item")
    for text, place in section.texts("groupIds"):
        if not text.startswith("sg-"):
            hint = "an id looks like `sg-0a1b2c3d4e5f60718`; names of groups are not looked up"
            section.log.problem(place, f"`{section.field('groupIds')}` holds `{text}`, which is no id of a group", hint)
        found[text] = None
    return tuple(found)


def _note_idle(manifest: Manifest, section: Section, why: str) -> None:
    if not manifest.log.problems:
        manifest.log.notice(section.place(), f"SecurityGroupPolicy {manifest.name} {why}, so it has no effect")


KIND = ObjectKind(
    "SecurityGroupPolicy",
    _GROUP,
    ("v1beta1",),
    _read,
    may_deny=True,
    has_rules=True,
    identity_group=_GROUP,
    is_named_in_problems=True,
)
