"""`netproof explain --batch`: a file of questions, one JSON object to a line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cli.formats import Format
from analyzer.errors import InputError, Problem, UsageError
from analyzer.inputs import endpoints
from analyzer.inputs.requests import request_faults
from analyzer.records import dataclass

if TYPE_CHECKING:
    from analyzer.inputs.endpoints import Named
    from analyzer.model.cluster import Cluster
    from analyzer.model.profile import Profile
    from analyzer.reports.layout import Style
    from analyzer.sets import AddressSet, ConnectionSet
    from analyzer.verdicts.explanation import Answer

_KEYS = ("id", "from", "to", "on", "request")
_NEEDED = ("id", "from", "to", "on")


@dataclass(frozen=True)
class Asked:
    """One line of the file: the connections `on` from one end to the other, as written and as read."""

    id: str | int
    source: str
    destination: str
    on: str
    ports: ConnectionSet
    file: str
    line: int
    request: Mapping[str, Any] | None = None


def batch_or_one(
    batch: Path | None,
    source: str | None,
    destination: str | None,
    others: Mapping[str, Any],
    paths: Sequence[str] = (),
) -> tuple[Asked, ...] | None:
    """The questions of the batch; None where one is asked on the command line, its `others` being the options that say
    what about.  UsageError for both, or for neither; `paths` that lead nowhere may have been meant as the ends."""
    ends = {"--from": source, "--to": destination}
    if batch is None:
        missing = [name for name, value in ends.items() if value is None]
        if missing:
            lost = [path for path in paths if not os.path.lexists(path)]
            meant = " ".join(f"{option} {path}" for option, path in zip(missing, lost[-len(missing) :], strict=False))
            hint = f"did you mean `{meant}`?" if meant else "name both ends, or a file of questions: --batch FILE"
            raise UsageError(f"{' and '.join(missing)} missing", hint)
        return None
    given = [name for name, value in {**ends, **others}.items() if value]
    if given:
        raise UsageError(f"{' and '.join(given)} beside --batch", "each line of the batch says all that it asks about")
    return read_batch(batch)


def read_batch(path: Path) -> tuple[Asked, ...]:
    """The questions of the file, in order; InputError with every line that is none."""
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except OSError as error:
        raise InputError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        raise InputError([Problem(str(path), 0, 0, "is not UTF-8")]) from error
    found: dict[str | int, Asked] = {}
    problems: list[Problem] = []
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            asked = _question(text, str(path), number)
        except InputError as error:
            problems += error.problems
            continue
        first = found.setdefault(asked.id, asked)
        if first is not asked:
            problems.append(Problem(str(path), number, 0, f"id `{asked.id}` is that of line {first.line}"))
    if not found and not problems:
        problems.append(Problem(str(path), 0, 0, "asks nothing", 'write one {"id":…,"from":…,"to":…,"on":…} to a line'))
    if problems:
        raise InputError(problems)
    return tuple(found.values())


def _question(text: str, file: str, line: int) -> Asked:
    def refuse(message: str, hint: str = "") -> Problem:
        return Problem(file, line, 0, message, hint)

    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError([refuse(f"is no JSON: {error}")]) from None
    if not isinstance(data, dict):
        raise InputError([refuse("is no JSON object", 'write {"id":…,"from":…,"to":…,"on":…}')])
    faults = [f"unknown key `{key}`; the keys are {', '.join(_KEYS)}" for key in data if key not in _KEYS]
    faults += [f"`{key}` is missing" for key in _NEEDED if key not in data]
    faults += [f"`{key}` is no text" for key in _NEEDED[1:] if key in data and not isinstance(data[key], str)]
    if "id" in data and (not isinstance(data["id"], str | int) or isinstance(data["id"], bool)):
        faults.append("`id` is no text and no whole number")
    faults += request_faults(data.get("request", {}))
    if faults:
        raise InputError(refuse(fault) for fault in faults)
    ports = _placed(lambda: endpoints.ports([data["on"]], True), file, line)
    return Asked(data["id"], data["from"], data["to"], data["on"], ports, file, line, data.get("request"))


def _placed(part: Callable[[], Any], file: str, line: int) -> Any:
    """What the part gives; its problems are those of this line."""
    try:
        return part()
    except InputError as error:
        raise InputError(replace(p, file=file, line=line, column=0) for p in error.problems) from None


def rendered_answers(
    questions: tuple[Asked, ...],
    cluster: Cluster,
    profile: Profile,
    pod_addresses: AddressSet | None,
    format_: Format,
    style: Style,
) -> bytes:
    """The report: an answer for each question, in order.  InputError with every end that is unknown."""
    from analyzer.analysis.notices.mesh_notices import mesh_notices
    from analyzer.reports.explain_json import render_answers_json
    from analyzer.reports.explain_text import render_answers_text

    answers = answered(questions, cluster, profile, pod_addresses)
    notices = (*cluster.notices, *mesh_notices(cluster))
    return render_answers_json(answers, notices) if format_ is Format.JSON else render_answers_text(answers, style)


def answered(
    questions: tuple[Asked, ...], cluster: Cluster, profile: Profile, pod_addresses: AddressSet | None
) -> tuple[Answer, ...]:
    """An answer for each question, in order; InputError with every end that is unknown."""
    from analyzer.inputs.explaining import between_ends
    from analyzer.model.lifting import lifted
    from analyzer.verdicts.explanation import Answer

    cluster = lifted(cluster, profile)
    problems: list[Problem] = []
    found: list[Answer] = []
    for asked in questions:
        ends: list[Named] = []
        for text, key in ((asked.source, "from"), (asked.destination, "to")):
            try:
                one = partial(endpoints.one_end, text, f"`{key}`", cluster, profile)
                ends.append(_placed(one, asked.file, asked.line))
            except InputError as error:
                problems += error.problems
        if not problems:
            src, dst = ends
            why = between_ends(
                cluster, profile, src, dst, asked.ports, pod_addresses=pod_addresses, request=asked.request
            )
            found.append(Answer.of(asked.id, asked.on, why))
    if problems:
        raise InputError(problems)
    return tuple(found)
