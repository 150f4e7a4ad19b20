"""`netproof recheck`: an evidence bundle checked again."""

from __future__ import annotations

import typer

from analyzer import inputs
from analyzer.cli import formats, options, output
from analyzer.cli.exit_codes import RECHECK_CODES
from analyzer.cli.progress import Progress


def recheck(
    folder: options.BundleFolder,
    manifests: options.BundleManifests = None,
    cross_check: options.CrossCheckBy = None,
    format_: options.InFormat = formats.Format.TEXT,
    file: options.OutputFile = None,
    budget: options.WorkBudget = None,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Check an evidence bundle: hashes and every script; with the manifests, all that led to them."""
    from analyzer.analysis import Budget
    from analyzer.analysis.evidence.bundle_reading import parse_bundle
    from analyzer.cli.bundles import read_bundle
    from analyzer.cli.rechecking import from_itself, from_manifests
    from analyzer.reports.recheck_json import render_recheck_json
    from analyzer.reports.recheck_text import render_recheck_text
    from analyzer.verdicts.bundle import sha256
    from analyzer.verdicts.rechecked import Rechecked

    _, _, (index, files, written, others) = inputs.settled(
        lambda: output.check_destinations(file, None),
        lambda: inputs.second_solver(cross_check and cross_check.value),
        lambda: read_bundle(folder),
    )
    bundle = parse_bundle(index)
    limits = Budget(budget) if budget else Budget()
    solvers = ["z3", *([cross_check.value] if cross_check is not None else [])]
    with Progress() as progress:
        checks = [
            *from_itself(bundle, files, others, solvers, limits),
            *from_manifests(bundle, files, manifests or (), solvers, progress),
        ]
    found = Rechecked(sha256(index), written, tuple(checks))
    if format_ is formats.Format.JSON:
        report = render_recheck_json(found)
    else:
        report = render_recheck_text(found, output.terminal_style(color, file))
    output.write(report, file)
    raise typer.Exit(RECHECK_CODES[found.finding.value])
