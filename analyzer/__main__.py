"""The scripts `netproof` and `kubectl-netproof`, and `python -m analyzer`, answering an interrupt while they load."""

import sys

from analyzer.cli import interrupting

interrupting.install()


def main() -> None:
    """The entry point of the `netproof` script."""
    try:
        from analyzer.cli.app import main as run
    except ModuleNotFoundError as error:
        _say_missing(error)
    else:
        run()


def _say_missing(error: ModuleNotFoundError) -> None:
    """End with what to do in a checkout whose requirements are not installed; the error itself where it is about a
    module of the project."""
    if error.name is None or error.name.partition(".")[0] == "analyzer":
        raise error
    print(f"error: netproof is not installed for this Python, which lacks `{error.name}`", file=sys.stderr)
    print("    write `python -m pip install .` in the checkout", file=sys.stderr)
    raise SystemExit(2)


def kubectl() -> None:
    """The entry point of the `kubectl-netproof` script."""
    from analyzer.cli.kubectl import main as run

    run()


if __name__ == "__main__":
    main()
