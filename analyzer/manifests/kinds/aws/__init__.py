"""Kinds of Amazon's own, and what its command line prints (aws.md)."""
