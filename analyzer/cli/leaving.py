"""The end of the process."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from analyzer.cli import interrupting


def leave(done: SystemExit) -> NoReturn:
    """End the process at once if all that it wrote is out.

    The system takes the memory of a large cluster back in no time; Python would take it apart object by object.
    """
    if done.code is None or isinstance(done.code, int):
        interrupting.end_workers()
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except BrokenPipeError:  # whoever read has read enough
            os._exit(done.code or 0)
        except (OSError, ValueError):  # left to Python, which says so
            raise done from None
        os._exit(done.code or 0)
    raise done
