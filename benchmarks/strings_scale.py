"""What telling strings apart costs for each pattern: `python -m benchmarks.strings_scale`.

Paths as policies name them: words, beginnings and a few ends, 30 and 300 of them; and the same with a template and a
regular expression among them, for which every pattern is run over strings side by side.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from analyzer.sets.strings import Pattern, atoms, exact, prefix, regex, suffix, template
from benchmarks.measuring import Row, print_rows

_ENDS = ("/health", "/ready", ".json")


def plain(count: int) -> list[Pattern]:
    """Two words to a beginning, and ends that do not grow in number."""
    made = [suffix(end) for end in _ENDS]
    for number in range(count - len(made)):
        path = f"/api/team-{number // 9}/v{number % 9}/models"
        made.append(prefix(path) if number % 3 == 0 else exact(f"{path}/{number}"))
    return made


def mixed(count: int) -> list[Pattern]:
    """With a template and a regular expression in place of two words."""
    return [*plain(count - 2), template("/api/{*}/v1/models"), regex("/api/[a-z-]+[0-9]+/v[0-9]/.*")]


def seconds_for_each(patterns: list[Pattern], rounds: int) -> tuple[float, int]:
    """Processor time for each pattern, the least of some rounds, and how many atoms there are."""
    least, found = float("inf"), 0
    for _ in range(rounds):
        started = time.process_time()
        found = len(atoms(patterns).atoms)
        least = min(least, time.process_time() - started)
    return least / len(patterns), found


def measure(rounds: int = 5, few: int = 30, many: int = 300) -> list[Row]:
    """How much more a pattern costs among many than among few."""
    rows = []
    kinds: list[tuple[str, Callable[[int], list[Pattern]]]] = [
        ("words, beginnings, ends", plain),
        ("the same with a template and a regular expression", mixed),
    ]
    for name, make in kinds:
        (one, few_atoms), (other, many_atoms) = (seconds_for_each(make(n), rounds) for n in (few, many))
        against = (
            f"{one * 1e6:,.0f} µs among {few} ({few_atoms} atoms), {other * 1e6:,.0f} µs among {many} ({many_atoms})"
        )
        rows.append(Row(f"{name}: cost of a path pattern among {many} / among {few}", f"{other / one:.2f}", against))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    print_rows(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
