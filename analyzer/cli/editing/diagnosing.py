"""What is wrong with a query file, and what to look at again."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.errors import Problem, QueryError, UsageError
from analyzer.model.cluster import Cluster
from analyzer.model.profile import Profile
from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Lines and columns count from 1; `width` characters are meant, 0 for the rest of the line."""

    line: int
    column: int
    width: int
    text: str
    is_error: bool


def diagnoses(text: str, file: str, cluster: Cluster | None) -> Iterator[Diagnosis]:
    """Each error of the file; or where there is none, its notices, and names and labels that no manifest has."""
    from analyzer.analysis.checking.check import slips_in
    from analyzer.language import parse_pack

    try:
        pack = parse_pack(text, file)
    except QueryError as error:
        for problem in error.problems:
            yield Diagnosis(max(1, problem.line), max(1, problem.column), problem.width, _told(problem), True)
        return
    notices = list(pack.notices)
    for query in pack.queries if cluster is not None else ():
        assert cluster is not None
        notices += slips_in(query, cluster, _engine_of(cluster))
    for notice in notices:
        yield Diagnosis(max(1, notice.source.line), 1, 0, notice.message, False)


def _engine_of(cluster: Cluster) -> Profile:
    """The profile that the manifests speak for, the usual one where they speak for several."""
    from analyzer.inputs.engines import profile_for
    from analyzer.model.profile import PROFILES

    try:
        return profile_for(None, (), cluster)
    except UsageError:
        return PROFILES["generic"]


def _told(problem: Problem) -> str:
    forms = "\n".join(f"write: {form}" for form in problem.forms)
    return "\n".join(filter(None, (problem.message, "" if problem.forms else problem.hint, forms)))
