import io

from analyzer.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_pipes_see_no_progress():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress("reading", 1, 2)
    assert stream.getvalue() == ""


def test_terminals_see_a_line_that_is_wiped():
    stream = Terminal()
    with Progress(stream) as progress:
        progress("reading\x1b", 2, 2)
    assert "2/2 reading\\e" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_updates_are_few():
    stream = Terminal()
    with Progress(stream) as progress:
        for done in range(1000):
            progress("reading", done, 1000)
    assert stream.getvalue().count("reading") < 10


def test_an_empty_task_is_no_division_by_zero():
    with Progress(Terminal()) as progress:
        progress("reading", 0, 0)
