"""The laws of the tests with fresh seeds and more examples, beyond what `make test` repeats.

    python -m benchmarks.explore [--times 20] [--rounds 1] [--seed S] [--jobs J] [PATH…]

Each round runs every test under PATH (all tests, without) that draws its examples, with a seed of its own for them and
for Python's order of sets, and as many times the examples of `make test`.  What fails is printed as small as it gets,
in the words of an `@example`, with the command that fails again.  The exit code is 1 if a law fails in any round.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_HASH_SEEDS = 2**32


def explored(paths: Sequence[str], seed: int, times: int, jobs: int) -> bool:
    """Whether the laws under these paths hold for this seed; what pytest says of them goes to the screen."""
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    command += ["-p", "benchmarks.exploration", "--times", str(times), "--hypothesis-seed", str(seed)]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed % _HASH_SEEDS)}
    return subprocess.run([*command, "-n", str(jobs), *paths], cwd=ROOT, env=environment, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="multiplies the number of examples of each law")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(_HASH_SEEDS), help="of round 1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("paths", nargs="*", metavar="PATH", default=[str(ROOT / "tests")])
    asked = parser.parse_args()
    paths = [str(Path(path).resolve()) if Path(path).exists() else path for path in asked.paths]
    failed = []
    for seed in range(asked.seed, asked.seed + asked.rounds):
        print(f"seed {seed}", flush=True)
        if not explored(paths, seed, asked.times, asked.jobs):
            failed.append(seed)
    for seed in failed:
        again = ["python", "-m", "benchmarks.explore", "--times", str(asked.times), "--seed", str(seed), *asked.paths]
        print(f"fails again: {shlex.join(again)}")
    print(f"{asked.rounds - len(failed)} of {asked.rounds} rounds hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
