"""`netproof check`: the queries of packs and of the command line, answered."""

from __future__ import annotations

import typer

from analyzer import inputs
from analyzer.cli import options, output
from analyzer.cli.destinations import destinations, spare, write_reports
from analyzer.cli.evidence import check_evidence, write_evidence
from analyzer.cli.exit_codes import answer_code
from analyzer.cli.guard import complain
from analyzer.cli.progress import Progress
from analyzer.cli.recording import readings, remembering
from analyzer.cli.revisions import Reading
from analyzer.inputs.excuses import asked, excuses


def check(
    manifests: options.Manifests,
    pack: options.Packs = None,
    query: options.Claims = None,
    parameters: options.Parameters = None,
    universe: options.InUniverse = "any",
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    keep_going: options.KeepGoing = False,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    render: options.Render = False,
    format_: options.InFormats = None,
    file: options.OutputFile = None,
    yaml: options.YamlFile = None,
    waivers: options.WaiversFile = None,
    baseline: options.BaselineFile = None,
    today: options.Today = None,
    max_counterexamples: options.MaxCounterexamples = 3,
    budget: options.WorkBudget = None,
    jobs: options.Jobs = None,
    cross_check: options.CrossCheckBy = None,
    evidence: options.EvidenceFolder = None,
    patch: options.PatchFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    assumptions: options.TellAssumptions = False,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Prove or refute queries about manifests."""
    from analyzer import analysis

    pods, _, addresses, reports, second, excused, _ = inputs.settled(
        lambda: inputs.chosen_universe(universe),
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
        lambda: destinations(format_ or (), file, yaml, patch),
        lambda: inputs.second_solver(cross_check and cross_check.value),
        lambda: excuses(waivers, baseline, today, has_evidence=evidence is not None),
        lambda: check_evidence(evidence, manifests, keep_going=keep_going, render=render),
    )
    reading = Reading(keep_going, irrelevant, strict_cidr, exclude, jobs, render, readings(evidence, reports, excused))
    with Progress() as progress:
        packs, loaded = inputs.asked_of_read(
            lambda: asked(pack or (), query or (), parameters or (), excused.waivers),
            lambda: reading.one(manifests, progress),
        )
        spare((cluster := loaded.cluster).files, reports, yaml, patch)
        engine = inputs.profile_for(profile, knob or (), cluster)
        setting = analysis.Setting(pods, engine, addresses, inputs.budget(budget), max_counterexamples)
        setting, excused = remembering(setting, excused, evidence, reports, reading.readings, cluster, packs)
        answer = analysis.check(
            cluster, packs, setting=setting, progress=progress, second_solver=second, jobs=jobs, excuses=excused
        )
    write_evidence(evidence, answer, setting, packs, reading)
    complain(loaded.problems, "what they could change is unknown")
    told = reading.finished(answer, cluster, setting, packs, manifests)
    write_reports(reports, told, cluster, output.styles(color, quiet, verbose, assumptions), excused.today, yaml, patch)
    raise typer.Exit(answer_code(answer))
