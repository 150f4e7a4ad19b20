"""The profile that the input speaks for, where the user names none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
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
    telling = _telling(signs)
    named = list(dict.fromkeys(sign.profile for sign in telling))
    if name is None and len(named) > 1:
        first, second = (next(s for s in telling if s.profile == one) for one in named[:2])
        other = f"{second.what} ({second.source}) for {second.profile}"
        message = f"{first.what} ({first.source}) speaks for {first.profile}, {other}"
        raise UsageError(message, f"say which of them enforces policies: --profile {' or --profile '.join(named)}")
    if name is None:
        _hold_to_one_engine(clusters)
    chosen = name if name is not None else next(iter(named), None)
    given = frozenset(knob_of(text.partition("=")[0]) for text in knobs)
    found = _versioned(chosen_profile(chosen, knobs), given, signs)
    if found.engine == "cilium":
        return _with_settings(found, given, [it for cluster in clusters for it in cluster.cilium.settings])
    return _with_cni_settings(found, given, clusters)


def _telling(signs: Sequence[Sign]) -> list[Sign]:
    """Those of the signs that count beside the others."""
    firm = [sign for sign in signs if not sign.yields] or [*signs]
    telling = [sign for sign in firm if sign.is_installed] or firm
    if any(sign.profile != "flannel" for sign in telling):  # which enforces nothing, whatever stands beside it
        telling = [sign for sign in telling if sign.profile != "flannel"]
    return telling


_EACH = "revisions are compared under one profile; `netproof check` answers for each of them"


def _hold_to_one_engine(clusters: Sequence[Cluster]) -> None:
    """UsageError where revisions speak for different engines: what one of them enforces the other may not."""
    told = [found for cluster in clusters if (found := _telling(cluster.signs))]
    for one, other in pairwise(told):
        if {sign.profile for sign in one} != {sign.profile for sign in other}:
            by, beside = (f"{it[0].profile} by {it[0].what} ({it[0].source})" for it in (one, other))
            names = " or ".join(f"--profile {it}" for it in dict.fromkeys(s.profile for s in (*one, *other)))
            raise UsageError(
                f"the profile is {by} in one revision, and {beside} in the other", f"{_EACH}, or say {names}"
            )


def _hold_to_one_switch(clusters: Sequence[Cluster]) -> None:
    """UsageError where one revision switches network policies on and another one does not."""
    told = [cluster.aws for cluster in clusters if cluster.aws.settings]
    for one, other in pairwise(told):
        if one.network_policy is not other.network_policy:
            by, beside = (
                f"{_SWITCHES[it.network_policy]} by {(it.switched_off or it.settings)[0].source}" for it in (one, other)
            )
            message = f"network policies are {by} in one revision, and {beside} in the other"
            raise UsageError(
                message, f"{_EACH}, or say which holds for both: --knob enable-network-policy=true or =false"
            )


_SWITCHES = {True: "switched on", False: "switched off", None: "not switched on"}


def _with_cni_settings(profile: Profile, given: Collection[str], clusters: Sequence[Cluster]) -> Profile:
    """The profile as the VPC CNI is set up, but for what is given; UsageError where two say different things, or what
    no knob takes.  How it treats pods with security groups counts whoever enforces policies."""
    from analyzer.model.aws import knobs_of

    if profile.name == "aws-vpc-cni" and "enable-network-policy" not in given:
        _hold_to_one_switch(clusters)
        if any(cluster.aws.network_policy is False for cluster in clusters):
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
