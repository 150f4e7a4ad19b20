"""One question about two ends, from the words it is asked in to its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analyzer.inputs import endpoints
from analyzer.model.lifting import lifted

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.sets import AddressSet, ConnectionSet
    from analyzer.verdicts.explanation import Explanation

UNREAD = "no policy that is modelled looks at requests here: this is the answer for every request"


def explained(
    cluster: Cluster,
    profile: Profile,
    source: str,
    destination: str,
    ports: ConnectionSet,
    *,
    is_everything: bool,
    pod_addresses: AddressSet | None = None,
    request: Mapping[str, Any] | None = None,
    options: tuple[str, str] = ("--from", "--to"),
) -> Explanation:
    """What is allowed between two ends on the ports, and why; `is_everything`: nobody named ports.

    `request` is what the client asks for (inputs/requests.py); where no proxy looks at it, a note says so.  `options`
    are what the ends were given as.  InputError where an end is unknown, or neither is a pod.
    """
    cluster = lifted(cluster, profile)
    src, dst = endpoints.pair(source, destination, cluster, profile, options)
    found = between_ends(
        cluster,
        profile,
        src,
        dst,
        ports,
        is_everything=is_everything,
        pod_addresses=pod_addresses,
        request=request,
    )
    from analyzer.analysis.explaining.between import looks_at_requests

    is_read = found.request is not None or looks_at_requests(cluster, profile)
    unread = (UNREAD,) if request and not is_read else ()
    kept = (notice.message for notice in cluster.notices if notice.is_kept)
    return replace(found, notes=(*found.notes, *unread, *kept))


def between_ends(
    cluster: Cluster,
    profile: Profile,
    src: endpoints.Named,
    dst: endpoints.Named,
    ports: ConnectionSet,
    *,
    is_everything: bool = False,
    pod_addresses: AddressSet | None = None,
    request: Mapping[str, Any] | None = None,
) -> Explanation:
    """The same for ends that are looked up already."""
    from analyzer import analysis
    from analyzer.inputs.requests import read_request

    found = analysis.explain_cases(
        cluster,
        profile,
        src.ends,
        dst.ends,
        asked=dst.on(ports, is_everything),
        pod_addresses=pod_addresses,
        words=(src.words, dst.words),
        request=read_request(request) if request else None,
        through=dst.through(ports),
    )
    return replace(found, notes=(*src.notes, *dst.notes, *found.notes))
