"""Turns whatever a command raises into a message on stderr and an exit code."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import ParamSpec, TypeVar

import typer

from analyzer.cli import interrupting
from analyzer.cli.complaints import grouped
from analyzer.cli.exit_codes import ExitCode
from analyzer.cli.wrapping import wrapped
from analyzer.errors import InputError, InternalError, NetproofError, Problem
from analyzer.model.source import Notice
from analyzer.reports.visible import visible

P = ParamSpec("P")
R = TypeVar("R")

DEBUG = "NETPROOF_DEBUG"


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """The command, ending with the exit code that its error deserves and never with a raw traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with _Guard(), interrupting.Unwinding():
            return command(*args, **kwargs)
        raise AssertionError("a guard never swallows")

    return run


class _Guard:
    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        match error:
            case None | typer.Exit() | typer.Abort() | SystemExit():
                return
            case _ if interrupting.was_interrupted(error):
                code = _say(ExitCode.INTERRUPTED, interrupting.LINE)
            case InputError():
                code = _say(ExitCode.BAD_INPUT, _way_on(error) + complaint(error.problems))
            case NetproofError():
                code = _say(ExitCode.INTERNAL, _defect(str(error), error))
            case _:
                code = _say(ExitCode.INTERNAL, _defect(_place(error), error))
        if os.environ.get(DEBUG) == "1":
            traceback.print_exception(error)
            if isinstance(error, InternalError) and error.bundle:
                tell(error.bundle)
        raise typer.Exit(code) from None


def _way_on(error: InputError) -> str:
    """What to type to go on, before all that is wrong."""
    told = f"{visible(error.way_on)}\n" if error.way_on else ""
    return told and f"to go on without what is wrong below:\n    {told}"


def _say(code: ExitCode, text: str) -> ExitCode:
    tell(text)
    return code


def tell(text: str) -> None:
    """Lines on standard error, beside the report; nothing where it is closed or nobody reads it any more."""
    if sys.stderr is not None:  # None: closed, and print would turn to stdout
        with contextlib.suppress(BrokenPipeError):
            print(text, file=sys.stderr, flush=True)


def mention(notices: Iterable[Notice]) -> None:
    """Tell on standard error the notices that every report must hold, where the report has no room for them."""
    for notice in notices:
        if notice.is_kept:
            tell("\n".join(wrapped(f"note: {visible(notice.message)}", hang=6)))


def complain(problems: Sequence[Problem], outcome: str) -> None:
    """Tell on standard error what was wrong with input that was read all the same, if anything was."""
    if problems:
        tell(complaint(problems, outcome))


def complaint(problems: Sequence[Problem], end: str = "nothing was checked") -> str:
    """Every problem on its own line, below it where it is and what to write, and at the end how many there are."""
    lines = [visible(line) for line in grouped(problems)]
    lines.append(f"{len(problems)} {'error' if len(problems) == 1 else 'errors'}; {end}")
    return "\n".join(lines)


def _defect(what: str, error: BaseException) -> str:
    """What was found in a few words, and where all of it was written."""
    short = " ".join(what.split())
    if len(short) > _MOST:
        short = short[:_MOST].rpartition(" ")[0] + " …"
    place = _written(_details(what, error))
    report = f"with {place}, which holds the details" if place else f"with what {DEBUG}=1 shows"
    return (
        f"netproof: internal error: {visible(short)}\n"
        "This is a defect in netproof, not in your manifests, and no answer was given.\n"
        f"Please report it {report}: names from your manifests are among them."
    )


_MOST = 100


def _details(what: str, error: BaseException) -> str:
    import platform

    from analyzer.resources.version import __version__

    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    parts = [f"netproof {__version__}, {system}", " ".join(sys.argv), what, "".join(traceback.format_exception(error))]
    return "\n\n".join([*parts, error.bundle if isinstance(error, InternalError) else ""])


def _written(details: str) -> str:
    """The name of a new file with the details; empty where none can be written."""
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="netproof-error-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(details)
    except OSError:
        return ""
    return file.name


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
