"""`--help` of a command: its options by what they are about, in plain text for the narrowest of terminals."""

from __future__ import annotations

from typing import Any

import typer.core

from analyzer.cli.formats import CheckFormat, is_of_no_format, of_ending
from analyzer.cli.wrapping import wrapped

PANELS = {
    "Questions": ("--pack", "--query", "--set", "--universe", "--fail-on"),
    "Ends": (
        "--from", "--to", "--on", "--batch", "--namespace", "--nodes", "--exposure", "--ingress-controller",
    ),
    "Request": (
        "--request", "--http", "--host", "--header", "--tls", "--identity", "--sni", "--dns", "--token",
        "--token-place", "--claim", "--remote-ip",
    ),
    "Manifests": (
        "--git", "--staged", "--manifests", "--exclude", "--render", "--irrelevant", "--keep-going", "--strict-cidr",
    ),
    "Network": ("--profile", "--knob", "--pod-cidr"),
    "Cluster": (
        "--context", "--cluster", "--user", "--kubeconfig", "--as", "--request-timeout", "--without",
    ),
    "Gate": (
        *("--mode", "--on-unknown", "--on-refuted", "--on-failure"),
        *("--listen", "--tls-cert", "--tls-key", "--refresh"),
    ),
    "Comparison": ("--since",),
    "Excuses": ("--waivers", "--baseline", "--today"),
    "Report": (
        "--format", "--output", "--force", "--yaml", "--patch", "--quiet", "--verbose", "--assumptions",
        "--max-counterexamples", "--max-changes", "--max-regions", "--max-pairs", "--grouped", "--color",
    ),
    "Work and evidence": ("--jobs", "--scheduler", "--resume", "--budget", "--cross-check", "--evidence", "--every"),
    "Others": (
        "--check", "--config", "--no-config", "--install-completion", "--show-completion", "--version", "--help",
    ),
}  # fmt: skip
FEW = 6  # options of a command; so many are told without headings


class PanelledCommand(typer.core.TyperCommand):
    """A command whose help tells arguments first, then its options under a heading for each panel."""

    def invoke(self, ctx: Any) -> Any:
        """As usual; without --format, the ending of --output's file says which report is meant."""
        file, reports = ctx.params.get("file"), [it for it in self.params if it.name == "format_"]
        if file is not None and reports and ctx.get_parameter_source("format_").name in ("DEFAULT", "DEFAULT_MAP"):
            name, choices = of_ending(str(file)), getattr(reports[0].type, "choices", CheckFormat)
            own = [str(getattr(choice, "value", choice)) for choice in choices]
            if name and name not in own:
                told = f"`-o {file}` is called like {name}, which `{self.name}` does not write: "
                told = f"Error: {told}name one of its formats with --format ({', '.join(own)})."
                ctx.fail("\n".join(wrapped(told, hang=7)).removeprefix("Error: "))
            if not name and is_of_no_format(str(file)):
                told = f"Error: the ending of `-o {file}` says no format: name one with --format ({', '.join(own)})."
                ctx.fail("\n".join(wrapped(told, hang=7)).removeprefix("Error: "))
            if name:
                ctx.params["format_"] = [name] if reports[0].multiple else name
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        arguments: list[tuple[str, str]] = []
        options: dict[str, tuple[str, str]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and parameter.param_type_name == "argument":
                arguments.append(record)
            elif record is not None:
                options[panelled_name(parameter)] = record
        sections = {"Arguments": arguments, "Options": list(options.values())}
        if len(options) > FEW:
            del sections["Options"]
            placed = {name for names in PANELS.values() for name in names}
            sections |= {panel: [options[name] for name in names if name in options] for panel, names in PANELS.items()}
            sections["Others"] += [record for name, record in options.items() if name not in placed]
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def panelled_name(parameter: Any) -> str:
    """The name under which a panel knows an option: its first long one."""
    long = [str(name) for name in parameter.opts if name.startswith("--")]
    return long[0] if long else str(parameter.opts[0])
