"""Every mutant that mutmut makes of the encoding and of the oracle, put to the tests that run its line until one fails.

    pip install mutmut==3.8.1
    python -m benchmarks.mutants FOLDER [--of analyzer.encoding.tiers …] [--seconds 10] [--one-in 3]
                                        [--tests conformance …] [--without 'second or encoding']

FOLDER gets a copy of the checkout whose functions are there in every version.  Each mutant is a forked child of a
process that has collected the tests and knows the lines of each; tests that killed a mutant of the same function go
first, then the cheap ones.  FOLDER/mutants.jsonl has a line for each mutant; a further run goes on where one ended.
A mutant that outlives its seconds of processor time is not killed but `undecided`: give it more with a new file.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import hashlib
import inspect
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from types import CodeType

import mutmut.mutation.trampoline
import pytest
from _pytest.runner import CallInfo
from _pytest.tmpdir import tmppath_result_key
from mutmut.mutation.file_mutation import mutate_file_contents

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("encoding", "semantics")
TESTS = ["unit/encoding", "unit/semantics", "conformance", "laws/test_scenes.py", "laws/test_small_scope.py"]
LEFT_OUT = "second or every_network_policy"  # another solver, and a minute of small policies
SCENES = """import pytest
import benchmarks.agree
benchmarks.agree.shrunk = lambda trial: trial
@pytest.mark.parametrize("number", range(80))
def test_scene(number):
    assert not benchmarks.agree.batch(number, 1, 40).disagreements
"""
Versions = dict[str, Callable[..., object]]
Line = tuple[str, int]


def mutate(folder: Path, wanted: tuple[str, ...]) -> None:
    """Copies what is tested, with every version of every function in the modules that are wanted."""
    for part in ("analyzer", "benchmarks", "grammar", "queries", "tests"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "setup.cfg").write_text("[mutmut]\nsource_paths=analyzer\n", encoding="utf-8")
    (folder / "tests/laws/test_scenes.py").write_text(SCENES, encoding="utf-8")
    os.chdir(folder)
    for path in (path for room in ROOMS for path in Path("analyzer", room).glob("*.py")):
        module = ".".join(path.with_suffix("").parts)
        if any(module.startswith(each) or each.startswith(f"{module}.") for each in wanted):
            path.write_text(mutate_file_contents(str(path), path.read_text(encoding="utf-8")).code, encoding="utf-8")


def choosing(functions: dict[str, Versions], versions: Versions) -> Callable[..., Callable[..., object]]:
    """In place of mutmut's own decorator: what is called is the version under `_mutmut_orig`, looked up each time."""

    def wrap(function: Callable[..., object]) -> Callable[..., object]:
        functions[f"{function.__module__}.{function.__qualname__}"] = versions
        return wraps(function)(lambda *args, **named: versions["_mutmut_orig"](*args, **named))

    return wrap


def difference(versions: Versions, name: str) -> list[str]:
    old, new = (inspect.getsource(versions[version]).splitlines()[1:] for version in ("_mutmut_orig", name))
    return [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if line[:3] not in ("---", "+++")]


def changed_lines(versions: Versions, name: str) -> Iterator[Line]:
    """The lines of the function that the mutant changes."""
    code = versions["_mutmut_orig"].__code__
    for word in difference(versions, name):
        if word.startswith("@@"):
            start, _, count = word.split()[1].removeprefix("-").partition(",")
            yield from ((code.co_filename, code.co_firstlineno + int(start) + i) for i in range(int(count or 1)))


