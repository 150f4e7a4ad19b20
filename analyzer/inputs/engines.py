"""The profile that the input speaks for, where the user names none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.inputs.settings import chosen_profile

if TYPE_CHECKING:
    from analyzer.model.cilium import CiliumSettings
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.model.signs import Sign

_VERSIONS = {"calico": "calico-version", "cilium": "cilium-version"}


def profile_for(name: str | None, knobs: Sequence[str], *clusters: Cluster) -> Profile:
    """The profile of that name, or the one that the clusters speak for, which their notices tell.

    What installs an engine goes before policies that it alone reads; where two engines stand side by side, and nothing
    else tells, UsageError.  The version of an engine is that of its image, unless a knob says another.
    """
    from analyzer.model.profile import knob_of

    signs = [sign for cluster in clusters for sign in cluster.signs]
    firm = [sign for sign in signs if not sign.yields] or signs
    telling = [sign for sign in firm if sign.is_installed] or firm
    if any(sign.profile != "flannel" for sign in telling):  # which enforces nothing, whatever stands beside it
        telling = [sign for sign in telling if sign.profile != "flannel"]
    named = list(dict.fromkeys(sign.profile for sign in telling))
    if name is None and len(named) > 1:
        first, second = (next(s for s in telling if s.profile == one) for one in named[:2])
        other = f"{second.what} ({second.source}) for {second.profile}"
        message = f"{first.what} ({first.source}) speaks for {first.profile}, {other}"
        raise UsageError(message, f"say which of them enforces policies: --profile {' or --profile '.join(named)}")
    chosen = name if name is not None else next(iter(named), None)
    given = frozenset(knob_of(text.partition("=")[0]) for text in knobs)
    found = _versioned(chosen_profile(chosen, knobs), given, signs)
    if found.engine == "cilium":
        return _with_settings(found, given, [it for cluster in clusters for it in cluster.cilium.settings])
    return _with_cni_settings(found, given, clusters)


def _with_cni_settings(profile: Profile, given: Collection[str], clusters: Sequence[Cluster]) -> Profile:
    """The profile as the VPC CNI is set up, but for what is given; UsageError where two say different things, or what
    no knob takes.  How it treats pods with security groups counts whoever enforces policies."""
    from analyzer.model.aws import knobs_of

    off = [cluster.aws.network_policy for cluster in clusters if cluster.aws.settings]
    if profile.name == "aws-vpc-cni" and False in off and "enable-network-policy" not in given:
        profile = profile.with_knob("enable-network-policy", "false")
    for knob, told in knobs_of(one for cluster in clusters for one in cluster.aws.settings).items():
        first, by = told[0]
        if knob in given:
            continue
        for value, other in told[1:]:
            if value != first:
                message = f"knob {knob} is `{first}` by {by.source}, and `{value}` by {other.source}"
                raise UsageError(message, f"say which holds for both: --knob {knob}={value}")
        try:
            profile = profile.with_knob(knob, first)
        except ValueError as error:
            raise UsageError(f"{by.source}: `{first}` is no value of {knob}", str(error)) from error
    return profile


def _with_settings(profile: Profile, given: Collection[str], settings: Sequence[CiliumSettings]) -> Profile:
    """The profile as the ConfigMap cilium-config sets it up, but for what is given; UsageError where two say different
    things, or what no knob takes."""
    from analyzer.model.cilium import knobs_of

    by_knob: dict[str, tuple[str, CiliumSettings]] = {}
    for one in settings:
        for knob, value in knobs_of(one).items():
            first, other = by_knob.setdefault(knob, (value, one))
            if knob not in given and first != value:
                message = f"knob {knob} is `{first}` by {other.source}, and `{value}` by {one.source}"
                raise UsageError(message, f"say which holds for both: --knob {knob}={value}")
    for knob, (value, one) in by_knob.items():
        if knob not in given:
            try:
                profile = profile.with_knob(knob, value)
            except ValueError as error:
                raise UsageError(f"{one.source}: `{value}` is no value of {knob}", str(error)) from error
    return profile


def _versioned(profile: Profile, given: Collection[str], signs: Iterable[Sign]) -> Profile:
    knob = _VERSIONS.get(profile.engine)
    if knob is None or knob in given:
        return profile
    for sign in signs:
        if sign.profile == profile.engine and sign.version:
            try:
                return profile.with_knob(knob, sign.version)
            except ValueError:
                return profile  # a release that the reference does not know
    return profile
