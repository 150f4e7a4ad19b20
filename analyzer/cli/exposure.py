"""`netproof map --exposure`: who beyond the manifests can reach their workloads, or be reached by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzer.cli.formats import MapFormat
from analyzer.cli.progress import Progress
from analyzer.errors import UsageError
from analyzer.inputs import endpoints

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.reports.layout import Style
    from analyzer.sets import AddressSet

_FORMATS = (MapFormat.TEXT, MapFormat.JSON, MapFormat.MARKDOWN)


def check_exposure(is_asked: bool, format_: MapFormat, others: Iterable[tuple[str, object]]) -> None:
    """UsageError if exposure is asked for together with options that it does not know, by name."""
    if not is_asked:
        return
    if format_ not in _FORMATS:
        raise UsageError(f"--exposure has no format {format_.value}", "it has text, json and markdown")
    given = [name for name, value in others if value]
    if given:
        raise UsageError(f"{', '.join(given)} and --exposure do not go together", "narrow it with --namespace")


def rendered_exposure(
    cluster: Cluster,
    engine: Profile,
    addresses: AddressSet | None,
    namespaces: Iterable[str],
    most: int,
    format_: MapFormat,
    style: Style,
) -> bytes:
    """The report on the workloads of these namespaces, or of all."""
    from analyzer import analysis
    from analyzer.model.claims import Universe
    from analyzer.reports.exposure_formats import render_exposure

    names = endpoints.known_namespaces(tuple(namespaces), cluster)
    setting = analysis.Setting(Universe.ANY, engine, addresses)
    with Progress() as progress:
        found = analysis.exposure(cluster, setting=setting, most=most, namespaces=names, progress=progress)
    return render_exposure(found, format_.value, style)
