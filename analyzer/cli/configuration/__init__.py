"""Configuration files: `netproof.toml`, or `[tool.netproof]` in `pyproject.toml` (docs/configuration.md)."""

from analyzer.cli.configuration.applying import configured
from analyzer.cli.configuration.schema import configuration_schema

__all__ = ["configuration_schema", "configured"]
