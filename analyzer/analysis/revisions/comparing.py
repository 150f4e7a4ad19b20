"""Compare two revisions in the universe asked for, and have a second solver confirm it where that is wished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.analysis.checking.cross_check import cross_check, together
from analyzer.analysis.revisions.difference import Progress, difference
from analyzer.analysis.revisions.inventory_difference import inventory_difference
from analyzer.judging import Setting
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster, Workload
from analyzer.verdicts import Step
from analyzer.verdicts.difference import Difference, InventoryDifference


def compare(
    old: Cluster,
    new: Cluster,
    packs: Sequence[Pack] = (),
    *,
    setting: Setting,
    max_changes: int,
    second_solver: str | None = None,
    progress: Progress | None = None,
    controllers: tuple[Workload, ...] = (),
) -> Difference | InventoryDifference:
    """What two revisions permit, compared: a table of pairs in the inventory, regions else.

    `controllers`: what serves Ingresses and routes, for the inventory.  InternalError where the second solver
    contradicts an answer.
    """
    asking = replace(setting, keeps_steps=second_solver is not None)
    found: Difference | InventoryDifference
    if setting.universe is Universe.INVENTORY:
        found = inventory_difference(old, new, packs, setting=asking, progress=progress, controllers=controllers)
    else:
        found = difference(old, new, packs, setting=asking, max_changes=max_changes, progress=progress)
    if second_solver is None:
        return found
    checked = together(
        second_solver, [cross_check(*answer, second_solver, setting.budget) for answer in _answers(found)]
    )
    return replace(found, background=replace(found.background, cross_check=checked))


def _answers(found: Difference | InventoryDifference) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """What the solver answered, by name.  The pairs of an inventory are no answers of a solver."""
    if isinstance(found, Difference):
        yield "new access", found.gained.steps
        yield "lost access", found.lost.steps
    for query in found.queries:
        for verdict in (query.before, query.after):
            if verdict is not None:
                yield query.query.id, verdict.steps
