"""The map for people: who may open what, those that may open the same together."""

from __future__ import annotations

from analyzer.model.profile import PROFILES
from analyzer.reports import admission_words, parts, words
from analyzer.reports.layout import Ink, Page, Style
from analyzer.reports.map_words import Names, connections, senders
from analyzer.verdicts.connectivity import INGRESS_CONTROLLER, ConnectivityMap, MapRow

_GUTTER = 11


def render_map_text(found: ConnectivityMap, style: Style) -> bytes:
    """One paragraph for each set of sources, one line for each set of connections, encoded for `style.encoding`."""
    page = Page(style)
    names = Names(found)
    texts = {id(row): connections(row) for row in found.rows}
    for classes, rows in senders(found):
        itself = classes if found.is_single(classes) else 0
        to = _destinations(rows, itself, texts)
        if not to:
            continue
        page.blank()
        page.paragraph(names.of(classes), ink=Ink.STRONG)
        for text, far in to.items():
            page.paragraph(f"{text} → {names.of(far, itself)}", indent=2, hang=4)
    _ingress(page, found)
    _requests(page, found)
    if not found.rows and not found.ingress:
        page.paragraph("no connection is allowed")
    if not style.is_quiet:
        _footer(page, found)
    else:
        parts.kept(page, found.notices)
    return bytes(page)


def _ingress(page: Page, found: ConnectivityMap) -> None:
    """What routes lead to; who the controller is taken for."""
    if not found.ingress:
        return
    page.blank()
    page.paragraph(INGRESS_CONTROLLER, ink=Ink.STRONG)
    for edge in found.ingress:
        routes = words.listed([route.id for route in edge.routes])
        page.paragraph(f"{connections(edge)} → {edge.dst.id}, for {routes}", indent=2, hang=4)


def _requests(page: Page, found: ConnectivityMap) -> None:
    """What proxies of the mesh let in of what comes that far."""
    said = admission_words.by_line(found.admissions)
    if not said:
        return
    page.blank()
    page.paragraph("requests that proxies of the mesh let in", ink=Ink.STRONG)
    for line, workloads in said.items():
        page.paragraph(f"{line} → {words.listed(workloads)}", indent=2, hang=4)


def _destinations(rows: list[MapRow], itself: int, texts: dict[int, str]) -> dict[str, int]:
    """The classes by what may be opened to them; a single workload is not its own destination."""
    found: dict[str, int] = {}
    for row in rows:
        if row.dst & ~itself:
            text = texts[id(row)]
            found[text] = found.get(text, 0) | row.dst & ~itself
    return found


def _footer(page: Page, found: ConnectivityMap) -> None:
    page.rule()
    usual = PROFILES[found.profile.name].telling_knobs()
    own = [f"{knob}={value}" for knob, value in found.profile.telling_knobs().items() if usual.get(knob) != value]
    profile = f"profile {found.profile.name}{f' with {words.listed(own)}' if own else ''}"
    protocols = "" if any(row.allowed.other for row in found.rows) else "; TCP, UDP and SCTP (all: --on any)"
    page.paragraph(f"These workloads, each to all others but itself{protocols}; {profile}", ink=Ink.FAINT)
    if any(row.certain != row.allowed for row in found.rows):
        text = (
            "hangs on what the manifests leave open: addresses that are not known, equal priorities, domain names, "
            "objects that are not modelled; `netproof explain` tells which"
        )
        page.labelled("may be", text, gutter=_GUTTER)
    if found.ingress:
        who = words.listed([workload.id for workload in found.controllers], "or")
        text = (
            who or "any pod of any namespace, so that all which not every pod can open `may be`; --ingress-controller"
        )
        page.labelled("ingress", f"{INGRESS_CONTROLLER} is {text}{'' if who else ' names it'}", gutter=_GUTTER)
    for unmodelled in found.unmodelled[:20]:
        page.labelled("unmodelled", f"{unmodelled.id} ({unmodelled.source})", gutter=_GUTTER)
    if len(found.unmodelled) > 20:
        page.labelled("unmodelled", f"and {len(found.unmodelled) - 20} more; --format json lists them", gutter=_GUTTER)
    for notice in found.notices:
        place = f"{notice.source}: " if notice.source.file else ""
        page.labelled("note", f"{place}{notice.message}", gutter=_GUTTER)
    page.blank()
    pairs = words.plural(found.pair_count, "pair")
    page.paragraph(f"{pairs} of ends can open something, of {words.plural(len(found.ends), 'end')}")
