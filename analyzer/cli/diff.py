"""`netproof diff`: what two revisions of the manifests permit, compared."""

from __future__ import annotations

import typer

from analyzer import inputs
from analyzer.cli import formats, options, output, revisions
from analyzer.cli.exit_codes import difference_code
from analyzer.cli.guard import complaint, tell
from analyzer.cli.options import FailOn
from analyzer.cli.progress import Progress
from analyzer.inputs import endpoints


def diff(
    paths: options.Revisions = None,
    git: options.GitRange = None,
    staged: options.Staged = False,
    pack: options.DiffPacks = None,
    query: options.Claims = None,
    parameters: options.Parameters = None,
    universe: options.InUniverse = "any",
    fail_on: options.WhenToFail = FailOn.CHANGE,
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    keep_going: options.KeepGoing = False,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    render: options.Render = False,
    format_: options.InDiffFormat = formats.DiffFormat.TEXT,
    file: options.OutputFile = None,
    max_changes: options.MaxChanges = 20,
    ingress_controller: options.IngressControllers = None,
    budget: options.WorkBudget = None,
    cross_check: options.CrossCheckBy = None,
    quiet: options.Quiet = False,
    assumptions: options.TellAssumptions = False,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Tell whether two revisions permit the same traffic, and if not, exactly what changed."""
    from analyzer import analysis
    from analyzer.reports.diff_formats import render_diff

    pods, _, addresses, _, _, solver = inputs.settled(
        lambda: inputs.chosen_universe(universe),
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
        lambda: output.check_destinations(file, None, formats.DiffFormat),
        lambda: revisions.served_by(ingress_controller or (), universe),
        lambda: revisions.second_solver(cross_check, universe, has_queries=bool(pack or query)),
    )
    limits = inputs.budget(budget)
    reading = revisions.Reading(keep_going, irrelevant, strict_cidr, exclude, render=render)
    with Progress() as progress:
        packs, (old, new) = inputs.asked_of_read(
            lambda: inputs.questions(pack or (), query or (), parameters or ()) if pack or query else (),
            lambda: reading.staged(paths or (), git, progress) if staged else reading.both(paths or (), git, progress),
        )
        controllers = endpoints.ingress_controllers(ingress_controller or (), old.cluster, new.cluster)
        engines = inputs.profiles_for(profile, knob or (), old.cluster, new.cluster)
        found = analysis.compare(
            old.cluster,
            new.cluster,
            packs,
            setting=analysis.Setting(pods, engines[1], addresses, limits).between(*engines),
            max_changes=max_changes,
            second_solver=solver,
            progress=progress,
            controllers=controllers,
        )
    if problems := (*old.problems, *new.problems):
        tell(complaint(problems, "what they could change is unknown"))
    style = output.terminal_style(color, file, quiet=quiet, assumptions=assumptions)
    output.write(render_diff(found, format_.value, style), file)
    raise typer.Exit(difference_code(found, fail_on.value))
