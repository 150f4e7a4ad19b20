"""One source read and asked."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import inputs
from analyzer.analysis import Setting, check
from analyzer.errors import InputError, UsageError
from analyzer.fleet.orders import Order, Source
from analyzer.manifests import Loaded, load, load_blobs, manifests_in
from analyzer.model.claims import Pack
from analyzer.reports import verdict_words
from analyzer.verdicts import Status, Verdict
from analyzer.verdicts.fleet import Cell, Column, Row


def packs_of(order: Order) -> tuple[Pack, ...]:
    """What is asked.  InputError as from `netproof check`."""
    return inputs.of_one_revision(inputs.questions(order.packs, order.queries, order.settings))


def columns_of(packs: Sequence[Pack]) -> tuple[Column, ...]:
    return tuple(
        Column(f"{pack.name}/{query.id}", query.title or query.text, query.severity.value)
        for pack in packs
        for query in pack.queries
    )


def answered(order: Order, number: int) -> Row:
    """The row of one source; one that cannot be read is a row that says so."""
    source, packs = order.sources[number], packs_of(order)
    try:
        cluster = _loaded(source).cluster
        profile = inputs.profile_for(source.profile or None, source.knobs, cluster)
    except InputError as error:
        return unread(source, columns_of(packs), "; ".join(str(problem) for problem in error.problems[:3]))
    answer = check(
        cluster, packs, setting=Setting(inputs.chosen_universe(order.universe), profile, looks_further=False)
    )
    names = (column.name for column in columns_of(packs))
    cells = tuple(_cell(name, verdict) for name, verdict in zip(names, answer.verdicts, strict=True))
    return Row(source.name, cells, answer.tally)


def unread(source: Source, columns: Sequence[Column], why: str) -> Row:
    """Of a source of which nothing is known."""
    cells = tuple(Cell(column.name, Status.UNKNOWN, None, why) for column in columns)
    return Row(source.name, cells, error=why)


def _loaded(source: Source) -> Loaded:
    if source.context:
        from analyzer.manifests.sources.kubectl import live_objects

        live = live_objects([f"--context={source.context}"])
        return load(["-"], stdin=lambda: live.objects, unread=live.unread)
    if source.git:
        revision = manifests_in(source.git, source.paths)
        if not revision.blobs:
            raise UsageError(f"`{source.git}` holds no manifest in {', '.join(source.paths)}")
        return load_blobs(revision.blobs, left_out=revision.left_out)
    return load(source.paths, jobs=1)


def _cell(name: str, verdict: Verdict) -> Cell:
    said = verdict.reason
    if verdict.counterexamples:
        said = verdict_words.example(verdict.counterexamples[0], verdict.query.claim.kind)
    return Cell(name, verdict.status, verdict.live, said)
