"""`netproof`, as a script and as `python -m analyzer`: whoever interrupts it while it loads is answered too."""

from analyzer.cli import interrupting

interrupting.install()


def main() -> None:
    """The entry point of the `netproof` script."""
    from analyzer.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
