"""What netproof costs before it has anything to do: `python -m benchmarks.startup [--rounds 15]`.

Processor time of whole processes, the least of several rounds in which they take turns, against that of a process that
only imports the libraries netproof is built on.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.generate import MULTI_TENANT, Order, make
from benchmarks.measuring import Row, least_of, print_rows

BARE = "import z3, lark, yaml, typer"
_DOZEN = Order(MULTI_TENANT, pods=5, policies=3, namespaces=4)
_CLAIM = "no namespace sandbox can reach namespace t0-prod"


def measure(rounds: int = 15) -> list[Row]:
    """Start-up in units of the bare imports."""
    with tempfile.TemporaryDirectory() as folder:
        made = make(_DOZEN)
        made.write(Path(folder))
        documents = sum(1 for _ in made.objects())
        costs = least_of(
            {
                "bare": ["-c", BARE],
                "help": ["-m", "analyzer", "--help"],
                "check": ["-m", "analyzer", "check", folder + "/manifests", "-q", _CLAIM],
            },
            rounds + 1,  # the first compiles the modules
        )
    bare = costs["bare"].seconds
    against = f"`python -c '{BARE}'`: {bare:.2f} s of processor time"
    return [
        Row("start-up: `netproof --help`", f"{costs['help'].seconds / bare:.2f}", against),
        Row(f"start-up: `netproof check` of {documents} documents", f"{costs['check'].seconds / bare:.2f}", against),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    print_rows(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
