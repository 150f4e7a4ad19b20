"""`netproof watch`: the queries answered again whenever a manifest or a pack is saved."""

from __future__ import annotations

import os

import typer

from analyzer import inputs
from analyzer.cli import options, output
from analyzer.cli.exit_codes import answer_code
from analyzer.cli.watching import Watcher
from analyzer.errors import UsageError


def watch(
    manifests: options.WatchedManifests,
    pack: options.Packs = None,
    query: options.Claims = None,
    parameters: options.Parameters = None,
    universe: options.InUniverse = "any",
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    max_counterexamples: options.MaxCounterexamples = 3,
    budget: options.WorkBudget = None,
    jobs: options.Jobs = None,
    every: options.PollInterval = 0.3,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Answer queries, and again whenever a file is saved, until interrupted."""
    from analyzer import analysis
    from analyzer.manifests import Rereader

    if "-" in manifests:
        raise UsageError("standard input cannot be watched", "name the files, or their directory")
    missing = [name for name in manifests if not os.path.lexists(name)]
    if missing:
        raise UsageError(f"`{missing[0]}` is not there to be watched", "name files or directories that are")
    pods, engine, addresses = inputs.settled(
        lambda: inputs.chosen_universe(universe),
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
    )
    limits = inputs.budget(budget)
    watcher = Watcher(
        Rereader(manifests, irrelevant=frozenset(irrelevant or ()), strict_cidr=strict_cidr, exclude=exclude or ()),
        lambda: inputs.of_one_revision(inputs.questions(pack or (), query or (), parameters or ())),
        analysis.Setting(pods, engine, addresses, limits, max_counterexamples),
        lambda cluster: inputs.profile_for(profile, knob or (), cluster),
        jobs,
        pack or (),
    )
    try:
        watcher.run(lambda: output.terminal_style(color, None), every)
    except KeyboardInterrupt:
        if watcher.answer is None:
            raise
        raise typer.Exit(answer_code(watcher.answer)) from None
