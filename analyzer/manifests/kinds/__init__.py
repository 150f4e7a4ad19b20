"""Nodes to model objects: one file per API kind, and what they share."""
