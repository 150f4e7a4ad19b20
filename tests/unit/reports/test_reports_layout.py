import pytest

from analyzer.reports.layout import Ink, Page, Style


def lines(page):
    return bytes(page).decode(page.style.encoding).splitlines()


@pytest.mark.parametrize(("width", "columns"), [(1, 40), (40, 40), (77, 77), (100, 100), (500, 100)])
def test_width_is_cut_to_what_can_be_read(width, columns):
    assert Style(width=width).columns == columns


def test_text_is_wrapped_beside_its_label():
    page = Page(Style(width=40))
    page.labelled("egress", "word " * 12, gutter=10)
    assert lines(page)[0].startswith("egress    word")
    assert all(line.startswith(" " * 10 + "word") for line in lines(page)[1:])
    assert all(len(line) <= 40 for line in lines(page))


def test_long_words_are_not_broken():
    page = Page(Style(width=40))
    page.paragraph("x" * 60)
    assert lines(page) == ["x" * 60]


def test_a_label_longer_than_its_gutter_keeps_a_space():
    page = Page(Style())
    page.labelled("unmodelled", "thing", gutter=6)
    assert lines(page) == ["unmodelled thing"]


def test_blank_lines_do_not_pile_up():
    page = Page(Style())
    page.blank()
    page.paragraph("a")
    page.blank()
    page.blank()
    page.paragraph("b")
    page.blank()
    assert bytes(page) == b"a\n\nb\n"


def test_colour_changes_no_character():
    plain, colored = Page(Style()), Page(Style(color=True))
    for page in (plain, colored):
        page.labelled("✗ refuted", "a title", ink=Ink.BAD)
        page.paragraph("strong", ink=Ink.STRONG)
    assert b"\x1b[" not in bytes(plain)
    stripped = bytes(colored)
    for code in (b"\x1b[1;31m", b"\x1b[1m", b"\x1b[0m"):
        assert code in stripped
        stripped = stripped.replace(code, b"")
    assert stripped == bytes(plain)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_an_encoding_without_the_marks_gets_ascii_ones(encoding):
    page = Page(Style(encoding=encoding))
    page.paragraph("✓ a → b 1–2 東")
    assert bytes(page) == b"+ a -> b 1-2 \\u6771\n"


def test_escapes_in_text_are_shown_not_sent():
    page = Page(Style(color=True))
    page.labelled("k\x1b[0m", "v\x1b]0;title\x07")
    page.paragraph("line\nbreak")
    assert b"\x1b" not in bytes(page).replace(b"\x1b[2m", b"").replace(b"\x1b[0m", b"")
    assert b"line\\nbreak" in bytes(page)
