"""Reports to where they go: standard output or a file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.cli import interrupting
from analyzer.cli.folders import repository_root
from analyzer.cli.formats import CheckFormat, MapFormat
from analyzer.cli.options import Color
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.reports.layout import Style


# What `-o` takes of kubectl and other commands, and what `--format` takes here.
_FORMATS = {
    "yaml",
    "yml",
    "xml",
    "wide",
    "name",
    "table",
    *(it.value for kind in (CheckFormat, MapFormat) for it in kind),
}
STANDARD_ERROR = Path("/dev/stderr")
_CLOSED = ("standard output is closed", "write to a file: -o FILE")


def styles(color: Color, quiet: bool, verbose: bool, assumptions: bool) -> Callable[[Path | None], Style]:
    """How a report is laid out, by the file that it goes to."""
    return partial(terminal_style, color, quiet=quiet, verbose=verbose, assumptions=assumptions)


def terminal_style(
    color: Color, file: Path | None, *, quiet: bool = False, verbose: bool = False, assumptions: bool = False
) -> Style:
    """How to lay text out: for the terminal, or 80 columns of UTF-8 without colour in a file."""
    from analyzer.reports.layout import Style

    try:
        here = os.getcwd()
    except FileNotFoundError:  # the folder is gone
        here = ""
    root = (repository_root(here) or "") if here else ""
    if file is not None:
        colored = color is Color.ALWAYS
        return Style(
            color=colored, is_quiet=quiet, is_verbose=verbose, tells_assumptions=assumptions, folder=here, root=root
        )
    if sys.stdout is None:
        raise UsageError(*_CLOSED)
    is_terminal = sys.stdout.isatty()
    return Style(
        width=shutil.get_terminal_size((80, 24)).columns if is_terminal or os.environ.get("COLUMNS") else 80,
        color=_is_colored(color, is_terminal),
        encoding=sys.stdout.encoding or "ascii",
        is_quiet=quiet,
        is_verbose=verbose,
        tells_assumptions=assumptions,
        folder=here,
        root=root,
    )


def _is_colored(color: Color, is_terminal: bool) -> bool:
    if color is not Color.AUTO:
        return color is Color.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0").lower() not in ("", "0", "false"):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def check_destinations(report: Path | None, yaml: str | None, formats: type[Enum] | None = None) -> None:
    """UsageError, before any work is done, where the report or the manifests could not be written in the end, or where
    one of the command's `formats` is named as the file."""
    check_is_no_format(report, formats)
    check_standard_output(is_used=report is None, yaml=yaml)
    for path in (report, yaml_path(yaml)):
        if path is not None:
            check_writable(path)


def check_is_no_format(report: Path | None, formats: type[Enum] | None) -> None:
    """UsageError where a file is called like a format, of this command or of kubectl's -o."""
    name = str(report)
    own = [member.value for member in formats or ()]
    if not own or name not in {*own, *_FORMATS}:
        return
    hint = f"did you mean `--format {name}`?" if name in own else f"the formats are {', '.join(own)}, after --format."
    raise UsageError(f"`-o` takes a file, and `{name}` is a format", f"{hint} A file of this name is `-o $PWD/{name}`")


def check_standard_output(*, is_used: bool, yaml: str | None) -> None:
    """UsageError where a report (`is_used`) or the manifests should go to standard output and cannot."""
    if sys.stdout is None and (is_used or yaml == "-"):
        raise UsageError(*_CLOSED)
    if yaml == "-" and is_used:
        raise UsageError(
            "`--yaml -` would mix the manifests into the report on standard output",
            "send the report elsewhere: -o FILE, or -o /dev/stderr",
        )


def yaml_path(yaml: str | None) -> Path | None:
    return Path(yaml) if yaml and yaml != "-" else None


def is_piped(path: Path | None) -> bool:
    """Whether `-` is named in the place of a file."""
    return str(path) == "-"


def check_writable(path: Path) -> None:
    """UsageError where no file can be written at the path."""
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"`{path}` is a directory", "name a file to write to")
    if not folder.is_dir():
        raise UsageError(f"the folder of `{path}` does not exist", f"create `{folder}` first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"`{path}` cannot be written", "choose another file, or change its permissions")


def write(report: bytes, path: Path | None) -> None:
    """The whole report to `path`, or to standard output.  A reader that hangs up early is no error."""
    if path == STANDARD_ERROR and sys.stderr is not None:
        sys.stderr.buffer.write(report)
        sys.stderr.buffer.flush()
        return
    if path is not None:
        _replace(path, report)
        return
    if sys.stdout is None:
        raise UsageError(*_CLOSED)
    try:
        sys.stdout.buffer.write(report)
        sys.stdout.buffer.flush()
    except OSError as error:
        # Python flushes stdout once more at exit; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(
                f"standard output cannot be written: {error.strerror}", "write to a file: -o FILE"
            ) from error


def _replace(path: Path, report: bytes) -> None:
    """Readers see the old file or the new one, never half of one.  What is no regular file is written in place."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(report)
            return
        target = path.resolve()
        with interrupting.Held():
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(report)
                Path(name).chmod(_mode(target))
                os.replace(name, target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror or error}") from error


def _mode(target: Path) -> int:
    """The permissions the file has, or those a new one would get."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
