"""Print the lowest version of each dependency that pyproject.toml allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest(requirements: list[str]) -> list[str]:
    """`z3-solver==4.13.*` for `z3-solver>=4.13`: the newest correction of the lowest version."""
    found = []
    for text in requirements:
        match = re.match(r"([\w-]+)>=([\d.]+)", text)
        if match is None:
            raise SystemExit(f"{text!r} names no lowest version")
        found.append(f"{match[1]}=={match[2]}.*")
    return found


if __name__ == "__main__":
    print("\n".join(lowest(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"])))
