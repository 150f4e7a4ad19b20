"""Queries to verdicts: asking, sharing the work out, what is excused, and what an answer takes for granted."""
