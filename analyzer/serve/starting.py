"""All parts put together and run."""

from __future__ import annotations

import logging
import sys

from analyzer import inputs
from analyzer.errors import UsageError
from analyzer.judging import Setting
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import Profile
from analyzer.records import dataclass
from analyzer.serve.api_server import ApiServer, RefusedError
from analyzer.serve.app import app_of
from analyzer.serve.memory import few_arenas
from analyzer.serve.rulings import Rulings
from analyzer.serve.running import Listening, Program
from analyzer.serve.state import LiveState
from analyzer.sets import AddressSet
from analyzer.solving import Budget


@dataclass(frozen=True, slots=True)
class Following:
    """Which cluster, and which engine enforces there if the user says so."""

    kubeconfig: str | None
    context: str | None
    profile: str | None = None
    knobs: tuple[str, ...] = ()


def serve_until_told(
    following: Following,
    packs: tuple[Pack, ...],
    setting: tuple[Universe, Profile, AddressSet | None, Budget],
    rulings: Rulings,
    at: Listening,
    refresh: int,
) -> None:
    """Follow the cluster and serve.  UsageError where there is no cluster to follow."""
    few_arenas()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    universe, engine, addresses, budget = setting
    state = LiveState(
        ApiServer.of(following.kubeconfig, following.context),
        packs,
        Setting(universe, engine, addresses, budget, max_counterexamples=1, looks_further=False),
        lambda cluster: inputs.profile_for(following.profile, following.knobs, cluster),
    )
    try:
        state.start()
    except (RefusedError, OSError) as error:
        raise UsageError(f"the cluster does not tell what it has: {error}", "see `kubectl cluster-info`") from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "urllib3" and type(error).__name__ != "ApiException":
            raise
        raise UsageError(f"the cluster cannot be reached: {error}", "see `kubectl cluster-info`") from None
    try:
        Program(app_of(state, rulings, refresh), at).run_until_told()
    finally:
        state.stop()
