"""One verdict in words, for every report that people read.  Phrases have no full stop; nothing here is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analyzer.model.claims import Kind, Universe
from analyzer.model.source import Notice
from analyzer.reports import parts, words
from analyzer.verdicts.verdict import Answer, Counterexample, CrossCheck, Status, Verdict

MARKS = {Status.PROVED: "✓", Status.REFUTED: "✗", Status.UNKNOWN: "?", Status.VACUOUS: "∅"}
EXCUSED_MARK = "~"
STANDING = {
    True: ("live", "workloads in these manifests are a witness"),
    False: ("latent", "only a pod that is not there yet is a witness"),
    None: ("may be live", "depends on "),
}
WAIVED, KNOWN = "waived", "known"


def word(verdict: Verdict) -> str:
    """`proved`, `vacuous`, `unknown` or `refuted`; `waived` or `known` for what is excused."""
    if not verdict.is_excused:
        return verdict.status.value
    return WAIVED if verdict.waivers else KNOWN


def mark(verdict: Verdict) -> str:
    return EXCUSED_MARK if verdict.is_excused else MARKS[verdict.status]


def title(verdict: Verdict) -> str:
    return parts.line(verdict.query.title or verdict.query.text)


def overall(answer: Answer) -> tuple[str, str]:
    """The mark and the word for the whole: `✗ refuted`; `~ waived` or `~ known` where nothing else keeps it from being
    proved."""
    excused = sorted((word(verdict) for verdict in answer.verdicts if verdict.is_excused), reverse=True)
    if excused and answer.status is Status.PROVED:
        return EXCUSED_MARK, excused[0]
    return MARKS[answer.status], answer.status.value


def summary(answer: Answer) -> str:
    """`5 queries: 1 refuted, 1 waived, 3 proved`."""
    counts = Counter(map(word, answer.verdicts))
    order = [*(status.value for status in reversed(Status)), WAIVED, KNOWN]
    order.sort(key=lambda name: name == Status.PROVED.value)
    tally = [f"{counts[name]} {name}" for name in order if counts[name]]
    return f"{words.plural(len(answer.verdicts), 'query')}: {', '.join(tally)}"


def cross_check(it: CrossCheck) -> str:
    """`12 of 12 answers confirmed by cvc5 1.4`, and which are not."""
    if not it.total:
        return f"no answer rests on a solver, so {it.solver} had none to confirm"
    text = f"{it.confirmed} of {words.plural(it.total, 'answer')} confirmed by {it.solver} {it.version}"
    if not it.undecided:
        return text
    open_ = list(dict.fromkeys(query for query, _ in it.undecided))
    return f"{text}; its budget was spent on {words.listed(open_)}"


def standing(verdict: Verdict) -> str:
    """How grave a refutation is: the severity, and whether workloads that exist show it."""
    severity = f"severity {verdict.query.severity.value}"
    if not verdict.counterexamples:
        return severity
    return f"{severity}, {liveness(verdict.live, verdict.counterexamples)}"


def liveness(live: bool | None, examples: tuple[Counterexample, ...]) -> str:
    name, text = STANDING[live]
    if live is None:
        hanging = dict.fromkeys(parts.line(fact) for example in examples for fact in example.depends_on)
        text += words.listed(list(hanging)) or "what the manifests leave open"
    return f"{name}: {text}"


def proof(verdict: Verdict) -> str:
    """What a proof rests on: `NetworkPolicy shop/deny (shop.yaml:3)`; empty if on no policy."""
    layer = verdict.reason.partition("; it rests on ")
    on_mesh = layer[2] if layer[2].startswith("the mesh") else ""
    if not verdict.rests_on:
        return on_mesh
    # Another proof may rest on other policies, so being part of this one does not make a policy indispensable.
    need = ""
    if len(verdict.rests_on) > 1:
        need = "; this proof needs all of them" if verdict.is_minimal else "; perhaps not all of them are needed"
    return words.rules(verdict.rests_on) + need + (f"; {on_mesh}" if on_mesh else "")


def example(it: Counterexample, kind: Kind) -> str:
    """`shop/web[Deployment] → 8.8.8.8 on TCP 443 is allowed`."""
    if it.connection is not None and it.decision is not None:
        ruling = "is allowed" if it.decision.allowed else "is denied"
        if kind is Kind.NEVER_TIE:
            ruling = "meets policies that disagree"
        return f"{words.flow(it.connection, it.new_namespaces)} {ruling}"
    if it.subject is None:
        return ""
    directions = words.listed([ruling.stage for ruling in it.isolation if ruling.allowed])
    return f"{words.end(it.subject, it.new_namespaces)} is not isolated for {directions}"


def sides(it: Counterexample) -> tuple[tuple[str, str], ...]:
    """Why, at each end: (`egress`, `allowed: no policy selects it`)."""
    if it.decision is not None:
        return tuple((ruling.stage, parts.ruling(ruling)) for ruling in it.decision.stages)
    return tuple((ruling.stage, ruling.reason) for ruling in it.isolation if ruling.allowed)


def is_latent(verdict: Verdict) -> bool:
    """A `some` that is proved by nothing that is there."""
    return verdict.status is Status.PROVED and verdict.live is False


def are_alike(verdict: Verdict) -> bool:
    """All counterexamples are live, or latent, for the same reasons."""
    return len({(it.live, it.depends_on) for it in verdict.counterexamples}) < 2


def background(verdict: Verdict, universe: Universe) -> Iterator[tuple[str, str]]:
    """What surrounds a verdict, each with its label: what it hangs on, what to do, what exactly was asked."""
    query = verdict.query
    if verdict.counterexamples and not verdict.is_complete:
        yield "more", "there are further counterexamples; --max-counterexamples shows more of them"
    for hanging in verdict.blame if verdict.status is Status.UNKNOWN else ():
        if parts.line(hanging) not in parts.line(verdict.reason):
            yield "hangs on", parts.line(hanging)
    for missing in verdict.blame if verdict.status is Status.VACUOUS else ():
        yield "why", parts.line(missing)
    for denying in verdict.blame if verdict.status is Status.REFUTED and query.claim.kind is Kind.SOME else ():
        yield "denied by", parts.line(denying)
    yield from excuses(verdict)
    if verdict.status is Status.REFUTED and query.remediation:
        yield "fix", parts.line(query.remediation)
    if query.controls and verdict.status is not Status.PROVED:
        yield "controls", ", ".join(query.controls)
    if verdict.universe is not universe:
        yield "within", f"{verdict.universe.value} only"
    if verdict.status is not Status.PROVED and query.title:
        place = f" ({query.source})" if query.source.file else ""
        yield "asked", f"{parts.line(query.text)}{place}"
    for notice in verdict.notices:
        yield "note", parts.notice(notice)


def slips(answer: Answer) -> tuple[Notice, ...]:
    """What queries name and nothing has, whatever came of them: probably misspelt."""
    return tuple(notice for verdict in answer.verdicts for notice in verdict.notices if notice.is_kept)


def excuses(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Who answers for which part of a violation, and what the baseline says."""
    for waiver in verdict.waivers:
        until = f"{waiver.owner}, until {waiver.expires.isoformat()} ({waiver.source})"
        yield "waived", f"{parts.line(waiver.text)}: {parts.line(waiver.reason)}; {until}"
    if verdict.waivers and not verdict.is_excused and verdict.counterexamples:
        yield "", "what is shown lies outside the waivers"
    if verdict.baseline is not None and verdict.status is not Status.PROVED:
        if verdict.is_excused and not verdict.waivers:
            yield "baseline", f"known: {verdict.baseline.value} there, and no worse here"
        else:
            yield "baseline", f"{verdict.baseline.value} there"
