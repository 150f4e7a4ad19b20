"""From an answer to the bundle that makes it checkable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from analyzer.judging import Setting
from analyzer.model.claims import Pack
from analyzer.model.endpoints import Connection, Pod
from analyzer.resources.version import __version__
from analyzer.solving import Z3, solver_version
from analyzer.verdicts import Answer, Counterexample, Verdict
from analyzer.verdicts.bundle import (
    REPORT,
    Bundle,
    Options,
    PackRecord,
    QueryRecord,
    StepRecord,
    safe_name,
    sha256,
)
from analyzer.verdicts.provenance import ManifestRecord

Sink = Callable[[str, bytes], None]
"""Takes each file of a bundle, with its place, as soon as it is made: together they can be large."""


def bundled(
    answer: Answer,
    setting: Setting,
    report: bytes,
    manifests: Iterable[ManifestRecord],
    packs: Sequence[Pack],
    sink: Sink,
    *,
    irrelevant: Iterable[str] = (),
    strict_cidr: bool = True,
    exclude: Iterable[str] = (),
) -> Bundle:
    """The index of a bundle, of which every other file goes to `sink`.

    The verdicts of `answer` must keep their steps; `report` is it as check/1; `packs` are those asked.
    """
    hashes: dict[str, str] = {}

    def keep(path: str, data: bytes) -> None:
        hashes[path] = sha256(data)
        sink(path, data)

    keep(REPORT, report)
    from_files = (pack for pack in packs if pack.source.file)  # the others hold claims of the command line
    pack_records = tuple(_pack(number, pack, keep) for number, pack in enumerate(from_files, 1))
    places = {record.file: record.path for record in pack_records}
    queries: list[QueryRecord] = []
    for number, verdict in enumerate(answer.verdicts, 1):
        queries.append(_query(number, places.get(verdict.query.source.file, ""), verdict, keep))
    versions = [("netproof", __version__), (Z3, solver_version(Z3))]
    second = answer.cross_check
    if second is not None:
        versions.append((second.solver, second.version))
    return Bundle(
        versions=tuple(versions),
        options=_options(setting, irrelevant, strict_cidr, exclude),
        assumptions=tuple((stated.name, stated.text) for stated in answer.assumptions),
        manifests=tuple(manifests),
        packs=pack_records,
        queries=tuple(queries),
        hashes=tuple(sorted(hashes.items())),
        confirmed=(second.solver, second.confirmed, second.total) if second is not None else None,
    )


def _options(setting: Setting, irrelevant: Iterable[str], strict_cidr: bool, exclude: Iterable[str]) -> Options:
    addresses = setting.pod_addresses
    return Options(
        universe=setting.universe.value,
        profile=setting.profile.name,
        knobs=tuple(setting.profile.knobs().items()),
        pod_addresses=None if addresses is None else tuple(str(network) for network in addresses.networks()),
        rlimit=setting.budget.rlimit,
        seconds=setting.budget.seconds,
        max_counterexamples=setting.max_counterexamples,
        irrelevant=tuple(sorted(irrelevant)),
        strict_cidr=strict_cidr,
        exclude=tuple(exclude),
    )


def _pack(number: int, pack: Pack, sink: Sink) -> PackRecord:
    path = f"packs/{number:03}-{safe_name(pack.name)}.npq"
    sink(path, pack.text.encode("utf-8"))
    return PackRecord(pack.name, pack.source.file, pack.parameters, path)


def _query(number: int, pack: str, verdict: Verdict, sink: Sink) -> QueryRecord:
    query = verdict.query
    folder = f"queries/{number:03}-{safe_name(query.id)}"
    steps: list[StepRecord] = []
    for place, step in enumerate(verdict.steps, 1):
        path = f"{folder}/{place:02}-{step.purpose}.smt2"
        sink(path, step.script.encode("utf-8"))
        steps.append(StepRecord(step.purpose, step.meaning, step.expected, path))
    return QueryRecord(
        pack=pack,
        id=query.id,
        title=query.title,
        text=query.text,
        kind=query.claim.kind,
        universe=verdict.universe.value,
        verdict=verdict.status.value,
        steps=tuple(steps),
        witnesses=tuple(witness for example in verdict.counterexamples if (witness := _witness(example)) is not None),
    )


def _witness(example: Counterexample) -> Connection | Pod | None:
    return example.connection or example.subject
