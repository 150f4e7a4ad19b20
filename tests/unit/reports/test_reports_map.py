"""The formats of the map: names cannot break out of them, sets read well."""

from __future__ import annotations

import json
from ipaddress import ip_address

import pytest
from published_schemas import follow

from analyzer.model.cluster import Workload
from analyzer.model.labels import Labels
from analyzer.model.profile import PROFILES
from analyzer.reports.layout import Style
from analyzer.reports.map_formats import render_map
from analyzer.reports.map_words import Names, address_words, connections
from analyzer.sets import INTERNET, AddressSet, ConnectionSet, PortSet
from analyzer.verdicts.connectivity import AddressRange, ConnectivityMap, MapRow

WEB = ConnectionSet(tcp=PortSet.of(80))
EVIL = '=cmd|"\\x`<b>\x1b[31m]\n;#'


def workload(name: str, namespace: str = "a") -> Workload:
    return Workload("Deployment", namespace, name, Labels({}))


def a_map(*ends, rows=(), classes=None) -> ConnectivityMap:
    return ConnectivityMap(ends, classes or tuple((i,) for i in range(len(ends))), tuple(rows), PROFILES["generic"])


OUTSIDE = AddressRange(ip_address("0.0.0.0"), ip_address("255.255.255.255"))


@pytest.fixture
def evil() -> ConnectivityMap:
    ends = (workload("one", EVIL), workload("two"))
    return a_map(*ends, rows=[MapRow(1, 2, WEB, WEB), MapRow(2, 1, WEB, ConnectionSet.EMPTY)])


@pytest.mark.parametrize("name", ["text", "json", "csv", "markdown", "dot", "mermaid"])
def test_no_format_lets_control_characters_through(evil, name):
    text = render_map(evil, name, is_grouped=False, style=Style()).decode()
    assert "\x1b" not in text
    assert all(line.isprintable() or not line for line in text.splitlines())


@pytest.mark.parametrize("count", range(1, 11))
def test_words_for_workloads_name_what_they_leave_out(count):
    """Whatever some of one to ten workloads are called together, nothing is left out that is not named."""
    found = a_map(*(workload(f"w{i}", "ab"[i % 2]) for i in range(count)))
    names = Names(found)
    for classes in range(1, 1 << count):
        text = names.of(classes)
        assert text
        assert not text.endswith("except ")
        if "except" in text:
            assert text.partition("except ")[2].count("[Deployment]") + text.count("in namespace") >= 1


def test_csv_has_no_formulas(evil):
    text = render_map(evil, "csv", is_grouped=False, style=Style()).decode()
    assert '"\'=cmd|""' in text
    assert len(text.splitlines()) == 3


def test_markdown_has_no_markup(evil):
    line = render_map(evil, "markdown", is_grouped=False, style=Style()).decode().splitlines()[2]
    assert r"\|" in line
    assert r"\<b\>" in line
    assert line.replace(r"\|", "").count("|") == 4


def test_graphs_keep_names_inside_quotes(evil):
    dot = render_map(evil, "dot", is_grouped=False, style=Style()).decode()
    assert r"=cmd|\"\\x`" in dot
    assert "style=dashed" in dot
    mermaid = render_map(evil, "mermaid", is_grouped=False, style=Style()).decode()
    assert "=cmd#124;#quot;" in mermaid
    assert "#lt;b#gt;" in mermaid
    assert "-.->" in mermaid


@pytest.mark.parametrize("is_grouped", [True, False])
def test_json_follows_its_schema(evil, is_grouped):
    report = json.loads(render_map(evil, "json", is_grouped=is_grouped, style=Style()))
    follow(report, "map-2")


def test_sets_of_workloads_in_words():
    ends = (*(workload(f"w{i}") for i in range(9)), workload("x", "b"), OUTSIDE)
    names = Names(a_map(*ends))
    assert names.of(0b01111111111) == "every workload"
    assert names.of(0b00111111111) == "every workload except b/x[Deployment]"
    assert names.of(0b11000000001) == "a/w0[Deployment], b/x[Deployment], any address outside"


def test_a_namespace_in_words():
    names = Names(a_map(workload("one"), workload("two"), workload("x", "b"), workload("y", "b")))
    assert names.of(0b0011) == "every workload in namespace a"
    assert names.of(0b0111) == "every workload in namespace a, b/x[Deployment]"


def test_addresses_in_words():
    ten = AddressSet.of("10.0.0.0/8")
    assert address_words(AddressSet.FULL, AddressSet.FULL) == ["any address outside"]
    assert address_words(INTERNET, AddressSet.FULL) == ["any internet address"]
    assert address_words(AddressSet.of("0.0.0.0/0") - ten, AddressSet.FULL) == [
        "any IPv4 address outside except 10.0.0.0/8"
    ]
    assert address_words(ten | AddressSet.of("::/0"), AddressSet.FULL) == ["10.0.0.0/8", "any IPv6 address outside"]
    assert address_words(AddressSet.of("10.0.0.1/32"), AddressSet.FULL) == ["10.0.0.1"]
    outside = AddressSet.FULL - AddressSet.of(
        "10.96.0.10/32", "10.244.0.0/16"
    )  # without a Service's address, and pods'
    assert address_words(ten & outside, outside) == ["10.0.0.0/8"]
    assert address_words((AddressSet.of("0.0.0.0/0") & outside) - ten, outside) == [
        "any IPv4 address outside except 10.0.0.0/8"
    ]


def test_what_is_not_certain_in_words():
    assert connections(MapRow(1, 2, WEB, WEB)) == "TCP 80"
    assert connections(MapRow(1, 2, WEB | ConnectionSet.OTHER, WEB)) == "TCP 80; may be: protocols without ports"
    assert connections(MapRow(1, 2, WEB, ConnectionSet.EMPTY)) == "may be: TCP 80"


def test_an_empty_map():
    assert b"no connection is allowed" in render_map(a_map(), "text", is_grouped=False, style=Style())


def meant(text: str, ids: list[str], itself: set[str]) -> set[str]:
    """Which workloads the words mean, read as a reader does."""
    named, _, excepted = text.partition(" except ")
    found: set[str] = set()
    for words, sign in ((named, True), (excepted, False)):
        for part in filter(None, words.split(", ")):
            namespace = part.partition("in namespace ")[2]
            start = f"{namespace}/" if namespace else ""
            here = {i for i in ids if i == part or (part.startswith("every") and i.startswith(start))}
            here -= itself if "other" in part else set()
            assert here, f"nothing behind {part!r}"
            found = found | here if sign else found - here
    return found


@pytest.mark.parametrize("count", range(2, 11))
def test_words_mean_the_workloads_that_they_are_made_of(count):
    found = a_map(*(workload(f"w{i}", "ab"[i % 2]) for i in range(count)))
    names, ids = Names(found), [end.id for end in found.ends]
    for itself in (0, 1, 2):
        for classes in range(1, 1 << count):
            if classes & ~itself:
                wanted, own = ({ids[i] for i in range(count) if some >> i & 1} for some in (classes & ~itself, itself))
                assert meant(names.of(classes, itself), ids, own) == wanted
