"""The map as a matrix in SVG: well-formed whatever the names, one cell for each pair, everything inside the picture."""

from ipaddress import ip_address
from xml.etree import ElementTree

from analyzer.model.cluster import Workload
from analyzer.model.labels import Labels
from analyzer.model.profile import PROFILES
from analyzer.reports.map_svg import MOST_SHOWN, render_map_svg
from analyzer.sets import ConnectionSet, PortSet
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, IngressEdge, MapRow

WEB = ConnectionSet(tcp=PortSet.of(80, 443))
NONE = ConnectionSet.EMPTY
OUTSIDE = AddressRange(ip_address("0.0.0.0"), ip_address("255.255.255.255"))
EVIL = "]]></title><script>&\x00\x1b[31m\n\"'\ufffe\u202e"
SVG = "{http://www.w3.org/2000/svg}"


def workload(namespace, name):
    return Workload("Deployment", namespace, name, Labels({}))


def picture(*ends, rows=(), classes=None, ingress=()):
    classes = classes or tuple((i,) for i in range(len(ends)))
    found = ConnectivityMap(ends, classes, tuple(rows), PROFILES["generic"], ingress=ingress)
    return ElementTree.fromstring(render_map_svg(found))


def cells(root, kind):
    """The titles of the cells of a kind; signs of the key have none."""
    found = (rect.find(f"{SVG}title") for rect in root.iter(f"{SVG}rect") if rect.get("class") == kind)
    return [title.text for title in found if title is not None]


def names(root, kind="name"):
    return [text[0].tail for text in root.iter(f"{SVG}text") if text.get("class") == kind]


def test_one_cell_for_each_pair():
    ends = (workload("a", "one"), workload("a", "two"), workload("b", "three"), OUTSIDE)
    root = picture(*ends, rows=[MapRow(0b0001, 0b1111, WEB, WEB), MapRow(0b1000, 0b0100, WEB, NONE)])
    assert cells(root, "open") == [
        "a/one[Deployment] → a/two[Deployment]: TCP 80, 443",
        "a/one[Deployment] → b/three[Deployment]: TCP 80, 443",
        "a/one[Deployment] → any address outside: TCP 80, 443",
    ]
    assert cells(root, "maybe") == ["any address outside → b/three[Deployment]: may be: TCP 80, 443"]


def test_cells_are_where_their_row_and_column_meet():
    root = picture(workload("a", "one"), workload("b", "two"), rows=[MapRow(1, 2, WEB, WEB)])
    (cell,) = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "open" and len(rect)]
    places = {text[0].text: text for text in root.iter(f"{SVG}text") if text.get("y") and text.get("class") == "name"}
    assert float(places["a/one[Deployment]"].get("y")) - float(cell.get("y")) == 12
    (column,) = [
        text.get("transform")
        for text in root.iter(f"{SVG}text")
        if text.get("transform") and text[0].text == "b/two[Deployment]"
    ]
    assert column.startswith(f"translate({int(cell.get('x')) + 12} ")


def test_ends_stand_under_their_namespaces_and_addresses_last():
    root = picture(OUTSIDE, workload("b", "x"), workload("a", "y"), rows=[MapRow(1, 6, WEB, WEB)])
    assert names(root, "group") == ["a", "b", "outside the cluster", "a", "b"]
    assert names(root) == ["y[Deployment]", "x[Deployment]", "any address outside", "y[Deployment]", "x[Deployment]"]


def test_what_no_policy_tells_apart_is_one_row():
    ends = (workload("a", "one"), workload("a", "two"))
    root = picture(*ends, rows=[MapRow(1, 1, WEB, WEB)], classes=((0, 1),))
    assert cells(root, "open") == ["a/one[Deployment], a/two[Deployment] → each other: TCP 80, 443"]
    assert names(root) == ["one[Deployment], two[Deployment]"] * 2


def test_names_are_text_and_visible():
    end = workload(EVIL, EVIL)
    root = picture(end, workload("b", "x"), rows=[MapRow(1, 2, WEB, WEB)])
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        *("svg", "title", "style", "defs", "pattern", "rect", "text")
    }
    (title,) = cells(root, "open")
    assert title.isprintable()
    assert r"</title><script>&\x00\e[31m\n" in title
    assert r"\ufffe\u202e" in title


def test_long_names_are_clipped_and_told_in_full():
    end = workload("a", "長" * 80)
    root = picture(end)
    short = names(root)[0]
    assert short.endswith("…")
    assert len(short) <= MOST_SHOWN / 2 + 1
    assert any(title.text == end.id for title in root.iter(f"{SVG}title"))


def test_routes_are_a_row():
    end = workload("a", "one")
    root = picture(end, ingress=(IngressEdge(end, WEB, NONE, ()),))
    assert cells(root, "maybe") == ["{ingress-controller} → a/one[Deployment]: may be: TCP 80, 443"]


def test_everything_lies_inside():
    root = picture(*(workload("a", f"w{i}") for i in range(60)), OUTSIDE, rows=[MapRow(1, (1 << 61) - 1, WEB, WEB)])
    _, _, width, height = map(float, root.get("viewBox").split())
    for rect in root.findall(f"{SVG}rect"):
        assert float(rect.get("x", 0)) + float(rect.get("width")) <= width
        assert float(rect.get("y", 0)) + float(rect.get("height")) <= height


def test_an_empty_map():
    assert cells(picture(), "open") == []


def test_only_what_a_map_does_not_speak_of_is_marked_so():
    alike = (workload("a", "one"), workload("a", "two"))
    root = picture(
        *alike, workload("b", "x"), OUTSIDE, rows=[MapRow(0b100, 0b001, WEB, WEB)], classes=((0, 1), (2,), (3,))
    )
    squares = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "none"]
    assert len(squares) == 2  # b/x with itself, and the key; two of one class may well be denied, which is blank
