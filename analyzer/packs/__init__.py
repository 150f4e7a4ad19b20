"""Packs: folders of queries, built in or the user's own."""

from analyzer.packs.catalogue import PackInfo, builtin, builtin_names, find

__all__ = ["PackInfo", "builtin", "builtin_names", "find"]
