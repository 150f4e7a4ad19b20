"""`netproof serve`: a gate for the changes of a cluster, and its posture over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer import inputs
from analyzer.cli import options
from analyzer.errors import UsageError
from analyzer.serve.rulings import Mode, Otherwise, Rulings

Listen = Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where to listen.")]
TlsCert = Annotated[str | None, typer.Option("--tls-cert", metavar="FILE", help="PEM; read anew when it changes.")]
TlsKey = Annotated[str | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's key, PEM.")]
GateMode = Annotated[
    Mode, typer.Option("--mode", help="For a change that breaks a query; a namespace's label netproof.io/gate wins.")
]
OnUnknown = Annotated[Otherwise, typer.Option("--on-unknown", help="For a change after which an answer is unknown.")]
OnRefuted = Annotated[
    Otherwise,
    typer.Option("--on-refuted", help="For a change that may add to a query which is refuted."),
]
OnFailure = Annotated[
    Otherwise,
    typer.Option("--on-failure", help="For a change that cannot be judged: netproof is behind the cluster, or failed."),
]
Kubeconfig = Annotated[str | None, typer.Option("--kubeconfig", metavar="FILE", help="As of kubectl. [the pod's own]")]
KubeContext = Annotated[str | None, typer.Option("--context", metavar="NAME", help="As of kubectl.")]
Refresh = Annotated[int, typer.Option("--refresh", min=1, metavar="SECONDS", help="How often the page is made again.")]


def serve(
    pack: options.Packs = None,
    query: options.Claims = None,
    parameters: options.Parameters = None,
    universe: options.InUniverse = "any",
    profile: options.ProfileName = None,
    knob: options.Knobs = None,
    pod_cidr: options.PodCidrs = None,
    budget: options.WorkBudget = None,
    listen: Listen = "127.0.0.1:8443",
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    mode: GateMode = Mode.DENY,
    on_unknown: OnUnknown = Otherwise.WARN,
    on_refuted: OnRefuted = Otherwise.WARN,
    on_failure: OnFailure = Otherwise.DENY,
    kubeconfig: Kubeconfig = None,
    kube_context: KubeContext = None,
    refresh: Refresh = 30,
) -> None:
    """Judge the changes of a cluster before they are made, and show how it stands, until interrupted."""
    try:
        from analyzer.serve import running
        from analyzer.serve.starting import Following, serve_until_told
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "uvicorn", "kubernetes", "prometheus_client"):
            raise
        raise UsageError(f"serving needs {error.name}", "install it with: pip install 'netproof[serve]'") from None
    pods, engine, addresses, packs, at = inputs.settled(
        lambda: inputs.chosen_universe(universe),
        lambda: inputs.chosen_profile(profile, knob or ()),
        lambda: inputs.pod_addresses(pod_cidr or ()),
        lambda: inputs.of_one_revision(inputs.questions(pack or (), query or (), parameters or ())),
        lambda: running.Listening.of(listen, tls_cert, tls_key),
    )
    rulings = Rulings(mode, on_unknown, on_refuted, on_failure)
    following = Following(kubeconfig, kube_context, profile, tuple(knob or ()))
    serve_until_told(following, packs, (pods, engine, addresses, inputs.budget(budget)), rulings, at, refresh)
