"""`--format FORMAT[=FILE]`, several times: which reports are wanted, and where each goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.cli import output
from analyzer.cli.formats import CheckFormat
from analyzer.errors import InputError, Problem, UsageError
from analyzer.inputs.settings import nearest
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster
    from analyzer.reports.layout import Style
    from analyzer.verdicts import Answer


@dataclass(frozen=True, slots=True)
class Destination:
    """One report; `file is None`: to standard output."""

    format: str
    file: Path | None


def destinations(
    formats: Sequence[str], file: Path | None, yaml: str | None = None, patch: Path | None = None
) -> tuple[Destination, ...]:
    """The reports in the order given, text where none is; `file` is where the one without a file of its own goes.

    InputError, before any work is done, with all that is wrong: unknown formats, two reports for one place, places
    that cannot be written to.  `yaml` is where the counterexamples go, `patch` where the fixes go.
    """
    problems: list[Problem] = []
    asked: list[tuple[str, Path | None]] = []
    for text in formats or [CheckFormat.TEXT.value]:
        try:
            asked.append(_parsed(text))
        except UsageError as error:
            problems += error.problems
    try:
        output.check_is_no_format(file, CheckFormat)
    except UsageError as error:
        problems += error.problems
    free = [name for name, own in asked if own is None]
    if len(free) > 1:
        names = " and ".join(f"`{name}`" for name in free)
        hint = f"give all but one a file: --format {free[0]}=FILE"
        problems += UsageError(f"{names} cannot both go to {file or 'standard output'}", hint).problems
    if file is not None and asked and not free:
        hint = f"leave out -o, or name a format without a file: --format text -o {file}"
        problems += UsageError(f"no report is left to write to `{file}`: each format has a file", hint).problems
    found = tuple(Destination(name, own or file) for name, own in asked)
    if output.is_piped(patch):  # the report stands aside, for what reads the patch
        found = tuple(replace(it, file=it.file or output.STANDARD_ERROR) for it in found)
    problems += _clashes(
        [*(it.file for it in found), *([None if output.is_piped(patch) else patch] if patch else [])], yaml
    )
    if problems:
        raise InputError(problems)
    return found


_PASSING = frozenset({"text", "concise", "github"})  # read on the spot; all others may be kept as a record


def are_records(reports: Sequence[Destination]) -> bool:
    """Whether one of the reports tells what it was made from."""
    return any(report.format not in _PASSING for report in reports)


def are_listed(reports: Sequence[Destination]) -> bool:
    """Whether one of the reports lists all that is wrong, as a baseline for later runs."""
    return any(report.format == CheckFormat.JSON.value for report in reports)


def spare(read: Iterable[str], reports: Sequence[Destination], yaml: str | None, patch: Path | None) -> None:
    """UsageError where something would be written over a file that was read."""
    inputs = {os.path.realpath(file) for file in read}
    for path in (*(it.file for it in reports), output.yaml_path(yaml), patch):
        if path is not None and not output.is_piped(path) and os.path.realpath(path) in inputs:
            raise UsageError(f"`{path}` is one of the manifests that were read", "write to another file")


def write_reports(
    reports: Sequence[Destination],
    answer: Answer,
    cluster: Cluster,
    style: Callable[[Path | None], Style],
    as_of: date,
    yaml: str | None = None,
    patch: Path | None = None,
) -> None:
    """Each report to its place, laid out in the style for that place; then the manifests that the counterexamples make,
    and the patch that mends the findings, if somebody wants them."""
    from analyzer.reports.check_formats import render_check
    from analyzer.reports.witness_yaml import witness_yaml

    for report in reports:
        output.write(render_check(answer, report.format, cluster, style(report.file), as_of), report.file)
    if yaml:
        output.write(witness_yaml(answer, cluster), output.yaml_path(yaml))
    if patch is not None:
        from analyzer.cli.patching import write_patch

        write_patch(answer, patch)


def _parsed(text: str) -> tuple[str, Path | None]:
    name, equals, file = text.partition("=")
    names = [known.value for known in CheckFormat]
    if name not in names:
        raise UsageError(f"unknown format `{name}`", nearest(name, names))
    if equals and not file:
        raise UsageError(f"`--format {text}` names no file", f"write --format {name}=FILE, or --format {name}")
    return name, Path(file) if file not in ("", "-") else None


def _clashes(files: Sequence[Path | None], yaml: str | None) -> list[Problem]:
    """Places that two reports share, or that cannot be written to."""
    problems: list[Problem] = []
    paths = [path for path in (*files, output.yaml_path(yaml)) if path is not None]
    for path in dict.fromkeys(paths):
        if paths.count(path) > 1 and (path.is_file() or not path.exists()):
            problems += UsageError(f"two reports would go to `{path}`", "give each a file of its own").problems
        try:
            output.check_writable(path)
        except UsageError as error:
            problems += error.problems
    try:
        output.check_standard_output(is_used=None in files, yaml=yaml)
    except UsageError as error:
        problems += error.problems
    return problems
