"""What a process costs, and a row of the table of figures."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_MEASURED = "not measured"
_TRACEBACK = b"Traceback (most recent call last):"


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, how it came out, and what it was held against."""

    what: str
    figure: str
    against: str = ""


@dataclass(frozen=True)
class Cost:
    """Processor time in seconds, which a busy machine lengthens less than the time that passes; memory in bytes."""

    seconds: float
    peak: int


def cost_of(command: Sequence[str]) -> Cost:
    """What one run of a Python program costs, modules compiled beforehand; RuntimeError if it fails.

    Exit code 1 is no failure if netproof gives it, which has refuted something then; Python gives it with a traceback.
    """
    ended = _run([sys.executable, *command])
    if not ended.is_answer:
        raise RuntimeError(ended.output.decode(errors="replace"))
    return ended.cost


def cost_within(limit: float, command: Sequence[str]) -> Cost | None:
    """What one run of any program costs; None if it fails or has no answer after `limit` seconds."""
    ended = _run(command, limit)
    return ended.cost if ended.is_answer else None


@dataclass(frozen=True)
class _Ended:
    code: int
    output: bytes
    cost: Cost

    @property
    def is_answer(self) -> bool:
        return self.code == 0 or (self.code == 1 and _TRACEBACK not in self.output)


def _run(command: Sequence[str], limit: float = threading.TIMEOUT_MAX) -> _Ended:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = os.path.join(tempfile.gettempdir(), "netproof-benchmarks-bytecode")
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        end = threading.Timer(limit, child.kill)
        end.daemon = True
        end.start()
        _, status, usage = os.wait4(child.pid, 0)
        end.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    unit = 1 if sys.platform == "darwin" else 1024
    return _Ended(child.returncode, text, Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit))


def least_of(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, Cost]:
    """The least that each command cost in so many rounds, in which they take turns."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(cost_of(command))
    return {name: Cost(min(c.seconds for c in costs), min(c.peak for c in costs)) for name, costs in found.items()}


def print_rows(rows: Sequence[Row]) -> None:
    widths = [max(len(text) for text in column) for column in zip(*((r.what, r.figure) for r in rows), strict=True)]
    for row in rows:
        print(f"{row.what:<{widths[0]}}  {row.figure:>{widths[1]}}  {row.against}".rstrip())
