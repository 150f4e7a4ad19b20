"""Processes that share work: one pool, for reading files and for answering queries."""

from analyzer.workers.pool import WorkerPool, can_fork

__all__ = ["WorkerPool", "can_fork"]
