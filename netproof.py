"""`python -m netproof` in a checkout; in an installation `integrations/python/netproof` has the name."""

from analyzer.__main__ import main

if __name__ == "__main__":
    main()
