"""The map as one still picture: a matrix in SVG, a row for each class that opens, a column for each that is opened to.

Nothing has to be laid out, so the same map always gives the same picture, whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from unicodedata import east_asian_width

from analyzer.model.cluster import Node, Workload
from analyzer.records import dataclass
from analyzer.reports import words
from analyzer.reports.map_words import class_label, connections
from analyzer.reports.visible import visible
from analyzer.verdicts.connectivity import INGRESS_CONTROLLER, ConnectivityMap, bit_indices, end_id

MOST_SHOWN = 36

_NAMESPACE = "http://www.w3.org/2000/svg"
_CELL, _MARGIN, _LINE, _TOP = 18, 16, 20, 56
_CHARACTER = 6.7  # the advance of a monospaced font at 11px, rounded up

_SIGNS = (
    ("open", "may be opened, certainly"),
    ("maybe", "may be opened, but not all of it for certain"),
    ("none", "not asked: a workload with itself, two ends outside"),
)
_STYLE = """
text { font: 11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2933; }
.title { font-size: 15px; font-weight: bold; }
.group { font-weight: bold; }
.strip { fill: #e4e9ef; }
.line { fill: #eef1f5; }
.none { fill: #e4e9ef; }
.open { fill: #1f6feb; }
.maybe { fill: url(#hatch); stroke: #1f6feb; stroke-width: 0.5; }
"""
_HATCH = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="5" height="5" fill="#dbe9fd"/><rect width="1.5" height="5" fill="#1f6feb"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One row or column: a class, or the heading of the group that follows, which has no number."""

    name: str
    full: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class _Cell:
    src: int
    dst: int
    lines: tuple[str, ...]
    is_certain: bool


def render_map_svg(found: ConnectivityMap) -> bytes:
    """An SVG document in UTF-8; the `<title>` of a cell tells its ends and ports.  Hatched: not wholly certain."""
    cells = sorted(_cells(found), key=lambda cell: (cell.src, cell.dst))
    rows, columns = (_axis(found, drawn) for drawn in _drawn(found))
    if found.ingress:
        name = INGRESS_CONTROLLER
        rows += [_Slot("ingress", "ingress"), _Slot(name, name, len(found.classes))]
    left, top = _MARGIN + _room(rows), _TOP + _room(columns)
    bottom = top + len(rows) * _CELL
    notes = _legend(found)
    head = _head(found)
    widest = max(28 + _width(line) * _CHARACTER for line in (head, *notes))
    width = round(max(left + len(columns) * _CELL, _MARGIN + widest) + _MARGIN)
    height = bottom + (len(_SIGNS) + len(notes) + 1) * _LINE + _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
            f"<title>Who may open connections to whom</title><style>{_STYLE}</style>{_HATCH}",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            f'<text class="title" x="{_MARGIN}" y="{_MARGIN + 10}">Who may open connections to whom</text>',
            f'<text x="{_MARGIN}" y="{_MARGIN + 28}">{_xml(head)}</text>',
            *_frame(rows, columns, left, top),
            *_squares(found, cells, rows, columns, left, top),
            *_key(notes, bottom + _LINE),
            "</svg>\n",
        ]
    ).encode("utf-8")


# ------------------------------------------------------------------------------------------------ what is shown
def _drawn(found: ConnectivityMap) -> tuple[int, int]:
    """The sources and the destinations: every class of workloads, and of other ends those with a connection."""
    sources = destinations = found.workloads
    for row in found.rows:
        sources |= row.src
        destinations |= row.dst
    return sources, destinations


def _axis(found: ConnectivityMap, classes: int) -> list[_Slot]:
    """The classes by group, each group under its heading: namespaces by name, then addresses outside, then nodes."""
    slots: list[_Slot] = []
    before = None
    for number in sorted(bit_indices(classes), key=lambda it: (*_group(found, it), it)):
        group = _group(found, number)
        if group != before:
            slots.append(_Slot(group[1], group[1]))
        before = group
        names = class_label(found, number, 40)
        inside = f"{group[1]}/" if group[0] == 0 else ""
        short = ", ".join(name.removeprefix(inside) for name in names)
        slots.append(_Slot(short, ", ".join(names), number))
    return slots


def _group(found: ConnectivityMap, number: int) -> tuple[int, str]:
    end = found.ends[found.classes[number][0]]
    if isinstance(end, Workload):
        return 0, end.namespace
    return (2, "nodes") if isinstance(end, Node) else (1, "outside the cluster")


def _cells(found: ConnectivityMap) -> Iterator[_Cell]:
    """One for each pair of classes, and one for each class that routes lead to."""
    labels = [", ".join(class_label(found, number)) for number in range(len(found.classes))]
    for src, dst, row in found.class_pairs():
        to = labels[dst] if src != dst else "each other"
        yield _Cell(src, dst, (f"{labels[src]} → {to}: {connections(row)}",), row.certain == row.allowed)
    edges = {edge.dst.id: edge for edge in found.ingress}
    for number, members in enumerate(found.classes):
        here = [edges[name] for name in (end_id(found.ends[i]) for i in members) if name in edges]
        if here:
            lines = tuple(f"{INGRESS_CONTROLLER} → {edge.dst.id}: {connections(edge)}" for edge in here)
            yield _Cell(len(found.classes), number, lines, all(edge.certain == edge.allowed for edge in here))


def _head(found: ConnectivityMap) -> str:
    pairs = words.plural(found.pair_count, "pair")
    return f"{pairs} of ends, of {words.plural(len(found.ends), 'end')}; profile {found.profile.name}"


def _legend(found: ConnectivityMap) -> list[str]:
    """The notes under the signs of the key."""
    lines = [
        "rows open, columns are opened to, blank is nothing of what was asked; no policy tells ends of one row apart"
    ]
    if found.unmodelled:
        lines.append(f"{words.plural(len(found.unmodelled), 'object')} not modelled; the other formats name them")
    return lines


# ------------------------------------------------------------------------------------------------ how it is drawn
def _frame(rows: list[_Slot], columns: list[_Slot], left: int, top: int) -> Iterator[str]:
    """Headings as strips across the matrix, which part the groups; names, and thin lines between the others."""
    right, bottom = left + len(columns) * _CELL, top + len(rows) * _CELL
    for place, slot in enumerate(rows):
        y = top + place * _CELL
        yield _band(slot, _MARGIN, y, width=right - _MARGIN)
        yield _name(slot, f'x="{_MARGIN + 4}" y="{y + 13}"')
    for place, slot in enumerate(columns):
        x = left + place * _CELL
        yield _band(slot, x, _TOP, height=bottom - _TOP)
        yield _name(slot, f'transform="translate({x + 13} {top - 4}) rotate(-90)"')


def _band(slot: _Slot, x: int, y: int, *, width: int = 1, height: int = 1) -> str:
    """A strip as wide or as high as a cell for a heading, a line for a class."""
    if slot.number is None:
        width, height = max(width, _CELL), max(height, _CELL)
    kind = "strip" if slot.number is None else "line"
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def _name(slot: _Slot, place: str) -> str:
    kind = "group" if slot.number is None else "name"
    return f'<text class="{kind}" {place}><title>{_xml(slot.full)}</title>{_xml(_clipped(slot.name))}</text>'


def _squares(
    found: ConnectivityMap, cells: list[_Cell], rows: list[_Slot], columns: list[_Slot], left: int, top: int
) -> Iterator[str]:
    ys = {slot.number: top + place * _CELL for place, slot in enumerate(rows) if slot.number is not None}
    xs = {slot.number: left + place * _CELL for place, slot in enumerate(columns) if slot.number is not None}
    filled = {(cell.src, cell.dst) for cell in cells}
    for src, y in ys.items():
        for dst, x in xs.items():
            if (src, dst) not in filled and not _is_asked(found, src, dst):
                yield _square("none", x, y)
    for cell in cells:
        kind = "open" if cell.is_certain else "maybe"
        title = "\n".join(map(_xml, cell.lines))
        yield _square(kind, xs[cell.dst], ys[cell.src], f"<title>{title}</title>")


def _is_asked(found: ConnectivityMap, src: int, dst: int) -> bool:
    """Whether a map speaks of the pair at all: of a workload with itself it does not, nor of two ends outside."""
    if src == dst and found.is_single(1 << src):
        return False
    of_routes = src == len(found.classes)
    return bool(found.workloads >> dst & 1 if of_routes else found.workloads & (1 << src | 1 << dst))


def _square(kind: str, x: int, y: int, inner: str = "") -> str:
    return f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}">{inner}</rect>'


def _key(notes: list[str], y: int) -> Iterator[str]:
    """What the signs mean, then the notes, a line each."""
    for place, (kind, text) in enumerate(_SIGNS):
        yield f'<rect class="{kind}" x="{_MARGIN}" y="{y + place * _LINE}" width="14" height="14"/>'
        yield f'<text x="{_MARGIN + 20}" y="{y + place * _LINE + 11}">{text}</text>'
    for place, line in enumerate(notes, start=len(_SIGNS)):
        yield f'<text x="{_MARGIN}" y="{y + place * _LINE + 11}">{_xml(line)}</text>'


def _room(slots: list[_Slot]) -> int:
    """The width of the longest name, in pixels."""
    longest = max((_width(_clipped(slot.name)) for slot in slots), default=0)
    return round(longest * _CHARACTER) + 12


def _clipped(name: str) -> str:
    """The name made visible, and its first part only where it is too long."""
    shown, room = visible(name), MOST_SHOWN
    if _width(shown) <= room:
        return shown
    kept = 0
    for character in shown:
        room -= _width(character)
        if room < 1:
            break
        kept += 1
    return f"{shown[:kept]}…"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _xml(text: str) -> str:
    return escape(visible(text))
