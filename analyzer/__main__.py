"""The scripts `netproof` and `kubectl-netproof`, and `python -m analyzer`, answering an interrupt while they load."""

from analyzer.cli import interrupting

interrupting.install()


def main() -> None:
    """The entry point of the `netproof` script."""
    from analyzer.cli.app import main as run

    run()


def kubectl() -> None:
    """The entry point of the `kubectl-netproof` script."""
    from analyzer.cli.kubectl import main as run

    run()


if __name__ == "__main__":
    main()
