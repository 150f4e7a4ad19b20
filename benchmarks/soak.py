"""The gate under load, beside an API server whose watches break: `python -m benchmarks.soak [--admissions 10000]`.

    python -m benchmarks.soak [--admissions 10000] [--tenants 50] [--break-every 60] [--restarts 2]

Changes are judged one after the other while others happen in the cluster.  Each answer is held against the cluster as
it is at that moment: a change that would open a tenant is denied, one that would not is let through, and where netproof
is behind it says so and gives neither.  Every so many seconds the API server drops all watches, once with its events
forgotten; the gate is started anew so many times.  A wrong answer, or a change that gets none, ends it.  How far it is
stands on stderr.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from analyzer.language import parse_query
from analyzer.model.claims import Pack
from analyzer.serve.state import LiveState
from benchmarks.measuring import Row, print_rows
from tests.serve.conftest import APART, deployment, following, namespace, policy, review, serving, until
from tests.serve.fake_api_server import FakeApiServer, Thing

PACK = Pack("soak", "", (parse_query(f"{APART} within namespaces", "tenants-apart"),))
_TELL_EVERY = 500  # admissions
_CHANGING = ("namespaces", "networkpolicies", "deployments")
OPEN, HOME = {"from": [{"namespaceSelector": {}}]}, {"from": [{"podSelector": {}}]}


@dataclass
class Soak:
    """What was asked, and what came of it."""

    server: FakeApiServer
    tenants: list[str]
    random: random.Random = field(default_factory=lambda: random.Random(0))
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def change(self, number: int) -> tuple[Thing, bool]:
        """A change, and whether it is to be let through."""
        tenant = self.random.choice(self.tenants)
        match number % 4:
            case 0:
                return review(policy(tenant, "open", OPEN)), False
            case 1:
                return review(policy(tenant, f"home-{number % 7}", HOME)), True
            case 2:
                return review(None, policy(tenant, "deny"), "DELETE"), False
            case _:
                return review(namespace(f"tools-{number}")), True

    def happen(self, number: int, state: LiveState) -> None:
        """Something that changes no answer, and the moment that it takes to be seen or missed: what a server has not
        sent yet, nobody behind it can know."""
        self._happen(number)
        wanted = {kind: max((v for v, _, of, _ in self.server.events if of == kind), default=0) for kind in _CHANGING}
        seen = {it.resource.name: it for it in state.followers}
        until(lambda: not state.is_current or all(int(seen[k].version) >= v for k, v in wanted.items()))

    def _happen(self, number: int) -> None:
        """Something that changes no answer: a workload of a tenant, or the policy of a tenant of this moment, which is
        closed before it is one and no more when it has gone."""
        tenant = self.random.choice(self.tenants)
        key, late = ("deployments", tenant, "beside"), ("networkpolicies", "late", "deny")
        if number % 2:
            self.server.put(policy("late", "deny"), namespace("late", tenant="late"))
        elif late in self.server.stored:
            self.server.put(namespace("late"))
            self.server.delete(*late)
        elif key in self.server.stored:
            self.server.delete(*key)
        else:
            self.server.put(deployment(tenant, "beside"))

    def ask(self, url: str, number: int) -> None:
        change, is_to_pass = self.change(number)
        data = json.dumps(change).encode()
        started = time.monotonic()
        request = urllib.request.Request(f"{url}/validate", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.loads(answer.read())["response"]
        outcome = found["auditAnnotations"]["outcome"]
        self.outcomes[outcome] += 1
        if outcome != "stale":
            self.seconds.append(time.monotonic() - started)
            if found["allowed"] is not is_to_pass:
                raise SystemExit(f"admission {number} is answered wrongly: {found}")


def _marks(every: float) -> Iterator[bool]:
    """Whether so many seconds have passed since it was last true."""
    last = time.monotonic()
    while True:
        is_due = time.monotonic() - last >= every
        if is_due:
            last = time.monotonic()
        yield is_due


def measure(admissions: int = 10_000, tenants: int = 50, break_every: float = 60.0, restarts: int = 2) -> list[Row]:
    """What became of the changes, how long they waited, and what it took."""
    server, names = FakeApiServer(), [f"t{number}" for number in range(tenants)]
    for name in names:
        server.put(namespace(name, tenant=name), policy(name, "deny"))
    soak, due, breaks = Soak(server, names), _marks(break_every), 0
    starts = {admissions * (number + 1) // (restarts + 1) for number in range(restarts)}
    began = time.monotonic()
    with ExitStack() as stack:
        state, url = _started(stack, server)
        for number in range(admissions):
            if number in starts:
                stack.close()
                state, url = _started(stack, server)
            if next(due):
                breaks += 1
                if breaks % 2:
                    server.forget_events()
                server.break_watches()
            if number % 3 == 0:
                soak.happen(number, state)
            soak.ask(url, number)
            if (number + 1) % _TELL_EVERY == 0:
                told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(soak.outcomes.items()))
                seconds = time.monotonic() - began
                print(f"{number + 1:,} of {admissions:,} after {seconds:.0f} s: {told}", file=sys.stderr, flush=True)
    server.shutdown()
    server.server_close()
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(soak.outcomes.items()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    shape = f"{admissions:,} admissions, {tenants} tenants, {breaks} times all watches broken, {restarts} restarts"
    return [
        Row("soak: answers that were wrong, or none", "0", f"{shape}; {told}; {time.monotonic() - began:.0f} s"),
        Row(
            "soak: the median answer, ms",
            f"{1000 * statistics.median(soak.seconds):.0f}",
            f"longest: {max(soak.seconds):.1f} s",
        ),
        Row("soak: peak memory, both sides", f"{peak} MiB", ""),
    ]


def _started(stack: ExitStack, server: FakeApiServer) -> tuple[LiveState, str]:
    state = stack.enter_context(following(server, PACK, patience=2.0, watch_seconds=20))
    until(lambda: state.is_current)
    return state, stack.enter_context(serving(state))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--admissions", type=int, default=10_000)
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--break-every", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--restarts", type=int, default=2)
    given = parser.parse_args()
    print_rows(measure(given.admissions, given.tenants, given.break_every, given.restarts))


if __name__ == "__main__":
    main()
