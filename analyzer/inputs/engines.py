"""The profile that the input speaks for, where the user names none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.inputs.settings import chosen_profile

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.model.signs import Sign

_VERSIONS = {"calico": "calico-version", "cilium": "cilium-version"}


def profile_for(name: str | None, knobs: Sequence[str], *clusters: Cluster) -> Profile:
    """The profile of that name, or the one that the clusters speak for, which their notices tell.

    What installs an engine goes before policies that it alone reads; where two engines stand side by side, and nothing
    else tells, UsageError.  The version of an engine is that of its image, unless a knob says another.
    """
    signs = [sign for cluster in clusters for sign in cluster.signs]
    telling = [sign for sign in signs if sign.is_installed] or signs
    if any(sign.profile != "flannel" for sign in telling):  # which enforces nothing, whatever stands beside it
        telling = [sign for sign in telling if sign.profile != "flannel"]
    named = list(dict.fromkeys(sign.profile for sign in telling))
    if name is None and len(named) > 1:
        first, second = (next(s for s in telling if s.profile == one) for one in named[:2])
        other = f"{second.what} ({second.source}) for {second.profile}"
        message = f"{first.what} ({first.source}) speaks for {first.profile}, {other}"
        raise UsageError(message, f"say which of them enforces policies: --profile {' or --profile '.join(named)}")
    chosen = name if name is not None else next(iter(named), None)
    return _versioned(chosen_profile(chosen, knobs), knobs, signs)


def _versioned(profile: Profile, knobs: Sequence[str], signs: Iterable[Sign]) -> Profile:
    knob = _VERSIONS.get(profile.name)
    if knob is None or any(text.partition("=")[0].strip().replace("_", "-") == knob for text in knobs):
        return profile
    for sign in signs:
        if sign.profile == profile.name and sign.version:
            try:
                return profile.with_knob(knob, sign.version)
            except ValueError:
                return profile  # a release that the reference does not know
    return profile
