"""Verdicts to bytes: one file per format, pure functions that take verdicts and nothing else.

Import from the file itself: `text`, `check_json`, `witness_yaml`, `packs_text`, `schema`.  A program that wants one of
them does not pay for the others.
"""
