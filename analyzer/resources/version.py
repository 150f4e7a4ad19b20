"""The version of netproof."""

__version__ = "0.1.0"
