"""`python -m analyzer` is `netproof`."""

from analyzer.cli.app import main

if __name__ == "__main__":
    main()
