"""`netproof explain`: why one end can or cannot reach another."""

from __future__ import annotations

from analyzer import inputs
from analyzer.cli import formats, options, output, request_options
from analyzer.cli.batch import batch_or_one, rendered_answers
from analyzer.cli.guard import complain
from analyzer.inputs import endpoints


def explain(
    manifests: options.Manifests,
    source: options.Source = None,
    destination: options.Destination = None,
    on: options.AskedPorts = None,
    request: request_options.RequestLine = None,
    http: request_options.HttpVersion = None,
    host: request_options.Host = None,
    header: request_options.Headers = None,
    tls: request_options.Tls = None,
    identity: request_options.Identity = None,
    sni: request_options.Sni = None,
    dns: request_options.Dns = None,
    token: request_options.Token = None,
    token_place: request_options.TokenPlace = None,
    claim: request_options.Claims = None,
    remote_ip: request_options.RemoteIp = None,
    batch: options.BatchFile = None,
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    keep_going: options.KeepGoing = False,
    irrelevant: options.Irrelevant = None,
    strict_cidr: options.StrictCidr = True,
    exclude: options.Exclude = None,
    render: options.Render = False,
    format_: options.InFormat = formats.Format.TEXT,
    file: options.OutputFile = None,
    quiet: options.Brief = False,
    color: options.InColor = options.Color.AUTO,
) -> None:
    """Explain what is allowed from one end to another: both sides, each tier, each rule."""
    from analyzer.inputs.explaining import explained
    from analyzer.inputs.requests import request_of
    from analyzer.manifests import load
    from analyzer.reports import explain_json, explain_text

    asking = {"--request": request, "--http": http, "--host": host, "--header": header, "--tls": tls, "--sni": sni}
    asking |= {"--identity": identity, "--dns": dns, "--remote-ip": remote_ip}
    asking |= {"--token": token, "--token-place": token_place, "--claim": claim}
    _, addresses, asked, wanted, questions, _, loaded = inputs.settled(
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
        lambda: endpoints.ports(on or (), True),
        lambda: request_of(asking),
        lambda: batch_or_one(batch, source, destination, {"--on": on, **asking}, manifests),
        lambda: output.check_destinations(file, None, formats.Format),
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
    engine = inputs.profile_for(profile, knob or (), cluster := loaded.cluster)
    style = output.terminal_style(color, file, quiet=quiet)
    complain(loaded.problems, "what they could change is told apart as `may be`")
    if questions is not None:
        output.write(rendered_answers(questions, cluster, engine, addresses, format_, style), file)
        return
    ends, how = (source or "", destination or ""), {"pod_addresses": addresses, "request": wanted}
    found = explained(cluster, engine, *ends, asked, is_everything=not on, **how)
    in_json, in_text = explain_json.render_explanation_json, explain_text.render_explanation_text
    output.write(in_json(found) if format_ is formats.Format.JSON else in_text(found, style), file)
