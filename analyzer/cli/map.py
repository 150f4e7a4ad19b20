"""`netproof map`: every connection that the policies allow."""

from __future__ import annotations

from analyzer import inputs
from analyzer.cli import formats, options, output
from analyzer.cli.exposure import check_exposure, rendered_exposure
from analyzer.cli.guard import complain
from analyzer.cli.map_rendering import rendered_map
from analyzer.inputs import endpoints


def map_(
    manifests: options.Manifests,
    sources: options.Sources = None,
    destinations: options.Destinations = None,
    on: options.OnPorts = None,
    namespace: options.InNamespaces = None,
    nodes: options.WithNodes = False,
    exposure: options.WithExposure = False,
    ingress_controller: options.IngressControllers = None,
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    keep_going: options.KeepGoing = False,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    render: options.Render = False,
    format_: options.InMapFormat = formats.MapFormat.TEXT,
    grouped: options.Grouped = None,
    max_pairs: options.MaxPairs = 200_000,
    max_regions: options.MaxRegions = 20,
    file: options.OutputFile = None,
    quiet: options.Brief = False,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Show every connection allowed between workloads, and between them and addresses outside."""
    from analyzer import analysis
    from analyzer.manifests import load
    from analyzer.model.claims import Universe

    narrowing = (("--from", sources), ("--to", destinations), ("--on", on), ("--nodes", nodes), ("--grouped", grouped))
    _, addresses, ports, _, _, loaded = inputs.settled(
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
        lambda: endpoints.ports(on or (), format_.is_for_people),
        lambda: output.check_destinations(file, None, formats.MapFormat),
        lambda: check_exposure(exposure, format_, narrowing),
        lambda: load(
            manifests,
            keep_going=keep_going,
            irrelevant=frozenset(irrelevant or ()),
            strict_cidr=strict_cidr,
            exclude=exclude or (),
            render=render,
            stdin=inputs.standard_input,
            unread=inputs.unread(),
        ),
    )
    style = output.terminal_style(color, file, quiet=quiet)
    complain(loaded.problems, "what they could change is told apart as `may be`")
    cluster = loaded.cluster
    engine = inputs.profile_for(profile, knob or (), cluster)
    if exposure:
        whom = namespace or ()
        output.write(rendered_exposure(cluster, engine, addresses, whom, max_regions, format_, style), file)
        return
    focus, controllers = inputs.settled(
        lambda: endpoints.focus(sources or (), destinations or (), namespace or (), ports, cluster),
        lambda: endpoints.ingress_controllers(ingress_controller or (), cluster),
    )
    found = analysis.connectivity(
        cluster, engine, pod_addresses=addresses, focus=focus, with_nodes=nodes, with_grounds=format_.shows_rules
    )
    setting = analysis.Setting(Universe.ANY, engine, addresses)
    found = analysis.with_ingress(found, cluster, setting=setting, controllers=controllers, focus=focus)
    output.write(rendered_map(found, format_, grouped, max_pairs, style), file)
