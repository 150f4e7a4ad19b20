"""A map as the bytes of the format asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.cli import formats
from analyzer.cli.guard import mention
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.reports.layout import Style
    from analyzer.verdicts.connectivity import ConnectivityMap


def rendered_map(
    found: ConnectivityMap, format_: formats.MapFormat, grouped: bool | None, max_pairs: int, style: Style
) -> bytes:
    """The report.  UsageError for a format that cannot group, or that would list too many pairs."""
    from analyzer.reports.map_formats import render_map

    is_large = found.pair_count > max_pairs
    if grouped and format_ is not formats.MapFormat.JSON:
        raise UsageError("--grouped is for --format json only", "text, dot, mermaid, svg and html group by themselves")
    if is_large and format_.lists_pairs:
        raise UsageError(
            f"the map has {found.pair_count:,} pairs, too many for {format_.value} (--max-pairs {max_pairs})",
            "narrow it with --from, --to, --on or --namespace, or use text, json or html, which group what is alike",
        )
    if format_ not in (formats.MapFormat.TEXT, formats.MapFormat.JSON, formats.MapFormat.HTML):
        mention(found.notices)
    return render_map(found, format_.value, is_grouped=is_large if grouped is None else grouped, style=style)
