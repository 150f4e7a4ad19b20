"""A bundle checked again from its own files: hashes, verdicts, and every script put to a solver."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analyzer.errors import SolverError
from analyzer.model.claims import Kind
from analyzer.solving import Budget, fault_of, solve_script, solver_version
from analyzer.verdicts.bundle import Bundle, QueryRecord, StepRecord, sha256
from analyzer.verdicts.rechecked import Check, Finding
from analyzer.verdicts.steps import SAT, UNKNOWN, UNSAT

Asked = tuple[str, str]
"""A query: the file it is from, `-q` for a claim of the command line, and its id."""


def check_files(bundle: Bundle, files: Mapping[str, bytes], others: Collection[str] = ()) -> Check:
    """Each file of the bundle, as it lies there, is the one that the index speaks of; `others` lie there too."""
    recorded = dict(bundle.hashes)
    named = {record.path for record in bundle.packs} | {step.path for query in bundle.queries for step in query.steps}
    missing = recorded.keys() - files.keys()
    changed = {path for path in recorded.keys() & files.keys() if sha256(files[path]) != recorded[path]}
    strange = (files.keys() | named | set(others)) - recorded.keys()
    wrong = [
        *(f"{path} is missing" for path in sorted(missing)),
        *(f"{path} was changed" for path in sorted(changed)),
        *(f"{path} has no hash in the index" for path in sorted(strange)),
    ]
    right = len(recorded) - len(missing) - len(changed)
    return Check.of("files", f"{right} of {len(recorded)} files of the bundle have their recorded hash", wrong)


def check_verdicts(bundle: Bundle, report: Mapping[Asked, str]) -> Check:
    """Each verdict is the one in the report and has the scripts and the witness that it takes."""
    recorded = verdicts_of(bundle)
    wrong = []
    for query in bundle.queries:
        found = {step.purpose: step.expected for step in query.steps}
        if not any(needed.items() <= found.items() for needed in _grounds(query)):
            wrong.append(f"{query.id}: no scripts make it {query.verdict}")
        elif query.verdict == "refuted" and query.kind is not Kind.SOME and not query.witnesses:
            wrong.append(f"{query.id}: it is refuted without a witness")
        if recorded[file_of(bundle, query)] != query.verdict:
            wrong.append(f"{query.id}: it stands in the index twice, and is {query.verdict} in one place only")
    for asked in sorted(recorded.keys() | report.keys()):
        old, new = report.get(asked, "absent"), recorded.get(asked, "absent")
        if old != new:
            wrong.append(f"{asked[1]}: it is {old} in the report and {new} in the index")
    text = "every verdict is the one in the report and has the scripts that make it so"
    return Check.of("verdicts", text if not wrong else "verdicts, report and scripts do not go together", wrong)


def verdicts_of(bundle: Bundle) -> dict[Asked, str]:
    """The recorded verdicts."""
    return {file_of(bundle, query): query.verdict for query in bundle.queries}


def file_of(bundle: Bundle, query: QueryRecord) -> Asked:
    """The query as the report calls it."""
    return next((pack.file for pack in bundle.packs if pack.path == query.pack), "-q"), query.id


def _grounds(query: QueryRecord) -> tuple[Mapping[str, str], ...]:
    """Steps with their answers, any of which make the verdict; `unknown` claims nothing."""
    match query.verdict, query.kind:
        case "proved", Kind.SOME:
            return ({"witness": SAT, "witness-certain": UNSAT},)
        case "refuted", Kind.SOME:
            return ({"violation": UNSAT},)
        case "proved", _:
            return ({"violation": UNSAT, "scope": SAT},)
        case "refuted", _:
            return ({"region-1": SAT, "region-1-certain": UNSAT},)
        case "vacuous", _:
            return tuple({"violation": UNSAT, idle: UNSAT} for idle in ("scope", "condition"))
        case "unknown", _:
            return ({},)
    return ()


def check_answers(bundle: Bundle, files: Mapping[str, bytes], solver: str, budget: Budget) -> Check:
    """Each script gets from the solver, told nothing but its text, the answer that the index records.

    `budget` is for one script.
    """
    wrong, open_, right, total = [], [], 0, 0
    for query in bundle.queries:
        for step in query.steps:
            total += step.expected != UNKNOWN
            said = _answer(step, files.get(step.path, b""), solver, budget)
            if said in (SAT, UNSAT) and step.expected == UNKNOWN:
                open_.append(f"{query.id}: {step.purpose} was not decided and now is `{said}` ({step.path})")
            elif said == step.expected != UNKNOWN:
                right += 1
            elif said == UNKNOWN:
                open_.append(f"{query.id}: {step.purpose} is not decided within the budget ({step.path})")
            else:
                wrong.append(f"{query.id}: {step.purpose} is not `{step.expected}`: {said} ({step.path})")
    text = f"{right} of {total} scripts answered as recorded by {solver} {solver_version(solver)}"
    finding = Finding.FAILS if wrong else Finding.UNDECIDED if open_ else Finding.HOLDS
    return Check("answers", finding, text, (*wrong, *open_))


def _answer(step: StepRecord, script: bytes, solver: str, budget: Budget) -> str:
    """SAT, UNSAT, UNKNOWN, or what is wrong with the script."""
    try:
        text = script.decode("utf-8")
        if fault := fault_of(text):
            return fault
        if f"\n(set-info :status {step.expected})\n" not in text:
            return "the script expects another answer"
        return solve_script(text, solver, budget).result.value
    except (UnicodeDecodeError, SolverError) as error:
        return str(error)