def _number(text: str) -> int:
    """The same in each process, as `hash` is not."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16)


def _lines_of(code: CodeType) -> Iterator[int]:
    return (line for _, _, line in code.co_lines() if line is not None)


class Run:
    """A pytest plugin that runs the tests many times over instead of once."""

    def __init__(
        self, functions: dict[str, Versions], log: Path, wanted: tuple[str, ...], seconds: float, one_in: int
    ) -> None:
        self.functions, self.log, self.wanted, self.seconds, self.one_in = functions, log, wanted, seconds, one_in
        self.reach: dict[Line, list] = defaultdict(list)
        self.cost: dict[object, float] = {}
        self.killers: Counter = Counter()
        self.files: set[str] = set()

    def pytest_configure(self) -> None:
        from hypothesis import HealthCheck, Phase, settings

        steady = {"derandomize": True, "database": None, "deadline": None, "report_multiple_bugs": False}
        settings.register_profile("mutants", phases=[Phase.generate], suppress_health_check=list(HealthCheck), **steady)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session) -> bool:
        tried = (versions for name, versions in self.functions.items() if name.startswith(self.wanted))
        self.files = {versions["_mutmut_orig"].__code__.co_filename for versions in tried}
        for item in session.items:
            self._watch(item)
        gc.collect()
        gc.freeze()
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else ()
        done = {(entry["of"], entry["mutant"]) for entry in map(json.loads, lines)}
        for function, versions in self.functions.items():
            for name in list(versions):
                is_new = name != "_mutmut_orig" and (function, name) not in done
                if is_new and function.startswith(self.wanted) and _number(function + name) % self.one_in == 0:
                    self._try(function, versions, name)
        return True

    def _watch(self, item) -> None:
        """Runs a test as it is, noting which lines it runs of what has mutants to be tried."""
        unseen: dict[CodeType, set[int]] = {}

        def on_line(frame, event, _):
            left = unseen[frame.f_code]
            left.discard(frame.f_lineno)
            return on_line if left else None

        def on_call(frame, *_):
            code = frame.f_code
            if code.co_filename not in self.files:
                return None
            left = unseen.setdefault(code, set(_lines_of(code)))
            left.discard(frame.f_lineno)
            return on_line if left else None

        begun = time.process_time()
        sys.settrace(on_call)
        is_fine = passes(item)
        sys.settrace(None)
        if not is_fine:
            raise SystemExit(f"{item.nodeid} fails without any mutant")
        self.cost[item] = max(time.process_time() - begun, 0.01)
        for code, left in unseen.items():
            for number in set(_lines_of(code)) - left:
                self.reach[code.co_filename, number].append(item)

    def _try(self, function: str, versions: Versions, name: str) -> None:
        """Puts the mutant to the tests of its line (of its function, if it changes a default) and notes the outcome."""
        code = versions["_mutmut_orig"].__code__
        whole = [(code.co_filename, line) for line in _lines_of(code)]
        reached = (
            {i for at in lines for i in self.reach.get(at, ())} for lines in (changed_lines(versions, name), whole)
        )
        items = next(filter(None, reached), set())
        ordered = sorted(items, key=lambda i: -(1 + 20 * self.killers[function, i] + self.killers[i]) / self.cost[i])
        read, write = os.pipe()
        child = os.fork()
        if not child:
            signal.setitimer(signal.ITIMER_PROF, self.seconds)
            signal.alarm(20 * int(self.seconds + 1))
            versions["_mutmut_orig"] = versions[name]
            place = next((i for i, item in enumerate(ordered) if not passes(item)), None)
            os.write(write, b"" if place is None else str(place).encode())
            os._exit(0)
        os.close(write)
        said = os.read(read, 20).decode()
        os.close(read)
        _, status = os.waitpid(child, 0)
        word = "killed" if said else "undecided" if os.WIFSIGNALED(status) else "survived" if items else "unreached"
        entry: dict[str, object] = {"mutant": name, "of": function, "outcome": word}
        if said:
            killer = ordered[int(said)]
            self.killers.update(((function, killer), killer))
            entry["by"] = killer.nodeid
        else:
            entry["change"] = difference(versions, name)
        with self.log.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")


def passes(item) -> bool:
    """Runs one test with its fixtures, without pytest's report of it, which costs more than most tests."""

    def run() -> None:
        item._initrequest()  # without, a further run finds the fixtures of the one before
        item.stash[tmppath_result_key] = {}  # where pytest's report tells `tmp_path` how the test went
        item.session._setupstate.setup(item)
        item.runtest()
        item.session._setupstate.teardown_exact(None)

    return CallInfo.from_call(run, when="call").excinfo is None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    parser.add_argument("--of", nargs="*", default=[""], help="modules, or functions, by how their names begin")
    parser.add_argument("--seconds", type=float, default=10.0, help="of processor time for each mutant")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="files and folders of tests/ to put them to")
    parser.add_argument("--without", default=LEFT_OUT, help="words of tests left out, as pytest's `-k` has them")
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="try one of N mutants, the same each time")
    options = parser.parse_args()
    if not options.folder.exists():
        mutate(options.folder, tuple(options.of))
    os.chdir(options.folder)
    os.environ["CI"] = "true"
    sys.path[0] = str(Path.cwd())
    functions: dict[str, Versions] = {}
    mutmut.mutation.trampoline.wrap_in_trampoline = partial(choosing, functions)
    run = Run(functions, Path("mutants.jsonl"), tuple(options.of), options.seconds, options.one_in)
    arguments = ["-q", "-n0", "-s", "-p", "no:cacheprovider", "--assert=plain", "-k", f"not ({options.without})"]
    return int(pytest.main([*arguments, *(f"tests/{test}" for test in options.tests)], plugins=[run]))


if __name__ == "__main__":
    sys.exit(main())
