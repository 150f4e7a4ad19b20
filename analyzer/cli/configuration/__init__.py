"""Configuration files: `netproof.toml`, or `[tool.netproof]` in `pyproject.toml` (docs/configuration.md)."""
