"""What a shell completes after an option: the names that it takes.  Where nothing fits, the shell offers files."""

from __future__ import annotations

import typer


def packs() -> list[str]:
    """The built-in packs."""
    from analyzer.packs import builtin_names

    return list(builtin_names())


def universes() -> list[str]:
    """The values of --universe."""
    from analyzer.model.claims import Universe

    return [universe.value for universe in Universe]


def profiles() -> list[str]:
    """The values of --profile."""
    from analyzer.model.profile import PROFILES

    return list(PROFILES)


def knobs() -> list[str]:
    """Every knob with every value: `ipblock-matches-pods=false`."""
    from analyzer.model.profile import knob_values

    return [f"{name}={value}" for name, values in knob_values().items() for value in values]


def check_formats() -> list[str]:
    """The values of --format of `netproof check`, to which a file can be added."""
    from analyzer.cli.formats import CheckFormat

    return [member.value for member in CheckFormat]


def schemas() -> list[str]:
    """The names of the published schemas."""
    from analyzer.cli.formats import CONFIGURATION_SCHEMA
    from analyzer.reports.schema import schema_names

    return [*schema_names(), CONFIGURATION_SCHEMA]


def namespaces(ctx: typer.Context) -> list[str]:
    """The namespaces in the manifests that the command line names so far."""
    from analyzer.cli.glancing import glance

    return sorted(glance(_manifests(ctx)).namespaces)


def ends(ctx: typer.Context) -> list[str]:
    """The workloads in those manifests, as `NAMESPACE/NAME`, and their namespaces."""
    from analyzer.cli.glancing import glance

    found = glance(_manifests(ctx))
    return [*sorted(found.workloads), *sorted(found.namespaces)]


def _manifests(ctx: typer.Context) -> list[str]:
    """Where an option still lacks its value the parser leaves what it read among the arguments."""
    return [str(path) for path in (*(ctx.params.get("manifests") or ()), *ctx.args)]
