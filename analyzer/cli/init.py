"""`netproof init`: a pack to start from, written from the manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer import inputs
from analyzer.cli import options, output
from analyzer.cli.guard import complain, mention, tell
from analyzer.cli.progress import Progress
from analyzer.cli.wrapping import wrapped
from analyzer.errors import UsageError

PackFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the pack here instead of to stdout. A new file."),
]
Overwriting = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


def init(
    manifests: options.Manifests,
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    keep_going: options.KeepGoing = False,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    budget: options.WorkBudget = None,
    file: PackFile = None,
    force: Overwriting = False,
) -> None:
    """Write a pack to start from: what is isolated today as assertions, what is not as a list to decide on."""
    from analyzer import analysis
    from analyzer.analysis.proposing.pack import proposed_pack
    from analyzer.manifests import load
    from analyzer.model.claims import Universe
    from analyzer.reports.proposed_pack import render_proposed_pack, summary

    with Progress() as progress:
        _, addresses, _, loaded = inputs.settled(
            lambda: inputs.chosen_profile(profile, knob or ()),
            lambda: inputs.pod_addresses(pod_cidr or ()),
            lambda: _check_destination(file, force),
            lambda: load(
                manifests,
                keep_going=keep_going,
                irrelevant=frozenset(irrelevant or ()),
                strict_cidr=strict_cidr,
                exclude=exclude or (),
                stdin=inputs.standard_input,
                unread=inputs.unread(),
                progress=progress,
            ),
        )
        limits = inputs.budget(budget)
        cluster = loaded.cluster
        engine = inputs.profile_for(profile, knob or (), cluster)
        setting = analysis.Setting(Universe.NAMESPACES, engine, addresses, limits)
        pack = proposed_pack(cluster, setting=setting, progress=progress)
    complain(loaded.problems, "what they could change is left to decide on")
    mention(cluster.notices)
    if not pack.verdicts:
        raise UsageError(
            "the manifests hold no namespace to ask about", "give the workloads and their policies as well"
        )
    output.write(render_proposed_pack(pack), file)
    if file is not None:
        tell("\n".join(wrapped(summary(pack, str(file), manifests))))


def _check_destination(file: Path | None, force: bool) -> None:
    if file is not None and file.is_file() and not force:
        raise UsageError(f"`{file}` is there already", "name a new file, or say --force to write over it")
    output.check_destinations(file, None)
