"""The profile that the input speaks for, where the user names none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.inputs.settings import chosen_profile

if TYPE_CHECKING:
    from analyzer.model.aws import AwsSettings
    from analyzer.model.cilium import CiliumSettings
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.model.signs import Sign

_VERSIONS = {"calico": "calico-version", "cilium": "cilium-version"}


def profile_for(name: str | None, knobs: Sequence[str], cluster: Cluster) -> Profile:
    """The profile of that name, or the one that the cluster speaks for, which its notices tell.

    What installs an engine goes before policies that it alone reads; where two engines stand side by side, and nothing
    else tells, UsageError.  The version of an engine is that of its image, unless a knob says another.
    """
    return _profile_of(name, knobs, cluster, cluster.aws.settings, cluster.aws.network_policy)


def profiles_for(name: str | None, knobs: Sequence[str], old: Cluster, new: Cluster) -> tuple[Profile, Profile]:
    """The same of each of two revisions.  What speaks for an engine in neither tells nothing of it.

    What one revision installs and the other does not is not there: policies are enforced by nothing then, unless
    something else is installed, and the VPC CNI's are switched off (aws.md N1, N2).  What only reads or sets something
    up, a policy of an engine's own or how `aws-node` treats security groups, holds for both where one alone tells it.
    """
    return _beside(name, knobs, old, new), _beside(name, knobs, new, old)


def _beside(name: str | None, knobs: Sequence[str], cluster: Cluster, other: Cluster) -> Profile:
    """The profile of a revision, beside the other one."""
    if name is None and not cluster.signs:
        told = _telling(other.signs)
        named = dict.fromkeys(sign.profile for sign in told)
        name = next(iter(named)) if len(named) == 1 else None
        if name not in (None, "aws-vpc-cni") and any(sign.is_installed for sign in told):
            name = "none"
    is_on, settings = cluster.aws.network_policy, cluster.aws.settings
    if other.aws.network_policy is not None and not _has_switches_of(cluster, other):
        is_on = False
    return _profile_of(name, knobs, cluster, settings or other.aws.settings, is_on)


def _has_switches_of(cluster: Cluster, other: Cluster) -> bool:
    """It has every object that switches policies on in the other one, or an add-on, which stands for all."""
    told, tells = ({it.what for it in each.aws.settings if it.network_policy is not None} for each in (cluster, other))
    return tells <= told or any("add-on" in what for what in told)


def _profile_of(
    name: str | None, knobs: Sequence[str], cluster: Cluster, settings: Sequence[AwsSettings], is_on: bool | None
) -> Profile:
    from analyzer.model.profile import knob_of

    telling = _telling(cluster.signs)
    named = list(dict.fromkeys(sign.profile for sign in telling))
    if name is None and len(named) > 1:
        first, second = (next(s for s in telling if s.profile == one) for one in named[:2])
        other = f"{second.what} ({second.source}) for {second.profile}"
        message = f"{first.what} ({first.source}) speaks for {first.profile}, {other}"
        raise UsageError(message, f"say which of them enforces policies: --profile {' or --profile '.join(named)}")
    chosen = name if name is not None else next(iter(named), None)
    given = frozenset(knob_of(text.partition("=")[0]) for text in knobs)
    found = _versioned(chosen_profile(chosen, knobs), given, cluster.signs)
    if found.engine == "cilium":
        return _with_settings(found, given, cluster.cilium.settings)
    return _with_cni_settings(found, given, settings, is_on)


def _telling(signs: Sequence[Sign]) -> list[Sign]:
    """Those of the signs that count beside the others."""
    firm = [sign for sign in signs if not sign.yields] or [*signs]
    telling = [sign for sign in firm if sign.is_installed] or firm
    if any(sign.profile != "flannel" for sign in telling):  # which enforces nothing, whatever stands beside it
        telling = [sign for sign in telling if sign.profile != "flannel"]
    return telling


def _with_cni_settings(
    profile: Profile, given: Collection[str], settings: Sequence[AwsSettings], is_on: bool | None
) -> Profile:
    """The profile as the VPC CNI is set up, but for what is given; UsageError where two say different things, or what
    no knob takes.  How it treats pods with security groups counts whoever enforces policies."""
    from analyzer.model.aws import knobs_of

    if profile.name == "aws-vpc-cni" and "enable-network-policy" not in given and is_on is False:
        profile = profile.with_knob("enable-network-policy", "false")
    for knob, told in knobs_of(settings).items():
        first, by = told[0]
        if knob in given:
            continue
        for value, other in told[1:]:
            if value != first:
                message = f"knob {knob} is `{first}` by {by.source}, and `{value}` by {other.source}"
                raise UsageError(message, f"say which holds: --knob {knob}={value}, or =unknown where nodes differ")
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
