"""What a run says when the browser tests did not run: a line that nobody overlooks."""


def pytest_terminal_summary(terminalreporter):
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if "tests/browser/" in r.nodeid]
    if skipped:
        terminalreporter.write_line(
            f"WARNING: {len(skipped)} tests of the HTML page did not run, for there is no Chromium here; "
            "on Debian: apt-get install chromium chromium-driver",
            yellow=True,
            bold=True,
        )
