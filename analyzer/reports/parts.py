"""Pieces that reports for people have in common: details below a finding, and the footer."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from analyzer.model.claims import Universe
from analyzer.model.cluster import Unmodelled
from analyzer.model.source import Notice, Source
from analyzer.reports import words
from analyzer.reports.layout import Page
from analyzer.semantics.decision import Ruling
from analyzer.verdicts.provenance import Provenance
from analyzer.verdicts.verdict import StatedAssumption

GUTTER = 11  # "✗ refuted  "
_ROOMY = 60  # from this width on, details stand in a column of their own
_SHOWN_OBJECTS = 20


def ruling(it: Ruling) -> str:
    """`allowed by rule 2 of NetworkPolicy shop/web (web.yaml:14)`: the oracle's reason, and where its rules stand."""
    verdict = "allowed" if it.allowed else "denied"
    text = it.reason if it.reason.startswith(verdict) else f"{verdict}: {it.reason}"
    match it.rules:
        case ():
            return text
        case (only,):
            return f"{text} ({only.source})"
        case several if it.allowed and any(ref.rule is not None for ref in several):
            return f"allowed by {words.rules(several)}"
        case several:
            return f"{text} ({words.listed([str(ref.source) for ref in several], shown=2)})"


# ------------------------------------------------------------------------------------------------ footer
def background(
    page: Page,
    assumptions: Sequence[StatedAssumption],
    unmodelled: Sequence[Unmodelled],
    notices: Sequence[Notice],
) -> None:
    """What an answer stands on."""
    for label, entries in by_label(assumptions).items():
        for number, text in enumerate(entries):
            entry(page, "" if number else label, text)
    shown = unmodelled[:_SHOWN_OBJECTS]
    for it in shown:
        why = f": {line(it.why)}" if it.why else ""
        entry(page, "unmodelled", f"{it.id} ({it.source}){why}")
    if len(unmodelled) > len(shown):
        entry(page, "unmodelled", f"and {len(unmodelled) - len(shown)} more; --format json lists them all")
    for each in notices:
        entry(page, "note", notice(each))


def kept(page: Page, notices: Iterable[Notice]) -> None:
    """The notices that even the briefest report holds."""
    found = [each for each in notices if each.is_kept]
    if found:
        page.blank()
    for each in found:
        entry(page, "note", notice(each))


def reach(
    universe: Universe,
    profile: str,
    assumptions: Sequence[StatedAssumption],
    unmodelled: Sequence[Unmodelled],
    left: int,
) -> str:
    """How far an answer reaches, in a line; `left` is how many notices are told under --assumptions only."""
    scope = words.SCOPES[universe]
    said = [scope[:1].upper() + scope[1:], f"profile {profile}"]
    said += [f"{words.plural(len(unmodelled), 'object')} not modelled"] if unmodelled else []
    said += [f"{words.plural(left, 'notice')} more"] if left else []
    assumed = sum(stated.kind == "assumed" for stated in assumptions)
    said.append(f"{words.plural(assumed, 'assumption')}: --assumptions")
    return "; ".join(said)


def grouped(
    notices: Iterable[Notice], told: Container[Source], most: int
) -> tuple[list[Notice], list[list[Notice]], int]:
    """What a brief report shows: the notices that it must hold, then the first of each topic with those like it, in at
    most `most` lines together; and how many others there are.  A slip at a place of `told` is told there.
    """
    kept: list[Notice] = []
    topics: dict[object, list[Notice]] = {}
    for number, each in enumerate(notices):
        if each.is_kept:
            kept.append(each)
        elif each.source not in told:
            topics.setdefault(each.topic or number, []).append(each)
    groups = sorted(topics.values(), key=lambda group: group[0].topic is None)
    shown = groups[: max(0, most - len(kept))]
    return kept, shown, sum(map(len, groups[len(shown) :]))


def made_from(it: Provenance) -> list[tuple[str, str]]:
    """What an answer was made from, each with its label; files one by one are told elsewhere."""
    told = [("versions", ", ".join(f"{name} {version}" for name, version in it.versions))]
    if it.revision:
        changed = ", and the manifests differ from it" if it.is_changed else ""
        told.append(("revision", f"`{it.revision}`{changed}"))
    told.append(("manifests", f"{words.plural(len(it.manifests), 'file')}, sha256 `{it.digest}`"))
    for pack in it.packs:
        told.append(("pack", f"{pack.name}, sha256 `{pack.sha256}`"))
        told += (("parameter", f"`{pack.name}`: `{name}` = `{value}`") for name, value in pack.parameters)
    return told


def by_label(assumptions: Sequence[StatedAssumption]) -> dict[str, list[str]]:
    """By label: what the profile says, what the manifests make a fact, what is taken as given."""
    labels = {"profile": "profile", "fact": "given", "assumed": "assumes"}
    found: dict[str, list[str]] = {label: [] for label in labels.values()}
    for stated in assumptions:
        text = line(stated.text)
        if stated.kind != "profile":
            text = f"{stated.name}: {text}"
        if stated.override:
            text += f" (to change it: {stated.override})"
        found[labels[stated.kind]].append(text)
    return found


def read(page: Page, label: str, tally: Sequence[tuple[str, int]]) -> None:
    """What was read, if anything."""
    counts = [words.counted(count, nouns) for nouns, count in tally if count]
    if counts:
        entry(page, label, words.listed(counts, shown=20))


def entry(page: Page, label: str, text: str) -> None:
    """A line of the footer."""
    page.labelled(label, text, gutter=GUTTER)


def detail(page: Page, label: str, text: str) -> None:
    """A line below a verdict or a change."""
    page.labelled(label, text, indent=indent(page))


def indent(page: Page) -> int:
    """Where details begin."""
    return GUTTER if page.style.columns >= _ROOMY else 2


def notice(it: Notice) -> str:
    return f"{it.source}: {line(it.message)}" if it.source.file else line(it.message)


def line(text: str) -> str:
    """A pack's prose may be broken over lines in its file; here it is one paragraph."""
    return " ".join(text.split(" ")) if "\n" not in text else " ".join(text.split())
