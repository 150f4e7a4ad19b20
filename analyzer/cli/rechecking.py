"""What `netproof recheck` looks at, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer import inputs
from analyzer.analysis import Budget
from analyzer.analysis.evidence.bundle_reading import verdicts_in
from analyzer.analysis.evidence.recheck import check_answers, check_files, check_verdicts
from analyzer.analysis.evidence.rederiving import ask_again, match_manifests, packs_of, replay_witnesses, setting_of
from analyzer.cli.progress import Progress
from analyzer.manifests import Blob, load_blobs, read_manifests
from analyzer.reports.check_json import render_json
from analyzer.verdicts.bundle import REPORT, Bundle
from analyzer.verdicts.rechecked import Check, Finding


def from_itself(
    bundle: Bundle, files: Mapping[str, bytes], others: Sequence[str], solvers: Sequence[str], budget: Budget
) -> Iterator[Check]:
    """What a bundle's own files show: `others` lie in its folder and belong to none."""
    yield check_files(bundle, files, others)
    yield check_verdicts(bundle, verdicts_in(files.get(REPORT, b"{}")))
    for solver in solvers:
        yield check_answers(bundle, files, solver, budget)
    if len(solvers) == 1:
        yield Check("second solver", Finding.SKIPPED, "give --cross-check cvc5 to put the scripts to it too")


def from_manifests(
    bundle: Bundle, files: Mapping[str, bytes], paths: Sequence[str], solvers: Sequence[str], progress: Progress
) -> Iterator[Check]:
    """What the manifests show, if `paths` name them."""
    if not paths:
        yield Check("manifests", Finding.SKIPPED, "give --manifests to compare them with those that were read")
        yield Check("witnesses", Finding.SKIPPED, "to decide them again in the oracle takes the manifests")
        yield Check("questions", Finding.UNDECIDED, "to derive them again takes the manifests: give --manifests")
        return
    given, left_out = read_manifests(paths, inputs.standard_input, bundle.options.exclude)
    check, found = match_manifests(bundle, given)
    yield check
    if check.finding is not Finding.HOLDS:
        text = "not with other manifests than those that were read"
        yield from (Check(subject, Finding.SKIPPED, text) for subject in ("witnesses", "questions"))
        return
    packs, setting = packs_of(bundle, files), setting_of(bundle.options)
    kinds = frozenset(bundle.options.irrelevant)
    blobs = [Blob(name, name, data) for name, data in found]
    strict = bundle.options.strict_cidr
    cluster = load_blobs(blobs, irrelevant=kinds, strict_cidr=strict, left_out=left_out).cluster
    yield replay_witnesses(bundle, cluster, packs, setting)
    yield ask_again(bundle, cluster, packs, setting, render_json, progress, solvers)
