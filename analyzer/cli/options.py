"""Options that several commands share, each as one Annotated alias."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import completing
from analyzer.cli.formats import CheckFormat, DiffFormat, Format, MapFormat


class Color(Enum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class SecondSolver(Enum):
    CVC5 = "cvc5"


class FailOn(Enum):
    """Which differences make a run fail; the queries of packs always can."""

    CHANGE = "change"
    NEW_ACCESS = "new-access"
    LOST_ACCESS = "lost-access"
    QUERIES = "queries"


Manifests = Annotated[
    list[str],
    typer.Argument(
        metavar="MANIFEST...",
        show_default=False,
        help="Files, directories (read recursively), or - for standard input. YAML or JSON, many documents, Lists.",
    ),
]
WatchedManifests = Annotated[
    list[str],
    typer.Argument(metavar="MANIFEST...", show_default=False, help="Files, and directories (read recursively)."),
]
PollInterval = Annotated[
    float, typer.Option("--every", min=0.01, metavar="SECONDS", help="How often to look whether a file was saved.")
]
Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--pack",
        "-p",
        metavar="PACK|FILE",
        autocompletion=completing.packs,
        help="A built-in pack, or a query file. Repeatable. [baseline]",
    ),
]
Claims = Annotated[
    list[str] | None,
    typer.Option("--query", "-q", metavar="CLAIM", help="One claim in the query language. Repeatable."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the packs. Repeatable."),
]
InUniverse = Annotated[
    str,
    typer.Option(
        "--universe",
        metavar="any|namespaces|inventory",
        autocompletion=completing.universes,
        help="Which pods can exist: any that could be created (any); only those in the namespaces given (namespaces); "
        "only the workloads given (inventory).",
    ),
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        autocompletion=completing.profiles,
        help="What enforces the policies: generic, calico, cilium, …; without it what the manifests say.",
    ),
]
Knobs = Annotated[
    list[str] | None,
    typer.Option(
        "--knob",
        "--assume",
        metavar="NAME=VALUE",
        autocompletion=completing.knobs,
        help="Override one knob of the profile; `--assume no-tokens` is `--knob tokens=false`. Repeatable.",
    ),
]
PodCidrs = Annotated[
    list[str] | None,
    typer.Option("--pod-cidr", metavar="CIDR,…", help="Where pod addresses lie. [private and shared ranges]"),
]
KeepGoing = Annotated[
    bool,
    typer.Option("--keep-going", help="Skip bad documents; answers that they could change become unknown."),
]
Irrelevant = Annotated[
    list[str] | None,
    typer.Option("--irrelevant", metavar="KIND.GROUP", help="A kind that cannot affect traffic. Repeatable."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Leave out files and directories of this name, or path if it holds a slash. Repeatable.",
    ),
]
Render = Annotated[
    bool,
    typer.Option(
        "--render",
        help="Render charts and kustomizations in the directories given, with your helm, kustomize or kubectl.",
    ),
]
StrictCidr = Annotated[
    bool,
    typer.Option(
        "--strict-cidr/--no-strict-cidr",
        help="Refuse CIDRs with host bits, leading zeros or IPv4-mapped addresses, as API servers do from 1.36 on.",
    ),
]
InFormat = Annotated[Format, typer.Option("--format", help="How to print the report.")]
InFormats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="FORMAT[=FILE]",
        autocompletion=completing.check_formats,
        help=f"A report, to standard output or to a file: {', '.join(it.value for it in CheckFormat)}. "
        "Repeatable; one at most without a file. [text]",
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the report here instead of to stdout; without --format its ending says which: .json, .html, …",
    ),
]
YamlFile = Annotated[
    str | None,
    typer.Option("--yaml", metavar="FILE|-", help="Write the counterexamples as manifests, ready to apply."),
]
WaiversFile = Annotated[
    str | None,
    typer.Option(
        "--waivers", metavar="FILE", show_default=False, help="Violations that somebody answers for until a date."
    ),
]
BaselineFile = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        show_default=False,
        help="An earlier report in JSON: fail only on what is worse than there.",
    ),
]
Today = Annotated[
    str | None,
    typer.Option("--today", metavar="DATE", show_default=False, help="The day that waivers are held against. [today]"),
]
MaxCounterexamples = Annotated[
    int, typer.Option("--max-counterexamples", min=1, metavar="N", help="How many counterexamples to show per query.")
]
WorkBudget = Annotated[
    int | None,
    typer.Option(
        "--budget",
        min=1,
        metavar="N",
        show_default=False,
        help="Solver work per query, in Z3 resource units, before the answer is unknown. [400,000,000]",
    ),
]
CrossCheckBy = Annotated[
    SecondSolver | None,
    typer.Option(
        "--cross-check",
        metavar="cvc5",
        show_default=False,
        help="Put every answer to a second solver too; needs pip install 'netproof[cvc5]'.",
    ),
]
EvidenceFolder = Annotated[
    Path | None,
    typer.Option(
        "--evidence", metavar="DIR", help="Write a bundle there with all that `netproof recheck` needs to check again."
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, metavar="N", show_default=False, help="How many processes share the work. [the cores]"
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print what is not proved and the summary only.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Add every verdict, every patch, and what each query cost.")
]
TellAssumptions = Annotated[
    bool,
    typer.Option("--assumptions", help="Tell all that the answer stands on: scope, profile, assumptions, notices."),
]
PatchFile = Annotated[
    Path | None,
    typer.Option("--patch", metavar="FILE|-", help="Write the fixes of all findings as one patch, for `git apply`."),
]
InColor = Annotated[
    Color, typer.Option("--color", help="Colour; auto: on a terminal, or by FORCE_COLOR, not by NO_COLOR.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="END",
        autocompletion=completing.ends,
        help="From here only: NAMESPACE/WORKLOAD, a namespace, an address, a CIDR.",
    ),
]
Destinations = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="END", autocompletion=completing.ends, help="To here only; as --from."),
]
OnPorts = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="PORTS", help="On these ports only: tcp/80, udp/9000-9100, sctp, other. Repeatable."),
]
InNamespaces = Annotated[
    list[str] | None,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAME",
        autocompletion=completing.namespaces,
        help="With an end in this namespace only. Repeatable.",
    ),
]
WithNodes = Annotated[bool, typer.Option("--nodes", help="Show the nodes of the manifests as ends too.")]
IngressControllers = Annotated[
    list[str] | None,
    typer.Option(
        "--ingress-controller",
        metavar="NS/WORKLOAD",
        show_default=False,
        help="What serves Ingresses and Gateway API routes. Repeatable. [any pod of any namespace may]",
    ),
]
WithExposure = Annotated[
    bool,
    typer.Option(
        "--exposure",
        help="Show instead who beyond the manifests can reach each workload: pods not there yet, addresses.",
    ),
]
MaxRegions = Annotated[
    int,
    typer.Option(
        "--max-regions", min=1, metavar="N", help="How many regions --exposure tells, each way, per workload."
    ),
]
InMapFormat = Annotated[MapFormat, typer.Option("--format", help="How to print the map.")]
Grouped = Annotated[
    bool | None,
    typer.Option(
        "--grouped/--pairs",
        show_default=False,
        help="JSON by groups of ends that policies do not tell apart, or by pairs. [pairs, up to --max-pairs]",
    ),
]
MaxPairs = Annotated[
    int, typer.Option("--max-pairs", min=1, metavar="N", help="From how many pairs on they are not listed one by one.")
]
Source = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="END",
        show_default=False,
        autocompletion=completing.ends,
        help="NAMESPACE/WORKLOAD, an address, a CIDR, or pods not there yet: 'pods(app=x) in namespace y'.",
    ),
]
Destination = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="END", show_default=False, autocompletion=completing.ends, help="The other end; as --from."
    ),
]
AskedPorts = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="PORTS", help="These only: tcp/80, udp/9000-9100, sctp, icmp/8, other. Repeatable."),
]
BatchFile = Annotated[
    Path | None,
    typer.Option(
        "--batch",
        metavar="FILE",
        show_default=False,
        help='Many questions at once: {"id":…,"from":…,"to":…,"on":…,"request":{…}} to a line.',
    ),
]

Revisions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="OLD NEW",
        show_default=False,
        help="Two files, directories or dumps; one of them may be - for standard input. With --git: paths.",
    ),
]
GitRange = Annotated[
    str | None,
    typer.Option(
        "--git",
        metavar="OLD..NEW|REV",
        help="Compare two git revisions of the paths given after --; A...B compares B with the merge base, REV alone "
        "the working tree with REV.",
    ),
]
Staged = Annotated[
    bool,
    typer.Option("--staged", help="Compare one revision with itself once Calico's staged policies are enforced."),
]
WhenToFail = Annotated[
    FailOn,
    typer.Option("--fail-on", help="What makes the exit code 1; `queries`: nothing but the queries of packs."),
]
MaxChanges = Annotated[
    int, typer.Option("--max-changes", min=1, metavar="N", help="How many regions to show each way, at most.")
]
InDiffFormat = Annotated[DiffFormat, typer.Option("--format", help="How to print the report.")]
DiffPacks = Annotated[
    list[str] | None,
    typer.Option(
        "--pack",
        "-p",
        metavar="PACK|FILE",
        autocompletion=completing.packs,
        help="A built-in pack, or a query file, asked of both. Repeatable.",
    ),
]
Brief = Annotated[bool, typer.Option("--quiet", help="Leave out the footer, and rules that do not match.")]
BundleFolder = Annotated[
    Path, typer.Argument(metavar="DIR", show_default=False, help="A bundle that `netproof check … --evidence` wrote.")
]
BundleManifests = Annotated[
    list[str] | None,
    typer.Option(
        "--manifests",
        metavar="MANIFEST",
        help="The manifests, a file, a directory or -: compare them, decide the witnesses and ask the questions again. "
        "Repeatable.",
    ),
]
