"""Verdicts to bytes: one file per format, pure functions that take verdicts and nothing else."""

from analyzer.reports.check_json import render_json
from analyzer.reports.layout import Style
from analyzer.reports.schema import schema_names, schema_text
from analyzer.reports.text import render_text
from analyzer.reports.visible import visible
from analyzer.reports.witness_yaml import witness_yaml

__all__ = ["Style", "render_json", "render_text", "schema_names", "schema_text", "visible", "witness_yaml"]
