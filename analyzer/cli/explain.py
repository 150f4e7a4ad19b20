"""`netproof explain`: why one end can or cannot reach another."""

from __future__ import annotations

import sys

from analyzer import inputs
from analyzer.cli import formats, options, output
from analyzer.cli.batch import answered, batch_or_one
from analyzer.cli.guard import complaint
from analyzer.inputs import endpoints


def explain(
    manifests: options.Manifests,
    source: options.Source = None,
    destination: options.Destination = None,
    on: options.AskedPorts = None,
    batch: options.BatchFile = None,
    profile: options.ProfileName = "generic",
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    keep_going: options.KeepGoing = False,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    format_: options.InFormat = formats.Format.TEXT,
    file: options.OutputFile = None,
    quiet: options.Brief = False,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Explain what is allowed from one end to another: both sides, each tier, each rule."""
    from analyzer.inputs.explaining import explained
    from analyzer.manifests import load
    from analyzer.reports.explain_json import render_answers_json, render_explanation_json
    from analyzer.reports.explain_text import render_answers_text, render_explanation_text

    engine, addresses, asked, questions, _, loaded = inputs.settled(
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
        lambda: endpoints.ports(on or (), True),
        lambda: batch_or_one(batch, source, destination, on),
        lambda: output.check_destinations(file, None),
        lambda: load(
            manifests,
            keep_going=keep_going,
            irrelevant=frozenset(irrelevant or ()),
            strict_cidr=strict_cidr,
            exclude=exclude or (),
            stdin=inputs.standard_input,
            unread=inputs.unread(),
        ),
    )
    style = output.terminal_style(color, file, quiet=quiet)
    if loaded.problems:
        print(complaint(loaded.problems, "what they could change is told apart as `may be`"), file=sys.stderr)
    if questions is not None:
        answers = answered(questions, loaded.cluster, engine, addresses)
        if format_ is formats.Format.JSON:
            output.write(render_answers_json(answers, loaded.cluster.notices), file)
        else:
            output.write(render_answers_text(answers, style), file)
        return
    assert source is not None
    assert destination is not None
    found = explained(loaded.cluster, engine, source, destination, asked, is_everything=not on, pod_addresses=addresses)
    is_json = format_ is formats.Format.JSON
    output.write(render_explanation_json(found) if is_json else render_explanation_text(found, style), file)
